/*
 * actors.h - threads that do what a case tells them, for the cases about a port's limit and its waiters.
 *
 * An actor takes one command at a time: take a packet from its port, block in some call, or leave. Between commands it
 * spins without any call that could count as a wait, because a thread that took a packet must stay "active" for the port
 * until the case says otherwise. The case's own thread never takes from the port, so it may wait as it likes.
 */
#ifndef ACTORS_H
#define ACTORS_H

#include "kit.h"

enum { NO_COMMAND, TAKE, BLOCK, LEAVE };

typedef struct ACTOR {
    /* set by the case before the actor starts or before it blocks */
    HANDLE port;
    HANDLE thread;
    void (*block)(struct ACTOR *actor);
    void (*unblock)(struct ACTOR *actor);
    /* shared; Interlocked only */
    volatile LONG command;
    volatile LONG taken; /* packets so far */
    volatile LONG woken; /* blocks left again so far */
    volatile LONG released;
    DWORD last_bytes; /* of the last packet; written before taken is counted up */
    /* what the block functions block on */
    HANDLE event;
    HANDLE other_port;
    SOCKET near_end, far_end;
    OVERLAPPED overlapped;
    CRITICAL_SECTION section;
    SRWLOCK lock;
    CONDITION_VARIABLE condition;
} ACTOR;

void hire(ACTOR *actor, HANDLE port);
void tell(ACTOR *actor, LONG command);
/** Tells an actor to take, posts a packet for it, and waits until it has it. */
void give(ACTOR *actor);
void post_packet(HANDLE port, DWORD bytes);
/** Packets that these actors have taken. */
LONG total_taken(ACTOR *actors, int count);
/** Ends actors that are spinning or waiting for a packet of their port; all are on the same port. */
void dismiss(ACTOR *actors, int count);

#endif
