/**
 * @file calls.h
 * What the functions of Win32 mean for a picture, by name. A name that is not here is a call like any other.
 */
#ifndef TRACE_CALLS_H
#define TRACE_CALLS_H

#include <stdbool.h>

/** The kind of operation that a function posts ("receive" for WSARecv), or NULL when it posts none. */
const char *call_posts(const char *name);

/** Whether a thread waits for a port's packet in it. */
bool call_waits(const char *name);

/** Whether a thread may be blocked in it, if it does not overlap. @param kind the kind of I/O, or "" */
bool call_blocks(const char *name, bool overlapped, const char **kind);

/** The name of an error number, or NULL. */
const char *error_name(unsigned error);

#endif
