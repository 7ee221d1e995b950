/**
 * @file response.h
 * What comes back: a response, read off a client's connection and held to what every response must keep.
 *
 * A response is well formed when it has a status line, header lines that end in CR LF, and exactly one Content-Length
 * where a body may follow. A malformed one fails the test that reads it, whatever that test is about.
 */
#ifndef GRADE_RESPONSE_H
#define GRADE_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"

typedef enum HEARD {
    HEARD_WHOLE,
    HEARD_NOTHING, /**< the connection ended before the first byte */
    HEARD_CUT,     /**< the connection ended inside the response */
    HEARD_LATE     /**< nothing more came in time */
} HEARD;

typedef struct RESPONSE {
    CLIENT *client;
    HEARD heard;
    int status;
    int minor;           /**< of HTTP/1.x */
    char *head;          /**< status line and fields, NUL-terminated */
    size_t head_length;  /**< blank line included */
    uint64_t length;     /**< bytes of body that are announced */
    unsigned char *body; /**< NUL-terminated; NULL after response_head */
    size_t body_length;  /**< bytes of it that came */
} RESPONSE;

/** Reads the next response whole; fails the test when that is not what comes. */
RESPONSE *response(CLIENT *c);

/** The same for the answer to a HEAD: no body follows. */
RESPONSE *response_to_head(CLIENT *c);

/** Reads the next response's header only; its body is left to be taken. */
RESPONSE *response_head(CLIENT *c);

/** Reads the next response as far as it comes: see ->heard. */
RESPONSE *response_try(CLIENT *c, int is_head, int milliseconds);

/** A field's value, or NULL. @return malloc'd text */
char *response_field(const RESPONSE *r, const char *name);

/** Sends a request and reads its response; "HEAD …" is understood. */
RESPONSE *ask(CLIENT *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** GET with a Host field. */
RESPONSE *get(CLIENT *c, const char *target);

#endif
