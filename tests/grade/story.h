/**
 * @file story.h
 * What happened in one test: its steps, and at the end its outcome with the evidence.
 *
 * A story lies in memory that the test's process shares with the grader's, so that it survives a test that crashes
 * or hangs. The server under test never has this memory: it is another program.
 *
 * Every failure goes through story_fail, so that every failure reads alike:
 * the steps up to it, what was sent, what was expected, what came back.
 */
#ifndef GRADE_STORY_H
#define GRADE_STORY_H

#include <stddef.h>

enum { STORY_STEPS = 16, STORY_LINE = 320, STORY_TEXT = 1600 };

typedef enum OUTCOME { OUTCOME_NONE, OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED } OUTCOME;

typedef struct STORY {
    OUTCOME outcome;
    unsigned steps;                     /**< told so far; the last STORY_STEPS of them are kept */
    char step[STORY_STEPS][STORY_LINE]; /**< step n is at n % STORY_STEPS */
    char context[STORY_LINE];           /**< the row of a table that is being tried, or empty */
    char sent[STORY_TEXT];              /**< escaped; empty when the failure is not about a request */
    char expected[STORY_TEXT];
    char got[STORY_TEXT];
    char server[STORY_TEXT]; /**< how the server is and what it wrote to stderr */
    char reason[STORY_LINE]; /**< of a skipped test */
    char left[STORY_LINE];   /**< what the server left open at its end, where another test fails for it; or empty */
} STORY;

/** The story of the test that this process runs. */
extern STORY *story;

/** Tells a step. */
void story_step(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Names the row of a table that is being tried; shown with a failure. NULL ends it. */
void story_context(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Notes the bytes that a failure is about. */
void story_sent(const void *bytes, size_t length);

/** Ends the test: it failed. @param expected in words; the rest says what came back, as printf would */
void story_fail(const char *expected, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/** Ends the test: it cannot be run here, and why. */
void story_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** Called by story_fail to fill story->server; spawn.c sets it. */
extern void (*story_ask_server)(char *text, size_t size);

/** Fails unless the condition holds. */
#define EXPECT(condition, expected, ...)                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            story_fail(expected, __VA_ARGS__);                                                                         \
    } while (0)

#endif
