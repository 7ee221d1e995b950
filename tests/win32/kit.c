/*
 * kit.c - what many cases need.
 */
#include "kit.h"

LONG load(volatile LONG *value)
{
    return InterlockedCompareExchange(value, 0, 0);
}

void store(volatile LONG *value, LONG to)
{
    InterlockedExchange(value, to);
}

HANDLE start_thread(LPTHREAD_START_ROUTINE body, void *argument)
{
    HANDLE thread = CreateThread(NULL, 0, body, argument, 0, NULL);
    REQUIRE(thread != NULL);
    return thread;
}

DWORD join_thread(HANDLE thread)
{
    DWORD code = 0;
    REQUIRE_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, limit_ms()));
    REQUIRE(GetExitCodeThread(thread, &code));
    CloseHandle(thread);
    return code;
}

DWORD WINAPI blocked_receive(void *argument)
{
    BLOCKED *blocked = argument;
    char data;
    store(&blocked->about_to, 1);
    blocked->error = recv(blocked->socket, &data, 1, 0) == SOCKET_ERROR ? WSAGetLastError() : 0;
    store(&blocked->done, 1);
    return 0;
}

DWORD WINAPI blocked_accept(void *argument)
{
    BLOCKED *blocked = argument;
    SOCKET accepted;
    store(&blocked->about_to, 1);
    accepted = accept(blocked->socket, NULL, NULL);
    blocked->error = accepted == INVALID_SOCKET ? WSAGetLastError() : 0;
    store(&blocked->done, 1);
    return 0;
}

HANDLE new_port(DWORD concurrency)
{
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, concurrency);
    REQUIRE(port != NULL);
    return port;
}

void associate(HANDLE file, HANDLE port, ULONG_PTR key)
{
    HANDLE result = CreateIoCompletionPort(file, port, key, 0);
    REQUIRE(result != NULL);
    EXPECT_PTR(port, result);
}

PACKET take_within(HANDLE port, DWORD milliseconds)
{
    static OVERLAPPED untouched;
    PACKET packet = {FALSE, 0, UNTOUCHED_BYTES, UNTOUCHED_KEY, &untouched};
    SetLastError(UNTOUCHED_ERROR);
    packet.ok = GetQueuedCompletionStatus(port, &packet.bytes, &packet.key, &packet.overlapped, milliseconds);
    packet.error = GetLastError();
    return packet;
}

PACKET take(HANDLE port)
{
    return take_within(port, limit_ms());
}

SOCKET new_socket(int type)
{
    SOCKET s = WSASocketA(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    REQUIRE(s != INVALID_SOCKET);
    return s;
}

struct sockaddr_in loopback(u_short port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = port;
    return address;
}

void bind_loopback(SOCKET s, struct sockaddr_in *address)
{
    int size = (int)sizeof *address;
    *address = loopback(0);
    REQUIRE_EQ(0, bind(s, (struct sockaddr *)address, size));
    REQUIRE_EQ(0, getsockname(s, (struct sockaddr *)address, &size));
}

SOCKET new_listener(struct sockaddr_in *address)
{
    SOCKET s = new_socket(SOCK_STREAM);
    bind_loopback(s, address);
    REQUIRE_EQ(0, listen(s, SOMAXCONN));
    return s;
}

void connect_to(SOCKET s, const struct sockaddr_in *address)
{
    REQUIRE_EQ(0, connect(s, (const struct sockaddr *)address, (int)sizeof *address));
}

void tcp_pair(SOCKET *near_end, SOCKET *far_end)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address);
    *near_end = new_socket(SOCK_STREAM);
    connect_to(*near_end, &address);
    *far_end = accept(listener, NULL, NULL);
    REQUIRE(*far_end != INVALID_SOCKET);
    closesocket(listener);
}

HANDLE tcp_pair_on_port(SOCKET *near_end, SOCKET *far_end, ULONG_PTR key)
{
    HANDLE port = new_port(0);
    tcp_pair(near_end, far_end);
    associate((HANDLE)*near_end, port, key);
    return port;
}

void reset_connection(SOCKET s)
{
    struct linger hard = {1, 0};
    REQUIRE_EQ(0, setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&hard, (int)sizeof hard));
    REQUIRE_EQ(0, closesocket(s));
}

void send_all(SOCKET s, const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        int sent = send(s, from, (int)size, 0);
        REQUIRE(sent > 0);
        from += sent;
        size -= (size_t)sent;
    }
}

void receive_all(SOCKET s, void *data, size_t size)
{
    char *to = data;
    while (size > 0) {
        int got = recv(s, to, (int)size, 0);
        REQUIRE(got > 0);
        to += got;
        size -= (size_t)got;
    }
}

void clear(OVERLAPPED *overlapped)
{
    HANDLE event = overlapped->hEvent;
    memset(overlapped, 0, sizeof *overlapped);
    overlapped->hEvent = event;
}

int start_receive(SOCKET s, void *data, size_t size, OVERLAPPED *overlapped)
{
    WSABUF buffer;
    DWORD flags = 0;
    buffer.buf = data;
    buffer.len = (ULONG)size;
    return WSARecv(s, &buffer, 1, NULL, &flags, overlapped, NULL) == 0 ? 0 : WSAGetLastError();
}

int start_send(SOCKET s, const void *data, size_t size, OVERLAPPED *overlapped)
{
    union {
        const void *constant;
        char *plain;
    } from = {data};
    WSABUF buffer;
    buffer.buf = from.plain; /* WSABUF has no const; a send does not write */
    buffer.len = (ULONG)size;
    return WSASend(s, &buffer, 1, NULL, 0, overlapped, NULL) == 0 ? 0 : WSAGetLastError();
}

void must_receive(SOCKET s, void *data, size_t size, OVERLAPPED *overlapped)
{
    int error = start_receive(s, data, size, overlapped);
    REQUIRE_EQ(error == 0 ? 0 : WSA_IO_PENDING, error);
}

void must_send(SOCKET s, const void *data, size_t size, OVERLAPPED *overlapped)
{
    int error = start_send(s, data, size, overlapped);
    REQUIRE_EQ(error == 0 ? 0 : WSA_IO_PENDING, error);
}

void temporary_name(char *name)
{
    static volatile LONG counter;
    snprintf(name, 64, "conformance-%lu-%ld.tmp", (unsigned long)GetCurrentProcessId(),
             (long)InterlockedIncrement(&counter));
}

unsigned char pattern_byte(size_t at)
{
    return (unsigned char)(at * 7 + at / 251);
}

void fill_pattern(void *data, size_t size)
{
    unsigned char *to = data;
    for (size_t at = 0; at < size; at++) {
        to[at] = pattern_byte(at);
    }
}

void create_pattern_file(char *name, size_t size)
{
    FILE *file;
    temporary_name(name);
    file = fopen(name, "wb");
    REQUIRE(file != NULL);
    for (size_t at = 0; at < size; at++) {
        fputc(pattern_byte(at), file);
    }
    REQUIRE_EQ(0, fclose(file));
}

HANDLE open_file(const char *name, DWORD access, DWORD flags)
{
    HANDLE file = CreateFileA(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                              flags, NULL);
    REQUIRE(file != INVALID_HANDLE_VALUE);
    return file;
}

ULONGLONG clock_ms(void)
{
    LARGE_INTEGER now, second;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&second);
    return (ULONGLONG)(now.QuadPart / second.QuadPart * 1000 + now.QuadPart % second.QuadPart * 1000 / second.QuadPart);
}
