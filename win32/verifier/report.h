/**
 * @file report.h
 * A paragraph about a broken rule.
 */
#ifndef REPORT_H
#define REPORT_H

#include "../watch/watch.h"

/** Where a call was made, and by whom. */
typedef struct site {
    const char *name; /**< NULL: unknown */
    const void *caller;
    DWORD thread;
} site;

typedef enum rule {
    RULE_OVERLAPPED_REUSED,
    RULE_OVERLAPPED_FREED,
    RULE_BUFFER_FREED,
    RULE_BUFFER_CHANGED,
    RULE_STACK_RETURNED,
    RULE_HANDLE_CLOSED_TWICE,
    RULE_HANDLE_USED_AFTER_CLOSE,
    RULE_HANDLE_LEAKED,
    RULE_OPERATION_OUT,
    RULE_NEVER_DEQUEUED,
    RULE_PORT_IN_USE,
    RULE_BLOCKING_CALL,
    RULE_FAILURE_AS_PENDING,
    RULE_ACCEPT_CONTEXT,
    RULE_ACCEPT_SIZES,
    RULE_RECEIVES_UNORDERED,
    RULE_LOCK_HELD,
    RULE_THREAD_ENDED,
    RULE_ERROR_REPLACED,
    RULE_ERROR_LATE
} rule;

/** A site in words, for use within a sentence: "closesocket, called by Close at server.c:12". With the verifier's lock held. */
const char *site_text(const site *s, char *text, size_t size);

/** Opens the file of WIN32_VERIFIER_LOG. @param fatal abort at the first error */
void report_start(bool fatal);

/**
 * Writes one paragraph, unless the same rule was broken between the same two places before. Called with the verifier's
 * lock held.
 * @param here the call that shows it, or one without a name
 * @param first what the other place is called: "posted", "closed", …
 * @param what one sentence, as for printf
 */
void report(rule broken, const site *here, const char *first, const site *there, const char *what, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 5, 6)))
#endif
    ;

#endif
