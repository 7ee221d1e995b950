/**
 * @file helper.c
 * The helper thread.
 */
#include "helper.h"

#include "../host/host.h"

enum { TICK_NS = 1000000, SLOW_TICK_NS = 4000000, TICKS_BEFORE_SLOW = 16, TICKS_BEFORE_SLEEP = 16 };

static struct {
    lock lock;
    /* Guarded by lock. */
    port *ports;
    bool started;

    host_poll *poll;  /* made before the thread starts, never changed */
    uint32_t asleep;  /* 1 while the thread sleeps without a time-out */
    uint32_t sequence;
} helper;

void ready_events(const host_event *events, int count, uint32_t sequence)
{
    for (int i = 0; i < count; i++) {
        if (events[i].cookie == HOST_POLL_WAKE)
            continue;
        object *o = object_find_if_open((HANDLE)(uintptr_t)events[i].cookie, OBJECT_DEVICE);
        if (o)
            o->type->ready(o, events[i].ready, sequence);
        object_release(o);
    }
}

/* Looks at every port. The reference keeps a port, and with it its link to the next, while the lock is free. */
static bool tend_ports(void)
{
    bool again = false;
    port *current = NULL;
    lock_acquire(&helper.lock);
    for (port *p = helper.ports; p; p = p->next) {
        if (!object_try_keep(&p->base))
            continue; /* it is being destroyed, and waits for the lock to leave the list */
        lock_release(&helper.lock);
        if (current)
            object_release(&current->base);
        current = p;
        again |= port_tend(p);
        lock_acquire(&helper.lock);
    }
    lock_release(&helper.lock);
    if (current)
        object_release(&current->base);
    return again;
}

static void run(void *unused)
{
    host_event events[64];
    unsigned idle = 0, busy = 0;
    (void)unused;
    for (;;) {
        bool again = tend_ports();
        idle = again ? 0 : idle + 1;
        busy = again ? busy + 1 : 0;
        uint64_t timeout = busy > TICKS_BEFORE_SLOW ? SLOW_TICK_NS : TICK_NS;
        if (idle > TICKS_BEFORE_SLEEP) {
            /* Say that it sleeps, then look once more: whoever changes something looks at the word afterwards. */
            __atomic_store_n(&helper.asleep, 1, __ATOMIC_SEQ_CST);
            timeout = tend_ports() ? TICK_NS : HOST_FOREVER;
        }
        uint32_t sequence = __atomic_add_fetch(&helper.sequence, 1, __ATOMIC_RELAXED);
        int count = host_poll_wait(helper.poll, events, 64, timeout);
        if (__atomic_exchange_n(&helper.asleep, 0, __ATOMIC_SEQ_CST) == 0)
            idle = timeout == HOST_FOREVER ? 0 : idle;
        ready_events(events, count, sequence);
    }
}

static bool start(void)
{
    lock_acquire(&helper.lock);
    if (!helper.started) {
        helper.poll = host_poll_create();
        helper.started = helper.poll && host_thread_start(run, NULL, 262144);
    }
    bool started = helper.started;
    lock_release(&helper.lock);
    return started;
}

uint32_t helper_watch(int file, uint64_t cookie)
{
    return start() ? host_poll_add(helper.poll, file, cookie) : STATUS_INSUFFICIENT_RESOURCES;
}

void helper_unwatch(int file)
{
    host_poll_remove(helper.poll, file);
}

void helper_add_port(port *p)
{
    start();
    lock_acquire(&helper.lock);
    p->next = helper.ports;
    helper.ports = p;
    lock_release(&helper.lock);
}

void helper_remove_port(port *p)
{
    lock_acquire(&helper.lock);
    for (port **link = &helper.ports; *link; link = &(*link)->next)
        if (*link == p) {
            *link = p->next;
            break;
        }
    lock_release(&helper.lock);
}

void helper_notice(void)
{
    if (__atomic_load_n(&helper.asleep, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&helper.asleep, 0, __ATOMIC_SEQ_CST))
        host_poll_wake(helper.poll);
}
