/**
 * @file operations.h
 * What the rest of the verifier asks of the operations that are out.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "agent.h"

/** The thread made a call from this frame, or ended: does an operation's memory lie beyond it? */
void operations_check_stack(agent *a, const char *frame, bool ended);
/** The thread goes to wait for packets: an operation that failed at once, and whose error it never read, gives none. */
void operations_check_unread(agent *a);
/** @name With the verifier's lock held
 * @{ */
void operations_check_thread(DWORD thread);
void operations_check_exit(void);
/** @} */

#endif
