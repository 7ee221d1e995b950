/*
 * Uses up all descriptors before it begins.
 * server: yes
 * passes: none
 */
#include "attack.h"

AT_START begin(void)
{
    while (dup(2) >= 0)
        continue;
}
