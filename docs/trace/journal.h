/**
 * @file journal.h
 * Reads a journal (docs/journal.md) into memory.
 *
 * - Every name is kept once, in a table; an event holds its number there. Number 0 is the empty name.
 * - Known names have fixed numbers, so that code can compare: see known_names.
 * - A kind of event that nobody here knows is kept as it stands, its further pairs too.
 * - A line that is not an event is reported once, with its number, and left out.
 */
#ifndef TRACE_JOURNAL_H
#define TRACE_JOURNAL_H

#include <stdint.h>
#include <stdio.h>

#include "map.h"

#define NONE UINT32_MAX

/** The kinds that this tool understands. Any other is KIND_OTHER and is only shown. */
enum event_kind {
    KIND_CALL,
    KIND_FAIL,
    KIND_PENDING,
    KIND_COMPLETE,
    KIND_DEQUEUE,
    KIND_NO_PACKET,
    KIND_WOKE,
    KIND_THREAD_START,
    KIND_THREAD_END,
    KIND_OTHER
};

typedef struct event {
    uint64_t time;      /**< microseconds */
    uint32_t line;      /**< in the file */
    uint32_t thread;    /**< number in journal.threads */
    uint32_t kind;      /**< an event_kind */
    uint32_t kind_name; /**< as the line has it */
    uint32_t name;      /**< of the function or operation */
    uint32_t error;
    uint64_t handle;
    uint64_t overlapped;
    uint64_t bytes;
    uint32_t from;  /**< the caller, as the line has it */
    uint32_t extra; /**< pairs that this tool does not know, as the line has them */
} event;

typedef struct journal {
    event *events;
    uint32_t count;
    uint32_t *threads; /**< as the lines number them, in the order of their first lines */
    uint32_t thread_count;
    char **names;
    uint32_t name_count;
    uint32_t skipped; /**< lines left out */
    /** @name Only for reading @{ */
    uint32_t room, thread_room, name_room;
    map thread_numbers, name_numbers;
    /** @} */
} journal;

/** Reads all of a file. What is wrong with a line is told to complaints, as file:line: text. Free with journal_free. */
void journal_read(journal *j, FILE *file, const char *path, FILE *complaints);
void journal_free(journal *j);

/** The number of a name, which is added if it is new. */
uint32_t journal_name(journal *j, const char *text);

#endif
