/*
 * signals.c - WSAEventSelect and WSAPoll: readiness told by an event or a list.
 */
#include "kit.h"

CASE(signals_event_select_tells_of_data_and_of_the_end)
{
    SOCKET near_end, far_end;
    WSAEVENT event = WSACreateEvent();
    WSANETWORKEVENTS seen;
    char data[4];
    tcp_pair(&near_end, &far_end);
    REQUIRE_EQ(0, WSAEventSelect(near_end, event, FD_READ | FD_CLOSE));
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &event, FALSE, QUIET_MS, FALSE));
    send_all(far_end, "abc", 3);
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, limit_ms(), FALSE));
    REQUIRE_EQ(0, WSAEnumNetworkEvents(near_end, event, &seen));
    EXPECT_EQ(FD_READ, seen.lNetworkEvents);
    EXPECT_EQ(0, seen.iErrorCode[FD_READ_BIT]);
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE)); /* asking has reset it */
    EXPECT_EQ(3, recv(near_end, data, sizeof data, 0));
    EXPECT_EQ(SOCKET_ERROR, recv(near_end, data, sizeof data, 0));
    EXPECT_EQ(WSAEWOULDBLOCK, WSAGetLastError()); /* the socket has become non-blocking */
    closesocket(far_end);
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, limit_ms(), FALSE));
    REQUIRE_EQ(0, WSAEnumNetworkEvents(near_end, event, &seen));
    EXPECT_EQ(FD_CLOSE, seen.lNetworkEvents & FD_CLOSE);
    closesocket(near_end);
    WSACloseEvent(event);
}

CASE(signals_event_select_tells_of_a_connection_to_accept)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), client = new_socket(SOCK_STREAM), accepted;
    WSAEVENT event = WSACreateEvent();
    WSANETWORKEVENTS seen;
    REQUIRE_EQ(0, WSAEventSelect(listener, event, FD_ACCEPT));
    connect_to(client, &address);
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, limit_ms(), FALSE));
    REQUIRE_EQ(0, WSAEnumNetworkEvents(listener, event, &seen));
    EXPECT_EQ(FD_ACCEPT, seen.lNetworkEvents);
    accepted = accept(listener, NULL, NULL);
    EXPECT(accepted != INVALID_SOCKET);
    closesocket(accepted);
    closesocket(client);
    closesocket(listener);
    WSACloseEvent(event);
}

/** What an event that must be set tells; asking resets it. */
static long told(SOCKET s, WSAEVENT event)
{
    WSANETWORKEVENTS seen = {0};
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, limit_ms(), FALSE));
    EXPECT_EQ(0, WSAEnumNetworkEvents(s, event, &seen));
    return seen.lNetworkEvents;
}

#define EXPECT_QUIET(event) EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &(event), FALSE, QUIET_MS, FALSE))

CASE(signals_event_select_tells_of_the_next_connection_after_accept)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), client[3], accepted[3];
    WSAEVENT event = WSACreateEvent();
    for (int i = 0; i < 3; i++) {
        client[i] = new_socket(SOCK_STREAM);
    }
    REQUIRE_EQ(0, WSAEventSelect(listener, event, FD_ACCEPT));
    connect_to(client[0], &address);
    EXPECT_EQ(FD_ACCEPT, told(listener, event));
    connect_to(client[1], &address);
    EXPECT_QUIET(event); /* told once, until somebody accepts */
    accepted[0] = accept(listener, NULL, NULL);
    EXPECT_EQ(FD_ACCEPT, told(listener, event)); /* there is one more */
    accepted[1] = accept(listener, NULL, NULL);
    EXPECT_QUIET(event);
    EXPECT(accept(listener, NULL, NULL) == INVALID_SOCKET);
    EXPECT_EQ(WSAEWOULDBLOCK, WSAGetLastError());
    connect_to(client[2], &address);
    EXPECT_EQ(FD_ACCEPT, told(listener, event));
    accepted[2] = accept(listener, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        EXPECT(accepted[i] != INVALID_SOCKET);
        closesocket(accepted[i]);
        closesocket(client[i]);
    }
    closesocket(listener);
    WSACloseEvent(event);
}

CASE(signals_event_select_tells_of_data_again_after_a_receive)
{
    SOCKET near_end, far_end;
    WSAEVENT event = WSACreateEvent();
    char data[4];
    tcp_pair(&near_end, &far_end);
    REQUIRE_EQ(0, WSAEventSelect(near_end, event, FD_READ));
    send_all(far_end, "a", 1);
    EXPECT_EQ(FD_READ, told(near_end, event));
    send_all(far_end, "b", 1);
    EXPECT_QUIET(event);
    EXPECT_EQ(1, recv(near_end, data, 1, 0));
    EXPECT_EQ(FD_READ, told(near_end, event)); /* the other byte */
    EXPECT_EQ(1, recv(near_end, data, sizeof data, 0));
    EXPECT_QUIET(event);
    send_all(far_end, "c", 1);
    EXPECT_EQ(FD_READ, told(near_end, event));
    closesocket(near_end);
    closesocket(far_end);
    WSACloseEvent(event);
}

CASE(signals_event_select_tells_of_room_after_a_send_that_found_none)
{
    static char data[65536];
    SOCKET near_end, far_end;
    WSAEVENT event = WSACreateEvent();
    long long sent = 0, received = 0;
    int count;
    tcp_pair(&near_end, &far_end);
    REQUIRE_EQ(0, WSAEventSelect(near_end, event, FD_WRITE));
    EXPECT_EQ(FD_WRITE, told(near_end, event));
    send_all(far_end, "a", 1); /* what comes in says nothing about room */
    EXPECT_EQ(1, send(near_end, data, 1, 0));
    EXPECT_QUIET(event);
    for (sent = 1; (count = send(near_end, data, sizeof data, 0)) > 0;) {
        sent += count;
    }
    EXPECT_EQ(WSAEWOULDBLOCK, WSAGetLastError());
    while (received < sent && (count = recv(far_end, data, sizeof data, 0)) > 0) {
        received += count;
    }
    EXPECT_EQ(sent, received);
    EXPECT_EQ(FD_WRITE, told(near_end, event));
    closesocket(near_end);
    closesocket(far_end);
    WSACloseEvent(event);
}

CASE(signals_poll_gives_what_is_ready)
{
    SOCKET near_end, far_end;
    WSAPOLLFD entry;
    tcp_pair(&near_end, &far_end);
    entry.fd = near_end;
    entry.events = POLLRDNORM;
    entry.revents = 0;
    EXPECT_EQ(0, WSAPoll(&entry, 1, 0));
    EXPECT_EQ(0, entry.revents);
    send_all(far_end, "x", 1);
    EXPECT_EQ(1, WSAPoll(&entry, 1, (INT)limit_ms()));
    EXPECT_EQ(POLLRDNORM, entry.revents & POLLRDNORM);
    entry.events = POLLWRNORM;
    EXPECT_EQ(1, WSAPoll(&entry, 1, 0));
    EXPECT_EQ(POLLWRNORM, entry.revents);
    closesocket(near_end);
    closesocket(far_end);
}

const TEST_CASE signals_cases[] = {
    TEST(signals_event_select_tells_of_data_and_of_the_end),
    TEST(signals_event_select_tells_of_a_connection_to_accept),
    TEST(signals_event_select_tells_of_the_next_connection_after_accept),
    TEST(signals_event_select_tells_of_data_again_after_a_receive),
    TEST(signals_event_select_tells_of_room_after_a_send_that_found_none),
    TEST(signals_poll_gives_what_is_ready),
    END_OF_CASES,
};
