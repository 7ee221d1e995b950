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

const TEST_CASE cancel_cases[] = {
    TEST(fact_19_nothing_to_cancel_gives_1168),
    TEST(fact_19_a_cancelled_operation_still_gives_its_packet),
    TEST(fact_19_one_of_several_is_cancelled),
    TEST(fact_19_null_cancels_all_of_the_handle_and_no_other),
    TEST(fact_19_CancelIo_is_for_the_operations_of_its_own_thread),
    TEST(fact_20_an_operation_with_a_port_survives_its_thread),
    TEST(cancel_and_data_at_the_same_time_give_one_packet),
    END_OF_CASES,
};
