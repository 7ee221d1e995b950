/*
 * races.c - threads that get in each other's way: closing, cancelling, reusing handles while others work.
 *
 * Each case asks for what must hold however the race ends; the sanitizers look for what must not happen on the way.
 */
#include "kit.h"

/* ---- handle values that come back ---- */

CASE(races_a_stale_handle_does_not_reach_its_successor)
{
    /* Windows gives a freed handle value to the next object at once, so a stale handle may name a stranger there: that
       is the bug which closing twice is. Where the value differs, the stale one must be refused. Our port promises that
       it does differ, for the first thousand successors at least. */
    SOCKET stale = new_socket(SOCK_STREAM);
    closesocket(stale);
    for (int i = 0; i < 1000; i++) {
        SOCKET successor = new_socket(SOCK_STREAM);
        if (stale != successor) {
            EXPECT_EQ(SOCKET_ERROR, closesocket(stale));
            EXPECT_EQ(WSAENOTSOCK, WSAGetLastError());
        }
#ifdef __linux__
        EXPECT(stale != successor);
#endif
        EXPECT_EQ(0, closesocket(successor));
    }
}

CASE(races_handles_are_reused_without_end)
{
    for (int i = 0; i < 3000; i++) {
        HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
        HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
        REQUIRE(event != NULL && port != NULL);
        EXPECT(event != port);
        EXPECT(((ULONG_PTR)event & 3) == 0); /* the low bits are free for the program: see fact 7 */
        EXPECT(CloseHandle(event));
        EXPECT(CloseHandle(port));
    }
}

/* ---- close with operations pending from other threads ---- */

enum { POSTING = 4, ROUNDS = 40, OPERATIONS = 8 };

typedef struct ATTACK {
    SOCKET socket;
    volatile LONG accepted; /* operations that were accepted: each owes a packet */
    volatile LONG ready, go;
    OVERLAPPED overlapped[POSTING][OPERATIONS];
    char data[POSTING][OPERATIONS];
    volatile LONG next;
} ATTACK;

static DWORD WINAPI post_into_a_close(void *argument)
{
    ATTACK *attack = argument;
    LONG me = InterlockedIncrement(&attack->next) - 1;
    InterlockedIncrement(&attack->ready);
    while (!load(&attack->go)) {
        SwitchToThread();
    }
    for (int i = 0; i < OPERATIONS; i++) {
        int error = start_receive(attack->socket, &attack->data[me][i], 1, &attack->overlapped[me][i]);
        if (error == 0 || error == WSA_IO_PENDING) {
            InterlockedIncrement(&attack->accepted);
        } else {
            EXPECT(error == WSAENOTSOCK || error == WSAECONNRESET || error == WSAECONNABORTED ||
                   error == WSA_OPERATION_ABORTED || error == WSAENOTCONN || (under_wine() && error == 676));
        }
    }
    return 0;
}

static void close_among_posts(int finish)
{
    ATTACK *attack = calloc(1, sizeof *attack);
    SOCKET far_end;
    HANDLE threads[POSTING], port;
    REQUIRE(attack != NULL);
    port = tcp_pair_on_port(&attack->socket, &far_end, 1);
    for (int i = 0; i < POSTING; i++) {
        threads[i] = start_thread(post_into_a_close, attack);
    }
    WAIT_UNTIL(load(&attack->ready) == POSTING);
    store(&attack->go, 1);
    if (finish % 2) {
        send(far_end, "abcdefgh", 8, 0);
    }
    EXPECT_EQ(0, closesocket(attack->socket));
    for (int i = 0; i < POSTING; i++) {
        join_thread(threads[i]);
    }
    for (LONG i = load(&attack->accepted); i > 0; i--) {
        PACKET packet = take(port);
        REQUIRE(packet.overlapped != NULL);
        EXPECT(packet.ok || packet.bytes == 0);
    }
    EXPECT_EQ(WAIT_TIMEOUT, take_within(port, 0).error);
    closesocket(far_end);
    CloseHandle(port);
    free(attack);
}

CASE(races_a_close_among_posts_of_other_threads_loses_no_packet)
{
    WINE_DIFFERS("wineserver 8.0 corrupts its heap in about one run of ten, and every program hangs with it");
    for (int round = 0; round < ROUNDS; round++) {
        close_among_posts(round);
    }
}

/* ---- closing and cancelling at once ---- */

typedef struct DUEL {
    SOCKET socket;
    volatile LONG go;
} DUEL;

static DWORD WINAPI close_on_signal(void *argument)
{
    DUEL *duel = argument;
    while (!load(&duel->go)) {
    }
    return closesocket(duel->socket) == 0 ? 1 : 0;
}

static DWORD WINAPI cancel_on_signal(void *argument)
{
    DUEL *duel = argument;
    while (!load(&duel->go)) {
    }
    if (!CancelIoEx((HANDLE)duel->socket, NULL)) {
        EXPECT(GetLastError() == ERROR_NOT_FOUND || GetLastError() == ERROR_INVALID_HANDLE);
    }
    return 0;
}

CASE(races_closing_from_two_threads_succeeds_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        DUEL duel = {0};
        HANDLE first, second;
        duel.socket = new_socket(SOCK_STREAM);
        first = start_thread(close_on_signal, &duel);
        second = start_thread(close_on_signal, &duel);
        store(&duel.go, 1);
        EXPECT_EQ(1, join_thread(first) + join_thread(second));
    }
}

CASE(races_cancel_and_close_give_one_packet_each)
{
    enum { PENDING = 4 };
    for (int round = 0; round < ROUNDS; round++) {
        DUEL duel = {0};
        SOCKET far_end;
        HANDLE port = tcp_pair_on_port(&duel.socket, &far_end, 1), closer, canceller;
        OVERLAPPED overlapped[PENDING];
        char data[PENDING];
        memset(overlapped, 0, sizeof overlapped);
        for (int i = 0; i < PENDING; i++) {
            must_receive(duel.socket, &data[i], 1, &overlapped[i]);
        }
        closer = start_thread(close_on_signal, &duel);
        canceller = start_thread(cancel_on_signal, &duel);
        store(&duel.go, 1);
        send(far_end, "x", 1, 0);
        EXPECT_EQ(1, join_thread(closer));
        join_thread(canceller);
        for (int i = 0; i < PENDING; i++) {
            EXPECT(take(port).overlapped != NULL);
        }
        EXPECT_EQ(WAIT_TIMEOUT, take_within(port, 0).error);
        closesocket(far_end);
        CloseHandle(port);
    }
}

/* ---- a reset against everything ---- */

CASE(races_a_storm_of_resets_leaks_no_operation)
{
    for (int round = 0; round < ROUNDS; round++) {
        SOCKET near_end, far_end;
        HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
        OVERLAPPED receiving = {0}, sending = {0};
        char data[16];
        int owed = 0, error;
        error = start_receive(near_end, data, sizeof data, &receiving);
        owed += error == 0 || error == WSA_IO_PENDING;
        reset_connection(far_end);
        error = start_send(near_end, "answer", 6, &sending);
        owed += error == 0 || error == WSA_IO_PENDING;
        for (; owed > 0; owed--) {
            EXPECT(take(port).overlapped != NULL);
        }
        EXPECT_EQ(WAIT_TIMEOUT, take_within(port, 0).error);
        closesocket(near_end);
        CloseHandle(port);
    }
}

/* ---- connections come and go while a listener is served ---- */

typedef struct SERVICE {
    SOCKET listener;
    volatile LONG stopping;
} SERVICE;

static DWORD WINAPI accept_and_drop(void *argument)
{
    SERVICE *service = argument;
    DWORD accepted = 0;
    for (;;) {
        SOCKET s = accept(service->listener, NULL, NULL);
        if (s == INVALID_SOCKET) {
            EXPECT(load(&service->stopping));
            return accepted;
        }
        accepted++;
        closesocket(s);
    }
}

CASE(races_a_listener_survives_clients_that_reset_at_once)
{
    enum { CLIENTS = 100 };
    SERVICE service = {0};
    struct sockaddr_in address;
    HANDLE thread;
    SOCKET last;
    char data;
    service.listener = new_listener(&address);
    thread = start_thread(accept_and_drop, &service);
    for (int i = 0; i < CLIENTS; i++) {
        SOCKET client = new_socket(SOCK_STREAM);
        connect_to(client, &address);
        reset_connection(client);
    }
    last = new_socket(SOCK_STREAM);
    connect_to(last, &address);
    EXPECT_EQ(0, recv(last, &data, 1, 0)); /* its turn came, and the server closed it */
    closesocket(last);
    store(&service.stopping, 1);
    EXPECT_EQ(0, closesocket(service.listener));
    EXPECT(join_thread(thread) <= CLIENTS + 1);
}

const TEST_CASE races_cases[] = {
    TEST(races_a_stale_handle_does_not_reach_its_successor),
    TEST(races_handles_are_reused_without_end),
    TEST(races_a_close_among_posts_of_other_threads_loses_no_packet),
    TEST(races_closing_from_two_threads_succeeds_once),
    TEST(races_cancel_and_close_give_one_packet_each),
    TEST(races_a_storm_of_resets_leaks_no_operation),
    TEST(races_a_listener_survives_clients_that_reset_at_once),
    END_OF_CASES,
};
