/**
 * @file crowd.h
 * Many clients that read side by side, so that none keeps the others from what the server has for them.
 */
#ifndef GRADE_CROWD_H
#define GRADE_CROWD_H

#include "client.h"

/** Reads the next response of every client as its bytes come. Each must be 200 with exactly this body. */
void crowd_hear(CLIENT *const *clients, int count, const void *body, size_t length);

#endif
