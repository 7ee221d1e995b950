/**
 * @file report.h
 * What people read: a line for a test that passed, a page for one that failed, and the sum.
 */
#ifndef GRADE_REPORT_H
#define GRADE_REPORT_H

#include "pool.h"

/** Prints how a test ended. */
void report_test(const RESULT *result);

/** Prints the sum by topic and the names of what failed and what was skipped. @return how many failed */
int report_sum(const RESULT *results, int count);

#endif
