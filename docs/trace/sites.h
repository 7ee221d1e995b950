/**
 * @file sites.h
 * Where calls came from: the journal's module+offset as function and line, by the debug information of the program.
 */
#ifndef TRACE_SITES_H
#define TRACE_SITES_H

#include "journal.h"

typedef struct site {
    char function[64];
    char place[96]; /**< "sockets.c:88", or "" */
} site;

/**
 * Asks addr2line about every caller in the journal. Where there is no such tool, or it does not know, there is no site.
 * @return an array with an element a name of the journal, empty ones for what is no caller; free() it
 */
site *sites_find(const journal *j, const char *program);

#endif
