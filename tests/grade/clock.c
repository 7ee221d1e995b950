/* Deadlines: see clock.h. */
#include "clock.h"

#include <stdlib.h>
#include <time.h>

static double extra = 1;

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void stretch_time(double factor)
{
    extra *= factor;
}

int64_t stretched(int64_t milliseconds)
{
    const char *text = getenv("CK_TIMEOUT_MULTIPLIER");
    double factor = text ? strtod(text, NULL) : 1;
    if (!(factor > 0))
        factor = 1;
    return (int64_t)((double)milliseconds * factor * extra);
}

int64_t deadline_in(int64_t milliseconds)
{
    return now_ms() + stretched(milliseconds);
}

int ms_left(int64_t deadline)
{
    int64_t left = deadline - now_ms();
    return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

void breathe(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1500000}, NULL);
}
