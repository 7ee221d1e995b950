/**
 * @file thread.c
 * Threads, and the last error of each.
 */
#include "thread.h"

#include "../host/host.h"
#include "../include/winsock2.h"
#include "../include/process.h"
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "deadline.h"
#include "port.h"
#include "../verifier/verifier.h"

static _Thread_local thread *self;
static _Thread_local DWORD last_error;
static uint32_t last_id;

static void destroy(object *o)
{
    free(o);
}

static const object_type thread_type = {.kind = OBJECT_THREAD, .destroy = destroy};

static thread *create(void)
{
    thread *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->waitable.manual_reset = true;
    t->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    return t;
}

/* The last thing that a thread does with the library: its port learns that it has gone, then its waiters. */
static void thread_ended(void *value)
{
    thread *t = value;
    self = t; /* the C library may have cleared it before this destructor runs */
    if (verifier_on())
        verifier_thread_end(t->id);
    port_leave(t);
    op_spares_free(t);
    mutexes_abandon(t);
    JOURNAL_EVENT("thread-end", "thread", object_handle(&t->waitable.base), NULL, t->id, 0);
    waitable_set(&t->waitable);
    self = NULL;
    object_release(&t->waitable.base);
}

static void adopt(thread *t)
{
    self = t;
    host_thread_at_exit(thread_ended, t);
}

thread *thread_self(void)
{
    if (self)
        return self;
    thread *t = create();
    if (!t || !object_open(&t->waitable.base, &thread_type)) {
        host_error_output("win32: out of memory for a thread's record\n");
        host_process_exit(3);
    }
    if (verifier_on())
        verifier_opened_own(object_handle(&t->waitable.base));
    adopt(t);
    return t;
}

thread *thread_self_if_known(void)
{
    return self;
}

static void run(void *argument)
{
    thread *t = argument;
    adopt(t);
    while (__atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE))
        host_sleep_on(&t->suspended, 1, HOST_FOREVER);
    JOURNAL_EVENT("thread-start", "thread", object_handle(&t->waitable.base), NULL, t->id, 0);
    t->exit_code = t->start(t->parameter);
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize,
                           LPTHREAD_START_ROUTINE lpStartAddress, LPVOID lpParameter, DWORD dwCreationFlags,
                           LPDWORD lpThreadId)
{
    (void)lpThreadAttributes;
    JOURNAL_CALL("CreateThread", NULL, NULL, 0);
    FAULTS_MAY_FAIL("CreateThread", NULL);
    thread *t = create();
    HANDLE handle = t ? object_open(&t->waitable.base, &thread_type) : NULL;
    if (!handle) {
        free(t);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    t->start = lpStartAddress;
    t->parameter = lpParameter;
    t->suspended = dwCreationFlags & CREATE_SUSPENDED ? 1 : 0;
    DWORD id = t->id;
    object_keep(&t->waitable.base); /* the running thread's own reference, given back in thread_ended */
    if (!host_thread_start(run, t, dwStackSize)) {
        object_release(&t->waitable.base);
        object_close(handle, OBJECT_THREAD);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    if (lpThreadId)
        *lpThreadId = id;
    return handle;
}

uintptr_t _beginthreadex(void *Security, unsigned StackSize, unsigned (*Start)(void *), void *Argument, unsigned Flags,
                         unsigned *ThreadId)
{
    (void)Security;
    return (uintptr_t)CreateThread(NULL, StackSize, Start, Argument, Flags, ThreadId);
}

/* The thread behind a handle, with a reference; GetCurrentThread's pseudo handle means the caller. */
static thread *find(HANDLE handle)
{
    if (handle != GetCurrentThread())
        return (thread *)object_find(handle, OBJECT_THREAD);
    object_keep(&thread_self()->waitable.base);
    return thread_self();
}

DWORD WINAPI ResumeThread(HANDLE hThread)
{
    WATCH_CALL("ResumeThread");
    thread *t = find(hThread);
    if (!t) {
        SetLastError(ERROR_INVALID_HANDLE);
        return (DWORD)-1;
    }
    DWORD before = __atomic_exchange_n(&t->suspended, 0, __ATOMIC_RELEASE);
    host_wake(&t->suspended, 1);
    object_release(&t->waitable.base);
    return before;
}

void WINAPI ExitThread(DWORD dwExitCode)
{
    thread_self()->exit_code = dwExitCode;
    host_thread_exit();
}

void _endthreadex(unsigned ExitCode)
{
    ExitThread(ExitCode);
}

BOOL WINAPI GetExitCodeThread(HANDLE hThread, LPDWORD lpExitCode)
{
    WATCH_CALL("GetExitCodeThread");
    thread *t = find(hThread);
    if (!t)
        return fail(ERROR_INVALID_HANDLE);
    /* The code is written before the thread is signalled; until then it is still active. */
    *lpExitCode = waitable_is_set(&t->waitable) ? t->exit_code : STILL_ACTIVE;
    object_release(&t->waitable.base);
    return TRUE;
}

DWORD WINAPI GetCurrentThreadId(void)
{
    return thread_self()->id;
}

DWORD WINAPI GetThreadId(HANDLE Thread)
{
    thread *t = find(Thread);
    DWORD id = t ? t->id : 0;
    if (!t)
        SetLastError(ERROR_INVALID_HANDLE);
    object_release((object *)t);
    return id;
}

HANDLE WINAPI GetCurrentThread(void)
{
    return (HANDLE)(LONG_PTR)-2;
}

BOOL WINAPI SetThreadPriority(HANDLE hThread, int nPriority)
{
    (void)hThread, (void)nPriority;
    return TRUE;
}

BOOL WINAPI SwitchToThread(void)
{
    host_yield();
    return TRUE;
}

DWORD WINAPI SleepEx(DWORD dwMilliseconds, BOOL bAlertable)
{
    (void)bAlertable;
    JOURNAL_CALL("Sleep", NULL, NULL, dwMilliseconds);
    if (dwMilliseconds == 0) {
        host_yield();
        JOURNAL_WOKE(0, 0);
        return 0;
    }
    block_enter();
    for (uint64_t deadline = deadline_after(dwMilliseconds), left; (left = deadline_left(deadline)) > 0;)
        host_pause(left == HOST_FOREVER ? 3600000000000u : left);
    block_leave();
    JOURNAL_WOKE(dwMilliseconds, 0);
    return 0;
}

void WINAPI Sleep(DWORD dwMilliseconds)
{
    WATCH_PASS("Sleep");
    SleepEx(dwMilliseconds, FALSE);
}

DWORD WINAPI GetLastError(void)
{
    if (verifier_on())
        verifier_error_read("GetLastError", __builtin_return_address(0));
    return last_error;
}

int WSAAPI WSAGetLastError(void)
{
    if (verifier_on())
        verifier_error_read("WSAGetLastError", __builtin_return_address(0));
    return (int)last_error;
}

void WINAPI SetLastError(DWORD dwErrCode)
{
    if (verifier_on())
        verifier_error(dwErrCode);
    last_error = dwErrCode;
}

void last_error_reset(const char *function, const void *caller)
{
    if (verifier_on())
        verifier_error_reset(function, caller);
    last_error = ERROR_SUCCESS;
}

DWORD last_error_look(void)
{
    return last_error;
}

BOOL fail(DWORD error)
{
    SetLastError(error);
    return FALSE;
}
