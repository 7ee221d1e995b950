/**
 * @file operations.c
 * Finds the operations of a journal: which lines belong to one use of an OVERLAPPED.
 *
 * The open operations of an OVERLAPPED are a chain, the oldest first. A correct program has at most one in it, but the
 * picture is also for programs that are not correct, and for journals with lines missing: so each line takes the
 * operation that suits it best, and one that suits none begins an operation of its own.
 */
#include "calls.h"
#include "memory.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

/* A longer chain loses its oldest operation. */
#define CHAIN_MOST 8
/* In place of the first operation of a chain that is empty. */
#define EMPTY (UINT32_MAX - 1)

typedef struct device {
    uint64_t port;
    bool skips;
} device;

typedef struct finder {
    model *m;
    journal *j;
    map chains;  /* OVERLAPPED → first operation */
    map handles; /* handle → device */
    device *devices;
    uint32_t device_count, device_room;
    uint32_t *last_call; /* of each thread; an event */
} finder;

/* Packets without an OVERLAPPED are told apart by their port. */
static uint64_t chain_key(uint64_t overlapped, uint64_t port)
{
    return overlapped ? overlapped : ~port;
}

static uint32_t chain_first(finder *f, uint64_t key)
{
    uint32_t first = map_get(&f->chains, key);
    return first == EMPTY ? NONE : first;
}

static void chain_remove(finder *f, uint64_t key, uint32_t which)
{
    operation *all = f->m->operations;
    uint32_t i = chain_first(f, key);
    if (i == which) {
        map_set(&f->chains, key, all[which].next == NONE ? EMPTY : all[which].next);
        return;
    }
    while (i != NONE && all[i].next != which)
        i = all[i].next;
    if (i != NONE)
        all[i].next = all[which].next;
}

/* Nothing followed its call: refused before it began, or its line is still to come. */
static bool is_only_posted(const operation *o)
{
    return o->pending == NONE && o->complete == NONE && o->fail == NONE;
}

/* Before an OVERLAPPED is used again: lets go of operations that no further line can be about. */
static void chain_tidy(finder *f, uint64_t key)
{
    uint32_t count = 0, next;
    for (uint32_t i = chain_first(f, key); i != NONE; i = next) {
        const operation *o = &f->m->operations[i];
        next = o->next;
        if (is_only_posted(o) || (o->complete != NONE && !o->port))
            chain_remove(f, key, i);
        else
            count++;
    }
    if (count >= CHAIN_MOST)
        chain_remove(f, key, chain_first(f, key));
}

static device *device_of(finder *f, uint64_t handle)
{
    uint32_t i = map_get(&f->handles, handle);
    if (i == UINT32_MAX) {
        f->devices = grow(f->devices, f->device_count, &f->device_room, sizeof *f->devices);
        i = f->device_count++;
        f->devices[i] = (device){0};
        map_set(&f->handles, handle, i);
    }
    return &f->devices[i];
}

static uint32_t operation_add(finder *f, const event *e, uint32_t kind)
{
    model *m = f->m;
    const device *d = device_of(f, e->handle);
    m->operations = grow(m->operations, m->operation_count, &m->operation_room, sizeof *m->operations);
    uint32_t i = m->operation_count++;
    m->operations[i] = (operation){.kind = kind,
                                   .handle = e->handle,
                                   .overlapped = e->overlapped,
                                   .asked = e->bytes,
                                   .port = d->port,
                                   .skips = d->skips,
                                   .post = NONE,
                                   .pending = NONE,
                                   .complete = NONE,
                                   .dequeue = NONE,
                                   .fail = NONE,
                                   .next = NONE};
    return i;
}

static void chain_append(finder *f, uint64_t key, uint32_t which)
{
    uint32_t i = chain_first(f, key);
    if (i == NONE) {
        map_set(&f->chains, key, which);
        return;
    }
    while (f->m->operations[i].next != NONE)
        i = f->m->operations[i].next;
    f->m->operations[i].next = which;
}

static uint32_t post(finder *f, uint32_t number, const char *kind)
{
    const event *e = &f->j->events[number];
    bool posted = !strcmp(kind, "posted");
    uint64_t key = chain_key(e->overlapped, e->handle);
    uint32_t i = operation_add(f, e, journal_name(f->j, kind));
    operation *o = &f->m->operations[i];
    o->post = number;
    o->call = e->name;
    if (posted) {
        o->complete = number;
        o->moved = e->bytes;
        o->port = e->handle;
    }
    if (e->overlapped)
        chain_tidy(f, key);
    chain_append(f, key, i);
    return i;
}

/* Calls that say something about a handle. */
static void handle_learn(finder *f, const event *e)
{
    const char *name = f->j->names[e->name];
    if (!strcmp(name, "CreateIoCompletionPort") && e->overlapped)
        device_of(f, e->handle)->port = e->overlapped;
    else if (!strcmp(name, "closesocket") || !strcmp(name, "CloseHandle"))
        *device_of(f, e->handle) = (device){0};
    else if (!strcmp(name, "SetFileCompletionNotificationModes"))
        device_of(f, e->handle)->skips = e->bytes & 1;
}

/* The operation that a line pending, complete or fail is about: the one that this thread has just posted, or the oldest
 * that is still out. */
static uint32_t open_find(finder *f, const event *e)
{
    uint32_t oldest = NONE, just = f->last_call[e->thread];
    for (uint32_t i = chain_first(f, e->overlapped); i != NONE; i = f->m->operations[i].next) {
        const operation *o = &f->m->operations[i];
        if (o->complete != NONE)
            continue;
        if (o->post == just && is_only_posted(o))
            return i;
        if (oldest == NONE && e->kind == KIND_COMPLETE)
            oldest = i;
    }
    return oldest;
}

static uint32_t progress(finder *f, uint32_t number)
{
    const event *e = &f->j->events[number];
    uint32_t i = open_find(f, e);
    if (i == NONE) {
        i = operation_add(f, e, e->name);
        chain_append(f, e->overlapped, i);
    }
    operation *o = &f->m->operations[i];
    o->kind = e->name;
    if (e->kind == KIND_PENDING) {
        o->pending = number;
        return i;
    }
    o->error = e->error;
    if (e->kind == KIND_FAIL) {
        o->fail = number;
        chain_remove(f, e->overlapped, i);
        return i;
    }
    o->complete = number;
    o->moved = e->bytes;
    if (o->skips && o->pending == NONE && !o->error) {
        o->port = 0; /* it gives no packet */
        chain_remove(f, e->overlapped, i);
    }
    return i;
}

static uint32_t dequeue(finder *f, uint32_t number)
{
    const event *e = &f->j->events[number];
    uint64_t key = chain_key(e->overlapped, e->handle);
    uint32_t found = NONE;
    for (uint32_t i = chain_first(f, key); i != NONE && found == NONE; i = f->m->operations[i].next)
        if (f->m->operations[i].complete != NONE)
            found = i;
    if (found != NONE) {
        f->m->operations[found].dequeue = number;
        chain_remove(f, key, found);
    }
    return found;
}

static uint32_t take(finder *f, uint32_t number)
{
    const event *e = &f->j->events[number];
    const char *kind;
    switch (e->kind) {
    case KIND_CALL:
        f->last_call[e->thread] = number;
        handle_learn(f, e);
        kind = call_posts(f->j->names[e->name]);
        return kind && (e->overlapped || !strcmp(kind, "posted")) ? post(f, number, kind) : NONE;
    case KIND_PENDING:
    case KIND_COMPLETE:
    case KIND_FAIL:
        return e->overlapped ? progress(f, number) : NONE;
    case KIND_DEQUEUE:
        return dequeue(f, number);
    default:
        return NONE;
    }
}

/* Calls that nothing followed are no operations: their arguments were refused. */
static void drop_refused(model *m)
{
    uint32_t kept = 0, *renumbered = zeros(m->operation_count, sizeof *renumbered);
    for (uint32_t i = 0; i < m->operation_count; i++) {
        renumbered[i] = is_only_posted(&m->operations[i]) ? NONE : kept;
        if (renumbered[i] != NONE)
            m->operations[kept++] = m->operations[i];
    }
    m->operation_count = kept;
    for (uint32_t i = 0; i < m->journal->count; i++)
        if (m->operation_of[i] != NONE)
            m->operation_of[i] = renumbered[m->operation_of[i]];
    free(renumbered);
}

void operations_find(model *m, journal *j)
{
    finder f = {.m = m, .j = j, .last_call = zeros(j->thread_count, sizeof *f.last_call)};
    memset(f.last_call, 0xFF, j->thread_count * sizeof *f.last_call); /* NONE */
    m->operation_of = zeros(j->count, sizeof *m->operation_of);
    for (uint32_t i = 0; i < j->count; i++)
        m->operation_of[i] = take(&f, i);
    drop_refused(m);
    map_free(&f.chains);
    map_free(&f.handles);
    free(f.devices);
    free(f.last_call);
}
