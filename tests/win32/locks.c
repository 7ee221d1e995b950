/*
 * locks.c - critical sections, SRW locks, condition variables.
 */
#include "kit.h"

enum { THREADS = 4, TIMES = 5000 };

/* One of everything, and a counter that only the lock under test protects. */
typedef struct SHELF {
    CRITICAL_SECTION section;
    SRWLOCK lock;
    CONDITION_VARIABLE changed;
    long counter;
    volatile LONG inside, stage;
} SHELF;

static void run_threads(LPTHREAD_START_ROUTINE body, SHELF *shelf)
{
    HANDLE threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(body, shelf);
    }
    for (int i = 0; i < THREADS; i++) {
        join_thread(threads[i]);
    }
}

static DWORD WINAPI count_in_section(void *argument)
{
    SHELF *shelf = argument;
    for (int i = 0; i < TIMES; i++) {
        EnterCriticalSection(&shelf->section);
        shelf->counter++;
        LeaveCriticalSection(&shelf->section);
    }
    return 0;
}

static DWORD WINAPI try_section(void *argument)
{
    SHELF *shelf = argument;
    DWORD entered = (DWORD)TryEnterCriticalSection(&shelf->section);
    if (entered) {
        LeaveCriticalSection(&shelf->section);
    }
    return entered;
}

CASE(locks_a_critical_section_excludes)
{
    SHELF shelf = {0};
    InitializeCriticalSection(&shelf.section);
    run_threads(count_in_section, &shelf);
    EXPECT_EQ(THREADS * TIMES, shelf.counter);
    DeleteCriticalSection(&shelf.section);
    shelf.counter = 0;
    EXPECT(InitializeCriticalSectionAndSpinCount(&shelf.section, 4000));
    run_threads(count_in_section, &shelf);
    EXPECT_EQ(THREADS * TIMES, shelf.counter);
    DeleteCriticalSection(&shelf.section);
}

CASE(locks_a_critical_section_may_be_entered_again_by_its_owner)
{
    SHELF shelf = {0};
    InitializeCriticalSection(&shelf.section);
    EnterCriticalSection(&shelf.section);
    EnterCriticalSection(&shelf.section);
    EXPECT(TryEnterCriticalSection(&shelf.section));
    LeaveCriticalSection(&shelf.section);
    LeaveCriticalSection(&shelf.section);
    EXPECT_EQ(0, join_thread(start_thread(try_section, &shelf))); /* one level is left */
    LeaveCriticalSection(&shelf.section);
    EXPECT(join_thread(start_thread(try_section, &shelf)) != 0);
    DeleteCriticalSection(&shelf.section);
}

/* ---- SRW locks ---- */

static DWORD WINAPI count_in_lock(void *argument)
{
    SHELF *shelf = argument;
    for (int i = 0; i < TIMES; i++) {
        AcquireSRWLockExclusive(&shelf->lock);
        shelf->counter++;
        ReleaseSRWLockExclusive(&shelf->lock);
    }
    return 0;
}

static DWORD WINAPI read_and_count_in_lock(void *argument)
{
    SHELF *shelf = argument;
    for (int i = 0; i < TIMES; i++) {
        long before, after;
        AcquireSRWLockShared(&shelf->lock);
        before = shelf->counter;
        after = shelf->counter;
        ReleaseSRWLockShared(&shelf->lock);
        EXPECT_EQ(before, after);
        if (i % 8 == 0) {
            AcquireSRWLockExclusive(&shelf->lock);
            shelf->counter++;
            ReleaseSRWLockExclusive(&shelf->lock);
        }
    }
    return 0;
}

static DWORD WINAPI try_lock(void *argument)
{
    SHELF *shelf = argument;
    DWORD result = 0;
    if (TryAcquireSRWLockShared(&shelf->lock)) {
        result |= 1;
        ReleaseSRWLockShared(&shelf->lock);
    }
    if (TryAcquireSRWLockExclusive(&shelf->lock)) {
        result |= 2;
        ReleaseSRWLockExclusive(&shelf->lock);
    }
    return result;
}

CASE(locks_an_srw_lock_excludes)
{
    SHELF shelf = {0};
    SRWLOCK constant = SRWLOCK_INIT;
    InitializeSRWLock(&shelf.lock);
    run_threads(count_in_lock, &shelf);
    EXPECT_EQ(THREADS * TIMES, shelf.counter);
    shelf.counter = 0;
    shelf.lock = constant;
    run_threads(read_and_count_in_lock, &shelf);
    EXPECT_EQ(THREADS * TIMES / 8, shelf.counter);
}

CASE(locks_an_srw_lock_is_shared_by_readers_only)
{
    SHELF shelf = {0};
    InitializeSRWLock(&shelf.lock);
    EXPECT_EQ(3, join_thread(start_thread(try_lock, &shelf)));
    AcquireSRWLockShared(&shelf.lock);
    EXPECT_EQ(1, join_thread(start_thread(try_lock, &shelf)));
    ReleaseSRWLockShared(&shelf.lock);
    AcquireSRWLockExclusive(&shelf.lock);
    EXPECT_EQ(0, join_thread(start_thread(try_lock, &shelf)));
    EXPECT(!TryAcquireSRWLockExclusive(&shelf.lock)); /* not even its owner */
    ReleaseSRWLockExclusive(&shelf.lock);
    EXPECT_EQ(3, join_thread(start_thread(try_lock, &shelf)));
}

static DWORD WINAPI meet_inside(void *argument)
{
    SHELF *shelf = argument;
    AcquireSRWLockShared(&shelf->lock);
    InterlockedIncrement(&shelf->inside);
    WAIT_UNTIL(load(&shelf->inside) == THREADS);
    ReleaseSRWLockShared(&shelf->lock);
    return 0;
}

CASE(locks_readers_are_inside_together)
{
    SHELF shelf = {0};
    InitializeSRWLock(&shelf.lock);
    run_threads(meet_inside, &shelf);
}

/* ---- condition variables ---- */

static DWORD WINAPI wait_for_stage(void *argument)
{
    SHELF *shelf = argument;
    EnterCriticalSection(&shelf->section);
    InterlockedIncrement(&shelf->inside);
    while (shelf->stage == 0) {
        REQUIRE(SleepConditionVariableCS(&shelf->changed, &shelf->section, INFINITE));
    }
    shelf->counter++; /* inside the section again */
    LeaveCriticalSection(&shelf->section);
    return 0;
}

static DWORD WINAPI wait_for_stage_shared(void *argument)
{
    SHELF *shelf = argument;
    AcquireSRWLockShared(&shelf->lock);
    InterlockedIncrement(&shelf->inside);
    while (shelf->stage == 0) {
        REQUIRE(SleepConditionVariableSRW(&shelf->changed, &shelf->lock, INFINITE,
                                          CONDITION_VARIABLE_LOCKMODE_SHARED));
    }
    ReleaseSRWLockShared(&shelf->lock);
    return 0;
}

CASE(locks_a_condition_variable_wakes_all)
{
    SHELF shelf = {0};
    HANDLE threads[THREADS];
    InitializeCriticalSection(&shelf.section);
    InitializeSRWLock(&shelf.lock);
    InitializeConditionVariable(&shelf.changed);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(i % 2 ? wait_for_stage : wait_for_stage_shared, &shelf);
    }
    WAIT_UNTIL(load(&shelf.inside) == THREADS);
    EnterCriticalSection(&shelf.section);
    AcquireSRWLockExclusive(&shelf.lock);
    shelf.stage = 1;
    ReleaseSRWLockExclusive(&shelf.lock);
    LeaveCriticalSection(&shelf.section);
    WakeAllConditionVariable(&shelf.changed);
    for (int i = 0; i < THREADS; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(THREADS / 2, shelf.counter);
    DeleteCriticalSection(&shelf.section);
}

CASE(locks_a_condition_variable_times_out_with_1460_and_the_lock_held)
{
    SHELF shelf = {0};
    ULONGLONG begin = clock_ms();
    InitializeCriticalSection(&shelf.section);
    InitializeSRWLock(&shelf.lock);
    InitializeConditionVariable(&shelf.changed);
    EnterCriticalSection(&shelf.section);
    SetLastError(0);
    EXPECT(!SleepConditionVariableCS(&shelf.changed, &shelf.section, 30));
    EXPECT_ERROR(ERROR_TIMEOUT);
    EXPECT(clock_ms() - begin + 16 >= 30);
    EXPECT_EQ(0, join_thread(start_thread(try_section, &shelf)));
    LeaveCriticalSection(&shelf.section);
    AcquireSRWLockExclusive(&shelf.lock);
    SetLastError(0);
    EXPECT(!SleepConditionVariableSRW(&shelf.changed, &shelf.lock, 0, 0));
    EXPECT_ERROR(ERROR_TIMEOUT);
    EXPECT_EQ(0, join_thread(start_thread(try_lock, &shelf)));
    ReleaseSRWLockExclusive(&shelf.lock);
    DeleteCriticalSection(&shelf.section);
}

enum { GOODS = 4000, ROOM = 4 };

/* A bounded buffer: full and empty are two conditions on one variable, so a lost wake-up stops everything. */
static DWORD WINAPI produce(void *argument)
{
    SHELF *shelf = argument;
    for (int i = 0; i < GOODS; i++) {
        AcquireSRWLockExclusive(&shelf->lock);
        while (shelf->counter == ROOM) {
            REQUIRE(SleepConditionVariableSRW(&shelf->changed, &shelf->lock, limit_ms(), 0));
        }
        shelf->counter++;
        ReleaseSRWLockExclusive(&shelf->lock);
        WakeAllConditionVariable(&shelf->changed);
    }
    return 0;
}

static DWORD WINAPI consume(void *argument)
{
    SHELF *shelf = argument;
    for (int i = 0; i < GOODS; i++) {
        AcquireSRWLockExclusive(&shelf->lock);
        while (shelf->counter == 0) {
            REQUIRE(SleepConditionVariableSRW(&shelf->changed, &shelf->lock, limit_ms(), 0));
        }
        shelf->counter--;
        ReleaseSRWLockExclusive(&shelf->lock);
        WakeAllConditionVariable(&shelf->changed);
    }
    return 0;
}

CASE(locks_a_condition_variable_loses_no_wake_up)
{
    SHELF shelf = {0};
    HANDLE threads[THREADS];
    InitializeSRWLock(&shelf.lock);
    InitializeConditionVariable(&shelf.changed);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(i % 2 ? produce : consume, &shelf);
    }
    for (int i = 0; i < THREADS; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(0, shelf.counter);
}

CASE(locks_waking_one_wakes_at_least_one_and_is_not_stored)
{
    SHELF shelf = {0};
    HANDLE thread;
    InitializeCriticalSection(&shelf.section);
    InitializeConditionVariable(&shelf.changed);
    WakeConditionVariable(&shelf.changed); /* nobody waits: forgotten */
    EnterCriticalSection(&shelf.section);
    EXPECT(!SleepConditionVariableCS(&shelf.changed, &shelf.section, 10));
    LeaveCriticalSection(&shelf.section);
    thread = start_thread(wait_for_stage, &shelf);
    WAIT_UNTIL(load(&shelf.inside) == 1);
    EnterCriticalSection(&shelf.section); /* so it sleeps */
    shelf.stage = 1;
    WakeConditionVariable(&shelf.changed);
    LeaveCriticalSection(&shelf.section);
    join_thread(thread);
    EnterCriticalSection(&shelf.section); /* and the wake is used up */
    EXPECT(!SleepConditionVariableCS(&shelf.changed, &shelf.section, 10));
    LeaveCriticalSection(&shelf.section);
    DeleteCriticalSection(&shelf.section);
}

const TEST_CASE locks_cases[] = {
    TEST(locks_a_critical_section_excludes),
    TEST(locks_a_critical_section_may_be_entered_again_by_its_owner),
    TEST(locks_an_srw_lock_excludes),
    TEST(locks_an_srw_lock_is_shared_by_readers_only),
    TEST(locks_readers_are_inside_together),
    TEST(locks_a_condition_variable_wakes_all),
    TEST(locks_a_condition_variable_times_out_with_1460_and_the_lock_held),
    TEST(locks_a_condition_variable_loses_no_wake_up),
    TEST(locks_waking_one_wakes_at_least_one_and_is_not_stored),
    END_OF_CASES,
};
