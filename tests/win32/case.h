/*
 * case.h - the harness of the conformance suite.
 *
 * The suite asks one question in many small cases: does this Win32 do what Windows promises? The same source runs
 * against our port on Linux (also under the sanitizers), as an .exe under Wine, and should one day run on Windows.
 * So it uses the Win32 API and standard C only, and nothing here knows which of the three it is running on, except
 * under_wine().
 *
 * A case is a function without arguments; each file ends with a table of its cases, and main.c lists the tables:
 *
 *     CASE(fact_04_a_posted_null_overlapped_gives_true_and_null)
 *     {
 *         ...
 *         EXPECT_EQ(0, packet.bytes);
 *     }
 *
 *     const TEST_CASE ports_cases[] = {TEST(fact_04_a_posted_null_overlapped_gives_true_and_null), END_OF_CASES};
 *
 * - Names that start with fact_NN_ belong to the numbered fact of the list that the documentation page shows.
 * - Each case runs in a thread of its own, alone or among the others, in any order. A case that passes its deadline is
 *   reported with the last check that it reached.
 * - EXPECT... records a failure and goes on; REQUIRE... records it and ends the case, for checks without which the rest
 *   makes no sense. Both may be used from any thread that the case starts. None of them changes the last error when the
 *   check holds.
 * - A case that a REQUIRE ended, or that passed its deadline, is abandoned: its threads are left where they are, with
 *   their stacks, and the next case runs.
 * - Nothing sleeps in order to be "surely late enough". wait_until() polls for what must happen, within a generous
 *   limit; stays() looks for QUIET_MS whether something happens that must not. The second can miss a bug on a bad day,
 *   but it cannot fail a correct implementation.
 * - CK_TIMEOUT_MULTIPLIER in the environment scales every limit.
 */
#ifndef CASE_H
#define CASE_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0601
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct TEST_CASE {
    const char *name;
    void (*body)(void);
} TEST_CASE;

#define CASE(name) static void name(void)
#define TEST(name) {#name, name}
#define END_OF_CASES {NULL, NULL}

/** How long something that must not happen is watched for. */
#define QUIET_MS 40

#define EXPECT(condition)                                                                                              \
    (case_at(__FILE__, __LINE__), (condition) ? (void)0 : case_fail(__FILE__, __LINE__, 0, "true: " #condition))
#define REQUIRE(condition)                                                                                             \
    (case_at(__FILE__, __LINE__), (condition) ? (void)0 : case_fail(__FILE__, __LINE__, 1, "true: " #condition))
#define EXPECT_EQ(expected, actual)                                                                                    \
    case_equal(__FILE__, __LINE__, 0, #actual, (long long)(expected), (long long)(actual))
#define REQUIRE_EQ(expected, actual)                                                                                   \
    case_equal(__FILE__, __LINE__, 1, #actual, (long long)(expected), (long long)(actual))
#define EXPECT_PTR(expected, actual) case_pointer(__FILE__, __LINE__, #actual, (expected), (actual))
#define EXPECT_BYTES(expected, actual, count)                                                                          \
    case_bytes(__FILE__, __LINE__, #actual, (expected), (actual), (size_t)(count))
/** The last error must be `code`; for calls that just failed. */
#define EXPECT_ERROR(code) EXPECT_EQ(code, GetLastError())

/** Skips the rest of the case under Wine, by name and with the reason. */
#define WINE_DIFFERS(why)                                                                                              \
    do {                                                                                                               \
        if (under_wine()) {                                                                                            \
            case_skip("Wine differs: " why);                                                                           \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)
/** True under Wine, where one part of a case cannot be asked; says so in the output. */
#define WINE_PART_DIFFERS(why) (under_wine() && (case_note("under Wine not asked: " why), 1))

/* What the macros call. */
void case_at(const char *file, int line);
void case_fail(const char *file, int line, int fatal, const char *expected);
void case_equal(const char *file, int line, int fatal, const char *what, long long expected, long long actual);
void case_pointer(const char *file, int line, const char *what, const void *expected, const void *actual);
void case_bytes(const char *file, int line, const char *what, const void *expected, const void *actual, size_t count);
void case_skip(const char *why);
void case_note(const char *text);
int under_wine(void);

/** Milliseconds within which anything that must happen has happened; scaled. */
DWORD limit_ms(void);

/** Runs the cases that the command line names; returns the exit status. */
int run_cases(const TEST_CASE *const *tables, int argc, char **argv);

#endif
