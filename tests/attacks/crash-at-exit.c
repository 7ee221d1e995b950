/*
 * All is right until the very end.
 * server: yes
 * passes: none
 */
#include "attack.h"

AT_START begin(void)
{
    atexit(abort);
}
