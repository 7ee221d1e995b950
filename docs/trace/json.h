/**
 * @file json.h
 * Writing what JSON and HTML cannot take as it stands.
 */
#ifndef TRACE_JSON_H
#define TRACE_JSON_H

#include <stdint.h>
#include <stdio.h>

/** A string with its quotes. What is not UTF-8 becomes U+FFFD; < is escaped, so that it may stand inside a script. */
void json_string(FILE *out, const char *text);

/** A number, or -1 for NONE. */
void json_number(FILE *out, uint32_t number);

/** Text between tags. */
void html_text(FILE *out, const char *text);

#endif
