/**
 * @file op.c
 * Records of operations. Each thread keeps a few to reuse, so that the hot path does not allocate.
 */
#include <stdlib.h>

#include "port.h"

/* Two threads that start and finish each other's operations would drift apart without the common list. */
enum { SPARES = 64 };

static struct {
    lock lock;
    op *first; /* guarded by lock; linked through next */
} common;

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
    return record ? record : malloc(sizeof *record);
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
    lock_acquire(&common.lock);
    record->next = common.first;
    common.first = record;
    lock_release(&common.lock);
}

void op_spares_free(thread *t)
{
    while (t->spares) {
        op *next = t->spares->next;
        free(t->spares);
        t->spares = next;
    }
    t->spare_count = 0;
}
