/**
 * @file escape.h
 * Bytes made readable: what was sent and what came back, for a person.
 */
#ifndef GRADE_ESCAPE_H
#define GRADE_ESCAPE_H

#include <stddef.h>

/**
 * Writes bytes as C would write a string: printable ones as they are, \r, \n, \t, \" and \\, others as \xHH.
 * What does not fit ends in "… (N bytes)".
 * @return text, NUL-terminated
 */
char *escape(char *text, size_t size, const void *bytes, size_t length);

#endif
