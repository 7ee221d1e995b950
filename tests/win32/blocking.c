/*
 * blocking.c - sockets without an OVERLAPPED: blocking, timed and non-blocking calls.
 */
#include "kit.h"

static void close_pair(SOCKET near_end, SOCKET far_end)
{
    closesocket(near_end);
    closesocket(far_end);
}

static int last_error_of(int result)
{
    return result == SOCKET_ERROR ? WSAGetLastError() : 0;
}

CASE(blocking_send_and_recv)
{
    SOCKET near_end, far_end;
    char data[8];
    tcp_pair(&near_end, &far_end);
    SetLastError(UNTOUCHED_ERROR);
    EXPECT_EQ(5, send(near_end, "hello", 5, 0));
    receive_all(far_end, data, 5);
    if (!WINE_PART_DIFFERS("a Winsock call that succeeds sets the last error to 0")) {
        EXPECT_ERROR(UNTOUCHED_ERROR);
    }
    EXPECT_BYTES("hello", data, 5);
    EXPECT_EQ(0, send(near_end, data, 0, 0));
    close_pair(near_end, far_end);
}

CASE(blocking_recv_gives_zero_at_the_end_and_10054_after_a_reset)
{
    SOCKET near_end, far_end;
    char data[8];
    tcp_pair(&near_end, &far_end);
    send_all(far_end, "ab", 2);
    closesocket(far_end);
    receive_all(near_end, data, 2);
    EXPECT_EQ(0, recv(near_end, data, sizeof data, 0));
    EXPECT_EQ(0, recv(near_end, data, sizeof data, 0));
    closesocket(near_end);
    if (!WINE_PART_DIFFERS("a receive after a reset succeeds with zero bytes")) {
        tcp_pair(&near_end, &far_end);
        reset_connection(far_end);
        EXPECT_EQ(WSAECONNRESET, last_error_of(recv(near_end, data, sizeof data, 0)));
        EXPECT_EQ(WSAECONNRESET, last_error_of(recv(near_end, data, sizeof data, 0)));
        closesocket(near_end);
    }
}

CASE(blocking_peek_leaves_the_data)
{
    SOCKET near_end, far_end;
    char data[8] = {0};
    u_long there = 0;
    tcp_pair(&near_end, &far_end);
    send_all(far_end, "abc", 3);
    EXPECT_EQ(3, recv(near_end, data, sizeof data, MSG_PEEK));
    EXPECT_BYTES("abc", data, 3);
    EXPECT_EQ(0, ioctlsocket(near_end, FIONREAD, &there));
    EXPECT_EQ(3, there);
    EXPECT_EQ(2, recv(near_end, data, 2, 0));
    EXPECT_EQ(1, recv(near_end, data, sizeof data, 0));
    EXPECT_EQ('c', data[0]);
    close_pair(near_end, far_end);
}

CASE(blocking_recv_can_wait_for_all)
{
    SOCKET near_end, far_end;
    char data[6];
    tcp_pair(&near_end, &far_end);
    send_all(far_end, "abc", 3);
    send_all(far_end, "def", 3);
    EXPECT_EQ(6, recv(near_end, data, sizeof data, MSG_WAITALL));
    EXPECT_BYTES("abcdef", data, 6);
    close_pair(near_end, far_end);
}

CASE(blocking_recv_times_out_with_10060)
{
    SOCKET near_end, far_end;
    DWORD timeout = 60;
    ULONGLONG begin;
    char data;
    tcp_pair(&near_end, &far_end);
    REQUIRE_EQ(0, setsockopt(near_end, SOL_SOCKET, SO_RCVTIMEO, (const char *)&timeout, (int)sizeof timeout));
    begin = clock_ms();
    EXPECT_EQ(WSAETIMEDOUT, last_error_of(recv(near_end, &data, 1, 0)));
    EXPECT(clock_ms() - begin + 16 >= timeout);
    close_pair(near_end, far_end);
}

CASE(blocking_recv_timeout_is_a_dword_of_milliseconds)
{
    SOCKET s = new_socket(SOCK_STREAM);
    DWORD timeout = 1234;
    int size = (int)sizeof timeout;
    REQUIRE_EQ(0, setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (const char *)&timeout, size));
    REQUIRE_EQ(0, setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, (const char *)&timeout, size));
    timeout = 0;
    EXPECT_EQ(0, getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, &size));
    EXPECT_EQ(4, size);
    EXPECT_EQ(1234, timeout);
    timeout = 0;
    EXPECT_EQ(0, getsockopt(s, SOL_SOCKET, SO_SNDTIMEO, (char *)&timeout, &size));
    EXPECT_EQ(1234, timeout);
    closesocket(s);
}

static DWORD WINAPI send_later(void *argument)
{
    SOCKET *s = argument;
    Sleep(20); /* makes it likely that the other side blocks first; either order must work */
    send_all(*s, "later", 5);
    return 0;
}

CASE(blocking_recv_waits_for_data)
{
    SOCKET near_end, far_end;
    HANDLE thread;
    char data[5];
    tcp_pair(&near_end, &far_end);
    thread = start_thread(send_later, &far_end);
    receive_all(near_end, data, 5);
    EXPECT_BYTES("later", data, 5);
    join_thread(thread);
    close_pair(near_end, far_end);
}

static DWORD WINAPI drain(void *argument)
{
    SOCKET *s = argument;
    char data[4096];
    DWORD total = 0;
    for (;;) {
        int got = recv(*s, data, sizeof data, 0);
        REQUIRE(got >= 0);
        if (got == 0) {
            return total;
        }
        for (int i = 0; i < got; i++) {
            if ((unsigned char)data[i] != pattern_byte(total + (DWORD)i)) {
                return 0;
            }
        }
        total += (DWORD)got;
    }
}

CASE(blocking_send_of_much_waits_until_all_is_taken)
{
    enum { MUCH = 4 * 1024 * 1024 };
    SOCKET near_end, far_end;
    unsigned char *data = malloc(MUCH);
    HANDLE thread;
    REQUIRE(data != NULL);
    fill_pattern(data, MUCH);
    tcp_pair(&near_end, &far_end);
    thread = start_thread(drain, &far_end);
    EXPECT_EQ(MUCH, send(near_end, (const char *)data, MUCH, 0));
    EXPECT_EQ(0, shutdown(near_end, SD_SEND));
    EXPECT_EQ(MUCH, join_thread(thread));
    close_pair(near_end, far_end);
    free(data);
}

CASE(blocking_calls_work_on_a_socket_with_a_port)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    char data[3];
    send_all(near_end, "abc", 3);
    receive_all(far_end, data, 3);
    send_all(far_end, "def", 3);
    receive_all(near_end, data, 3);
    EXPECT_BYTES("def", data, 3);
    EXPECT_NO_PACKET(port);
    close_pair(near_end, far_end);
    CloseHandle(port);
}

CASE(blocking_shutdown_closes_one_way)
{
    SOCKET near_end, far_end;
    char data[8];
    tcp_pair(&near_end, &far_end);
    EXPECT_EQ(0, shutdown(near_end, SD_SEND));
    EXPECT_EQ(WSAESHUTDOWN, last_error_of(send(near_end, "x", 1, 0)));
    EXPECT_EQ(0, recv(far_end, data, sizeof data, 0));
    send_all(far_end, "y", 1);
    EXPECT_EQ(1, recv(near_end, data, sizeof data, 0));
    EXPECT_EQ(0, shutdown(near_end, SD_RECEIVE));
    EXPECT_EQ(WSAESHUTDOWN, last_error_of(recv(near_end, data, sizeof data, 0)));
    close_pair(near_end, far_end);
}

CASE(blocking_calls_that_make_no_sense)
{
    SOCKET s = new_socket(SOCK_STREAM);
    struct sockaddr_in address;
    int size = (int)sizeof address;
    char data;
    EXPECT_EQ(WSAENOTCONN, last_error_of(recv(s, &data, 1, 0)));
    EXPECT_EQ(WSAENOTCONN, last_error_of(shutdown(s, SD_SEND)));
    EXPECT_EQ(WSAENOTCONN, last_error_of(getpeername(s, (struct sockaddr *)&address, &size)));
    EXPECT_EQ(WSAEINVAL, last_error_of(getsockname(s, (struct sockaddr *)&address, &size)));
    EXPECT_EQ(WSAEINVAL, last_error_of(listen(s, 1))); /* not bound */
    EXPECT_EQ(INVALID_SOCKET, accept(s, NULL, NULL));
    EXPECT_EQ(WSAEINVAL, WSAGetLastError()); /* not listening */
    closesocket(s);
    EXPECT_EQ(INVALID_SOCKET, socket(12345, SOCK_STREAM, 0));
    EXPECT_EQ(WSAEAFNOSUPPORT, WSAGetLastError());
    EXPECT_EQ(INVALID_SOCKET, socket(AF_INET, 12345, 0));
    EXPECT_EQ(WSAESOCKTNOSUPPORT, WSAGetLastError());
    EXPECT_EQ(INVALID_SOCKET, socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    EXPECT_EQ(WSAEPROTONOSUPPORT, WSAGetLastError());
}

CASE(blocking_calls_on_what_is_no_socket_give_10038)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    SOCKET closed = new_socket(SOCK_STREAM), bad[3];
    struct sockaddr_in address = loopback(0);
    char data;
    closesocket(closed);
    bad[0] = closed;
    bad[1] = INVALID_SOCKET;
    bad[2] = (SOCKET)event;
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(WSAENOTSOCK, last_error_of(recv(bad[i], &data, 1, 0)));
        EXPECT_EQ(WSAENOTSOCK, last_error_of(send(bad[i], &data, 1, 0)));
        EXPECT_EQ(WSAENOTSOCK, last_error_of(listen(bad[i], 1)));
        EXPECT_EQ(WSAENOTSOCK, last_error_of(shutdown(bad[i], SD_BOTH)));
        EXPECT_EQ(WSAENOTSOCK, last_error_of(bind(bad[i], (struct sockaddr *)&address, (int)sizeof address)));
        EXPECT_EQ(INVALID_SOCKET, accept(bad[i], NULL, NULL));
        EXPECT_EQ(WSAENOTSOCK, WSAGetLastError());
        EXPECT_EQ(WSAENOTSOCK, last_error_of(closesocket(bad[i])));
    }
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 0)); /* still an event, still open */
    CloseHandle(event);
}

CASE(blocking_connect_to_nobody_gives_10061)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), s = new_socket(SOCK_STREAM);
    closesocket(listener);
    EXPECT_EQ(WSAECONNREFUSED, last_error_of(connect(s, (struct sockaddr *)&address, (int)sizeof address)));
    closesocket(s);
}

CASE(blocking_connect_twice_gives_10056)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), s = new_socket(SOCK_STREAM);
    connect_to(s, &address);
    EXPECT_EQ(WSAEISCONN, last_error_of(connect(s, (struct sockaddr *)&address, (int)sizeof address)));
    closesocket(s);
    closesocket(listener);
}

CASE(blocking_bind_to_a_used_address_gives_10048)
{
    struct sockaddr_in address, other;
    SOCKET listener = new_listener(&address), s = new_socket(SOCK_STREAM);
    EXPECT_EQ(WSAEADDRINUSE, last_error_of(bind(s, (struct sockaddr *)&address, (int)sizeof address)));
    bind_loopback(s, &other);
    EXPECT_EQ(WSAEINVAL, last_error_of(bind(s, (struct sockaddr *)&other, (int)sizeof other))); /* bound already */
    closesocket(s);
    closesocket(listener);
}

CASE(blocking_bind_to_a_foreign_address_gives_10049)
{
    struct sockaddr_in address = loopback(0);
    SOCKET s = new_socket(SOCK_STREAM);
    address.sin_addr.s_addr = htonl(0xC0000201); /* 192.0.2.1 is nobody's */
    EXPECT_EQ(WSAEADDRNOTAVAIL, last_error_of(bind(s, (struct sockaddr *)&address, (int)sizeof address)));
    closesocket(s);
}

CASE(blocking_names_of_both_ends)
{
    struct sockaddr_in listening, near_name, far_name, accepted_from;
    SOCKET listener = new_listener(&listening), near_end = new_socket(SOCK_STREAM), far_end;
    int size = (int)sizeof near_name;
    connect_to(near_end, &listening);
    far_end = accept(listener, (struct sockaddr *)&accepted_from, &size);
    REQUIRE(far_end != INVALID_SOCKET);
    EXPECT_EQ(sizeof accepted_from, size);
    EXPECT_EQ(0, getsockname(near_end, (struct sockaddr *)&near_name, &size));
    EXPECT_EQ(near_name.sin_port, accepted_from.sin_port);
    EXPECT_EQ(0, getpeername(near_end, (struct sockaddr *)&far_name, &size));
    EXPECT_EQ(listening.sin_port, far_name.sin_port);
    EXPECT_EQ(htonl(INADDR_LOOPBACK), far_name.sin_addr.s_addr);
    size = 4; /* too small */
    EXPECT_EQ(WSAEFAULT, last_error_of(getsockname(near_end, (struct sockaddr *)&near_name, &size)));
    close_pair(near_end, far_end);
    near_end = new_socket(SOCK_STREAM);
    connect_to(near_end, &listening);
    size = (int)sizeof accepted_from;
    far_end = WSAAccept(listener, (struct sockaddr *)&accepted_from, &size, NULL, 0);
    REQUIRE(far_end != INVALID_SOCKET);
    EXPECT_EQ(0, getsockname(near_end, (struct sockaddr *)&near_name, &size));
    EXPECT_EQ(near_name.sin_port, accepted_from.sin_port);
    close_pair(near_end, far_end);
    closesocket(listener);
}

const TEST_CASE blocking_cases[] = {
    TEST(blocking_send_and_recv),
    TEST(blocking_recv_gives_zero_at_the_end_and_10054_after_a_reset),
    TEST(blocking_peek_leaves_the_data),
    TEST(blocking_recv_can_wait_for_all),
    TEST(blocking_recv_times_out_with_10060),
    TEST(blocking_recv_timeout_is_a_dword_of_milliseconds),
    TEST(blocking_recv_waits_for_data),
    TEST(blocking_send_of_much_waits_until_all_is_taken),
    TEST(blocking_calls_work_on_a_socket_with_a_port),
    TEST(blocking_shutdown_closes_one_way),
    TEST(blocking_calls_that_make_no_sense),
    TEST(blocking_calls_on_what_is_no_socket_give_10038),
    TEST(blocking_connect_to_nobody_gives_10061),
    TEST(blocking_connect_twice_gives_10056),
    TEST(blocking_bind_to_a_used_address_gives_10048),
    TEST(blocking_bind_to_a_foreign_address_gives_10049),
    TEST(blocking_names_of_both_ends),
    END_OF_CASES,
};
