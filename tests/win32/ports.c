/*
 * ports.c - completion ports by themselves: what the four calls return, and which packets come out.
 */
#include "kit.h"

CASE(fact_01_packets_leave_in_the_order_they_came)
{
    HANDLE port = new_port(1);
    for (DWORD i = 0; i < 100; i++) {
        REQUIRE(PostQueuedCompletionStatus(port, i, i * 3, NULL));
    }
    for (DWORD i = 0; i < 100; i++) {
        EXPECT_GOOD(port, i, i * 3, NULL);
    }
    EXPECT_NO_PACKET(port);
    CloseHandle(port);
}

CASE(fact_04_a_good_packet_leaves_the_last_error_alone)
{
    HANDLE port = new_port(1);
    PACKET packet;
    REQUIRE(PostQueuedCompletionStatus(port, 1, 2, NULL));
    packet = take(port);
    EXPECT(packet.ok);
    EXPECT_EQ(UNTOUCHED_ERROR, packet.error);
    CloseHandle(port);
}

CASE(fact_04_a_posted_null_overlapped_gives_true_and_null)
{
    HANDLE port = new_port(1);
    REQUIRE(PostQueuedCompletionStatus(port, 0, 0, NULL));
    EXPECT_GOOD(port, 0, 0, NULL);
    CloseHandle(port);
}

CASE(fact_04_any_values_can_be_posted)
{
    HANDLE port = new_port(1);
    OVERLAPPED own = {0};
    ULONG_PTR large = ~(ULONG_PTR)0;
    OVERLAPPED *nonsense = (OVERLAPPED *)(ULONG_PTR)0x1235; /* a port never looks behind a posted pointer */
    REQUIRE(PostQueuedCompletionStatus(port, 0xFFFFFFFFu, large, &own));
    REQUIRE(PostQueuedCompletionStatus(port, 7, (ULONG_PTR)&own, nonsense));
    EXPECT_GOOD(port, 0xFFFFFFFFu, large, &own);
    EXPECT_GOOD(port, 7, (ULONG_PTR)&own, nonsense);
    CloseHandle(port);
}

CASE(fact_04_a_timeout_gives_258_and_leaves_bytes_and_key_alone)
{
    static const DWORD timeouts[] = {0, 30};
    HANDLE port = new_port(1);
    for (int i = 0; i < 2; i++) {
        ULONGLONG begin = clock_ms();
        PACKET packet = take_within(port, timeouts[i]);
        ULONGLONG taken = clock_ms() - begin;
        EXPECT(!packet.ok);
        EXPECT_EQ(WAIT_TIMEOUT, packet.error);
        EXPECT_EQ(UNTOUCHED_BYTES, packet.bytes);
        EXPECT_EQ(UNTOUCHED_KEY, packet.key);
        EXPECT_PTR(NULL, packet.overlapped);
        EXPECT(taken + 16 >= timeouts[i]); /* 16: one tick of Windows' clock */
    }
    CloseHandle(port);
}

CASE(fact_04_a_packet_that_waits_is_taken_with_timeout_zero)
{
    HANDLE port = new_port(1);
    PACKET packet;
    REQUIRE(PostQueuedCompletionStatus(port, 5, 6, NULL));
    packet = take_within(port, 0);
    EXPECT(packet.ok);
    EXPECT_EQ(5, packet.bytes);
    CloseHandle(port);
}

static void expect_bad_port(HANDLE bad)
{
    OVERLAPPED_ENTRY entry;
    ULONG count = 1;
    PACKET packet = take_within(bad, 0);
    EXPECT(!packet.ok);
    EXPECT_EQ(ERROR_INVALID_HANDLE, packet.error);
    EXPECT_EQ(UNTOUCHED_BYTES, packet.bytes);
    EXPECT_EQ(UNTOUCHED_KEY, packet.key);
    EXPECT_PTR(NULL, packet.overlapped);
    SetLastError(0);
    EXPECT(!PostQueuedCompletionStatus(bad, 0, 0, NULL));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(!GetQueuedCompletionStatusEx(bad, &entry, 1, &count, 0, FALSE));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
}

CASE(fact_04_a_bad_handle_gives_6)
{
    HANDLE port = new_port(1);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    REQUIRE(CloseHandle(port));
    expect_bad_port(port);
    expect_bad_port(NULL);
    expect_bad_port(event); /* a handle, but of another type */
    CloseHandle(event);
}

static DWORD WINAPI wait_forever_on_port(void *port)
{
    PACKET packet = take_within(port, INFINITE);
    EXPECT(!packet.ok);
    EXPECT_EQ(UNTOUCHED_BYTES, packet.bytes);
    EXPECT_EQ(UNTOUCHED_KEY, packet.key);
    EXPECT_PTR(NULL, packet.overlapped);
    return packet.error;
}

/* One try: three waiters, `patience` to park in, then the port closes. A waiter that was late got 6, as good an answer to
   it; true when all three were told 735. */
static BOOL close_under_waiters(DWORD patience)
{
    HANDLE port = new_port(1), waiters[3];
    BOOL all = TRUE;
    for (int i = 0; i < 3; i++) {
        waiters[i] = start_thread(wait_forever_on_port, port);
    }
    Sleep(patience);
    REQUIRE(CloseHandle(port));
    for (int i = 0; i < 3; i++) {
        DWORD error = join_thread(waiters[i]);
        EXPECT_EQ(error == ERROR_INVALID_HANDLE ? ERROR_INVALID_HANDLE : ERROR_ABANDONED_WAIT_0, error);
        all = all && error == ERROR_ABANDONED_WAIT_0;
    }
    return all;
}

CASE(fact_04_closing_the_port_wakes_its_waiters_with_735)
{
    DWORD patience = 20;
    WINE_DIFFERS("closing a port never wakes an INFINITE waiter");
    while (!close_under_waiters(patience) && patience < limit_ms()) {
        patience *= 2;
    }
    EXPECT(patience < limit_ms());
}

CASE(fact_04_a_port_that_the_thread_itself_served_and_closed_gives_6)
{
    HANDLE port = new_port(1);
    REQUIRE(PostQueuedCompletionStatus(port, 1, 2, NULL));
    EXPECT_GOOD(port, 1, 2, NULL);
    REQUIRE(CloseHandle(port));
    expect_bad_port(port);
}

CASE(fact_04_packets_left_in_a_closed_port_are_gone)
{
    HANDLE port = new_port(1);
    HANDLE next;
    REQUIRE(PostQueuedCompletionStatus(port, 1, 2, NULL));
    REQUIRE(CloseHandle(port));
    next = new_port(1);
    EXPECT_NO_PACKET(next);
    CloseHandle(next);
}

CASE(fact_05_ex_gives_several_entries_in_order)
{
    HANDLE port = new_port(1);
    OVERLAPPED_ENTRY entries[8];
    OVERLAPPED own[10];
    ULONG count = 0;
    DWORD next = 0;
    for (DWORD i = 0; i < 10; i++) {
        REQUIRE(PostQueuedCompletionStatus(port, i, 100 + i, &own[i]));
    }
    while (next < 10) {
        SetLastError(UNTOUCHED_ERROR);
        REQUIRE(GetQueuedCompletionStatusEx(port, entries, 8, &count, 0, FALSE));
        EXPECT_ERROR(UNTOUCHED_ERROR);
        EXPECT_EQ(next == 0 ? 8 : 2, count); /* never more than asked for, and all that wait */
        for (ULONG i = 0; i < count && next < 10; i++, next++) {
            EXPECT_EQ(next, entries[i].dwNumberOfBytesTransferred);
            EXPECT_EQ(100 + next, entries[i].lpCompletionKey);
            EXPECT_PTR(&own[next], entries[i].lpOverlapped);
        }
    }
    CloseHandle(port);
}

CASE(fact_05_ex_times_out_with_258)
{
    static const DWORD timeouts[] = {0, 30};
    HANDLE port = new_port(1);
    OVERLAPPED_ENTRY entries[4];
    ULONG count = 3;
    for (int i = 0; i < 2; i++) {
        SetLastError(0);
        EXPECT(!GetQueuedCompletionStatusEx(port, entries, 4, &count, timeouts[i], FALSE));
        EXPECT_ERROR(WAIT_TIMEOUT);
    }
    CloseHandle(port);
}

CASE(fact_05_ex_is_true_even_when_entries_failed)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 9);
    OVERLAPPED first = {0}, second = {0};
    OVERLAPPED_ENTRY entries[4];
    char data[2];
    ULONG count = 0, seen = 0;
    DWORD bytes, flags;
    must_receive(near_end, data, 1, &first);
    must_receive(near_end, data + 1, 1, &second);
    REQUIRE(CancelIoEx((HANDLE)near_end, NULL));
    while (seen < 2) {
        REQUIRE(GetQueuedCompletionStatusEx(port, entries, 4, &count, limit_ms(), FALSE));
        for (ULONG i = 0; i < count; i++, seen++) {
            EXPECT_EQ(0, entries[i].dwNumberOfBytesTransferred);
            EXPECT_EQ(9, entries[i].lpCompletionKey);
            REQUIRE(entries[i].lpOverlapped == &first || entries[i].lpOverlapped == &second);
            EXPECT(!WSAGetOverlappedResult(near_end, entries[i].lpOverlapped, &bytes, FALSE, &flags));
            EXPECT_EQ(WSA_OPERATION_ABORTED, WSAGetLastError());
        }
    }
    EXPECT_EQ(2, seen);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_09_associating_twice_gives_87)
{
    SOCKET s = new_socket(SOCK_STREAM);
    HANDLE port = new_port(1);
    HANDLE other = new_port(1);
    associate((HANDLE)s, port, 1);
    EXPECT_PTR(NULL, CreateIoCompletionPort((HANDLE)s, port, 1, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    EXPECT_PTR(NULL, CreateIoCompletionPort((HANDLE)s, other, 1, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    closesocket(s);
    CloseHandle(port);
    CloseHandle(other);
}

CASE(fact_09_a_handle_without_the_overlapped_flag_gives_87)
{
    char name[64];
    HANDLE port = new_port(1);
    HANDLE file;
    SOCKET s;
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, 0);
    EXPECT_PTR(NULL, CreateIoCompletionPort(file, port, 1, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    CloseHandle(file);
    remove(name);
    s = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, 0);
    REQUIRE(s != INVALID_SOCKET);
    EXPECT_PTR(NULL, CreateIoCompletionPort((HANDLE)s, port, 1, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    closesocket(s);
    s = socket(AF_INET, SOCK_STREAM, 0); /* which sets the flag by itself */
    REQUIRE(s != INVALID_SOCKET);
    associate((HANDLE)s, port, 1);
    closesocket(s);
    CloseHandle(port);
}

CASE(ports_association_wants_good_handles)
{
    HANDLE port = new_port(1);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    SOCKET s = new_socket(SOCK_STREAM);
    SetLastError(0);
    EXPECT_PTR(NULL, CreateIoCompletionPort(INVALID_HANDLE_VALUE, port, 0, 0));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    SetLastError(0);
    EXPECT_PTR(NULL, CreateIoCompletionPort((HANDLE)s, event, 0, 0));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT_PTR(NULL, CreateIoCompletionPort(event, port, 0, 0));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    closesocket(s);
    SetLastError(0);
    EXPECT_PTR(NULL, CreateIoCompletionPort((HANDLE)s, port, 0, 0));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    CloseHandle(event);
    CloseHandle(port);
}

CASE(ports_one_call_creates_and_associates)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = {0};
    char data[4];
    HANDLE port;
    tcp_pair(&near_end, &far_end);
    port = CreateIoCompletionPort((HANDLE)near_end, NULL, 77, 0);
    REQUIRE(port != NULL);
    must_receive(near_end, data, sizeof data, &overlapped);
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 3, 77, &overlapped);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(ports_an_association_keeps_the_port_working_for_many_handles)
{
    enum { PAIRS = 20 };
    SOCKET near_ends[PAIRS], far_ends[PAIRS];
    OVERLAPPED overlapped[PAIRS];
    char data[PAIRS];
    HANDLE port = new_port(0);
    memset(overlapped, 0, sizeof overlapped);
    for (int i = 0; i < PAIRS; i++) {
        tcp_pair(&near_ends[i], &far_ends[i]);
        associate((HANDLE)near_ends[i], port, (ULONG_PTR)i);
        must_receive(near_ends[i], &data[i], 1, &overlapped[i]);
    }
    for (int i = PAIRS - 1; i >= 0; i--) {
        send_all(far_ends[i], "x", 1);
        EXPECT_GOOD(port, 1, i, &overlapped[i]);
    }
    for (int i = 0; i < PAIRS; i++) {
        closesocket(near_ends[i]);
        closesocket(far_ends[i]);
    }
    CloseHandle(port);
}

const TEST_CASE ports_cases[] = {
    TEST(fact_01_packets_leave_in_the_order_they_came),
    TEST(fact_04_a_good_packet_leaves_the_last_error_alone),
    TEST(fact_04_a_posted_null_overlapped_gives_true_and_null),
    TEST(fact_04_any_values_can_be_posted),
    TEST(fact_04_a_timeout_gives_258_and_leaves_bytes_and_key_alone),
    TEST(fact_04_a_packet_that_waits_is_taken_with_timeout_zero),
    TEST(fact_04_a_bad_handle_gives_6),
    TEST(fact_04_closing_the_port_wakes_its_waiters_with_735),
    TEST(fact_04_a_port_that_the_thread_itself_served_and_closed_gives_6),
    TEST(fact_04_packets_left_in_a_closed_port_are_gone),
    TEST(fact_05_ex_gives_several_entries_in_order),
    TEST(fact_05_ex_times_out_with_258),
    TEST(fact_05_ex_is_true_even_when_entries_failed),
    TEST(fact_09_associating_twice_gives_87),
    TEST(fact_09_a_handle_without_the_overlapped_flag_gives_87),
    TEST(ports_association_wants_good_handles),
    TEST(ports_one_call_creates_and_associates),
    TEST(ports_an_association_keeps_the_port_working_for_many_handles),
    END_OF_CASES,
};
