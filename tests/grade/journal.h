/**
 * @file journal.h
 * Reads what the Win32 port wrote down of a server's run (WIN32_JOURNAL; the format is in win32/journal/journal.h).
 *
 * It tells what TCP cannot: which calls were made and from how many threads, how many operations were out at a time,
 * and whether any was still out at the end. Only native servers have one.
 */
#ifndef GRADE_JOURNAL_H
#define GRADE_JOURNAL_H

#include <stdint.h>

/** Why a test that needs it is not run under Wine. */
#define NO_JOURNAL "the journal is kept by the Win32 port, which an .exe does not use"

typedef struct EVENT {
    unsigned thread;
    char kind[16]; /**< call, fail, pending, complete, dequeue, thread-start, … */
    char name[40]; /**< of the function or operation */
    uint64_t handle;
    uint64_t overlapped; /**< of setsockopt the value, with the option in bytes */
    uint64_t bytes;
    unsigned error;
} EVENT;

typedef struct JOURNAL {
    int count;
    EVENT *events;
} JOURNAL;

/** Starts the test's server as serve() does, with a journal. */
void serve_with_journal(const char *options);

/** Reads the journal of the test's server as far as it has been written. */
JOURNAL *journal_read(void);

/** Nonzero when an event is of a kind and a name; a NULL stands for any, a name that ends in '*' for its beginning. */
int event_is(const EVENT *event, const char *kind, const char *name);

/** How many events are of a kind and a name. */
int journal_count(const JOURNAL *journal, const char *kind, const char *name);

/** How many different threads have such events. */
int journal_threads(const JOURNAL *journal, const char *kind, const char *name);

/** How many different threads have such events on one handle, on that which has the most. */
int journal_threads_at_one(const JOURNAL *journal, const char *kind, const char *name);

/** The largest value of `bytes` in such events. */
uint64_t journal_most(const JOURNAL *journal, const char *kind, const char *name);

/** The first such event whose overlapped is (1) or is not (0) NULL; or NULL. */
const EVENT *journal_find(const JOURNAL *journal, const char *kind, const char *name, int overlapped_is_null);

/** Operations of a name that are out: called for, and neither complete nor failed. */
int journal_out(const JOURNAL *journal, const char *call, const char *operation);

/** Nonzero when the event's OVERLAPPED has an event of a kind later on, before it is used for another operation. */
int journal_ends(const JOURNAL *journal, int event, const char *kind);

/** An operation that was pending and never completed, or NULL. */
const EVENT *journal_unfinished(const JOURNAL *journal);

/** A packet that was due (of an operation that was pending) and that nobody took, or NULL. */
const EVENT *journal_untaken(const JOURNAL *journal);

#endif
