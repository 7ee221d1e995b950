/**
 * @file flights.h
 * The operations that are out: from the call until the packet is taken, or without a packet until the end.
 *
 * Found by OVERLAPPED, or by any piece of memory that the system uses for them. Everything here is called with the
 * verifier's lock held.
 */
#ifndef FLIGHTS_H
#define FLIGHTS_H

#include "../io/io.h"
#include "agent.h"

enum { FLIGHT_BUFFERS = 4, FLIGHT_MARKS = 12 };

struct flight;

/** A 4 KiB page that a flight touches, in the list of all flights that touch pages of the same hash. */
typedef struct mark {
    struct mark *next, **link;
    uintptr_t page;
    struct flight *flight;
} mark;

typedef struct flight {
    struct flight *next; /* of the same hash */
    const OVERLAPPED *overlapped;
    HANDLE handle;
    site posted;
    uint64_t since;
    uint64_t sum;      /* of what is sent, when summed */
    size_t bytes;
    uint8_t kind;
    bool ended;        /* its packet waits */
    bool immediate;    /* it ended within its call */
    bool with_port;    /* it outlives its thread */
    bool summed;
    unsigned again;    /* how many more operations were started with the same OVERLAPPED */
    unsigned count;
    host_buffer buffers[FLIGHT_BUFFERS]; /* the first few; the rest are not looked after */

    agent *stack_owner; /* on whose stack the OVERLAPPED or a buffer lies, or NULL */
    const void *stack_lowest;
    bool stack_said;
    struct flight *next_on_stack;

    unsigned mark_count;
    bool wide; /* too large for marks: in the list of those */
    struct flight *next_wide, **wide_link;
    mark marks[FLIGHT_MARKS];
} flight;

flight *flight_find(const OVERLAPPED *overlapped);
/** @return NULL without memory */
flight *flight_add(device *d, op *record);
/** Records a flight's call anew: its OVERLAPPED was used again. */
void flight_remove(flight *f);
/** A flight that uses some byte of this memory. @param buffer whether it is one of its buffers, not the OVERLAPPED */
flight *flight_in(const void *memory, size_t size, bool *buffer);

/** Sums up what is sent, in order to notice a change. */
void flight_sum(flight *f);
/** Whether it is still what it was. */
bool flight_unchanged(const flight *f);

/** Calls visit for every flight. */
void flights_each(void (*visit)(flight *f));

#endif
