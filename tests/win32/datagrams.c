/*
 * datagrams.c - WSASendTo and WSARecvFrom over UDP.
 */
#include "kit.h"

typedef struct POST {
    SOCKET near_end, far_end;
    struct sockaddr_in near_address, far_address;
    HANDLE port; /* of the near end, with key 3 */
} POST;

static POST open_post(void)
{
    POST post;
    post.near_end = new_socket(SOCK_DGRAM);
    post.far_end = new_socket(SOCK_DGRAM);
    bind_loopback(post.near_end, &post.near_address);
    bind_loopback(post.far_end, &post.far_address);
    post.port = new_port(0);
    associate((HANDLE)post.near_end, post.port, 3);
    return post;
}

static void close_post(POST *post)
{
    closesocket(post->near_end);
    closesocket(post->far_end);
    CloseHandle(post->port);
}

static void send_to_near(POST *post, const char *data, int size)
{
    REQUIRE_EQ(size, sendto(post->far_end, data, size, 0, (struct sockaddr *)&post->near_address,
                            (int)sizeof post->near_address));
}

/* What a pending WSARecvFrom fills in: all of it must live until the packet comes. */
typedef struct ARRIVAL {
    OVERLAPPED overlapped;
    char data[8];
    struct sockaddr_in from;
    int from_size;
    DWORD flags;
} ARRIVAL;

static void receive_from(SOCKET s, ARRIVAL *arrival, ULONG size)
{
    WSABUF buffer;
    buffer.buf = arrival->data;
    buffer.len = size;
    memset(&arrival->overlapped, 0, sizeof arrival->overlapped);
    memset(&arrival->from, 0, sizeof arrival->from);
    arrival->from_size = (int)sizeof arrival->from;
    arrival->flags = 0;
    if (WSARecvFrom(s, &buffer, 1, NULL, &arrival->flags, (struct sockaddr *)&arrival->from, &arrival->from_size,
                    &arrival->overlapped, NULL) != 0) {
        REQUIRE_EQ(WSA_IO_PENDING, WSAGetLastError());
    }
}

CASE(datagrams_a_pending_receive_tells_the_sender)
{
    POST post = open_post();
    ARRIVAL arrival;
    receive_from(post.near_end, &arrival, sizeof arrival.data);
    EXPECT_NO_PACKET(post.port);
    send_to_near(&post, "hello", 5);
    EXPECT_GOOD(post.port, 5, 3, &arrival.overlapped);
    EXPECT_BYTES("hello", arrival.data, 5);
    EXPECT_EQ(sizeof arrival.from, arrival.from_size);
    EXPECT_EQ(AF_INET, arrival.from.sin_family);
    EXPECT_EQ(post.far_address.sin_port, arrival.from.sin_port);
    EXPECT_EQ(htonl(INADDR_LOOPBACK), arrival.from.sin_addr.s_addr);
    close_post(&post);
}

CASE(datagrams_an_overlapped_send_arrives_whole)
{
    POST post = open_post();
    OVERLAPPED overlapped = {0};
    char first[] = "abc", second[] = "de", received[16];
    struct sockaddr_in from;
    int from_size = (int)sizeof from;
    WSABUF buffers[2];
    buffers[0].buf = first;
    buffers[0].len = 3;
    buffers[1].buf = second;
    buffers[1].len = 2;
    if (WSASendTo(post.near_end, buffers, 2, NULL, 0, (struct sockaddr *)&post.far_address,
                  (int)sizeof post.far_address, &overlapped, NULL) != 0) {
        REQUIRE_EQ(WSA_IO_PENDING, WSAGetLastError());
    }
    EXPECT_GOOD(post.port, 5, 3, &overlapped);
    EXPECT_EQ(5, recvfrom(post.far_end, received, sizeof received, 0, (struct sockaddr *)&from, &from_size));
    EXPECT_BYTES("abcde", received, 5);
    EXPECT_EQ(post.near_address.sin_port, from.sin_port);
    close_post(&post);
}

CASE(datagrams_boundaries_and_order_are_kept)
{
    POST post = open_post();
    ARRIVAL arrivals[3];
    for (int i = 0; i < 3; i++) {
        receive_from(post.near_end, &arrivals[i], sizeof arrivals[i].data);
    }
    send_to_near(&post, "a", 1);
    send_to_near(&post, "bb", 2);
    send_to_near(&post, "ccc", 3);
    for (int i = 0; i < 3; i++) {
        EXPECT_GOOD(post.port, i + 1, 3, &arrivals[i].overlapped);
        EXPECT_EQ('a' + i, arrivals[i].data[0]);
    }
    close_post(&post);
}

CASE(datagrams_an_empty_one_is_a_datagram_too)
{
    POST post = open_post();
    ARRIVAL arrival;
    receive_from(post.near_end, &arrival, sizeof arrival.data);
    send_to_near(&post, "", 0);
    EXPECT_GOOD(post.port, 0, 3, &arrival.overlapped);
    EXPECT_EQ(post.far_address.sin_port, arrival.from.sin_port);
    close_post(&post);
}

CASE(datagrams_one_too_long_completes_with_234_and_what_fits)
{
    POST post = open_post();
    ARRIVAL arrival;
    receive_from(post.near_end, &arrival, 4);
    EXPECT_NO_PACKET(post.port);
    send_to_near(&post, "abcdef", 6);
    EXPECT_BAD(post.port, ERROR_MORE_DATA, 4, 3, &arrival.overlapped);
    EXPECT_BYTES("abcd", arrival.data, 4);
    EXPECT_EQ(post.far_address.sin_port, arrival.from.sin_port);
    receive_from(post.near_end, &arrival, sizeof arrival.data);
    send_to_near(&post, "gh", 2); /* the rest of the first is lost */
    EXPECT_GOOD(post.port, 2, 3, &arrival.overlapped);
    close_post(&post);
}

CASE(datagrams_one_too_long_is_WSAEMSGSIZE_to_Winsock)
{
    POST post = open_post();
    OVERLAPPED overlapped = {0};
    struct sockaddr_in from;
    int from_size = (int)sizeof from;
    char data[4];
    DWORD bytes = 0, flags = 0;
    send_to_near(&post, "abcdef", 6);
    EXPECT_EQ(SOCKET_ERROR, recvfrom(post.near_end, data, sizeof data, 0, (struct sockaddr *)&from, &from_size));
    EXPECT_EQ(WSAEMSGSIZE, WSAGetLastError());
    EXPECT_BYTES("abcd", data, 4);

    overlapped.hEvent = WSACreateEvent(); /* the far end has no port */
    EXPECT_EQ(WSA_IO_PENDING, start_receive(post.far_end, data, sizeof data, &overlapped));
    REQUIRE_EQ(6, sendto(post.near_end, "ghijkl", 6, 0, (struct sockaddr *)&post.far_address,
                         (int)sizeof post.far_address));
    EXPECT(!WSAGetOverlappedResult(post.far_end, &overlapped, &bytes, TRUE, &flags));
    EXPECT_EQ(WSAEMSGSIZE, WSAGetLastError());
    EXPECT_EQ(4, bytes);
    EXPECT_BYTES("ghij", data, 4);
    WSACloseEvent(overlapped.hEvent);
    close_post(&post);
}

CASE(datagrams_a_connected_socket_sends_and_receives_plainly)
{
    POST post = open_post();
    OVERLAPPED sending = {0}, receiving = {0};
    char data[8];
    connect_to(post.near_end, &post.far_address);
    connect_to(post.far_end, &post.near_address);
    must_send(post.near_end, "abc", 3, &sending);
    EXPECT_GOOD(post.port, 3, 3, &sending);
    EXPECT_EQ(3, recv(post.far_end, data, sizeof data, 0));
    must_receive(post.near_end, data, sizeof data, &receiving);
    send_all(post.far_end, "de", 2);
    EXPECT_GOOD(post.port, 2, 3, &receiving);
    close_post(&post);
}

const TEST_CASE datagrams_cases[] = {
    TEST(datagrams_a_pending_receive_tells_the_sender),
    TEST(datagrams_an_overlapped_send_arrives_whole),
    TEST(datagrams_boundaries_and_order_are_kept),
    TEST(datagrams_an_empty_one_is_a_datagram_too),
    TEST(datagrams_one_too_long_completes_with_234_and_what_fits),
    TEST(datagrams_one_too_long_is_WSAEMSGSIZE_to_Winsock),
    TEST(datagrams_a_connected_socket_sends_and_receives_plainly),
    END_OF_CASES,
};
