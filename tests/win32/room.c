/*
 * room.c - fact 2: a thread that took a packet and then blocks, in whatever call, makes room for another.
 *
 * One plot for all: actor 0 takes a packet, so a port for one is full and actor 1 gets nothing. Actor 0 blocks: actor 1
 * must be released, and while actor 0 is still blocked, because only then does the case let it go on.
 */
#include "actors.h"

#define NO_LIMIT "ignores the concurrency value"

static void blocking_makes_room(ACTOR *actors, HANDLE port)
{
    give(&actors[0]);
    tell(&actors[1], TAKE);
    post_packet(port, 0);
    EXPECT_STAYS(load(&actors[1].taken) == 0);
    tell(&actors[0], BLOCK);
    WAIT_UNTIL(load(&actors[1].taken) == 1);
    EXPECT_EQ(0, load(&actors[0].woken));
    actors[0].unblock(&actors[0]);
    WAIT_UNTIL(load(&actors[0].woken) == 1);
    dismiss(actors, 2);
    CloseHandle(port);
}

/** Hires two actors for a new port and sets the ways of the first. */
static HANDLE set_stage(ACTOR *actors, void (*block)(ACTOR *), void (*unblock)(ACTOR *))
{
    HANDLE port = new_port(1);
    hire(&actors[0], port);
    hire(&actors[1], port);
    actors[0].block = block;
    actors[0].unblock = unblock;
    return port;
}

/* ---- the ways to block, each with the way out ---- */

static void sleep_until_released(ACTOR *actor)
{
    while (!load(&actor->released)) {
        Sleep(20);
    }
}

static void release(ACTOR *actor)
{
    store(&actor->released, 1);
}

static void wait_for_event(ACTOR *actor)
{
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(actor->event, INFINITE));
}

static void wait_for_events(ACTOR *actor)
{
    HANDLE both[2];
    both[0] = actor->event;
    both[1] = actor->event;
    EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(2, both, FALSE, limit_ms()));
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(2, both, FALSE, limit_ms(), FALSE));
}

static void set_event(ACTOR *actor)
{
    EXPECT(SetEvent(actor->event));
}

static void receive(ACTOR *actor)
{
    char data;
    EXPECT_EQ(1, recv(actor->near_end, &data, 1, 0));
}

static void select_readable(ACTOR *actor)
{
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(actor->near_end, &readable);
    EXPECT_EQ(1, select(0, &readable, NULL, NULL, NULL));
}

static void receive_overlapped(ACTOR *actor)
{
    char data;
    DWORD bytes = 0, flags = 0;
    must_receive(actor->near_end, &data, 1, &actor->overlapped);
    EXPECT(WSAGetOverlappedResult(actor->near_end, &actor->overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(1, bytes);
}

static void send_from_far(ACTOR *actor)
{
    send_all(actor->far_end, "x", 1);
}

enum { MUCH = 16 * 1024 * 1024 };

static void send_much(ACTOR *actor)
{
    char *data = calloc(1, MUCH);
    REQUIRE(data != NULL);
    send_all(actor->near_end, data, MUCH);
    free(data);
}

static void receive_much(ACTOR *actor)
{
    char *data = malloc(MUCH);
    REQUIRE(data != NULL);
    receive_all(actor->far_end, data, MUCH);
    free(data);
}

static void accept_one(ACTOR *actor)
{
    SOCKET accepted = accept(actor->near_end, NULL, NULL);
    EXPECT(accepted != INVALID_SOCKET);
    closesocket(accepted);
}

static void connect_once(ACTOR *actor)
{
    struct sockaddr_in address;
    int size = (int)sizeof address;
    REQUIRE_EQ(0, getsockname(actor->near_end, (struct sockaddr *)&address, &size));
    actor->far_end = new_socket(SOCK_STREAM);
    connect_to(actor->far_end, &address);
}

static void enter_section(ACTOR *actor)
{
    EnterCriticalSection(&actor->section);
    LeaveCriticalSection(&actor->section);
}

static void leave_section(ACTOR *actor)
{
    LeaveCriticalSection(&actor->section);
}

static void lock_exclusive(ACTOR *actor)
{
    AcquireSRWLockExclusive(&actor->lock);
    ReleaseSRWLockExclusive(&actor->lock);
}

static void lock_shared(ACTOR *actor)
{
    AcquireSRWLockShared(&actor->lock);
    ReleaseSRWLockShared(&actor->lock);
}

static void unlock_exclusive(ACTOR *actor)
{
    ReleaseSRWLockExclusive(&actor->lock);
}

static void sleep_on_section(ACTOR *actor)
{
    EnterCriticalSection(&actor->section);
    while (!load(&actor->released)) {
        EXPECT(SleepConditionVariableCS(&actor->condition, &actor->section, INFINITE));
    }
    LeaveCriticalSection(&actor->section);
}

static void sleep_on_lock(ACTOR *actor)
{
    AcquireSRWLockExclusive(&actor->lock);
    while (!load(&actor->released)) {
        EXPECT(SleepConditionVariableSRW(&actor->condition, &actor->lock, INFINITE, 0));
    }
    ReleaseSRWLockExclusive(&actor->lock);
}

static void wake_on_section(ACTOR *actor)
{
    EnterCriticalSection(&actor->section);
    store(&actor->released, 1);
    LeaveCriticalSection(&actor->section);
    WakeAllConditionVariable(&actor->condition);
}

static void wake_on_lock(ACTOR *actor)
{
    AcquireSRWLockExclusive(&actor->lock);
    store(&actor->released, 1);
    ReleaseSRWLockExclusive(&actor->lock);
    WakeAllConditionVariable(&actor->condition);
}

/* ---- the cases ---- */

CASE(fact_02_blocking_in_sleep_makes_room)
{
    ACTOR actors[2];
    WINE_DIFFERS(NO_LIMIT);
    blocking_makes_room(actors, set_stage(actors, sleep_until_released, release));
}

static void with_event(void (*block)(ACTOR *))
{
    ACTOR actors[2];
    HANDLE port = set_stage(actors, block, set_event);
    HANDLE event = actors[0].event = CreateEventA(NULL, TRUE, FALSE, NULL);
    blocking_makes_room(actors, port);
    CloseHandle(event);
}

CASE(fact_02_blocking_in_WaitForSingleObject_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_event(wait_for_event);
}

CASE(fact_02_blocking_in_WaitForMultipleObjects_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_event(wait_for_events);
}

static void with_pair(void (*block)(ACTOR *), void (*unblock)(ACTOR *))
{
    ACTOR actors[2];
    HANDLE port = set_stage(actors, block, unblock);
    tcp_pair(&actors[0].near_end, &actors[0].far_end);
    blocking_makes_room(actors, port);
    closesocket(actors[0].near_end);
    closesocket(actors[0].far_end);
}

CASE(fact_02_blocking_in_recv_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_pair(receive, send_from_far);
}

CASE(fact_02_blocking_in_send_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_pair(send_much, receive_much);
}

CASE(fact_02_blocking_in_select_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_pair(select_readable, send_from_far);
}

CASE(fact_02_blocking_in_WSAGetOverlappedResult_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_pair(receive_overlapped, send_from_far);
}

CASE(fact_02_blocking_in_accept_makes_room)
{
    ACTOR actors[2];
    struct sockaddr_in address;
    HANDLE port;
    WINE_DIFFERS(NO_LIMIT);
    port = set_stage(actors, accept_one, connect_once);
    actors[0].near_end = new_listener(&address);
    blocking_makes_room(actors, port);
    closesocket(actors[0].near_end);
    closesocket(actors[0].far_end);
}

CASE(fact_02_blocking_in_a_contended_critical_section_makes_room)
{
    ACTOR actors[2];
    HANDLE port;
    WINE_DIFFERS(NO_LIMIT);
    port = set_stage(actors, enter_section, leave_section);
    InitializeCriticalSection(&actors[0].section);
    EnterCriticalSection(&actors[0].section);
    blocking_makes_room(actors, port);
    DeleteCriticalSection(&actors[0].section);
}

static void with_lock(void (*block)(ACTOR *))
{
    ACTOR actors[2];
    HANDLE port = set_stage(actors, block, unlock_exclusive);
    InitializeSRWLock(&actors[0].lock);
    AcquireSRWLockExclusive(&actors[0].lock);
    blocking_makes_room(actors, port);
}

CASE(fact_02_blocking_in_a_contended_srw_lock_makes_room)
{
    WINE_DIFFERS(NO_LIMIT);
    with_lock(lock_exclusive);
    with_lock(lock_shared);
}

CASE(fact_02_blocking_in_a_condition_variable_makes_room)
{
    ACTOR actors[2];
    HANDLE port;
    WINE_DIFFERS(NO_LIMIT);
    port = set_stage(actors, sleep_on_section, wake_on_section);
    InitializeCriticalSection(&actors[0].section);
    InitializeConditionVariable(&actors[0].condition);
    blocking_makes_room(actors, port);
    DeleteCriticalSection(&actors[0].section);

    port = set_stage(actors, sleep_on_lock, wake_on_lock);
    InitializeSRWLock(&actors[0].lock);
    InitializeConditionVariable(&actors[0].condition);
    blocking_makes_room(actors, port);
}

const TEST_CASE room_cases[] = {
    TEST(fact_02_blocking_in_sleep_makes_room),
    TEST(fact_02_blocking_in_WaitForSingleObject_makes_room),
    TEST(fact_02_blocking_in_WaitForMultipleObjects_makes_room),
    TEST(fact_02_blocking_in_recv_makes_room),
    TEST(fact_02_blocking_in_send_makes_room),
    TEST(fact_02_blocking_in_select_makes_room),
    TEST(fact_02_blocking_in_WSAGetOverlappedResult_makes_room),
    TEST(fact_02_blocking_in_accept_makes_room),
    TEST(fact_02_blocking_in_a_contended_critical_section_makes_room),
    TEST(fact_02_blocking_in_a_contended_srw_lock_makes_room),
    TEST(fact_02_blocking_in_a_condition_variable_makes_room),
    END_OF_CASES,
};
