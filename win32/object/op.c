/**
 * @file op.c
 * Records of operations. Each thread keeps a few to reuse, so that the hot path does not allocate.
 *
 * They are made by the page, not one by one: a record is a line of the processor's cache, without the allocator's own
 * bytes beside it, and an idle connection holds one. They are reused for ever, never given back.
 */
#include <stdlib.h>

#include "port.h"

/* Two threads that start and finish each other's operations would drift apart without the common list. */
enum { SPARES = 64, PAGE = 4096 / sizeof(op) };

static struct {
    lock lock;
    op *first; /* guarded by lock; linked through next */
} common;

/* Puts a chain of records into the common list. */
static void give(op *first, op *last)
{
    lock_acquire(&common.lock);
    last->next = common.first;
    common.first = first;
    lock_release(&common.lock);
}

/* Makes a page of records. @return one of them; NULL without memory */
static op *make(void)
{
    op *records = malloc(PAGE * sizeof *records);
    if (!records)
        return NULL;
    for (size_t i = 1; i + 1 < PAGE; i++)
        records[i].next = &records[i + 1];
    give(&records[1], &records[PAGE - 1]);
    return records;
}

op *op_allocate(void)
{
    thread *t = thread_self();
    op *record = t->spares;
    if (record) {
        t->spares = record->next;
        t->spare_count--;
        return record;
    }
    lock_acquire(&common.lock);
    record = common.first;
    if (record)
        common.first = record->next;
    lock_release(&common.lock);
    return record ? record : make();
}

void op_free(op *record)
{
    thread *t = thread_self();
    if (t->spare_count < SPARES) {
        record->next = t->spares;
        t->spares = record;
        t->spare_count++;
        return;
    }
    give(record, record);
}

void op_spares_free(thread *t)
{
    op *last = t->spares;
    while (last && last->next)
        last = last->next;
    if (last)
        give(t->spares, last);
    t->spares = NULL;
    t->spare_count = 0;
}
