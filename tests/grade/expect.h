/**
 * @file expect.h
 * What a response must be. Each of these fails the test with the request, the expectation and what came instead.
 */
#ifndef GRADE_EXPECT_H
#define GRADE_EXPECT_H

#include "response.h"

/** Fails, showing the request and the response. */
void response_fail(const RESPONSE *r, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/** The status is this one. @return the response */
RESPONSE *expect_status(RESPONSE *r, int status);

/** A field has exactly this value; NULL: the field is absent. */
void expect_field(RESPONSE *r, const char *name, const char *value);

/** A field's value begins with this. */
void expect_field_begins(RESPONSE *r, const char *name, const char *start);

/** The body is exactly these bytes. */
void expect_body(RESPONSE *r, const void *bytes, size_t length);

/** The body is exactly this text. */
void expect_text(RESPONSE *r, const char *text);

/** The body is the pattern from an offset on, so many bytes. */
void expect_pattern(RESPONSE *r, uint64_t offset, size_t length);

/** The body is the content of a file below the root. */
void expect_file(RESPONSE *r, const char *name);

/**
 * Reads the body of a response_head() as it comes and holds it against the pattern, however long it is.
 * @return bytes that came before the connection ended
 */
uint64_t take_pattern(RESPONSE *r, uint64_t offset);

/** The server closes the connection, and sends nothing before; by FIN or RST. The client closes then, too. */
void expect_closed(CLIENT *c);

/** The server closes the connection in order (FIN, not RST), and sends nothing before. */
void expect_closed_in_order(CLIENT *c);

/** The connection is open and good for another request. */
void expect_usable(CLIENT *c);

/** A fresh connection gets small.txt, promptly. */
void expect_served(void);

/** The request, sent on a connection of its own, is refused with this status, and the connection is closed. */
void expect_refusal(int status, const void *bytes, size_t length);

#endif
