/**
 * @file suite.h
 * The unit tests of http/: one file a concern, hostile inputs in tables, one Check test a row.
 *
 *   - A table's row is one test (tcase_add_loop_test), so that a failure names it and the rest still run.
 *   - Inputs are copied into memory of exactly their size: under the address sanitizer a read past the end shows.
 *   - What is random comes from a seed that the failure prints.
 */
#ifndef TESTS_HTTP_SUITE_H
#define TESTS_HTTP_SUITE_H

#include "http/http.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** A literal and its length, NULs inside it included: two initializers of a table's row. */
#define BYTES(literal) literal, sizeof(literal) - 1
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/** ck_assert_msg for loops that run long: Check's own notes each assertion, good ones too, with a system call. */
#define require(condition, ...)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            ck_abort_msg(__VA_ARGS__);                                                                                 \
        }                                                                                                              \
    } while (0)

/** Bytes in memory of exactly their size. They last until discard, or until the test is over. */
char *exact(const char *data, size_t length);
void discard(char *copy);

/** Frees what the test has left: a fixture of every case. */
void discard_all(void);

/** A text for a C string, in memory of exactly its size. */
HTTP_TEXT text(const char *string);

/** Bytes as a C literal, for messages; lasts as an exact copy does. */
const char *show(const char *data, size_t length);
const char *show_text(HTTP_TEXT text);

/** The next random number of a seed (never 0 as a start); below(n) is one from 0 to n - 1. */
uint64_t next_random(uint64_t *seed);
size_t below(uint64_t *seed, size_t n);

/** Glues random pieces of requests together, sound and broken. @return bytes written, at most size */
size_t random_message(uint64_t *seed, char *out, size_t size);

/** Fails unless a text holds exactly this. */
void check_text(const char *name, HTTP_TEXT got, const char *expected);

TCase *scan_tests(void);
TCase *request_tests(void);
TCase *smuggling_tests(void);
TCase *body_tests(void);
TCase *path_tests(void);
TCase *escape_tests(void);
TCase *select_tests(void);
TCase *date_tests(void);
TCase *response_tests(void);
TCase *text_tests(void);

#endif
