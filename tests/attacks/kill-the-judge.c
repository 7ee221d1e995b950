/*
 * Signals the test's process, the grader and everybody, by every call that can, all the time.
 * server: yes
 * passes: all
 */
#include "attack.h"

static void *attack(void *nothing)
{
    static const int signals[] = {SIGSTOP, SIGTERM, SIGINT, SIGKILL};
    const struct rlimit none = {0, 0};
    pid_t judge = getppid();
    int pipes[2];
    siginfo_t info = {.si_code = SI_QUEUE};
    if (pipe(pipes) != 0)
        return nothing;
    for (;; usleep(500)) {
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
            must_fail(kill(judge, signals[i]) == 0, "kill the parent");
            must_fail(kill(-judge, signals[i]) == 0, "kill the parent's group");
            must_fail(syscall(SYS_tkill, judge, signals[i]) == 0, "tkill the parent");
            must_fail(syscall(SYS_tgkill, judge, judge, signals[i]) == 0, "tgkill the parent");
            must_fail(syscall(SYS_rt_sigqueueinfo, judge, signals[i], &info) == 0, "sigqueue to the parent");
            int descriptor = (int)syscall(SYS_pidfd_open, judge, 0);
            must_fail(syscall(SYS_pidfd_send_signal, descriptor, signals[i], NULL, 0) == 0, "signal by descriptor");
            close(descriptor);
        }
        must_fail(kill(-1, SIGURG) == 0, "signal everybody"); /* one that does no harm, should it succeed */
        must_fail(prlimit(judge, RLIMIT_CPU, &none, NULL) == 0, "limit the parent");
        must_fail(fcntl(pipes[0], F_SETOWN, judge) == 0, "have the system signal the parent");
    }
}

AT_START begin(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, attack, NULL);
}
