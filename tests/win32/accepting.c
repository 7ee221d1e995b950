/*
 * accepting.c - AcceptEx: connections through the listener's port, with and without their first data.
 */
#include "extensions.h"

CASE(fact_15_accept_without_data_ends_with_the_connection)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 7), client = new_socket(SOCK_STREAM);
    ACCEPT accept;
    post_accept(&ex, listener, &accept, 0);
    EXPECT_NO_PACKET(port);
    connect_to(client, &address);
    EXPECT_GOOD(port, 0, 7, &accept.overlapped);
    closesocket(accept.socket);
    closesocket(client);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_15_the_buffer_holds_data_then_local_then_remote_address)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address, mine;
    struct sockaddr *local = NULL, *remote = NULL;
    int local_size = 0, remote_size = 0, size = sizeof mine;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), client = new_socket(SOCK_STREAM);
    ACCEPT accept;
    post_accept(&ex, listener, &accept, FIRST_DATA);
    connect_to(client, &address);
    send_all(client, "hello", 5);
    EXPECT_GOOD(port, 5, 1, &accept.overlapped);
    EXPECT_BYTES("hello", accept.buffer, 5);
    ex.addresses(accept.buffer, FIRST_DATA, ADDRESS_AREA, ADDRESS_AREA, &local, &local_size, &remote, &remote_size);
    REQUIRE_EQ(0, getsockname(client, (struct sockaddr *)&mine, &size));
    REQUIRE_EQ(sizeof mine, local_size);
    REQUIRE_EQ(sizeof mine, remote_size);
    EXPECT_EQ(AF_INET, local->sa_family);
    EXPECT_EQ(address.sin_port, ((struct sockaddr_in *)local)->sin_port);
    EXPECT_EQ(mine.sin_port, ((struct sockaddr_in *)remote)->sin_port);
    EXPECT_EQ(htonl(INADDR_LOOPBACK), ((struct sockaddr_in *)remote)->sin_addr.s_addr);
    closesocket(accept.socket);
    closesocket(client);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_15_a_receive_length_waits_for_data)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), silent = new_socket(SOCK_STREAM);
    SOCKET talker = new_socket(SOCK_STREAM);
    ACCEPT accepts[2];
    post_accept(&ex, listener, &accepts[0], FIRST_DATA);
    post_accept(&ex, listener, &accepts[1], FIRST_DATA);
    connect_to(silent, &address);
    EXPECT_NO_PACKET(port);
    connect_to(talker, &address);
    send_all(talker, "x", 1);
    PACKET packet = take(port); /* the silent client does not hold up the one that speaks */
    EXPECT(packet.ok);
    EXPECT_EQ(1, packet.bytes);
    ACCEPT *quiet = packet.overlapped == &accepts[0].overlapped ? &accepts[1] : &accepts[0];
    send_all(silent, "yz", 2);
    EXPECT_GOOD(port, 2, 1, &quiet->overlapped);
    for (int i = 0; i < 2; i++) {
        closesocket(accepts[i].socket);
    }
    closesocket(silent);
    closesocket(talker);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_15_closing_a_silent_clients_socket_ends_its_accept)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), silent = new_socket(SOCK_STREAM);
    ACCEPT accept;
    post_accept(&ex, listener, &accept, FIRST_DATA);
    connect_to(silent, &address);
    EXPECT_NO_PACKET(port);
    closesocket(accept.socket); /* what a reaper does */
    PACKET packet = take(port);
    EXPECT(!packet.ok);
    EXPECT_PTR(&accept.overlapped, packet.overlapped);
    EXPECT_EQ(0, packet.bytes);
    closesocket(silent);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_15_a_client_that_ends_without_a_byte_gives_zero_bytes)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), client = new_socket(SOCK_STREAM);
    ACCEPT accept;
    post_accept(&ex, listener, &accept, FIRST_DATA);
    connect_to(client, &address);
    closesocket(client);
    EXPECT_GOOD(port, 0, 1, &accept.overlapped);
    closesocket(accept.socket);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_15_connect_time_counts_from_the_connection)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), client = new_socket(SOCK_STREAM);
    ACCEPT accept;
    DWORD seconds = 0;
    int size = sizeof seconds;
    post_accept(&ex, listener, &accept, FIRST_DATA);
    REQUIRE_EQ(0, getsockopt(accept.socket, SOL_SOCKET, SO_CONNECT_TIME, (char *)&seconds, &size));
    EXPECT_EQ(0xFFFFFFFFu, seconds);
    connect_to(client, &address);
    WAIT_UNTIL(getsockopt(accept.socket, SOL_SOCKET, SO_CONNECT_TIME, (char *)&seconds, &size) == 0 &&
               seconds != 0xFFFFFFFFu);
    EXPECT(seconds < 60);
    WAIT_UNTIL(getsockopt(accept.socket, SOL_SOCKET, SO_CONNECT_TIME, (char *)&seconds, &size) == 0 && seconds >= 1);
    closesocket(accept.socket);
    EXPECT(!take(port).ok);
    closesocket(client);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_15_before_the_update_only_some_calls_work)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address, peer;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), client = new_socket(SOCK_STREAM);
    ACCEPT accept;
    char data[8];
    int size = sizeof peer;
    WINE_DIFFERS("does not enforce SO_UPDATE_ACCEPT_CONTEXT");
    post_accept(&ex, listener, &accept, 0);
    connect_to(client, &address);
    EXPECT_GOOD(port, 0, 1, &accept.overlapped);
    EXPECT_EQ(SOCKET_ERROR, getpeername(accept.socket, (struct sockaddr *)&peer, &size));
    EXPECT_EQ(WSAENOTCONN, WSAGetLastError());
    EXPECT_EQ(SOCKET_ERROR, shutdown(accept.socket, SD_SEND));
    EXPECT_EQ(WSAENOTCONN, WSAGetLastError());
    send_all(client, "data", 4);
    receive_all(accept.socket, data, 4); /* send and recv are among those that work */
    update_accept_context(accept.socket, listener);
    size = sizeof peer;
    EXPECT_EQ(0, getpeername(accept.socket, (struct sockaddr *)&peer, &size));
    EXPECT_EQ(0, shutdown(accept.socket, SD_SEND));
    closesocket(accept.socket);
    closesocket(client);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_10_closing_the_listener_ends_its_accepts_with_995)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 3);
    ACCEPT accepts[3];
    for (int i = 0; i < 3; i++) {
        post_accept(&ex, listener, &accepts[i], 0);
    }
    closesocket(listener);
    for (int i = 0; i < 3; i++) {
        PACKET packet = take(port);
        EXPECT(!packet.ok);
        EXPECT_EQ(ERROR_OPERATION_ABORTED, packet.error);
        EXPECT(packet.overlapped != NULL);
    }
    for (int i = 0; i < 3; i++) {
        closesocket(accepts[i].socket);
    }
    CloseHandle(port);
}

CASE(accepting_cancel_ends_one_accept)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 3);
    ACCEPT accept;
    post_accept(&ex, listener, &accept, 0);
    EXPECT(CancelIoEx((HANDLE)listener, &accept.overlapped));
    EXPECT_BAD(port, ERROR_OPERATION_ABORTED, 0, 3, &accept.overlapped);
    closesocket(accept.socket);
    closesocket(listener);
    CloseHandle(port);
}

CASE(accepting_many_ahead_serve_many_clients)
{
    enum { CLIENTS = 25 };
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 3), clients[CLIENTS];
    ACCEPT accepts[CLIENTS];
    int seen[CLIENTS] = {0};
    for (int i = 0; i < CLIENTS; i++) {
        post_accept(&ex, listener, &accepts[i], 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = new_socket(SOCK_STREAM);
        connect_to(clients[i], &address);
    }
    for (int i = 0; i < CLIENTS; i++) {
        PACKET packet = take(port);
        REQUIRE(packet.ok);
        seen[(ACCEPT *)packet.overlapped - accepts]++;
    }
    for (int i = 0; i < CLIENTS; i++) {
        EXPECT_EQ(1, seen[i]);
        closesocket(accepts[i].socket);
        closesocket(clients[i]);
    }
    closesocket(listener);
    CloseHandle(port);
}

CASE(accepting_the_accepted_socket_has_a_port_of_its_own)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port, second = new_port(0);
    SOCKET listener = listener_on_port(&address, &port, 1), client = new_socket(SOCK_STREAM);
    ACCEPT accept;
    OVERLAPPED overlapped = {0};
    char data = 0;
    post_accept(&ex, listener, &accept, 0);
    connect_to(client, &address);
    EXPECT_GOOD(port, 0, 1, &accept.overlapped);
    update_accept_context(accept.socket, listener);
    associate((HANDLE)accept.socket, second, 9);
    must_receive(accept.socket, &data, 1, &overlapped);
    send_all(client, "q", 1);
    EXPECT_GOOD(second, 1, 9, &overlapped);
    EXPECT_EQ('q', data);
    closesocket(accept.socket);
    closesocket(client);
    closesocket(listener);
    CloseHandle(port);
    CloseHandle(second);
}

CASE(accepting_survives_clients_that_reset)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), client;
    ACCEPT accept;
    for (int i = 0; i < 20; i++) {
        client = new_socket(SOCK_STREAM);
        connect_to(client, &address);
        reset_connection(client);
    }
    /* Each of them may come as an accept, good or bad; the listener lives on. */
    client = new_socket(SOCK_STREAM);
    connect_to(client, &address);
    send_all(client, "!", 1);
    for (int i = 0, found = 0; i < 21 && !found; i++) {
        char data = 0;
        post_accept(&ex, listener, &accept, 0);
        PACKET packet = take(port);
        EXPECT_PTR(&accept.overlapped, packet.overlapped);
        if (packet.ok) {
            update_accept_context(accept.socket, listener);
            found = recv(accept.socket, &data, 1, 0) == 1 && data == '!';
        }
        closesocket(accept.socket);
        EXPECT(found || i < 20);
    }
    closesocket(client);
    closesocket(listener);
    CloseHandle(port);
}

CASE(accepting_what_cannot_be_fails_at_once_without_a_packet)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), idle = new_socket(SOCK_STREAM), s = new_socket(SOCK_STREAM);
    ACCEPT accept = {{0}, INVALID_SOCKET, ""};
    DWORD bytes;
    EXPECT(!ex.accept(listener, INVALID_SOCKET, accept.buffer, 0, ADDRESS_AREA, ADDRESS_AREA, &bytes,
                      &accept.overlapped));
    EXPECT_EQ(WSAENOTSOCK, WSAGetLastError());
    if (!WINE_PART_DIFFERS("a listener that does not listen, an address area that is too small: it takes both")) {
        EXPECT(!ex.accept(idle, s, accept.buffer, 0, ADDRESS_AREA, ADDRESS_AREA, &bytes, &accept.overlapped));
        EXPECT_EQ(WSAEINVAL, WSAGetLastError());
        EXPECT(!ex.accept(listener, s, accept.buffer, 0, ADDRESS_AREA, 3, &bytes, &accept.overlapped));
        EXPECT_EQ(WSAEFAULT, WSAGetLastError());
    }
    EXPECT_NO_PACKET(port);
    closesocket(idle);
    closesocket(s);
    closesocket(listener);
    CloseHandle(port);
}

CASE(accepting_event_select_tells_when_no_accept_is_out)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), first = new_socket(SOCK_STREAM);
    SOCKET second = new_socket(SOCK_STREAM);
    WSAEVENT event = WSACreateEvent();
    WSANETWORKEVENTS seen;
    ACCEPT accept;
    REQUIRE_EQ(0, WSAEventSelect(listener, event, FD_ACCEPT));
    post_accept(&ex, listener, &accept, 0);
    connect_to(first, &address);
    EXPECT_GOOD(port, 0, 1, &accept.overlapped);
    closesocket(accept.socket);
    if (!WINE_PART_DIFFERS("whether the accept that took the connection also sets the event")) {
        EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &event, FALSE, QUIET_MS, FALSE));
    }
    REQUIRE_EQ(0, WSAEnumNetworkEvents(listener, event, &seen));
    connect_to(second, &address); /* nobody waits for this one: the time to post more */
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, limit_ms(), FALSE));
    post_accept(&ex, listener, &accept, 0);
    EXPECT_GOOD(port, 0, 1, &accept.overlapped);
    closesocket(accept.socket);
    closesocket(first);
    closesocket(second);
    closesocket(listener);
    WSACloseEvent(event);
    CloseHandle(port);
}

CASE(accepting_event_select_tells_of_the_next_after_an_acceptex)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1), client[3];
    WSAEVENT event = WSACreateEvent();
    WSANETWORKEVENTS seen;
    ACCEPT accept;
    REQUIRE_EQ(0, WSAEventSelect(listener, event, FD_ACCEPT));
    for (int i = 0; i < 3; i++) {
        client[i] = new_socket(SOCK_STREAM);
        connect_to(client[i], &address);
    }
    for (int i = 0; i < 3; i++) { /* each is told, because the accept before it had the event told again */
        EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &event, FALSE, limit_ms(), FALSE));
        REQUIRE_EQ(0, WSAEnumNetworkEvents(listener, event, &seen));
        EXPECT_EQ(FD_ACCEPT, seen.lNetworkEvents);
        post_accept(&ex, listener, &accept, 0);
        EXPECT_GOOD(port, 0, 1, &accept.overlapped);
        closesocket(accept.socket);
        closesocket(client[i]);
    }
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &event, FALSE, QUIET_MS, FALSE));
    closesocket(listener);
    WSACloseEvent(event);
    CloseHandle(port);
}

const TEST_CASE accepting_cases[] = {
    TEST(fact_15_accept_without_data_ends_with_the_connection),
    TEST(fact_15_the_buffer_holds_data_then_local_then_remote_address),
    TEST(fact_15_a_receive_length_waits_for_data),
    TEST(fact_15_closing_a_silent_clients_socket_ends_its_accept),
    TEST(fact_15_a_client_that_ends_without_a_byte_gives_zero_bytes),
    TEST(fact_15_connect_time_counts_from_the_connection),
    TEST(fact_15_before_the_update_only_some_calls_work),
    TEST(fact_10_closing_the_listener_ends_its_accepts_with_995),
    TEST(accepting_cancel_ends_one_accept),
    TEST(accepting_many_ahead_serve_many_clients),
    TEST(accepting_the_accepted_socket_has_a_port_of_its_own),
    TEST(accepting_survives_clients_that_reset),
    TEST(accepting_what_cannot_be_fails_at_once_without_a_packet),
    TEST(accepting_event_select_tells_when_no_accept_is_out),
    TEST(accepting_event_select_tells_of_the_next_after_an_acceptex),
    END_OF_CASES,
};
