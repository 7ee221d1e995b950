/**
 * @file port.c
 * The queue of a completion port and the threads at it.
 */
#include "port.h"

#include "../faults/faults.h"
#include "../host/host.h"
#include "../journal/journal.h"
#include "../verifier/verifier.h"
#include "deadline.h"
#include "helper.h"

enum {
    EVENTS_AT_ONCE = 64,
    WAKES_AT_ONCE = 8,
    QUIET_TICKS_BEFORE_SERVING = 8,
    WORTH_A_WAKE = 8,
    UNPOLLED_BEFORE_NOTICE = 64
};

/* Whom to wake once the lock is released: waking under it would let the woken thread run into it. */
struct wakes {
    const uint32_t *words[WAKES_AT_ONCE];
    unsigned count;
    bool leader;
};

static bool may_run(const port *p)
{
    return p->active < p->limit;
}

static void wake(port *p, waiter *w, struct wakes *wakes)
{
    __atomic_add_fetch(&w->signal, 1, __ATOMIC_RELEASE);
    if (w == p->leader)
        wakes->leader = true;
    else if (wakes->count < WAKES_AT_ONCE)
        wakes->words[wakes->count++] = &w->signal;
    else
        host_wake(&w->signal, 1);
}

static void unlock_and_wake(port *p, const struct wakes *wakes)
{
    lock_release(&p->lock);
    for (unsigned i = 0; i < wakes->count; i++)
        host_wake(wakes->words[i], 1);
    if (wakes->leader)
        host_poll_wake(p->poll);
}

static void stack_push(port *p, waiter *w)
{
    w->packet = NULL;
    w->queued = true;
    w->newer = NULL;
    w->older = p->newest;
    *(p->newest ? &p->newest->newer : &p->oldest) = w;
    p->newest = w;
}

static void stack_remove(port *p, waiter *w)
{
    *(w->newer ? &w->newer->older : &p->newest) = w->older;
    *(w->older ? &w->older->newer : &p->oldest) = w->newer;
    w->queued = false;
}

static op *dequeue(port *p)
{
    op *packet = p->first;
    p->first = packet->next;
    if (!p->first)
        p->last = NULL;
    p->queued--;
    return packet;
}

static void assign(port *p, waiter *w, op *packet)
{
    stack_remove(p, w);
    p->active++;
    CONTAINING_RECORD(w, thread, waiter)->active = true;
    __atomic_store_n(&w->packet, packet, __ATOMIC_RELEASE);
}

/* Hands packets out while the limit allows, to the newest waiter: to the leader itself, while it works off ready files,
 * when that is the newest, which costs nothing. While the leader is at it, a few packets may gather before somebody is
 * woken for them: otherwise a quick thread would go to sleep and be woken again between any two. Called with the lock
 * held.
 * @param awake the calling thread is among the waiters, but awake: nobody need wake it */
static void dispatch(port *p, bool awake, struct wakes *wakes)
{
    thread *t = thread_self_if_known();
    bool leading = t && t->leading == p;
    while (p->first && p->newest && may_run(p)) {
        waiter *w = p->newest;
        bool own = awake && w == &t->waiter;
        if (leading && !own && p->queued < WORTH_A_WAKE)
            break;
        assign(p, w, dequeue(p));
        if (!own)
            wake(p, w, wakes);
    }
}

/* Somebody has to poll: the oldest waiter, so that packets that are posted find the newest ones asleep on their own
 * word, where waking is cheapest. Called with the lock held. */
static void promote(port *p, struct wakes *wakes)
{
    if (!p->leader && p->oldest && p->files)
        wake(p, p->oldest, wakes);
}

void port_push(port *p, op *packet, bool immediate)
{
    struct wakes wakes = {.count = 0};
    thread *t = thread_self_if_known();
    packet->next = NULL;
    lock_acquire(&p->lock);
    if (p->closed) {
        lock_release(&p->lock);
        if (verifier_on())
            verifier_dropped(packet);
        op_free(packet);
        return;
    }
    bool only = !p->first;
    *(p->last ? &p->last->next : &p->first) = packet;
    p->last = packet;
    p->queued++;
    bool later = immediate && only && t && t->port == p && t->active;
    if (!later)
        dispatch(p, t && t->leading == p, &wakes);
    bool notice = later && p->newest;
    unlock_and_wake(p, &wakes);
    if (notice)
        helper_notice();
}

uint32_t port_watch(port *p, int file, uint64_t cookie)
{
    struct wakes wakes = {.count = 0};
    uint32_t status = host_poll_add(p->poll, file, cookie);
    if (status)
        return status;
    lock_acquire(&p->lock);
    p->files++;
    promote(p, &wakes);
    bool notice = !p->leader && !p->oldest;
    unlock_and_wake(p, &wakes);
    if (notice)
        helper_notice();
    return STATUS_SUCCESS;
}

void port_expects(port *p)
{
    thread *t = thread_self_if_known();
    __atomic_add_fetch(&p->pending, 1, __ATOMIC_SEQ_CST);
    if (t && t->port == p)
        return; /* it comes back to poll, or blocks and lets another */
    lock_acquire(&p->lock);
    bool notice = !p->leader;
    lock_release(&p->lock);
    if (notice)
        helper_notice();
}

void port_unwatch(port *p, int file)
{
    host_poll_remove(p->poll, file);
}

/* Takes the thread off the count of active ones and lets others go on. Called with the lock held. */
static void deactivate(port *p, thread *t, struct wakes *wakes)
{
    if (!t->active)
        return;
    t->active = false;
    p->active--;
    dispatch(p, false, wakes);
    if (!p->first)
        promote(p, wakes);
}

void block_enter(void)
{
    thread *t = thread_self_if_known();
    if (verifier_on())
        verifier_block(t && t->port && t->active);
    if (!t || !t->port)
        return;
    struct wakes wakes = {.count = 0};
    port *p = t->port;
    lock_acquire(&p->lock);
    bool was_active = t->active;
    deactivate(p, t, &wakes);
    bool notice = was_active && !p->leader && !wakes.count;
    unlock_and_wake(p, &wakes);
    if (notice)
        helper_notice();
}

void block_leave(void)
{
    thread *t = thread_self_if_known();
    if (!t || !t->port)
        return;
    lock_acquire(&t->port->lock);
    if (!t->active) {
        t->active = true;
        t->port->active++; /* perhaps above the limit: nobody new is let go until it is below again */
    }
    lock_release(&t->port->lock);
}

void port_leave(thread *t)
{
    port *p = t->port;
    if (!p)
        return;
    struct wakes wakes = {.count = 0};
    lock_acquire(&p->lock);
    deactivate(p, t, &wakes);
    t->port = NULL;
    unlock_and_wake(p, &wakes);
    helper_notice();
    object_release(&p->base);
}

/* Polls once, as the port's leader: performs what is ready, which may hand this thread a packet. */
static void lead(port *p, thread *t, uint64_t timeout)
{
    host_event events[EVENTS_AT_ONCE];
    uint32_t sequence = __atomic_add_fetch(&p->sequence, 1, __ATOMIC_SEQ_CST);
    int count = host_poll_wait(p->poll, events, EVENTS_AT_ONCE, timeout);
    t->leading = p;
    ready_events(events, count, sequence);
    t->leading = NULL;
}

/* Waits at the port. Called and left with the lock held; the waiter is off the stack afterwards. */
static void wait_at(port *p, thread *t, uint64_t deadline)
{
    struct wakes wakes = {.count = 0};
    waiter *w = &t->waiter;
    bool polled = false, led = false;
    bool rests = false; /* it handed packets on to newer waiters: they will soon be back, and lead */
    stack_push(p, w);
    for (;;) {
        uint64_t left = deadline_left(deadline);
        uint32_t seen = __atomic_load_n(&w->signal, __ATOMIC_RELAXED);
        if (w->packet || p->closed || (left == 0 && (polled || !p->files || p->leader)))
            break;
        if (!p->leader && p->files && !rests) {
            p->leader = w;
            p->unpolled = 0;
            lock_release(&p->lock);
            lead(p, t, left);
            lock_acquire(&p->lock);
            p->leader = NULL;
            polled = led = true;
            dispatch(p, true, &wakes);
            if (!wakes.count)
                continue;
            rests = !w->packet;
            seen = __atomic_load_n(&w->signal, __ATOMIC_RELAXED);
            unlock_and_wake(p, &wakes);
            wakes.count = 0;
            if (rests)
                helper_notice();
        } else {
            lock_release(&p->lock);
        }
        if (!__atomic_load_n(&w->packet, __ATOMIC_ACQUIRE))
            host_sleep_on(&w->signal, seen, left);
        lock_acquire(&p->lock);
        rests = false;
    }
    if (w->queued)
        stack_remove(p, w);
    /* If this thread led, nobody does now. It is about to run the program's code and will be back; the helper looks
     * after the port should that take long. With nothing to run it will not be back: somebody else must lead. */
    if (!w->packet)
        promote(p, &wakes);
    if (wakes.count)
        host_wake(wakes.words[0], 1);
    if (led)
        helper_notice();
}

/* Makes the thread serve the port behind a handle. A thread that serves it already has a reference, so that the
 * entry in the handle table, which all threads share, is not touched for every packet. @return NULL: no such port */
static port *join(HANDLE handle, thread *t)
{
    if (t->port && object_handle(&t->port->base) == handle)
        return t->port;
    port *p = (port *)object_find(handle, OBJECT_PORT);
    if (p) {
        port_leave(t);
        t->port = p;
    }
    return p;
}

/* Takes up to capacity packets. @return how many; 0 with *error set */
static unsigned take(HANDLE handle, op **packets, unsigned capacity, DWORD milliseconds, DWORD *error)
{
    thread *t = thread_self();
    port *p = join(handle, t);
    unsigned count = 0;
    bool notice = false;
    *error = ERROR_INVALID_HANDLE;
    if (!p)
        return 0;
    lock_acquire(&p->lock);
    bool closed_before = p->closed;
    if (t->active) {
        t->active = false;
        p->active--;
    }
    if (!p->closed) {
        if (p->first && may_run(p)) {
            packets[count++] = dequeue(p);
            t->active = true;
            p->active++;
            notice = ++p->unpolled >= UNPOLLED_BEFORE_NOTICE;
            if (notice)
                p->unpolled = 0;
        } else {
            wait_at(p, t, deadline_after(milliseconds));
            if (t->waiter.packet) {
                packets[count++] = t->waiter.packet;
                t->waiter.packet = NULL;
            }
        }
    }
    while (count && count < capacity && p->first)
        packets[count++] = dequeue(p);
    if (!closed_before)
        *error = count ? ERROR_SUCCESS : p->closed ? ERROR_ABANDONED_WAIT_0 : WAIT_TIMEOUT;
    lock_release(&p->lock);
    if (notice)
        helper_notice();
    return count;
}

/* The moment at which Windows writes the status of an operation on a port: when its packet is taken. */
static void settle(const op *packet)
{
    if (packet->flags & (OP_FLAG_POSTED | OP_FLAG_WRITE_STATUS_EARLY))
        return;
    packet->overlapped->InternalHigh = packet->bytes;
    __atomic_store_n(&packet->overlapped->Internal, packet->status, __ATOMIC_RELEASE);
}

/* What the watchers want to know of a packet, out of the way of the many that nobody watches. */
__attribute__((noinline)) static void tell_taken(HANDLE handle, op *packet)
{
    if (verifier_on())
        verifier_taken(packet);
    JOURNAL_EVENT("dequeue", "packet", handle, packet->overlapped, packet->bytes, status_to_error(packet->status));
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE CompletionPort, LPDWORD lpNumberOfBytesTransferred,
                                      PULONG_PTR lpCompletionKey, LPOVERLAPPED *lpOverlapped, DWORD dwMilliseconds)
{
    op *packet;
    DWORD error;
    bool observed = watch_on();
    if (lpOverlapped)
        *lpOverlapped = NULL;
    if (observed) {
        JOURNAL_CALL("GetQueuedCompletionStatus", CompletionPort, NULL, 0);
        FAULTS_MAY_FAIL("GetQueuedCompletionStatus", FALSE);
    }
    if (!take(CompletionPort, &packet, 1, dwMilliseconds, &error)) {
        JOURNAL_EVENT("no-packet", "packet", CompletionPort, NULL, 0, error);
        return fail(error);
    }
    if (observed)
        tell_taken(CompletionPort, packet);
    settle(packet);
    uint32_t status = packet->status;
    *lpNumberOfBytesTransferred = packet->bytes;
    *lpCompletionKey = packet->key;
    *lpOverlapped = packet->overlapped;
    op_free(packet);
    return status_failed(status) ? fail(status_to_error(status)) : TRUE;
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE CompletionPort, LPOVERLAPPED_ENTRY lpCompletionPortEntries,
                                        ULONG ulCount, PULONG ulNumEntriesRemoved, DWORD dwMilliseconds,
                                        BOOL fAlertable)
{
    enum { MOST = 256 };
    op *packets[MOST];
    DWORD error;
    (void)fAlertable;
    bool observed = watch_on();
    if (observed)
        JOURNAL_CALL("GetQueuedCompletionStatusEx", CompletionPort, NULL, ulCount);
    if (!lpCompletionPortEntries || !ulCount || !ulNumEntriesRemoved)
        return fail(ERROR_INVALID_PARAMETER);
    if (observed)
        FAULTS_MAY_FAIL("GetQueuedCompletionStatusEx", FALSE);
    unsigned count = take(CompletionPort, packets, ulCount < MOST ? ulCount : MOST, dwMilliseconds, &error);
    *ulNumEntriesRemoved = count;
    if (!count) {
        JOURNAL_EVENT("no-packet", "packet", CompletionPort, NULL, 0, error);
        return fail(error);
    }
    for (unsigned i = 0; i < count; i++) {
        if (observed)
            tell_taken(CompletionPort, packets[i]);
        settle(packets[i]);
        lpCompletionPortEntries[i] = (OVERLAPPED_ENTRY){.lpCompletionKey = packets[i]->key,
                                                        .lpOverlapped = packets[i]->overlapped,
                                                        .Internal = packets[i]->status,
                                                        .dwNumberOfBytesTransferred = packets[i]->bytes};
        op_free(packets[i]);
    }
    return TRUE;
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE CompletionPort, DWORD dwNumberOfBytesTransferred,
                                       ULONG_PTR dwCompletionKey, LPOVERLAPPED lpOverlapped)
{
    if (watch_on()) {
        JOURNAL_CALL("PostQueuedCompletionStatus", CompletionPort, lpOverlapped, dwNumberOfBytesTransferred);
        FAULTS_MAY_FAIL("PostQueuedCompletionStatus", FALSE);
        if (verifier_on())
            verifier_posted(lpOverlapped);
    }
    port *p = (port *)object_find(CompletionPort, OBJECT_PORT);
    op *packet = p ? op_allocate() : NULL;
    if (packet) {
        *packet = (op){.overlapped = lpOverlapped,
                       .key = dwCompletionKey,
                       .bytes = dwNumberOfBytesTransferred,
                       .flags = OP_FLAG_POSTED};
        port_push(p, packet, false);
    }
    object_release((object *)p);
    return packet ? TRUE : fail(p ? ERROR_NO_SYSTEM_RESOURCES : ERROR_INVALID_HANDLE);
}

bool port_tend(port *p)
{
    struct wakes wakes = {.count = 0};
    bool tend_again = false, serve = false;
    lock_acquire(&p->lock);
    dispatch(p, false, &wakes);
    uint32_t sequence = __atomic_load_n(&p->sequence, __ATOMIC_RELAXED);
    bool quiet = sequence == p->seen_sequence;
    p->seen_sequence = sequence;
    p->quiet_ticks = quiet ? p->quiet_ticks + 1 : 0;
    /* A closed port still polls for its files: operations with an event of their own go on. */
    if (!p->leader && p->files) {
        bool pending = __atomic_load_n(&p->pending, __ATOMIC_SEQ_CST) > 0;
        tend_again = pending || p->oldest;
        /* Whoever led last has been away for a whole tick. */
        if (p->oldest && quiet)
            promote(p, &wakes);
        else if (!p->oldest && pending)
            serve = p->active == 0 || p->quiet_ticks >= QUIET_TICKS_BEFORE_SERVING;
    }
    static waiter stand_in;
    if (serve)
        p->leader = &stand_in;
    unlock_and_wake(p, &wakes);
    if (serve) {
        host_event events[EVENTS_AT_ONCE];
        sequence = __atomic_add_fetch(&p->sequence, 1, __ATOMIC_SEQ_CST);
        ready_events(events, host_poll_wait(p->poll, events, EVENTS_AT_ONCE, 0), sequence);
        wakes = (struct wakes){.count = 0};
        lock_acquire(&p->lock);
        p->leader = NULL;
        p->seen_sequence = sequence;
        promote(p, &wakes);
        unlock_and_wake(p, &wakes);
    }
    return tend_again;
}

static void closing(object *o)
{
    port *p = (port *)o;
    struct wakes wakes = {.count = 0};
    lock_acquire(&p->lock);
    p->closed = true;
    op *packet = p->first;
    p->first = p->last = NULL;
    p->queued = 0;
    unsigned waiters = 0;
    DWORD newest = p->newest ? CONTAINING_RECORD(p->newest, thread, waiter)->id : 0;
    for (waiter *w = p->newest; w; w = w->older, waiters++)
        wake(p, w, &wakes);
    if (verifier_on())
        verifier_port_closed(object_handle(o), waiters, newest);
    unlock_and_wake(p, &wakes);
    helper_notice();
    while (packet) {
        op *next = packet->next;
        if (verifier_on())
            verifier_dropped(packet);
        op_free(packet);
        packet = next;
    }
}

static void destroy(object *o)
{
    port *p = (port *)o;
    helper_remove_port(p);
    host_poll_destroy(p->poll);
    free(p);
}

static const object_type port_type = {.kind = OBJECT_PORT, .closing = closing, .destroy = destroy};

port *port_create(DWORD limit)
{
    port *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->limit = limit ? limit : faults_processors();
    p->poll = host_poll_create();
    if (!p->poll || !object_open(&p->base, &port_type)) {
        if (p->poll)
            host_poll_destroy(p->poll);
        free(p);
        return NULL;
    }
    helper_add_port(p);
    return p;
}
