/* The list of tests: see suite.h. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TESTS = 400, MAX_TOPICS = 40 };

static TEST tests[MAX_TESTS];
static int test_count;
static struct {
    const char *name, *about;
} topics[MAX_TOPICS];
static int topic_count;

static void __attribute__((noreturn)) too_many(void)
{
    fputs("grade: raise the limits in suite.c\n", stderr);
    exit(2);
}

void topic(const char *name, const char *about)
{
    if (topic_count == MAX_TOPICS)
        too_many();
    topics[topic_count].name = name;
    topics[topic_count++].about = about;
}

TEST *test(const TTest *check_test, const char *why)
{
    if (test_count == MAX_TESTS || !topic_count)
        too_many();
    TEST *added = &tests[test_count++];
    *added = (TEST){
        .test = check_test, .topic = topics[topic_count - 1].name, .why = why, .stages = ALL_STAGES, .seconds = 30};
    return added;
}

void test_for(const TTest *check_test, unsigned stages, const char *not_wine, const char *why)
{
    TEST *added = test(check_test, why);
    added->stages = stages;
    added->not_wine = not_wine;
}

TEST *all_tests(int *count)
{
    if (!test_count) {
        basics_topic();
        errors_topic();
        keepalive_topic();
        paths_topic();
        ranges_topic();
        bodies_topic();
        smuggling_topic();
        uploads_topic();
        slow_topic();
        storms_topic();
        files_topic();
        shutdown_topic();
        options_topic();
        trace_topic();
        engine_topic();
        accept_topic();
        buffers_topic();
        faults_topic();
        misuse_topic();
        scarce_topic();
        recovery_topic();
        log_topic();
        business_topic();
        hot_topic();
        moments_topic();
        browser_topic();
    }
    *count = test_count;
    return tests;
}

const char *topic_about(const char *name)
{
    for (int i = 0; i < topic_count; i++)
        if (!strcmp(topics[i].name, name))
            return topics[i].about;
    return "";
}
