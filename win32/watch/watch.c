/**
 * @file watch.c
 * Starting the watchers, and what all of them want to know of a call.
 */
#include "watch.h"

#include "../faults/faults.h"
#include "../journal/journal.h"
#include "../object/lock.h"
#include "../verifier/verifier.h"

unsigned watch_word;
_Thread_local watch_call watch_now;

_Thread_local watch_call watch_behalf;

static lock starting; /* held while the environment is read, once */

bool watch_look(void)
{
    if (__atomic_load_n(&watch_word, __ATOMIC_ACQUIRE) == 0) {
        lock_acquire(&starting);
        if (watch_word == 0) {
            unsigned word = WATCH_STARTED;
            word |= journal_start() ? WATCH_JOURNAL : 0u;
            word |= faults_start() ? WATCH_FAULTS : 0u;
            word |= verifier_start() ? WATCH_VERIFIER : 0u;
            __atomic_store_n(&watch_word, word, __ATOMIC_RELEASE);
        }
        lock_release(&starting);
    }
    return __atomic_load_n(&watch_word, __ATOMIC_RELAXED) != WATCH_STARTED;
}

void watch_pass(const char *name, const void *caller, const char *frame)
{
    if (!watch_behalf.name)
        watch_behalf = (watch_call){.name = name, .caller = caller, .frame = frame};
}

void watch_enter_silently(const char *name, const void *caller, const char *frame)
{
    watch_now = watch_behalf.name ? watch_behalf : (watch_call){.name = name, .caller = caller, .frame = frame};
    watch_behalf.name = NULL;
    if (watch_word & WATCH_VERIFIER)
        verifier_call();
}

void watch_enter(const char *name, HANDLE handle, const void *overlapped, uint64_t bytes, const void *caller,
                 const char *frame)
{
    watch_enter_silently(name, caller, frame);
    watch_now.line = name;
    watch_now.handle = handle;
    watch_now.overlapped = overlapped;
    if (watch_word & WATCH_JOURNAL)
        journal_write("call", name, handle, overlapped, bytes, 0, watch_now.caller);
}
