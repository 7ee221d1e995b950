/**
 * @file deadline.h
 * Time-outs in milliseconds, as Win32 has them, and moments in nanoseconds, as the host has them.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include "../host/host.h"
#include "../include/windows.h"

/** The moment at which a time-out that starts now ends; HOST_FOREVER for INFINITE. */
static inline uint64_t deadline_after(DWORD milliseconds)
{
    return milliseconds == INFINITE ? HOST_FOREVER : host_now() + (uint64_t)milliseconds * 1000000u;
}

/** What is left until a deadline, in ns; 0 when it has passed. */
static inline uint64_t deadline_left(uint64_t deadline)
{
    if (deadline == HOST_FOREVER)
        return HOST_FOREVER;
    uint64_t now = host_now();
    return now < deadline ? deadline - now : 0;
}

#endif
