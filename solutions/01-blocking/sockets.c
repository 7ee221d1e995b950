/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"

#include <stdio.h>
#include <string.h>

SOCKET SocketCreate(SERVER_CONFIG *Config)
{
    SOCKADDR_IN Address;
    BOOL Yes = TRUE;
    SOCKET Socket = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

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

/* Takes a client in: from here on it has a thread of its own. */
static void SocketWelcome(SERVER_CONFIG *Config, SOCKET Socket)
{
    OVERLAPPED_EX *Context = ConnectionOpen(Config, Socket);

    HANDLE Thread;

    if (Context == NULL) {
        return;
    }
    Thread = CreateThread(NULL, 0, ConnectionThread, Context, 0, NULL);
    if (Thread == NULL) {
        ConnectionClose(Context);
        return;
    }
    CloseHandle(Thread); /* nobody waits for it; it ends with its connection */
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

/* Lets the next recv or send wait until the deadline and no longer. */
static BOOL SocketTimeout(OVERLAPPED_EX *Context, int Option)
{
    DWORD Left = DeadlineLeft(Context);

    if (Left == 0) { /* which setsockopt would take for: wait for ever */
        WSASetLastError(WSAETIMEDOUT);
        return FALSE;
    }
    return setsockopt(Context->Socket, SOL_SOCKET, Option, (const char *)&Left, sizeof(Left)) == 0;
}

BOOL SocketRead(OVERLAPPED_EX *Context)
{
    int Bytes;

    if (!SocketTimeout(Context, SO_RCVTIMEO)) {
        return FALSE;
    }
    Bytes = recv(Context->Socket, Context->WsaBuf.buf, (int)Context->WsaBuf.len, 0);
    Context->Bytes = (DWORD)Bytes;
    return Bytes != SOCKET_ERROR;
}

BOOL SocketWrite(OVERLAPPED_EX *Context)
{
    int Bytes;

    if (!SocketTimeout(Context, SO_SNDTIMEO)) {
        return FALSE;
    }
    Bytes = send(Context->Socket, Context->WsaBuf.buf, (int)Context->WsaBuf.len, 0);
    Context->Bytes = (DWORD)Bytes;
    return Bytes != SOCKET_ERROR;
}

void SocketCancel(OVERLAPPED_EX *Context)
{
    /*
     * A call that blocks is hard to call back: that is one reason for the stages to come. Cancelling ends it with
     * ERROR_OPERATION_ABORTED; where a blocking call cannot be cancelled, it meets the end of the stream made here.
     */
    CancelIoEx((HANDLE)Context->Socket, NULL);
    shutdown(Context->Socket, FlagIsSet(&Context->Config->Aborting) ? SD_BOTH : SD_RECEIVE);
}
