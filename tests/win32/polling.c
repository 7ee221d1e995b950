/*
 * polling.c - select with Winsock's fd_set, and non-blocking sockets.
 */
#include "kit.h"

static const struct timeval at_once = {0, 0};

static struct timeval limit(void)
{
    struct timeval time = {0, 0};
    time.tv_sec = (long)(limit_ms() / 1000);
    return time;
}

static int last_error_of(int result)
{
    return result == SOCKET_ERROR ? WSAGetLastError() : 0;
}

static void set_blocking(SOCKET s, BOOL blocking)
{
    u_long flag = blocking ? 0 : 1;
    REQUIRE_EQ(0, ioctlsocket(s, (LONG)FIONBIO, &flag));
}

CASE(polling_an_fd_set_is_a_count_and_an_array)
{
    fd_set set;
    SOCKET s = new_socket(SOCK_STREAM), other = new_socket(SOCK_STREAM);
    FD_ZERO(&set);
    EXPECT_EQ(0, set.fd_count);
    FD_SET(s, &set);
    FD_SET(s, &set); /* once only */
    FD_SET(other, &set);
    EXPECT_EQ(2, set.fd_count);
    EXPECT_EQ(s, set.fd_array[0]);
    EXPECT(FD_ISSET(other, &set));
    FD_CLR(s, &set);
    EXPECT_EQ(1, set.fd_count);
    EXPECT_EQ(other, set.fd_array[0]);
    EXPECT(!FD_ISSET(s, &set));
    EXPECT(FD_SETSIZE >= 64);
    closesocket(s);
    closesocket(other);
}

CASE(polling_select_leaves_only_the_ready)
{
    SOCKET near_end[2], far_end[2];
    struct timeval time = limit();
    fd_set readable, writable;
    for (int i = 0; i < 2; i++) {
        tcp_pair(&near_end[i], &far_end[i]);
    }
    send_all(far_end[1], "x", 1);
    FD_ZERO(&readable);
    FD_SET(near_end[0], &readable);
    FD_SET(near_end[1], &readable);
    EXPECT_EQ(1, select(0, &readable, NULL, NULL, &time));
    EXPECT_EQ(1, readable.fd_count);
    EXPECT(FD_ISSET(near_end[1], &readable));
    FD_ZERO(&writable);
    FD_SET(near_end[0], &writable);
    FD_SET(near_end[1], &readable);
    EXPECT_EQ(2, select(0, &readable, &writable, NULL, &time)); /* counts over all sets */
    for (int i = 0; i < 2; i++) {
        closesocket(near_end[i]);
        closesocket(far_end[i]);
    }
}

CASE(polling_select_times_out_with_empty_sets)
{
    SOCKET near_end, far_end;
    struct timeval time = at_once;
    ULONGLONG begin;
    fd_set readable;
    tcp_pair(&near_end, &far_end);
    FD_ZERO(&readable);
    FD_SET(near_end, &readable);
    EXPECT_EQ(0, select(0, &readable, NULL, NULL, &time));
    EXPECT_EQ(0, readable.fd_count);
    FD_SET(near_end, &readable);
    time.tv_usec = 50000;
    begin = clock_ms();
    EXPECT_EQ(0, select(0, &readable, NULL, NULL, &time));
    EXPECT(clock_ms() - begin + 16 >= 50);
    closesocket(near_end);
    closesocket(far_end);
}

CASE(polling_select_is_not_disturbed_by_what_it_was_not_asked)
{
    SOCKET near_end[2], far_end[2];
    struct timeval time = {0, 50000};
    ULONGLONG begin = clock_ms();
    fd_set failed, readable;
    tcp_pair(&near_end[0], &far_end[0]);
    tcp_pair(&near_end[1], &far_end[1]);
    reset_connection(far_end[0]);
    FD_ZERO(&failed);
    FD_SET(near_end[0], &failed); /* dead, but that is not what the third set is about */
    EXPECT_EQ(0, select(0, NULL, NULL, &failed, &time));
    EXPECT(clock_ms() - begin + 16 >= 50);
    FD_SET(near_end[0], &failed);
    FD_ZERO(&readable);
    FD_SET(near_end[1], &readable);
    send_all(far_end[1], "x", 1);
    time = limit();
    EXPECT_EQ(1, select(0, &readable, NULL, &failed, &time));
    EXPECT(FD_ISSET(near_end[1], &readable));
    EXPECT_EQ(0, failed.fd_count);
    closesocket(near_end[0]);
    closesocket(near_end[1]);
    closesocket(far_end[1]);
}

CASE(polling_select_wants_sockets)
{
    SOCKET closed = new_socket(SOCK_STREAM);
    struct timeval time = at_once;
    fd_set set;
    FD_ZERO(&set);
    EXPECT_EQ(WSAEINVAL, last_error_of(select(0, NULL, NULL, NULL, &time)));
    EXPECT_EQ(WSAEINVAL, last_error_of(select(0, &set, NULL, NULL, &time)));
    closesocket(closed);
    FD_SET(closed, &set);
    EXPECT_EQ(WSAENOTSOCK, last_error_of(select(0, &set, NULL, NULL, &time)));
}

CASE(polling_a_listener_is_readable_when_someone_waits)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), client = new_socket(SOCK_STREAM), accepted;
    struct timeval none = at_once, time = limit();
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    EXPECT_EQ(0, select(0, &readable, NULL, NULL, &none));
    connect_to(client, &address);
    FD_SET(listener, &readable);
    EXPECT_EQ(1, select(0, &readable, NULL, NULL, &time));
    accepted = accept(listener, NULL, NULL);
    EXPECT(accepted != INVALID_SOCKET);
    closesocket(accepted);
    closesocket(client);
    closesocket(listener);
}

CASE(polling_the_end_makes_readable)
{
    SOCKET near_end, far_end;
    struct timeval time = limit();
    fd_set readable;
    char data;
    tcp_pair(&near_end, &far_end);
    closesocket(far_end);
    FD_ZERO(&readable);
    FD_SET(near_end, &readable);
    EXPECT_EQ(1, select(0, &readable, NULL, NULL, &time));
    EXPECT_EQ(0, recv(near_end, &data, 1, 0));
    closesocket(near_end);
}

CASE(polling_non_blocking_calls_give_10035)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), near_end, far_end;
    char data;
    set_blocking(listener, FALSE);
    EXPECT_EQ(INVALID_SOCKET, accept(listener, NULL, NULL));
    EXPECT_EQ(WSAEWOULDBLOCK, WSAGetLastError());
    tcp_pair(&near_end, &far_end);
    set_blocking(near_end, FALSE);
    EXPECT_EQ(WSAEWOULDBLOCK, last_error_of(recv(near_end, &data, 1, 0)));
    send_all(far_end, "x", 1);
    set_blocking(near_end, TRUE);
    EXPECT_EQ(1, recv(near_end, &data, 1, 0));
    closesocket(near_end);
    closesocket(far_end);
    closesocket(listener);
}

CASE(polling_an_accepted_socket_is_as_its_listener)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), client = new_socket(SOCK_STREAM), accepted;
    struct timeval time = limit();
    fd_set readable;
    char data;
    set_blocking(listener, FALSE);
    connect_to(client, &address);
    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    REQUIRE_EQ(1, select(0, &readable, NULL, NULL, &time));
    accepted = accept(listener, NULL, NULL);
    REQUIRE(accepted != INVALID_SOCKET);
    EXPECT_EQ(WSAEWOULDBLOCK, last_error_of(recv(accepted, &data, 1, 0)));
    closesocket(accepted);
    closesocket(client);
    closesocket(listener);
}

CASE(polling_a_non_blocking_send_fills_up_and_goes_on)
{
    enum { PIECE = 64 * 1024 };
    SOCKET near_end, far_end;
    char *data = calloc(1, PIECE);
    long long sent = 0, received = 0;
    struct timeval time = limit();
    fd_set writable;
    int result;
    REQUIRE(data != NULL);
    tcp_pair(&near_end, &far_end);
    set_blocking(near_end, FALSE);
    while ((result = send(near_end, data, PIECE, 0)) > 0) {
        sent += result;
    }
    EXPECT_EQ(WSAEWOULDBLOCK, last_error_of(result));
    while (received < sent) {
        result = recv(far_end, data, PIECE, 0);
        REQUIRE(result > 0);
        received += result;
    }
    FD_ZERO(&writable);
    FD_SET(near_end, &writable);
    EXPECT_EQ(1, select(0, NULL, &writable, NULL, &time));
    EXPECT(send(near_end, data, PIECE, 0) > 0);
    closesocket(near_end);
    closesocket(far_end);
    free(data);
}

CASE(polling_overlapped_calls_do_not_care_for_non_blocking)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    char data[4];
    set_blocking(near_end, FALSE);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 3, 1, &overlapped);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

static int connect_unblocked(SOCKET s, struct sockaddr_in *address)
{
    set_blocking(s, FALSE);
    return last_error_of(connect(s, (struct sockaddr *)address, (int)sizeof *address));
}

CASE(polling_a_non_blocking_connect_ends_writable)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), s = new_socket(SOCK_STREAM), accepted;
    struct timeval time = limit();
    fd_set writable, failed;
    int error = -1, size = (int)sizeof error;
    EXPECT_EQ(WSAEWOULDBLOCK, connect_unblocked(s, &address));
    FD_ZERO(&writable);
    FD_ZERO(&failed);
    FD_SET(s, &writable);
    FD_SET(s, &failed);
    EXPECT_EQ(1, select(0, NULL, &writable, &failed, &time));
    EXPECT(FD_ISSET(s, &writable));
    EXPECT_EQ(0, getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &size));
    EXPECT_EQ(0, error);
    accepted = accept(listener, NULL, NULL);
    EXPECT(accepted != INVALID_SOCKET);
    closesocket(accepted);
    closesocket(s);
    closesocket(listener);
}

CASE(polling_a_refused_non_blocking_connect_ends_in_the_third_set)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), s = new_socket(SOCK_STREAM);
    struct timeval time = limit();
    fd_set writable, failed;
    int error = 0, size = (int)sizeof error;
    closesocket(listener);
    EXPECT_EQ(WSAEWOULDBLOCK, connect_unblocked(s, &address));
    FD_ZERO(&writable);
    FD_ZERO(&failed);
    FD_SET(s, &writable);
    FD_SET(s, &failed);
    EXPECT_EQ(1, select(0, NULL, &writable, &failed, &time));
    EXPECT(FD_ISSET(s, &failed));
    EXPECT_EQ(0, writable.fd_count);
    EXPECT_EQ(0, getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &size));
    EXPECT_EQ(WSAECONNREFUSED, error);
    closesocket(s);
}

const TEST_CASE polling_cases[] = {
    TEST(polling_an_fd_set_is_a_count_and_an_array),
    TEST(polling_select_leaves_only_the_ready),
    TEST(polling_select_times_out_with_empty_sets),
    TEST(polling_select_is_not_disturbed_by_what_it_was_not_asked),
    TEST(polling_select_wants_sockets),
    TEST(polling_a_listener_is_readable_when_someone_waits),
    TEST(polling_the_end_makes_readable),
    TEST(polling_non_blocking_calls_give_10035),
    TEST(polling_an_accepted_socket_is_as_its_listener),
    TEST(polling_a_non_blocking_send_fills_up_and_goes_on),
    TEST(polling_overlapped_calls_do_not_care_for_non_blocking),
    TEST(polling_a_non_blocking_connect_ends_writable),
    TEST(polling_a_refused_non_blocking_connect_ends_in_the_third_set),
    END_OF_CASES,
};
