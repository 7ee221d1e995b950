/**
 * @file condition.c
 * Condition variables.
 *
 * A sleeper notes Sequence while it still holds the program's lock, gives the lock up, and sleeps until Sequence has
 * changed. Whoever changes the condition under that lock and wakes afterwards therefore either finds the sleeper
 * asleep or has changed its number before it falls asleep: no wake is lost. As on Windows a sleeper may also wake
 * for nothing, so programs look at their condition in a loop.
 */
#include "../host/host.h"
#include "deadline.h"
#include "../journal/journal.h"
#include "thread.h"

#define EVERYBODY 0x7fffffffu

/* Called with the program's lock held, before it is given up. */
static uint32_t announce(PCONDITION_VARIABLE condition)
{
    __atomic_add_fetch(&condition->Waiters, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&condition->Sequence, __ATOMIC_SEQ_CST);
}

/* Called without the lock. @return false when the time was over before a wake came */
static bool sleep_until_woken(PCONDITION_VARIABLE condition, uint32_t seen, uint64_t deadline)
{
    bool woken;
    uint64_t left = HOST_FOREVER;
    block_enter();
    while (!(woken = __atomic_load_n(&condition->Sequence, __ATOMIC_SEQ_CST) != seen) &&
           (left = deadline_left(deadline)) > 0)
        host_sleep_on(&condition->Sequence, seen, left);
    block_leave();
    __atomic_sub_fetch(&condition->Waiters, 1, __ATOMIC_SEQ_CST);
    return woken;
}

static void wake(PCONDITION_VARIABLE condition, uint32_t count)
{
    if (__atomic_load_n(&condition->Waiters, __ATOMIC_SEQ_CST) == 0)
        return;
    __atomic_add_fetch(&condition->Sequence, 1, __ATOMIC_SEQ_CST);
    host_wake(&condition->Sequence, count);
}

void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE ConditionVariable)
{
    *ConditionVariable = (CONDITION_VARIABLE)CONDITION_VARIABLE_INIT;
}

BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE ConditionVariable, PCRITICAL_SECTION CriticalSection,
                                     DWORD dwMilliseconds)
{
    JOURNAL_CALL("SleepConditionVariableCS", ConditionVariable, NULL, dwMilliseconds);
    uint64_t deadline = deadline_after(dwMilliseconds);
    uint32_t seen = announce(ConditionVariable);
    LeaveCriticalSection(CriticalSection);
    bool woken = sleep_until_woken(ConditionVariable, seen, deadline);
    watch_call mine = watch_lend();
    EnterCriticalSection(CriticalSection);
    watch_take_back(&mine);
    JOURNAL_WOKE(dwMilliseconds, woken ? 0 : ERROR_TIMEOUT);
    return woken ? TRUE : fail(ERROR_TIMEOUT);
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE ConditionVariable, PSRWLOCK SRWLock, DWORD dwMilliseconds,
                                      ULONG Flags)
{
    JOURNAL_CALL("SleepConditionVariableSRW", ConditionVariable, NULL, dwMilliseconds);
    bool shared = Flags & CONDITION_VARIABLE_LOCKMODE_SHARED;
    uint64_t deadline = deadline_after(dwMilliseconds);
    uint32_t seen = announce(ConditionVariable);
    if (shared)
        ReleaseSRWLockShared(SRWLock);
    else
        ReleaseSRWLockExclusive(SRWLock);
    bool woken = sleep_until_woken(ConditionVariable, seen, deadline);
    watch_call mine = watch_lend();
    if (shared)
        AcquireSRWLockShared(SRWLock);
    else
        AcquireSRWLockExclusive(SRWLock);
    watch_take_back(&mine);
    JOURNAL_WOKE(dwMilliseconds, woken ? 0 : ERROR_TIMEOUT);
    return woken ? TRUE : fail(ERROR_TIMEOUT);
}

void WINAPI WakeConditionVariable(PCONDITION_VARIABLE ConditionVariable)
{
    wake(ConditionVariable, 1);
}

void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE ConditionVariable)
{
    wake(ConditionVariable, EVERYBODY);
}
