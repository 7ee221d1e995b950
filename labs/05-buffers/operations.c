/*
 * What follows when an operation has ended.
 *
 * These functions run in whatever thread the engine brings. They never wait, and they start nothing: they leave in
 * Context->IOOperation and Context->WsaBuf what is to be done next, and the engine does it. Bytes are often fewer
 * than were asked for; then the rest is asked for again.
 */
#include "server.h"

#include <string.h>

BOOL OperationBegin(OVERLAPPED_EX *Context)
{
    WSABUF Part = {Limited(Context, Context->WsaBuf[0].len), Context->WsaBuf[0].buf};

    switch (Context->IOOperation) {
    case IO_SOCKET_READ:
        return SocketRead(&Context->Operation, &Part);
    case IO_SOCKET_WRITE:
        return Context->Limit != 0 ? SocketWrite(&Context->Operation, &Part, 1)
                                   : SocketWrite(&Context->Operation, Context->WsaBuf, Context->WsaCount);
    case IO_FILE_READ:
        return FileRead(Context, &Context->Operation, Context->FileOffset, &Part);
    case IO_FILE_WRITE:
        return FileWrite(Context, &Context->Operation, Context->FileOffset, &Part);
    case IO_SOCKET_ACCEPT:
        return SocketAccept(Context);
    case IO_SOCKET_DISCONNECT:
        return SocketDisconnect(Context);
    case IO_TRANSMIT:
        return SocketTransmit(Context);
    case IO_FLOW:
        return FlowStart(Context);
    case IO_BUFFER:
        return BufferWait(Context);
    case IO_BUSINESS:
        return BusinessSubmit(Context);
    default:
        SetLastError(ERROR_INVALID_FUNCTION);
        return FALSE;
    }
}

/* Makes the next operation a read of no bytes. */
static void NextWait(OVERLAPPED_EX *Context)
{
    Context->WsaBuf[0].buf = Context->Header; /* an address that is not written to */
    Context->WsaBuf[0].len = 0;
    Context->IOOperation = IO_SOCKET_READ;
}

void NextRead(OVERLAPPED_EX *Context)
{
    if (!Context->Readable) { /* the client is slow, and a read that waits would lock the buffer's page */
        NextWait(Context);
    } else if (Context->Used == Context->BuffLen) {
        BufferMore(Context);
    } else {
        Context->WsaBuf[0].buf = Context->Buffer + Context->Used;
        Context->WsaBuf[0].len = Context->BuffLen - Context->Used;
        Context->IOOperation = IO_SOCKET_READ;
    }
}

void NextLinger(OVERLAPPED_EX *Context)
{
    Context->Used = 0;
    BufferLeave(Context);
    NextWait(Context);
}

void NextWrite(OVERLAPPED_EX *Context, char *Data, DWORD Length)
{
    Context->WsaCount = 0;
    PieceAdd(Context, Data, Length);
    Context->IOOperation = IO_SOCKET_WRITE;
    DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
}

void NextFileRead(OVERLAPPED_EX *Context)
{
    DWORD Room = Context->BuffLen + BUFFER_TAIL - Context->Used - Context->HeaderBytes;
    ULONGLONG Left = Context->FileBytes - Context->AcumBytes;

    Context->WsaBuf[0].buf = Context->Buffer + Context->Used + Context->HeaderBytes;
    if (Context->Hot != NULL) { /* a file that is to stay in memory is read there */
        Context->WsaBuf[0].buf = HotData(Context->Hot) + Context->AcumBytes;
        Room = INFINITE;
    }
    Context->WsaBuf[0].len = Left < Room ? (DWORD)Left : Room;
    Context->IOOperation = IO_FILE_READ;
}

void NextFileWrite(OVERLAPPED_EX *Context)
{
    Context->WsaBuf[0].buf = Context->Buffer;
    Context->WsaBuf[0].len = Context->Payload;
    Context->IOOperation = IO_FILE_WRITE;
}

/* The client sent something, or has nothing more to send. */
static void SocketReadDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    if (Context->WsaBuf[0].len == 0) { /* a read of no bytes: now a real one */
        Context->Readable = TRUE;
        NextRead(Context);
        return;
    }
    /* When it was filled more may be there. */
    Context->Readable = Bytes == Limited(Context, Context->WsaBuf[0].len) && !IsScarce(Context->Config);
    if (Bytes == 0) {                  /* a good end, after which the socket can be used again */
        Context->Phase = PHASE_LINGER; /* nobody is left to be told anything, of a body that broke off or of time */
        Context->IOOperation = FlagIsSet(&Context->Config->NoReuse) ? IO_CLOSE : IO_SOCKET_DISCONNECT;
        DeadlineSet(Context, LINGER_TIMEOUT);
        return;
    }
    Context->Used += Bytes;
    switch (Context->Phase) {
    case PHASE_HEADER:
        RequestRead(Context);
        break;
    case PHASE_UPLOAD:
    case PHASE_ECHO:
    case PHASE_GUEST:
        RequestBody(Context);
        break;
    default: /* PHASE_LINGER, in which the deadline stays what it was */
        NextLinger(Context);
        break;
    }
}

/* A small buffer is there for the first bytes, which came to a room that many share. */
static void FirstDataReady(OVERLAPPED_EX *Context)
{
    BufferUse(Context, ChainTake(&Context->Spare));
    memcpy(Context->Buffer, Context->Room, Context->FirstBytes);
    Context->Used = Context->FirstBytes;
    RoomGive(Context);
    RequestNext(Context);
}

/* A client is there, with its first bytes or without. */
static void SocketAcceptDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    if (!SocketUpdate(Context)) {
        Context->IOOperation = IO_CLOSE;
    } else if (Bytes > 0) {
        Context->FirstBytes = Bytes;
        BufferNeed(Context, &Context->Config->Small, 1, FirstDataReady);
    } else {
        RoomGive(Context);
        RequestNext(Context);
    }
}

/* The socket is as new, and waits again if one more is needed. */
static void SocketDisconnectDone(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;

    ConnectionReset(Context);
    if (SocketIsNew(Context) && !FlagIsSet(&Config->Stopping) && SocketClaim(Config, (LONG)Config->Accepts)) {
        Context->IOOperation = IO_SOCKET_ACCEPT;
    } else {
        Context->IOOperation = IO_CLOSE;
    }
}

/* Of a write some bytes are left, or all. They are sent after a pause, from where the stack stopped taking them. */
static void WriteShort(OVERLAPPED_EX *Context, DWORD Bytes)
{
    InterlockedIncrement64(&CountersMine(Context->Config)->Short);
    /*
     * TODO 5.4: Bytes that did leave win time (DeadlineSet). Then pause, and note what is interrupted: WsaBuf has what is
     * left already.
     */
    /* stub */
    (void)Bytes;
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

/* The stack took bytes: all that were left, or some of them. */
static void SocketWriteDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    const BOOL IsPart = Context->Limit != 0 && Bytes == Limited(Context, Context->WsaBuf[0].len);
    DWORD Left = PiecesSent(Context, Bytes);

    Context->SentBytes += Bytes;
    Context->HeaderBytes -= Bytes < Context->HeaderBytes ? Bytes : Context->HeaderBytes;
    if (Left > 0 && IsPart) { /* as many as it was given; IOOperation is still IO_SOCKET_WRITE */
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
    } else if (Left > 0) {
        WriteShort(Context, Bytes);
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
    if (Context->Hot == NULL) {
        NextWrite(Context, Context->Buffer + Context->Used, Context->HeaderBytes + Bytes);
    } else if (Context->AcumBytes < Context->FileBytes) {
        NextFileRead(Context);
    } else {
        HotPublish(Context);
        NextWrite(Context, Context->Buffer + Context->Used, Context->HeaderBytes);
        PieceAdd(Context, HotData(Context->Hot), (DWORD)Context->FileBytes);
    }
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

/* Windows has sent a part of the file, and the header before it. */
static void TransmitDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    DWORD Header = Bytes < Context->HeaderBytes ? Bytes : Context->HeaderBytes;

    if (Bytes == 0) {
        Context->IOOperation = IO_CLOSE;
        return;
    }
    Context->SentBytes += Bytes;
    Context->HeaderBytes -= Header;
    Context->WsaBuf[0].buf += Header;
    Context->WsaBuf[0].len -= Header;
    Context->FileOffset += Bytes - Header;
    Context->AcumBytes += Bytes - Header;
    if (Context->AcumBytes < Context->FileBytes) {
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000); /* IOOperation is still IO_TRANSMIT */
    } else {
        AnswerDone(Context);
    }
}

void OperationFailed(OVERLAPPED_EX *Context, DWORD Error)
{
    const BOOL IsWrite = Context->IOOperation == IO_TRANSMIT && Context->NothingSent;
    const IO_OPERATION Kind = IsWrite ? IO_SOCKET_WRITE : Context->IOOperation;

    switch (OnConnectionError(Context->Config, Context->Operation.Connection, Kind, Error)) {
    case FAILURE_LATE:
        RequestTimeout(Context);
        break;
    case FAILURE_AGAIN: /* IOOperation is still what it was, and is started again */
        break;
    case FAILURE_PAUSE:
        LimitLess(Context);
        Context->Interrupted = Context->IOOperation;
        Context->IOOperation = IO_PAUSE;
        break;
    default:
        if (Context->IOOperation == IO_FILE_WRITE) {
            AnswerRefusal(Context, 500);
        } else {
            Context->IOOperation = IO_CLOSE;
        }
        break;
    }
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
    case IO_TRANSMIT:
        TransmitDone(Context, Bytes);
        break;
    case IO_FLOW:
        FlowEnd(Context);
        break;
    case IO_BUFFER: /* the wait was not the client's fault */
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
        Context->BuffersThen(Context);
        break;
    case IO_BUSINESS:
        Context->JobThen(Context);
        break;
    default:
        Context->IOOperation = IO_CLOSE;
        break;
    }
}

void OperationDone(OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error)
{
    const BOOL IsAccept = Context->IOOperation == IO_SOCKET_ACCEPT;

    if (Context->Config->Trace && Context->IOOperation != IO_FLOW) {
        TraceOperation(Context, Bytes, Error);
    }
    if (FlagIsSet(&Context->Config->Aborting)) {
        Context->IOOperation = IO_CLOSE;
    } else if (Error != 0 && Context->IOOperation != IO_FLOW) {
        OperationFailed(Context, Error);
    } else {
        OperationSucceeded(Context, Bytes);
        LimitMore(Context);
    }
    if (IsAccept) {
        SocketAccepted(Context); /* last: while it is counted nobody closes the listening socket */
    }
}
