/**
 * @file wait.h
 * Objects that can be waited for: events, semaphores, mutexes, threads.
 *
 * One lock, the dispatcher's, guards the state of all of them, as the kernel's dispatcher lock did for a long time:
 * waiting for several objects at once needs a view of all at one moment.
 */
#ifndef WAIT_H
#define WAIT_H

#include "object.h"

struct wait_block;
struct thread;

typedef struct waitable {
    object base;
    /* Guarded by the dispatcher's lock. */
    LONG count;                       /**< event, thread: 1 when set. semaphore: its count. mutex: 1 when free */
    LONG maximum;                     /**< semaphore only */
    bool manual_reset;                /**< event, thread: a wait leaves it set */
    struct thread *owner;             /**< mutex only */
    LONG recursion;                   /**< mutex only */
    bool abandoned;                   /**< mutex only: its owner ended without releasing it */
    struct waitable *next_owned;      /**< mutex only: the owner's next */
    struct wait_block *first, *last;  /**< who waits, in the order of coming */
} waitable;

/** Sets an event, or ends a thread's running: lets go whom it can. */
void waitable_set(waitable *w);
void waitable_clear(waitable *w);
bool waitable_is_set(waitable *w);
/** The thread ends: mutexes that it still owns go to others, who are told WAIT_ABANDONED. */
void mutexes_abandon(struct thread *t);

/** Sets or clears the event behind a handle; other handles are ignored. */
void event_set_by_handle(HANDLE event);
void event_clear_by_handle(HANDLE event);

#endif
