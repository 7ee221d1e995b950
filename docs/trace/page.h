/**
 * @file page.h
 * The two forms in which a model is written.
 */
#ifndef TRACE_PAGE_H
#define TRACE_PAGE_H

#include <stdio.h>

#include "model.h"
#include "sites.h"

typedef struct page {
    model *model;
    journal *journal;
    const site *sites; /**< or NULL */
    const char *title;
    const char *note;     /**< a line below the title, or "" */
    const char *program;  /**< or NULL */
    const char *template; /**< the folder of page.html */
} page;

/** A page for the browser that needs nothing else. @return 0, or -1 when the template is not there */
int page_write(const page *p, FILE *out);

/** The Trace Event Format, for Perfetto. */
void trace_events_write(const page *p, FILE *out);

#endif
