/*
 * transmitting.c - TransmitFile, TransmitPackets and WSARecvMsg.
 */
#include "extensions.h"

enum { FILE_BYTES = 200000 };

static void expect_pattern(SOCKET s, size_t from, size_t size)
{
    unsigned char *data = malloc(size);
    size_t wrong = 0;
    REQUIRE(data != NULL);
    receive_all(s, data, size);
    for (size_t i = 0; i < size; i++) {
        wrong += data[i] != pattern_byte(from + i);
    }
    EXPECT_EQ(0, wrong);
    free(data);
}

CASE(fact_17_transmit_sends_head_file_and_tail)
{
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4), file;
    OVERLAPPED overlapped = {0};
    TRANSMIT_FILE_BUFFERS around = {(char[]){"head"}, 4, (char[]){"tail!"}, 5};
    char name[64], text[5];
    create_pattern_file(name, FILE_BYTES);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED | FILE_FLAG_SEQUENTIAL_SCAN);
    BOOL done = ex.transmit_file(near_end, file, 0, 0, &overlapped, &around, 0);
    REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
    receive_all(far_end, text, 4);
    EXPECT_BYTES("head", text, 4);
    expect_pattern(far_end, 0, FILE_BYTES);
    receive_all(far_end, text, 5);
    EXPECT_BYTES("tail!", text, 5);
    EXPECT_GOOD(port, FILE_BYTES + 9, 4, &overlapped);
    CloseHandle(file);
    DeleteFileA(name);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_17_transmit_sends_a_part)
{
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4), file;
    OVERLAPPED overlapped = {0};
    char name[64];
    create_pattern_file(name, FILE_BYTES);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    overlapped.Offset = 1000;
    BOOL done = ex.transmit_file(near_end, file, 5000, 0, &overlapped, NULL, 0);
    REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
    expect_pattern(far_end, 1000, 5000);
    EXPECT_GOOD(port, 5000, 4, &overlapped);
    CloseHandle(file);
    DeleteFileA(name);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_17_transmit_that_disconnects_ends_the_stream)
{
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4), file;
    OVERLAPPED overlapped = {0};
    char name[64], more;
    WINE_DIFFERS("TransmitFile ignores TF_DISCONNECT");
    create_pattern_file(name, 1000);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    BOOL done = ex.transmit_file(near_end, file, 0, 0, &overlapped, NULL, TF_DISCONNECT);
    REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
    expect_pattern(far_end, 0, 1000);
    EXPECT_EQ(0, recv(far_end, &more, 1, 0));
    EXPECT_GOOD(port, 1000, 4, &overlapped);
    CloseHandle(file);
    DeleteFileA(name);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_17_transmit_reuse_needs_disconnect)
{
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4);
    OVERLAPPED overlapped = {0};
    TRANSMIT_FILE_BUFFERS around = {(char[]){"head"}, 4, NULL, 0};
    WINE_DIFFERS("TransmitFile ignores its flags");
    EXPECT(!ex.transmit_file(near_end, NULL, 0, 0, &overlapped, &around, TF_REUSE_SOCKET));
    EXPECT_EQ(WSAEINVAL, WSAGetLastError());
    EXPECT_NO_PACKET(port);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(fact_17_transmit_has_a_limit)
{
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4), file;
    OVERLAPPED overlapped = {0};
    char name[64];
    WINE_DIFFERS("TransmitFile takes any length");
    create_pattern_file(name, 10);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    EXPECT(!ex.transmit_file(near_end, file, 2147483647u, 0, &overlapped, NULL, 0));
    EXPECT_EQ(WSAEINVAL, WSAGetLastError());
    EXPECT_NO_PACKET(port);
    CloseHandle(file);
    DeleteFileA(name);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(transmitting_needs_a_connection)
{
    EXTENSIONS ex = find_extensions();
    SOCKET s = new_socket(SOCK_STREAM);
    OVERLAPPED overlapped = {0};
    EXPECT(!ex.transmit_file(s, NULL, 0, 0, &overlapped, NULL, 0));
    EXPECT_EQ(WSAENOTCONN, WSAGetLastError());
    closesocket(s);
}

CASE(transmitting_packets_sends_memory_and_file_in_order)
{
    EXTENSIONS ex = find_extensions();
    SOCKET near_end, far_end;
    HANDLE port = tcp_pair_on_port(&near_end, &far_end, 4), file;
    OVERLAPPED overlapped = {0};
    TRANSMIT_PACKETS_ELEMENT elements[3];
    char name[64], text[4];
    WINE_DIFFERS("TransmitPackets is absent");
    REQUIRE(ex.transmit_packets != NULL);
    create_pattern_file(name, FILE_BYTES);
    file = open_file(name, GENERIC_READ, FILE_FLAG_OVERLAPPED);
    memset(elements, 0, sizeof elements);
    elements[0].dwElFlags = TP_ELEMENT_MEMORY;
    elements[0].cLength = 3;
    elements[0].pBuffer = (char[]){"one"};
    elements[1].dwElFlags = TP_ELEMENT_FILE;
    elements[1].cLength = 4000;
    elements[1].nFileOffset.QuadPart = 500;
    elements[1].hFile = file;
    elements[2].dwElFlags = TP_ELEMENT_MEMORY;
    elements[2].cLength = 3;
    elements[2].pBuffer = (char[]){"two"};
    BOOL done = ex.transmit_packets(near_end, elements, 3, 0, &overlapped, 0);
    REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
    receive_all(far_end, text, 3);
    EXPECT_BYTES("one", text, 3);
    expect_pattern(far_end, 500, 4000);
    receive_all(far_end, text, 3);
    EXPECT_BYTES("two", text, 3);
    EXPECT_GOOD(port, 4006, 4, &overlapped);
    CloseHandle(file);
    DeleteFileA(name);
    closesocket(near_end);
    closesocket(far_end);
    CloseHandle(port);
}

CASE(transmitting_receive_message_tells_the_sender)
{
    EXTENSIONS ex = find_extensions();
    struct sockaddr_in address, sender_address, from;
    HANDLE port = new_port(0);
    SOCKET receiver = new_socket(SOCK_DGRAM), sender = new_socket(SOCK_DGRAM);
    OVERLAPPED overlapped = {0};
    char data[16];
    WSABUF buffer = {sizeof data, data};
    WSAMSG message;
    DWORD bytes = 0;
    REQUIRE(ex.receive_message != NULL);
    bind_loopback(receiver, &address);
    bind_loopback(sender, &sender_address);
    associate((HANDLE)receiver, port, 6);
    memset(&message, 0, sizeof message);
    message.name = (LPSOCKADDR)&from;
    message.namelen = sizeof from;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    int result = ex.receive_message(receiver, &message, &bytes, &overlapped, NULL);
    REQUIRE(result == 0 || WSAGetLastError() == WSA_IO_PENDING);
    EXPECT_EQ(4, sendto(sender, "ping", 4, 0, (struct sockaddr *)&address, sizeof address));
    EXPECT_GOOD(port, 4, 6, &overlapped);
    EXPECT_BYTES("ping", data, 4);
    EXPECT_EQ(sender_address.sin_port, from.sin_port);
    EXPECT_EQ(sizeof from, message.namelen);
    closesocket(receiver);
    closesocket(sender);
    CloseHandle(port);
}

const TEST_CASE transmitting_cases[] = {
    TEST(fact_17_transmit_sends_head_file_and_tail),
    TEST(fact_17_transmit_sends_a_part),
    TEST(fact_17_transmit_that_disconnects_ends_the_stream),
    TEST(fact_17_transmit_reuse_needs_disconnect),
    TEST(fact_17_transmit_has_a_limit),
    TEST(transmitting_needs_a_connection),
    TEST(transmitting_packets_sends_memory_and_file_in_order),
    TEST(transmitting_receive_message_tells_the_sender),
    END_OF_CASES,
};
