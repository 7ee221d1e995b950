/*
 * completions.c - socket operations and their packets: exactly one each, or none; resets, ends, zero bytes.
 */
#include "kit.h"

static void close_all(HANDLE port, SOCKET near_end, SOCKET far_end)
{
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

/** Sends from the far end and waits until the near end could receive it without waiting. */
static void let_data_wait(SOCKET near_end, SOCKET far_end, const char *data, u_long size)
{
    u_long there = 0;
    send_all(far_end, data, size);
    WAIT_UNTIL(ioctlsocket(near_end, FIONREAD, &there) == 0 && there >= size);
}

CASE(fact_06_a_success_at_once_still_gives_one_packet)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 5);
    OVERLAPPED sending = {0}, receiving = {0};
    char data[8];
    must_send(near_end, "hello", 5, &sending);
    EXPECT_GOOD(port, 5, 5, &sending);
    let_data_wait(near_end, far_end, "abc", 3);
    must_receive(near_end, data, sizeof data, &receiving);
    EXPECT_GOOD(port, 3, 5, &receiving);
    EXPECT_BYTES("abc", data, 3);
    EXPECT_NO_PACKET(port);
    close_all(port, near_end, far_end);
}

CASE(fact_06_a_pending_operation_gives_one_packet)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    EXPECT_NO_PACKET(port);
    EXPECT(!HasOverlappedIoCompleted(&overlapped));
    send_all(far_end, "abcd", 4);
    EXPECT_GOOD(port, 4, 6, &overlapped);
    EXPECT(HasOverlappedIoCompleted(&overlapped));
    EXPECT_BYTES("abcd", data, 4);
    EXPECT_NO_PACKET(port);
    close_all(port, near_end, far_end);
}

CASE(fact_06_a_failure_at_once_gives_no_packet)
{
    SOCKET near_end, far_end, lonely = new_socket(SOCK_STREAM);
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    associate((HANDLE)lonely, port, 7);
    EXPECT_EQ(WSAENOTCONN, start_receive(lonely, data, sizeof data, &overlapped));
    if (!WINE_PART_DIFFERS("a send on a socket that was never connected fails with WSAECONNRESET")) {
        EXPECT_EQ(WSAENOTCONN, start_send(lonely, data, sizeof data, &overlapped));
    }
    REQUIRE_EQ(0, shutdown(near_end, SD_SEND));
    EXPECT_EQ(WSAESHUTDOWN, start_send(near_end, data, sizeof data, &overlapped));
    EXPECT_NO_PACKET(port);
    closesocket(lonely);
    close_all(port, near_end, far_end);
}

CASE(fact_06_calls_without_an_overlapped_give_no_packet)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    WSABUF buffer;
    char data[8];
    DWORD bytes = 0, flags = 0;
    send_all(near_end, "x", 1);
    send_all(far_end, "yz", 2);
    receive_all(near_end, data, 1);
    buffer.buf = data;
    buffer.len = 1;
    EXPECT_EQ(0, WSARecv(near_end, &buffer, 1, &bytes, &flags, NULL, NULL));
    EXPECT_EQ(1, bytes);
    EXPECT_EQ(0, WSASend(near_end, &buffer, 1, &bytes, 0, NULL, NULL));
    EXPECT_EQ(1, bytes);
    EXPECT_NO_PACKET(port);
    close_all(port, near_end, far_end);
}

CASE(fact_06_skip_on_success_suppresses_only_immediate_successes)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    REQUIRE(SetFileCompletionNotificationModes((HANDLE)near_end, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    let_data_wait(near_end, far_end, "abc", 3);
    if (start_receive(near_end, data, sizeof data, &overlapped) == 0) {
        EXPECT(HasOverlappedIoCompleted(&overlapped));
        EXPECT_EQ(3, overlapped.InternalHigh);
        EXPECT_NO_PACKET(port);
    } else {
        EXPECT_GOOD(port, 3, 6, &overlapped); /* allowed: pending in spite of the data, and then a packet */
    }
    EXPECT_BYTES("abc", data, 3);

    clear(&overlapped);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    send_all(far_end, "de", 2);
    EXPECT_GOOD(port, 2, 6, &overlapped);

    clear(&overlapped);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    REQUIRE(CancelIoEx((HANDLE)near_end, &overlapped));
    EXPECT_BAD(port, ERROR_OPERATION_ABORTED, 0, 6, &overlapped);
    EXPECT_NO_PACKET(port);
    close_all(port, near_end, far_end);
}

CASE(fact_06_skip_on_success_cannot_be_unset)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    REQUIRE(SetFileCompletionNotificationModes((HANDLE)near_end, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    REQUIRE(SetFileCompletionNotificationModes((HANDLE)near_end, 0));
    if (start_send(near_end, "x", 1, &overlapped) == 0) {
        EXPECT_NO_PACKET(port);
    } else {
        EXPECT_GOOD(port, 1, 6, &overlapped);
    }
    close_all(port, near_end, far_end);
}

CASE(fact_06_notification_modes_want_good_arguments)
{
    SOCKET s = new_socket(SOCK_STREAM);
    EXPECT(SetFileCompletionNotificationModes((HANDLE)s, FILE_SKIP_SET_EVENT_ON_HANDLE));
    closesocket(s);
    SetLastError(0);
    EXPECT(!SetFileCompletionNotificationModes((HANDLE)s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    EXPECT_ERROR(ERROR_INVALID_HANDLE);
}

CASE(fact_07_a_low_bit_in_hEvent_suppresses_the_packet)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    OVERLAPPED overlapped = {0};
    DWORD bytes = 0;
    char data[8];
    REQUIRE(event != NULL);
    overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    send_all(far_end, "abc", 3);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, limit_ms()));
    EXPECT(GetOverlappedResult((HANDLE)near_end, &overlapped, &bytes, FALSE));
    EXPECT_EQ(3, bytes);
    EXPECT_NO_PACKET(port);

    clear(&overlapped); /* and when it succeeds at once */
    ResetEvent(event);
    must_send(near_end, "x", 1, &overlapped);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, limit_ms()));
    EXPECT_NO_PACKET(port);
    CloseHandle(event);
    close_all(port, near_end, far_end);
}

CASE(fact_07_a_plain_event_is_set_and_the_packet_comes_too)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    overlapped.hEvent = CreateEventA(NULL, TRUE, TRUE, NULL);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(overlapped.hEvent, 0)); /* reset by the start */
    send_all(far_end, "abc", 3);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(overlapped.hEvent, limit_ms()));
    EXPECT_GOOD(port, 3, 6, &overlapped);
    CloseHandle(overlapped.hEvent);
    close_all(port, near_end, far_end);
}

CASE(fact_08_the_status_is_not_written_before_the_packet_is_taken)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    WINE_DIFFERS("the status is written before the dequeue");
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    send_all(far_end, "abc", 3);
    EXPECT_STAYS(!HasOverlappedIoCompleted(&overlapped));
    EXPECT_GOOD(port, 3, 6, &overlapped);
    EXPECT(HasOverlappedIoCompleted(&overlapped));
    EXPECT_EQ(0, overlapped.Internal);
    EXPECT_EQ(3, overlapped.InternalHigh);
    close_all(port, near_end, far_end);
}

CASE(fact_09_an_accepted_socket_does_not_inherit_the_port)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), client = new_socket(SOCK_STREAM), accepted;
    HANDLE port = new_port(1);
    OVERLAPPED overlapped = {0};
    char data[8];
    associate((HANDLE)listener, port, 1);
    connect_to(client, &address);
    accepted = accept(listener, NULL, NULL);
    REQUIRE(accepted != INVALID_SOCKET);
    overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    must_receive(accepted, data, sizeof data, &overlapped);
    send_all(client, "abc", 3);
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(overlapped.hEvent, limit_ms()));
    EXPECT_NO_PACKET(port);
    associate((HANDLE)accepted, port, 2); /* nor does anything stand in the way of its own association */
    clear(&overlapped);
    must_send(accepted, "x", 1, &overlapped);
    EXPECT_GOOD(port, 1, 2, &overlapped);
    CloseHandle(overlapped.hEvent);
    closesocket(listener);
    close_all(port, client, accepted);
}

CASE(fact_11_a_reset_completes_a_pending_receive_with_64)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    reset_connection(far_end);
    EXPECT_BAD(port, ERROR_NETNAME_DELETED, 0, 6, &overlapped);
    if (!WINE_PART_DIFFERS("a receive after a reset succeeds with zero bytes")) {
        clear(&overlapped);
        EXPECT_EQ(WSAECONNRESET, start_receive(near_end, data, sizeof data, &overlapped));
        EXPECT_EQ(WSAECONNRESET, start_receive(near_end, data, sizeof data, &overlapped));
    }
    EXPECT_NO_PACKET(port);
    closesocket(near_end);
    CloseHandle(port);
}

CASE(fact_11_a_call_after_the_reset_gives_WSAECONNRESET_and_no_packet)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    fd_set readable;
    char data[8];
    WINE_DIFFERS("a receive after a reset succeeds with zero bytes");
    reset_connection(far_end);
    FD_ZERO(&readable);
    FD_SET(near_end, &readable);
    REQUIRE_EQ(1, select(0, &readable, NULL, NULL, NULL));
    EXPECT_EQ(WSAECONNRESET, start_receive(near_end, data, sizeof data, &overlapped));
    EXPECT_EQ(WSAECONNRESET, start_receive(near_end, NULL, 0, &overlapped));
    EXPECT_NO_PACKET(port);
    closesocket(near_end);
    CloseHandle(port);
}

CASE(fact_11_an_orderly_end_gives_true_and_zero_bytes)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED first = {0}, second = {0};
    char data[8];
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &first));
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 3, 6, &first);
    clear(&first);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &first));
    REQUIRE_EQ(0, shutdown(far_end, SD_SEND));
    EXPECT_GOOD(port, 0, 6, &first);
    must_receive(near_end, data, sizeof data, &second); /* and again, as often as asked */
    EXPECT_GOOD(port, 0, 6, &second);
    send_all(near_end, "still open this way", 19);
    close_all(port, near_end, far_end);
}

CASE(fact_12_a_zero_byte_receive_waits_for_data_and_takes_none)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, NULL, 0, &overlapped));
    EXPECT_NO_PACKET(port);
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 0, 6, &overlapped);
    clear(&overlapped);
    must_receive(near_end, NULL, 0, &overlapped); /* data waits: done at once */
    EXPECT_GOOD(port, 0, 6, &overlapped);
    clear(&overlapped);
    must_receive(near_end, data, sizeof data, &overlapped);
    EXPECT_GOOD(port, 3, 6, &overlapped);
    EXPECT_BYTES("abc", data, 3);
    close_all(port, near_end, far_end);
}

CASE(fact_12_a_zero_byte_receive_as_the_first_of_all_takes_none)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[8];
    let_data_wait(near_end, far_end, "abc", 3);
    for (int i = 0; i < 3; i++) {
        clear(&overlapped);
        must_receive(near_end, NULL, 0, &overlapped);
        EXPECT_GOOD(port, 0, 6, &overlapped);
    }
    EXPECT_EQ(3, recv(near_end, data, sizeof data, 0));
    EXPECT_BYTES("abc", data, 3);
    close_all(port, near_end, far_end);
}

CASE(fact_12_a_zero_byte_receive_waits_after_all_was_taken)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    char data[3];
    must_receive(near_end, data, 3, &overlapped);
    send_all(far_end, "abc", 3); /* fills the buffer exactly: whether more waits cannot be told from the count */
    EXPECT_GOOD(port, 3, 6, &overlapped);
    clear(&overlapped);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, NULL, 0, &overlapped));
    EXPECT_NO_PACKET(port);
    send_all(far_end, "d", 1);
    EXPECT_GOOD(port, 0, 6, &overlapped);
    clear(&overlapped);
    must_receive(near_end, data, 1, &overlapped);
    EXPECT_GOOD(port, 1, 6, &overlapped);
    clear(&overlapped);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, NULL, 0, &overlapped));
    REQUIRE_EQ(0, shutdown(far_end, SD_SEND));
    EXPECT_GOOD(port, 0, 6, &overlapped);
    close_all(port, near_end, far_end);
}

CASE(fact_12_a_zero_byte_receive_sees_the_end_and_the_reset)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED overlapped = {0};
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, NULL, 0, &overlapped));
    REQUIRE_EQ(0, shutdown(far_end, SD_SEND));
    EXPECT_GOOD(port, 0, 6, &overlapped);
    close_all(port, near_end, far_end);

    clear(&overlapped);
    port = tcp_pair_on_port(&near_end, &far_end, 6);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, NULL, 0, &overlapped));
    reset_connection(far_end);
    EXPECT_BAD(port, ERROR_NETNAME_DELETED, 0, 6, &overlapped);
    closesocket(near_end);
    CloseHandle(port);
}

CASE(fact_12_no_buffers_at_all_give_WSAEINVAL)
{
    SOCKET near_end, far_end;
    HANDLE port;
    OVERLAPPED overlapped = {0};
    WSABUF buffer = {0};
    DWORD flags = 0;
    WINE_DIFFERS("takes no buffers for a zero-byte receive");
    port = tcp_pair_on_port(&near_end, &far_end, 6);
    EXPECT_EQ(SOCKET_ERROR, WSARecv(near_end, &buffer, 0, NULL, &flags, &overlapped, NULL));
    EXPECT_EQ(WSAEINVAL, WSAGetLastError());
    EXPECT_NO_PACKET(port);
    close_all(port, near_end, far_end);
}

CASE(completions_ReadFile_and_WriteFile_take_sockets)
{
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 6);
    OVERLAPPED reading = {0}, writing = {0};
    char data[8];
    if (!ReadFile((HANDLE)near_end, data, sizeof data, NULL, &reading)) {
        EXPECT_ERROR(ERROR_IO_PENDING);
    }
    send_all(far_end, "abc", 3);
    EXPECT_GOOD(port, 3, 6, &reading);
    if (!WriteFile((HANDLE)near_end, data, 3, NULL, &writing)) {
        EXPECT_ERROR(ERROR_IO_PENDING);
    }
    EXPECT_GOOD(port, 3, 6, &writing);
    receive_all(far_end, data, 3);
    EXPECT_BYTES("abc", data, 3);
    close_all(port, near_end, far_end);
}

const TEST_CASE completions_cases[] = {
    TEST(fact_06_a_success_at_once_still_gives_one_packet),
    TEST(fact_06_a_pending_operation_gives_one_packet),
    TEST(fact_06_a_failure_at_once_gives_no_packet),
    TEST(fact_06_calls_without_an_overlapped_give_no_packet),
    TEST(fact_06_skip_on_success_suppresses_only_immediate_successes),
    TEST(fact_06_skip_on_success_cannot_be_unset),
    TEST(fact_06_notification_modes_want_good_arguments),
    TEST(fact_07_a_low_bit_in_hEvent_suppresses_the_packet),
    TEST(fact_07_a_plain_event_is_set_and_the_packet_comes_too),
    TEST(fact_08_the_status_is_not_written_before_the_packet_is_taken),
    TEST(fact_09_an_accepted_socket_does_not_inherit_the_port),
    TEST(fact_11_a_reset_completes_a_pending_receive_with_64),
    TEST(fact_11_a_call_after_the_reset_gives_WSAECONNRESET_and_no_packet),
    TEST(fact_11_an_orderly_end_gives_true_and_zero_bytes),
    TEST(fact_12_a_zero_byte_receive_waits_for_data_and_takes_none),
    TEST(fact_12_a_zero_byte_receive_as_the_first_of_all_takes_none),
    TEST(fact_12_a_zero_byte_receive_waits_after_all_was_taken),
    TEST(fact_12_a_zero_byte_receive_sees_the_end_and_the_reset),
    TEST(fact_12_no_buffers_at_all_give_WSAEINVAL),
    TEST(completions_ReadFile_and_WriteFile_take_sockets),
    END_OF_CASES,
};
