/*
 * Looks for descriptors that were left open for it, writes into those it has, and closes them.
 * server: yes
 * passes: none
 */
#include "attack.h"

AT_START begin(void)
{
    for (int fd = 3; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0) /* that the grader says so in its report is what the runner looks for */
            fprintf(stderr, "BREACH: descriptor %d is open\n", fd);
    fputs("pass  basics.small_file  1 ms\n", stdout);
    fflush(stdout);
    for (int fd = 0; fd < 4096; fd++)
        close(fd);
}
