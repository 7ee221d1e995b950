/**
 * @file status.h
 * Counters, and the page that shows them: GET /status.
 *
 * Each worker counts in a place of its own, in cache lines that nobody else writes to. So counting needs no lock and does
 * not make processors wait for each other; who wants to know adds all places up. While that is done the counts go
 * on, so a sum is right to a few. What was begun is read after what has ended: the difference is never negative.
 */
#ifndef STATUS_H
#define STATUS_H

#include "buffers.h"

/** What one thread has counted. Its own cache line: nobody else writes here. Interlocked access only. */
typedef struct COUNTERS {
    volatile LONGLONG Begun[IO_OPERATIONS]; /**< operations started */
    volatile LONGLONG Ended[IO_OPERATIONS]; /**< packets taken */
    volatile LONGLONG Packets;
    volatile LONGLONG Requests;
    volatile LONGLONG Retries[IO_OPERATIONS]; /**< operations that ran into scarce resources */
    volatile LONGLONG Short;                  /**< writes of which the stack took less than all */
    volatile LONGLONG OutOfOrder;             /**< packets of slices that came before their turn */
    volatile LONGLONG HotHits;                /**< files found in memory */
    volatile LONGLONG HotMisses;
    char Padding[64];
} COUNTERS;

/** The calling thread counts in a place of its own from now on. */
void CountersUse(COUNTERS *Counters);
/** The calling thread's counters. */
COUNTERS *CountersMine(SERVER_CONFIG *Config);
/** An operation was started, or its packet has come. */
void CountBegin(SERVER_CONFIG *Config, IO_OPERATION Kind);
void CountEnd(SERVER_CONFIG *Config, IO_OPERATION Kind);
/** GET /status. */
void StatusShow(OVERLAPPED_EX *Context);

#endif
