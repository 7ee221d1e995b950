/**
 * @file report.c
 * The rules' texts, and writing a paragraph.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>

#include "../host/host.h"

enum { MOST_PLACES = 128, MOST_REPORTS = 256 };

static const struct {
    const char *name;
    bool error; /* or a warning */
    const char *text;
} rules[] = {
    [RULE_OVERLAPPED_REUSED] = {"overlapped-reused", true,
                                "An OVERLAPPED belongs to the system until its operation's packet has been taken (without "
                                "a port: until the operation has ended)."},
    [RULE_OVERLAPPED_FREED] = {"overlapped-freed", true,
                               "An OVERLAPPED belongs to the system until its operation's packet has been taken; count "
                               "what is out, and free with the last."},
    [RULE_BUFFER_FREED] = {"buffer-freed", true,
                           "A buffer belongs to the system until its operation has ended and its packet has been taken."},
    [RULE_BUFFER_CHANGED] = {"buffer-changed", true,
                             "What is sent may not change until the operation has ended: the system reads it when it "
                             "likes."},
    [RULE_STACK_RETURNED] = {"stack-returned", true,
                             "An OVERLAPPED and its buffers must live as long as the operation; a function's locals end "
                             "with the function."},
    [RULE_HANDLE_CLOSED_TWICE] = {"handle-closed-twice", true,
                                  "A handle's number is given out again: the second close may hit somebody else's "
                                  "object."},
    [RULE_HANDLE_USED_AFTER_CLOSE] = {"handle-used-after-close", true,
                                      "A handle's number is given out again: a late call may reach somebody else's "
                                      "object."},
    [RULE_HANDLE_LEAKED] = {"handle-leaked", true, "What is opened must be closed: a server runs for months."},
    [RULE_OPERATION_OUT] = {"operation-out", true,
                            "Before the end every operation has to end: close or cancel, then take the packets."},
    [RULE_NEVER_DEQUEUED] = {"never-dequeued", true,
                             "Each operation that was accepted gives a packet, and whoever owns the operation frees it "
                             "then: take them all before the port closes."},
    [RULE_PORT_IN_USE] = {"port-in-use", true,
                          "Let the threads leave first (one posted packet each), wait for them, then close the port."},
    [RULE_BLOCKING_CALL] = {"blocking-call", false,
                            "A thread that serves a completion port should not wait for anything else: others wait for "
                            "it meanwhile."},
    [RULE_FAILURE_AS_PENDING] = {"failure-as-pending", true,
                                 "An operation that fails at once, with anything but IO_PENDING, gives no packet: end "
                                 "the connection there and then, or try again."},
    [RULE_ACCEPT_CONTEXT] = {"accept-context", true,
                             "A socket from AcceptEx is not fully connected before SO_UPDATE_ACCEPT_CONTEXT has been set "
                             "on it: this call fails with WSAENOTCONN."},
    [RULE_ACCEPT_SIZES] = {"accept-sizes", true,
                           "Each of AcceptEx's two address lengths must be at least 16 more than the address."},
    [RULE_RECEIVES_UNORDERED] = {"receives-unordered", false,
                                 "Receives are filled in the order of the calls, and threads that call at the same time "
                                 "have none: number and post under one lock, or keep one receive out. Try "
                                 "WIN32_FAULTS='shuffle window=4'."},
    [RULE_LOCK_HELD] = {"lock-held", false,
                        "Whoever needs the lock waits as long as this thread does; if the wait depends on them, forever."},
    [RULE_THREAD_ENDED] = {"thread-ended", true,
                           "A lock dies with nobody to release it, and operations without a port are cancelled with "
                           "their thread."},
    [RULE_ERROR_REPLACED] = {"last-error-replaced", true,
                             "There is one last error a thread, and this call sets it also when it succeeds: read it "
                             "before any other call."},
    [RULE_ERROR_LATE] = {"last-error-late", false,
                         "There is one last error a thread, and a call that succeeds may reset it: read it before any "
                         "other call."},
};

static host_file file = HOST_NONE; /* HOST_NONE: standard error */
static bool abort_at_error;

/* Guarded by the verifier's lock. */
static struct place {
    const void *caller;
    char text[160];
} places[MOST_PLACES];
static unsigned place_count;
static struct said {
    rule broken;
    const void *here, *there;
} said[MOST_REPORTS];
static unsigned said_count;

void report_start(bool fatal)
{
    const char *path = host_environment("WIN32_VERIFIER_LOG");
    abort_at_error = fatal;
    if (path && *path && (file = host_log_open(path, true)) == HOST_NONE)
        host_error_output("win32: the file that WIN32_VERIFIER_LOG names cannot be written\n");
}

/* Asking for a line starts a process: once for each place. */
static const char *place_text(const void *caller)
{
    for (unsigned i = 0; i < place_count; i++)
        if (places[i].caller == caller)
            return places[i].text;
    struct place *p = &places[place_count < MOST_PLACES ? place_count++ : MOST_PLACES - 1];
    p->caller = caller;
    host_code_line(caller, p->text, sizeof p->text);
    return p->text;
}

static bool same_line(const void *one, const void *other)
{
    return one == other || (one && other && strcmp(place_text(one), place_text(other)) == 0);
}

/* A function that the compiler copied into several has as many addresses, and is one place all the same. */
static bool said_before(rule broken, const void *here, const void *there)
{
    bool before = false;
    for (unsigned i = 0; i < said_count; i++)
        if (said[i].broken == broken && said[i].here == here && said[i].there == there)
            return true;
    for (unsigned i = 0; i < said_count && !before; i++)
        before = said[i].broken == broken && same_line(said[i].here, here) && same_line(said[i].there, there);
    if (said_count == MOST_REPORTS)
        return true;
    said[said_count++] = (struct said){broken, here, there};
    return before;
}

const char *site_text(const site *s, char *text, size_t size)
{
    snprintf(text, size, "%s, called by %s", s->name, place_text(s->caller));
    return text;
}

static size_t add_site(char *text, size_t size, const char *label, const site *s)
{
    if (!s || !s->name)
        return 0;
    int length = snprintf(text, size, "    %s: %s, called by %s, thread %u\n", label, s->name, place_text(s->caller),
                          s->thread);
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

void report(rule broken, const site *here, const char *first, const site *there, const char *what, ...)
{
    char text[2048], sentence[512];
    va_list arguments;
    if (said_before(broken, here ? here->caller : NULL, there ? there->caller : NULL))
        return;
    va_start(arguments, what);
    vsnprintf(sentence, sizeof sentence, what, arguments);
    va_end(arguments);
    size_t used = (size_t)snprintf(text, sizeof text, "win32 verifier: %s: %s: %s\n",
                                   rules[broken].error ? "error" : "warning", rules[broken].name, sentence);
    used += add_site(text + used, sizeof text - used, "here", here);
    used += add_site(text + used, sizeof text - used, first, there);
    snprintf(text + used, sizeof text - used, "    rule: %s\n", rules[broken].text);
    if (file == HOST_NONE)
        host_error_output(text);
    else
        host_log_write(file, text, strlen(text));
    if (rules[broken].error && abort_at_error)
        host_abort();
}
