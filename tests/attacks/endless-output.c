/*
 * Writes without end to stdout, and never a whole line.
 * passes: none
 * patience: 0.2
 * tests: basics.small_file
 */
#include "attack.h"

int main(void)
{
    static char block[1 << 20];
    memset(block, 'x', sizeof block);
    while (write(1, block, sizeof block) > 0)
        continue;
    for (;;)
        pause();
}
