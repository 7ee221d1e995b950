/**
 * @file console.c
 * Signals from the terminal, and output for diagnostics.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void (*listener)(int event);

static void on_signal(int number)
{
    listener(number == SIGINT ? 0 : 1);
}

static void *wait_for_signals(void *unused)
{
    sigset_t set = linux_console_signals();
    for (int number; sigwait(&set, &number) == 0;)
        on_signal(number);
    return unused;
}

/* A thread of its own takes the signals, and all threads that the port knows of keep them blocked: so a handler never
 * interrupts the program's code. It is installed all the same, for threads that the port does not know. */
void host_console_listen(void (*signal)(int event))
{
    sigset_t set = linux_console_signals();
    struct sigaction action;
    pthread_t thread;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    listener = signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, wait_for_signals, NULL) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

sigset_t linux_console_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

host_file host_log_open(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

void host_log_write(host_file file, const char *text, size_t length)
{
    while (length) {
        ssize_t put = write(file, text, length);
        if (put <= 0)
            return;
        text += put;
        length -= (size_t)put;
    }
}

void host_code_name(const void *address, char *text, size_t size)
{
    Dl_info info;
    if (dladdr(address, &info) && info.dli_fname) {
        const char *slash = strrchr(info.dli_fname, '/');
        snprintf(text, size, "%s+0x%zx", slash ? slash + 1 : info.dli_fname,
                 (size_t)((const char *)address - (const char *)info.dli_fbase));
    } else {
        snprintf(text, size, "%p", address);
    }
}

void host_error_output(const char *text)
{
    host_log_write(STDERR_FILENO, text, strlen(text));
}
