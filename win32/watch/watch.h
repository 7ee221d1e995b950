/**
 * @file watch.h
 * The one word that says whether anybody watches: the journal, the faults, the verifier.
 *
 * Every place that may interest a watcher looks at this word first, and with nobody watching that is all it does: one
 * load and one branch that is never taken. The environment is read when the word is looked at for the first time.
 *
 * A function of the API announces itself with JOURNAL_CALL (journal.h). From then on the thread's watch_now tells what
 * the program called and from where, to everything below it.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/windows.h"
#include "own_memory.h"

enum { WATCH_STARTED = 1, WATCH_JOURNAL = 2, WATCH_FAULTS = 4, WATCH_VERIFIER = 8 };

extern unsigned watch_word; /**< WATCH_…; 0: nobody has looked yet */

/** The call that a thread is in, or was in last. */
typedef struct watch_call {
    const char *name;   /**< the function, as the program wrote it; NULL before the first call */
    const void *caller; /**< the address that it returns to */
    const char *frame;  /**< what lies below this on the thread's stack belongs to no function that is still running */
    const char *line;   /**< what the journal's line calls it; NULL: it has none */
    HANDLE handle;
    const void *overlapped;
} watch_call;

extern _Thread_local watch_call watch_now;
/** The program's call on whose behalf the next one is made; no name: on its own. */
extern _Thread_local watch_call watch_behalf;

/** Reads the environment if nobody has yet. @return whether anybody watches */
bool watch_look(void);

static inline bool watch_on(void)
{
#ifdef WATCH_NONE /* for the measurement of what all this costs (tests/cost) */
    return false;
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    /* What the next branch says; but for an atomic load the compiler makes an instruction of its own, at every place. */
    __asm__ goto("cmpl %1, %0\n\tjne %l[somebody]" : : "m"(watch_word), "i"(WATCH_STARTED) : "cc" : somebody);
    return false;
somebody:
    __attribute__((cold));
    return watch_look();
#else
    return __builtin_expect(__atomic_load_n(&watch_word, __ATOMIC_RELAXED) != WATCH_STARTED, 0) && watch_look();
#endif
}

static inline bool watch_by(unsigned who)
{
    return watch_on() && (__atomic_load_n(&watch_word, __ATOMIC_RELAXED) & who) != 0;
}

void watch_enter(const char *name, HANDLE handle, const void *overlapped, uint64_t bytes, const void *caller,
                 const char *frame);
void watch_enter_silently(const char *name, const void *caller, const char *frame);
void watch_pass(const char *name, const void *caller, const char *frame);

/**
 * @name Around a call of the API that the port makes itself, in the middle of one of the program's
 * It counts as made by the program, from where the program called; afterwards the thread is in the program's call again.
 * @{ */
static inline watch_call watch_lend(void)
{
    if (watch_on())
        watch_behalf = watch_now;
    return watch_now;
}

static inline void watch_take_back(const watch_call *lent)
{
    if (!watch_on())
        return;
    watch_behalf.name = NULL;
    watch_now = *lent;
}
/** @} */

/* Where the caller's part of the stack begins. clang lacks the exact word for it; its own frame does nearly as well. */
#ifdef __clang__
#define WATCH_FRAME ((const char *)__builtin_frame_address(0))
#else
#define WATCH_FRAME ((const char *)__builtin_dwarf_cfa())
#endif

/** Announces a function of the API of which the journal has no line. */
#define WATCH_CALL(Name)                                                                                               \
    do {                                                                                                               \
        if (watch_on())                                                                                                \
            watch_enter_silently((Name), __builtin_return_address(0), WATCH_FRAME);                                    \
    } while (0)

/** For a function of the API that is made of another one: the other names itself, but this one's caller. */
#define WATCH_PASS(Name)                                                                                               \
    do {                                                                                                               \
        if (watch_on())                                                                                                \
            watch_pass((Name), __builtin_return_address(0), WATCH_FRAME);                                              \
    } while (0)

#endif
