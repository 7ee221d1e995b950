/**
 * @file cause.h
 * What a failure itself says of its cause. Where it does no hint of a table is needed: those are about what usually goes
 * wrong, and this is about what did.
 */
#ifndef GRADE_CAUSE_H
#define GRADE_CAUSE_H

#include <stddef.h>

#include "story.h"

enum { CAUSE_TEXT = 400 };

typedef enum CAUSE {
    CAUSE_UNTOLD,
    CAUSE_TODO,   /**< a part of a starter is not written yet: "TODO 3.1, labs/03-iocp-pool/iocp.c:65" */
    CAUSE_REPORT, /**< a sanitizer or the verifier has reported something: the first line of it */
    CAUSE_SIGNAL  /**< a signal ended the server: "was killed by signal 11 (Segmentation fault)" */
} CAUSE;

/** Finds out why a test failed, when its story tells. @param text room for CAUSE_TEXT bytes; empty when it does not */
CAUSE cause_of(const STORY *told, char *text);

/** The place that a report of the verifier names, without its thread; empty when there is none. @param place as text */
void cause_place(const STORY *told, char *place);

/** Whether a report is the verifier's that something was left open. @param place set to where it was opened */
int cause_report_is_leak(const char *report, char *place);

/** The same of the report that a failure tells. */
int cause_is_leak(const STORY *told, char *place);

/** The first line of a report in what a server wrote to stderr, or NULL. */
const char *cause_report_in(const char *err);

#endif
