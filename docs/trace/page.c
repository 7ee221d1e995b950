/**
 * @file page.c
 * The page for the browser: page.html with each {{name}} replaced: the title, the journal's data, or the file of that
 * name beside it.
 */
#include "page.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "json.h"

static const char *const roles[ROLES] = {"main", "listener", "worker", "connection", "thread", "handler", "system"};

/* Handles and pointers are shown as the journal has them, so they are names. */
static uint32_t pointer_name(journal *j, uint64_t value)
{
    char text[24];
    if (!value)
        return 0;
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
    return journal_name(j, text);
}

static void events_write(const page *p, FILE *out)
{
    fputs("\"events\":[", out);
    for (uint32_t i = 0; i < p->journal->count; i++) {
        const event *e = &p->journal->events[i];
        fprintf(out, "%s\n[%llu,%u,%u,%u,%u,%u,%u,%llu,%u,%u,%u,%u]", i ? "," : "", (unsigned long long)e->time,
                p->model->lane_of[e->thread], e->kind, e->kind_name, e->name, pointer_name(p->journal, e->handle),
                pointer_name(p->journal, e->overlapped), (unsigned long long)e->bytes, e->error, e->from, e->extra,
                e->line);
    }
    fputs("],\n", out);
}

static void lanes_write(const page *p, FILE *out)
{
    fputs("\"lanes\":[", out);
    for (uint32_t i = 0; i < p->model->lane_count; i++) {
        const lane *l = &p->model->lanes[i];
        fprintf(out, "%s\n{\"id\":%u,\"role\":\"%s\",\"label\":\"%s\",\"bars\":[", i ? "," : "", l->id, roles[l->role],
                lane_label(p->model, l));
        for (uint32_t k = 0; k < l->bar_count; k++) {
            const bar *b = &l->bars[k];
            fprintf(out, "%s[%u,%u,%u,", k ? "," : "", b->state, b->first, b->last);
            json_number(out, b->operation);
            fprintf(out, ",%u,%u]", b->kind, b->call);
        }
        fputs("]}", out);
    }
    fputs("],\n", out);
}

static void operations_write(const page *p, FILE *out)
{
    fputs("\"operations\":[", out);
    for (uint32_t i = 0; i < p->model->operation_count; i++) {
        const operation *o = &p->model->operations[i];
        const uint32_t steps[] = {o->post, o->pending, o->complete, o->dequeue, o->fail};
        fprintf(out, "%s\n[%u,%u,%u,%u,%u,%llu,%llu,%u", i ? "," : "", o->kind, o->call,
                pointer_name(p->journal, o->handle), pointer_name(p->journal, o->overlapped),
                pointer_name(p->journal, o->port), (unsigned long long)o->asked, (unsigned long long)o->moved,
                o->error);
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            putc(',', out);
            json_number(out, steps[k]);
        }
        putc(']', out);
    }
    fputs("],\n", out);
}

static void summary_write(const model *m, FILE *out)
{
    const summary *s = &m->summary;
    fprintf(out,
            "\"summary\":{\"threads\":%u,\"system\":%u,\"inFlight\":%u,\"inFlightAt\":%u,\"running\":%u,"
            "\"runningAt\":%u,\"unfinished\":%u,\"untaken\":%u,\"failed\":%u,\"packetWait\":",
            s->threads, s->system_threads, s->in_flight_most, s->in_flight_event, s->running_most, s->running_event,
            s->unfinished, s->untaken, s->failed);
    json_number(out, s->packet_wait);
    fputs(",\"blockLane\":", out);
    json_number(out, s->block_lane);
    fputs(",\"blockBar\":", out);
    json_number(out, s->block_bar);
    fputs("},\n\"sums\":[", out);
    for (uint32_t i = 0; i < m->sum_count; i++)
        fprintf(out, "%s[%u,%u,%u,%llu]", i ? "," : "", m->sums[i].kind, m->sums[i].count, m->sums[i].failed,
                (unsigned long long)m->sums[i].moved);
    fputs("],\n", out);
}

/* The error numbers that have a name and occur. */
static void errors_write(const journal *j, FILE *out)
{
    map written = {0};
    fputs("\"errors\":{", out);
    for (uint32_t i = 0; i < j->count; i++) {
        unsigned error = j->events[i].error;
        if (!error || !error_name(error) || map_get(&written, error) != UINT32_MAX)
            continue;
        fprintf(out, "%s\"%u\":\"%s\"", written.count ? "," : "", error, error_name(error));
        map_set(&written, error, 1);
    }
    map_free(&written);
    fputs("},\n", out);
}

static void sites_write(const page *p, uint32_t count, FILE *out)
{
    bool any = false;
    fputs("\"sites\":{", out);
    for (uint32_t i = 0; p->sites && i < count; i++) {
        if (!p->sites[i].function[0])
            continue;
        fprintf(out, "%s\"%u\":[", any ? "," : "", i);
        json_string(out, p->sites[i].function);
        putc(',', out);
        json_string(out, p->sites[i].place);
        putc(']', out);
        any = true;
    }
    fputs("},\n", out);
}

static void data_write(const page *p, FILE *out)
{
    journal *j = p->journal;
    uint32_t callers = j->name_count; /* the names added while writing are pointers */
    fputs("{\"title\":", out);
    json_string(out, p->title);
    fputs(",\"note\":", out);
    json_string(out, p->note);
    fprintf(out, ",\"skipped\":%u,\n", j->skipped);
    events_write(p, out);
    lanes_write(p, out);
    operations_write(p, out);
    summary_write(p->model, out);
    errors_write(j, out);
    sites_write(p, callers, out);
    fputs("\"names\":[", out);
    for (uint32_t i = 0; i < j->name_count; i++) {
        fputs(i ? "," : "", out);
        json_string(out, j->names[i]);
    }
    fputs("]}", out);
}

static FILE *template_open(const page *p, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", p->template, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fprintf(stderr, "trace: cannot read the page's part %s\n", path);
    return file;
}

static int part_write(const page *p, const char *name, FILE *out)
{
    int c;
    if (!strcmp(name, "title")) {
        html_text(out, p->title);
        return 0;
    }
    if (!strcmp(name, "journal")) {
        data_write(p, out);
        return 0;
    }
    FILE *file = template_open(p, name);
    if (!file)
        return -1;
    while ((c = getc(file)) != EOF)
        putc(c, out);
    fclose(file);
    return 0;
}

int page_write(const page *p, FILE *out)
{
    char line[1024], *from, *to;
    int failed = 0;
    FILE *file = template_open(p, "page.html");
    if (!file)
        return -1;
    while (!failed && fgets(line, sizeof line, file)) {
        char *rest = line;
        while (!failed && (from = strstr(rest, "{{")) && (to = strstr(from, "}}"))) {
            *from = *to = 0;
            fputs(rest, out);
            failed = part_write(p, from + 2, out);
            rest = to + 2;
        }
        fputs(rest, out);
    }
    fclose(file);
    return failed;
}
