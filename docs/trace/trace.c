/**
 * @file trace.c
 * Makes pictures of a journal. See help() for the command line.
 */
#include <stdlib.h>
#include <string.h>

#include "page.h"

static void help(FILE *out)
{
    fputs("trace [options] JOURNAL   draws what a program wrote with WIN32_JOURNAL=JOURNAL\n"
          "  --page FILE       write a page for the browser, which needs nothing else\n"
          "  --events FILE     write the Trace Event Format, for Perfetto\n"
          "  --title TEXT      what ran (default: the journal's path)\n"
          "  --note TEXT       a line below the title\n"
          "  --program FILE    the program that ran: calls are shown with function and line (asks addr2line)\n"
          "  --template DIR    where page.html is (default: docs/trace)\n",
          out);
}

/* What the command line says; the files to write may be NULL. */
typedef struct options {
    page page;
    const char *journal, *page_file, *events_file;
} options;

static const char **option_find(options *o, const char *name)
{
    const struct {
        const char *name, **value;
    } table[] = {
        {"--page", &o->page_file}, {"--events", &o->events_file},   {"--title", &o->page.title},
        {"--note", &o->page.note}, {"--program", &o->page.program}, {"--template", &o->page.template},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (!strcmp(name, table[i].name))
            return table[i].value;
    return NULL;
}

static bool options_read(options *o, char **argument)
{
    *o = (options){.page = {.note = "", .template = "docs/trace"}};
    for (argument++; *argument; argument++) {
        const char **value = option_find(o, *argument);
        if (value && argument[1])
            *value = *++argument;
        else if (!value && **argument != '-' && !o->journal)
            o->journal = *argument;
        else
            return false;
    }
    if (!o->page.title)
        o->page.title = o->journal;
    return o->journal;
}

/* Writes one form into its file. */
static bool file_write(const page *p, const char *path, bool as_page)
{
    FILE *out = fopen(path, "w");
    bool good = out;
    if (out && as_page)
        good = page_write(p, out) == 0;
    else if (out)
        trace_events_write(p, out);
    if (out && (ferror(out) | fclose(out)))
        good = false;
    if (!good)
        fprintf(stderr, "trace: %s was not written\n", path);
    return good;
}

static void summary_print(const model *m)
{
    const summary *s = &m->summary;
    const event *events = m->journal->events;
    printf("%u events in %.6f s; %u threads, %u at most running at a time; %u operation%s, %u at most in flight\n",
           m->journal->count, (double)(events[m->journal->count - 1].time - events[0].time) / 1e6, s->threads,
           s->running_most, m->operation_count, m->operation_count == 1 ? "" : "s", s->in_flight_most);
}

int main(int count, char **arguments)
{
    options o;
    journal j;
    model m;
    (void)count;
    if (!options_read(&o, arguments)) {
        help(arguments[1] && !strcmp(arguments[1], "--help") ? stdout : stderr);
        return arguments[1] && !strcmp(arguments[1], "--help") ? 0 : 2;
    }
    FILE *file = fopen(o.journal, "r");
    if (!file) {
        fprintf(stderr, "trace: cannot read the journal %s\n", o.journal);
        return 2;
    }
    journal_read(&j, file, o.journal, stderr);
    fclose(file);
    if (!j.count) {
        fprintf(stderr, "trace: %s has no line of a journal\n", o.journal);
        journal_free(&j);
        return 1;
    }
    model_make(&m, &j);
    site *sites = o.page.program ? sites_find(&j, o.page.program) : NULL;
    o.page.model = &m;
    o.page.journal = &j;
    o.page.sites = sites;
    bool good = (!o.events_file || file_write(&o.page, o.events_file, false)) &&
                (!o.page_file || file_write(&o.page, o.page_file, true));
    if (good)
        summary_print(&m);
    free(sites);
    model_free(&m);
    journal_free(&j);
    return good ? 0 : 2;
}
