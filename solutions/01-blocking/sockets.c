/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"

#include <stdio.h>
#include <string.h>

SOCKET SocketCreate(SERVER_CONFIG *Config)
{
    /* LAB 1.1 { Make a TCP socket, bind it to 127.0.0.1 and Config->ServerPort, and listen. When any of that fails,
     * say so in one line (ErrMsg), close the socket and return INVALID_SOCKET.
     * stub: return TodoServe(TODO("1.1"), INVALID_SOCKET, Config->ServerPort, &Config->Stopping);
     */
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
    /* LAB 1.1 } */
}

/* Takes a client in: from here on it has a thread of its own. */
static void SocketWelcome(SERVER_CONFIG *Config, SOCKET Socket)
{
    /* LAB 1.2 { Make a connection of the socket (ConnectionOpen) and start a thread for it, ConnectionThread. Nobody
     * waits for the thread, so its handle is of no use. Without memory or without a thread the connection ends here.
     * stub: (void)Config;
     * stub: TodoAnswer(TODO("1.2"), Socket);
     * stub: closesocket(Socket);
     */
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
    /* LAB 1.2 } */
}

DWORD WINAPI SocketListenThread(LPVOID Parameter)
{
    SERVER_CONFIG *Config = Parameter;
    const SOCKET ListenSocket = Config->ListenSocket;

    while (!FlagIsSet(&Config->Stopping)) {
        /* LAB 1.2 { Wait for the next client and welcome it. No failure is a reason to stop. When it is not
         * just a client that is gone already (WSAECONNRESET) wait a moment before the next try.
         * stub: (void)SocketWelcome;
         * stub: TodoServe(TODO("1.2"), ListenSocket, 0, &Config->Stopping);
         */
        SOCKET Socket = accept(ListenSocket, NULL, NULL);

        if (Socket != INVALID_SOCKET) {
            SocketWelcome(Config, Socket);
        } else if (!FlagIsSet(&Config->Stopping) && WSAGetLastError() != WSAECONNRESET) {
            /* No handle or no memory for another client. Those who wait stay in the backlog until some have left. */
            Sleep(10);
        }
        /* LAB 1.2 } */
    }
    return 0;
}

/* Lets the next recv or send wait until the deadline and no longer. */
static BOOL SocketTimeout(OVERLAPPED_EX *Context, int Option)
{
    /* LAB 1.6 { Set the option to the milliseconds that are left until the deadline. When none are left, fail with
     * WSAETIMEDOUT: the option takes 0 for "wait for ever".
     * stub: (void)Context;
     * stub: (void)Option;
     * stub: return TRUE;
     */
    DWORD Left = DeadlineLeft(Context);

    if (Left == 0) { /* which setsockopt would take for: wait for ever */
        WSASetLastError(WSAETIMEDOUT);
        return FALSE;
    }
    return setsockopt(Context->Socket, SOL_SOCKET, Option, (const char *)&Left, sizeof(Left)) == 0;
    /* LAB 1.6 } */
}

BOOL SocketRead(OVERLAPPED_EX *Context)
{
    int Bytes;

    if (!SocketTimeout(Context, SO_RCVTIMEO)) {
        return FALSE;
    }
    /* LAB 1.2 { Receive into Context->WsaBuf.
     * stub: Bytes = TodoAnswer(TODO("1.2"), Context->Socket);
     */
    Bytes = recv(Context->Socket, Context->WsaBuf.buf, (int)Context->WsaBuf.len, 0);
    /* LAB 1.2 } */
    Context->Bytes = (DWORD)Bytes;
    return Bytes != SOCKET_ERROR;
}

BOOL SocketWrite(OVERLAPPED_EX *Context)
{
    int Bytes;

    if (!SocketTimeout(Context, SO_SNDTIMEO)) {
        return FALSE;
    }
    /* LAB 1.2 { Send what Context->WsaBuf holds.
     * stub: Bytes = TodoAnswer(TODO("1.2"), Context->Socket);
     */
    Bytes = send(Context->Socket, Context->WsaBuf.buf, (int)Context->WsaBuf.len, 0);
    /* LAB 1.2 } */
    Context->Bytes = (DWORD)Bytes;
    return Bytes != SOCKET_ERROR;
}

void SocketCancel(OVERLAPPED_EX *Context)
{
    /*
     * A call that blocks is hard to call back: that is one reason for the stages to come. CancelIoEx ends a recv that
     * another thread waits in, with ERROR_OPERATION_ABORTED (seen under Wine 8 and on the port). One that begins just
     * afterwards it cannot meet: that one fails with WSAESHUTDOWN, as the receiving half is at its end.
     */
    /* LAB 1.7 { Cancel what waits on the socket (CancelIoEx), then end the receiving half (shutdown), for a recv that
     * begins just now; when the server is aborting, both halves.
     * stub: (void)Context;
     */
    CancelIoEx((HANDLE)Context->Socket, NULL);
    shutdown(Context->Socket, FlagIsSet(&Context->Config->Aborting) ? SD_BOTH : SD_RECEIVE);
    /* LAB 1.7 } */
}
