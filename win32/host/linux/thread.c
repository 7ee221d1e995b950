/**
 * @file thread.c
 * Threads, sleeping and waking, and what the process knows of itself.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec to_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

void host_sleep_on(const uint32_t *word, uint32_t seen, uint64_t timeout)
{
    struct timespec limit = to_timespec(timeout);
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, timeout == HOST_FOREVER ? NULL : &limit, NULL, 0);
}

void host_wake(const uint32_t *word, uint32_t count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void host_pause(uint64_t ns)
{
    struct timespec left = to_timespec(ns);
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void host_yield(void)
{
    sched_yield();
}

struct start {
    void (*run)(void *);
    void *argument;
};

static void *thread_main(void *pointer)
{
    struct start start = *(struct start *)pointer;
    sigset_t set = linux_console_signals();
    free(pointer);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    start.run(start.argument);
    return NULL;
}

bool host_thread_start(void (*run)(void *), void *argument, size_t stack_size)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return false;
    *start = (struct start){run, argument};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* Windows rounds a small stack up rather than refuse it; so does this. 64 KiB is room for the C library. */
    if (stack_size)
        pthread_attr_setstacksize(&attributes, stack_size < 65536 ? 65536 : (stack_size + 4095) & ~(size_t)4095);
    pthread_t thread;
    bool started = pthread_create(&thread, &attributes, thread_main, start) == 0;
    pthread_attr_destroy(&attributes);
    if (!started)
        free(start);
    return started;
}

void host_thread_exit(void)
{
    pthread_exit(NULL);
}

static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static void (*exit_function)(void *);

static void run_exit_function(void *value)
{
    void (*forget)(void *) = __atomic_load_n(&exit_function, __ATOMIC_RELAXED);
    forget(value);
}

static void make_exit_key(void)
{
    pthread_key_create(&exit_key, run_exit_function);
}

void host_thread_at_exit(void (*forget)(void *), void *value)
{
    pthread_once(&exit_once, make_exit_key);
    __atomic_store_n(&exit_function, forget, __ATOMIC_RELAXED);
    pthread_setspecific(exit_key, value);
}

unsigned host_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    return 1;
}

size_t host_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

uint32_t host_process_id(void)
{
    return (uint32_t)getpid();
}

void host_process_exit(unsigned code)
{
    exit((int)code);
}

void host_process_quit(unsigned code)
{
    _exit((int)code);
}

void host_at_exit(void (*function)(void))
{
    atexit(function);
}

const char *host_environment(const char *name)
{
    return getenv(name);
}
