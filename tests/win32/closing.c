/*
 * closing.c - fact 10: closesocket and CloseHandle while something is still going on, from this thread or another.
 */
#include "kit.h"

/** What a pending operation may be told when its handle is closed: the sources disagree, a program must handle all. */
static BOOL ends_by_close(DWORD error)
{
    return error == ERROR_OPERATION_ABORTED || error == ERROR_CONNECTION_ABORTED || error == ERROR_NETNAME_DELETED ||
           (under_wine() && error == 676 /* ERROR_HANDLES_CLOSED */);
}

CASE(fact_10_closing_ends_a_pending_receive)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    PACKET packet;
    char data;
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, &data, 1, &overlapped));
    EXPECT_EQ(0, closesocket(near_end));
    packet = take(port);
    EXPECT(!packet.ok);
    EXPECT(ends_by_close(packet.error));
    EXPECT_EQ(0, packet.bytes);
    EXPECT_EQ(1, packet.key);
    EXPECT_PTR(&overlapped, packet.overlapped);
    EXPECT_NO_PACKET(port);
    EXPECT_EQ(0, recv(far_end, &data, 1, 0)); /* the other side saw an orderly end */
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_10_closing_ends_every_pending_operation_once)
{
    enum { COUNT = 20, LARGE = 8 * 1024 * 1024 };
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped[COUNT + 1];
    char data[COUNT], *much = calloc(1, LARGE);
    int seen[COUNT + 1] = {0};
    REQUIRE(much != NULL);
    memset(overlapped, 0, sizeof overlapped);
    for (int i = 0; i < COUNT; i++) {
        must_receive(near_end, &data[i], 1, &overlapped[i]);
    }
    must_send(near_end, much, LARGE, &overlapped[COUNT]);
    EXPECT_EQ(0, closesocket(near_end));
    EXPECT_EQ(0, closesocket(far_end)); /* the send may have gone on in the background until now */
    for (int i = 0; i <= COUNT; i++) {
        PACKET packet = take(port);
        REQUIRE(packet.overlapped >= overlapped && packet.overlapped <= overlapped + COUNT);
        seen[packet.overlapped - overlapped]++;
        EXPECT(packet.overlapped == &overlapped[COUNT] || (!packet.ok && ends_by_close(packet.error)));
    }
    for (int i = 0; i <= COUNT; i++) {
        EXPECT_EQ(1, seen[i]);
    }
    EXPECT_NO_PACKET(port);
    CloseHandle(port);
    free(much);
}

CASE(fact_10_closing_sets_the_event_of_a_pending_receive)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = {0};
    char data;
    overlapped.hEvent = WSACreateEvent();
    tcp_pair(&near_end, &far_end);
    must_receive(near_end, &data, 1, &overlapped);
    EXPECT_EQ(0, closesocket(near_end));
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &overlapped.hEvent, FALSE, limit_ms(), FALSE));
    EXPECT(HasOverlappedIoCompleted(&overlapped));
    WSACloseEvent(overlapped.hEvent);
    closesocket(far_end);
}

CASE(closing_twice_gives_10038)
{
    SOCKET s = new_socket(SOCK_STREAM);
    EXPECT_EQ(0, closesocket(s));
    EXPECT_EQ(SOCKET_ERROR, closesocket(s));
    EXPECT_EQ(WSAENOTSOCK, WSAGetLastError());
}

CASE(closing_a_socket_leaves_its_port_and_neighbours_alone)
{
    SOCKET near_end, far_end, other_near, other_far;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    char data[2];
    tcp_pair(&other_near, &other_far);
    associate((HANDLE)other_near, port, 2);
    must_receive(other_near, data, sizeof data, &overlapped);
    closesocket(near_end);
    closesocket(far_end);
    send_all(other_far, "x", 1);
    EXPECT_GOOD(port, 1, 2, &overlapped);
    closesocket(other_near);
    closesocket(other_far);
    CloseHandle(port);
}

CASE(closing_keeps_packets_that_wait_already)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    must_send(near_end, "x", 1, &overlapped);
    closesocket(near_end);
    EXPECT_GOOD(port, 1, 1, &overlapped);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(closing_the_port_first_does_not_hurt_its_handles)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    char data = 0;
    OVERLAPPED overlapped = {0};
    EXPECT(CloseHandle(port));
    send_all(near_end, "x", 1);
    receive_all(far_end, &data, 1);
    overlapped.hEvent = WSACreateEvent();
    must_receive(near_end, &data, 1, &overlapped); /* its packet goes nowhere; the event works */
    send_all(far_end, "y", 1);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(overlapped.hEvent, limit_ms()));
    EXPECT_EQ('y', data);
    closesocket(near_end);
    closesocket(far_end);
    WSACloseEvent(overlapped.hEvent);
}

/* ---- from another thread ---- */

/** What a blocking call may be told when its socket is closed under it, or was closed before it began. */
static BOOL ends_blocking_call(int error)
{
    return error == WSAEINTR || error == WSAENOTSOCK || error == WSAECONNABORTED || error == WSAECONNRESET ||
           error == WSAEINVAL || error == WSA_OPERATION_ABORTED || (under_wine() && error == 676);
}

CASE(closing_a_socket_ends_a_blocking_recv_in_another_thread)
{
    SOCKET far_end;
    BLOCKED blocked = {0};
    HANDLE thread;
    tcp_pair(&blocked.socket, &far_end);
    thread = start_thread(blocked_receive, &blocked);
    WAIT_UNTIL(load(&blocked.about_to));
    EXPECT_STAYS(!load(&blocked.done));
    EXPECT_EQ(0, closesocket(blocked.socket));
    join_thread(thread);
    EXPECT(ends_blocking_call(blocked.error));
    closesocket(far_end);
}

CASE(closing_a_datagram_socket_ends_a_blocking_recv_in_another_thread)
{
    struct sockaddr_in address;
    BLOCKED blocked = {0};
    HANDLE thread;
    blocked.socket = new_socket(SOCK_DGRAM);
    bind_loopback(blocked.socket, &address);
    thread = start_thread(blocked_receive, &blocked);
    WAIT_UNTIL(load(&blocked.about_to));
    EXPECT_STAYS(!load(&blocked.done));
    EXPECT_EQ(0, closesocket(blocked.socket));
    join_thread(thread);
    EXPECT(ends_blocking_call(blocked.error));
}

CASE(closing_a_listener_ends_a_blocking_accept_in_another_thread)
{
    struct sockaddr_in address;
    BLOCKED blocked = {0};
    HANDLE thread;
    blocked.socket = new_listener(&address);
    thread = start_thread(blocked_accept, &blocked);
    WAIT_UNTIL(load(&blocked.about_to));
    EXPECT_STAYS(!load(&blocked.done));
    EXPECT_EQ(0, closesocket(blocked.socket));
    join_thread(thread);
    EXPECT(ends_blocking_call(blocked.error));
}

CASE(closing_a_listener_frees_its_address)
{
    struct sockaddr_in address;
    for (int i = 0; i < 20; i++) {
        SOCKET listener = new_listener(&address), again;
        closesocket(listener);
        again = new_socket(SOCK_STREAM);
        EXPECT_EQ(0, bind(again, (struct sockaddr *)&address, (int)sizeof address));
        EXPECT_EQ(0, listen(again, 5));
        closesocket(again);
    }
}

CASE(closing_an_event_that_an_operation_uses_does_not_hurt_it)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = {0};
    DWORD bytes = 0;
    char data;
    tcp_pair(&near_end, &far_end);
    overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    must_receive(near_end, &data, 1, &overlapped);
    EXPECT(CloseHandle(overlapped.hEvent)); /* the operation keeps it */
    send_all(far_end, "x", 1);
    WAIT_UNTIL(GetOverlappedResult((HANDLE)near_end, &overlapped, &bytes, FALSE));
    EXPECT_EQ('x', data);
    closesocket(near_end);
    closesocket(far_end);
}

const TEST_CASE closing_cases[] = {
    TEST(fact_10_closing_ends_a_pending_receive),
    TEST(fact_10_closing_ends_every_pending_operation_once),
    TEST(fact_10_closing_sets_the_event_of_a_pending_receive),
    TEST(closing_twice_gives_10038),
    TEST(closing_a_socket_leaves_its_port_and_neighbours_alone),
    TEST(closing_keeps_packets_that_wait_already),
    TEST(closing_the_port_first_does_not_hurt_its_handles),
    TEST(closing_a_socket_ends_a_blocking_recv_in_another_thread),
    TEST(closing_a_datagram_socket_ends_a_blocking_recv_in_another_thread),
    TEST(closing_a_listener_ends_a_blocking_accept_in_another_thread),
    TEST(closing_a_listener_frees_its_address),
    TEST(closing_an_event_that_an_operation_uses_does_not_hurt_it),
    END_OF_CASES,
};
