/* What a lab's tests are worth: see points.h. */
#include "points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause.h"
#include "sources.h"
#include "spawn.h"

enum { MAX_ROWS = 400, MAX_ENDS = 4, FIELDS = 5 };

/* What a line with an @ says. */
static struct {
    const char *task, *names;
} at_end[MAX_ENDS];
static int end_count;

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

static void read_end(const char *path, int number, char *line)
{
    const char *task = strsep(&line, "\t");
    if (!*task || !line || !*line || strchr(line, '\t'))
        bad(path, number, "a line with an @ has two fields, between tabs: the task, and names of functions and files");
    if (end_count == MAX_ENDS)
        bad(path, number, "raise MAX_ENDS in points.c");
    at_end[end_count].task = task;
    at_end[end_count++].names = line;
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
        if (*line == '@')
            read_end(path, number, line + 1);
        else if (*line && *line != '#')
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

/* Whether one of the names, which blanks separate, stands in a place: "… called by NAME at NAME:74". */
static int names_place(const char *names, const char *place)
{
    char list[512];
    snprintf(list, sizeof list, "%s", names);
    for (char *rest = list, *name; (name = strtok_r(NULL, " ", &rest));)
        for (const char *at = place; (at = strstr(at, name)); at++) {
            char next = at[strlen(name)];
            if (at > place && at[-1] == ' ' && (next == ' ' || next == ':'))
                return 1;
        }
    return 0;
}

int points_forgive(const char *test, const char *place)
{
    const POINTS *row = points_of(test);
    for (int i = 0; i < end_count; i++)
        if (names_place(at_end[i].names, place))
            return !row || strcmp(row->task, at_end[i].task) != 0 || strncmp(test, "shutdown.", 9) != 0;
    return 0;
}

const char *points_handout(void)
{
    return handout;
}

/* What became of the test of a row, or NULL when it was not run. */
static const STORY *story_of(const POINTS *row, const RESULT *results, int count)
{
    char name[200];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s.%s", results[i].test->topic, results[i].test->test->name);
        if (!strcmp(name, row->test))
            return results[i].story;
    }
    return NULL;
}

static const char *in_points(int amount)
{
    static char text[4][16];
    static int next;
    char *at = text[next++ % 4];
    snprintf(at, sizeof text[0], amount % 10 ? "%d.%d" : "%d", amount / 10, amount % 10);
    return at;
}

/* Task N.0 is what was there before, and comes after all that is to be written. */
static int is_given(const char *task)
{
    return !strcmp(task + strcspn(task, "."), ".0");
}

CAUSE points_cause(const char *test, const STORY *told, char *text)
{
    const POINTS *row = points_of(test);
    CAUSE cause = cause_of(told, text);
    int lab, todo, task;
    if (cause == CAUSE_TODO && row && !is_given(row->task) && sscanf(text, "TODO %d.%d", &lab, &todo) == 2 &&
        sscanf(row->task, "%d.%d", &lab, &task) == 2 && todo > task) {
        *text = 0;
        return CAUSE_UNTOLD;
    }
    return cause;
}

/* A report or a crash tells more than what follows from it; that something was left open is what follows. */
static int tells_much(CAUSE cause, const STORY *told)
{
    char place[CAUSE_TEXT];
    return cause == CAUSE_SIGNAL || (cause == CAUSE_REPORT && !cause_is_leak(told, place));
}

/*
 * The row to look at next, the first whose test failed; but see tells_much. One of the same task is preferred, or any when
 * nothing is left to be written: what is not may have been its cause.
 */
static const POINTS *next_row(const RESULT *results, int count)
{
    const POINTS *first = NULL, *near = NULL, *far = NULL;
    char text[CAUSE_TEXT];
    int unwritten = 0;
    for (int i = 0; i < row_count; i++) {
        const STORY *told = story_of(&rows[i], results, count);
        if (!told || told->outcome != OUTCOME_FAILED)
            continue;
        CAUSE cause = points_cause(rows[i].test, told, text);
        first = first ? first : &rows[i];
        unwritten |= cause == CAUSE_TODO;
        if (!tells_much(cause, told))
            continue;
        if (!far && (is_given(first->task) || !is_given(rows[i].task)))
            far = &rows[i];
        if (!near && !strcmp(first->task, rows[i].task))
            near = &rows[i];
    }
    if (first && points_cause(first->test, story_of(first, results, count), text) == CAUSE_TODO)
        return first;
    return near ? near : far && !unwritten ? far : first;
}

static void print_next(const POINTS *next, const STORY *told, int stage, const char *sources)
{
    char text[CAUSE_TEXT], place[CAUSE_TEXT], todo[300], task[16] = "";
    CAUSE cause = points_cause(next->test, told, text);
    if (cause == CAUSE_TODO && sscanf(text, "TODO %15[0-9.]", task) == 1) {
        printf("\nnext: write %s\n      read %s, %s\n", text, handout, task);
    } else {
        snprintf(task, sizeof task, "%s", next->task);
        printf("\nnext: task %s, test %s\n      %s\n", task, next->test, cause == CAUSE_UNTOLD ? next->hint : text);
        cause_place(told, place);
        if (cause == CAUSE_REPORT && *place)
            printf("      %s\n", place);
        if (sources && sources_have_todo(sources, task, todo, sizeof todo))
            printf("      %s still has TODO %s\n", todo, task);
        printf("      read %s, %s\n", handout, next->section);
    }
    if (cause == CAUSE_SIGNAL && !run.sanitized && !run.wine)
        printf("      make check LAB=%d TASK=%s SAN=address\n", stage, task);
    else if (!only || strcmp(only, task) != 0)
        printf("      make check LAB=%d TASK=%s\n", stage, task);
}

void points_sum(const RESULT *results, int count, int stage, const char *sources)
{
    int earned = 0, all = 0, not_here = 0;
    putchar('\n');
    for (int i = 0; i < row_count;) {
        const char *task = rows[i].task;
        int got = 0, of = 0, passed = 0, judged = 0;
        for (; i < row_count && !strcmp(rows[i].task, task); i++) {
            const STORY *told = story_of(&rows[i], results, count);
            OUTCOME outcome = told ? told->outcome : OUTCOME_NONE;
            not_here += outcome == OUTCOME_SKIPPED ? rows[i].tenths : 0;
            if (outcome == OUTCOME_NONE || outcome == OUTCOME_SKIPPED)
                continue;
            of += rows[i].tenths;
            judged++;
            passed += outcome == OUTCOME_PASSED;
            got += outcome == OUTCOME_PASSED ? rows[i].tenths : 0;
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
    const POINTS *next = next_row(results, count);
    if (next)
        print_next(next, story_of(next, results, count), stage, sources);
}
