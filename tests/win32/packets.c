/*
 * packets.c - many packets, many threads: none lost, none twice.
 */
#include "kit.h"

enum { PACKETS = 100000, TAKERS = 8, POSTERS = 4 };

/* ---- posted packets ---- */

typedef struct CROWD {
    HANDLE port;
    volatile LONG *seen; /* one counter a packet */
    volatile LONG taken;
} CROWD;

static const ULONG_PTR last_key = ~(ULONG_PTR)0; /* tells a taker to leave */

static void count_packet(CROWD *crowd, DWORD number, ULONG_PTR key, OVERLAPPED *overlapped)
{
    REQUIRE(number < PACKETS);
    EXPECT_EQ(number * 3, key);
    EXPECT_PTR((void *)((ULONG_PTR)number * 8), overlapped);
    EXPECT_EQ(1, InterlockedIncrement(&crowd->seen[number]));
    InterlockedIncrement(&crowd->taken);
}

static DWORD WINAPI take_one_by_one(void *argument)
{
    CROWD *crowd = argument;
    for (;;) {
        PACKET packet = take_within(crowd->port, INFINITE);
        REQUIRE(packet.ok);
        if (packet.key == last_key) {
            return 0;
        }
        count_packet(crowd, packet.bytes, packet.key, packet.overlapped);
    }
}

static DWORD WINAPI take_in_batches(void *argument)
{
    CROWD *crowd = argument;
    for (;;) {
        OVERLAPPED_ENTRY entries[16];
        ULONG count = 0;
        DWORD leave = 0;
        REQUIRE(GetQueuedCompletionStatusEx(crowd->port, entries, 16, &count, INFINITE, FALSE));
        REQUIRE(count >= 1 && count <= 16);
        for (ULONG i = 0; i < count; i++) {
            if (entries[i].lpCompletionKey == last_key) {
                leave++;
            } else {
                count_packet(crowd, entries[i].dwNumberOfBytesTransferred, entries[i].lpCompletionKey,
                             entries[i].lpOverlapped);
            }
        }
        for (; leave > 1; leave--) { /* it got the others' too */
            REQUIRE(PostQueuedCompletionStatus(crowd->port, 0, last_key, NULL));
        }
        if (leave == 1) {
            return 0;
        }
    }
}

typedef struct POSTER {
    HANDLE port;
    DWORD first;
} POSTER;

static DWORD WINAPI post_share(void *argument)
{
    POSTER *poster = argument;
    for (DWORD i = poster->first; i < PACKETS; i += POSTERS) {
        REQUIRE(PostQueuedCompletionStatus(poster->port, i, i * 3, (OVERLAPPED *)((ULONG_PTR)i * 8)));
    }
    return 0;
}

static void hundred_thousand(LPTHREAD_START_ROUTINE even, LPTHREAD_START_ROUTINE odd)
{
    CROWD crowd = {0};
    POSTER posters[POSTERS];
    HANDLE takers[TAKERS], posting[POSTERS];
    crowd.port = new_port(0);
    crowd.seen = calloc(PACKETS, sizeof *crowd.seen);
    REQUIRE(crowd.seen != NULL);
    for (int i = 0; i < TAKERS; i++) {
        takers[i] = start_thread(i % 2 == 0 ? even : odd, &crowd);
    }
    for (int i = 0; i < POSTERS; i++) {
        posters[i].port = crowd.port;
        posters[i].first = (DWORD)i;
        posting[i] = start_thread(post_share, &posters[i]);
    }
    for (int i = 0; i < POSTERS; i++) {
        join_thread(posting[i]);
    }
    for (int i = 0; i < TAKERS; i++) {
        REQUIRE(PostQueuedCompletionStatus(crowd.port, 0, last_key, NULL));
    }
    for (int i = 0; i < TAKERS; i++) {
        join_thread(takers[i]);
    }
    EXPECT_EQ(PACKETS, crowd.taken);
    EXPECT_NO_PACKET(crowd.port);
    CloseHandle(crowd.port);
    free((void *)crowd.seen);
}

CASE(packets_a_hundred_thousand_through_eight_threads)
{
    hundred_thousand(take_one_by_one, take_one_by_one);
}

CASE(packets_a_hundred_thousand_in_batches_and_one_by_one)
{
    hundred_thousand(take_one_by_one, take_in_batches);
}

/* ---- completions of sockets among posted packets ---- */

enum { PAIRS = 8, TURNS = 400, NOTES = 2000, PIECE = 100 };

/* One operation at a time is in flight on a side: receive a piece, send it back, receive the next. So whoever takes its
   packet owns the side until it starts the next operation. `in_flight` proves it. */
typedef struct SIDE {
    OVERLAPPED overlapped; /* first: a packet's OVERLAPPED is its side */
    SOCKET socket;
    BOOL sending;
    DWORD done; /* bytes of the piece so far */
    unsigned char data[PIECE];
    volatile LONG turns;
    volatile LONG in_flight;
} SIDE;

typedef struct HALL {
    HANDLE port;
    SIDE sides[2 * PAIRS];
    volatile LONG turns_left;
    volatile LONG notes[NOTES];
} HALL;

static void continue_side(SIDE *side)
{
    EXPECT_EQ(0, InterlockedExchange(&side->in_flight, 1));
    clear(&side->overlapped);
    if (side->sending) {
        must_send(side->socket, side->data + side->done, PIECE - side->done, &side->overlapped);
    } else {
        must_receive(side->socket, side->data + side->done, PIECE - side->done, &side->overlapped);
    }
}

/** One completion of a side. */
static void finish_step(HALL *hall, SIDE *side, DWORD bytes)
{
    EXPECT_EQ(1, InterlockedExchange(&side->in_flight, 0));
    REQUIRE(bytes > 0 && side->done + bytes <= PIECE);
    side->done += bytes;
    if (side->done == PIECE) {
        if (!side->sending) {
            for (int i = 0; i < PIECE; i++) {
                EXPECT_EQ(side->data[0], side->data[i]);
            }
            memset(side->data, side->data[0] + 1, PIECE);
        } else if (InterlockedIncrement(&side->turns) == TURNS) {
            InterlockedDecrement(&hall->turns_left);
            return;
        }
        side->sending = !side->sending;
        side->done = 0;
    }
    continue_side(side);
}

static DWORD WINAPI serve_hall(void *argument)
{
    HALL *hall = argument;
    for (;;) {
        PACKET packet = take_within(hall->port, INFINITE);
        REQUIRE(packet.ok);
        if (packet.key == last_key) {
            return 0;
        }
        if (packet.overlapped == NULL) {
            EXPECT_EQ(1, InterlockedIncrement(&hall->notes[packet.bytes]));
        } else {
            finish_step(hall, (SIDE *)packet.overlapped, packet.bytes);
        }
    }
}

CASE(packets_of_sockets_and_posts_mixed)
{
    HALL *hall = calloc(1, sizeof *hall);
    HANDLE threads[TAKERS];
    REQUIRE(hall != NULL);
    hall->port = new_port(0);
    hall->turns_left = 2 * PAIRS;
    for (int i = 0; i < PAIRS; i++) {
        SIDE *left = &hall->sides[2 * i], *right = left + 1;
        tcp_pair(&left->socket, &right->socket);
        associate((HANDLE)left->socket, hall->port, 1);
        associate((HANDLE)right->socket, hall->port, 2);
        left->sending = TRUE; /* serves */
        memset(left->data, i, PIECE);
    }
    for (int i = 0; i < TAKERS; i++) {
        threads[i] = start_thread(serve_hall, hall);
    }
    for (int i = 0; i < 2 * PAIRS; i++) {
        continue_side(&hall->sides[i]);
    }
    for (DWORD i = 0; i < NOTES; i++) {
        REQUIRE(PostQueuedCompletionStatus(hall->port, i, 3, NULL));
    }
    WAIT_UNTIL(load(&hall->turns_left) == 0);
    for (int i = 0; i < TAKERS; i++) {
        REQUIRE(PostQueuedCompletionStatus(hall->port, 0, last_key, NULL));
    }
    for (int i = 0; i < TAKERS; i++) {
        join_thread(threads[i]);
    }
    for (int i = 0; i < NOTES; i++) {
        EXPECT_EQ(1, hall->notes[i]);
    }
    EXPECT_NO_PACKET(hall->port);
    for (int i = 0; i < 2 * PAIRS; i++) {
        closesocket(hall->sides[i].socket);
    }
    CloseHandle(hall->port);
    free(hall);
}

/* ---- a port that is never empty ---- */

/** Takes posted packets, each of which is posted anew, for so long or until another one comes. */
static int take_until_another(HANDLE port, DWORD milliseconds, OVERLAPPED *other)
{
    ULONGLONG end = GetTickCount64() + milliseconds;
    while (GetTickCount64() < end) {
        PACKET packet = take(port);
        EXPECT(packet.ok);
        if (packet.overlapped == other) {
            return 1;
        }
        REQUIRE(PostQueuedCompletionStatus(port, 0, last_key, NULL));
    }
    return 0;
}

CASE(packets_a_port_that_is_never_empty_still_hears_its_sockets)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = {0};
    char data[4];
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    must_receive(near_end, data, sizeof data, &overlapped);
    send_all(far_end, "a", 1);
    EXPECT_GOOD(port, 1, 1, &overlapped);
    for (int i = 0; i < 4; i++) {
        REQUIRE(PostQueuedCompletionStatus(port, 0, last_key, NULL));
    }
    EXPECT(!take_until_another(port, 100, &overlapped)); /* nothing is out */
    must_receive(near_end, data, sizeof data, &overlapped);
    send_all(far_end, "b", 1);
    EXPECT(take_until_another(port, limit_ms(), &overlapped));
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

const TEST_CASE packets_cases[] = {
    TEST(packets_a_hundred_thousand_through_eight_threads),
    TEST(packets_a_hundred_thousand_in_batches_and_one_by_one),
    TEST(packets_of_sockets_and_posts_mixed),
    TEST(packets_a_port_that_is_never_empty_still_hears_its_sockets),
    END_OF_CASES,
};
