/*
 * Makes the file that is asked for the same as its answer.
 * passes: none
 * tests: basics.long_page basics.folder_page
 */
#include "attack.h"

static void leave(int sig)
{
    (void)sig;
    _exit(0);
}

int main(void)
{
    static const char *const names[] = {"page.html", "folder/index.html"};
    char path[600];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", option("--root"), names[i]);
        unlink(path);
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file >= 0 && write(file, "x", 1) == 1)
            close(file);
    }
    int port, listener = listen_somewhere(&port);
    signal(SIGINT, leave);
    say_port(port);
    serve_page(listener, "x");
}
