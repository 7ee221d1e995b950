/* The connections, what each has while a request is in work, and their deadlines. */
#include "server.h"

#include <stddef.h>
#include <string.h>

BOOL ConnectionAttach(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    OVERLAPPED_EX *Context = PoolTake(&Config->Requests);

    if (Context == NULL) {
        return FALSE;
    }
    if (!Context->LockMade) {
        InitializeSRWLock(&Context->Lock);
        Context->LockMade = TRUE;
    }
    memset(&Context->NextWaiting, 0, sizeof(*Context) - offsetof(OVERLAPPED_EX, NextWaiting));
    Context->Operation.Connection = Connection;
    Context->Operation.Owner = OWNER_REQUEST;
    Context->Config = Config;
    Context->Socket = Connection->Socket;
    Context->File = INVALID_HANDLE_VALUE;
    Context->Method = HTTP_OTHER;
    Context->MinorVersion = 1;
    Connection->Context = Context;
    return TRUE;
}

OVERLAPPED_EX *ConnectionOpen(SERVER_CONFIG *Config, SOCKET Socket)
{
    CONNECTION *Connection = PoolTake(&Config->Clients);

    if (Connection != NULL) {
        Connection->Operation.Connection = Connection;
        Connection->Operation.Owner = OWNER_CONNECTION;
        InterlockedExchange(&Connection->PendingIo, 0);
        AcquireSRWLockExclusive(&Config->Lock);
        Connection->Socket = Socket;
        ReleaseSRWLockExclusive(&Config->Lock);
    }
    if (Connection == NULL || !ConnectionAttach(Config, Connection)) {
        if (Connection != NULL) {
            PoolGive(&Config->Clients, Connection);
        }
        closesocket(Socket);
        return NULL;
    }
    InterlockedIncrement(&Config->Connections);
    DeadlineSet(Connection->Context, Config->IdleTimeout * 1000);
    InterlockedExchange(&Connection->State, STATE_BUSY);
    return Connection->Context;
}

/* Gives back all that a request has. Its answer is over, well or not. */
static void ContextEmpty(OVERLAPPED_EX *Context)
{
    LogAnswer(Context);
    UploadDiscard(Context);
    FileClose(Context);
    HotGive(Context);
    ChainGive(&Context->Chain);
    ChainGive(&Context->Spare);
    RoomGive(Context);
    Context->Used = 0;
    BufferLeave(Context);
    Context->Payload = 0;
}

void ConnectionDetach(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    OVERLAPPED_EX *Context = Connection->Context;

    if (Context != NULL) {
        Connection->Context = NULL;
        ContextEmpty(Context);
        PoolGive(&Config->Requests, Context);
    }
}

void ConnectionReset(OVERLAPPED_EX *Context)
{
    ContextEmpty(Context);
    Context->Phase = PHASE_HEADER; /* an upload that broke off is nobody's any more */
}

/* Closes and frees a connection. No operation is in flight, and no thread at work on it but this one. */
static void ConnectionClose(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    /* Free for the sweep first: it then cannot meet a socket that is closed, or whose number is another's by now. */
    AcquireSRWLockExclusive(&Config->Lock);
    InterlockedExchange(&Connection->State, STATE_FREE);
    ReleaseSRWLockExclusive(&Config->Lock);

    closesocket(Connection->Socket);
    ConnectionDetach(Config, Connection);
    PoolGive(&Config->Clients, Connection);
    InterlockedDecrement(&Config->Connections);
}

void ConnectionLeave(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    if (InterlockedDecrement(&Connection->PendingIo) == 0) {
        ConnectionClose(Config, Connection);
    }
}

/* Whether a connection's operations are to be cancelled. */
static BOOL ConnectionIsOver(SERVER_CONFIG *Config, CONNECTION *Connection, LONG State)
{
    if (FlagIsSet(&Config->Aborting)) {
        return TRUE;
    }
    if (State == STATE_ACCEPTING) { /* it has no deadline: whether there is a client is the socket's secret */
        return SocketIsSilent(Config, Connection, Config->IdleTimeout);
    }
    return DeadlineLeft(Connection) == 0 || (State == STATE_IDLE && FlagIsSet(&Config->Stopping)) ||
           (State == STATE_RECEIVING && IsScarce(Config));
}

void ConnectionSweep(SERVER_CONFIG *Config)
{
    AcquireSRWLockExclusive(&Config->Lock);
    for (LONG i = InterlockedCompareExchange(&Config->Clients.Made, 0, 0); i > 0; i--) {
        CONNECTION *Connection = PoolItem(&Config->Clients, i - 1);
        LONG State = InterlockedCompareExchange(&Connection->State, 0, 0);

        if (State == STATE_PAUSED || State == STATE_PAUSED_NEW) {
            PauseTick(Config, Connection);
        }
        if (State != STATE_FREE && ConnectionIsOver(Config, Connection, State)) {
            SocketCancel(Config, Connection);
        }
    }
    ReleaseSRWLockExclusive(&Config->Lock);
}

LONG ConnectionsSilent(SERVER_CONFIG *Config)
{
    LONG Silent = 0;

    AcquireSRWLockExclusive(&Config->Lock);
    for (LONG i = InterlockedCompareExchange(&Config->Clients.Made, 0, 0); i > 0; i--) {
        Silent += SocketIsSilent(Config, PoolItem(&Config->Clients, i - 1), 0);
    }
    ReleaseSRWLockExclusive(&Config->Lock);
    return Silent;
}

void DeadlineSet(OVERLAPPED_EX *Context, DWORD Milliseconds)
{
    InterlockedExchange(&Context->Operation.Connection->Deadline, (LONG)(GetTickCount() + Milliseconds));
}

DWORD DeadlineLeft(CONNECTION *Connection)
{
    /* Ticks begin again at 0 after 49 days; their difference stays right. */
    LONG Left = (LONG)((DWORD)InterlockedCompareExchange(&Connection->Deadline, 0, 0) - GetTickCount());

    return Left > 0 ? (DWORD)Left : 0;
}

BOOL FlagIsSet(volatile LONG *Flag)
{
    return InterlockedCompareExchange(Flag, 0, 0) != 0;
}
