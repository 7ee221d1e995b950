/*
 * Leaves processes behind, in its group, in sessions of their own and orphaned, that ignore what can be ignored.
 * server: yes
 * passes: all
 */
#include "attack.h"

static void linger(int hide)
{
    if (fork() != 0)
        return;
    if (hide) {
        setsid();
        if (fork() != 0)
            _exit(0);
        setsid();
    }
    prctl(PR_SET_PDEATHSIG, 0);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_IGN);
    for (;;)
        pause();
}

AT_START begin(void)
{
    linger(0);
    linger(1);
    linger(1);
}
