/*
 * cancel.c - CancelIo, CancelIoEx, and operations whose thread has gone.
 */
#include "kit.h"

CASE(fact_19_nothing_to_cancel_gives_1168)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = {0};
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    if (!WINE_PART_DIFFERS("CancelIoEx of all operations is TRUE when there are none")) {
        SetLastError(0);
        EXPECT(!CancelIoEx((HANDLE)near_end, NULL));
        EXPECT_ERROR(ERROR_NOT_FOUND);
    }
    SetLastError(0);
    EXPECT(!CancelIoEx((HANDLE)near_end, &overlapped));
    EXPECT_ERROR(ERROR_NOT_FOUND);
    EXPECT(CancelIo((HANDLE)near_end)); /* the older call does not say */
    closesocket(near_end);
    closesocket(far_end);
    SetLastError(0);
    EXPECT(!CancelIoEx((HANDLE)near_end, NULL));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
    CloseHandle(port);
}

CASE(fact_19_a_cancelled_operation_still_gives_its_packet)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = {0};
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    char data[4];
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    REQUIRE(CancelIoEx((HANDLE)near_end, &overlapped));
    EXPECT_BAD(port, ERROR_OPERATION_ABORTED, 0, 1, &overlapped);
    EXPECT_NO_PACKET(port);
    SetLastError(0);
    EXPECT(!CancelIoEx((HANDLE)near_end, &overlapped));
    EXPECT_ERROR(ERROR_NOT_FOUND);
    clear(&overlapped); /* the socket works as before */
    must_receive(near_end, data, sizeof data, &overlapped);
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 3, 1, &overlapped);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_19_one_of_several_is_cancelled)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped[3];
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    char data[3];
    memset(overlapped, 0, sizeof overlapped);
    for (int i = 0; i < 3; i++) {
        must_receive(near_end, &data[i], 1, &overlapped[i]);
    }
    REQUIRE(CancelIoEx((HANDLE)near_end, &overlapped[1]));
    EXPECT_BAD(port, ERROR_OPERATION_ABORTED, 0, 1, &overlapped[1]);
    send_all(far_end, "ab", 2);
    EXPECT_GOOD(port, 1, 1, &overlapped[0]);
    EXPECT_GOOD(port, 1, 1, &overlapped[2]);
    EXPECT_EQ('a', data[0]);
    EXPECT_EQ('b', data[2]);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_19_null_cancels_all_of_the_handle_and_no_other)
{
    enum { COUNT = 10 };
    SOCKET near_end, far_end, other_near, other_far;
    OVERLAPPED overlapped[COUNT], other = {0};
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    char data[COUNT], other_data;
    int seen[COUNT] = {0};
    memset(overlapped, 0, sizeof overlapped);
    tcp_pair(&other_near, &other_far);
    associate((HANDLE)other_near, port, 2);
    must_receive(other_near, &other_data, 1, &other);
    for (int i = 0; i < COUNT; i++) {
        must_receive(near_end, &data[i], 1, &overlapped[i]);
    }
    REQUIRE(CancelIoEx((HANDLE)near_end, NULL));
    for (int i = 0; i < COUNT; i++) {
        PACKET packet = take(port);
        EXPECT(!packet.ok);
        EXPECT_EQ(ERROR_OPERATION_ABORTED, packet.error);
        REQUIRE(packet.overlapped >= overlapped && packet.overlapped < overlapped + COUNT);
        seen[packet.overlapped - overlapped]++;
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_EQ(1, seen[i]);
    }
    send_all(other_far, "x", 1);
    EXPECT_GOOD(port, 1, 2, &other);
    closesocket(near_end);
    closesocket(far_end);
    closesocket(other_near);
    closesocket(other_far);
    CloseHandle(port);
}

typedef struct ISSUE {
    SOCKET socket;
    OVERLAPPED overlapped;
    char data[4];
    volatile LONG issued, leave;
} ISSUE;

static DWORD WINAPI receive_and_stay(void *argument)
{
    ISSUE *issue = argument;
    must_receive(issue->socket, issue->data, sizeof issue->data, &issue->overlapped);
    store(&issue->issued, 1);
    WAIT_UNTIL(load(&issue->leave));
    return 0;
}

CASE(fact_19_CancelIo_is_for_the_operations_of_its_own_thread)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1), thread;
    OVERLAPPED own = {0};
    ISSUE issue = {0};
    char data;
    issue.socket = near_end;
    thread = start_thread(receive_and_stay, &issue);
    WAIT_UNTIL(load(&issue.issued));
    must_receive(near_end, &data, 1, &own);
    REQUIRE(CancelIo((HANDLE)near_end));
    EXPECT_BAD(port, ERROR_OPERATION_ABORTED, 0, 1, &own);
    EXPECT_NO_PACKET(port);
    REQUIRE(CancelIoEx((HANDLE)near_end, NULL)); /* for those of any thread */
    EXPECT_BAD(port, ERROR_OPERATION_ABORTED, 0, 1, &issue.overlapped);
    store(&issue.leave, 1);
    join_thread(thread);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_20_an_operation_with_a_port_survives_its_thread)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    ISSUE issue = {0};
    issue.socket = near_end;
    store(&issue.leave, 1);
    join_thread(start_thread(receive_and_stay, &issue));
    EXPECT_NO_PACKET(port);
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 3, 1, &issue.overlapped);
    EXPECT_BYTES("abc", issue.data, 3);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(cancel_and_data_at_the_same_time_give_one_packet)
{
    enum { ROUNDS = 200 };
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 1);
    OVERLAPPED overlapped = {0};
    char data;
    int there = 0; /* bytes sent and not received yet */
    for (int i = 0; i < ROUNDS; i++) {
        PACKET packet;
        clear(&overlapped);
        must_receive(near_end, &data, 1, &overlapped);
        send_all(far_end, "x", 1);
        there++;
        if (!CancelIoEx((HANDLE)near_end, &overlapped)) {
            EXPECT_ERROR(ERROR_NOT_FOUND);
        }
        packet = take(port);
        EXPECT_PTR(&overlapped, packet.overlapped);
        if (packet.ok) {
            EXPECT_EQ(1, packet.bytes);
            there--;
        } else {
            EXPECT_EQ(ERROR_OPERATION_ABORTED, packet.error);
            EXPECT_EQ(0, packet.bytes);
        }
    }
    EXPECT_NO_PACKET(port);
    for (; there > 0; there--) { /* a cancelled receive has eaten nothing */
        receive_all(near_end, &data, 1);
    }
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

/* ---- calls that wait, and have no OVERLAPPED ---- */

static DWORD WINAPI blocked_send(void *argument)
{
    static const char data[65536];
    BLOCKED *blocked = argument;
    store(&blocked->about_to, 1);
    do {
        blocked->error = send(blocked->socket, data, sizeof data, 0) == SOCKET_ERROR ? WSAGetLastError() : 0;
    } while (!blocked->error);
    store(&blocked->done, 1);
    return 0;
}

/* Nobody can tell when another thread has begun to wait, so it is cancelled until it has ended. */
static int cancelled_with(BLOCKED *blocked, LPTHREAD_START_ROUTINE call)
{
    HANDLE thread = start_thread(call, blocked);
    BOOL cancelled = FALSE;
    WAIT_UNTIL(load(&blocked->about_to));
    EXPECT_STAYS(!load(&blocked->done));
    WAIT_UNTIL((cancelled |= CancelIoEx((HANDLE)blocked->socket, NULL), load(&blocked->done)));
    join_thread(thread);
    EXPECT(cancelled);
    return blocked->error;
}

CASE(fact_19_CancelIoEx_ends_a_recv_that_another_thread_waits_in)
{
    SOCKET far_end;
    BLOCKED blocked = {0};
    tcp_pair(&blocked.socket, &far_end);
    EXPECT_EQ(ERROR_OPERATION_ABORTED, cancelled_with(&blocked, blocked_receive));
    send_all(far_end, "x", 1);
    EXPECT_EQ(1, recv(blocked.socket, (char[1]){0}, 1, 0)); /* the socket is as good as before */
    closesocket(blocked.socket);
    closesocket(far_end);
}

CASE(fact_19_CancelIoEx_ends_a_recv_that_has_a_time_limit)
{
    SOCKET far_end;
    BLOCKED blocked = {0};
    DWORD limit = 600000;
    tcp_pair(&blocked.socket, &far_end);
    REQUIRE(setsockopt(blocked.socket, SOL_SOCKET, SO_RCVTIMEO, (const char *)&limit, sizeof limit) == 0);
    EXPECT_EQ(ERROR_OPERATION_ABORTED, cancelled_with(&blocked, blocked_receive));
    closesocket(blocked.socket);
    closesocket(far_end);
}

CASE(fact_19_CancelIoEx_ends_a_send_that_another_thread_waits_in)
{
    SOCKET far_end;
    BLOCKED blocked = {0};
    tcp_pair(&blocked.socket, &far_end);
    EXPECT_EQ(ERROR_OPERATION_ABORTED, cancelled_with(&blocked, blocked_send));
    closesocket(blocked.socket);
    closesocket(far_end);
}

CASE(fact_19_CancelIoEx_ends_an_accept_that_another_thread_waits_in)
{
    struct sockaddr_in address;
    BLOCKED blocked = {0};
    blocked.socket = new_listener(&address);
    EXPECT_EQ(ERROR_OPERATION_ABORTED, cancelled_with(&blocked, blocked_accept));
    closesocket(blocked.socket);
}

/* Its operations have an OVERLAPPED, a call that waits has none. */
CASE(fact_19_CancelIoEx_of_one_operation_leaves_a_recv_that_waits)
{
    SOCKET far_end;
    BLOCKED blocked = {0};
    OVERLAPPED other = {0};
    tcp_pair(&blocked.socket, &far_end);
    HANDLE thread = start_thread(blocked_receive, &blocked);
    WAIT_UNTIL(load(&blocked.about_to));
    EXPECT_STAYS(!load(&blocked.done) && !CancelIoEx((HANDLE)blocked.socket, &other));
    send_all(far_end, "x", 1);
    join_thread(thread);
    EXPECT_EQ(0, blocked.error);
    closesocket(blocked.socket);
    closesocket(far_end);
}

typedef struct RECEIVER {
    SOCKET socket;
    volatile LONG leave, done, cancelled, otherwise;
} RECEIVER;

static DWORD WINAPI receive_again_and_again(void *argument)
{
    RECEIVER *receiver = argument;
    char data;
    while (!load(&receiver->leave)) {
        if (recv(receiver->socket, &data, 1, 0) == SOCKET_ERROR && WSAGetLastError() == ERROR_OPERATION_ABORTED) {
            InterlockedIncrement(&receiver->cancelled);
        } else {
            InterlockedIncrement(&receiver->otherwise);
        }
    }
    store(&receiver->done, 1);
    return 0;
}

CASE(cancelling_ends_the_recv_of_its_socket_and_of_no_other)
{
    enum { RECEIVERS = 6, ROUNDS = 100 };
    static RECEIVER receivers[RECEIVERS];
    SOCKET far_ends[RECEIVERS], quiet_end;
    HANDLE threads[RECEIVERS], thread;
    BLOCKED quiet = {0};
    tcp_pair(&quiet.socket, &quiet_end);
    thread = start_thread(blocked_receive, &quiet);
    for (int i = 0; i < RECEIVERS; i++) {
        tcp_pair(&receivers[i].socket, &far_ends[i]);
        threads[i] = start_thread(receive_again_and_again, &receivers[i]);
    }
    for (int i = 0; i < ROUNDS; i++) {
        RECEIVER *receiver = &receivers[i * 5 % RECEIVERS];
        LONG before = load(&receiver->cancelled);
        WAIT_UNTIL((CancelIoEx((HANDLE)receiver->socket, NULL), load(&receiver->cancelled) > before));
    }
    for (int i = 0; i < RECEIVERS; i++) {
        store(&receivers[i].leave, 1);
        WAIT_UNTIL((CancelIoEx((HANDLE)receivers[i].socket, NULL), load(&receivers[i].done)));
        join_thread(threads[i]);
        EXPECT_EQ(0, load(&receivers[i].otherwise));
        closesocket(receivers[i].socket);
        closesocket(far_ends[i]);
    }
    EXPECT(!load(&quiet.done));
    send_all(quiet_end, "x", 1);
    join_thread(thread);
    EXPECT_EQ(0, quiet.error);
    closesocket(quiet.socket);
    closesocket(quiet_end);
}

const TEST_CASE cancel_cases[] = {
    TEST(fact_19_nothing_to_cancel_gives_1168),
    TEST(fact_19_a_cancelled_operation_still_gives_its_packet),
    TEST(fact_19_one_of_several_is_cancelled),
    TEST(fact_19_null_cancels_all_of_the_handle_and_no_other),
    TEST(fact_19_CancelIo_is_for_the_operations_of_its_own_thread),
    TEST(fact_19_CancelIoEx_ends_a_recv_that_another_thread_waits_in),
    TEST(fact_19_CancelIoEx_ends_a_recv_that_has_a_time_limit),
    TEST(fact_19_CancelIoEx_ends_a_send_that_another_thread_waits_in),
    TEST(fact_19_CancelIoEx_ends_an_accept_that_another_thread_waits_in),
    TEST(fact_19_CancelIoEx_of_one_operation_leaves_a_recv_that_waits),
    TEST(cancelling_ends_the_recv_of_its_socket_and_of_no_other),
    TEST(fact_20_an_operation_with_a_port_survives_its_thread),
    TEST(cancel_and_data_at_the_same_time_give_one_packet),
    END_OF_CASES,
};
