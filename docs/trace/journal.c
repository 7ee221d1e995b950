/**
 * @file journal.c
 * Reading a journal line by line.
 */
#include "journal.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* Beyond so many, only the number of complaints is told. */
#define COMPLAINTS_MOST 10

static const char *const kinds[] = {"call",      "fail", "pending",      "complete",  "dequeue",
                                    "no-packet", "woke", "thread-start", "thread-end"};

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 5381;
    for (; *text; text++)
        hash = hash * 33 + (unsigned char)*text;
    return hash;
}

uint32_t journal_name(journal *j, const char *text)
{
    uint64_t hash = hash_of(text);
    uint32_t number;
    /* Two names with one hash: the second takes the next free hash. */
    for (; (number = map_get(&j->name_numbers, hash)) != UINT32_MAX; hash++)
        if (!strcmp(j->names[number], text))
            return number;
    j->names = grow(j->names, j->name_count, &j->name_room, sizeof *j->names);
    j->names[j->name_count] = zeros(strlen(text) + 1, 1);
    strcpy(j->names[j->name_count], text);
    map_set(&j->name_numbers, hash, j->name_count);
    return j->name_count++;
}

static uint32_t thread_number(journal *j, uint32_t id)
{
    uint32_t number = map_get(&j->thread_numbers, id);
    if (number != UINT32_MAX)
        return number;
    j->threads = grow(j->threads, j->thread_count, &j->thread_room, sizeof *j->threads);
    j->threads[j->thread_count] = id;
    map_set(&j->thread_numbers, id, j->thread_count);
    return j->thread_count++;
}

/* Decimal, or hexadecimal after 0x; the whole text. */
static bool number_read(const char *text, uint64_t most, uint64_t *value)
{
    char *end;
    int base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *value = strtoull(text, &end, base);
    return !*end && !errno && *value <= most;
}

/* Seconds with up to six decimals, as microseconds. Not as a double, which would round. */
static bool time_read(const char *text, uint64_t *value)
{
    uint64_t unit = 1000000;
    *value = 0;
    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++) {
        if (*value > UINT64_MAX / 100000000)
            return false;
        *value = *value * 10 + (uint64_t)(*text - '0') * unit;
    }
    if (*text == '.')
        text++;
    for (; isdigit((unsigned char)*text); text++)
        *value += (uint64_t)(*text - '0') * (unit /= 10);
    return !*text;
}

/* Cuts the next pair off a line: what stands before the space. @return false where there is no pair */
static bool pair_next(char **rest, char **name, char **value)
{
    *rest += strspn(*rest, " ");
    char *end = *rest + strcspn(*rest, " "), *equals = memchr(*rest, '=', (size_t)(end - *rest));
    if (!equals || equals == *rest)
        return false;
    *name = *rest;
    *rest = *end ? end + 1 : end;
    *equals = *end = 0;
    *value = equals + 1;
    return true;
}

enum { HAS_HANDLE = 1, HAS_OVERLAPPED = 2, HAS_BYTES = 4, HAS_ERROR = 8, HAS_ALL = 15 };

/* Takes one of the pairs after the third. @return which, 0 when it is none of ours, -1 when its value is no number */
static int field_take(journal *j, event *e, const char *name, const char *value)
{
    uint64_t error = 0;
    if (!strcmp(name, "handle"))
        return number_read(value, UINT64_MAX, &e->handle) ? HAS_HANDLE : -1;
    if (!strcmp(name, "overlapped"))
        return number_read(value, UINT64_MAX, &e->overlapped) ? HAS_OVERLAPPED : -1;
    if (!strcmp(name, "bytes"))
        return number_read(value, UINT64_MAX, &e->bytes) ? HAS_BYTES : -1;
    if (!strcmp(name, "error")) {
        if (!number_read(value, UINT32_MAX, &error))
            return -1;
        e->error = (uint32_t)error;
        return HAS_ERROR;
    }
    if (strcmp(name, "from"))
        return 0;
    e->from = journal_name(j, value);
    return HAS_ALL + 1;
}

/* Adds to what a line has beyond the known pairs. */
static void extra_add(char *extra, size_t size, const char *name, const char *value)
{
    size_t length = strlen(extra);
    snprintf(extra + length, size - length, "%s%s%s%s", length ? " " : "", name, *value ? "=" : "", value);
}

/* @return NULL, or what is wrong with the line (which is cut up by this) */
static const char *line_read(journal *j, char *line, event *e)
{
    char *name, *value, extra[1024] = "";
    uint64_t thread;
    int seen = 0;
    if (!pair_next(&line, &name, &value) || strcmp(name, "time") || !time_read(value, &e->time))
        return "does not begin with time=SECONDS";
    if (!pair_next(&line, &name, &value) || strcmp(name, "thread") || !number_read(value, UINT32_MAX, &thread))
        return "has no thread=NUMBER after the time";
    if (!pair_next(&line, &name, &value))
        return "does not say what happened";
    for (e->kind = 0; e->kind < KIND_OTHER && strcmp(name, kinds[e->kind]); e->kind++)
        ;
    e->kind_name = journal_name(j, name);
    e->name = journal_name(j, value);
    while (pair_next(&line, &name, &value)) {
        int field = field_take(j, e, name, value);
        if (field < 0 && e->kind != KIND_OTHER)
            return "has a value that is not a number";
        if (field > 0)
            seen |= field;
        else
            extra_add(extra, sizeof extra, name, value);
    }
    if (*line)
        extra_add(extra, sizeof extra, line, "");
    if (e->kind != KIND_OTHER && (seen & HAS_ALL) != HAS_ALL)
        return "lacks handle, overlapped, bytes or error";
    if (e->kind != KIND_OTHER && *line)
        return "has something that is not name=value";
    e->extra = journal_name(j, extra);
    e->thread = thread_number(j, (uint32_t)thread);
    return NULL;
}

/* Reads a line without its end, however long. @return false at the end of the file */
static bool line_get(FILE *file, char **line, uint32_t *room, bool *cut, size_t *length)
{
    int c;
    uint32_t count = 0;
    while ((c = getc(file)) != EOF && c != '\n') {
        *line = grow(*line, count + 1, room, 1);
        (*line)[count++] = (char)c;
    }
    *line = grow(*line, count, room, 1);
    (*line)[count] = 0;
    *length = count;
    *cut = c == EOF;
    return c != EOF || count;
}

void journal_read(journal *j, FILE *file, const char *path, FILE *complaints)
{
    char *line = NULL;
    uint32_t room = 0, number = 0;
    size_t length;
    bool cut;
    *j = (journal){0};
    journal_name(j, "");
    while (line_get(file, &line, &room, &cut, &length)) {
        event e = {.line = ++number};
        char begin[61];
        snprintf(begin, sizeof begin, "%s", line);
        const char *wrong = cut ? "is cut off" : strlen(line) != length ? "has a zero byte" : line_read(j, line, &e);
        if (!wrong && j->count && e.time < j->events[j->count - 1].time)
            wrong = "is earlier than the line before it";
        if (!wrong) {
            j->events = grow(j->events, j->count, &j->room, sizeof *j->events);
            j->events[j->count++] = e;
        } else if (j->skipped++ < COMPLAINTS_MOST) {
            fprintf(complaints, "%s:%u: left out, because this line %s: %s\n", path, number, wrong, begin);
        }
    }
    if (j->skipped > COMPLAINTS_MOST)
        fprintf(complaints, "%s: %u lines were left out\n", path, j->skipped);
    free(line);
}

void journal_free(journal *j)
{
    for (uint32_t i = 0; i < j->name_count; i++)
        free(j->names[i]);
    free(j->names);
    free(j->threads);
    free(j->events);
    map_free(&j->thread_numbers);
    map_free(&j->name_numbers);
    *j = (journal){0};
}
