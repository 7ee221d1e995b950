/**
 * @file errors.h
 * What the verifier knows of each thread's last error: who set it, and whether the program has looked.
 *
 * An error is read too late when another call stands between the one that failed and GetLastError. Not every such read
 * is a mistake: many programs read the last error after each call and look at it only when that failed. So a read is
 * first noted; it is told at the end, unless the same place has also read when nothing had failed.
 */
#ifndef ERRORS_H
#define ERRORS_H

#include "agent.h"

/** The thread announced a call: what may it do to the last error? */
void errors_call(agent *a);
/** Reports what was noted. With the verifier's lock held. */
void errors_check_exit(void);

#endif
