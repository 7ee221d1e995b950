/*
 * reusing.c - ConnectEx and DisconnectEx: connections begun and ended as overlapped operations, sockets used again.
 */
#include "extensions.h"

/* A bound socket on the port, as ConnectEx wants it. */
static SOCKET bound_on_port(HANDLE port, ULONG_PTR key)
{
    struct sockaddr_in mine;
    SOCKET s = new_socket(SOCK_STREAM);
    bind_loopback(s, &mine);
    associate((HANDLE)s, port, key);
    return s;
}

static BOOL start_connect(const EXTENSIONS *ex, SOCKET s, const struct sockaddr_in *to, const char *data,
                          OVERLAPPED *overlapped)
{
    DWORD bytes = 0;
    BOOL done = ex->connect(s, (const struct sockaddr *)to, sizeof *to, (PVOID)(ULONG_PTR)data,
                            data ? (DWORD)strlen(data) : 0, &bytes, overlapped);
    return done || WSAGetLastError() == ERROR_IO_PENDING;
}

CASE(reusing_connect_ends_through_the_port)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address, peer;
    HANDLE port = new_port(0);
    SOCKET listener = new_listener(&address), s = bound_on_port(port, 5), accepted;
    OVERLAPPED overlapped = {0};
    int size = sizeof peer;
    REQUIRE(start_connect(&ex, s, &address, NULL, &overlapped));
    EXPECT_GOOD(port, 0, 5, &overlapped);
    EXPECT_EQ(0, setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0));
    EXPECT_EQ(0, getpeername(s, (struct sockaddr *)&peer, &size));
    EXPECT_EQ(address.sin_port, peer.sin_port);
    accepted = accept(listener, NULL, NULL);
    REQUIRE(accepted != INVALID_SOCKET);
    closesocket(accepted);
    closesocket(s);
    closesocket(listener);
    CloseHandle(port);
}

CASE(reusing_connect_sends_its_first_data)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port = new_port(0);
    SOCKET listener = new_listener(&address), s = bound_on_port(port, 5), accepted;
    OVERLAPPED overlapped = {0};
    char data[5];
    REQUIRE(start_connect(&ex, s, &address, "first", &overlapped));
    EXPECT_GOOD(port, 5, 5, &overlapped);
    accepted = accept(listener, NULL, NULL);
    REQUIRE(accepted != INVALID_SOCKET);
    receive_all(accepted, data, 5);
    EXPECT_BYTES("first", data, 5);
    closesocket(accepted);
    closesocket(s);
    closesocket(listener);
    CloseHandle(port);
}

CASE(reusing_connect_wants_a_bound_socket)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), s = new_socket(SOCK_STREAM);
    OVERLAPPED overlapped = {0};
    EXPECT(!start_connect(&ex, s, &address, NULL, &overlapped));
    EXPECT_EQ(WSAEINVAL, WSAGetLastError());
    closesocket(s);
    closesocket(listener);
}

CASE(reusing_a_refused_connect_gives_1225)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port = new_port(0);
    SOCKET nobody = new_socket(SOCK_STREAM), s = bound_on_port(port, 5);
    OVERLAPPED overlapped = {0};
    bind_loopback(nobody, &address); /* bound, and not listening: its port refuses */
    REQUIRE(start_connect(&ex, s, &address, NULL, &overlapped));
    EXPECT_BAD(port, ERROR_CONNECTION_REFUSED, 0, 5, &overlapped);
    closesocket(nobody);
    closesocket(s);
    CloseHandle(port);
}

CASE(fact_16_a_disconnected_socket_is_accepted_again)
{
    enum { ROUNDS = 10 };
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address;
    HANDLE port;
    SOCKET listener = listener_on_port(&address, &port, 1);
    ACCEPT accept;
    WINE_DIFFERS("DisconnectEx ignores TF_REUSE_SOCKET");
    accept.socket = new_socket(SOCK_STREAM);
    associate((HANDLE)accept.socket, port, 2);
    for (int i = 0; i < ROUNDS; i++) {
        char data = 0;
        SOCKET client = new_socket(SOCK_STREAM);
        OVERLAPPED overlapped = {0};
        post_accept_again(&ex, listener, &accept, 0);
        connect_to(client, &address);
        EXPECT_GOOD(port, 0, 1, &accept.overlapped);
        update_accept_context(accept.socket, listener);
        send_all(accept.socket, "z", 1);
        receive_all(client, &data, 1);
        EXPECT_EQ('z', data);
        EXPECT_EQ(0, shutdown(client, SD_SEND));
        BOOL done = ex.disconnect(accept.socket, &overlapped, TF_REUSE_SOCKET, 0);
        REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
        EXPECT_GOOD(port, 0, 2, &overlapped); /* the socket has kept its port and key */
        EXPECT_EQ(0, recv(client, &data, 1, 0));
        closesocket(client);
    }
    closesocket(accept.socket);
    closesocket(listener);
    CloseHandle(port);
}

CASE(fact_16_a_disconnected_socket_connects_again)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address, mine;
    HANDLE port = new_port(0);
    SOCKET listener = new_listener(&address), s = bound_on_port(port, 5);
    WINE_DIFFERS("DisconnectEx ignores TF_REUSE_SOCKET");
    for (int i = 0; i < 3; i++) {
        OVERLAPPED overlapped = {0};
        SOCKET accepted;
        if (i > 0) {
            bind_loopback(s, &mine);
        }
        REQUIRE(start_connect(&ex, s, &address, NULL, &overlapped));
        EXPECT_GOOD(port, 0, 5, &overlapped);
        REQUIRE_EQ(0, setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0));
        accepted = accept(listener, NULL, NULL);
        REQUIRE(accepted != INVALID_SOCKET);
        closesocket(accepted);
        clear(&overlapped);
        BOOL done = ex.disconnect(s, &overlapped, TF_REUSE_SOCKET, 0);
        REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
        EXPECT_GOOD(port, 0, 5, &overlapped);
    }
    closesocket(s);
    closesocket(listener);
    CloseHandle(port);
}

CASE(reusing_disconnect_delivers_what_was_sent)
{
    enum { SIZE = 300000 };
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4);
    OVERLAPPED sent = {0}, ended = {0};
    char *data = malloc(SIZE), *received = malloc(SIZE), more;
    REQUIRE(data && received);
    fill_pattern(data, SIZE);
    must_send(near_end, data, SIZE, &sent);
    receive_all(far_end, received, SIZE / 2);
    receive_all(far_end, received + SIZE / 2, SIZE - SIZE / 2);
    EXPECT_BYTES(data, received, SIZE);
    EXPECT_GOOD(port, SIZE, 4, &sent);
    BOOL done = ex.disconnect(near_end, &ended, 0, 0);
    REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
    EXPECT_EQ(0, recv(far_end, &more, 1, 0)); /* an orderly end, not a reset */
    closesocket(far_end);
    EXPECT_GOOD(port, 0, 4, &ended);
    closesocket(near_end);
    CloseHandle(port);
    free(data);
    free(received);
}

CASE(reusing_disconnect_wants_a_connection)
{
    EXTENSIONS ex = find_extensions();
    SOCKET s = new_socket(SOCK_STREAM);
    OVERLAPPED overlapped = {0};
    EXPECT(!ex.disconnect(s, &overlapped, 0, 0));
    EXPECT_EQ(WSAENOTCONN, WSAGetLastError());
    closesocket(s);
}

CASE(reusing_unknown_extensions_and_lookups_are_refused)
{
    static const GUID unknown = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    SOCKET s = new_socket(SOCK_STREAM);
    void *function = NULL;
    DWORD bytes = 0;
    EXPECT_EQ(SOCKET_ERROR, WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, (LPVOID)(ULONG_PTR)&unknown,
                                     sizeof unknown, &function, sizeof function, &bytes, NULL, NULL));
    EXPECT_EQ(WSAEINVAL, WSAGetLastError());
    if (!WINE_PART_DIFFERS("WSANSPIoctl is a stub")) {
        EXPECT_EQ(SOCKET_ERROR, WSANSPIoctl(NULL, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, &bytes, NULL));
        EXPECT_EQ(WSA_INVALID_HANDLE, WSAGetLastError());
    }
    closesocket(s);
}

CASE(reusing_ioctl_on_a_port_gives_a_packet)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4);
    OVERLAPPED overlapped = {0};
    ULONG on = 1;
    DWORD bytes = 0;
    int result = WSAIoctl(near_end, FIONBIO, &on, sizeof on, NULL, 0, &bytes, &overlapped, NULL);
    EXPECT(result == 0 || WSAGetLastError() == WSA_IO_PENDING);
    EXPECT_GOOD(port, 0, 4, &overlapped);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

const TEST_CASE reusing_cases[] = {
    TEST(reusing_connect_ends_through_the_port),
    TEST(reusing_connect_sends_its_first_data),
    TEST(reusing_connect_wants_a_bound_socket),
    TEST(reusing_a_refused_connect_gives_1225),
    TEST(fact_16_a_disconnected_socket_is_accepted_again),
    TEST(fact_16_a_disconnected_socket_connects_again),
    TEST(reusing_disconnect_delivers_what_was_sent),
    TEST(reusing_disconnect_wants_a_connection),
    TEST(reusing_unknown_extensions_and_lookups_are_refused),
    TEST(reusing_ioctl_on_a_port_gives_a_packet),
    END_OF_CASES,
};
