/**
 * @file console.c
 * Console control handlers: Ctrl-C and requests to terminate.
 *
 * From the first SetConsoleCtrlHandler on, a signal handler counts the events up and wakes the console thread, which
 * is all that a signal handler may do. The console thread starts a thread for every event, as Windows does,
 * and that one calls the program's handlers, newest first, until one says TRUE. When none does, the process ends with the
 * exit code that a shell shows for the signal: 130 after Ctrl-C, 143 after a request to terminate.
 */
#include "../host/host.h"
#include "../journal/journal.h"
#include "lock.h"
#include "thread.h"

enum { EVENTS = 2, HANDLERS = 32 };

static struct {
    lock lock;
    /* Guarded by lock. */
    PHANDLER_ROUTINE handlers[HANDLERS]; /* oldest first */
    unsigned count;
    bool ignore_ctrl_c;
    bool started;
    /* Changed atomically, by the signal handler too. */
    uint32_t events[EVENTS]; /* events that the console thread has not taken yet */
    uint32_t bell;           /* changes with every event; the console thread sleeps on it */
} console;

static void raise_event(int event)
{
    __atomic_add_fetch(&console.events[event], 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&console.bell, 1, __ATOMIC_RELEASE);
    host_wake(&console.bell, 1);
}

/* Calls the handlers that were there when the event came. Runs in the event's own thread. */
static void handle_event(void *argument)
{
    DWORD event = (DWORD)(uintptr_t)argument;
    PHANDLER_ROUTINE handlers[HANDLERS];
    lock_acquire(&console.lock);
    unsigned count = console.count;
    memcpy(handlers, console.handlers, sizeof handlers);
    bool ignored = event == CTRL_C_EVENT && console.ignore_ctrl_c;
    lock_release(&console.lock);
    while (!ignored && count > 0)
        if (handlers[--count](event))
            return;
    if (!ignored)
        ExitProcess(event == CTRL_C_EVENT ? 130 : 143);
}

static void run(void *argument)
{
    (void)argument;
    for (;;) {
        uint32_t seen = __atomic_load_n(&console.bell, __ATOMIC_ACQUIRE);
        for (uint32_t event = 0; event < EVENTS; event++)
            for (uint32_t left = __atomic_exchange_n(&console.events[event], 0, __ATOMIC_RELAXED); left; left--)
                if (!host_thread_start(handle_event, (void *)(uintptr_t)event, 0))
                    handle_event((void *)(uintptr_t)event);
        host_sleep_on(&console.bell, seen, HOST_FOREVER);
    }
}

/* Called with the lock held. */
static bool start(void)
{
    if (!console.started && host_thread_start(run, NULL, 0)) {
        console.started = true;
        host_console_listen(raise_event);
    }
    return console.started;
}

/* Called with the lock held. */
static DWORD add(PHANDLER_ROUTINE handler)
{
    if (console.count == HANDLERS)
        return ERROR_NOT_ENOUGH_MEMORY;
    console.handlers[console.count++] = handler;
    return ERROR_SUCCESS;
}

/* Called with the lock held. */
static DWORD forget(PHANDLER_ROUTINE handler)
{
    unsigned i = console.count;
    while (i > 0 && console.handlers[i - 1] != handler)
        i--;
    if (i == 0)
        return ERROR_INVALID_PARAMETER;
    for (console.count--; i <= console.count; i++)
        console.handlers[i - 1] = console.handlers[i];
    return ERROR_SUCCESS;
}

BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE HandlerRoutine, BOOL Add)
{
    DWORD error = ERROR_SUCCESS;
    lock_acquire(&console.lock);
    if (!start())
        error = ERROR_NOT_ENOUGH_MEMORY;
    else if (!HandlerRoutine)
        console.ignore_ctrl_c = Add;
    else
        error = Add ? add(HandlerRoutine) : forget(HandlerRoutine);
    lock_release(&console.lock);
    return error ? fail(error) : TRUE;
}

BOOL WINAPI GenerateConsoleCtrlEvent(DWORD dwCtrlEvent, DWORD dwProcessGroupId)
{
    JOURNAL_CALL("GenerateConsoleCtrlEvent", NULL, NULL, dwCtrlEvent);
    if (dwCtrlEvent >= EVENTS || dwProcessGroupId != 0)
        return fail(ERROR_INVALID_PARAMETER);
    lock_acquire(&console.lock);
    bool started = start();
    lock_release(&console.lock);
    if (!started)
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    raise_event((int)dwCtrlEvent);
    return TRUE;
}

/* Text is UTF-8 here, whatever is asked for. */
BOOL WINAPI SetConsoleOutputCP(UINT wCodePageID)
{
    return wCodePageID ? TRUE : fail(ERROR_INVALID_PARAMETER);
}

BOOL WINAPI SetConsoleCP(UINT wCodePageID)
{
    return SetConsoleOutputCP(wCodePageID);
}
