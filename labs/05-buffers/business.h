/**
 * @file business.h
 * A second pool, for work that blocks.
 *
 * A worker of the completion port must not wait: while it does, its packets wait with it. But a data base has no
 * overlapped calls. So such a job goes to a thread of this pool, and its end comes back as a packet like any other
 * (IO_BUSINESS): whoever gets that goes on with the request.
 *
 *   - The pool begins without a thread. A job that finds no idle one makes another, up to --business.
 *   - A thread that finds nothing to do for IDLE_TIME ends.
 *   - Each thread keeps a State from job to job, such as its connection to a data base, which is slow to make.
 *
 * One lock guards the queue. It is held for a few instructions, and jobs take milliseconds: nobody feels it.
 */
#ifndef BUSINESS_H
#define BUSINESS_H

#include "buffers.h"

/* business.c */
void BusinessStart(SERVER_CONFIG *Config);
/** Makes the next operation Job, in a thread that may block; then Then, in a worker. */
void NextBusiness(OVERLAPPED_EX *Context, void (*Job)(OVERLAPPED_EX *, void **), void (*Then)(OVERLAPPED_EX *));
/** Hands a job to the pool. @return TRUE: a packet will come */
BOOL BusinessSubmit(OVERLAPPED_EX *Context);
/** Ends the threads. No job may be waiting. */
void BusinessStop(void);
/** What /status tells of the pool. */
void BusinessCount(LONG *Threads, LONG *MostThreads, LONG *Queued, LONGLONG *Jobs);

/* guestbook.c */
/** Whether there is a data base: in this build, and named on the command line. */
BOOL GuestbookIsOpen(SERVER_CONFIG *Config);
/** GET /guestbook and /guestbook.json; 501 and the reason where there is none. */
void GuestbookShow(OVERLAPPED_EX *Context, BOOL Json);
/** POST /guestbook: the body has come. */
void GuestbookSign(OVERLAPPED_EX *Context);
/** A thread of the pool ends: closes what it kept in State. */
void GuestbookLeave(void **State);

#endif
