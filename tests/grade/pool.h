/**
 * @file pool.h
 * Runs tests side by side, each in a process of its own, and sees to it that every one ends.
 *
 * - A test has a process group, a folder and a story of its own. Its server dies with it.
 * - A test that takes longer than it may is killed and has failed. So has one that crashes or is killed.
 * - Processes that a server left behind are killed when its test is over (native runs).
 * - The outcome is the story's, written by the test's process; no server has a hand in it.
 */
#ifndef GRADE_POOL_H
#define GRADE_POOL_H

#include "story.h"
#include "suite.h"

typedef struct RESULT {
    const TEST *test;
    STORY *story; /**< with the final outcome */
    int milliseconds;
} RESULT;

/**
 * Runs tests.
 * @param results one a test, ->test filled; the rest is filled here
 * @param jobs    how many at a time
 * @param folder  where each test gets a folder
 * @param keep    do not delete the folders of failed tests
 * @param told    called as each test ends
 * @return 0, or the signal that interrupted the run
 */
int pool_run(RESULT *results, int count, int jobs, const char *folder, int keep, void (*told)(const RESULT *));

#endif
