/**
 * @file console.c
 * Signals from the terminal, and output for diagnostics.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

host_file host_log_open(const char *path, bool keep)
{
    return open(path, O_WRONLY | O_CREAT | (keep ? 0 : O_TRUNC) | O_APPEND | O_CLOEXEC, 0666);
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

/* What addr2line wants: a program that is not position independent has its symbols at the addresses themselves. */
static size_t offset_in(const Dl_info *info, const void *address)
{
    const ElfW(Ehdr) *header = info->dli_fbase;
    return header->e_type == ET_EXEC ? (size_t)address : (size_t)((const char *)address - (const char *)info->dli_fbase);
}

void host_code_name(const void *address, char *text, size_t size)
{
    Dl_info info;
    if (dladdr(address, &info) && info.dli_fname) {
        const char *slash = strrchr(info.dli_fname, '/');
        snprintf(text, size, "%s+0x%zx", slash ? slash + 1 : info.dli_fname,
                 offset_in(&info, address));
    } else {
        snprintf(text, size, "%p", address);
    }
}

/* What addr2line says of an address in a module. @return false: nothing useful */
static bool ask_addr2line(const char *module, size_t offset, char *text, size_t size)
{
    char command[4300], function[128] = "", place[256] = "";
    if (strchr(module, '\''))
        return false;
    snprintf(command, sizeof command, "exec addr2line -f -s -e '%s' 0x%zx 2>/dev/null", module, offset);
    FILE *answer = popen(command, "re");
    if (!answer)
        return false;
    bool got = fgets(function, sizeof function, answer) && fgets(place, sizeof place, answer);
    pclose(answer);
    function[strcspn(function, "\n")] = 0;
    place[strcspn(place, " \n")] = 0; /* what follows tells code of one line apart */
    if (!got || *place == '?' || *function == '?')
        return false;
    snprintf(text, size, "%s at %s", function, place);
    return true;
}

void host_code_line(const void *address, char *text, size_t size)
{
    Dl_info info;
    char module[4096];
    ssize_t length = readlink("/proc/self/exe", module, sizeof module - 1);
    host_code_name(address, text, size);
    if (length <= 0 || !dladdr(address, &info) || !info.dli_fname)
        return;
    module[length] = 0;
    /* The program's own name is as it was called, perhaps relative to another folder. */
    const char *own = strrchr(module, '/'), *name = strrchr(info.dli_fname, '/');
    bool is_own = own && strcmp(own + 1, name ? name + 1 : info.dli_fname) == 0;
    /* A return address is behind its call, and may belong to the next line. */
    ask_addr2line(is_own ? module : info.dli_fname, offset_in(&info, address) - 1, text, size);
}

void host_abort(void)
{
    abort();
}

void host_error_output(const char *text)
{
    host_log_write(STDERR_FILENO, text, strlen(text));
}
