/**
 * @file file_pool.c
 * The file threads: a few threads that wait for the disk, so that overlapped calls need not.
 *
 * A file with waiting operations stands in one list; a thread takes the file, takes one operation, puts the file back
 * at the end when it has more, and performs. So one file can keep several threads busy, and no file starves another.
 * The threads start when the first operation cannot be done from memory, and then stay, asleep.
 */
#include "file.h"

enum { MOST_THREADS = 4 };

static struct {
    lock lock; /* taken after a file's */
    /* Guarded by lock. */
    file_object *first, *last; /* linked through next_listed; each entry is a reference */
    unsigned threads, idle;
    uint32_t signal; /* changes with every new entry; idle threads sleep on it */
} pool;

static void serve(file_object *f);

/* Called with the lock held. */
static file_object *pop(void)
{
    file_object *f = pool.first;
    if (f) {
        pool.first = f->next_listed;
        if (!pool.first)
            pool.last = NULL;
    }
    return f;
}

static void run(void *argument)
{
    (void)argument;
    for (;;) {
        lock_acquire(&pool.lock);
        file_object *f;
        while (!(f = pop())) {
            uint32_t seen = pool.signal;
            pool.idle++;
            lock_release(&pool.lock);
            host_sleep_on(&pool.signal, seen, HOST_FOREVER);
            lock_acquire(&pool.lock);
            pool.idle--;
        }
        lock_release(&pool.lock);
        serve(f);
    }
}

/* Puts a file into the list, with the reference that the caller took for it. */
static void list(file_object *f)
{
    f->next_listed = NULL;
    lock_acquire(&pool.lock);
    *(pool.last ? &pool.last->next_listed : &pool.first) = f;
    pool.last = f;
    __atomic_add_fetch(&pool.signal, 1, __ATOMIC_RELEASE);
    bool wake = pool.idle > 0, start = !wake && pool.threads < MOST_THREADS;
    if (start)
        pool.threads++;
    lock_release(&pool.lock);
    if (wake)
        host_wake(&pool.signal, 1);
    if (!start || host_thread_start(run, NULL, 0))
        return;
    /* No further thread to be had. If there is none at all, the caller has to wait for the disk itself. */
    lock_acquire(&pool.lock);
    f = --pool.threads == 0 ? pop() : NULL;
    lock_release(&pool.lock);
    if (f)
        serve(f);
}

/* Performs one operation of a file that was taken from the list. */
static void serve(file_object *f)
{
    lock_acquire(&f->device.lock);
    op *record = f->queue;
    if (record)
        f->queue = record->next;
    if (!f->queue)
        f->queue_end = &f->queue;
    bool more = f->listed = f->queue != NULL;
    lock_release(&f->device.lock);
    if (more) {
        object_keep(&f->device.base);
        list(f);
    }
    if (record) {
        record->status = file_perform(f, record, true);
        overlapped_finish(&f->device, record, false);
    }
    file_release(f);
}

void file_pool_add(file_object *f, op *record)
{
    record->next = NULL;
    lock_acquire(&f->device.lock);
    *f->queue_end = record;
    f->queue_end = &record->next;
    bool listed = f->listed;
    f->listed = true;
    lock_release(&f->device.lock);
    if (!listed) {
        object_keep(&f->device.base);
        list(f);
    }
}

unsigned file_pool_cancel(device *d, const OVERLAPPED *overlapped, DWORD thread)
{
    file_object *f = (file_object *)d;
    op *cancelled = NULL;
    unsigned count = 0;
    lock_acquire(&d->lock);
    op **link = &f->queue;
    while (*link) {
        op *record = *link;
        if ((overlapped && record->overlapped != overlapped) || (thread && record->thread != thread)) {
            link = &record->next;
            continue;
        }
        *link = record->next;
        record->next = cancelled;
        cancelled = record;
    }
    f->queue_end = link;
    lock_release(&d->lock);
    for (op *next; cancelled; cancelled = next, count++) {
        next = cancelled->next;
        cancelled->status = STATUS_CANCELLED;
        cancelled->bytes = 0;
        overlapped_finish(d, cancelled, false);
    }
    return count;
}
