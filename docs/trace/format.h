/**
 * @file format.h
 * Whether a text keeps the rules of the Trace Event Format that Perfetto and chrome://tracing read.
 *
 * - It is JSON, and an object with an array traceEvents; displayTimeUnit is ms or ns.
 * - An event has a name, one letter ph, numbers pid and tid and (but for M) ts, in microseconds; each field once.
 * - X has a dur that is not negative. Those of one thread lie beside or within each other, none across another's end.
 * - b and e have cat and id, and make pairs; i has a scope s of g, p or t; C has args that are numbers.
 * - s and f have cat and id, f has bp e; for each f there is one s before it, of the same name, and both lie in a slice
 *   of their thread: that is what an arrow begins and ends at.
 * - M is the name of the process or of a thread, or its place among the others; every thread that has events has a name.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stddef.h>

/** @return how many events, or -1 with what is wrong in why */
long format_check(const char *text, char *why, size_t size);

#endif
