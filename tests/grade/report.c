/* What people read: see report.h. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * The unwritten part of a starter that this failure is about, as "TODO 3.1, labs/03-iocp-pool/main.c:65": its answer names
 * it, or the server's first words do, when no request can come to anything. NULL when there is none; else to be freed.
 */
static char *todo_place(const STORY *told)
{
    const char *end = strstr(told->server, ": until it is written");
    const char *at = strstr(told->got, "for you to write") ? strstr(told->got, "TODO ") : NULL;
    if (at)
        return strndup(at, strcspn(at, "\\\n"));
    at = end ? strstr(told->server, "TODO ") : NULL;
    return at && at < end ? strndup(at, (size_t)(end - at)) : NULL;
}

/* That place, when it was named before: then a page about one more test says nothing new. NULL otherwise. */
static const char *todo_told_before(const STORY *told)
{
    enum { MOST = 64 };
    static char *known[MOST];
    static int count;
    char *place = todo_place(told);
    for (int i = 0; place && i < count; i++)
        if (!strcmp(known[i], place)) {
            free(place);
            return known[i];
        }
    if (place && count < MOST)
        known[count++] = place;
    else
        free(place);
    return NULL;
}

/* What the lab's table says about a failure. */
static void print_hint(const char *topic, const char *name)
{
    char test[200];
    snprintf(test, sizeof test, "%s.%s", topic, name);
    const POINTS *row = points_of(test);
    if (!row)
        return;
    print_labelled("hint", row->hint);
    printf("    %-9s %s, %s\n", "read", points_handout(), row->section);
}

void report_test(const RESULT *result)
{
    const STORY *told = result->story;
    const char *todo;
    const char *topic = result->test->topic, *name = result->test->test->name;
    switch (told->outcome) {
    case OUTCOME_PASSED:
        printf("pass  %s.%s  %d ms\n", topic, name, result->milliseconds);
        break;
    case OUTCOME_SKIPPED:
        printf("skip  %s.%s: %s\n", topic, name, told->reason);
        break;
    default:
        if ((todo = todo_told_before(told))) {
            printf("FAIL  %s.%s  %d ms: ", topic, name, result->milliseconds);
            print_tamed(todo, 0);
            putchar('\n');
            break;
        }
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
        print_hint(topic, name);
    }
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
    }
    if (!has_points)
        print_topics(results, count);
    for (int i = 0; i < count && (!has_points || failed <= MOST_NAMES); i++)
        if (results[i].story->outcome == OUTCOME_FAILED)
            printf("failed: %s.%s\n", results[i].test->topic, results[i].test->test->name);
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return count - passed - skipped;
}
