/*
 * Kills its process group: it has one of its own.
 * passes: none
 */
#include "attack.h"

int main(void)
{
    return kill(0, SIGKILL);
}
