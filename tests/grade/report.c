/* What people read: see report.h. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause.h"
#include "points.h"

/*
 * Prints what may come from the server: nothing in it may move a cursor, ring, or begin a line.
 * A newline leads to the same column in the next line.
 */
static void print_tamed(const char *text, int column)
{
    const unsigned char *at = (const unsigned char *)text;
    for (; *at; at++)
        if (*at == '\n' && column)
            at[1] ? printf("\n%*s", column, "") : 0;
        else if (*at < ' ' || *at == 0x7F || (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)) /* C1, in UTF-8 */
            printf("\\x%02X", *at);
        else
            putchar(*at);
}

/* Prints text under a label. */
static void print_labelled(const char *label, const char *text)
{
    printf("    %-9s ", label);
    print_tamed(text, 14);
    putchar('\n');
}

static void print_steps(const STORY *told)
{
    unsigned first = told->steps > STORY_STEPS ? told->steps - STORY_STEPS : 0;
    if (!told->steps)
        return;
    printf("    steps%s\n", first ? "     … (the last ones)" : "");
    for (unsigned i = first; i < told->steps; i++)
        printf("      %3u  ", i + 1), print_tamed(told->step[i % STORY_STEPS], 0), putchar('\n');
}

/* Places that tests have met with, and how many did. */
enum { MOST_PLACES = 64 };
typedef struct PLACES {
    char place[MOST_PLACES][CAUSE_TEXT];
    int tests[MOST_PLACES], count;
} PLACES;

static PLACES todos, /* parts of a starter that are not written */
    leaks,           /* where something was opened that is open at the end */
    forgiven;        /* the same, and other tests fail for it */

/* Counts one more test for a place. Returns how many there are by now. */
static int met(PLACES *places, const char *place)
{
    int i = 0;
    while (i < places->count && strcmp(places->place[i], place) != 0)
        i++;
    if (i == MOST_PLACES)
        return 1;
    if (i == places->count)
        snprintf(places->place[places->count++], CAUSE_TEXT, "%s", place);
    return ++places->tests[i];
}

/* A line for each place with more tests than those that have told of it already. */
static void print_places(const PLACES *places, int told, const char *one, const char *several)
{
    for (int i = 0; i < places->count; i++) {
        int tests = places->tests[i] - told;
        if (tests <= 0)
            continue;
        printf("%d %s ", tests, tests == 1 ? one : several);
        print_tamed(places->place[i], 0);
        putchar('\n');
    }
}

/* What to do about a failure: what it tells itself, or else what the lab's table says. */
static void print_hint(const char *topic, const char *name, CAUSE cause)
{
    char test[200];
    snprintf(test, sizeof test, "%s.%s", topic, name);
    const POINTS *row = points_of(test);
    if (!row)
        return;
    if (cause == CAUSE_REPORT)
        print_labelled("hint", "the report above names the call and its line: begin there (docs/verifier.md)");
    else if (cause == CAUSE_SIGNAL)
        print_labelled("hint", "the server crashed; SAN=address, or gdb, shows where");
    else
        print_labelled("hint", row->hint);
    printf("    %-9s %s, %s\n", "read", points_handout(), row->section);
}

static void report_failure(const RESULT *result)
{
    const STORY *told = result->story;
    const char *topic = result->test->topic, *name = result->test->test->name;
    char text[CAUSE_TEXT], test[200];
    snprintf(test, sizeof test, "%s.%s", topic, name);
    CAUSE cause = points_cause(test, told, text);
    if (cause == CAUSE_TODO) { /* that it is not written yet is all there is to say, and in a lab's report once */
        if (met(&todos, text) == 1 || !*points_handout()) {
            printf("FAIL  %s  %d ms: ", test, result->milliseconds);
            print_tamed(text, 0);
            putchar('\n');
        }
        return;
    }
    if (cause_is_leak(told, text) && met(&leaks, text) > 1 && *points_handout())
        return; /* many tests see it, and it is one mistake */
    printf("FAIL  %s.%s  %d ms\n", topic, name, result->milliseconds);
    print_steps(told);
    if (*told->context)
        print_labelled("trying", told->context);
    if (*told->sent)
        print_labelled("sent", told->sent);
    print_labelled("expected", told->expected);
    print_labelled("got", *told->got ? told->got : "nothing");
    if (*told->server)
        print_labelled("server", told->server);
    print_labelled("why", result->test->why);
    print_hint(topic, name, cause);
}

void report_test(const RESULT *result)
{
    const STORY *told = result->story;
    const char *topic = result->test->topic, *name = result->test->test->name;
    if (told->outcome == OUTCOME_PASSED)
        printf("pass  %s.%s  %d ms\n", topic, name, result->milliseconds);
    else if (told->outcome == OUTCOME_SKIPPED)
        printf("skip  %s.%s: %s\n", topic, name, told->reason);
    else
        report_failure(result);
    fflush(stdout);
}

/* A line for each topic: how many of its tests passed. */
static void print_topics(const RESULT *results, int count)
{
    const char *topic = NULL;
    for (int i = 0; i < count; i++) {
        int of = 0, good = 0;
        if (topic && !strcmp(topic, results[i].test->topic))
            continue;
        topic = results[i].test->topic;
        for (int j = i; j < count && !strcmp(topic, results[j].test->topic); j++) {
            of += results[j].story->outcome != OUTCOME_SKIPPED;
            good += results[j].story->outcome == OUTCOME_PASSED;
        }
        printf("%-10s %3d of %3d  %s\n", topic, good, of, topic_about(topic));
    }
}

int report_sum(const RESULT *results, int count)
{
    enum { MOST_NAMES = 20 }; /* a longer list tells a student nothing */
    int passed = 0, failed = 0, skipped = 0, has_points = *points_handout() != 0;
    for (int i = 0; i < count; i++) {
        passed += results[i].story->outcome == OUTCOME_PASSED;
        skipped += results[i].story->outcome == OUTCOME_SKIPPED;
        failed += results[i].story->outcome == OUTCOME_FAILED;
        if (results[i].story->outcome == OUTCOME_PASSED && *results[i].story->left)
            met(&forgiven, results[i].story->left);
    }
    if (!has_points)
        print_topics(results, count);
    for (int i = 0; i < count && (!has_points || failed <= MOST_NAMES); i++)
        if (results[i].story->outcome == OUTCOME_FAILED)
            printf("failed: %s.%s\n", results[i].test->topic, results[i].test->test->name);
    if (has_points) {
        print_places(&todos, 0, "test waits for", "tests wait for");
        print_places(&leaks, 1, "more test fails because this is left open at the end,",
                     "more tests fail because this is left open at the end,");
        print_places(&forgiven, 0, "test passes, but this is left open at the end,",
                     "tests pass, but this is left open at the end,");
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return count - passed - skipped;
}
