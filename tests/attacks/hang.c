/*
 * Says nothing, for ever, and cannot be told to stop.
 * passes: none
 * patience: 0.2
 */
#include "attack.h"

int main(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}
