/*
 * results.c - overlapped socket operations with events instead of a port: WSAGetOverlappedResult and its kin.
 */
#include "kit.h"

static OVERLAPPED with_event(void)
{
    OVERLAPPED overlapped;
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = WSACreateEvent();
    REQUIRE(overlapped.hEvent != WSA_INVALID_EVENT);
    return overlapped;
}

static void close_all(OVERLAPPED *overlapped, SOCKET near_end, SOCKET far_end)
{
    WSACloseEvent(overlapped->hEvent);
    closesocket(near_end);
    closesocket(far_end);
}

CASE(results_the_event_is_reset_at_the_start_and_set_at_the_end)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    DWORD bytes = 0, flags = 7;
    char data[8];
    tcp_pair(&near_end, &far_end);
    WSASetEvent(overlapped.hEvent);
    EXPECT_EQ(WSA_IO_PENDING, start_receive(near_end, data, sizeof data, &overlapped));
    EXPECT_EQ(WSA_WAIT_TIMEOUT, WSAWaitForMultipleEvents(1, &overlapped.hEvent, FALSE, 0, FALSE));
    EXPECT(!HasOverlappedIoCompleted(&overlapped));
    send_all(far_end, "abc", 3);
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &overlapped.hEvent, FALSE, limit_ms(), FALSE));
    EXPECT(HasOverlappedIoCompleted(&overlapped));
    EXPECT(WSAGetOverlappedResult(near_end, &overlapped, &bytes, FALSE, &flags));
    EXPECT_EQ(3, bytes);
    EXPECT_EQ(0, flags);
    EXPECT_EQ(0, overlapped.Internal);
    EXPECT_EQ(3, overlapped.InternalHigh);
    EXPECT_BYTES("abc", data, 3);
    close_all(&overlapped, near_end, far_end);
}

CASE(results_without_waiting_a_pending_operation_gives_996)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    DWORD bytes = 0, flags = 0;
    char data[8];
    tcp_pair(&near_end, &far_end);
    must_receive(near_end, data, sizeof data, &overlapped);
    EXPECT(!WSAGetOverlappedResult(near_end, &overlapped, &bytes, FALSE, &flags));
    EXPECT_EQ(WSA_IO_INCOMPLETE, WSAGetLastError());
    SetLastError(0);
    EXPECT(!GetOverlappedResult((HANDLE)near_end, &overlapped, &bytes, FALSE));
    EXPECT_ERROR(ERROR_IO_INCOMPLETE);
    send_all(far_end, "abc", 3);
    EXPECT(WSAGetOverlappedResult(near_end, &overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(3, bytes);
    bytes = 0;
    EXPECT(GetOverlappedResult((HANDLE)near_end, &overlapped, &bytes, TRUE)); /* may be asked again, either way */
    EXPECT_EQ(3, bytes);
    close_all(&overlapped, near_end, far_end);
}

typedef struct DELAYED {
    SOCKET socket;
    volatile LONG go;
} DELAYED;

static DWORD WINAPI send_when_told(void *argument)
{
    DELAYED *delayed = argument;
    WAIT_UNTIL(load(&delayed->go));
    send_all(delayed->socket, "late", 4);
    return 0;
}

CASE(results_waiting_lasts_until_the_operation_is_done)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    DELAYED delayed = {0};
    DWORD bytes = 0, flags = 0;
    HANDLE thread;
    char data[8];
    tcp_pair(&near_end, &far_end);
    must_receive(near_end, data, sizeof data, &overlapped);
    delayed.socket = far_end;
    thread = start_thread(send_when_told, &delayed);
    store(&delayed.go, 1);
    EXPECT(WSAGetOverlappedResult(near_end, &overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(4, bytes);
    join_thread(thread);
    close_all(&overlapped, near_end, far_end);
}

CASE(results_an_operation_done_at_once_sets_its_event_too)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    WSABUF buffer;
    DWORD bytes = 99, flags = 0;
    char data[] = "xy";
    tcp_pair(&near_end, &far_end);
    buffer.buf = data;
    buffer.len = 2;
    if (WSASend(near_end, &buffer, 1, &bytes, 0, &overlapped, NULL) == 0) {
        EXPECT_EQ(2, bytes);
    } else {
        EXPECT_EQ(WSA_IO_PENDING, WSAGetLastError());
    }
    EXPECT_EQ(WSA_WAIT_EVENT_0, WSAWaitForMultipleEvents(1, &overlapped.hEvent, FALSE, limit_ms(), FALSE));
    bytes = 0;
    EXPECT(WSAGetOverlappedResult(near_end, &overlapped, &bytes, FALSE, &flags));
    EXPECT_EQ(2, bytes);
    close_all(&overlapped, near_end, far_end);
}

CASE(results_errors_are_given_in_the_words_of_who_asks)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    DWORD bytes = 9, flags = 0;
    char data[8];
    tcp_pair(&near_end, &far_end);
    must_receive(near_end, data, sizeof data, &overlapped);
    reset_connection(far_end);
    EXPECT(!WSAGetOverlappedResult(near_end, &overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(WSAECONNRESET, WSAGetLastError());
    EXPECT_EQ(0, bytes);
    SetLastError(0);
    EXPECT(!GetOverlappedResult((HANDLE)near_end, &overlapped, &bytes, FALSE));
    EXPECT_ERROR(ERROR_NETNAME_DELETED);
    WSACloseEvent(overlapped.hEvent);
    closesocket(near_end);
}

CASE(results_a_cancelled_operation_gives_995)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    DWORD bytes = 9, flags = 0;
    char data[8];
    tcp_pair(&near_end, &far_end);
    must_receive(near_end, data, sizeof data, &overlapped);
    REQUIRE(CancelIoEx((HANDLE)near_end, &overlapped));
    EXPECT(!WSAGetOverlappedResult(near_end, &overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(WSA_OPERATION_ABORTED, WSAGetLastError());
    close_all(&overlapped, near_end, far_end);
}

CASE(results_the_end_of_the_stream_is_a_success_of_zero_bytes)
{
    SOCKET near_end, far_end;
    OVERLAPPED overlapped = with_event();
    DWORD bytes = 9, flags = 0;
    char data[8];
    tcp_pair(&near_end, &far_end);
    must_receive(near_end, data, sizeof data, &overlapped);
    REQUIRE_EQ(0, shutdown(far_end, SD_SEND));
    EXPECT(WSAGetOverlappedResult(near_end, &overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(0, bytes);
    close_all(&overlapped, near_end, far_end);
}

CASE(results_are_not_given_for_what_is_no_socket)
{
    SOCKET closed = new_socket(SOCK_STREAM);
    OVERLAPPED overlapped = {0};
    DWORD bytes, flags;
    closesocket(closed);
    WINE_DIFFERS("looks at the OVERLAPPED only");
    EXPECT(!WSAGetOverlappedResult(closed, &overlapped, &bytes, FALSE, &flags));
    EXPECT_EQ(WSAENOTSOCK, WSAGetLastError());
}

CASE(results_one_thread_serves_many_sockets_by_their_events)
{
    enum { COUNT = 60 };
    SOCKET near_ends[COUNT], far_ends[COUNT];
    OVERLAPPED overlapped[COUNT];
    WSAEVENT events[COUNT];
    char data[COUNT];
    DWORD bytes, flags;
    for (int i = 0; i < COUNT; i++) {
        tcp_pair(&near_ends[i], &far_ends[i]);
        overlapped[i] = with_event();
        events[i] = overlapped[i].hEvent;
        must_receive(near_ends[i], &data[i], 1, &overlapped[i]);
    }
    for (int i = COUNT - 1; i >= 0; i -= 7) {
        DWORD index;
        send_all(far_ends[i], "x", 1);
        index = WSAWaitForMultipleEvents(COUNT, events, FALSE, limit_ms(), FALSE) - WSA_WAIT_EVENT_0;
        REQUIRE_EQ(i, index);
        EXPECT(WSAGetOverlappedResult(near_ends[i], &overlapped[i], &bytes, FALSE, &flags));
        EXPECT_EQ(1, bytes);
        WSAResetEvent(events[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        closesocket(near_ends[i]);
        closesocket(far_ends[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_EQ(WAIT_OBJECT_0, i % 7 == (COUNT - 1) % 7 ? WAIT_OBJECT_0
                                                              : WaitForSingleObject(events[i], limit_ms()));
        WSACloseEvent(events[i]); /* only after the close has ended the operation */
    }
}

const TEST_CASE results_cases[] = {
    TEST(results_the_event_is_reset_at_the_start_and_set_at_the_end),
    TEST(results_without_waiting_a_pending_operation_gives_996),
    TEST(results_waiting_lasts_until_the_operation_is_done),
    TEST(results_an_operation_done_at_once_sets_its_event_too),
    TEST(results_errors_are_given_in_the_words_of_who_asks),
    TEST(results_a_cancelled_operation_gives_995),
    TEST(results_the_end_of_the_stream_is_a_success_of_zero_bytes),
    TEST(results_are_not_given_for_what_is_no_socket),
    TEST(results_one_thread_serves_many_sockets_by_their_events),
    END_OF_CASES,
};
