/**
 * @file clock.h
 * Deadlines. Nothing in this suite waits without one, and nothing sleeps in the hope that something has happened:
 * every wait is for a condition, and ends when the condition holds or the deadline passes.
 *
 * CK_TIMEOUT_MULTIPLIER (the variable that Check itself knows) stretches every deadline, for slow machines and
 * sanitizers. A deadline is reached only when something is wrong, so long ones cost nothing.
 */
#ifndef GRADE_CLOCK_H
#define GRADE_CLOCK_H

#include <stdint.h>

/** Milliseconds that a step may take before it counts as hanging, before stretching. */
#define PATIENCE 5000

/** Milliseconds of a clock that only goes forward. */
int64_t now_ms(void);

/** Stretches every deadline from here on, besides CK_TIMEOUT_MULTIPLIER. */
void stretch_time(double factor);

/** The given milliseconds, stretched. */
int64_t stretched(int64_t milliseconds);

/** The moment that lies so many milliseconds, stretched, ahead. */
int64_t deadline_in(int64_t milliseconds);

/** Milliseconds until the deadline for poll(): 0 when it has passed. */
int ms_left(int64_t deadline);

/** A pause of one or two milliseconds between two looks at a condition. */
void breathe(void);

/** Looks at a condition until it holds (nonzero) or the time is over (0). */
#define WAIT_UNTIL(condition, milliseconds)                                                                            \
    __extension__({                                                                                                    \
        int64_t until_ = deadline_in(milliseconds);                                                                    \
        int holds_;                                                                                                    \
        while (!(holds_ = (condition)) && ms_left(until_))                                                             \
            breathe();                                                                                                 \
        holds_;                                                                                                        \
    })

#endif
