/**
 * @file quota.c
 * Counting non-paged pool and locked pages.
 */
#include "quota.h"

#include <stdio.h>
#include <stdlib.h>

#include "../io/io.h"
#include "../object/lock.h"
#include "faults.h"

enum { PAGE_BITS = 12 };

/* A page that lies under pending buffers. */
struct page {
    uintptr_t number; /* 0: a free place */
    uint32_t buffers;
};

struct amount {
    uint64_t now, peak;
};

static struct {
    lock lock;
    /* Guarded by lock. */
    uint64_t most_pool, most_pages; /* 0: no limit */
    struct amount pool, pages, operations, connections;
    struct page *table; /* open addressing; more than half of the places are free */
    size_t places;
} quota;

static void add(struct amount *a, int64_t change)
{
    a->now += (uint64_t)change;
    if (a->now > a->peak)
        a->peak = a->now;
}

static struct page *find(struct page *table, size_t places, uintptr_t number)
{
    size_t at = (size_t)(number * 0x9e3779b97f4a7c15u >> 20) & (places - 1);
    while (table[at].number && table[at].number != number)
        at = (at + 1) & (places - 1);
    return &table[at];
}

static bool grow(void)
{
    size_t places = quota.places ? quota.places * 2 : 1024;
    struct page *table = calloc(places, sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < quota.places; i++)
        if (quota.table[i].number && quota.table[i].buffers)
            *find(table, places, quota.table[i].number) = quota.table[i];
    free(quota.table);
    quota.table = table;
    quota.places = places;
    return true;
}

/* Removes a page: those behind it that met at its place move up. */
static void drop(struct page *gone)
{
    size_t hole = (size_t)(gone - quota.table), mask = quota.places - 1;
    for (size_t at = (hole + 1) & mask; quota.table[at].number; at = (at + 1) & mask) {
        size_t home = (size_t)(quota.table[at].number * 0x9e3779b97f4a7c15u >> 20) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            quota.table[hole] = quota.table[at];
            hole = at;
        }
    }
    quota.table[hole].number = 0;
}

static void lock_page(uintptr_t number)
{
    if (quota.pages.now * 2 >= quota.places && !grow())
        return;
    struct page *page = find(quota.table, quota.places, number);
    if (!page->number) {
        *page = (struct page){.number = number};
        add(&quota.pages, 1);
    }
    page->buffers++;
}

static void unlock_page(uintptr_t number)
{
    struct page *page = quota.places ? find(quota.table, quota.places, number) : NULL;
    if (page && page->number && --page->buffers == 0) {
        drop(page);
        add(&quota.pages, -1);
    }
}

static void each_page(op *record, void (*visit)(uintptr_t number))
{
    host_buffer accepts = accept_buffer(record);
    unsigned count = record->kind == OP_ACCEPT ? 1 : record->count;
    for (unsigned i = 0; i < count; i++) {
        host_buffer buffer = record->kind == OP_ACCEPT ? accepts : op_buffers(record)[i];
        if (!buffer.length)
            continue;
        uintptr_t last = ((uintptr_t)buffer.data + buffer.length - 1) >> PAGE_BITS;
        for (uintptr_t page = (uintptr_t)buffer.data >> PAGE_BITS; page <= last; page++)
            visit(page);
    }
}

void quota_limits(uint64_t nonpaged, uint64_t locked)
{
    if (nonpaged)
        quota.most_pool = nonpaged;
    if (locked)
        quota.most_pages = locked >> PAGE_BITS ? locked >> PAGE_BITS : 1;
}

bool quota_take_pool(uint32_t bytes)
{
    lock_acquire(&quota.lock);
    bool granted = !quota.most_pool || quota.pool.now + bytes <= quota.most_pool;
    if (granted)
        add(&quota.pool, bytes);
    lock_release(&quota.lock);
    return granted;
}

void quota_give_pool(uint32_t bytes)
{
    lock_acquire(&quota.lock);
    quota.pool.now -= bytes;
    lock_release(&quota.lock);
}

void quota_count_connection(int change)
{
    lock_acquire(&quota.lock);
    add(&quota.connections, change);
    lock_release(&quota.lock);
}

bool quota_take_operation(op *record)
{
    lock_acquire(&quota.lock);
    struct amount before = quota.pages;
    bool granted = !quota.most_pool || quota.pool.now + FAULTS_OPERATION <= quota.most_pool;
    if (granted) {
        each_page(record, lock_page);
        granted = !quota.most_pages || quota.pages.now <= quota.most_pages;
        if (!granted) {
            each_page(record, unlock_page);
            quota.pages.peak = before.peak;
        }
    }
    if (granted) {
        add(&quota.pool, FAULTS_OPERATION);
        add(&quota.operations, 1);
    }
    lock_release(&quota.lock);
    return granted;
}

void quota_give_operation(op *record)
{
    lock_acquire(&quota.lock);
    each_page(record, unlock_page);
    quota.pool.now -= FAULTS_OPERATION;
    quota.operations.now--;
    lock_release(&quota.lock);
}

void quota_report(char *text, size_t size)
{
    lock_acquire(&quota.lock);
    snprintf(text, size,
             "peak-nonpaged-bytes=%llu peak-locked-pages=%llu peak-locked-bytes=%llu peak-operations=%llu "
             "peak-connections=%llu\n",
             (unsigned long long)quota.pool.peak, (unsigned long long)quota.pages.peak,
             (unsigned long long)quota.pages.peak << PAGE_BITS, (unsigned long long)quota.operations.peak,
             (unsigned long long)quota.connections.peak);
    lock_release(&quota.lock);
}
