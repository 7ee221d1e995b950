/*
 * events.c - events and waits: one, any, all, the limit of 64, and who gets a release.
 */
#include "kit.h"

static HANDLE new_event(BOOL manual, BOOL set)
{
    HANDLE event = CreateEventA(NULL, manual, set, NULL);
    REQUIRE(event != NULL);
    return event;
}

static void close_events(HANDLE *events, DWORD count)
{
    for (DWORD i = 0; i < count; i++) {
        CloseHandle(events[i]);
    }
}

CASE(events_a_manual_event_stays_set)
{
    HANDLE event = new_event(TRUE, FALSE);
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 0));
    EXPECT(SetEvent(event));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, 0));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, INFINITE));
    EXPECT(ResetEvent(event));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 0));
    CloseHandle(event);
    event = new_event(TRUE, TRUE);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, 0));
    CloseHandle(event);
}

CASE(events_an_auto_event_releases_once)
{
    HANDLE event = new_event(FALSE, TRUE);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, 0));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 0));
    EXPECT(SetEvent(event));
    EXPECT(SetEvent(event)); /* set is set: no second release is stored */
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, 0));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 0));
    CloseHandle(event);
}

CASE(events_a_wait_times_out_after_its_time)
{
    HANDLE event = new_event(TRUE, FALSE);
    ULONGLONG begin = clock_ms();
    SetLastError(UNTOUCHED_ERROR);
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 50));
    EXPECT_ERROR(UNTOUCHED_ERROR); /* a timeout is an answer, not an error */
    EXPECT(clock_ms() - begin + 16 >= 50);
    CloseHandle(event);
}

CASE(events_bad_handles_fail_with_6)
{
    HANDLE event = new_event(TRUE, TRUE), both[2];
    HANDLE port = new_port(1);
    both[0] = new_event(TRUE, TRUE);
    both[1] = event;
    CloseHandle(event); /* nothing may be created from here on: it could get the same handle */
    SetLastError(0);
    EXPECT_EQ(WAIT_FAILED, WaitForSingleObject(event, 0));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT_EQ(WAIT_FAILED, WaitForSingleObject(NULL, 0));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(2, both, FALSE, 0)); /* although the first is set */
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!SetEvent(event));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!SetEvent(port)); /* not an event */
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!ResetEvent(NULL));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!CloseHandle(event));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    CloseHandle(both[0]);
    CloseHandle(port);
}

CASE(events_waiting_for_any_gives_the_lowest)
{
    HANDLE events[5];
    for (int i = 0; i < 5; i++) {
        events[i] = new_event(FALSE, FALSE);
    }
    EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(5, events, FALSE, 0));
    SetEvent(events[4]);
    SetEvent(events[1]);
    SetEvent(events[3]);
    EXPECT_EQ(WAIT_OBJECT_0 + 1, WaitForMultipleObjects(5, events, FALSE, 0));
    EXPECT_EQ(WAIT_OBJECT_0 + 3, WaitForMultipleObjects(5, events, FALSE, 0)); /* only the first was consumed */
    EXPECT_EQ(WAIT_OBJECT_0 + 4, WaitForMultipleObjects(5, events, FALSE, INFINITE));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(5, events, FALSE, 20));
    close_events(events, 5);
}

CASE(events_waiting_for_all_takes_all_or_none)
{
    HANDLE events[3];
    for (int i = 0; i < 3; i++) {
        events[i] = new_event(FALSE, FALSE);
    }
    SetEvent(events[0]);
    SetEvent(events[2]);
    EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(3, events, TRUE, 20));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(events[0], 0)); /* not consumed by the wait that failed */
    SetEvent(events[0]);
    SetEvent(events[1]);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(3, events, TRUE, 0));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(events[i], 0));
    }
    close_events(events, 3);
}

CASE(events_the_limit_of_a_wait_is_64)
{
    HANDLE events[65];
    for (int i = 0; i < 65; i++) {
        events[i] = new_event(FALSE, i >= 63);
    }
    EXPECT_EQ(64, MAXIMUM_WAIT_OBJECTS);
    EXPECT_EQ(64, WSA_MAXIMUM_WAIT_EVENTS);
    EXPECT_EQ(WAIT_OBJECT_0 + 63, WaitForMultipleObjects(64, events, FALSE, 0));
    SetLastError(0);
    EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(65, events, FALSE, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    SetLastError(0);
    EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(0, events, FALSE, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    close_events(events, 65);
}

CASE(events_WSA_events_are_manual_and_start_unset)
{
    WSAEVENT event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE));
    EXPECT(WSASetEvent(event));
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE));
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, TRUE, WSA_INFINITE, FALSE));
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, 0)); /* an event like any other */
    EXPECT(WSAResetEvent(event));
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE));
    EXPECT(WSACloseEvent(event));
    EXPECT(!WSASetEvent(event));
    EXPECT_EQ(WSA_INVALID_HANDLE, WSAGetLastError());
}

CASE(events_WSAWaitForMultipleEvents_has_the_same_limits)
{
    WSAEVENT events[65];
    for (int i = 0; i < 65; i++) {
        events[i] = WSACreateEvent();
    }
    WSASetEvent(events[63]);
    WSASetEvent(events[7]);
    EXPECT_EQ(WSA_WAIT_EVENT_0 + 7, WSAWaitForMultipleEvents(64, events, FALSE, 0, FALSE));
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(64, events, TRUE, 10, FALSE));
    EXPECT_EQ(WSA_WAIT_FAILED, WSAWaitForMultipleEvents(65, events, FALSE, 0, FALSE));
    EXPECT_EQ(WSA_INVALID_PARAMETER, WSAGetLastError());
    EXPECT_EQ(WSA_WAIT_FAILED, WSAWaitForMultipleEvents(0, events, FALSE, 0, FALSE));
    EXPECT_EQ(WSA_INVALID_PARAMETER, WSAGetLastError());
    for (int i = 0; i < 65; i++) {
        WSACloseEvent(events[i]);
    }
    EXPECT_EQ(WSA_WAIT_FAILED, WSAWaitForMultipleEvents(2, events, FALSE, 0, FALSE));
    EXPECT_EQ(WSA_INVALID_HANDLE, WSAGetLastError());
}

/* ---- several waiters ---- */

enum { WAITERS = 8 };

typedef struct ROOM {
    HANDLE event;
    volatile LONG awake;
} ROOM;

static DWORD WINAPI wait_in_room(void *argument)
{
    ROOM *room = argument;
    REQUIRE_EQ(WAIT_OBJECT_0, WaitForSingleObject(room->event, limit_ms()));
    InterlockedIncrement(&room->awake);
    return 0;
}

CASE(events_an_auto_event_wakes_one_waiter_a_time)
{
    ROOM room = {0};
    HANDLE threads[WAITERS];
    room.event = new_event(FALSE, FALSE);
    for (int i = 0; i < WAITERS; i++) {
        threads[i] = start_thread(wait_in_room, &room);
    }
    for (LONG i = 0; i < WAITERS; i++) {
        EXPECT_EQ(i, load(&room.awake));
        SetEvent(room.event);
        WAIT_UNTIL(load(&room.awake) == i + 1);
    }
    for (int i = 0; i < WAITERS; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(room.event, 0));
    CloseHandle(room.event);
}

CASE(events_a_manual_event_wakes_all)
{
    ROOM room = {0};
    HANDLE threads[WAITERS];
    room.event = new_event(TRUE, FALSE);
    for (int i = 0; i < WAITERS; i++) {
        threads[i] = start_thread(wait_in_room, &room);
    }
    EXPECT_STAYS(load(&room.awake) == 0);
    SetEvent(room.event);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(WAITERS, threads, TRUE, limit_ms()));
    EXPECT_EQ(WAITERS, load(&room.awake));
    close_events(threads, WAITERS);
    CloseHandle(room.event);
}

typedef struct ROPE {
    HANDLE ping, pong;
} ROPE;

static DWORD WINAPI answer_pings(void *argument)
{
    ROPE *rope = argument;
    for (int i = 0; i < 2000; i++) {
        REQUIRE_EQ(WAIT_OBJECT_0, WaitForSingleObject(rope->ping, limit_ms()));
        SetEvent(rope->pong);
    }
    return 0;
}

CASE(events_no_wake_up_is_lost_between_two_threads)
{
    ROPE rope;
    HANDLE thread;
    rope.ping = new_event(FALSE, FALSE);
    rope.pong = new_event(FALSE, FALSE);
    thread = start_thread(answer_pings, &rope);
    for (int i = 0; i < 2000; i++) {
        REQUIRE_EQ(WAIT_OBJECT_0, SignalObjectAndWait(rope.ping, rope.pong, limit_ms(), FALSE));
    }
    join_thread(thread);
    CloseHandle(rope.ping);
    CloseHandle(rope.pong);
}

typedef struct TABLE {
    HANDLE events[4];
    volatile LONG released, stop;
} TABLE;

static DWORD WINAPI take_all(void *argument)
{
    TABLE *table = argument;
    while (!load(&table->stop)) {
        DWORD result = WaitForMultipleObjects(4, table->events, TRUE, 5);
        if (result == WAIT_OBJECT_0) {
            InterlockedIncrement(&table->released);
        } else {
            EXPECT_EQ(WAIT_TIMEOUT, result);
        }
    }
    return 0;
}

CASE(events_waits_for_all_that_compete_take_each_set_once)
{
    TABLE table;
    HANDLE threads[4];
    memset(&table, 0, sizeof table);
    for (int i = 0; i < 4; i++) {
        table.events[i] = new_event(FALSE, FALSE);
    }
    for (int i = 0; i < 4; i++) {
        threads[i] = start_thread(take_all, &table);
    }
    for (LONG round = 0; round < 200; round++) {
        for (int i = 0; i < 4; i++) {
            SetEvent(table.events[i]);
        }
        WAIT_UNTIL(load(&table.released) == round + 1);
    }
    store(&table.stop, 1);
    for (int i = 0; i < 4; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(200, load(&table.released));
    close_events(table.events, 4);
}

const TEST_CASE events_cases[] = {
    TEST(events_a_manual_event_stays_set),
    TEST(events_an_auto_event_releases_once),
    TEST(events_a_wait_times_out_after_its_time),
    TEST(events_bad_handles_fail_with_6),
    TEST(events_waiting_for_any_gives_the_lowest),
    TEST(events_waiting_for_all_takes_all_or_none),
    TEST(events_the_limit_of_a_wait_is_64),
    TEST(events_WSA_events_are_manual_and_start_unset),
    TEST(events_WSAWaitForMultipleEvents_has_the_same_limits),
    TEST(events_an_auto_event_wakes_one_waiter_a_time),
    TEST(events_a_manual_event_wakes_all),
    TEST(events_no_wake_up_is_lost_between_two_threads),
    TEST(events_waits_for_all_that_compete_take_each_set_once),
    END_OF_CASES,
};
