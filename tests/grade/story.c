/* What happened in one test: see story.h. */
#include "story.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

static STORY nobody; /* so that helpers may be called outside a test */
STORY *story = &nobody;
void (*story_ask_server)(char *text, size_t size);

void story_step(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(story->step[story->steps++ % STORY_STEPS], STORY_LINE, format, list);
    va_end(list);
}

void story_context(const char *format, ...)
{
    va_list list;
    if (!format) {
        story->context[0] = 0;
        return;
    }
    va_start(list, format);
    vsnprintf(story->context, sizeof story->context, format, list);
    va_end(list);
    story_step("-- %s", story->context);
}

void story_sent(const void *bytes, size_t length)
{
    escape(story->sent, sizeof story->sent, bytes, length);
}

/* Unwinds to Check; the outcome is already in the story. */
static void __attribute__((noreturn)) end_test(void)
{
    ck_abort_msg("%s", story->outcome == OUTCOME_SKIPPED ? story->reason : story->got);
    __builtin_unreachable();
}

void story_fail(const char *expected, const char *format, ...)
{
    if (story->outcome == OUTCOME_NONE) { /* the first failure is the cause; one found while cleaning up is not */
        va_list list;
        va_start(list, format);
        vsnprintf(story->got, sizeof story->got, format, list);
        va_end(list);
        snprintf(story->expected, sizeof story->expected, "%s", expected);
        if (story_ask_server)
            story_ask_server(story->server, sizeof story->server);
        story->outcome = OUTCOME_FAILED;
    }
    end_test();
}

void story_skip(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(story->reason, sizeof story->reason, format, list);
    va_end(list);
    story->outcome = OUTCOME_SKIPPED;
    end_test();
}
