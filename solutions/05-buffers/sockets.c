/* Sockets: the one that listens, and reading and writing those of the clients. */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* What SO_CONNECT_TIME says of a socket without a client. */
#define NOT_CONNECTED 0xFFFFFFFFu
/* How much of a file one TransmitFile sends. */
#define TRANSMIT_PART (1024u * 1024u)

/* AcceptEx and its companions belong to the provider of the socket, who is asked for them. */
static BOOL SocketExtension(SOCKET Socket, GUID Name, LPVOID Function, DWORD Size)
{
    DWORD Bytes;

    return WSAIoctl(Socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &Name, sizeof(Name), Function, Size, &Bytes, NULL,
                    NULL) == 0;
}

/* Clients come to the completion port; the event tells when one has come and nothing waited for it. */
static BOOL SocketPrepare(SERVER_CONFIG *Config, SOCKET Socket)
{
    const GUID Accept = WSAID_ACCEPTEX;
    const GUID Addresses = WSAID_GETACCEPTEXSOCKADDRS;
    const GUID Disconnect = WSAID_DISCONNECTEX;
    const GUID Transmit = WSAID_TRANSMITFILE;

    return SocketExtension(Socket, Accept, &Config->AcceptEx, sizeof(Config->AcceptEx)) &&
           SocketExtension(Socket, Addresses, &Config->GetAcceptExSockaddrs, sizeof(Config->GetAcceptExSockaddrs)) &&
           SocketExtension(Socket, Disconnect, &Config->DisconnectEx, sizeof(Config->DisconnectEx)) &&
           SocketExtension(Socket, Transmit, &Config->TransmitFile, sizeof(Config->TransmitFile)) &&
           CompletionPortAssociateDevice(Config->CompletionPort, (HANDLE)Socket, 0) &&
           WSAEventSelect(Socket, Config->ListenEvent, FD_ACCEPT) == 0;
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
    SOCKET Socket = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    OVERLAPPED_EX *Context = Socket != INVALID_SOCKET ? ConnectionOpen(Config, Socket) : NULL;
    CONNECTION *Connection;

    if (Context == NULL) {
        return FALSE;
    }
    Connection = Context->Operation.Connection;
    Context->IOOperation = IO_SOCKET_ACCEPT;
    CountBegin(Config, IO_SOCKET_ACCEPT);
    InterlockedIncrement(&Connection->PendingIo);
    if (CompletionPortAssociateDevice(Config->CompletionPort, (HANDLE)Socket, (ULONG_PTR)Context) &&
        OperationBegin(Context)) {
        return TRUE; /* its packet may be in a worker's hands by now */
    }
    OnConnectionError(Config, Connection, IO_SOCKET_ACCEPT, GetLastError());
    CountEnd(Config, IO_SOCKET_ACCEPT);
    ConnectionLeave(Config, Connection);
    return FALSE;
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
        LONG Wanted = (LONG)Config->Accepts;

        if (WSAEnumNetworkEvents(Config->ListenSocket, Config->ListenEvent, &Happened) == 0 &&
            (Happened.lNetworkEvents & FD_ACCEPT) && Config->FirstData) {
            Wanted += ConnectionsSilent(Config);
        }
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

/* How many bytes of first data are wanted. They come to the beginning of the room, the addresses behind them. */
static DWORD FirstDataLength(const OVERLAPPED_EX *Context)
{
    const SERVER_CONFIG *Config = Context->Config;

    return !Config->FirstData ? 0 : Config->SockBuffLen < FIRST_DATA ? Config->SockBuffLen : FIRST_DATA;
}

BOOL SocketAccept(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;
    CONNECTION *Connection = Context->Operation.Connection;
    DWORD Bytes;

    memset(&Connection->Operation.Overlapped, 0, sizeof(Connection->Operation.Overlapped));
    Context->Room = Context->Room != NULL ? Context->Room : PoolTake(&Config->Rooms);
    InterlockedExchange(&Connection->State, STATE_ACCEPTING);
    /* First claimed, then looked: either this finds the server stopping, or ServerStop waits for this AcceptEx. */
    if (Context->Room == NULL || FlagIsSet(&Config->Stopping)) {
        WSASetLastError(Context->Room == NULL ? WSAENOBUFS : WSAESHUTDOWN);
        return FALSE;
    }
    return Config->AcceptEx(Config->ListenSocket, Context->Socket, Context->Room, FirstDataLength(Context),
                            ADDRESS_SIZE, ADDRESS_SIZE, &Bytes, &Connection->Operation.Overlapped) ||
           WSAGetLastError() == WSA_IO_PENDING;
}

void SocketAccepted(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;

    InterlockedExchange(&Context->Operation.Connection->State, STATE_BUSY);
    if (InterlockedDecrement(&Config->Accepting) == (LONG)(Config->Accepts / 2)) {
        SetEvent(Config->ListenEvent);
    }
}

BOOL SocketUpdate(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;
    int SendBuffer = (int)Config->SendBuffer;

    Context->Operation.Connection->Client = SocketClient(Context).sin_addr.s_addr;
    /* Until then the socket does not know that it is connected: shutdown and getpeername would fail. */
    if (setsockopt(Context->Socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&Config->ListenSocket,
                   sizeof(SOCKET)) != 0) {
        return FALSE;
    }
    if (Config->SendBuffer != INFINITE) {
        /* 0: Windows copies nothing, but sends from the pages of the WSASend, which stay locked until the client has
         * acknowledged the last byte. Without a second WSASend in flight the line is quiet in between. */
        setsockopt(Context->Socket, SOL_SOCKET, SO_SNDBUF, (const char *)&SendBuffer, sizeof(SendBuffer));
    }
    return TRUE;
}

SOCKADDR_IN SocketClient(const OVERLAPPED_EX *Context)
{
    SOCKADDR *Local;
    SOCKADDR *Remote;
    int LocalLength;
    int RemoteLength;
    SOCKADDR_IN Client;

    Context->Config->GetAcceptExSockaddrs(Context->Room, FirstDataLength(Context), ADDRESS_SIZE, ADDRESS_SIZE, &Local,
                                          &LocalLength, &Remote, &RemoteLength);
    memcpy(&Client, Remote, sizeof(Client));
    return Client;
}

BOOL SocketDisconnect(OVERLAPPED_EX *Context)
{
    memset(&Context->Operation.Overlapped, 0, sizeof(Context->Operation.Overlapped));
    return Context->Config->DisconnectEx(Context->Socket, &Context->Operation.Overlapped, TF_REUSE_SOCKET, 0) ||
           WSAGetLastError() == WSA_IO_PENDING;
}

/* How long a socket has had a client, in seconds. */
static DWORD SocketConnectTime(SOCKET Socket)
{
    DWORD Seconds = NOT_CONNECTED;
    int Length = sizeof(Seconds);

    getsockopt(Socket, SOL_SOCKET, SO_CONNECT_TIME, (char *)&Seconds, &Length);
    return Seconds;
}

BOOL SocketIsNew(OVERLAPPED_EX *Context)
{
    if (SocketConnectTime(Context->Socket) != NOT_CONNECTED) {
        InterlockedExchange(&Context->Config->NoReuse, TRUE);
    }
    return !FlagIsSet(&Context->Config->NoReuse);
}

BOOL SocketIsSilent(SERVER_CONFIG *Config, CONNECTION *Connection, DWORD Seconds)
{
    DWORD Connected;

    if (!Config->FirstData || InterlockedCompareExchange(&Connection->State, 0, 0) != STATE_ACCEPTING) {
        return FALSE;
    }
    Connected = SocketConnectTime(Connection->Socket);
    return Connected != NOT_CONNECTED && Connected >= Seconds;
}

BOOL SocketRead(OPERATION *Operation, WSABUF *Buffer)
{
    DWORD Flags = 0;

    memset(&Operation->Overlapped, 0, sizeof(Operation->Overlapped));
    return WSARecv(Operation->Connection->Socket, Buffer, 1, NULL, &Flags, &Operation->Overlapped, NULL) == 0 ||
           WSAGetLastError() == WSA_IO_PENDING;
}

BOOL SocketWrite(OPERATION *Operation, WSABUF *Buffers, DWORD Count)
{
    memset(&Operation->Overlapped, 0, sizeof(Operation->Overlapped));
    return WSASend(Operation->Connection->Socket, Buffers, Count, NULL, 0, &Operation->Overlapped, NULL) == 0 ||
           WSAGetLastError() == WSA_IO_PENDING;
}

BOOL SocketTransmit(OVERLAPPED_EX *Context)
{
    ULONGLONG Left = Context->FileBytes - Context->AcumBytes;
    OVERLAPPED *Overlapped = &Context->Operation.Overlapped;
    TRANSMIT_FILE_BUFFERS Around = {Context->WsaBuf[0].buf, Context->WsaBuf[0].len, NULL, 0};

    memset(Overlapped, 0, sizeof(*Overlapped));
    Overlapped->Offset = (DWORD)Context->FileOffset;
    Overlapped->OffsetHigh = (DWORD)(Context->FileOffset >> 32);
    Context->NothingSent = FALSE;
    /* In parts, so that a client gets new time with each, and because one call takes 2 GB at most. */
    if (Context->Config->TransmitFile(Context->Socket, Context->File,
                                      Left < TRANSMIT_PART ? (DWORD)Left : TRANSMIT_PART, 0, Overlapped,
                                      Around.HeadLength > 0 ? &Around : NULL, 0) ||
        WSAGetLastError() == WSA_IO_PENDING) {
        return TRUE;
    }
    Context->NothingSent = TRUE; /* no packet will come, so the request is still this thread's */
    return FALSE;
}

void SocketCancel(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    /* When nothing is in flight just now this finds nothing (ERROR_NOT_FOUND); the next sweep tries again. */
    CancelIoEx((HANDLE)Connection->Socket, NULL);
    /* An AcceptEx is the listening socket's operation, and ends with that socket when the server stops. */
    if (InterlockedCompareExchange(&Connection->State, 0, 0) == STATE_ACCEPTING && !FlagIsSet(&Config->Stopping)) {
        CancelIoEx((HANDLE)Config->ListenSocket, &Connection->Operation.Overlapped);
    }
}
