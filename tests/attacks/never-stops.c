/*
 * Answers, but not to Ctrl-C.
 * passes: none
 * patience: 0.2
 */
#include "attack.h"

int main(void)
{
    int port, listener = listen_somewhere(&port);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    say_port(port);
    serve_page(listener, "What is small is answered in one piece.\n");
}
