/**
 * @file points.h
 * What a lab's tests are worth: the table labs/NN-…/points.
 *
 * A line has five fields, between tabs: task, test, points, hint, section. Points may have one decimal; a test that
 * is worth 0 must pass all the same. The hint says what usually causes the failure; the section is that of the handout
 * beside the table. The table's order is the order in which a student works; task N.0 is what was there before.
 *
 * A line "@3.5", tab, "main.c SocketCreate" says which task is to close, at the server's end, what these functions, and
 * the functions in these files, have opened. When it does not, its tests of the topic shutdown fail; others only tell of
 * it, or one forgotten CloseHandle would turn every test of the lab red.
 */
#ifndef GRADE_POINTS_H
#define GRADE_POINTS_H

#include "cause.h"
#include "pool.h"

typedef struct POINTS {
    const char *task, *test, *hint, *section;
    int tenths; /**< of a point */
} POINTS;

/** Reads a table; the program ends with 2 and a line about the first bad one. @param task only this one counts, or NULL */
void points_read(const char *path, const char *task);

/** A test's row by its name, "topic.name". @return NULL when it has none, or when there is no table */
const POINTS *points_of(const char *test);

/** Whether points_read has named a task to which this test does not belong. */
int points_leave_out(const char *test);

/**
 * Whether a test passes although the server left something open at its end: other tests fail for it.
 * @param place where it was opened, as cause_place has it
 */
int points_forgive(const char *test, const char *place);

/** The handout that belongs to the table. */
const char *points_handout(void);

/**
 * Why a test failed, as cause_of; but a part that belongs to a later task than the test's is no cause: the test passes
 * without it.
 */
CAUSE points_cause(const char *test, const STORY *told, char *text);

/** Prints a line for each task, the sum, and what to do next. @param sources the folder of the server's, or NULL */
void points_sum(const RESULT *results, int count, int stage, const char *sources);

#endif
