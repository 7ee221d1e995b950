/**
 * @file model.h
 * What a journal tells, in the form that a picture needs: bars, operations, threads, sums.
 *
 * - A **bar** is a stretch of one thread in one state. It waits from the call of GetQueuedCompletionStatus to the packet;
 *   it is blocked from the call of a function that blocks to the line that ends it (woke, complete, fail) or, where
 *   none does, to the thread's next line; otherwise it runs. A thread that calls recv or send blocks in ReadFile too.
 * - An **operation** is one use of an OVERLAPPED: post (the call), pending, complete, dequeue; or fail instead of all
 *   that follows. What is absent is NONE. PostQueuedCompletionStatus is an operation that completes where it is posted.
 * - Bars and operations name events by their number, not by time: several events may share a microsecond.
 */
#ifndef TRACE_MODEL_H
#define TRACE_MODEL_H

#include <stdbool.h>

#include "journal.h"

enum thread_state { THREAD_RUNS, THREAD_WAITS, THREAD_BLOCKS, THREAD_ABSENT };

enum thread_role { ROLE_MAIN, ROLE_LISTEN, ROLE_WORKER, ROLE_CONNECTION, ROLE_OTHER, ROLE_HANDLER, ROLE_SYSTEM, ROLES };

typedef struct bar {
    uint32_t state;     /**< a thread_state, never THREAD_ABSENT */
    uint32_t first;     /**< the event that it begins with */
    uint32_t last;      /**< the event that ends it */
    uint32_t operation; /**< that the thread took before it ran, or NONE */
    uint32_t kind;      /**< of operation (a name) that it blocks in or goes on from, or 0 */
    uint32_t call;      /**< that it waits or blocks in (a name), or 0 */
} bar;

typedef struct lane {
    uint32_t id; /**< the thread, as the journal numbers it */
    uint32_t role;
    uint32_t number; /**< among those of its role, from 1 */
    bar *bars;
    uint32_t bar_count;
    uint32_t bar_room;
} lane;

typedef struct operation {
    uint32_t kind; /**< a name: receive, send, file-read, … */
    uint32_t call; /**< a name: WSARecv, …; 0 when the journal has no call */
    uint64_t handle;
    uint64_t overlapped;
    uint64_t port;  /**< that the handle belonged to at the post, or 0 */
    uint64_t asked; /**< bytes */
    uint64_t moved;
    uint32_t error;
    uint32_t post, pending, complete, dequeue, fail; /**< events */
    uint32_t next;                                   /**< with the same OVERLAPPED; only while the model is made */
    bool skips;                                      /**< its handle wants no packet for an immediate success */
} operation;

/** One kind of operation and what there was of it. */
typedef struct operation_sum {
    uint32_t kind;
    uint32_t count;
    uint32_t failed;
    uint64_t moved;
} operation_sum;

typedef struct summary {
    uint32_t threads;         /**< that the program has */
    uint32_t system_threads;  /**< that only complete operations */
    uint32_t in_flight_most;  /**< operations between post and completion */
    uint32_t in_flight_event; /**< at which event that was first reached */
    uint32_t running_most;    /**< threads that run at one time */
    uint32_t running_event;
    uint32_t packet_wait;           /**< the operation whose packet waited longest for a thread, or NONE */
    uint32_t block_lane, block_bar; /**< the longest block: in I/O if there is one, but not in accept; or NONE */
    uint32_t unfinished;            /**< operations still in flight at the end */
    uint32_t untaken;               /**< packets that nobody took */
    uint32_t failed;
} summary;

typedef struct model {
    const journal *journal;
    lane *lanes; /**< by role, then in the order of their first lines */
    uint32_t lane_count;
    uint32_t *lane_of; /**< thread number in the journal → lane */
    operation *operations;
    uint32_t operation_count, operation_room;
    uint32_t *operation_of; /**< event → operation that it belongs to, or NONE */
    operation_sum *sums;    /**< the most frequent kind first */
    uint32_t sum_count, sum_room;
    summary summary;
} model;

/** Makes the model; the journal must outlive it (it gets names added). Free with model_free. */
void model_make(model *m, journal *j);
void model_free(model *m);

/** "worker 2"; in a buffer that the next call overwrites. */
const char *lane_label(const model *m, const lane *l);

/** When an operation ended, was called off or, if it never did, when the journal ends; an event. */
uint32_t operation_end(const model *m, const operation *o);
/** Where an operation begins in the journal; an event. */
uint32_t operation_begin(const operation *o);

/** @name The parts of model_make @{ */
void operations_find(model *m, journal *j);
void lanes_find(model *m, journal *j);
void sums_find(model *m);
/** @} */

#endif
