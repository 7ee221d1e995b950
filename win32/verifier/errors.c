/**
 * @file errors.c
 * The rules about the last error.
 */
#include "errors.h"

#include "handles.h"
#include "verifier.h"

enum { MOST_READS = 64 };

/* A place that reads the last error. */
struct reader {
    site here;
    site failed, since; /* what was read too late; no name: nothing yet */
    DWORD error;
    bool replaced;
    bool reads_always; /* it read when nothing had failed: what it reads says nothing */
};

/* Guarded by the verifier's lock. */
static struct reader readers[MOST_READS];
static unsigned reader_count;

/* Clearing up after a failure. A success of these leaves the last error alone on the port; Windows does not promise it. */
static const char *const clearing[] = {"closesocket", "CloseHandle", "WSACloseEvent", "shutdown",    "CancelIo",
                                       "CancelIoEx",  "HeapFree",    "LocalFree",     "VirtualFree", "UnmapViewOfFile",
                                       "SetEvent",    "DeleteFile",  "WSACleanup",    NULL};
/* These never touch it, or tell when they do. */
static const char *const silent[] = {
    "CreateEvent",          "WSACreateEvent",          "CreateMutex",          "CreateSemaphore",     "free", "realloc",
    "EnterCriticalSection", "AcquireSRWLockExclusive", "AcquireSRWLockShared", "InitOnceExecuteOnce", NULL};

/* What is no failure. */
static bool is_harmless(DWORD error)
{
    return error == ERROR_IO_PENDING || error == ERROR_IO_INCOMPLETE || error == WSAEWOULDBLOCK ||
           error == ERROR_ALREADY_EXISTS || error == WAIT_TIMEOUT;
}

void errors_call(agent *a)
{
    const char *name = watch_now.name;
    if (!a->last.failed.name || name_is_one_of(name, silent))
        return;
    if (is_harmless(a->last.error) || !name_is_one_of(name, clearing))
        a->last.failed.name = NULL;
    else if (!a->last.since.name)
        a->last.since = site_now();
}

void verifier_error(DWORD error)
{
    if (!watch_now.name)
        return; /* one of the port's own threads, or nothing was called yet */
    agent *a = agent_self();
    a->last.failed = error ? site_now() : (site){.name = NULL};
    a->last.error = error;
    a->last.since.name = NULL;
    a->last.replaced = a->last.read = false;
}

void verifier_error_reset(const char *function, const void *caller)
{
    if (!watch_now.name)
        return;
    agent *a = agent_self();
    if (!a->last.failed.name || a->last.read || is_harmless(a->last.error))
        return;
    a->last.since = (site){function, caller, a->thread};
    a->last.replaced = true;
}

static struct reader *reader_of(const site *here)
{
    for (unsigned i = 0; i < reader_count; i++)
        if (readers[i].here.caller == here->caller)
            return &readers[i];
    if (reader_count == MOST_READS)
        return NULL;
    readers[reader_count] = (struct reader){.here = *here};
    return &readers[reader_count++];
}

void verifier_error_read(const char *function, const void *caller)
{
    if (!watch_now.name)
        return;
    agent *a = agent_self();
    site here = {function, caller, a->thread};
    a->unread.post.name = NULL;
    if (a->last.failed.name && !a->last.since.name) {
        a->last.read = true; /* as it should be */
        return;
    }
    verifier_lock();
    struct reader *r = reader_of(&here);
    if (r && !a->last.failed.name) {
        r->reads_always = true;
    } else if (r && !r->failed.name) {
        r->here = here;
        r->failed = a->last.failed;
        r->since = a->last.since;
        r->error = a->last.error;
        r->replaced = a->last.replaced;
    }
    verifier_unlock();
    a->last.failed.name = NULL;
}

/* Whether the same line reads always: a function that the compiler copied into several has as many addresses. */
static bool line_reads_always(const struct reader *r)
{
    char line[224], other[224];
    site_text(&r->here, line, sizeof line);
    for (unsigned i = 0; i < reader_count; i++)
        if (readers[i].reads_always && strcmp(line, site_text(&readers[i].here, other, sizeof other)) == 0)
            return true;
    return false;
}

void errors_check_exit(void)
{
    char between[224];
    for (unsigned i = 0; i < reader_count; i++) {
        const struct reader *r = &readers[i];
        if (!r->failed.name || line_reads_always(r))
            continue;
        report(r->replaced ? RULE_ERROR_REPLACED : RULE_ERROR_LATE, &r->here, "failed", &r->failed,
               "%s failed with %u, and the last error is read only after %s", r->failed.name, r->error,
               site_text(&r->since, between, sizeof between));
    }
}
