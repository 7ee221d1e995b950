/**
 * @file hold.c
 * Keeping packets back: a list, and a thread that lets go what is due.
 */
#include "hold.h"

#include <stdlib.h>

#include "../host/host.h"
#include "../object/lock.h"

struct held {
    struct held *next;
    port *port; /* a reference */
    op *packet;
    uint64_t due;
};

static struct {
    lock lock; /* taken with a device's lock held; nothing is called with it held but host_wake */
    /* Guarded by lock. */
    struct held *first;
    unsigned count;
    bool started;
    uint32_t signal; /* changes when something is added; the thread sleeps on it */
} hold;

/* Called without the lock. */
static void let_go(struct held *list)
{
    while (list) {
        struct held *next = list->next;
        list->packet->flags |= OP_FLAG_HELD;
        port_push(list->port, list->packet, false);
        object_release(&list->port->base);
        free(list);
        list = next;
    }
}

/* Takes what is due out of the list, in order. Called with the lock held. @param next when to look again */
static struct held *take_due(uint64_t *next)
{
    struct held *due = NULL, **due_end = &due, **link = &hold.first;
    uint64_t now = host_now();
    *next = HOST_FOREVER;
    while (*link) {
        struct held *h = *link;
        if (h->due > now) {
            *next = h->due - now < *next ? h->due - now : *next;
            link = &h->next;
            continue;
        }
        *link = h->next;
        h->next = NULL;
        *due_end = h;
        due_end = &h->next;
        hold.count--;
    }
    return due;
}

static void run(void *unused)
{
    (void)unused;
    for (;;) {
        uint64_t next;
        lock_acquire(&hold.lock);
        struct held *due = take_due(&next);
        uint32_t seen = hold.signal;
        lock_release(&hold.lock);
        if (due)
            let_go(due);
        else
            host_sleep_on(&hold.signal, seen, next);
    }
}

bool hold_until(port *p, op *packet, uint64_t due)
{
    struct held *h = malloc(sizeof *h);
    if (!h)
        return false;
    *h = (struct held){.port = p, .packet = packet, .due = due};
    object_keep(&p->base);
    lock_acquire(&hold.lock);
    if (!hold.started)
        hold.started = host_thread_start(run, NULL, 0);
    bool started = hold.started;
    if (started) {
        struct held **end = &hold.first;
        while (*end)
            end = &(*end)->next;
        *end = h;
        hold.count++;
        __atomic_add_fetch(&hold.signal, 1, __ATOMIC_RELEASE);
        host_wake(&hold.signal, 1);
    }
    lock_release(&hold.lock);
    if (!started) {
        object_release(&p->base);
        free(h);
    }
    return started;
}

void hold_crowd(unsigned window, uint64_t choice)
{
    struct held *chosen = NULL;
    lock_acquire(&hold.lock);
    if (hold.count >= window) {
        struct held **link = &hold.first;
        for (uint64_t i = choice % hold.count; i; i--)
            link = &(*link)->next;
        chosen = *link;
        *link = chosen->next;
        chosen->next = NULL;
        hold.count--;
    }
    lock_release(&hold.lock);
    let_go(chosen);
}
