/**
 * @file verifier.h
 * The verifier: misuse of the API, named at the moment it happens or at exit, with both places in the program.
 *
 * WIN32_VERIFIER=1 switches it on; 2 also aborts at the first error. Reports go to standard error, or to the file that
 * WIN32_VERIFIER_LOG names. docs/verifier.md has the rules; report.c has their texts.
 *
 *   - The port tells it what happens, through the functions below, and each is called only when verifier_on().
 *   - It never changes what a call does, with one exception: memory that the system still uses is not freed, so that
 *     the program's other threads go on and the run can be read to its end.
 *   - Its one lock is taken after every other lock of the port but the journal's.
 */
#ifndef VERIFIER_H
#define VERIFIER_H

#include "../io/io.h"
#include "../watch/watch.h"

bool verifier_start(void);

static inline bool verifier_on(void)
{
    return watch_by(WATCH_VERIFIER);
}

/** @name Calls
 * @{ */
/** A function of the API announced itself in watch_now. */
void verifier_call(void);
/** The thread is about to block. @param serving it counts as active on a completion port */
void verifier_block(bool serving);
/** Function reads SO_UPDATE_ACCEPT_CONTEXT's work, which has not been done on this socket. */
void verifier_no_context(HANDLE socket);
void verifier_accept_sizes(DWORD local, DWORD remote, DWORD least);
/** @} */

/** @name The last error of the calling thread
 * @{ */
/** It was set: by the call that failed, or by the program; 0: by the program, or by a call that means it. */
void verifier_error(DWORD error);
/** A call that succeeded set it to 0, which tells the program nothing. */
void verifier_error_reset(const char *function, const void *caller);
/** The program reads it. */
void verifier_error_read(const char *function, const void *caller);
/** @} */

/** @name Operations
 * @{ */
/** An operation is about to be tried. Before its OVERLAPPED is touched. */
void verifier_begin(device *d, op *record);
/** It is out: the call says that it is pending. */
void verifier_pending(op *record);
/** It failed at once: no packet will come. */
void verifier_failed(device *d, op *record, uint32_t status);
/** It ended. @param packet whether a packet will tell @param immediate within its call */
void verifier_ended(op *record, bool packet, bool immediate);
/** Its packet was taken. Before its OVERLAPPED is touched. */
void verifier_taken(op *packet);
/** The program posts a packet with it by hand. */
void verifier_posted(const OVERLAPPED *overlapped);
/** Its packet was thrown away, because the port is closed. */
void verifier_dropped(op *packet);
/** @} */

/** @name Handles
 * @{ */
void verifier_opened(const object *o);
/** The port's own: nobody has to close it. */
void verifier_opened_own(HANDLE handle);
void verifier_closed(HANDLE handle);
/** A call used a handle that is not open. */
void verifier_stale(HANDLE handle);
void verifier_port_closed(HANDLE port, unsigned waiters, DWORD newest);
/** The last WSACleanup. */
void verifier_cleanup(void);
/** ExitProcess: what is open or out stays so on purpose. */
void verifier_quit(void);
/** @} */

/** @name Locks, threads, memory
 * @{ */
void verifier_locked(const void *lock, const char *function, const void *caller);
void verifier_unlocked(const void *lock);
void verifier_thread_end(DWORD id);
/** Whether a piece of memory may go; false when the system still uses it. */
bool verifier_may_free(const void *memory, size_t size);
/** @} */

#endif
