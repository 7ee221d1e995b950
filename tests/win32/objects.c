/*
 * objects.c - mutexes, semaphores, one-time initialization.
 */
#include "kit.h"

enum { THREADS = 4, TIMES = 500 };

typedef struct SHELF {
    HANDLE mutex;
    long counter; /* guarded by the mutex */
} SHELF;

static DWORD WINAPI count_under_mutex(void *argument)
{
    SHELF *shelf = argument;
    for (int i = 0; i < TIMES; i++) {
        REQUIRE_EQ(WAIT_OBJECT_0, WaitForSingleObject(shelf->mutex, limit_ms()));
        shelf->counter++;
        EXPECT(ReleaseMutex(shelf->mutex));
    }
    return 0;
}

static DWORD WINAPI keep_mutex(void *argument)
{
    SHELF *shelf = argument;
    return WaitForSingleObject(shelf->mutex, 0);
}

static DWORD WINAPI release_mutex(void *argument)
{
    SHELF *shelf = argument;
    return ReleaseMutex(shelf->mutex) ? 0 : GetLastError();
}

CASE(objects_a_mutex_belongs_to_a_thread)
{
    SHELF shelf = {0};
    HANDLE threads[THREADS];
    shelf.mutex = CreateMutexA(NULL, TRUE, NULL);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(shelf.mutex, 0)); /* again, by its owner */
    EXPECT_EQ(WAIT_TIMEOUT, join_thread(start_thread(keep_mutex, &shelf)));
    EXPECT_EQ(ERROR_NOT_OWNER, join_thread(start_thread(release_mutex, &shelf)));
    EXPECT(ReleaseMutex(shelf.mutex));
    EXPECT_EQ(WAIT_TIMEOUT, join_thread(start_thread(keep_mutex, &shelf)));
    EXPECT(ReleaseMutex(shelf.mutex));
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(count_under_mutex, &shelf);
    }
    for (int i = 0; i < THREADS; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(THREADS * TIMES, shelf.counter);
    EXPECT_EQ(WAIT_OBJECT_0, join_thread(start_thread(keep_mutex, &shelf))); /* and leaves without release */
    EXPECT_EQ(WAIT_ABANDONED, WaitForSingleObject(shelf.mutex, limit_ms()));
    EXPECT(ReleaseMutex(shelf.mutex));
    CloseHandle(shelf.mutex);
}

CASE(objects_a_semaphore_counts)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 1, 3, NULL);
    LONG before = 9;
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(semaphore, 0));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(semaphore, 0));
    EXPECT(ReleaseSemaphore(semaphore, 2, &before));
    EXPECT_EQ(0, before);
    SetLastError(0);
    EXPECT(!ReleaseSemaphore(semaphore, 2, &before));
    EXPECT_ERROR(ERROR_TOO_MANY_POSTS);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(semaphore, 0));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(semaphore, 0));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(semaphore, 0));
    CloseHandle(semaphore);
}

static volatile LONG initializations;

static BOOL CALLBACK initialize_once(PINIT_ONCE once, void *parameter, void **context)
{
    (void)once;
    (void)context;
    InterlockedIncrement(&initializations);
    Sleep(1);
    return parameter != NULL;
}

static DWORD WINAPI ask_for_initialization(void *argument)
{
    EXPECT(InitOnceExecuteOnce(argument, initialize_once, argument, NULL));
    EXPECT_EQ(1, load(&initializations));
    return 0;
}

CASE(objects_one_time_initialization_runs_once)
{
    INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    HANDLE threads[THREADS];
    store(&initializations, 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(ask_for_initialization, &once);
    }
    for (int i = 0; i < THREADS; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(1, load(&initializations));
}

const TEST_CASE objects_cases[] = {
    TEST(objects_a_mutex_belongs_to_a_thread),
    TEST(objects_a_semaphore_counts),
    TEST(objects_one_time_initialization_runs_once),
    END_OF_CASES,
};
