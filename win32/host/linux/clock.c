/**
 * @file clock.c
 * Time.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <time.h>

/* 1601-01-01 to 1970-01-01 in FILETIME steps. */
#define EPOCH_DIFFERENCE 116444736000000000u

uint64_t host_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t host_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 10000000u + (uint64_t)now.tv_nsec / 100u + EPOCH_DIFFERENCE;
}
