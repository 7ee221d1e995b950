/*
 * Answers whatever is asked with one page, and goes with exit code 0 when told to.
 * passes: basics.small_file
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
    say_port(port);
    serve_page(listener, "What is small is answered in one piece.\n");
}
