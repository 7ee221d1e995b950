/*
 * Names the port of another process, which answers well.
 * passes: none
 */
#include "attack.h"

static void leave(int sig)
{
    (void)sig;
    _exit(0);
}

int main(void)
{
    int port, listener = listen_somewhere(&port);
    signal(SIGINT, leave);
    if (fork() == 0)
        serve_page(listener, "What is small is answered in one piece.\n");
    close(listener);
    say_port(port);
    for (;;)
        pause();
}
