/*
 * Listens, but all its threads spin.
 * passes: none
 * patience: 0.2
 */
#include "attack.h"

static void *turn(void *argument)
{
    for (volatile unsigned n = 0;; n++)
        continue;
    return argument;
}

int main(void)
{
    int port;
    pthread_t thread;
    listen_somewhere(&port);
    say_port(port);
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, NULL, turn, NULL);
    turn(NULL);
}
