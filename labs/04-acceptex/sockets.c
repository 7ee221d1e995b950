/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"
#include "todo.h"

#include <stdio.h>
#include <string.h>

/* What SO_CONNECT_TIME says of a socket without a client. */
#define NOT_CONNECTED 0xFFFFFFFFu

/* AcceptEx and its companions belong to the provider of the socket, who is asked for them. */
static BOOL SocketExtension(SOCKET Socket, GUID Name, LPVOID Function, DWORD Size)
{
    /*
     * TODO 4.1: Ask the provider of the socket for the function of that name: WSAIoctl,
     * SIO_GET_EXTENSION_FUNCTION_POINTER.
     */
    /* stub */
    (void)Socket;
    (void)Name;
    (void)Function;
    (void)Size;
    return FALSE;
    /* end of stub */
}

/* Clients come to the completion port; the event tells when one has come and nothing waited for it. */
static BOOL SocketPrepare(SERVER_CONFIG *Config, SOCKET Socket)
{
    /*
     * TODO 4.1: Find AcceptEx, GetAcceptExSockaddrs and DisconnectEx, tie the listening socket to the port (key 0),
     * and have ListenEvent set at FD_ACCEPT. If any of that fails return FALSE.
     */
    /* stub */
    (void)SocketExtension;
    (void)Config;
    (void)Socket;
    return TRUE;
    /* end of stub */
}

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
    if (bind(Socket, (const SOCKADDR *)&Address, sizeof(Address)) != 0 || listen(Socket, SOMAXCONN) != 0 ||
        !SocketPrepare(Config, Socket)) {
        DWORD Error = (DWORD)WSAGetLastError();
        char What[64];

        snprintf(What, sizeof(What), "cannot listen on port %lu", (unsigned long)Config->ServerPort);
        ErrMsg(What, Error);
        closesocket(Socket);
        return INVALID_SOCKET;
    }
    return Socket;
}

/* Makes a socket for a client to come, and lets it wait. @return FALSE when it does not wait, and is closed again */
static BOOL SocketWelcome(SERVER_CONFIG *Config)
{
    /*
     * TODO 4.1: Make an overlapped socket and a connection of it, whose first operation is IO_SOCKET_ACCEPT, and tie
     * it to the port (the key is the connection). Count the operation in PendingIo, then start it (OperationBegin). If
     * anything fails nobody else knows of the connection: close it (ConnectionClose).
     */
    /* stub */
    TodoServe(TODO("4.1"), Config->ListenSocket, 0, &Config->Stopping);
    return FALSE;
    /* end of stub */
}

BOOL SocketClaim(SERVER_CONFIG *Config, LONG Most)
{
    LONG Waiting = InterlockedCompareExchange(&Config->Accepting, 0, 0);

    while (Waiting < Most) {
        LONG Seen = InterlockedCompareExchange(&Config->Accepting, Waiting + 1, Waiting);

        if (Seen == Waiting) {
            return TRUE;
        }
        Waiting = Seen; /* another thread has claimed a place, or given one back */
    }
    return FALSE;
}

/* Lets as many sockets wait as are missing, where places are free. @return FALSE when every one of them failed */
static BOOL SocketsPost(SERVER_CONFIG *Config, LONG Missing, LONG Wanted)
{
    BOOL Posted = FALSE;
    BOOL Failed = FALSE;

    for (; Missing > 0 && SocketClaim(Config, Wanted); Missing--) {
        if (SocketWelcome(Config)) {
            Posted = TRUE;
        } else {
            Failed = TRUE;
            InterlockedDecrement(&Config->Accepting); /* and wakes nobody, least of all this thread */
        }
    }
    return Posted || !Failed;
}

/*
 * Tops up. A worker sets the event when half of the accepts have been used up; Windows sets it (FD_ACCEPT) when a
 * client comes and none is left. With first data they may be held by clients that say nothing: then as many more are
 * posted, so that never more than --accepts are without a client.
 * A round in which every post failed, for want of memory or handles, is made good by the next; that one takes its
 * time, as the clients that wait would set the event at once.
 */
DWORD WINAPI SocketListenThread(LPVOID Parameter)
{
    SERVER_CONFIG *Config = Parameter;

    while (!FlagIsSet(&Config->Stopping)) {
        WSANETWORKEVENTS Happened = {0};
        LONG Missing;
        BOOL Good;
        /* TODO 4.2: How many AcceptEx are to wait: Config->Accepts. */
        /* stub */
        LONG Wanted = 1;
        /* end of stub */

        /*
         * TODO 4.5: Ask what has happened, which resets the event. At FD_ACCEPT a client found nothing that waits
         * for it; with first data silent clients may hold all there are, so as many more are wanted as they hold
         * (ConnectionsSilent).
         */
        /* stub */
        WSAEnumNetworkEvents(Config->ListenSocket, Config->ListenEvent, &Happened);
        /* end of stub */
        Missing = Wanted - InterlockedCompareExchange(&Config->Accepting, 0, 0);
        Good = SocketsPost(Config, Missing, Wanted);
        /* Asked for anew, FD_ACCEPT is told at once if a client waits. When nothing is missing that would come again and
         * again: all accepts have their clients, and the workers have yet to take them. Then a later round asks. */
        if (Missing > 0 || !(Happened.lNetworkEvents & FD_ACCEPT)) {
            WSAEventSelect(Config->ListenSocket, Config->ListenEvent, FD_ACCEPT);
        }
        WaitForSingleObject(Good ? Config->ListenEvent : Config->StopEvent, SWEEP_INTERVAL);
    }
    return 0;
}

/* First data goes into the buffer, if there is room for it and the addresses. */
static DWORD FirstDataLength(const OVERLAPPED_EX *Context)
{
    /*
     * TODO 4.5: How many bytes of first data the buffer can take: none when they are not wanted (Config->FirstData),
     * otherwise what it has beyond ADDRESS_ROOM.
     */
    /* stub */
    (void)Context;
    return 0;
    /* end of stub */
}

BOOL SocketAccept(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;
    DWORD Length = FirstDataLength(Context);
    DWORD Bytes;

    memset(&Context->Overlapped, 0, sizeof(Context->Overlapped));
    DeadlineSet(Context, INFINITE);
    InterlockedExchange(&Context->Accepting, TRUE);
    /* First claimed, then looked: either this finds the server stopping, or ServerStop waits for this AcceptEx. */
    if (FlagIsSet(&Config->Stopping)) {
        WSASetLastError(WSAESHUTDOWN);
        return FALSE;
    }
    /*
     * TODO 4.1: Call AcceptEx. First data goes to Context->Buffer, Length bytes at most, and the addresses behind
     * it; without first data (Length 0) the addresses go to Context->Addresses.
     */
    /* stub */
    (void)Length;
    (void)Bytes;
    TodoServe(TODO("4.1"), Config->ListenSocket, 0, &Config->Stopping);
    return FALSE;
    /* end of stub */
}

void SocketAccepted(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;

    InterlockedExchange(&Context->Accepting, FALSE);
    /* TODO 4.2: One less waits. When only half of the wanted ones are left, wake the listen thread. */
    /* stub */
    InterlockedDecrement(&Config->Accepting);
    SetEvent(Config->ListenEvent);
    /* end of stub */
}

BOOL SocketUpdate(OVERLAPPED_EX *Context)
{
    /* Until then the socket does not know that it is connected: shutdown and getpeername would fail. */
    /* TODO 4.3: Set SO_UPDATE_ACCEPT_CONTEXT; its value is the listening socket. */
    /* stub */
    (void)Context;
    return TRUE;
    /* end of stub */
}

SOCKADDR_IN SocketClient(const OVERLAPPED_EX *Context)
{
    DWORD Length = FirstDataLength(Context);
    SOCKADDR *Local;
    SOCKADDR *Remote;
    int LocalLength;
    int RemoteLength;
    SOCKADDR_IN Client;

    Context->Config->GetAcceptExSockaddrs(Length > 0 ? (PVOID)Context->Buffer : (PVOID)Context->Addresses, Length,
                                          ADDRESS_SIZE, ADDRESS_SIZE, &Local, &LocalLength, &Remote, &RemoteLength);
    memcpy(&Client, Remote, sizeof(Client));
    return Client;
}

BOOL SocketDisconnect(OVERLAPPED_EX *Context)
{
    memset(&Context->Overlapped, 0, sizeof(Context->Overlapped));
    /* TODO 4.4: Start DisconnectEx, so that the socket can be used again. */
    /* stub */
    WSASetLastError(WSAEOPNOTSUPP);
    return FALSE;
    /* end of stub */
}

/* How long the socket has had a client, in seconds. */
static DWORD SocketConnectTime(const OVERLAPPED_EX *Context)
{
    DWORD Seconds = NOT_CONNECTED;
    int Length = sizeof(Seconds);

    getsockopt(Context->Socket, SOL_SOCKET, SO_CONNECT_TIME, (char *)&Seconds, &Length);
    return Seconds;
}

BOOL SocketIsNew(OVERLAPPED_EX *Context)
{
    if (SocketConnectTime(Context) != NOT_CONNECTED) {
        InterlockedExchange(&Context->Config->NoReuse, TRUE);
    }
    return !FlagIsSet(&Context->Config->NoReuse);
}

BOOL SocketIsSilent(OVERLAPPED_EX *Context, DWORD Seconds)
{
    /*
     * TODO 4.5: Of a socket that is accepting with first data: has it had a client (SocketConnectTime) for so many
     * seconds or longer?
     */
    /* stub */
    (void)Context;
    (void)Seconds;
    return FALSE;
    /* end of stub */
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
    /*
     * TODO 4.5: An AcceptEx is an operation of the listening socket: while this connection is accepting, cancel it
     * there, by its OVERLAPPED. But not when the server stops, for then that socket is closed.
     */
}
