/* What a failure itself says of its cause: see cause.h. */
#include "cause.h"

#include <stdio.h>
#include <string.h>

/* Sanitizers and the port's verifier write to stderr. What the verifier only warns of (docs/verifier.md) may be right. */
const char *cause_report_in(const char *err)
{
    static const char *const marks[] = {"Sanitizer", "runtime error:", "win32 verifier: error:"};
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

CAUSE cause_of(const STORY *told, char *text)
{
    const char *report = cause_report_in(told->got);
    CAUSE cause;
    *text = 0;
    if ((cause = take(CAUSE_TODO, text, todo_of_page(told->got), "\\\n")))
        return cause;
    if ((cause = take(CAUSE_REPORT, text, report ? report : cause_report_in(told->server), "\n")))
        return cause;
    if ((cause = take(CAUSE_SIGNAL, text, strstr(told->server, "was killed by signal"), ";\n")))
        return cause;
    return todo_of_server(told->server, text);
}
