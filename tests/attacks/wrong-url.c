/*
 * Names a port on which nobody listens.
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
    close(listener);
    say_port(port);
    for (;;)
        pause();
}
