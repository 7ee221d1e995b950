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
    TEST(signals_poll_gives_what_is_ready),
    END_OF_CASES,
};
