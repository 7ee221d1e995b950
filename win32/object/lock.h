/**
 * @file lock.h
 * The port's own lock: one word, for sections of a few instructions.
 *
 * Unlike a program's locks it does not count as blocking: whoever holds it never waits for anything but another such
 * lock. The order, outermost first: a socket or file, the bell (io/waiting.c), the dispatcher (wait.c), a completion
 * port, the helper's list, the handle table, the journal.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lock {
    uint32_t word; /**< 0 free, 1 held, 2 held and somebody sleeps */
} lock;

void lock_wait(lock *l); /**< the slow path of lock_acquire */
void lock_wake(lock *l); /**< the slow path of lock_release */

static inline bool lock_try(lock *l)
{
    uint32_t free = 0;
    return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void lock_acquire(lock *l)
{
    if (!lock_try(l))
        lock_wait(l);
}

static inline void lock_release(lock *l)
{
    if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
        lock_wake(l);
}

#endif
