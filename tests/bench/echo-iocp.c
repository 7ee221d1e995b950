/*
 * echo-iocp.c - an echo server on a completion port, in plain Win32, as anyone would write it.
 *
 *     echo-iocp [--skip]      --skip: no packet for what succeeds at once (SetFileCompletionNotificationModes)
 *
 * One receive or one send is under way on each connection, never both. Two workers, a port for two. The port number is
 * the only line on stdout; the process runs until it is killed, so connections free themselves but the rest does not.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 2
#define BUFFER_SIZE 4096

typedef struct CONNECTION {
    OVERLAPPED Overlapped;
    SOCKET Socket;
    BOOL Sending; /* what the operation under way is */
    WSABUF Rest;  /* of the send under way: what has not been taken yet */
    char Buffer[BUFFER_SIZE];
} CONNECTION;

static HANDLE Port;
static BOOL Skip;

/* Starts the connection's next operation. TRUE if it is over and no packet will tell of it; Bytes is then its count.
   FALSE if a packet will come, or if the call failed: then the connection is gone. */
static BOOL Start(CONNECTION *Connection, DWORD *Bytes)
{
    DWORD Flags = 0;
    int Result;

    memset(&Connection->Overlapped, 0, sizeof(Connection->Overlapped));
    if (Connection->Sending) {
        Result = WSASend(Connection->Socket, &Connection->Rest, 1, Bytes, 0, &Connection->Overlapped, NULL);
    } else {
        WSABUF Whole = {BUFFER_SIZE, Connection->Buffer};

        Result = WSARecv(Connection->Socket, &Whole, 1, Bytes, &Flags, &Connection->Overlapped, NULL);
    }
    if (Result == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING) {
        closesocket(Connection->Socket);
        free(Connection);
        return FALSE;
    }
    return Result == 0 && Skip;
}

/* The operation moved so many bytes: which comes next? FALSE when the peer has finished. */
static BOOL Advance(CONNECTION *Connection, DWORD Bytes)
{
    if (Bytes == 0) {
        return FALSE;
    }
    if (!Connection->Sending) {
        Connection->Sending = TRUE;
        Connection->Rest.buf = Connection->Buffer;
        Connection->Rest.len = Bytes;
        return TRUE;
    }
    Connection->Rest.buf += Bytes;
    Connection->Rest.len -= Bytes;
    Connection->Sending = Connection->Rest.len > 0;
    return TRUE;
}

static DWORD WINAPI Worker(LPVOID Unused)
{
    DWORD Bytes;
    ULONG_PTR Key;
    LPOVERLAPPED Overlapped;

    (void)Unused;
    for (;;) {
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
        CONNECTION *Connection = (CONNECTION *)Overlapped;

        if (Connection == NULL) {
            return 1;
        }
        do {
            if (!Good || !Advance(Connection, Bytes)) {
                closesocket(Connection->Socket);
                free(Connection);
                break;
            }
        } while (Start(Connection, &Bytes));
    }
}

/* Takes one connection; FALSE when the listener is gone. */
static BOOL Accept(SOCKET Listener)
{
    SOCKET Socket = accept(Listener, NULL, NULL);
    CONNECTION *Connection;
    BOOL NoDelay = TRUE;
    DWORD Bytes;

    if (Socket == INVALID_SOCKET) {
        return FALSE;
    }
    Connection = calloc(1, sizeof(*Connection));
    if (Connection == NULL || CreateIoCompletionPort((HANDLE)Socket, Port, 0, 0) == NULL) {
        free(Connection);
        closesocket(Socket);
        return TRUE;
    }
    Connection->Socket = Socket;
    setsockopt(Socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&NoDelay, sizeof(NoDelay));
    if (Skip) {
        SetFileCompletionNotificationModes((HANDLE)Socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    }
    while (Start(Connection, &Bytes)) {
        if (!Advance(Connection, Bytes)) {
            closesocket(Socket);
            free(Connection);
            break;
        }
    }
    return TRUE;
}

int main(int Count, char **Arguments)
{
    WSADATA Data;
    SOCKET Listener;
    struct sockaddr_in Address = {0};
    int Length = sizeof(Address);

    Skip = Count > 1 && strcmp(Arguments[1], "--skip") == 0;
    Address.sin_family = AF_INET;
    Address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (WSAStartup(MAKEWORD(2, 2), &Data) != 0 ||
        (Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, WORKERS)) == NULL ||
        (Listener = WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED)) == INVALID_SOCKET ||
        bind(Listener, (struct sockaddr *)&Address, sizeof(Address)) != 0 || listen(Listener, SOMAXCONN) != 0 ||
        getsockname(Listener, (struct sockaddr *)&Address, &Length) != 0) {
        fprintf(stderr, "echo-iocp: cannot listen: %d\n", WSAGetLastError());
        return 1;
    }
    for (int Index = 0; Index < WORKERS; Index++) {
        HANDLE Thread = CreateThread(NULL, 0, Worker, NULL, 0, NULL);

        if (Thread == NULL) {
            return 1;
        }
        CloseHandle(Thread);
    }
    printf("%u\n", (unsigned)ntohs(Address.sin_port));
    fflush(stdout);
    while (Accept(Listener)) {
    }
    return 0;
}
