/*
 * threads.c - threads: start, end, exit codes, suspension, what is private to a thread.
 */
#include "kit.h"

static DWORD WINAPI return_argument(void *argument)
{
    return (DWORD)(ULONG_PTR)argument;
}

static DWORD WINAPI exit_early(void *argument)
{
    ExitThread((DWORD)(ULONG_PTR)argument);
    return 1;
}

static DWORD WINAPI wait_for_event(void *event)
{
    return WaitForSingleObject(event, limit_ms());
}

CASE(threads_an_exit_code_is_what_was_returned)
{
    static const ULONG_PTR codes[] = {0, 7, 259, 0xFFFFFFFFu};
    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(codes[i], join_thread(start_thread(return_argument, (void *)codes[i])));
        EXPECT_EQ(codes[i], join_thread(start_thread(exit_early, (void *)codes[i])));
    }
}

CASE(threads_a_running_one_is_STILL_ACTIVE_and_not_signalled)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE thread = start_thread(wait_for_event, event);
    DWORD code = 0;
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQ(STILL_ACTIVE, code);
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 10));
    SetEvent(event);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, limit_ms()));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, 0)); /* stays signalled */
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQ(WAIT_OBJECT_0, code);
    EXPECT(CloseHandle(thread));
    CloseHandle(event);
}

CASE(threads_are_waited_for_together_with_events)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), all[3];
    all[0] = start_thread(wait_for_event, event);
    all[1] = start_thread(wait_for_event, event);
    all[2] = event;
    EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(3, all, FALSE, 0));
    SetEvent(event);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(3, all, TRUE, limit_ms()));
    for (int i = 0; i < 3; i++) {
        CloseHandle(all[i]);
    }
}

typedef struct NOTE {
    HANDLE event;
    volatile LONG ran;
    volatile LONG id;
} NOTE;

static DWORD WINAPI note_run(void *argument)
{
    NOTE *note = argument;
    store(&note->id, (LONG)GetCurrentThreadId());
    store(&note->ran, 1);
    SetEvent(note->event);
    return 0;
}

CASE(threads_a_suspended_one_starts_when_resumed)
{
    NOTE note = {0};
    DWORD id = 0;
    HANDLE thread;
    note.event = CreateEventA(NULL, TRUE, FALSE, NULL);
    thread = CreateThread(NULL, 0, note_run, &note, CREATE_SUSPENDED, &id);
    REQUIRE(thread != NULL);
    EXPECT_STAYS(!load(&note.ran));
    EXPECT_EQ(1, ResumeThread(thread)); /* the count before */
    EXPECT_EQ(0, join_thread(thread));
    EXPECT(load(&note.ran));
    EXPECT_EQ((LONG)id, load(&note.id));
    CloseHandle(note.event);
}

CASE(threads_run_on_when_their_handle_is_closed)
{
    NOTE note = {0};
    HANDLE thread;
    note.event = CreateEventA(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0, note_run, &note, CREATE_SUSPENDED, NULL);
    REQUIRE(thread != NULL);
    EXPECT_EQ(1, ResumeThread(thread));
    EXPECT(CloseHandle(thread));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(note.event, limit_ms()));
    EXPECT(load(&note.ran)); /* the note stays valid: the event is the last that the thread touches of it */
    CloseHandle(note.event);
}

CASE(threads_have_ids_of_their_own)
{
    NOTE notes[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        HANDLE thread = start_thread(note_run, &notes[i]);
        EXPECT(GetThreadId(thread) != 0);
        EXPECT(GetThreadId(thread) != GetCurrentThreadId());
        join_thread(thread);
        EXPECT(load(&notes[i].id) != 0);
        EXPECT(load(&notes[i].id) != (LONG)GetCurrentThreadId());
    }
    EXPECT_EQ(GetCurrentThreadId(), GetThreadId(GetCurrentThread()));
}

CASE(threads_many_come_and_go)
{
    enum { AT_ONCE = 50 };
    HANDLE threads[AT_ONCE];
    for (int round = 0; round < 4; round++) {
        for (ULONG_PTR i = 0; i < AT_ONCE; i++) {
            threads[i] = start_thread(return_argument, (void *)i);
        }
        for (ULONG_PTR i = 0; i < AT_ONCE; i++) {
            EXPECT_EQ(i, join_thread(threads[i]));
        }
    }
}

static DWORD WINAPI keep_last_error(void *argument)
{
    EXPECT_ERROR(0); /* a new thread begins with none */
    SetLastError((DWORD)(ULONG_PTR)argument);
    for (int i = 0; i < 50; i++) {
        Sleep(0);
        EXPECT_EQ((ULONG_PTR)argument, GetLastError());
    }
    return 0;
}

CASE(threads_each_has_its_last_error)
{
    HANDLE threads[4];
    SetLastError(77);
    for (ULONG_PTR i = 0; i < 4; i++) {
        threads[i] = start_thread(keep_last_error, (void *)(100 + i));
    }
    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(threads[i], limit_ms()));
    }
    EXPECT_ERROR(77);
    for (int i = 0; i < 4; i++) {
        CloseHandle(threads[i]);
    }
}

static DWORD tls_slot;

static DWORD WINAPI use_tls(void *argument)
{
    EXPECT_PTR(NULL, TlsGetValue(tls_slot));
    EXPECT(TlsSetValue(tls_slot, argument));
    Sleep(1);
    EXPECT_PTR(argument, TlsGetValue(tls_slot));
    return 0;
}

CASE(threads_each_has_its_tls)
{
    HANDLE threads[3];
    int cells[3];
    tls_slot = TlsAlloc();
    REQUIRE(tls_slot != TLS_OUT_OF_INDEXES);
    EXPECT(TlsSetValue(tls_slot, &tls_slot));
    for (int i = 0; i < 3; i++) {
        threads[i] = start_thread(use_tls, &cells[i]);
    }
    for (int i = 0; i < 3; i++) {
        join_thread(threads[i]);
    }
    EXPECT_PTR(&tls_slot, TlsGetValue(tls_slot));
    SetLastError(5);
    EXPECT(TlsGetValue(tls_slot) != NULL);
    EXPECT_ERROR(ERROR_SUCCESS); /* so that a stored NULL can be told from a failure */
    EXPECT(TlsFree(tls_slot));
}

CASE(threads_want_good_handles)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    DWORD code = 0;
    SetLastError(0);
    EXPECT(!GetExitCodeThread(event, &code));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT_EQ(0xFFFFFFFFu, ResumeThread(NULL));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    CloseHandle(event);
}

const TEST_CASE threads_cases[] = {
    TEST(threads_an_exit_code_is_what_was_returned),
    TEST(threads_a_running_one_is_STILL_ACTIVE_and_not_signalled),
    TEST(threads_are_waited_for_together_with_events),
    TEST(threads_a_suspended_one_starts_when_resumed),
    TEST(threads_run_on_when_their_handle_is_closed),
    TEST(threads_have_ids_of_their_own),
    TEST(threads_many_come_and_go),
    TEST(threads_each_has_its_last_error),
    TEST(threads_each_has_its_tls),
    TEST(threads_want_good_handles),
    END_OF_CASES,
};
