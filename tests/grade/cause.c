/* What a failure itself says of its cause: see cause.h. */
#include "cause.h"

#include <stdio.h>
#include <string.h>

#define VERIFIER "win32 verifier:"

/* Sanitizers and the port's verifier write to stderr. What the verifier only warns of (docs/verifier.md) may be right. */
const char *cause_report_in(const char *err)
{
    static const char *const marks[] = {"Sanitizer", "runtime error:", VERIFIER " error:"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *found = strstr(err, marks[i]);
        while (found && found > err && found[-1] != '\n')
            found--;
        if (found)
            return found;
    }
    return NULL;
}

/* Copies text up to one of the bytes that end it. What a server wrote may hold anything: nothing may move a cursor. */
static CAUSE take(CAUSE cause, char *text, const char *from, const char *ends)
{
    if (!from)
        return CAUSE_UNTOLD;
    snprintf(text, CAUSE_TEXT, "%.*s", (int)strcspn(from, ends), from);
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7F)
            *at = '?';
    return cause;
}

/* The page of a starter: "for you to write", and then the place. */
static const char *todo_of_page(const char *page)
{
    const char *at = strstr(page, "for you to write");
    return at ? strstr(at, "TODO ") : NULL;
}

/* What a starter says on stderr: "server: TODO 3.1, labs/03-iocp-pool/iocp.c:65: until it is written …". */
static CAUSE todo_of_server(const char *server, char *text)
{
    const char *at = strstr(server, "server: TODO ");
    CAUSE cause = take(CAUSE_TODO, text, at ? at + strlen("server: ") : NULL, "\n");
    char *end = strstr(text, ": ");
    if (end)
        *end = 0;
    return cause;
}

/* The second line of a verifier's report is the place that it is about: "opened: CreateThread, called by …, thread 1". */
static void take_place(const char *report, char *place)
{
    const char *line = report ? strchr(report, '\n') : NULL;
    *place = 0;
    if (!line || strncmp(report, VERIFIER, strlen(VERIFIER)) != 0)
        return;
    take(CAUSE_REPORT, place, line + 1 + strspn(line + 1, " "), "\n");
    char *thread = strstr(place, ", thread ");
    if (thread)
        *thread = 0;
}

int cause_report_is_leak(const char *report, char *place)
{
    static const char leaked[] = VERIFIER " error: handle-leaked:";
    take_place(report, place);
    return report && !strncmp(report, leaked, sizeof leaked - 1);
}

/*
 * The report that a failure tells, or NULL. What is left open shows at the end: when the test did not fail for that, it is
 * no cause.
 */
static const char *report_of(const STORY *told)
{
    char place[CAUSE_TEXT];
    const char *report = cause_report_in(told->got);
    if (report)
        return report;
    report = cause_report_in(told->server);
    return cause_report_is_leak(report, place) ? NULL : report;
}

void cause_place(const STORY *told, char *place)
{
    take_place(report_of(told), place);
}

int cause_is_leak(const STORY *told, char *place)
{
    return cause_report_is_leak(report_of(told), place);
}

CAUSE cause_of(const STORY *told, char *text)
{
    CAUSE cause;
    *text = 0;
    if ((cause = take(CAUSE_TODO, text, todo_of_page(told->got), "\\\n")))
        return cause;
    if ((cause = take(CAUSE_REPORT, text, report_of(told), "\n")))
        return cause;
    if ((cause = take(CAUSE_SIGNAL, text, strstr(told->server, "was killed by signal"), ";\n")))
        return cause;
    return todo_of_server(told->server, text);
}
