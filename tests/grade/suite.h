/**
 * @file suite.h
 * The list of tests: topics, the tests of each, and to which stages a test applies.
 *
 * A test is a Check test (START_TEST … END_TEST) about one behaviour. A topic is a file of tests and becomes a Check
 * TCase. A topic's function lists its tests:
 *
 *     void keepalive_topic(void)
 *     {
 *         topic("keepalive", "one connection, many requests");
 *         test(hundred_in_a_row, "A browser asks for a page and its pictures on one connection.");
 *         test(silent_clients, "…")->stages = FROM(4);
 *     }
 */
#ifndef GRADE_SUITE_H
#define GRADE_SUITE_H

#include <check.h>

/** Stage numbers as bits of a set. */
#define STAGE(n) (1u << (n))
#define FROM(n) (0x3Eu & ~(STAGE(n) - 1u))
#define ALL_STAGES FROM(1)

typedef struct TEST {
    const TTest *test;    /**< Check's: name and function */
    const char *topic;    /**< the file's subject, and the TCase's name */
    const char *why;      /**< why the behaviour matters; printed when it fails */
    const char *not_wine; /**< why it cannot be run under Wine, or NULL */
    unsigned stages;      /**< set of stages that it applies to */
    int seconds;          /**< after this long, stretched, the test is killed; longer tests start earlier */
} TEST;

/** Opens a topic; the tests that follow belong to it. */
void topic(const char *name, const char *about);

/** Adds a test to the open topic: every stage, Wine included, 30 seconds. The caller may change these. */
TEST *test(const TTest *test, const char *why);

/** Adds a test for some stages only; not_wine as in TEST. */
void test_for(const TTest *test, unsigned stages, const char *not_wine, const char *why);

/** All tests, in the order of the topics. @param count set to how many */
TEST *all_tests(int *count);

/** What a topic is about. */
const char *topic_about(const char *name);

/* The topics. */
void basics_topic(void);
void errors_topic(void);
void keepalive_topic(void);
void paths_topic(void);
void ranges_topic(void);
void bodies_topic(void);
void smuggling_topic(void);
void uploads_topic(void);
void slow_topic(void);
void storms_topic(void);
void files_topic(void);
void shutdown_topic(void);
void options_topic(void);
void trace_topic(void);
void engine_topic(void);
void accept_topic(void);
void buffers_topic(void);
void faults_topic(void);
void misuse_topic(void);
void scarce_topic(void);
void recovery_topic(void);
void log_topic(void);
void business_topic(void);
void hot_topic(void);
void moments_topic(void);
void browser_topic(void);

#endif
