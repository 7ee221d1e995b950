/**
 * @file flights.c
 * Two hash tables: flights by OVERLAPPED, and the pages that they touch.
 */
#include "flights.h"

#include <stdlib.h>

enum { BUCKETS = 4096, PAGE_BITS = 12 };

static flight *flights[BUCKETS];
static mark *marks[BUCKETS];
static flight *wide;

static size_t hash(uintptr_t value)
{
    return (size_t)(value * 0x9e3779b97f4a7c15u >> 40) % BUCKETS;
}

static flight **bucket(const OVERLAPPED *overlapped)
{
    return &flights[hash((uintptr_t)overlapped >> 4)];
}

flight *flight_find(const OVERLAPPED *overlapped)
{
    flight *f = *bucket(overlapped);
    while (f && f->overlapped != overlapped)
        f = f->next;
    return f;
}

static void mark_page(flight *f, uintptr_t page)
{
    for (unsigned i = 0; i < f->mark_count; i++)
        if (f->marks[i].page == page)
            return;
    if (f->mark_count == FLIGHT_MARKS) {
        if (!f->wide) {
            f->next_wide = wide;
            f->wide_link = &wide;
            if (wide)
                wide->wide_link = &f->next_wide;
            wide = f;
        }
        f->wide = true;
        return;
    }
    mark *m = &f->marks[f->mark_count++], **head = &marks[hash(page)];
    *m = (mark){.next = *head, .link = head, .page = page, .flight = f};
    if (*head)
        (*head)->link = &m->next;
    *head = m;
}

static void mark_memory(flight *f, const void *memory, size_t size)
{
    uintptr_t last = ((uintptr_t)memory + (size ? size - 1 : 0)) >> PAGE_BITS;
    for (uintptr_t page = (uintptr_t)memory >> PAGE_BITS; page <= last && !f->wide; page++)
        mark_page(f, page);
}

/* Whether, and where at its lowest, it lies on its caller's stack. */
static void find_on_stack(flight *f, agent *a)
{
    const char *lowest = NULL;
    if (agent_has(a, f->overlapped))
        lowest = (const char *)f->overlapped;
    for (unsigned i = 0; i < f->count; i++) {
        const char *data = f->buffers[i].data;
        if (f->buffers[i].length && agent_has(a, data) && (!lowest || data < lowest))
            lowest = data;
    }
    if (!lowest)
        return;
    f->stack_owner = a;
    f->stack_lowest = lowest;
    f->next_on_stack = a->on_stack;
    __atomic_store_n(&a->on_stack, f, __ATOMIC_RELAXED);
}

flight *flight_add(device *d, op *record)
{
    flight *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->overlapped = record->overlapped;
    f->handle = object_handle(&d->base);
    f->posted = site_now();
    f->since = host_now();
    f->kind = record->kind;
    f->with_port = d->port != NULL;
    host_buffer accepts = accept_buffer(record);
    if (accepts.data)
        f->buffers[f->count++] = accepts;
    for (unsigned i = 0; i < record->count && f->count < FLIGHT_BUFFERS; i++)
        f->buffers[f->count++] = op_buffers(record)[i];
    flight **head = bucket(f->overlapped);
    f->next = *head;
    *head = f;
    mark_memory(f, f->overlapped, sizeof *f->overlapped);
    for (unsigned i = 0; i < f->count; i++) {
        f->bytes += f->buffers[i].length;
        if (f->buffers[i].length)
            mark_memory(f, f->buffers[i].data, f->buffers[i].length);
    }
    find_on_stack(f, agent_self());
    return f;
}

void flight_remove(flight *f)
{
    flight **link = bucket(f->overlapped);
    while (*link != f)
        link = &(*link)->next;
    *link = f->next;
    for (unsigned i = 0; i < f->mark_count; i++) {
        *f->marks[i].link = f->marks[i].next;
        if (f->marks[i].next)
            f->marks[i].next->link = f->marks[i].link;
    }
    if (f->wide) {
        *f->wide_link = f->next_wide;
        if (f->next_wide)
            f->next_wide->wide_link = f->wide_link;
    }
    if (f->stack_owner) {
        flight **on_stack = &f->stack_owner->on_stack;
        while (*on_stack != f)
            on_stack = &(*on_stack)->next_on_stack;
        __atomic_store_n(on_stack, f->next_on_stack, __ATOMIC_RELAXED);
    }
    free(f);
}

static bool overlap(const void *one, size_t one_size, const void *other, size_t other_size)
{
    return (uintptr_t)one < (uintptr_t)other + other_size && (uintptr_t)other < (uintptr_t)one + one_size;
}

static bool uses(const flight *f, const void *memory, size_t size, bool *buffer)
{
    *buffer = false;
    if (overlap(f->overlapped, sizeof *f->overlapped, memory, size))
        return true;
    *buffer = true;
    /* What ended within its call no longer uses its buffers; only the OVERLAPPED waits for its packet. */
    for (unsigned i = 0; i < f->count && !f->immediate; i++)
        if (f->buffers[i].length && overlap(f->buffers[i].data, f->buffers[i].length, memory, size))
            return true;
    return false;
}

flight *flight_in(const void *memory, size_t size, bool *buffer)
{
    uintptr_t first = (uintptr_t)memory >> PAGE_BITS, last = ((uintptr_t)memory + size - 1) >> PAGE_BITS;
    for (flight *f = wide; f; f = f->next_wide)
        if (uses(f, memory, size, buffer))
            return f;
    if (last - first >= BUCKETS) { /* every list once is less than that */
        for (size_t i = 0; i < BUCKETS; i++)
            for (flight *f = flights[i]; f; f = f->next)
                if (uses(f, memory, size, buffer))
                    return f;
        return NULL;
    }
    for (uintptr_t page = first; page <= last; page++)
        for (mark *m = marks[hash(page)]; m; m = m->next)
            if (m->page == page && uses(m->flight, memory, size, buffer))
                return m->flight;
    return NULL;
}

static uint64_t sum_of(const flight *f)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (unsigned i = 0; i < f->count; i++) {
        const unsigned char *data = f->buffers[i].data;
        size_t length = f->buffers[i].length, at = 0;
        for (uint64_t word; at + sizeof word <= length; at += sizeof word) {
            memcpy(&word, data + at, sizeof word);
            sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
            sum ^= sum >> 32;
        }
        for (; at < length; at++)
            sum = (sum ^ data[at]) * 0x100000001b3u;
    }
    return sum;
}

void flight_sum(flight *f)
{
    f->sum = sum_of(f);
    f->summed = true;
}

bool flight_unchanged(const flight *f)
{
    return !f->summed || sum_of(f) == f->sum;
}

void flights_each(void (*visit)(flight *f))
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (flight *f = flights[i], *next; f; f = next) {
            next = f->next;
            visit(f);
        }
    }
}
