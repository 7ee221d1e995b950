/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"
#include "todo.h"

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
    /* The event for waiting clients; with it the socket does not block: accept says WSAEWOULDBLOCK instead. */
    if (bind(Socket, (const SOCKADDR *)&Address, sizeof(Address)) != 0 || listen(Socket, SOMAXCONN) != 0 ||
        WSAEventSelect(Socket, Config->StopEvent, FD_ACCEPT) != 0) {
        DWORD Error = (DWORD)WSAGetLastError();
        char What[64];

        snprintf(What, sizeof(What), "cannot listen on port %lu", (unsigned long)Config->ServerPort);
        ErrMsg(What, Error);
        closesocket(Socket);
        return INVALID_SOCKET;
    }
    return Socket;
}

/* Takes a client in: from here on its event is one of those that the thread waits for. */
static void SocketWelcome(SERVER_CONFIG *Config, SOCKET Socket)
{
    OVERLAPPED_EX *Context = ConnectionOpen(Config, Socket);

    if (Context == NULL) {
        return;
    }
    WSAEventSelect(Socket, NULL, 0); /* an accepted socket inherits the listener's event */
    EventAdd(Config, Context);
}

void SocketListen(SERVER_CONFIG *Config)
{
    /*
     * TODO 2.4: Accept and welcome clients as long as there is room for their events. A client that is gone already
     * (WSAECONNRESET) is no reason to stop; any other failure is. Note in Config->ClientsWait whether somebody may
     * still be waiting: WSAEWOULDBLOCK says that nobody is.
     */
    /* stub */
    SOCKET Socket = accept(Config->ListenSocket, NULL, NULL);

    if (Socket != INVALID_SOCKET && Config->EventCount == WSA_MAXIMUM_WAIT_EVENTS - 1) {
        TodoAnswer(TODO("2.4"), Socket);
        closesocket(Socket);
    } else if (Socket != INVALID_SOCKET) {
        SocketWelcome(Config, Socket);
    }
    /* end of stub */
    if (!Config->ClientsWait) {
        /* As documented, FD_ACCEPT is told again even after an accept that found nobody. Wine 8 was seen not to, and
         * then the server is deaf. Asked anew, both tell, and at once if a client has come meanwhile. */
        WSAEventSelect(Config->ListenSocket, Config->StopEvent, FD_ACCEPT);
    }
}

BOOL SocketRead(OVERLAPPED_EX *Context)
{
    DWORD Flags = 0;

    EventClear(Context);
    /*
     * TODO 2.1: Start to receive into Context->WsaBuf, overlapped. It is under way when it succeeded at once, and
     * also when it "failed" with WSA_IO_PENDING.
     */
    /* stub */
    (void)Flags;
    TodoAnswer(TODO("2.1"), Context->Socket);
    return FALSE;
    /* end of stub */
}

BOOL SocketWrite(OVERLAPPED_EX *Context)
{
    EventClear(Context);
    /* TODO 2.1: Start to send what Context->WsaBuf holds, in the same way. */
    /* stub */
    TodoAnswer(TODO("2.1"), Context->Socket);
    return FALSE;
    /* end of stub */
}

void SocketCancel(OVERLAPPED_EX *Context)
{
    /* When nothing is in flight just now this finds nothing (ERROR_NOT_FOUND); the next sweep tries again. */
    /* TODO 2.5: Cancel whatever is in flight on the socket. Its event will be set all the same. */
    /* stub */
    (void)Context;
    /* end of stub */
}
