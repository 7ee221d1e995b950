/**
 * @file events.c
 * The Trace Event Format, which Perfetto and chrome://tracing open.
 *
 * - A thread's states are slices (X); its calls and all else that happens at a moment are instants (i).
 * - An operation is a slice of its own (b, e) on a track of its kind, from post to completion, and a flow (s, f) from the
 *   slice that posted it to the slice that took its packet.
 * - How many operations are in flight is a counter (C).
 */
#include "calls.h"
#include "json.h"
#include "page.h"

#define PROCESS 1

static const char *const states[] = {"runs", "waits for a packet", "blocks"};

/* Nanoseconds. The journal tells microseconds; events that share one are set apart, so that slices keep their order. */
static uint64_t time_of(const page *p, uint32_t number)
{
    const event *events = p->journal->events;
    uint32_t first = number;
    while (first > 0 && events[first - 1].time == events[number].time && number - first < 999)
        first--;
    return events[number].time * 1000 + (number - first);
}

/* The format counts in microseconds. */
static void time_write(FILE *out, const char *name, uint64_t time)
{
    fprintf(out, ",\"%s\":%llu.%03u", name, (unsigned long long)(time / 1000), (unsigned)(time % 1000));
}

/* Begins an event and its arguments: name, phase, thread, time. */
static void begin(const page *p, FILE *out, const char *name, const char *phase, uint32_t thread, uint32_t number)
{
    fputs(",\n{\"name\":", out);
    json_string(out, name);
    fprintf(out, ",\"ph\":\"%s\",\"pid\":%d,\"tid\":%u", phase, PROCESS, thread);
    time_write(out, "ts", time_of(p, number));
}

static uint32_t thread_of(const page *p, uint32_t number)
{
    return p->journal->threads[p->journal->events[number].thread];
}

static void metadata(const page *p, FILE *out)
{
    fprintf(out, "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"args\":{\"name\":", PROCESS);
    json_string(out, p->title);
    fputs("}}", out);
    for (uint32_t i = 0; i < p->model->lane_count; i++) {
        const lane *l = &p->model->lanes[i];
        fprintf(out,
                ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"args\":{\"name\":\"%s\"}}"
                ",\n{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"args\":{\"sort_index\":%u}}",
                PROCESS, l->id, lane_label(p->model, l), PROCESS, l->id, i);
    }
}

static void bar_write(const page *p, const lane *l, const bar *b, FILE *out)
{
    char **names = p->journal->names, name[160];
    const char *what = b->call ? names[b->call] : b->kind ? names[b->kind] : "";
    snprintf(name, sizeof name, "%s%s%s", states[b->state],
             !*what                      ? ""
             : b->state == THREAD_RUNS   ? " after "
             : b->state == THREAD_BLOCKS ? " in "
                                         : ": ",
             what);
    if (b->state == THREAD_WAITS)
        snprintf(name, sizeof name, "%s", states[b->state]);
    begin(p, out, name, "X", l->id, b->first);
    time_write(out, "dur", time_of(p, b->last) - time_of(p, b->first));
    fputs(",\"cat\":\"thread\"}", out);
}

static void arguments(const page *p, const event *e, FILE *out)
{
    char **names = p->journal->names;
    fprintf(out, ",\"args\":{\"handle\":\"0x%llx\",\"overlapped\":\"0x%llx\",\"bytes\":%llu,\"error\":%u",
            (unsigned long long)e->handle, (unsigned long long)e->overlapped, (unsigned long long)e->bytes, e->error);
    if (error_name(e->error))
        fprintf(out, ",\"error name\":\"%s\"", error_name(e->error));
    if (e->from) {
        char from[200];
        const site *s = p->sites ? &p->sites[e->from] : NULL;
        snprintf(from, sizeof from, "%s%s%s", s && s->function[0] ? s->function : names[e->from],
                 s && s->place[0] ? " " : "", s ? s->place : "");
        fputs(",\"from\":", out);
        json_string(out, from);
    }
    if (e->extra) {
        fputs(",\"more\":", out);
        json_string(out, names[e->extra]);
    }
    fputs("}}", out);
}

static void instant_write(const page *p, uint32_t number, FILE *out)
{
    const event *e = &p->journal->events[number];
    char name[200];
    if (e->kind == KIND_CALL)
        snprintf(name, sizeof name, "%s", p->journal->names[e->name]);
    else
        snprintf(name, sizeof name, "%s %s", p->journal->names[e->kind_name], p->journal->names[e->name]);
    begin(p, out, name, "i", thread_of(p, number), number);
    fputs(",\"s\":\"t\",\"cat\":\"journal\"", out);
    arguments(p, e, out);
}

static void operation_write(const page *p, uint32_t number, FILE *out)
{
    const operation *o = &p->model->operations[number];
    const char *kind = p->journal->names[o->kind];
    uint32_t first = operation_begin(o), last = operation_end(p->model, o);
    begin(p, out, kind, "b", thread_of(p, first), first);
    fprintf(out, ",\"cat\":\"operation\",\"id\":\"%u\",\"args\":{\"handle\":\"0x%llx\",\"overlapped\":\"0x%llx\"}}",
            number + 1, (unsigned long long)o->handle, (unsigned long long)o->overlapped);
    begin(p, out, kind, "e", thread_of(p, first), last);
    fprintf(out, ",\"cat\":\"operation\",\"id\":\"%u\",\"args\":{\"bytes\":%llu,\"error\":%u}}", number + 1,
            (unsigned long long)o->moved, o->error);
    if (o->post == NONE || o->dequeue == NONE)
        return;
    begin(p, out, kind, "s", thread_of(p, o->post), o->post);
    fprintf(out, ",\"cat\":\"packet\",\"id\":%u}", number + 1);
    begin(p, out, kind, "f", thread_of(p, o->dequeue), o->dequeue);
    fprintf(out, ",\"cat\":\"packet\",\"id\":%u,\"bp\":\"e\"}", number + 1);
}

/* An operation begins at its first line and ends at its last, so each event changes the count by one at most. */
static void counter_write(const page *p, FILE *out)
{
    uint32_t out_now = 0;
    for (uint32_t i = 0; i < p->journal->count; i++) {
        uint32_t number = p->model->operation_of[i];
        if (number == NONE)
            continue;
        const operation *o = &p->model->operations[number];
        uint32_t before = out_now;
        out_now += operation_begin(o) == i;
        out_now -= (o->fail != NONE || o->complete != NONE) && operation_end(p->model, o) == i;
        if (out_now == before)
            continue;
        begin(p, out, "operations in flight", "C", 0, i);
        fprintf(out, ",\"args\":{\"operations\":%u}}", out_now);
    }
}

void trace_events_write(const page *p, FILE *out)
{
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", out);
    metadata(p, out);
    for (uint32_t i = 0; i < p->model->lane_count; i++)
        for (uint32_t k = 0; k < p->model->lanes[i].bar_count; k++)
            bar_write(p, &p->model->lanes[i], &p->model->lanes[i].bars[k], out);
    for (uint32_t i = 0; i < p->journal->count; i++)
        instant_write(p, i, out);
    for (uint32_t i = 0; i < p->model->operation_count; i++)
        operation_write(p, i, out);
    counter_write(p, out);
    fputs("\n]}\n", out);
}
