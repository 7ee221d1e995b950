/**
 * @file wait.c
 * Waiting for one or several objects, and what lets a wait end.
 */
#include "wait.h"

#include "../faults/faults.h"
#include "../journal/journal.h"
#include "deadline.h"
#include "lock.h"
#include "thread.h"

/* A thread that waits: on its own stack, linked to each object by a block. Guarded by the dispatcher's lock, but
 * for done, on which the thread sleeps. */
struct wait {
    thread *thread;
    struct wait_block *blocks;
    DWORD count;
    bool all;
    DWORD result;
    uint32_t done;
};

struct wait_block {
    struct wait *wait;
    waitable *object;
    struct wait_block *next, *previous; /* in the object's list */
};

/* Guards every waitable and every wait. Nothing is called with it held but host_wake. */
static lock dispatcher;

static bool is_set(const waitable *w, const thread *t)
{
    return w->count > 0 || (w->base.type->kind == OBJECT_MUTEX && w->owner == t);
}

static void own(waitable *mutex, thread *t)
{
    mutex->owner = t;
    mutex->next_owned = t->mutexes;
    t->mutexes = mutex;
}

static void disown(waitable *mutex)
{
    waitable **link = &mutex->owner->mutexes;
    while (*link != mutex)
        link = &(*link)->next_owned;
    *link = mutex->next_owned;
    mutex->owner = NULL;
    mutex->recursion = 0;
    mutex->count = 1;
}

/* What a wait that succeeds does to the object. */
static void consume(waitable *w, thread *t)
{
    switch (w->base.type->kind) {
    case OBJECT_MUTEX:
        if (w->owner != t)
            own(w, t);
        w->recursion++;
        w->count = 0;
        w->abandoned = false;
        break;
    case OBJECT_SEMAPHORE:
        w->count--;
        break;
    default:
        if (!w->manual_reset)
            w->count = 0;
    }
}

/* Ends the wait if its objects allow. The lowest index wins. */
static bool try_satisfy(struct wait *wait)
{
    DWORD ready = 0;
    for (DWORD i = 0; i < wait->count; i++) {
        if (!is_set(wait->blocks[i].object, wait->thread))
            continue;
        if (!wait->all) {
            wait->result = (wait->blocks[i].object->abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0) + i;
            consume(wait->blocks[i].object, wait->thread);
            return true;
        }
        ready++;
    }
    if (!wait->all || ready < wait->count)
        return false;
    wait->result = WAIT_OBJECT_0;
    for (DWORD i = 0; i < wait->count; i++) {
        if (wait->blocks[i].object->abandoned)
            wait->result = WAIT_ABANDONED_0;
        consume(wait->blocks[i].object, wait->thread);
    }
    return true;
}

static void link_blocks(struct wait *wait)
{
    for (DWORD i = 0; i < wait->count; i++) {
        struct wait_block *block = &wait->blocks[i];
        block->next = NULL;
        block->previous = block->object->last;
        if (block->previous)
            block->previous->next = block;
        else
            block->object->first = block;
        block->object->last = block;
    }
}

static void unlink_blocks(struct wait *wait)
{
    for (DWORD i = 0; i < wait->count; i++) {
        struct wait_block *block = &wait->blocks[i];
        *(block->previous ? &block->previous->next : &block->object->first) = block->next;
        *(block->next ? &block->next->previous : &block->object->last) = block->previous;
    }
}

/* Lets go whoever the object's state allows, in the order of coming. Called with the lock held. */
static void release_waiters(waitable *w)
{
    struct wait_block *block = w->first;
    while (block && (w->count > 0)) {
        struct wait *wait = block->wait;
        block = block->next;
        /* A wait may stand in the list twice; step over its other blocks before they are unlinked. */
        while (block && block->wait == wait)
            block = block->next;
        if (try_satisfy(wait)) {
            unlink_blocks(wait);
            uint32_t *done = &wait->done;
            __atomic_store_n(done, 1, __ATOMIC_RELEASE);
            host_wake(done, 1);
        }
    }
}

void waitable_set(waitable *w)
{
    lock_acquire(&dispatcher);
    w->count = 1;
    release_waiters(w);
    lock_release(&dispatcher);
}

void waitable_clear(waitable *w)
{
    lock_acquire(&dispatcher);
    w->count = 0;
    lock_release(&dispatcher);
}

bool waitable_is_set(waitable *w)
{
    lock_acquire(&dispatcher);
    bool set = w->count > 0;
    lock_release(&dispatcher);
    return set;
}

void mutexes_abandon(thread *t)
{
    lock_acquire(&dispatcher);
    while (t->mutexes) {
        waitable *mutex = t->mutexes;
        disown(mutex);
        mutex->abandoned = true;
        release_waiters(mutex);
    }
    lock_release(&dispatcher);
}

/* Blocks until the wait is satisfied or its time is over. @return WAIT_OBJECT_0 + index, or WAIT_TIMEOUT */
static DWORD wait_for(struct wait *wait, DWORD milliseconds)
{
    lock_acquire(&dispatcher);
    bool satisfied = try_satisfy(wait);
    if (!satisfied && milliseconds)
        link_blocks(wait);
    lock_release(&dispatcher);
    if (satisfied || !milliseconds)
        return satisfied ? wait->result : (DWORD)WAIT_TIMEOUT;

    uint64_t deadline = deadline_after(milliseconds), left = HOST_FOREVER;
    block_enter();
    while (!__atomic_load_n(&wait->done, __ATOMIC_ACQUIRE) && (left = deadline_left(deadline)) > 0)
        host_sleep_on(&wait->done, 0, left);
    lock_acquire(&dispatcher);
    if (!wait->done) {
        unlink_blocks(wait);
        wait->result = WAIT_TIMEOUT;
    }
    lock_release(&dispatcher);
    block_leave();
    return wait->result;
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds,
                                      BOOL bAlertable)
{
    struct wait_block blocks[MAXIMUM_WAIT_OBJECTS];
    struct wait wait = {.thread = thread_self(), .blocks = blocks, .count = nCount, .all = bWaitAll};
    DWORD result = WAIT_FAILED, found = 0;
    (void)bAlertable;
    JOURNAL_CALL("WaitForMultipleObjects", nCount && lpHandles ? lpHandles[0] : NULL, NULL, nCount);
    if (nCount == 0 || nCount > MAXIMUM_WAIT_OBJECTS || !lpHandles) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    for (; found < nCount; found++) {
        blocks[found] = (struct wait_block){.wait = &wait};
        blocks[found].object = (waitable *)object_find(lpHandles[found], OBJECT_WAITABLE);
        if (!blocks[found].object)
            break;
    }
    if (found == nCount)
        result = wait_for(&wait, dwMilliseconds);
    else
        SetLastError(ERROR_INVALID_HANDLE);
    for (DWORD i = 0; i < found; i++)
        object_release(&blocks[i].object->base);
    JOURNAL_EVENT("woke", "WaitForMultipleObjects", lpHandles[0], NULL, nCount,
                  result == WAIT_FAILED ? last_error_look() : result);
    return result;
}

DWORD WINAPI WaitForMultipleObjects(DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds)
{
    WATCH_PASS("WaitForMultipleObjects");
    return WaitForMultipleObjectsEx(nCount, lpHandles, bWaitAll, dwMilliseconds, FALSE);
}

DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds)
{
    WATCH_PASS("WaitForSingleObject");
    return WaitForMultipleObjectsEx(1, &hHandle, FALSE, dwMilliseconds, FALSE);
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE hHandle, DWORD dwMilliseconds, BOOL bAlertable)
{
    WATCH_PASS("WaitForSingleObjectEx");
    return WaitForMultipleObjectsEx(1, &hHandle, FALSE, dwMilliseconds, bAlertable);
}

DWORD WINAPI SignalObjectAndWait(HANDLE hObjectToSignal, HANDLE hObjectToWaitOn, DWORD dwMilliseconds,
                                 BOOL bAlertable)
{
    WATCH_CALL("SignalObjectAndWait");
    object *o = object_find(hObjectToSignal, OBJECT_WAITABLE);
    BOOL signalled = FALSE;
    watch_call mine = watch_lend();
    if (o && o->type->kind == OBJECT_EVENT)
        signalled = SetEvent(hObjectToSignal);
    else if (o && o->type->kind == OBJECT_SEMAPHORE)
        signalled = ReleaseSemaphore(hObjectToSignal, 1, NULL);
    else if (o && o->type->kind == OBJECT_MUTEX)
        signalled = ReleaseMutex(hObjectToSignal);
    else
        SetLastError(ERROR_INVALID_HANDLE);
    object_release(o);
    watch_take_back(&mine);
    watch_lend();
    DWORD result = signalled ? WaitForSingleObjectEx(hObjectToWaitOn, dwMilliseconds, bAlertable) : WAIT_FAILED;
    watch_take_back(&mine);
    return result;
}

static void destroy(object *o)
{
    waitable *w = (waitable *)o;
    lock_acquire(&dispatcher);
    if (w->owner)
        disown(w);
    lock_release(&dispatcher);
    free(w);
}

static const object_type event_type = {.kind = OBJECT_EVENT, .destroy = destroy};
static const object_type semaphore_type = {.kind = OBJECT_SEMAPHORE, .destroy = destroy};
static const object_type mutex_type = {.kind = OBJECT_MUTEX, .destroy = destroy};

static HANDLE create(const object_type *type, waitable start, LPCSTR name)
{
    waitable *w = malloc(sizeof *w);
    HANDLE handle = NULL;
    if (w) {
        *w = start;
        handle = object_open(&w->base, type);
    }
    if (!handle) {
        free(w);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    } else if (name) {
        SetLastError(ERROR_SUCCESS); /* ERROR_ALREADY_EXISTS would mean a named object that was there before */
    } else {
        last_error_reset(watch_now.name, watch_now.caller);
    }
    return handle;
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState,
                           LPCSTR lpName)
{
    (void)lpEventAttributes;
    WATCH_CALL("CreateEvent");
    FAULTS_MAY_FAIL("CreateEvent", NULL);
    return create(&event_type, (waitable){.count = bInitialState != 0, .manual_reset = bManualReset}, lpName);
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
                               LPCSTR lpName)
{
    (void)lpSemaphoreAttributes;
    WATCH_CALL("CreateSemaphore");
    if (lMaximumCount <= 0 || lInitialCount < 0 || lInitialCount > lMaximumCount) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return create(&semaphore_type, (waitable){.count = lInitialCount, .maximum = lMaximumCount}, lpName);
}

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCSTR lpName)
{
    (void)lpMutexAttributes;
    WATCH_CALL("CreateMutex");
    HANDLE handle = create(&mutex_type, (waitable){.count = 1}, lpName);
    if (handle && bInitialOwner) {
        watch_call mine = watch_lend();
        WaitForSingleObject(handle, 0);
        watch_take_back(&mine);
    }
    return handle;
}

BOOL WINAPI SetEvent(HANDLE hEvent)
{
    JOURNAL_CALL("SetEvent", hEvent, NULL, 0);
    object *o = object_find(hEvent, OBJECT_EVENT);
    if (!o)
        return fail(ERROR_INVALID_HANDLE);
    waitable_set((waitable *)o);
    object_release(o);
    return TRUE;
}

BOOL WINAPI ResetEvent(HANDLE hEvent)
{
    WATCH_CALL("ResetEvent");
    object *o = object_find(hEvent, OBJECT_EVENT);
    if (!o)
        return fail(ERROR_INVALID_HANDLE);
    waitable_clear((waitable *)o);
    object_release(o);
    return TRUE;
}

void event_set_by_handle(HANDLE event)
{
    object *o = object_find_if_open(event, OBJECT_EVENT);
    if (o)
        waitable_set((waitable *)o);
    object_release(o);
}

void event_clear_by_handle(HANDLE event)
{
    object *o = object_find_if_open(event, OBJECT_EVENT);
    if (o)
        waitable_clear((waitable *)o);
    object_release(o);
}

BOOL WINAPI ReleaseSemaphore(HANDLE hSemaphore, LONG lReleaseCount, LONG *lpPreviousCount)
{
    WATCH_CALL("ReleaseSemaphore");
    waitable *w = (waitable *)object_find(hSemaphore, OBJECT_SEMAPHORE);
    DWORD error = w ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
    if (w) {
        lock_acquire(&dispatcher);
        if (lReleaseCount <= 0)
            error = ERROR_INVALID_PARAMETER;
        else if (lReleaseCount > w->maximum - w->count)
            error = ERROR_TOO_MANY_POSTS;
        if (!error) {
            if (lpPreviousCount)
                *lpPreviousCount = w->count;
            w->count += lReleaseCount;
            release_waiters(w);
        }
        lock_release(&dispatcher);
        object_release(&w->base);
    }
    return error ? fail(error) : TRUE;
}

BOOL WINAPI ReleaseMutex(HANDLE hMutex)
{
    WATCH_CALL("ReleaseMutex");
    waitable *w = (waitable *)object_find(hMutex, OBJECT_MUTEX);
    DWORD error = w ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
    if (w) {
        lock_acquire(&dispatcher);
        if (w->owner != thread_self()) {
            error = ERROR_NOT_OWNER;
        } else if (--w->recursion == 0) {
            disown(w);
            release_waiters(w);
        }
        lock_release(&dispatcher);
        object_release(&w->base);
    }
    return error ? fail(error) : TRUE;
}
