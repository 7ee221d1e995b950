/**
 * @file thread.h
 * What the port knows of a thread.
 */
#ifndef THREAD_H
#define THREAD_H

#include "wait.h"

struct port;
struct op;

/** A thread's place among those that wait at a completion port. Guarded by the port's lock. */
typedef struct waiter {
    struct waiter *newer, *older; /**< neighbours in the port's stack */
    struct op *packet;            /**< handed over; set last, so that the thread may look without the lock */
    uint32_t signal;              /**< changes to wake the thread */
    bool queued;                  /**< in the stack */
} waiter;

typedef struct thread {
    waitable waitable; /**< signalled when the thread has ended */
    DWORD id;
    DWORD exit_code;

    /* Until it starts: what it is to run. */
    DWORD (*start)(LPVOID);
    LPVOID parameter;
    uint32_t suspended; /**< 1 while it may not start; it sleeps on this */

    /* The thread's own. */
    struct port *port;    /**< the completion port it serves, a reference, or NULL */
    struct port *leading; /**< the port whose ready files it is working off */
    struct op *spares;    /**< operation records to reuse */
    unsigned spare_count;
    waiter waiter;

    waitable *mutexes;   /**< those it owns; guarded by the dispatcher's lock */

    /* Guarded by port->lock. */
    bool active; /**< counts in port->active */
} thread;

/** The calling thread; made on first use for threads that the port did not start. */
thread *thread_self(void);
/** The same, or NULL when the port has not seen this thread yet. */
thread *thread_self_if_known(void);

/**
 * Every call of the library that may block passes this pair around the blocking, and nothing else does: the thread
 * gives its place on its completion port to another, and takes it back afterwards, even above the limit (as Windows
 * documents for its concurrency value).
 */
void block_enter(void);
void block_leave(void);

/** A call that succeeded sets the last error to 0. */
void last_error_reset(const char *function, const void *caller);
/** The last error, for the port itself. */
DWORD last_error_look(void);

/** Sets the calling thread's last error to the Win32 name of a status. @return FALSE, for the caller to return */
BOOL fail(DWORD error);

#endif
