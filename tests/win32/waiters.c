/*
 * waiters.c - which waiting thread a port releases, and how many: last in first out, and the concurrency value.
 *
 * Wine 8 releases waiters first in first out and ignores the concurrency value, so all of these are skipped there.
 */
#include "actors.h"

#define FIFO_WAKES "wakes waiters first in, first out"
#define NO_LIMIT "ignores the concurrency value"

/* Two ways to make a packet, of which the second takes somebody who notices that the socket has become readable. */

static void post_one(void *port)
{
    post_packet(port, 0);
}

typedef struct LINK {
    SOCKET near_end, far_end;
    OVERLAPPED overlapped;
    char data;
} LINK;

static void receive_one(void *argument)
{
    LINK *link = argument;
    clear(&link->overlapped);
    must_receive(link->near_end, &link->data, 1, &link->overlapped);
    send_all(link->far_end, "x", 1);
}

/* There is no way to see that a thread is parked in the port, only that it is about to, so one try gives each `patience`
   for it. True when the waiters were released last in first out. */
static BOOL released_last_in_first_out(HANDLE port, void (*make_packet)(void *), void *argument, DWORD patience)
{
    enum { WAITERS = 5 };
    ACTOR line[WAITERS];
    BOOL right = TRUE;
    for (int i = 0; i < WAITERS; i++) {
        hire(&line[i], port);
        tell(&line[i], TAKE);
        WAIT_UNTIL(load(&line[i].command) == NO_COMMAND);
        Sleep(patience);
    }
    for (int i = 0; i < WAITERS; i++) {
        make_packet(argument);
        WAIT_UNTIL(total_taken(line, WAITERS) == i + 1);
        tell(&line[WAITERS - 1 - i], LEAVE);
        right = right && load(&line[WAITERS - 1 - i].taken) == 1;
    }
    for (int i = 0; i < WAITERS; i++) {
        join_thread(line[i].thread);
    }
    return right;
}

/* One try: packets that come one by one, each after the last is done, find the thread that came back last. True when one
   thread got them all. */
static BOOL stays_on_one_thread(HANDLE port, void (*make_packet)(void *), void *argument, DWORD patience)
{
    enum { PACKETS = 12 };
    ACTOR actors[3];
    int busy = 0;
    BOOL right;
    for (int i = 0; i < 3; i++) {
        hire(&actors[i], port);
        tell(&actors[i], TAKE);
    }
    for (LONG done = 0; done < PACKETS; done++) {
        Sleep(patience);
        make_packet(argument);
        WAIT_UNTIL(total_taken(actors, 3) == done + 1);
        for (int i = 0; done == 0 && i < 3; i++) {
            busy = load(&actors[i].taken) ? i : busy;
        }
        if (load(&actors[busy].taken) != done + 1) {
            break; /* another took it; its actor is busy, the rest of the try would prove nothing */
        }
        tell(&actors[busy], TAKE);
    }
    right = load(&actors[busy].taken) == PACKETS;
    dismiss(actors, 3);
    return right;
}

typedef BOOL TRIAL(HANDLE port, void (*make_packet)(void *), void *argument, DWORD patience);

/* One of the tries must succeed, for posted packets as for those of a socket. A port that does otherwise fails them all,
   however patient. */
static void expect_success(TRIAL *trial)
{
    LINK link = {0};
    HANDLE port;
    DWORD patience;
    BOOL done = FALSE;
    for (patience = 5; patience < 1000 && !done; patience *= 4) {
        port = new_port(5);
        done = trial(port, post_one, port, patience);
        CloseHandle(port);
    }
    EXPECT(done);
    done = FALSE;
    for (patience = 5; patience < 1000 && !done; patience *= 4) {
        tcp_pair(&link.near_end, &link.far_end);
        port = new_port(5);
        associate((HANDLE)link.near_end, port, 0);
        done = trial(port, receive_one, &link, patience);
        closesocket(link.near_end);
        closesocket(link.far_end);
        CloseHandle(port);
    }
    EXPECT(done);
}

CASE(fact_01_waiters_are_released_last_in_first_out)
{
    WINE_DIFFERS(FIFO_WAKES);
    expect_success(released_last_in_first_out);
}

CASE(fact_01_light_load_stays_on_one_thread)
{
    WINE_DIFFERS(FIFO_WAKES);
    expect_success(stays_on_one_thread);
}

CASE(fact_02_no_second_thread_while_the_first_is_active)
{
    ACTOR actors[2];
    HANDLE port = new_port(1);
    WINE_DIFFERS(NO_LIMIT);
    hire(&actors[0], port);
    hire(&actors[1], port);
    give(&actors[0]);
    tell(&actors[1], TAKE);
    post_packet(port, 7);
    EXPECT_STAYS(load(&actors[1].taken) == 0);
    tell(&actors[0], TAKE); /* coming back makes room, for itself as for the other */
    WAIT_UNTIL(total_taken(actors, 2) == 2);
    dismiss(actors, 2);
    CloseHandle(port);
}

CASE(fact_02_a_full_port_times_out_although_a_packet_waits)
{
    ACTOR actor;
    HANDLE port = new_port(1);
    OVERLAPPED_ENTRY entry;
    ULONG count;
    PACKET packet;
    WINE_DIFFERS(NO_LIMIT);
    hire(&actor, port);
    give(&actor);
    post_packet(port, 3);
    packet = take_within(port, 0);
    EXPECT(!packet.ok);
    EXPECT_EQ(WAIT_TIMEOUT, packet.error);
    packet = take_within(port, QUIET_MS);
    EXPECT(!packet.ok);
    EXPECT_EQ(WAIT_TIMEOUT, packet.error);
    EXPECT(!GetQueuedCompletionStatusEx(port, &entry, 1, &count, QUIET_MS, FALSE));
    EXPECT_ERROR(WAIT_TIMEOUT);
    tell(&actor, LEAVE);
    join_thread(actor.thread);
    EXPECT_GOOD(port, 3, 0, NULL);
    CloseHandle(port);
}

CASE(fact_02_the_running_thread_takes_the_next_packet_itself)
{
    ACTOR actors[2];
    HANDLE port = new_port(1);
    WINE_DIFFERS(NO_LIMIT);
    hire(&actors[0], port);
    hire(&actors[1], port);
    give(&actors[0]);
    tell(&actors[1], TAKE);
    WAIT_UNTIL(load(&actors[1].command) == NO_COMMAND);
    for (LONG i = 0; i < 3; i++) {
        post_packet(port, 0);
        tell(&actors[0], TAKE);
        WAIT_UNTIL(total_taken(actors, 2) == i + 2);
    }
    EXPECT_EQ(4, load(&actors[0].taken));
    EXPECT_EQ(0, load(&actors[1].taken));
    dismiss(actors, 2);
    CloseHandle(port);
}

/* More actors want packets than a port for `limit` runs at a time. */
static void expect_limit(HANDLE port, int limit)
{
    enum { MOST = 65 };
    static ACTOR actors[MOST]; /* static: too large for a small stack; cases do not overlap */
    int count = limit + 1;
    REQUIRE(count <= MOST);
    for (int i = 0; i < count; i++) {
        hire(&actors[i], port);
        tell(&actors[i], TAKE);
        post_packet(port, 0);
    }
    WAIT_UNTIL(total_taken(actors, count) == limit);
    EXPECT_STAYS(total_taken(actors, count) == limit);
    dismiss(actors, count);
}

CASE(fact_02_zero_means_the_number_of_processors)
{
    HANDLE port = new_port(0);
    SYSTEM_INFO system;
    WINE_DIFFERS(NO_LIMIT);
    GetSystemInfo(&system);
    if (system.dwNumberOfProcessors <= 64) {
        expect_limit(port, (int)system.dwNumberOfProcessors);
    }
    CloseHandle(port);
}

CASE(fact_02_a_limit_of_three)
{
    HANDLE port = new_port(3);
    WINE_DIFFERS(NO_LIMIT);
    expect_limit(port, 3);
    CloseHandle(port);
}

CASE(fact_02_the_value_is_ignored_when_a_handle_is_associated)
{
    HANDLE port = new_port(1);
    SOCKET s = new_socket(SOCK_STREAM);
    WINE_DIFFERS(NO_LIMIT);
    EXPECT_PTR(port, CreateIoCompletionPort((HANDLE)s, port, 0, 5));
    expect_limit(port, 1);
    closesocket(s);
    CloseHandle(port);
}

static void block_on_event(ACTOR *actor)
{
    REQUIRE_EQ(WAIT_OBJECT_0, WaitForSingleObject(actor->event, limit_ms()));
}

CASE(fact_02_after_an_overshoot_nobody_new_until_below_the_limit)
{
    ACTOR actors[3];
    HANDLE port = new_port(1);
    HANDLE gate = CreateEventA(NULL, TRUE, FALSE, NULL);
    WINE_DIFFERS(NO_LIMIT);
    for (int i = 0; i < 3; i++) {
        hire(&actors[i], port);
    }
    actors[0].event = gate;
    actors[0].block = block_on_event;
    give(&actors[0]);
    tell(&actors[0], BLOCK);
    give(&actors[1]); /* 0 is blocked, so 1 is released */
    SetEvent(gate);
    WAIT_UNTIL(load(&actors[0].woken) == 1);
    /* Two are active now on a port for one. */
    tell(&actors[2], TAKE);
    post_packet(port, 0);
    EXPECT_STAYS(total_taken(actors, 3) == 2);
    tell(&actors[1], TAKE); /* leaves the one that was blocked: it counts again since it woke, so this is the limit */
    EXPECT_STAYS(total_taken(actors, 3) == 2);
    tell(&actors[0], TAKE);
    WAIT_UNTIL(total_taken(actors, 3) == 3);
    post_packet(port, 0);
    EXPECT_STAYS(total_taken(actors, 3) == 3);
    dismiss(actors, 3);
    CloseHandle(gate);
    CloseHandle(port);
}

/* ---- work made by a thread that stays busy ---- */

static void send_at_once(ACTOR *actor)
{
    must_send(actor->near_end, "x", 1, &actor->overlapped);
}

static void post_to_own_port(ACTOR *actor)
{
    post_packet(actor->port, 1);
}

static void busy_thread_makes_work_for_another(void (*make)(ACTOR *))
{
    ACTOR actors[2];
    HANDLE port = new_port(2);
    hire(&actors[0], port);
    hire(&actors[1], port);
    tcp_pair(&actors[0].near_end, &actors[0].far_end);
    associate((HANDLE)actors[0].near_end, port, 1);
    actors[0].block = make;
    give(&actors[0]);
    tell(&actors[1], TAKE);
    EXPECT_STAYS(load(&actors[1].taken) == 0);
    EXPECT_STAYS(load(&actors[1].taken) == 0); /* long enough for whatever else might notice to have gone to sleep */
    tell(&actors[0], BLOCK); /* which does not block: it makes a packet and goes on spinning */
    WAIT_UNTIL(load(&actors[1].taken) == 1);
    WAIT_UNTIL(load(&actors[0].woken) == 1);
    dismiss(actors, 2);
    closesocket(actors[0].near_end);
    closesocket(actors[0].far_end);
    CloseHandle(port);
}

CASE(fact_02_a_busy_thread_makes_work_for_another)
{
    WINE_DIFFERS(FIFO_WAKES);
    busy_thread_makes_work_for_another(send_at_once);
    busy_thread_makes_work_for_another(post_to_own_port);
}

CASE(fact_02_completions_come_while_the_only_thread_is_busy)
{
    ACTOR actor;
    HANDLE port = new_port(1);
    OVERLAPPED overlapped = {0};
    char data[4];
    hire(&actor, port);
    tcp_pair(&actor.near_end, &actor.far_end);
    associate((HANDLE)actor.near_end, port, 1);
    give(&actor);
    overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    must_receive(actor.near_end, data, sizeof data, &overlapped);
    send_all(actor.far_end, "abc", 3);
    /* Nobody waits at the port, and still the operation goes on: the event tells. */
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(overlapped.hEvent, limit_ms()));
    tell(&actor, TAKE);
    WAIT_UNTIL(load(&actor.taken) == 2);
    dismiss(&actor, 1);
    closesocket(actor.near_end);
    closesocket(actor.far_end);
    CloseHandle(overlapped.hEvent);
    CloseHandle(port);
}

/* ---- a thread belongs to one port ---- */

CASE(fact_03_a_thread_that_exits_makes_room)
{
    ACTOR actors[2];
    HANDLE port = new_port(1);
    WINE_DIFFERS(NO_LIMIT);
    hire(&actors[0], port);
    hire(&actors[1], port);
    give(&actors[0]);
    tell(&actors[1], TAKE);
    post_packet(port, 0);
    EXPECT_STAYS(load(&actors[1].taken) == 0);
    tell(&actors[0], LEAVE);
    join_thread(actors[0].thread);
    WAIT_UNTIL(load(&actors[1].taken) == 1);
    dismiss(&actors[1], 1);
    CloseHandle(port);
}

static void take_from_other_port(ACTOR *actor)
{
    PACKET packet = take(actor->other_port);
    EXPECT(packet.ok);
}

CASE(fact_03_a_thread_that_waits_on_another_port_leaves_the_first)
{
    ACTOR actors[3];
    HANDLE first = new_port(1), second = new_port(1);
    WINE_DIFFERS(NO_LIMIT);
    hire(&actors[0], first);
    hire(&actors[1], first);
    hire(&actors[2], second);
    actors[0].other_port = second;
    actors[0].block = take_from_other_port;
    give(&actors[0]);
    tell(&actors[1], TAKE);
    post_packet(first, 0);
    EXPECT_STAYS(load(&actors[1].taken) == 0);
    tell(&actors[0], BLOCK);
    WAIT_UNTIL(load(&actors[1].taken) == 1);
    post_packet(second, 0);
    WAIT_UNTIL(load(&actors[0].woken) == 1);
    /* It counts on the second port now, and no longer on the first. */
    tell(&actors[2], TAKE);
    post_packet(second, 0);
    EXPECT_STAYS(load(&actors[2].taken) == 0);
    tell(&actors[0], LEAVE);
    WAIT_UNTIL(load(&actors[2].taken) == 1);
    join_thread(actors[0].thread);
    dismiss(&actors[1], 1);
    dismiss(&actors[2], 1);
    CloseHandle(first);
    CloseHandle(second);
}

CASE(fact_03_a_thread_is_free_when_its_port_closes)
{
    HANDLE first = new_port(1), second = new_port(1);
    post_packet(first, 1);
    EXPECT_GOOD(first, 1, 0, NULL);
    REQUIRE(CloseHandle(first));
    post_packet(second, 2);
    EXPECT_GOOD(second, 2, 0, NULL);
    post_packet(second, 3);
    EXPECT_GOOD(second, 3, 0, NULL);
    CloseHandle(second);
}

const TEST_CASE waiters_cases[] = {
    TEST(fact_01_waiters_are_released_last_in_first_out),
    TEST(fact_01_light_load_stays_on_one_thread),
    TEST(fact_02_no_second_thread_while_the_first_is_active),
    TEST(fact_02_a_full_port_times_out_although_a_packet_waits),
    TEST(fact_02_the_running_thread_takes_the_next_packet_itself),
    TEST(fact_02_a_limit_of_three),
    TEST(fact_02_zero_means_the_number_of_processors),
    TEST(fact_02_the_value_is_ignored_when_a_handle_is_associated),
    TEST(fact_02_after_an_overshoot_nobody_new_until_below_the_limit),
    TEST(fact_02_a_busy_thread_makes_work_for_another),
    TEST(fact_02_completions_come_while_the_only_thread_is_busy),
    TEST(fact_03_a_thread_that_exits_makes_room),
    TEST(fact_03_a_thread_that_waits_on_another_port_leaves_the_first),
    TEST(fact_03_a_thread_is_free_when_its_port_closes),
    END_OF_CASES,
};
