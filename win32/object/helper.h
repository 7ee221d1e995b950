/**
 * @file helper.h
 * The helper thread: it polls for files that belong to no completion port, and keeps an eye on ports that nobody
 * polls at the moment. It sleeps for as long as there is neither.
 */
#ifndef HELPER_H
#define HELPER_H

#include "port.h"

/** Watches a file that has no port. Starts the helper on first use. */
uint32_t helper_watch(int file, uint64_t cookie);
void helper_unwatch(int file);

/** A port exists from now on, or no longer. */
void helper_add_port(port *p);
void helper_remove_port(port *p);

/** Something happened that the helper may have to look at. Costs one load while it is awake. */
void helper_notice(void);

/** Works off what a poll returned. Shared by the helper and a port's leader. */
struct host_event;
void ready_events(const struct host_event *events, int count, uint32_t sequence);

#endif
