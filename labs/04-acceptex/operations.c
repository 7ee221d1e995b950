/*
 * What follows when an operation has ended.
 *
 * These functions run in whatever thread the engine brings. They never wait, and they start nothing: they leave in
 * Context->IOOperation and Context->WsaBuf what is to be done next, and the engine does it. Bytes are often fewer
 * than were asked for; then the rest is asked for again.
 */
#include "server.h"
#include "todo.h"

BOOL OperationBegin(OVERLAPPED_EX *Context)
{
    switch (Context->IOOperation) {
    case IO_SOCKET_READ:
        return SocketRead(Context);
    case IO_SOCKET_WRITE:
        return SocketWrite(Context);
    case IO_FILE_READ:
        return FileRead(Context);
    case IO_FILE_WRITE:
        return FileWrite(Context);
    case IO_SOCKET_ACCEPT:
        return SocketAccept(Context);
    case IO_SOCKET_DISCONNECT:
        return SocketDisconnect(Context);
    default:
        SetLastError(ERROR_INVALID_FUNCTION);
        return FALSE;
    }
}

void NextRead(OVERLAPPED_EX *Context)
{
    /* A header is never read past its limit, so that pipelined requests cannot make the buffer grow for ever. */
    BOOL Capped = Context->Phase == PHASE_HEADER && Context->BuffLen > HTTP_MAX_HEADER;

    if (!BufferReserve(Context, 1)) {
        Context->IOOperation = IO_CLOSE;
        return;
    }
    Context->WsaBuf.buf = Context->Buffer + Context->Used;
    Context->WsaBuf.len = (Capped ? HTTP_MAX_HEADER : Context->BuffLen) - Context->Used;
    Context->IOOperation = IO_SOCKET_READ;
}

void NextWrite(OVERLAPPED_EX *Context, char *Data, DWORD Length)
{
    Context->WsaBuf.buf = Data;
    Context->WsaBuf.len = Length;
    Context->IOOperation = IO_SOCKET_WRITE;
    DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
}

void NextFileRead(OVERLAPPED_EX *Context)
{
    DWORD Room = Context->BuffLen - Context->Used - Context->HeaderBytes;
    ULONGLONG Left = Context->FileBytes - Context->AcumBytes;

    Context->WsaBuf.buf = Context->Buffer + Context->Used + Context->HeaderBytes;
    Context->WsaBuf.len = Left < Room ? (DWORD)Left : Room;
    Context->IOOperation = IO_FILE_READ;
}

void NextFileWrite(OVERLAPPED_EX *Context)
{
    Context->WsaBuf.buf = Context->Buffer;
    Context->WsaBuf.len = Context->Payload;
    Context->IOOperation = IO_FILE_WRITE;
}

/* The client sent something, or has nothing more to send. */
static void SocketReadDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    if (Bytes == 0) { /* a good end, after which the socket can be used again */
        /* TODO 4.4: Disconnect next, unless NoReuse is set, and give it LINGER_TIMEOUT. */
        /* stub */
        Context->IOOperation = IO_CLOSE;
        /* end of stub */
        return;
    }
    Context->Used += Bytes;
    switch (Context->Phase) {
    case PHASE_HEADER:
        RequestRead(Context);
        break;
    case PHASE_UPLOAD:
    case PHASE_ECHO:
        RequestBody(Context);
        break;
    default: /* PHASE_LINGER, in which the deadline stays what it was */
        Context->Used = 0;
        NextRead(Context);
        break;
    }
}

/* A client is there, with its first bytes or without. */
static void SocketAcceptDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    /*
     * TODO 4.1: Make the socket one like others (SocketUpdate); when that fails the client is gone already. The
     * buffer holds Bytes bytes of first data: go on as with every request (RequestNext).
     */
    /* stub */
    (void)Bytes;
    TodoAnswer(TODO("4.1"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

/* The socket is as new, and waits again if one more is needed. */
static void SocketDisconnectDone(OVERLAPPED_EX *Context)
{
    /*
     * TODO 4.4: Make the connection like new (ConnectionReset). Let it wait for another client if the socket is new
     * (SocketIsNew), if the server does not stop, and if a place is free among those that wait (SocketClaim, last of
     * all, as it must be used then); otherwise it is closed.
     */
    /* stub */
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

/* The stack took bytes: all that were left, or some of them. */
static void SocketWriteDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    if (Bytes == 0) { /* it had no room for a single one; stage 05 knows a better answer */
        Context->IOOperation = IO_CLOSE;
        return;
    }
    Context->HeaderBytes -= Bytes < Context->HeaderBytes ? Bytes : Context->HeaderBytes;
    if (Bytes < Context->WsaBuf.len) {
        NextWrite(Context, Context->WsaBuf.buf + Bytes, Context->WsaBuf.len - Bytes);
    } else if (Context->Phase != PHASE_ANSWER) { /* that was 100 Continue */
        RequestBody(Context);
    } else if (Context->File != INVALID_HANDLE_VALUE && Context->AcumBytes < Context->FileBytes) {
        NextFileRead(Context);
    } else {
        AnswerDone(Context);
    }
}

/* A slice of the file is in the buffer, behind the answer's header if it is the first. It goes out at once. */
static void FileReadDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    if (Bytes == 0) { /* the file has become shorter; a promised length cannot be taken back */
        Context->IOOperation = IO_CLOSE;
        return;
    }
    Context->FileOffset += Bytes;
    Context->AcumBytes += Bytes;
    NextWrite(Context, Context->Buffer + Context->Used, Context->HeaderBytes + Bytes);
}

/* A slice of the upload is in the file, or a part of the slice. */
static void FileWriteDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    if (Bytes == 0) {
        AnswerRefusal(Context, 500);
        return;
    }
    Context->FileOffset += Bytes;
    BufferDrop(Context, Bytes);
    Context->Payload -= Bytes;
    if (Context->Payload > 0) {
        NextFileWrite(Context);
    } else {
        RequestBody(Context);
    }
}

/* An operation that failed. Most failures mean that the client is gone. */
static void OperationFailed(OVERLAPPED_EX *Context, DWORD Error)
{
    SERVER_CONFIG *Config = Context->Config;
    BOOL Cancelled = Error == ERROR_OPERATION_ABORTED || Error == WSAETIMEDOUT;

    if (Context->IOOperation == IO_FILE_WRITE) {
        AnswerRefusal(Context, 500);
    } else if (Context->IOOperation != IO_SOCKET_READ || !Cancelled) {
        Context->IOOperation = IO_CLOSE;
    } else if (DeadlineLeft(Context) == 0) {
        RequestTimeout(Context);
    } else if (FlagIsSet(&Config->Stopping) && FlagIsSet(&Context->Idle)) {
        Context->IOOperation = IO_CLOSE;
    }
    /* else: cancelled just when it was no longer late. IOOperation is still IO_SOCKET_READ and is started again. */
}

/* What an operation's success leads to. */
static void OperationSucceeded(OVERLAPPED_EX *Context, DWORD Bytes)
{
    switch (Context->IOOperation) {
    case IO_SOCKET_READ:
        SocketReadDone(Context, Bytes);
        break;
    case IO_SOCKET_WRITE:
        SocketWriteDone(Context, Bytes);
        break;
    case IO_FILE_READ:
        FileReadDone(Context, Bytes);
        break;
    case IO_FILE_WRITE:
        FileWriteDone(Context, Bytes);
        break;
    case IO_SOCKET_ACCEPT:
        SocketAcceptDone(Context, Bytes);
        break;
    case IO_SOCKET_DISCONNECT:
        SocketDisconnectDone(Context);
        break;
    default:
        Context->IOOperation = IO_CLOSE;
        break;
    }
}

void OperationDone(OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error)
{
    const BOOL IsAccept = Context->IOOperation == IO_SOCKET_ACCEPT;

    if (Context->Config->Trace) {
        TraceOperation(Context, Bytes, Error);
    }
    if (FlagIsSet(&Context->Config->Aborting)) {
        Context->IOOperation = IO_CLOSE;
    } else if (Error != 0) {
        OperationFailed(Context, Error);
    } else {
        OperationSucceeded(Context, Bytes);
    }
    if (IsAccept) {
        SocketAccepted(Context); /* last: while it is counted nobody closes the listening socket */
    }
}
