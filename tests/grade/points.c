/* What a lab's tests are worth: see points.h. */
#include "points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spawn.h"

enum { MAX_ROWS = 400, FIELDS = 5 };

static POINTS rows[MAX_ROWS];
static int row_count;
static const char *only;
static char handout[512];

static void __attribute__((noreturn)) bad(const char *path, int line, const char *what)
{
    fprintf(stderr, "grade: %s:%d: %s\n", path, line, what);
    exit(2);
}

/* "3" or "0.5", as tenths; -1 when it is neither. */
static int tenths(const char *text)
{
    int whole = 0, part = 0, end = 0;
    if (sscanf(text, "%3d%n", &whole, &end) != 1 || whole < 0)
        return -1;
    if (text[end] == '.' && text[end + 1] >= '0' && text[end + 1] <= '9') {
        part = text[end + 1] - '0';
        end += 2;
    }
    return text[end] ? -1 : 10 * whole + part;
}

static void read_row(const char *path, int number, char *line)
{
    char *field[FIELDS];
    for (int i = 0; i < FIELDS; i++) {
        field[i] = strsep(&line, "\t");
        if (!field[i] || !*field[i])
            bad(path, number, "a line has five fields, between tabs: task, test, points, hint, section");
    }
    if (line)
        bad(path, number, "a line has five fields, and no more");
    if (row_count == MAX_ROWS)
        bad(path, number, "raise MAX_ROWS in points.c");
    rows[row_count] =
        (POINTS){.task = field[0], .test = field[1], .tenths = tenths(field[2]), .hint = field[3], .section = field[4]};
    if (rows[row_count].tenths < 0)
        bad(path, number, "points are a number, with one decimal at most");
    if (points_of(field[1]))
        bad(path, number, "this test has a row already");
    row_count++;
}

static void expect_task(const char *path, const char *task)
{
    const char *last = "";
    for (int i = 0; i < row_count; i++)
        if (!strcmp(rows[i].task, task))
            return;
    fprintf(stderr, "grade: %s has no task %s; it has:", path, task);
    for (int i = 0; i < row_count; i++) {
        if (strcmp(last, rows[i].task))
            fprintf(stderr, " %s", rows[i].task);
        last = rows[i].task;
    }
    fputc('\n', stderr);
    exit(2);
}

void points_read(const char *path, const char *task)
{
    char *text = read_text(path, NULL), *rest = text, *line;
    const char *slash = strrchr(path, '/');
    for (int number = 1; (line = strsep(&rest, "\n")); number++)
        if (*line && *line != '#')
            read_row(path, number, line);
    if (!row_count)
        bad(path, 1, "there is no table of points");
    snprintf(handout, sizeof handout, "%.*sREADME.md", slash ? (int)(slash - path + 1) : 0, path);
    only = task;
    if (task)
        expect_task(path, task);
}

const POINTS *points_of(const char *test)
{
    for (int i = 0; i < row_count; i++)
        if (!strcmp(rows[i].test, test))
            return &rows[i];
    return NULL;
}

int points_leave_out(const char *test)
{
    const POINTS *row = points_of(test);
    return only && (!row || strcmp(row->task, only));
}

const char *points_handout(void)
{
    return handout;
}

/* What became of the test of a row. OUTCOME_NONE: it was not run. */
static OUTCOME outcome_of(const POINTS *row, const RESULT *results, int count)
{
    char name[200];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s.%s", results[i].test->topic, results[i].test->test->name);
        if (!strcmp(name, row->test))
            return results[i].story->outcome;
    }
    return OUTCOME_NONE;
}

static const char *in_points(int amount)
{
    static char text[4][16];
    static int next;
    char *at = text[next++ % 4];
    snprintf(at, sizeof text[0], amount % 10 ? "%d.%d" : "%d", amount / 10, amount % 10);
    return at;
}

void points_sum(const RESULT *results, int count, int stage)
{
    int earned = 0, all = 0, not_here = 0;
    const POINTS *next = NULL;
    putchar('\n');
    for (int i = 0; i < row_count;) {
        const char *task = rows[i].task;
        int got = 0, of = 0, passed = 0, judged = 0;
        for (; i < row_count && !strcmp(rows[i].task, task); i++) {
            OUTCOME outcome = outcome_of(&rows[i], results, count);
            not_here += outcome == OUTCOME_SKIPPED ? rows[i].tenths : 0;
            if (outcome == OUTCOME_NONE || outcome == OUTCOME_SKIPPED)
                continue;
            of += rows[i].tenths;
            judged++;
            passed += outcome == OUTCOME_PASSED;
            got += outcome == OUTCOME_PASSED ? rows[i].tenths : 0;
            next = next || outcome == OUTCOME_PASSED ? next : &rows[i];
        }
        if (judged)
            printf("task %-5s %5s of %4s points   %3d of %3d tests\n", task, in_points(got), in_points(of), passed,
                   judged);
        earned += got;
        all += of;
    }
    printf("%s of %s points", in_points(earned), in_points(all));
    if (not_here)
        printf(", and %s that cannot be judged here", in_points(not_here));
    putchar('\n');
    if (next) {
        printf("\nnext: task %s, test %s\n      %s\n      read %s, %s\n", next->task, next->test, next->hint, handout,
               next->section);
        if (!only)
            printf("      make check LAB=%d TASK=%s\n", stage, next->task);
    }
}
