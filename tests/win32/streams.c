/*
 * streams.c - what travels over a stream: order, several buffers, and when a send is complete.
 */
#include "kit.h"

static void close_all(HANDLE port, SOCKET near_end, SOCKET far_end)
{
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_13_receives_are_filled_in_the_order_of_the_calls)
{
    enum { COUNT = 8, EACH = 3 };
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped[COUNT];
    char data[COUNT][EACH], all[COUNT * EACH];
    memset(overlapped, 0, sizeof overlapped);
    for (int i = 0; i < COUNT; i++) {
        must_receive(near_end, data[i], EACH, &overlapped[i]);
    }
    for (int i = 0; i < COUNT * EACH; i++) {
        all[i] = (char)('a' + i);
    }
    /* One byte each for the first two, then the rest in one piece. */
    send_all(far_end, all, 1);
    EXPECT_GOOD(port, 1, 1, &overlapped[0]);
    send_all(far_end, all + 1, 1);
    EXPECT_GOOD(port, 1, 1, &overlapped[1]);
    send_all(far_end, all + 2, (COUNT - 2) * EACH);
    for (int i = 2; i < COUNT; i++) {
        EXPECT_GOOD(port, EACH, 1, &overlapped[i]);
        EXPECT_BYTES(all + 2 + (i - 2) * EACH, data[i], EACH);
    }
    EXPECT_EQ('a', data[0][0]);
    EXPECT_EQ('b', data[1][0]);
    close_all(port, near_end, far_end);
}

CASE(fact_13_sends_leave_in_the_order_of_the_calls)
{
    enum { COUNT = 16, EACH = 64 * 1024 };
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped[COUNT];
    unsigned char *sent = malloc(COUNT * EACH), *received = malloc(COUNT * EACH);
    int seen[COUNT] = {0};
    REQUIRE(sent != NULL && received != NULL);
    memset(overlapped, 0, sizeof overlapped);
    fill_pattern(sent, COUNT * EACH);
    for (int i = 0; i < COUNT; i++) {
        must_send(near_end, sent + i * EACH, EACH, &overlapped[i]);
    }
    receive_all(far_end, received, COUNT * EACH);
    EXPECT_BYTES(sent, received, COUNT * EACH);
    for (int i = 0; i < COUNT; i++) {
        PACKET packet = take(port);
        EXPECT(packet.ok);
        EXPECT_EQ(EACH, packet.bytes);
        REQUIRE(packet.overlapped >= overlapped && packet.overlapped < overlapped + COUNT);
        seen[packet.overlapped - overlapped]++;
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_EQ(1, seen[i]);
    }
    EXPECT_NO_PACKET(port);
    free(sent);
    free(received);
    close_all(port, near_end, far_end);
}

CASE(fact_13_a_receive_scatters_over_its_buffers)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    char first[3], second[5], third[16];
    WSABUF buffers[4];
    DWORD flags = 0;
    memset(third, '-', sizeof third);
    buffers[0].buf = first;
    buffers[0].len = sizeof first;
    buffers[1].buf = NULL;
    buffers[1].len = 0;
    buffers[2].buf = second;
    buffers[2].len = sizeof second;
    buffers[3].buf = third;
    buffers[3].len = sizeof third;
    if (WSARecv(near_end, buffers, 4, NULL, &flags, &overlapped, NULL) != 0) {
        REQUIRE_EQ(WSA_IO_PENDING, WSAGetLastError());
    }
    send_all(far_end, "abcdefghijk", 11);
    EXPECT_GOOD(port, 11, 1, &overlapped);
    EXPECT_BYTES("abc", first, 3);
    EXPECT_BYTES("defgh", second, 5);
    EXPECT_BYTES("ijk-------------", third, 16);
    close_all(port, near_end, far_end);
}

CASE(fact_13_a_send_gathers_its_buffers)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    char first[] = "abc", second[] = "defgh", received[9] = {0};
    WSABUF buffers[3];
    buffers[0].buf = first;
    buffers[0].len = 3;
    buffers[1].buf = NULL;
    buffers[1].len = 0;
    buffers[2].buf = second;
    buffers[2].len = 5;
    if (WSASend(near_end, buffers, 3, NULL, 0, &overlapped, NULL) != 0) {
        REQUIRE_EQ(WSA_IO_PENDING, WSAGetLastError());
    }
    EXPECT_GOOD(port, 8, 1, &overlapped);
    receive_all(far_end, received, 8);
    EXPECT_BYTES("abcdefgh", received, 8);
    close_all(port, near_end, far_end);
}

/** A pair whose far end takes little until it reads, and whose near end keeps nothing: a large send must wait. */
static HANDLE narrow_pair(SOCKET *near_end, SOCKET *far_end)
{
    struct sockaddr_in address;
    int small = 32 * 1024, none = 0;
    SOCKET listener = new_socket(SOCK_STREAM);
    HANDLE port = new_port(0);
    REQUIRE_EQ(0, setsockopt(listener, SOL_SOCKET, SO_RCVBUF, (const char *)&small, (int)sizeof small));
    bind_loopback(listener, &address);
    REQUIRE_EQ(0, listen(listener, 1));
    *near_end = new_socket(SOCK_STREAM);
    REQUIRE_EQ(0, setsockopt(*near_end, SOL_SOCKET, SO_SNDBUF, (const char *)&none, (int)sizeof none));
    connect_to(*near_end, &address);
    *far_end = accept(listener, NULL, NULL);
    REQUIRE(*far_end != INVALID_SOCKET);
    closesocket(listener);
    associate((HANDLE)*near_end, port, 1);
    return port;
}

enum { LARGE = 2 * 1024 * 1024 };

CASE(fact_14_a_large_send_is_complete_only_when_all_is_taken)
{
    SOCKET near_end, far_end;
    HANDLE port = narrow_pair(&near_end, &far_end);
    OVERLAPPED overlapped = {0};
    unsigned char *sent = malloc(LARGE), *received = malloc(LARGE);
    REQUIRE(sent != NULL && received != NULL);
    fill_pattern(sent, LARGE);
    EXPECT_EQ(WSA_IO_PENDING, start_send(near_end, sent, LARGE, &overlapped));
    EXPECT_NO_PACKET(port);
    receive_all(far_end, received, LARGE / 2);
    EXPECT_NO_PACKET(port); /* half is taken, and half is not complete */
    receive_all(far_end, received + LARGE / 2, LARGE / 2);
    EXPECT_GOOD(port, LARGE, 1, &overlapped);
    EXPECT_BYTES(sent, received, LARGE);
    EXPECT_NO_PACKET(port);
    free(sent);
    free(received);
    close_all(port, near_end, far_end);
}

CASE(fact_14_the_buffer_array_is_free_as_soon_as_the_call_returns)
{
    SOCKET near_end, far_end;
    HANDLE port = narrow_pair(&near_end, &far_end);
    OVERLAPPED sending = {0}, receiving = {0};
    unsigned char *sent = malloc(LARGE), *received = malloc(LARGE);
    WSABUF buffers[3];
    char answer[4];
    DWORD flags = 0;
    REQUIRE(sent != NULL && received != NULL);
    fill_pattern(sent, LARGE);
    for (int i = 0; i < 3; i++) {
        buffers[i].buf = (char *)sent + (size_t)i * (LARGE / 4);
        buffers[i].len = LARGE / 4;
    }
    buffers[2].len = LARGE / 2;
    EXPECT_EQ(SOCKET_ERROR, WSASend(near_end, buffers, 3, NULL, 0, &sending, NULL));
    EXPECT_EQ(WSA_IO_PENDING, WSAGetLastError());
    memset(buffers, 0, sizeof buffers);
    buffers[0].buf = answer;
    buffers[0].len = sizeof answer;
    EXPECT_EQ(SOCKET_ERROR, WSARecv(near_end, buffers, 1, NULL, &flags, &receiving, NULL));
    EXPECT_EQ(WSA_IO_PENDING, WSAGetLastError());
    memset(buffers, 0, sizeof buffers);
    receive_all(far_end, received, LARGE);
    EXPECT_BYTES(sent, received, LARGE);
    EXPECT_GOOD(port, LARGE, 1, &sending);
    send_all(far_end, "xyz", 3);
    EXPECT_GOOD(port, 3, 1, &receiving);
    EXPECT_BYTES("xyz", answer, 3);
    free(sent);
    free(received);
    close_all(port, near_end, far_end);
}

CASE(fact_14_a_reset_completes_a_pending_send_with_an_error)
{
    SOCKET near_end, far_end;
    HANDLE port = narrow_pair(&near_end, &far_end);
    OVERLAPPED overlapped = {0};
    char *data = calloc(1, LARGE);
    PACKET packet;
    REQUIRE(data != NULL);
    EXPECT_EQ(WSA_IO_PENDING, start_send(near_end, data, LARGE, &overlapped));
    reset_connection(far_end);
    packet = take(port);
    EXPECT(!packet.ok);
    EXPECT_PTR(&overlapped, packet.overlapped);
    EXPECT_EQ(packet.error == ERROR_CONNECTION_ABORTED ? ERROR_CONNECTION_ABORTED : ERROR_NETNAME_DELETED, packet.error);
    EXPECT_NO_PACKET(port);
    free(data);
    closesocket(near_end);
    CloseHandle(port);
}

CASE(streams_both_directions_at_once_do_not_wait_for_each_other)
{
    SOCKET near_end, far_end;
    HANDLE port = narrow_pair(&near_end, &far_end);
    OVERLAPPED sending = {0}, receiving = {0};
    unsigned char *data = malloc(LARGE), *received = malloc(LARGE), answer[4];
    REQUIRE(data != NULL && received != NULL);
    fill_pattern(data, LARGE);
    EXPECT_EQ(WSA_IO_PENDING, start_send(near_end, data, LARGE, &sending));
    must_receive(near_end, answer, sizeof answer, &receiving);
    send_all(far_end, "xyz", 3);
    EXPECT_GOOD(port, 3, 1, &receiving); /* while the send still waits */
    receive_all(far_end, received, LARGE);
    EXPECT_GOOD(port, LARGE, 1, &sending);
    free(data);
    free(received);
    close_all(port, near_end, far_end);
}

CASE(streams_a_half_closed_connection_still_carries_the_other_way)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    char data[8];
    REQUIRE_EQ(0, shutdown(near_end, SD_SEND));
    EXPECT_EQ(0, recv(far_end, data, sizeof data, 0));
    must_receive(near_end, data, sizeof data, &overlapped);
    send_all(far_end, "answer", 6);
    EXPECT_GOOD(port, 6, 1, &overlapped);
    EXPECT_BYTES("answer", data, 6);
    close_all(port, near_end, far_end);
}

CASE(streams_queued_sends_go_out_before_the_end)
{
    enum { COUNT = 4, EACH = LARGE / 16 };
    SOCKET near_end, far_end;
    HANDLE port = narrow_pair(&near_end, &far_end);
    OVERLAPPED overlapped[COUNT];
    unsigned char *data = malloc(COUNT * EACH), *received = malloc(COUNT * EACH), end;
    REQUIRE(data != NULL && received != NULL);
    memset(overlapped, 0, sizeof overlapped);
    fill_pattern(data, COUNT * EACH);
    for (int i = 0; i < COUNT; i++) {
        must_send(near_end, data + i * EACH, EACH, &overlapped[i]);
    }
    receive_all(far_end, received, COUNT * EACH);
    for (int i = 0; i < COUNT; i++) {
        EXPECT_GOOD(port, EACH, 1, &overlapped[i]);
    }
    REQUIRE_EQ(0, shutdown(near_end, SD_SEND));
    EXPECT_EQ(0, recv(far_end, (char *)&end, 1, 0));
    EXPECT_BYTES(data, received, COUNT * EACH);
    free(data);
    free(received);
    close_all(port, near_end, far_end);
}

const TEST_CASE streams_cases[] = {
    TEST(fact_13_receives_are_filled_in_the_order_of_the_calls),
    TEST(fact_13_sends_leave_in_the_order_of_the_calls),
    TEST(fact_13_a_receive_scatters_over_its_buffers),
    TEST(fact_13_a_send_gathers_its_buffers),
    TEST(fact_14_a_large_send_is_complete_only_when_all_is_taken),
    TEST(fact_14_the_buffer_array_is_free_as_soon_as_the_call_returns),
    TEST(fact_14_a_reset_completes_a_pending_send_with_an_error),
    TEST(streams_both_directions_at_once_do_not_wait_for_each_other),
    TEST(streams_a_half_closed_connection_still_carries_the_other_way),
    TEST(streams_queued_sends_go_out_before_the_end),
    END_OF_CASES,
};
