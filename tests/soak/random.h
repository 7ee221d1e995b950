/**
 * @file random.h
 * Numbers that look random and are the same for the same seed.
 */
#ifndef SOAK_RANDOM_H
#define SOAK_RANDOM_H

#include <stdint.h>

typedef struct RANDOM {
    uint64_t state;
} RANDOM;

/** Begins a stream. */
static inline void random_begin(RANDOM *r, uint64_t seed, uint64_t stream)
{
    r->state = seed * UINT64_C(0x9E3779B97F4A7C15) ^ (stream + 1) * UINT64_C(0xD1B54A32D192ED03);
    r->state |= 1;
}

/** A number below a limit that is not 0. */
static inline unsigned draw(RANDOM *r, unsigned below)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (unsigned)(r->state >> 33) % below;
}

#endif
