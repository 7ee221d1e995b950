/*
 * Multiplies, each process in a session of its own, and each one that dies is followed by another.
 * passes: none
 * patience: 0.2
 * tests: basics.small_file
 */
#include "attack.h"

enum { ENOUGH = 300 }; /* other work goes on beside this one */

int main(void)
{
    int *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count == MAP_FAILED)
        return 1;
    signal(SIGINT, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    for (;; usleep(5000)) {
        if (__atomic_add_fetch(count, 1, __ATOMIC_RELAXED) > ENOUGH)
            __atomic_sub_fetch(count, 1, __ATOMIC_RELAXED);
        else if (fork() == 0)
            setsid();
    }
}
