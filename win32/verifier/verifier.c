/**
 * @file verifier.c
 * The rules about calls, handles, locks and threads.
 */
#include "verifier.h"

#include "errors.h"
#include "handles.h"
#include "operations.h"

static bool quitting; /* ExitProcess: whatever is open stays so */

static void check_exit(void);

bool verifier_start(void)
{
    const char *wanted = host_environment("WIN32_VERIFIER");
    if (!wanted || (*wanted != '1' && *wanted != '2'))
        return false;
    report_start(*wanted == '2');
    host_at_exit(check_exit);
    return true;
}

/* --- calls ------------------------------------------------------------------------------------------------------- */

static bool takes_packets(const char *name)
{
    return name && strncmp(name, "GetQueuedCompletionStatus", 25) == 0;
}

/* Calls that wait for something that takes its time; a contended lock is none. */
static const char *const waits[] = {"Sleep",
                                    "SleepEx",
                                    "WaitForSingleObject",
                                    "WaitForSingleObjectEx",
                                    "WaitForMultipleObjects",
                                    "WaitForMultipleObjectsEx",
                                    "WSAWaitForMultipleEvents",
                                    "SleepConditionVariableCS",
                                    "SleepConditionVariableSRW",
                                    "GetOverlappedResult",
                                    "WSAGetOverlappedResult",
                                    "accept",
                                    "connect",
                                    "recv",
                                    "recvfrom",
                                    "send",
                                    "sendto",
                                    "WSARecv",
                                    "WSASend",
                                    "select",
                                    "WSAPoll",
                                    NULL};

static void check_locks(agent *a, const char *waiting)
{
    if (!a->lock_count)
        return;
    site here = site_now(), *taken = &a->locks[a->lock_count - 1].taken;
    verifier_lock();
    report(RULE_LOCK_HELD, &here, "locked", taken, "the thread waits in %s with %u lock%s held", waiting, a->lock_count,
           a->lock_count == 1 ? "" : "s");
    verifier_unlock();
}

void verifier_call(void)
{
    agent *a = agent_self();
    __atomic_store_n(&a->name, watch_now.name, __ATOMIC_RELAXED);
    __atomic_store_n(&a->caller, watch_now.caller, __ATOMIC_RELAXED);
    if (__atomic_load_n(&a->on_stack, __ATOMIC_RELAXED))
        operations_check_stack(a, watch_now.frame, false);
    errors_call(a);
    if (!takes_packets(watch_now.name))
        return;
    operations_check_unread(a);
    check_locks(a, watch_now.name);
    if (a->blocked.name) {
        site here = site_now();
        verifier_lock();
        report(RULE_BLOCKING_CALL, &a->blocked, "back in", &here, "a thread that serves a completion port waited in %s",
               a->blocked.name);
        verifier_unlock();
        a->blocked.name = NULL;
    }
}

void verifier_block(bool serving)
{
    if (!name_is_one_of(watch_now.name, waits))
        return;
    agent *a = agent_self();
    check_locks(a, watch_now.name);
    /* Told when the thread comes back to the port: one that leaves it for good may wait as it likes. */
    if (serving && !a->blocked.name)
        a->blocked = site_now();
}

void verifier_no_context(HANDLE socket)
{
    site here = site_now();
    verifier_lock();
    handle_record *r = handle_of(socket);
    report(RULE_ACCEPT_CONTEXT, &here, "accepted", r ? &r->accepted : NULL,
           "%s on socket 0x%x before SO_UPDATE_ACCEPT_CONTEXT", here.name ? here.name : "a call",
           (unsigned)(uintptr_t)socket);
    verifier_unlock();
}

void verifier_accept_sizes(DWORD local, DWORD remote, DWORD least)
{
    site here = site_now();
    verifier_lock();
    report(RULE_ACCEPT_SIZES, &here, NULL, NULL, "the address lengths are %u and %u; for this listener at least %u",
           local, remote, least);
    verifier_unlock();
}

/* --- handles ------------------------------------------------------------------------------------------------------ */

void verifier_opened(const object *o)
{
    site here = site_now();
    verifier_lock();
    handle_record *r = handle_at(object_handle(o));
    if (r) {
        uint32_t before = r->handle;
        site before_closed = r->closed;
        *r = (handle_record){.handle = o->handle,
                             .kind = (uint8_t)o->type->kind,
                             .open = true,
                             .opened = here,
                             .before = before,
                             .before_closed = before_closed};
    }
    verifier_unlock();
}

void verifier_opened_own(HANDLE handle)
{
    verifier_lock();
    handle_record *r = handle_of(handle);
    if (r)
        r->own = true;
    verifier_unlock();
}

void verifier_closed(HANDLE handle)
{
    site here = site_now();
    verifier_lock();
    handle_record *r = handle_of(handle);
    if (r) {
        r->open = false;
        r->closed = here;
    }
    verifier_unlock();
}

void verifier_stale(HANDLE handle)
{
    static const char *const closes[] = {"CloseHandle", "closesocket", "WSACloseEvent", NULL};
    static const char *const accepts[] = {"accept", "WSAAccept", NULL};
    uint32_t number = (uint32_t)(uintptr_t)handle;
    site here = site_now();
    verifier_lock();
    handle_record *r = handle_at(handle);
    const site *closed = !r                                      ? NULL
                         : r->handle == number && r->closed.name ? &r->closed
                         : r->before == number && number         ? &r->before_closed
                                                                 : NULL;
    /* To close a listening socket is how another thread ends a loop of accept, which may be between two calls just then.
     * That is no mistake as long as the number is nobody else's. */
    if (closed && closed == &r->closed && closed->thread != here.thread && name_is_one_of(here.name, accepts))
        closed = NULL;
    if (closed)
        report(name_is_one_of(here.name, closes) ? RULE_HANDLE_CLOSED_TWICE : RULE_HANDLE_USED_AFTER_CLOSE, &here,
               "closed", closed, "%s is given 0x%x, which was closed before", here.name ? here.name : "a call", number);
    verifier_unlock();
}

void verifier_port_closed(HANDLE port, unsigned waiters, DWORD newest)
{
    site here = site_now();
    if (!waiters)
        return;
    verifier_lock();
    agent *a = agent_of(newest);
    site there = {.thread = newest};
    if (a) {
        there.name = __atomic_load_n(&a->name, __ATOMIC_RELAXED);
        there.caller = __atomic_load_n(&a->caller, __ATOMIC_RELAXED);
    }
    report(RULE_PORT_IN_USE, &here, "waiting", &there, "completion port 0x%x is closed with %u thread%s waiting at it",
           (unsigned)(uintptr_t)port, waiters, waiters == 1 ? "" : "s");
    verifier_unlock();
}

/* --- locks and threads -------------------------------------------------------------------------------------------- */

void verifier_locked(const void *lock, const char *function, const void *caller)
{
    agent *a = agent_self();
    if (a->lock_count < MOST_LOCKS) {
        bool on_behalf = watch_behalf.name; /* a condition variable takes it again */
        a->locks[a->lock_count].lock = lock;
        a->locks[a->lock_count].taken =
            (site){on_behalf ? watch_behalf.name : function, on_behalf ? watch_behalf.caller : caller, a->thread};
        a->lock_count++;
    }
}

void verifier_unlocked(const void *lock)
{
    agent *a = agent_self();
    for (unsigned i = a->lock_count; i-- > 0;) {
        if (a->locks[i].lock != lock)
            continue;
        memmove(&a->locks[i], &a->locks[i + 1], (a->lock_count - i - 1) * sizeof a->locks[0]);
        a->lock_count--;
        return;
    }
}

void verifier_thread_end(DWORD id)
{
    agent *a = agent_self();
    if (__atomic_load_n(&a->on_stack, __ATOMIC_RELAXED))
        operations_check_stack(a, NULL, true);
    verifier_lock();
    for (unsigned i = 0; i < a->lock_count; i++)
        report(RULE_THREAD_ENDED, NULL, "locked", &a->locks[i].taken, "thread %u ended with a lock held (%p)", id,
               a->locks[i].lock);
    operations_check_thread(id);
    agent_end();
    watch_now.name = NULL;
    verifier_unlock();
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void check_open(handle_record *r)
{
    if (!r->open || r->own)
        return;
    if (r->failed.name && !r->out)
        report(RULE_FAILURE_AS_PENDING, NULL, "failed", &r->failed,
               "%s 0x%x is still open with nothing out on it: its last operation failed at once with %u, and nothing "
               "followed",
               handle_kind(r->kind), r->handle, r->failed_error);
    else
        report(RULE_HANDLE_LEAKED, NULL, "opened", &r->opened, "%s 0x%x is still open at the end", handle_kind(r->kind),
               r->handle);
    r->own = true; /* once */
}

static void check_open_socket(handle_record *r)
{
    if (r->kind == OBJECT_SOCKET)
        check_open(r);
}

void verifier_cleanup(void)
{
    verifier_lock();
    handles_each(check_open_socket);
    verifier_unlock();
}

void verifier_quit(void)
{
    quitting = true;
}

static void check_exit(void)
{
    verifier_lock();
    errors_check_exit();
    if (quitting) {
        verifier_unlock();
        return;
    }
    operations_check_exit();
    handles_each(check_open);
    verifier_unlock();
}
