/*
 * The engine: one completion port, and a pool of threads that take completed operations from it.
 *
 * - Every accepted operation gives exactly one packet, also when it succeeded at once. One that fails at once gives
 *   none.
 * - PendingIo counts the operations in flight, and a thread that is at work on the connection. Each adds 1 before it
 *   begins and takes 1 away when it has ended; who comes to 0 is the last that knows the connection, and frees it.
 * - The packet's count passes to the worker that gets the packet: it is at work from then on.
 * - A flow (order.c) has a count of its own, and one for each of its operations.
 */
#include "server.h"

HANDLE CompletionPortCreate(void)
{
    /* 0: as many threads run at a time as there are processors. The others of the pool replace threads that block. */
    return CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
}

BOOL CompletionPortAssociateDevice(HANDLE Port, HANDLE Device, ULONG_PTR Key)
{
    return CreateIoCompletionPort(Device, Port, Key, 0) == Port;
}

/* A flow is over: its own count goes, that of its last operation is the caller's. */
static OVERLAPPED_EX *FlowOver(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    InterlockedDecrement(&Connection->PendingIo);
    CountEnd(Config, IO_FLOW);
    OperationDone(Connection->Context, 0, 0);
    return Connection->Context;
}

/* A pause is over: what failed is tried again. @return the request to go on with, or NULL to let go of the connection */
static OVERLAPPED_EX *PauseDone(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    OVERLAPPED_EX *Context = Connection->Context;
    const BOOL Aborting = FlagIsSet(&Config->Aborting);

    if (Context == NULL) {
        if (!Aborting) {
            IdleBegin(Config, Connection);
        }
        return NULL;
    }
    if (Context->IOOperation == IO_FLOW) {
        return FlowResume(Context) ? FlowOver(Config, Connection) : NULL;
    }
    Context->IOOperation = Aborting ? IO_CLOSE : Context->Interrupted;
    return Context;
}

/* The connection's own operation has ended. @return as PauseDone */
static OVERLAPPED_EX *ConnectionDone(SERVER_CONFIG *Config, CONNECTION *Connection, DWORD Bytes, DWORD Error)
{
    OVERLAPPED_EX *Context = Connection->Context;

    switch (InterlockedCompareExchange(&Connection->State, 0, 0)) {
    case STATE_ACCEPTING:
        CountEnd(Config, IO_SOCKET_ACCEPT);
        OperationDone(Context, Bytes, Error);
        return Context;
    case STATE_IDLE:
        CountEnd(Config, IO_SOCKET_IDLE);
        return IdleDone(Config, Connection, Error);
    default:
        CountEnd(Config, IO_PAUSE);
        return PauseDone(Config, Connection);
    }
}

/* Handles a packet. @return as PauseDone */
static OVERLAPPED_EX *PacketHandle(SERVER_CONFIG *Config, OPERATION *Operation, DWORD Bytes, DWORD Error)
{
    CONNECTION *Connection = Operation->Connection;
    OVERLAPPED_EX *Context;
    BUFFER *Slice;

    switch (Operation->Owner) {
    case OWNER_CONNECTION:
        return ConnectionDone(Config, Connection, Bytes, Error);
    case OWNER_REQUEST:
        Context = CONTAINING_RECORD(Operation, OVERLAPPED_EX, Operation);
        CountEnd(Config, Context->IOOperation);
        OperationDone(Context, Bytes, Error);
        return Context;
    default:
        Slice = CONTAINING_RECORD(Operation, BUFFER, Operation);
        CountEnd(Config, Slice->IOOperation);
        return FlowDone(Slice, Bytes, Error) ? FlowOver(Config, Connection) : NULL;
    }
}

DWORD WINAPI CompletionPortThread(LPVOID Parameter)
{
    SERVER_CONFIG *Config = Parameter;

    CountersUse(&Config->Counters[InterlockedIncrement(&Config->WorkersBegun)]);
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        BOOL Good = GetQueuedCompletionStatus(Config->CompletionPort, &Bytes, &Key, &Overlapped, INFINITE);
        DWORD Error = Good ? 0 : GetLastError();

        if (Overlapped != NULL) { /* an operation has ended; well, or with Error */
            OPERATION *Operation = CONTAINING_RECORD(Overlapped, OPERATION, Overlapped);
            CONNECTION *Connection = Operation->Connection;
            OVERLAPPED_EX *Context = PacketHandle(Config, Operation, Bytes, Error);

            InterlockedIncrement64(&CountersMine(Config)->Packets);
            if (Context != NULL) {
                ConnectionRun(Context);
            } else {
                ConnectionLeave(Config, Connection);
            }
        } else if (Good && Key == IO_THREAD_SHUTDOWN) { /* posted by ServerStop */
            return 0;
        } else if (!Good && Error != WAIT_TIMEOUT) { /* no packet: the port itself is gone */
            ErrMsg("a worker lost its port", Error);
            return 1;
        }
    }
}

void ConnectionRun(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;
    CONNECTION *Connection = Context->Operation.Connection;

    while (Context->IOOperation != IO_CLOSE) {
        const IO_OPERATION Kind = Context->IOOperation;
        DWORD Error;

        if (Kind == IO_SOCKET_IDLE) {
            IdleBegin(Config, Connection); /* Context is no longer the connection's */
            break;
        }
        if (Kind == IO_PAUSE) {
            PauseBegin(Config, Connection);
            break;
        }
        CountBegin(Config, Kind);
        InterlockedIncrement(&Connection->PendingIo);
        if (OperationBegin(Context)) {
            break; /* its packet may be in another worker's hands by now */
        }
        Error = GetLastError();
        InterlockedDecrement(&Connection->PendingIo); /* no packet will come */
        CountEnd(Config, Kind);
        OperationDone(Context, 0, Error);
    }
    ConnectionLeave(Config, Connection);
}
