/* What people read: see report.h. */
#include "report.h"

#include <stdio.h>
#include <string.h>

/* Prints text with every line after the first indented, under a label. */
static void print_labelled(const char *label, const char *text)
{
    printf("    %-9s ", label);
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n' && text[1])
            printf("%14s", "");
    }
    if (text[-1] != '\n')
        putchar('\n');
}

static void print_steps(const STORY *told)
{
    unsigned first = told->steps > STORY_STEPS ? told->steps - STORY_STEPS : 0;
    if (!told->steps)
        return;
    printf("    steps%s\n", first ? "     … (the last ones)" : "");
    for (unsigned i = first; i < told->steps; i++)
        printf("      %3u  %s\n", i + 1, told->step[i % STORY_STEPS]);
}

void report_test(const RESULT *result)
{
    const STORY *told = result->story;
    const char *topic = result->test->topic, *name = result->test->test->name;
    switch (told->outcome) {
    case OUTCOME_PASSED:
        printf("pass  %s.%s  %d ms\n", topic, name, result->milliseconds);
        break;
    case OUTCOME_SKIPPED:
        printf("skip  %s.%s: %s\n", topic, name, told->reason);
        break;
    default:
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
    }
    fflush(stdout);
}

int report_sum(const RESULT *results, int count)
{
    int passed = 0, failed = 0, skipped = 0;
    const char *topic = NULL;
    for (int i = 0; i < count; i++) {
        passed += results[i].story->outcome == OUTCOME_PASSED;
        skipped += results[i].story->outcome == OUTCOME_SKIPPED;
        failed += results[i].story->outcome == OUTCOME_FAILED;
    }
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
    for (int i = 0; i < count; i++)
        if (results[i].story->outcome == OUTCOME_FAILED)
            printf("failed: %s.%s\n", results[i].test->topic, results[i].test->test->name);
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return count - passed - skipped;
}
