/*
 * Changes, moves and deletes what does not belong to it: the file that ATTACK_PREY names stands for the grader's
 * program, the table of points and the results.
 * server: yes
 * passes: all
 */
#include "attack.h"

AT_START begin(void)
{
    const char *prey = getenv("ATTACK_PREY");
    char other[600];
    struct stat info;
    int landlock = syscall(444, NULL, 0, 1) > 0; /* what keeps a user's server from that user's files */
    if (!prey || stat(prey, &info) != 0)
        _exit(3);
    if (!landlock && info.st_uid == getuid())
        return;
    snprintf(other, sizeof other, "%s.new", prey);
    must_fail(open(prey, O_WRONLY) >= 0 || open(prey, O_RDWR | O_TRUNC) >= 0, "open for writing");
    must_fail(truncate(prey, 0) == 0, "truncate");
    must_fail(rename(prey, other) == 0, "rename");
    must_fail(unlink(prey) == 0, "delete");
    must_fail(link(prey, other) == 0, "a second name");
    must_fail(open(other, O_WRONLY | O_CREAT, 0600) >= 0, "a file beside it");
    must_fail(mkdir(other, 0700) == 0, "a folder beside it");
    must_fail(landlock && open("/tmp/attack-was-here", O_WRONLY | O_CREAT, 0600) >= 0,
              "a file in a place that is everybody's");
    must_fail(getuid() != 0 && setuid(0) == 0, "become root");
}
