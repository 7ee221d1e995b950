/**
 * @file status.h
 * What a server of stage 05 tells of itself (GET /status), and what the system tells of it.
 *
 * Counters are read over a connection of their own, so they include it: one connection, one small buffer.
 */
#ifndef GRADE_STATUS_H
#define GRADE_STATUS_H

#include "client.h"
#include "spawn.h"

/** A client that only looks at /status, and tells no steps. */
CLIENT *status_watcher(void);

/** One number of GET /status, such as "accepting" or "large_buffers.waiting". Fails the test when there is none. */
long long status_now(CLIENT *watcher, const char *name);

/** Waits until nothing is under way but the watcher's request: no buffer in use, no client but it. */
void status_await_rest(CLIENT *watcher);

#endif
