/**
 * @file agent.h
 * What the verifier knows of a thread: its calls, the locks it holds, and operations that live on its stack.
 */
#ifndef AGENT_H
#define AGENT_H

#include "report.h"

enum { MOST_LOCKS = 16 };

struct flight;

typedef struct agent {
    struct agent *next; /* guarded by the verifier's lock */
    DWORD thread;
    const char *stack_low, *stack_high;

    /* The thread's own. */
    struct {
        const void *lock;
        site taken;
    } locks[MOST_LOCKS];
    unsigned lock_count;
    site blocked; /**< where it blocked since it last took a packet; no name: nowhere */
    struct {
        site failed; /**< the call that set the last error; no name: none that matters */
        DWORD error;
        site since;    /**< the first call after it that may have reset the last error, or did */
        bool replaced; /**< it did */
        bool read;     /**< the program knows the error */
    } last;
    struct {
        site post; /**< an operation that failed at once, and its error has not been read; no name: none */
        HANDLE handle;
        const OVERLAPPED *overlapped;
    } unread;

    /* Written by the thread, read by others that report about it: atomically. */
    const char *name;
    const void *caller;

    /* Guarded by the verifier's lock; the thread looks at the first without it. */
    struct flight *on_stack;
} agent;

/** The calling thread's; never NULL. Made by its first call, so that it exists whenever a call is under way. */
agent *agent_self(void);
/** Another's, or NULL. Called with the verifier's lock held. */
agent *agent_of(DWORD thread);
/** The calling thread ends. Called with the verifier's lock held. */
void agent_end(void);

/** The verifier's one lock. */
void verifier_lock(void);
void verifier_unlock(void);

/** Whether a list that ends with NULL has this name. */
bool name_is_one_of(const char *name, const char *const *names);

/** The call that this thread is in. */
site site_now(void);

/** Whether an address is on this thread's stack, in the part of functions that are still running or below. */
static inline bool agent_has(const agent *a, const void *address)
{
    return (const char *)address >= a->stack_low && (const char *)address < a->stack_high;
}

#endif
