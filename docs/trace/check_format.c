/**
 * @file check_format.c
 * The strict reader of the Trace Event Format, read strictly itself: what it must refuse, and that the rest is right.
 */
#include <stdio.h>
#include <string.h>

#include "check_format.h"
#include "format.h"

/* Around one or several events: a thread with a name and a slice from 10 to 20. */
#define BEFORE                                                                                                         \
    "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,"         \
    "\"args\":{\"name\":\"main\"}},{\"name\":\"runs\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":10,\"dur\":10}"
#define AFTER "]}"
#define AT(Time) "\"pid\":1,\"tid\":1,\"ts\":" #Time

static const char *const good[] = {
    "",
    ",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\"," AT(12.5) "}",
    ",{\"name\":\"in\",\"ph\":\"X\"," AT(12) ",\"dur\":8},{\"name\":\"next\",\"ph\":\"X\"," AT(20) ",\"dur\":0}",
    ",{\"name\":\"a\",\"ph\":\"b\",\"cat\":\"c\",\"id\":\"1\"," AT(1) "},{\"name\":\"a\",\"ph\":\"e\",\"cat\":\"c\","
                                                                      "\"id\":\"1\"," AT(30) "}",
    ",{\"name\":\"a\",\"ph\":\"s\",\"cat\":\"c\",\"id\":1," AT(
        11) "},{\"name\":\"a\",\"ph\":\"f\",\"cat\":\"c\",\"id\":"
            "1,\"bp\":\"e\"," AT(20) "}",
    ",{\"name\":\"a\",\"ph\":\"C\"," AT(1) ",\"args\":{\"n\":3,\"m\":-0.5}}",
    ",{\"name\":\"\\u00fc\\\"\",\"ph\":\"i\",\"s\":\"g\"," AT(1) ",\"args\":{\"list\":[1,[2],{}]}}",
};

static const struct {
    const char *events, *complaint;
} bad[] = {
    {",", "'{' is missing"},
    {",{\"ph\":\"i\",\"s\":\"t\"," AT(1) "}", "no name"},
    {",{\"name\":\"a\",\"ph\":\"instant\",\"s\":\"t\"," AT(1) "}", "one letter"},
    {",{\"name\":\"a\",\"ph\":\"Q\"," AT(1) "}", "no phase"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"x\"," AT(1) "}", "scope"},
    {",{\"name\":\"a\",\"ph\":\"i\"," AT(1) "}", "scope"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":1}", "lacks pid, tid or ts"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"ts\":1}", "lacks pid, tid or ts"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\"," AT(-1) "}", "lacks pid, tid or ts"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\"," AT(1.) "}", "ends with its point"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\"," AT(01) "}", "no number"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\"," AT(1) ",\"ts\":2}", "stands twice"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\",\"colour\":\"red\"," AT(1) "}", "no field"},
    {",{\"name\":\"a\\x\",\"ph\":\"i\",\"s\":\"t\"," AT(1) "}", "no escape"},
    {",{\"name\":\"a\nb\",\"ph\":\"i\",\"s\":\"t\"," AT(1) "}", "control character"},
    {",{\"name\":\"a\",\"ph\":\"X\"," AT(30) "}", "dur belongs to X"},
    {",{\"name\":\"a\",\"ph\":\"X\"," AT(30) ",\"dur\":-1}", "not negative"},
    {",{\"name\":\"a\",\"ph\":\"X\"," AT(15) ",\"dur\":10}", "reaches beyond"},
    {",{\"name\":\"a\",\"ph\":\"b\",\"cat\":\"c\",\"id\":\"1\"," AT(1) "}", "no half of a pair"},
    {",{\"name\":\"a\",\"ph\":\"b\",\"cat\":\"c\"," AT(1) "}", "needs cat and id"},
    {",{\"name\":\"a\",\"ph\":\"b\",\"cat\":\"c\",\"id\":1," AT(
         9) "},{\"name\":\"a\",\"ph\":\"e\",\"cat\":\"c\",\"id\":1," AT(1) "}",
     "ends before it begins"},
    {",{\"name\":\"a\",\"ph\":\"s\",\"cat\":\"c\",\"id\":1," AT(11) "},{\"name\":\"a\",\"ph\":\"f\",\"cat\":\"c\","
                                                                    "\"id\":1," AT(12) "}",
     "bp is f's"},
    {",{\"name\":\"a\",\"ph\":\"s\",\"cat\":\"c\",\"id\":1," AT(11) "},{\"name\":\"b\",\"ph\":\"f\",\"cat\":\"c\","
                                                                    "\"id\":1,\"bp\":\"e\"," AT(12) "}",
     "no half of a pair"},
    {",{\"name\":\"a\",\"ph\":\"s\",\"cat\":\"c\",\"id\":1," AT(11) "},{\"name\":\"a\",\"ph\":\"f\",\"cat\":\"c\","
                                                                    "\"id\":1,\"bp\":\"e\"," AT(25) "}",
     "outside of every slice"},
    {",{\"name\":\"a\",\"ph\":\"C\"," AT(1) ",\"args\":{\"n\":\"many\"}}", "counts what is no number"},
    {",{\"name\":\"a\",\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":7,\"ts\":1}", "and no name"},
    {",{\"name\":\"thread_colour\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"x\"}}", "no metadata"},
    {",{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"x\"}}", "right argument"},
};

void format_cases(unsigned *passed, unsigned *failed)
{
    char text[1500], why[300];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "%s%s%s", BEFORE, good[i], AFTER);
        *why = 0;
        bool right = format_check(text, why, sizeof why) >= 2;
        *(right ? passed : failed) += 1;
        if (!right)
            printf("check_format.c: refused: %s: %s\n", why, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "%s%s%s", BEFORE, bad[i].events, AFTER);
        snprintf(why, sizeof why, "nothing");
        bool right = format_check(text, why, sizeof why) == -1 && strstr(why, bad[i].complaint);
        *(right ? passed : failed) += 1;
        if (!right)
            printf("check_format.c: told \"%s\", not \"%s\": %s\n", why, bad[i].complaint, bad[i].events);
    }
}
