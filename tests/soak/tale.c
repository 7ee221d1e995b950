/* The judge's story.h for a program that is no Check suite: a failure is told at once, and ends the process. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../grade/escape.h"
#include "../grade/story.h"

static STORY only;
STORY *story = &only;
void (*story_ask_server)(char *text, size_t size);

void story_step(const char *format, ...)
{
    (void)format; /* millions of them */
}

void story_context(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(only.context, sizeof only.context, format ? format : "", list);
    va_end(list);
}

void story_sent(const void *bytes, size_t length)
{
    escape(only.sent, sizeof only.sent, bytes, length);
}

void story_fail(const char *expected, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(only.got, sizeof only.got, format, list);
    va_end(list);
    if (story_ask_server)
        story_ask_server(only.server, sizeof only.server);
    printf("FAIL  %s\n%s%s%s    expected  %s\n    got       %s\n    server    %s\n", only.context,
           *only.sent ? "    sent      " : "", only.sent, *only.sent ? "\n" : "", expected, only.got, only.server);
    fflush(stdout);
    exit(1);
}

void story_skip(const char *format, ...)
{
    (void)format;
    exit(0);
}
