/*
 * Reads and writes the memory and the files of the test's process and of the grader, where the outcome lies.
 * server: yes
 * passes: all
 */
#include "attack.h"

static void open_of(pid_t judge, const char *what, int how)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", judge, what);
    must_fail(open(path, how) >= 0, path);
}

static void attack(pid_t judge)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)&byte, 1};
    must_fail(ptrace(PTRACE_SEIZE, judge, NULL, NULL) == 0, "trace the parent");
    must_fail(ptrace(PTRACE_ATTACH, judge, NULL, NULL) == 0, "attach to the parent");
    must_fail(process_vm_writev(judge, &here, 1, &there, 1, 0) == 1, "write the parent's memory");
    must_fail(process_vm_readv(judge, &here, 1, &there, 1, 0) == 1, "read the parent's memory");
    must_fail(syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, judge, 0), 1, 0) >= 0, "take the parent's descriptor");
    open_of(judge, "mem", O_RDWR);
    open_of(judge, "mem", O_RDONLY);
    open_of(judge, "fd/1", O_WRONLY);
    open_of(judge, "environ", O_RDONLY);
    open_of(judge, "oom_score_adj", O_WRONLY);
}

AT_START begin(void)
{
    int grader = 0;
    char line[600], path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", getppid());
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file))
        sscanf(strrchr(line, ')') + 1, " %*c %d", &grader);
    attack(getppid());
    if (grader > 1)
        attack(grader);
}
