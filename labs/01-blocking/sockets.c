/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"
#include "todo.h"

#include <stdio.h>
#include <string.h>

SOCKET SocketCreate(SERVER_CONFIG *Config)
{
    /*
     * TODO 1.1: Make a TCP socket, bind it to 127.0.0.1 and Config->ServerPort, and listen. When any of that fails,
     * say so in one line (ErrMsg), close the socket and return INVALID_SOCKET.
     */
    /* stub */
    return TodoServe(TODO("1.1"), INVALID_SOCKET, Config->ServerPort, &Config->Stopping);
    /* end of stub */
}

/* Takes a client in: from here on it has a thread of its own. */
static void SocketWelcome(SERVER_CONFIG *Config, SOCKET Socket)
{
    /*
     * TODO 1.2: Make a connection of the socket (ConnectionOpen) and start a thread for it, ConnectionThread. Nobody
     * waits for the thread, so its handle is of no use. Without memory or without a thread the connection ends here.
     */
    /* stub */
    (void)Config;
    TodoAnswer(TODO("1.2"), Socket);
    closesocket(Socket);
    /* end of stub */
}

DWORD WINAPI SocketListenThread(LPVOID Parameter)
{
    SERVER_CONFIG *Config = Parameter;
    const SOCKET ListenSocket = Config->ListenSocket;

    while (!FlagIsSet(&Config->Stopping)) {
        /*
         * TODO 1.2: Wait for the next client and welcome it. No failure is a reason to stop. When it is not
         * just a client that is gone already (WSAECONNRESET) wait a moment before the next try.
         */
        /* stub */
        (void)SocketWelcome;
        TodoServe(TODO("1.2"), ListenSocket, 0, &Config->Stopping);
        /* end of stub */
    }
    return 0;
}

/* Lets the next recv or send wait until the deadline and no longer. */
static BOOL SocketTimeout(OVERLAPPED_EX *Context, int Option)
{
    /*
     * TODO 1.6: Set the option to the milliseconds that are left until the deadline. When none are left, fail with
     * WSAETIMEDOUT: the option takes 0 for "wait for ever".
     */
    /* stub */
    (void)Context;
    (void)Option;
    return TRUE;
    /* end of stub */
}

BOOL SocketRead(OVERLAPPED_EX *Context)
{
    int Bytes;

    if (!SocketTimeout(Context, SO_RCVTIMEO)) {
        return FALSE;
    }
    /* TODO 1.2: Receive into Context->WsaBuf. */
    /* stub */
    Bytes = TodoAnswer(TODO("1.2"), Context->Socket);
    /* end of stub */
    Context->Bytes = (DWORD)Bytes;
    return Bytes != SOCKET_ERROR;
}

BOOL SocketWrite(OVERLAPPED_EX *Context)
{
    int Bytes;

    if (!SocketTimeout(Context, SO_SNDTIMEO)) {
        return FALSE;
    }
    /* TODO 1.2: Send what Context->WsaBuf holds. */
    /* stub */
    Bytes = TodoAnswer(TODO("1.2"), Context->Socket);
    /* end of stub */
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
    /*
     * TODO 1.7: Cancel what waits on the socket (CancelIoEx), then end the receiving half (shutdown), for a recv that
     * begins just now; when the server is aborting, both halves.
     */
    /* stub */
    (void)Context;
    /* end of stub */
}
