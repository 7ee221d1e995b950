/**
 * @file format.c
 * A strict reader of the Trace Event Format.
 */
#include "format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 200, KEYS_MOST = 24 };

typedef struct record {
    char ph, scope, bind;
    char name[WORD], cat[WORD], id[WORD];
    double ts, dur;
    long tid;
    bool has_cat, has_id, has_ts, has_dur, has_pid, has_tid, has_args, args_are_numbers;
    char args_name[WORD];
    bool has_args_name, has_sort_index;
} record;

static struct {
    const char *at, *begin;
    jmp_buf out;
    char *why;
    size_t size;
    record *records;
    size_t count, room;
} reader;

static _Noreturn void wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader.why, reader.size, format, arguments);
    va_end(arguments);
    longjmp(reader.out, 1);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static void space(void)
{
    reader.at += strspn(reader.at, " \t\r\n");
}

static void expect(char c)
{
    space();
    if (*reader.at != c)
        wrong("'%c' is missing at byte %zu: %.30s", c, (size_t)(reader.at - reader.begin), reader.at);
    reader.at++;
}

static bool next_is(char c)
{
    space();
    if (*reader.at != c)
        return false;
    reader.at++;
    return true;
}

/* A text, cut to the room there is. Escapes stay as they stand: nothing here compares such texts. */
static void text(char *to)
{
    size_t length = 0;
    expect('"');
    for (; *reader.at != '"'; reader.at++) {
        unsigned char c = (unsigned char)*reader.at;
        if (c < ' ')
            wrong("a text has a control character, or no end, at byte %zu", (size_t)(reader.at - reader.begin));
        if (c == '\\' && !strchr("\"\\/bfnrtu", reader.at[1]))
            wrong("there is no escape \\%c", reader.at[1]);
        if (c == '\\' && reader.at[1] == 'u' && strspn(reader.at + 2, "0123456789abcdefABCDEF") < 4)
            wrong("\\u needs four digits");
        if (length < WORD - 1)
            to[length++] = (char)c;
        if (c == '\\' && length < WORD - 1)
            to[length++] = *++reader.at;
        else if (c == '\\')
            reader.at++;
    }
    to[length] = 0;
    reader.at++;
}

static double number(void)
{
    const char *s = reader.at + (*reader.at == '-');
    size_t whole = strspn(s, "0123456789");
    char *end;
    if (!whole || (whole > 1 && *s == '0'))
        wrong("no number at byte %zu: %.20s", (size_t)(reader.at - reader.begin), reader.at);
    if (s[whole] == '.' && !strspn(s + whole + 1, "0123456789"))
        wrong("a number ends with its point: %.20s", reader.at);
    double value = strtod(reader.at, &end);
    reader.at = end;
    return value;
}

static long whole_number(const char *what)
{
    space();
    double value = number();
    if (value != (double)(long)value)
        wrong("%s is no whole number", what);
    return (long)value;
}

static void any_value(int depth);

/* Calls take for every key of an object, with the reader at its value. */
static void members(void (*take)(const char *key, void *context, int depth), void *context, int depth)
{
    char keys[KEYS_MOST][WORD];
    int count = 0;
    expect('{');
    if (next_is('}'))
        return;
    do {
        if (count == KEYS_MOST)
            wrong("an object has more than %d fields", KEYS_MOST);
        space();
        text(keys[count]);
        for (int i = 0; i < count; i++)
            if (!strcmp(keys[i], keys[count]))
                wrong("the field %s stands twice", keys[count]);
        expect(':');
        space();
        take(keys[count++], context, depth);
    } while (next_is(','));
    expect('}');
}

static void pass_over(const char *key, void *context, int depth)
{
    (void)key, (void)context;
    any_value(depth + 1);
}

static void any_value(int depth)
{
    char ignored[WORD];
    space();
    if (depth > 8)
        wrong("the values lie too deep");
    if (*reader.at == '{') {
        members(pass_over, NULL, depth);
    } else if (next_is('[')) {
        if (next_is(']'))
            return;
        do
            any_value(depth + 1);
        while (next_is(','));
        expect(']');
    } else if (*reader.at == '"') {
        text(ignored);
    } else {
        number();
    }
}

/* --- one event ---------------------------------------------------------------------------------------------------- */

static char letter(const char *field)
{
    char word[WORD];
    text(word);
    if (strlen(word) != 1)
        wrong("%s is \"%s\", and must be one letter", field, word);
    return *word;
}

static void take_argument(const char *key, void *context, int depth)
{
    record *r = context;
    if (!strcmp(key, "name")) {
        text(r->args_name);
        r->has_args_name = true;
        r->args_are_numbers = false;
    } else if (!strcmp(key, "sort_index")) {
        whole_number("sort_index");
        r->has_sort_index = true;
    } else {
        if (*reader.at == '"' || *reader.at == '{' || *reader.at == '[')
            r->args_are_numbers = false;
        any_value(depth + 1);
    }
}

static void take_field(const char *key, void *context, int depth)
{
    record *r = context;
    if (!strcmp(key, "name")) {
        text(r->name);
    } else if (!strcmp(key, "ph")) {
        r->ph = letter(key);
    } else if (!strcmp(key, "s")) {
        r->scope = letter(key);
    } else if (!strcmp(key, "bp")) {
        r->bind = letter(key);
    } else if (!strcmp(key, "cat")) {
        text(r->cat);
        r->has_cat = *r->cat;
    } else if (!strcmp(key, "id")) {
        if (*reader.at == '"')
            text(r->id);
        else
            snprintf(r->id, sizeof r->id, "%ld", whole_number("id"));
        r->has_id = *r->id;
    } else if (!strcmp(key, "ts")) {
        r->ts = number();
        r->has_ts = true;
    } else if (!strcmp(key, "dur")) {
        r->dur = number();
        r->has_dur = true;
    } else if (!strcmp(key, "pid")) {
        whole_number(key);
        r->has_pid = true;
    } else if (!strcmp(key, "tid")) {
        r->tid = whole_number(key);
        r->has_tid = true;
    } else if (!strcmp(key, "args")) {
        r->has_args = r->args_are_numbers = true;
        members(take_argument, r, depth);
    } else {
        wrong("the format has no field \"%s\"", key);
    }
}

static void check_metadata(const record *r)
{
    bool of_thread = !strncmp(r->name, "thread_", 7);
    bool is_name = !strcmp(r->name, "process_name") || !strcmp(r->name, "thread_name");
    if (!is_name && strcmp(r->name, "process_sort_index") && strcmp(r->name, "thread_sort_index"))
        wrong("there is no metadata \"%s\"", r->name);
    if (!r->has_pid || (of_thread && !r->has_tid))
        wrong("%s does not say of whom", r->name);
    if (is_name ? !r->has_args_name : !r->has_sort_index)
        wrong("%s has not the right argument", r->name);
}

static void check_record(const record *r)
{
    if (!*r->name)
        wrong("an event has no name");
    if (r->ph == 'M') {
        check_metadata(r);
        return;
    }
    if (!r->has_pid || !r->has_tid || !r->has_ts || r->ts < 0)
        wrong("%s (%c) lacks pid, tid or ts", r->name, r->ph);
    if (r->has_dur != (r->ph == 'X') || r->dur < 0)
        wrong("%s (%c): dur belongs to X, and is not negative", r->name, r->ph);
    if ((r->scope != 0) != (r->ph == 'i') || (r->scope && !strchr("gpt", r->scope)))
        wrong("%s (%c): the scope s is i's, and g, p or t", r->name, r->ph);
    if ((r->bind != 0) != (r->ph == 'f') || (r->bind && r->bind != 'e'))
        wrong("%s (%c): bp is f's, and e", r->name, r->ph);
    switch (r->ph) {
    case 'X':
    case 'i':
        break;
    case 'b':
    case 'e':
    case 's':
    case 'f':
        if (!r->has_cat || !r->has_id)
            wrong("%s (%c) needs cat and id", r->name, r->ph);
        break;
    case 'C':
        if (!r->has_args || !r->args_are_numbers)
            wrong("%s (C) counts what is no number", r->name);
        break;
    default:
        wrong("there is no phase \"%c\" here", r->ph);
    }
}

static void take_events(void)
{
    expect('[');
    if (next_is(']'))
        return;
    do {
        if (reader.count == reader.room) {
            reader.room = reader.room ? reader.room * 2 : 256;
            record *more = realloc(reader.records, reader.room * sizeof *more);
            if (!more)
                wrong("no memory");
            reader.records = more;
        }
        record *r = &reader.records[reader.count];
        memset(r, 0, sizeof *r);
        space();
        members(take_field, r, 1);
        check_record(r);
        reader.count++;
    } while (next_is(','));
    expect(']');
}

static void take_top(const char *key, void *context, int depth)
{
    char unit[WORD];
    if (!strcmp(key, "traceEvents")) {
        *(bool *)context = true;
        take_events();
    } else if (!strcmp(key, "displayTimeUnit")) {
        text(unit);
        if (strcmp(unit, "ms") && strcmp(unit, "ns"))
            wrong("displayTimeUnit is ms or ns, not %s", unit);
    } else {
        any_value(depth + 1);
    }
}

/* --- events with each other --------------------------------------------------------------------------------------- */

static int by_thread_and_time(const void *a, const void *b)
{
    const record *const *one = a, *const *other = b;
    if ((*one)->tid != (*other)->tid)
        return (*one)->tid < (*other)->tid ? -1 : 1;
    if ((*one)->ts != (*other)->ts)
        return (*one)->ts < (*other)->ts ? -1 : 1;
    return (*one)->dur > (*other)->dur ? -1 : (*one)->dur < (*other)->dur;
}

static int by_id(const void *a, const void *b)
{
    const record *const *one = a, *const *other = b;
    int order = strcmp((*one)->cat, (*other)->cat);
    order = order ? order : strcmp((*one)->id, (*other)->id);
    if (order)
        return order;
    bool second = (*one)->ph == 'e' || (*one)->ph == 'f', other_second = (*other)->ph == 'e' || (*other)->ph == 'f';
    return second - other_second;
}

/* Times have a thousandth of a microsecond; a double has not. */
#define TINY 0.0005

static const record **chosen(const char *phases, int (*order)(const void *, const void *), size_t *count)
{
    const record **list = calloc(reader.count + 1, sizeof *list);
    if (!list)
        wrong("no memory");
    *count = 0;
    for (size_t i = 0; i < reader.count; i++)
        if (strchr(phases, reader.records[i].ph))
            list[(*count)++] = &reader.records[i];
    qsort(list, *count, sizeof *list, order);
    return list;
}

/* Slices of a thread are a stack. @return what is wrong, or NULL */
static const record *slice_across(const record *const *slices, size_t count)
{
    double ends[64];
    size_t depth = 0;
    for (size_t i = 0; i < count; i++) {
        const record *r = slices[i];
        if (i && slices[i - 1]->tid != r->tid)
            depth = 0;
        while (depth && ends[depth - 1] <= r->ts + TINY)
            depth--;
        if (depth == 64 || (depth && r->ts + r->dur > ends[depth - 1] + TINY))
            return r;
        ends[depth++] = r->ts + r->dur;
    }
    return NULL;
}

static bool lies_in_a_slice(const record *r, const record *const *slices, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) { /* the first slice of a later time or thread */
        size_t middle = (low + high) / 2;
        const record *s = slices[middle];
        if (s->tid < r->tid || (s->tid == r->tid && s->ts <= r->ts + TINY))
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i-- > 0 && slices[i]->tid == r->tid;)
        if (slices[i]->ts + slices[i]->dur >= r->ts - TINY)
            return true;
    return false;
}

static void check_pairs(const record *const *list, size_t count, const record *const *slices, size_t slice_count)
{
    for (size_t i = 0; i < count; i += 2) {
        const record *first = list[i], *second = i + 1 < count ? list[i + 1] : NULL;
        bool flow = first->ph == 's';
        if ((first->ph != 's' && first->ph != 'b') || !second || second->ph != (flow ? 'f' : 'e') ||
            strcmp(first->cat, second->cat) || strcmp(first->id, second->id) || strcmp(first->name, second->name))
            wrong("%s (%c) of %s %s is no half of a pair", first->name, first->ph, first->cat, first->id);
        if (first->ts > second->ts + TINY)
            wrong("%s %s ends before it begins", first->cat, first->id);
        if (flow && (!lies_in_a_slice(first, slices, slice_count) || !lies_in_a_slice(second, slices, slice_count)))
            wrong("the arrow %s %s (%s) has an end outside of every slice", first->cat, first->id, first->name);
    }
}

static void check_names(void)
{
    for (size_t i = 0; i < reader.count; i++) {
        const record *r = &reader.records[i];
        bool named = !strchr("XibesfB", r->ph);
        for (size_t k = 0; k < reader.count && !named; k++)
            named = reader.records[k].ph == 'M' && reader.records[k].tid == r->tid &&
                    !strcmp(reader.records[k].name, "thread_name");
        if (!named)
            wrong("thread %ld has events and no name", r->tid);
    }
}

long format_check(const char *json, char *why, size_t size)
{
    const record **volatile slices = NULL, **volatile pairs = NULL, **volatile flows = NULL;
    volatile long result = -1;
    bool has_events = false;
    size_t slice_count, pair_count, flow_count;
    reader.at = reader.begin = json;
    reader.why = why;
    reader.size = size;
    reader.count = 0;
    if (setjmp(reader.out) == 0) {
        members(take_top, &has_events, 0);
        space();
        if (*reader.at || !has_events)
            wrong(*reader.at ? "something follows the object" : "there is no traceEvents");
        slices = chosen("X", by_thread_and_time, &slice_count);
        pairs = chosen("be", by_id, &pair_count);
        flows = chosen("sf", by_id, &flow_count);
        const record *across = slice_across((const record *const *)slices, slice_count);
        if (across)
            wrong("\"%s\" of thread %ld at %.3f reaches beyond the slice that it lies in", across->name, across->tid,
                  across->ts);
        check_pairs((const record *const *)pairs, pair_count, NULL, 0);
        check_pairs((const record *const *)flows, flow_count, (const record *const *)slices, slice_count);
        check_names();
        result = (long)reader.count;
    }
    free((void *)slices);
    free((void *)pairs);
    free((void *)flows);
    free(reader.records);
    reader.records = NULL;
    reader.room = 0;
    return result;
}
