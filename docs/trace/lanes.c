/**
 * @file lanes.c
 * Finds what each thread is and in which state it is when.
 */
#include "calls.h"
#include "memory.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a thread while its lines are read. */
typedef struct follower {
    lane *lane;
    bar now;
    bool calls, starts, accepts, serves, moves;
} follower;

static void change(follower *t, uint32_t state, uint32_t event, bar next)
{
    if (t->now.state != THREAD_ABSENT && event > t->now.first) {
        lane *l = t->lane;
        t->now.last = event;
        l->bars = grow(l->bars, l->bar_count, &l->bar_room, sizeof *l->bars);
        l->bars[l->bar_count++] = t->now;
    }
    t->now = next;
    t->now.state = state;
    t->now.first = event;
}

static void called(follower *t, journal *j, uint32_t number)
{
    const event *e = &j->events[number];
    const char *name = j->names[e->name], *kind;
    t->calls = true;
    t->serves |= call_waits(name);
    t->accepts |= !strcmp(name, "accept") || !strcmp(name, "AcceptEx");
    t->moves |= !strcmp(name, "recv") || !strcmp(name, "send");
    if (call_waits(name)) {
        change(t, THREAD_WAITS, number, (bar){.operation = NONE, .call = e->name});
    } else if (call_blocks(name, e->overlapped != 0, &kind)) {
        change(t, THREAD_BLOCKS, number, (bar){.operation = NONE, .call = e->name, .kind = journal_name(j, kind)});
    } else if (t->now.state != THREAD_RUNS) {
        /* It came back from where it was blocked; nothing says when. */
        change(t, THREAD_RUNS, number, (bar){.operation = NONE, .kind = t->now.kind});
    }
}

/* A thread that does its socket's I/O in blocking calls reads files in the same way, if with an OVERLAPPED for the
 * offset: what ended within the call held the thread for as long. */
static bool held(const follower *t, const model *m, uint32_t number)
{
    const operation *o = m->operation_of[number] == NONE ? NULL : &m->operations[m->operation_of[number]];
    const event *e = &m->journal->events[number];
    return o && e->kind == KIND_COMPLETE && t->moves && t->now.state == THREAD_RUNS && o->complete == number &&
           o->pending == NONE && o->post != NONE && o->post >= t->now.first && !o->port &&
           m->journal->events[o->post].thread == e->thread;
}

/* Lines that may end a block or a wait. */
static void went_on(follower *t, const model *m, uint32_t number)
{
    const event *e = &m->journal->events[number];
    uint32_t which = m->operation_of[number];
    bool waits = t->now.state == THREAD_WAITS, blocks = t->now.state == THREAD_BLOCKS;
    if (held(t, m, number)) {
        const operation *o = &m->operations[which];
        change(t, THREAD_BLOCKS, o->post, (bar){.operation = NONE, .call = o->call, .kind = o->kind});
        change(t, THREAD_RUNS, number, (bar){.operation = NONE, .kind = o->kind});
    } else if ((e->kind == KIND_DEQUEUE || e->kind == KIND_NO_PACKET) && (waits || t->now.state == THREAD_ABSENT)) {
        change(t, THREAD_RUNS, number,
               (bar){.operation = which, .kind = which == NONE ? 0 : m->operations[which].kind});
    } else if (e->kind == KIND_WOKE && blocks) {
        change(t, THREAD_RUNS, number, (bar){.operation = NONE, .kind = t->now.kind});
    } else if ((e->kind == KIND_COMPLETE || e->kind == KIND_FAIL) && blocks && e->overlapped == 0) {
        change(t, THREAD_RUNS, number, (bar){.operation = which, .kind = t->now.kind ? e->name : 0});
    }
}

static void follow(follower *t, model *m, journal *j, uint32_t number)
{
    switch (j->events[number].kind) {
    case KIND_CALL:
        called(t, j, number);
        break;
    case KIND_THREAD_START:
        t->starts = true;
        change(t, THREAD_RUNS, number, (bar){.operation = NONE});
        break;
    case KIND_THREAD_END:
        change(t, THREAD_ABSENT, number, (bar){.operation = NONE});
        break;
    default:
        went_on(t, m, number);
    }
}

static uint32_t role_of(const follower *t, bool first)
{
    if (!t->calls && !t->starts)
        return ROLE_SYSTEM;
    if (first && !t->starts)
        return ROLE_MAIN;
    if (t->serves)
        return ROLE_WORKER;
    if (t->accepts)
        return ROLE_LISTEN;
    if (!t->starts)
        return ROLE_HANDLER;
    return t->moves ? ROLE_CONNECTION : ROLE_OTHER;
}

/* Lays the lanes in the order of their roles. */
static void sort(model *m, const lane *lanes)
{
    uint32_t at = 0;
    m->lanes = zeros(m->lane_count, sizeof *m->lanes);
    m->lane_of = zeros(m->lane_count, sizeof *m->lane_of);
    for (uint32_t role = 0; role < ROLES; role++) {
        uint32_t number = 0;
        for (uint32_t i = 0; i < m->lane_count; i++) {
            if (lanes[i].role != role)
                continue;
            m->lane_of[i] = at;
            m->lanes[at] = lanes[i];
            m->lanes[at++].number = ++number;
        }
    }
}

void lanes_find(model *m, journal *j)
{
    follower *threads = zeros(j->thread_count, sizeof *threads);
    lane *lanes = zeros(j->thread_count, sizeof *lanes);
    m->lane_count = j->thread_count;
    for (uint32_t i = 0; i < j->thread_count; i++) {
        threads[i] = (follower){.lane = &lanes[i], .now = {.state = THREAD_ABSENT}};
        lanes[i].id = j->threads[i];
    }
    for (uint32_t i = 0; i < j->count; i++)
        follow(&threads[j->events[i].thread], m, j, i);
    for (uint32_t i = 0; i < j->thread_count; i++) {
        change(&threads[i], THREAD_ABSENT, j->count - 1, (bar){0});
        lanes[i].role = role_of(&threads[i], i == 0);
    }
    sort(m, lanes);
    free(lanes);
    free(threads);
}

const char *lane_label(const model *m, const lane *l)
{
    static const char *const names[ROLES] = {"main", "listener", "worker", "connection", "thread", "handler", "system"};
    static char label[40];
    uint32_t same = 0;
    for (uint32_t i = 0; i < m->lane_count; i++)
        same += m->lanes[i].role == l->role;
    if (same > 1)
        snprintf(label, sizeof label, "%s %u", names[l->role], l->number);
    else
        snprintf(label, sizeof label, "%s", names[l->role]);
    return label;
}
