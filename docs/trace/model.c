/**
 * @file model.c
 * The sums of a journal, and the model's life.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

uint32_t operation_begin(const operation *o)
{
    return o->post != NONE ? o->post : o->pending != NONE ? o->pending : o->complete != NONE ? o->complete : o->fail;
}

uint32_t operation_end(const model *m, const operation *o)
{
    return o->fail != NONE ? o->fail : o->complete != NONE ? o->complete : m->journal->count - 1;
}

/* The highest sum of changes, one a line, and where it is reached. */
static uint32_t highest(const model *m, const int32_t *changes, uint32_t *event)
{
    int64_t sum = 0, most = 0;
    *event = 0;
    for (uint32_t i = 0; i < m->journal->count; i++) {
        sum += changes[i];
        if (sum > most) {
            most = sum;
            *event = i;
        }
    }
    return (uint32_t)most;
}

static void in_flight_find(model *m)
{
    int32_t *changes = zeros(m->journal->count, sizeof *changes);
    for (uint32_t i = 0; i < m->operation_count; i++) {
        const operation *o = &m->operations[i];
        changes[operation_begin(o)]++;
        if (o->fail != NONE || o->complete != NONE)
            changes[operation_end(m, o)]--;
    }
    m->summary.in_flight_most = highest(m, changes, &m->summary.in_flight_event);
    free(changes);
}

static void running_find(model *m)
{
    int32_t *changes = zeros(m->journal->count, sizeof *changes);
    for (uint32_t i = 0; i < m->lane_count; i++) {
        for (uint32_t k = 0; k < m->lanes[i].bar_count; k++) {
            const bar *b = &m->lanes[i].bars[k];
            changes[b->first] += b->state == THREAD_RUNS;
            changes[b->last] -= b->state == THREAD_RUNS;
        }
    }
    m->summary.running_most = highest(m, changes, &m->summary.running_event);
    free(changes);
}

static uint64_t took(const model *m, uint32_t first, uint32_t last)
{
    return m->journal->events[last].time - m->journal->events[first].time;
}

/* A block in I/O goes before any other; accept is no such, for it blocks until somebody comes. */
static bool is_io_block(const model *m, const bar *b)
{
    return b->kind && strcmp(m->journal->names[b->kind], "accept");
}

static void block_find(model *m)
{
    const bar *longest = NULL;
    m->summary.block_lane = m->summary.block_bar = NONE;
    for (uint32_t i = 0; i < m->lane_count; i++) {
        for (uint32_t k = 0; k < m->lanes[i].bar_count; k++) {
            const bar *b = &m->lanes[i].bars[k];
            if (b->state != THREAD_BLOCKS || (longest && is_io_block(m, b) < is_io_block(m, longest)))
                continue;
            if (longest && is_io_block(m, b) == is_io_block(m, longest) &&
                took(m, b->first, b->last) <= took(m, longest->first, longest->last))
                continue;
            longest = b;
            m->summary.block_lane = i;
            m->summary.block_bar = k;
        }
    }
}

static void sum_add(model *m, const operation *o)
{
    uint32_t i = 0;
    while (i < m->sum_count && m->sums[i].kind != o->kind)
        i++;
    if (i == m->sum_count) {
        m->sums = grow(m->sums, i, &m->sum_room, sizeof *m->sums);
        m->sums[m->sum_count++] = (operation_sum){.kind = o->kind};
    }
    m->sums[i].count++;
    m->sums[i].failed += o->error != 0;
    m->sums[i].moved += o->moved;
}

static int by_count(const void *a, const void *b)
{
    const operation_sum *one = a, *other = b;
    return (one->count < other->count) - (one->count > other->count);
}

static void operations_sum(model *m)
{
    summary *s = &m->summary;
    uint64_t longest = 0;
    s->packet_wait = NONE;
    for (uint32_t i = 0; i < m->operation_count; i++) {
        const operation *o = &m->operations[i];
        sum_add(m, o);
        s->failed += o->error != 0;
        s->unfinished += o->fail == NONE && o->complete == NONE;
        s->untaken += o->complete != NONE && o->dequeue == NONE && o->port;
        if (o->complete != NONE && o->dequeue != NONE &&
            (s->packet_wait == NONE || took(m, o->complete, o->dequeue) > longest)) {
            longest = took(m, o->complete, o->dequeue);
            s->packet_wait = i;
        }
    }
    if (m->sum_count)
        qsort(m->sums, m->sum_count, sizeof *m->sums, by_count);
}

void sums_find(model *m)
{
    for (uint32_t i = 0; i < m->lane_count; i++) {
        m->summary.threads += m->lanes[i].role != ROLE_SYSTEM;
        m->summary.system_threads += m->lanes[i].role == ROLE_SYSTEM;
    }
    operations_sum(m);
    in_flight_find(m);
    running_find(m);
    block_find(m);
}

void model_make(model *m, journal *j)
{
    *m = (model){.journal = j};
    operations_find(m, j);
    lanes_find(m, j);
    sums_find(m);
}

void model_free(model *m)
{
    for (uint32_t i = 0; i < m->lane_count; i++)
        free(m->lanes[i].bars);
    free(m->lanes);
    free(m->lane_of);
    free(m->operations);
    free(m->operation_of);
    free(m->sums);
    *m = (model){0};
}
