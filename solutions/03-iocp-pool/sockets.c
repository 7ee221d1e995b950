/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"

#include <stdio.h>
#include <string.h>

SOCKET SocketCreate(SERVER_CONFIG *Config)
{
    SOCKADDR_IN Address;
    BOOL Yes = TRUE;
    SOCKET Socket = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (Socket == INVALID_SOCKET) {
        ErrMsg("cannot make a socket", (DWORD)WSAGetLastError());
        return INVALID_SOCKET;
    }
    memset(&Address, 0, sizeof(Address));
    Address.sin_family = AF_INET;
    Address.sin_port = htons((WORD)Config->ServerPort);
    Address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Accepted sockets inherit TCP_NODELAY: a slice leaves at once instead of waiting for the last one's receipt. */
    setsockopt(Socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&Yes, sizeof(Yes));
    if (bind(Socket, (const SOCKADDR *)&Address, sizeof(Address)) != 0 || listen(Socket, SOMAXCONN) != 0) {
        DWORD Error = (DWORD)WSAGetLastError();
        char What[64];

        snprintf(What, sizeof(What), "cannot listen on port %lu", (unsigned long)Config->ServerPort);
        ErrMsg(What, Error);
        closesocket(Socket);
        return INVALID_SOCKET;
    }
    return Socket;
}

/* Takes a client in: from here on its completions go to the port. */
static void SocketWelcome(SERVER_CONFIG *Config, SOCKET Socket)
{
    OVERLAPPED_EX *Context = ConnectionOpen(Config, Socket);

    if (Context == NULL) {
        return;
    }
    /* LAB 3.1 { Tie the socket to the port; the key is the connection. If that fails the connection is closed
     * (IO_CLOSE).
     * stub: TodoAnswer(TODO("3.1"), Context->Socket);
     * stub: Context->IOOperation = IO_CLOSE;
     */
    if (!CompletionPortAssociateDevice(Config->CompletionPort, (HANDLE)Socket, (ULONG_PTR)Context)) {
        Context->IOOperation = IO_CLOSE;
    }
    /* LAB 3.1 } */
    InterlockedIncrement(&Context->PendingIo); /* this thread is at work here, until ConnectionRun */
    ConnectionRun(Context);
}

DWORD WINAPI SocketListenThread(LPVOID Parameter)
{
    SERVER_CONFIG *Config = Parameter;
    const SOCKET ListenSocket = Config->ListenSocket;

    while (!FlagIsSet(&Config->Stopping)) {
        SOCKET Socket = accept(ListenSocket, NULL, NULL);

        if (Socket != INVALID_SOCKET) {
            SocketWelcome(Config, Socket);
        } else if (!FlagIsSet(&Config->Stopping) && WSAGetLastError() != WSAECONNRESET) {
            /* No handle or no memory for another client. Those who wait stay in the backlog until some have left. */
            Sleep(10);
        }
    }
    return 0;
}

BOOL SocketRead(OVERLAPPED_EX *Context)
{
    DWORD Flags = 0;

    memset(&Context->Overlapped, 0, sizeof(Context->Overlapped));
    return WSARecv(Context->Socket, &Context->WsaBuf, 1, NULL, &Flags, &Context->Overlapped, NULL) == 0 ||
           WSAGetLastError() == WSA_IO_PENDING;
}

BOOL SocketWrite(OVERLAPPED_EX *Context)
{
    memset(&Context->Overlapped, 0, sizeof(Context->Overlapped));
    return WSASend(Context->Socket, &Context->WsaBuf, 1, NULL, 0, &Context->Overlapped, NULL) == 0 ||
           WSAGetLastError() == WSA_IO_PENDING;
}

void SocketCancel(OVERLAPPED_EX *Context)
{
    /* When nothing is in flight just now this finds nothing (ERROR_NOT_FOUND); the next sweep tries again. */
    CancelIoEx((HANDLE)Context->Socket, NULL);
}
