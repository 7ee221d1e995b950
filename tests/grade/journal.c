/* Reads what the Win32 port wrote down: see journal.h. */
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spawn.h"
#include "story.h"

void serve_with_journal(const char *options)
{
    run.journal = 1;
    serve(options);
    run.journal = 0;
}

/* The value of a field, as text up to the next space; "" when the line has none. */
static const char *field(const char *line, const char *name)
{
    char key[32];
    int length = snprintf(key, sizeof key, " %s=", name);
    const char *found = strstr(line, key);
    return found ? found + length : "";
}

/* Lines have the fields of journal.h in that order; what happened is the third. Returns 0 for a broken line. */
static int parse(EVENT *event, const char *line)
{
    *event = (EVENT){0};
    if (sscanf(line, "time=%*s thread=%u %15[^=]=%39s", &event->thread, event->kind, event->name) != 3)
        return 0;
    event->handle = strtoull(field(line, "handle"), NULL, 0);
    event->overlapped = strtoull(field(line, "overlapped"), NULL, 0);
    event->bytes = strtoull(field(line, "bytes"), NULL, 10);
    event->error = (unsigned)strtoul(field(line, "error"), NULL, 10);
    return 1;
}

JOURNAL *journal_read(void)
{
    char *text = read_text(server.journal, NULL);
    JOURNAL *journal = calloc(1, sizeof *journal);
    int room = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (journal->count == room) {
            room = room ? room * 2 : 256;
            journal->events = realloc(journal->events, (size_t)room * sizeof *journal->events);
        }
        if (parse(&journal->events[journal->count], line))
            journal->count++;
    }
    free(text);
    EXPECT(journal->count, "a journal of the Win32 calls (WIN32_JOURNAL)", "none at %s", server.journal);
    return journal;
}

static int matches(const char *text, const char *pattern)
{
    size_t length = pattern ? strlen(pattern) : 0;
    if (!pattern)
        return 1;
    return length && pattern[length - 1] == '*' ? !strncmp(text, pattern, length - 1) : !strcmp(text, pattern);
}

int event_is(const EVENT *event, const char *kind, const char *name)
{
    return matches(event->kind, kind) && matches(event->name, name);
}

int journal_count(const JOURNAL *journal, const char *kind, const char *name)
{
    int count = 0;
    for (int i = 0; i < journal->count; i++)
        count += event_is(&journal->events[i], kind, name);
    return count;
}

/* Different threads that have such events, on one handle if it is not NULL. */
static int count_threads(const JOURNAL *journal, const char *kind, const char *name, const uint64_t *handle)
{
    unsigned seen[1024];
    int count = 0;
    for (int i = 0; i < journal->count; i++) {
        int known = 0;
        if (!event_is(&journal->events[i], kind, name) || (handle && journal->events[i].handle != *handle))
            continue;
        for (int j = 0; j < count && !known; j++)
            known = seen[j] == journal->events[i].thread;
        if (!known && count < 1024)
            seen[count++] = journal->events[i].thread;
    }
    return count;
}

int journal_threads(const JOURNAL *journal, const char *kind, const char *name)
{
    return count_threads(journal, kind, name, NULL);
}

int journal_threads_at_one(const JOURNAL *journal, const char *kind, const char *name)
{
    int most = 0;
    uint64_t last = 0;
    for (int i = 0; i < journal->count; i++) {
        const EVENT *event = &journal->events[i];
        if (!event_is(event, kind, name) || event->handle == last)
            continue;
        last = event->handle;
        int count = count_threads(journal, kind, name, &last);
        most = count > most ? count : most;
    }
    return most;
}

uint64_t journal_most(const JOURNAL *journal, const char *kind, const char *name)
{
    uint64_t most = 0;
    for (int i = 0; i < journal->count; i++)
        if (event_is(&journal->events[i], kind, name) && journal->events[i].bytes > most)
            most = journal->events[i].bytes;
    return most;
}

const EVENT *journal_find(const JOURNAL *journal, const char *kind, const char *name, int overlapped_is_null)
{
    for (int i = 0; i < journal->count; i++)
        if (event_is(&journal->events[i], kind, name) && (journal->events[i].overlapped == 0) == overlapped_is_null)
            return &journal->events[i];
    return NULL;
}

int journal_out(const JOURNAL *journal, const char *call, const char *operation)
{
    return journal_count(journal, "call", call) - journal_count(journal, "complete", operation) -
           journal_count(journal, "fail", operation);
}

int journal_ends(const JOURNAL *journal, int start, const char *kind)
{
    for (int i = start + 1; i < journal->count; i++) {
        if (journal->events[i].overlapped != journal->events[start].overlapped)
            continue;
        if (event_is(&journal->events[i], kind, NULL))
            return 1;
        if (event_is(&journal->events[i], "pending", NULL))
            return 0;
    }
    return 0;
}

const EVENT *journal_unfinished(const JOURNAL *journal)
{
    for (int i = 0; i < journal->count; i++)
        if (event_is(&journal->events[i], "pending", NULL) && !journal_ends(journal, i, "complete"))
            return &journal->events[i];
    return NULL;
}

const EVENT *journal_untaken(const JOURNAL *journal)
{
    for (int i = 0; i < journal->count; i++)
        if (event_is(&journal->events[i], "pending", NULL) && !journal_ends(journal, i, "dequeue"))
            return &journal->events[i];
    return NULL;
}
