/**
 * @file once.c
 * One-time initialisation.
 *
 * The two low bits of INIT_ONCE tell how far it is; when it is done, the rest is the context that the function gave.
 * Windows reserves the same two bits of the context. A function that fails leaves it undone: the next caller tries anew.
 */
#include "../host/host.h"
#include "../journal/journal.h"
#include "thread.h"

enum { UNDONE = 0, RUNNING = 1, DONE = 2, RUNNING_AND_AWAITED = 3, STATE_BITS = 3 };

static uintptr_t look(PINIT_ONCE once)
{
    return (uintptr_t)__atomic_load_n(&once->Ptr, __ATOMIC_ACQUIRE);
}

static bool change(PINIT_ONCE once, uintptr_t seen, uintptr_t next)
{
    PVOID expected = (PVOID)seen;
    return __atomic_compare_exchange_n(&once->Ptr, &expected, (PVOID)next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* The half of the word that changes. */
static const uint32_t *word(PINIT_ONCE once)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (const uint32_t *)once + 1;
#else
    return (const uint32_t *)once;
#endif
}

static void settle(PINIT_ONCE once, uintptr_t state)
{
    uintptr_t before = (uintptr_t)__atomic_exchange_n(&once->Ptr, (PVOID)state, __ATOMIC_ACQ_REL);
    if (before == RUNNING_AND_AWAITED)
        host_wake(word(once), 0x7fffffff);
}

static void await(PINIT_ONCE once, uintptr_t state)
{
    if (state == RUNNING && !change(once, RUNNING, RUNNING_AND_AWAITED))
        return;
    JOURNAL_WAITS(once, NULL, 0);
    block_enter();
    host_sleep_on(word(once), RUNNING_AND_AWAITED, HOST_FOREVER);
    block_leave();
    JOURNAL_WOKE(0, 0);
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE InitOnce, PINIT_ONCE_FN InitFn, PVOID Parameter, LPVOID *Context)
{
    uintptr_t state = look(InitOnce);
    if ((state & STATE_BITS) != DONE)
        WATCH_CALL("InitOnceExecuteOnce");
    for (; (state & STATE_BITS) != DONE; state = look(InitOnce)) {
        if (state != UNDONE) {
            await(InitOnce, state);
        } else if (change(InitOnce, UNDONE, RUNNING)) {
            PVOID made = NULL;
            BOOL succeeded = InitFn(InitOnce, Parameter, &made);
            settle(InitOnce, succeeded ? ((uintptr_t)made & ~(uintptr_t)STATE_BITS) | DONE : UNDONE);
            if (!succeeded)
                return FALSE;
        }
    }
    if (Context)
        *Context = (LPVOID)(state & ~(uintptr_t)STATE_BITS);
    return TRUE;
}
