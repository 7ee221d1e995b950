/**
 * @file check_format.h
 * Tests of format.c.
 */
#ifndef TRACE_CHECK_FORMAT_H
#define TRACE_CHECK_FORMAT_H

#include <stdbool.h>

/** Adds to the two counts. */
void format_cases(unsigned *passed, unsigned *failed);

#endif
