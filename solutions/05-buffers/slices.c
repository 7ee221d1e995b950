/*
 * The slices of a flow: what happens with each when its operation has ended, and how the next one is started. All of this
 * runs with the request's lock held. What a slice is says order.h.
 */
#include "server.h"

/* One operation more is in flight, or one less. */
static void SliceCount(FLOW *Flow, IO_OPERATION Kind, DWORD Change)
{
    Flow->InFlight += Change;
    Flow->Writing += Kind == IO_SOCKET_WRITE ? Change : 0;
    Flow->Filling += Kind == Flow->Fill || Kind == IO_SOCKET_IDLE ? Change : 0;
}

/* --- what has ended ----------------------------------------------------------------------------------------------- */

/* A slice has got bytes, or the end of its file. */
static void SliceFilled(OVERLAPPED_EX *Context, BUFFER *Slice, DWORD Bytes)
{
    FLOW *Flow = &Context->Flow;

    if (Bytes == 0 && Slice->Wanted > 0) { /* the client has closed, or the file has become shorter */
        FlowFail(Context, Slice->IOOperation, ERROR_HANDLE_EOF);
    }
    DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
    /* LAB 5.3 { Note the bytes: Filled, Wanted, the place in the file (Offset), the sum (AcumBytes). Of a file the rest
     * of a slice must be read before the slice is used, as the next slices begin behind it: into Repeated with it. Of a
     * socket the next reads get what did not come: add what was wanted to FillLeft again. Then store the slice in
     * Filled under its number, and count it in OutOfOrder if its turn has not come.
     * stub: (void)Flow;
     * stub: TodoAnswer(TODO("5.3"), Context->Socket);
     * stub: ChainAppend(&Context->Spare, Slice);
     * stub: FlowFail(Context, Slice->IOOperation, WSAECONNABORTED);
     */
    Slice->Filled += Bytes;
    Slice->Wanted -= Bytes;
    Slice->Offset += Bytes;
    Flow->AcumBytes += Bytes;
    if (Slice->IOOperation == IO_FILE_READ && Slice->Wanted > 0) {
        ChainAppend(&Flow->Repeated, Slice);
        return;
    }
    Flow->FillLeft += Slice->Wanted;
    Slice->Wanted = 0;
    if (Slice->Operation.Number != Flow->DrainNumber) {
        InterlockedIncrement64(&CountersMine(Context->Config)->OutOfOrder);
    }
    ChainInsert(&Flow->Filled, Slice);
    /* LAB 5.3 } */
}

/* Of a write to the socket bytes are left: it is its turn again. If that was not foreseen, no other is started until all
 * that are in flight are back. */
static void SliceAgain(OVERLAPPED_EX *Context, BUFFER *Slice, BOOL IsPart)
{
    FLOW *Flow = &Context->Flow;

    ChainInsert(&Flow->Filled, Slice);
    Flow->DrainNumber = Flow->Filled.First->Operation.Number;
    if (!IsPart) {
        InterlockedIncrement64(&CountersMine(Context->Config)->Short);
        Flow->Torn = TRUE;
    }
}

/* A slice has left, or a part of it. */
static void SliceDrained(OVERLAPPED_EX *Context, BUFFER *Slice, DWORD Bytes)
{
    FLOW *Flow = &Context->Flow;

    Slice->Start += Bytes;
    Slice->Filled -= Bytes;
    Slice->Offset += Bytes;
    if (Bytes > 0) {
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
    }
    if (Slice->IOOperation == IO_SOCKET_WRITE && Bytes > 0) {
        Context->SentBytes += Bytes;
        if ((LONG)(Slice->Operation.Number - Flow->Sent) > 0) {
            Flow->Sent = Slice->Operation.Number;
        }
    }
    if (Slice->Filled == 0) {
        ChainAppend(&Context->Spare, Slice);
    } else if (Slice->IOOperation == IO_SOCKET_WRITE) {
        SliceAgain(Context, Slice, Bytes == Slice->Wanted);
    } else if (Bytes > 0) {
        ChainAppend(&Flow->Repeated, Slice);
    } else {
        ChainAppend(&Context->Spare, Slice);
        FlowFail(Context, IO_FILE_WRITE, ERROR_DISK_FULL);
    }
}

/* An operation on a slice failed, at once or with its packet. */
static void SliceFailed(OVERLAPPED_EX *Context, BUFFER *Slice, DWORD Bytes, DWORD Error)
{
    const IO_OPERATION Kind = Slice->IOOperation == IO_SOCKET_IDLE ? IO_SOCKET_READ : Slice->IOOperation;
    const FAILURE Failure = OnConnectionError(Context->Config, Context->Operation.Connection, Kind, Error);

    if (Failure != FAILURE_PAUSE && Failure != FAILURE_AGAIN) {
        ChainAppend(&Context->Spare, Slice);
        FlowFail(Context, Kind, Error);
        return;
    }
    /* LAB 5.4 { Each kind goes on in its own way. A read from the socket has taken nothing, and later reads may have got
     * what it was to get: its slice is filled with no bytes, and keeps its turn; one that was still waiting gets its
     * number only now. A write to the socket came up short, after Bytes. An operation on a file is done again.
     * stub: (void)Bytes;
     * stub: ChainAppend(&Context->Spare, Slice);
     * stub: FlowFail(Context, Kind, Error);
     */
    if (Slice->IOOperation == IO_SOCKET_IDLE) {
        Slice->Operation.Number = Context->Flow.FillNumber++;
    }
    if (Kind == IO_SOCKET_READ) {
        Context->Flow.FillLeft += Slice->Wanted;
        Slice->Wanted = 0;
        SliceFilled(Context, Slice, 0);
    } else if (Kind == IO_SOCKET_WRITE) {
        SliceDrained(Context, Slice, Bytes);
    } else {
        ChainAppend(&Context->Flow.Repeated, Slice);
    }
    /* LAB 5.4 } */
    if (Failure == FAILURE_PAUSE || IsScarce(Context->Config)) {
        LimitLess(Context);
    }
    if (Failure == FAILURE_PAUSE) {
        FlowPause(Context);
    }
}

void SliceDone(OVERLAPPED_EX *Context, BUFFER *Slice, DWORD Bytes, DWORD Error)
{
    SliceCount(&Context->Flow, Slice->IOOperation, (DWORD)-1);
    if (Error != 0) {
        SliceFailed(Context, Slice, Bytes, Error);
        return;
    }
    if (Slice->IOOperation == Context->Flow.Drain) {
        SliceDrained(Context, Slice, Bytes);
    } else if (Slice->IOOperation == Context->Flow.Fill) {
        SliceFilled(Context, Slice, Bytes);
    } else { /* there is something to read now; what was asked for meanwhile comes before it */
        Slice->IOOperation = IO_SOCKET_READ;
        Slice->Operation.Number = Context->Flow.FillNumber++;
        ChainAppend(&Context->Flow.Repeated, Slice);
    }
    LimitMore(Context);
}

/* --- what is started ---------------------------------------------------------------------------------------------- */

/* Asks Windows for the slice's operation. @return as SocketRead */
static BOOL SliceStart(OVERLAPPED_EX *Context, BUFFER *Slice)
{
    OPERATION *Operation = &Slice->Operation;
    WSABUF Free = {Limited(Context, Slice->Wanted), Slice->Data + Slice->Start + Slice->Filled};
    WSABUF Full = {Limited(Context, Slice->Filled), Slice->Data + Slice->Start};

    switch (Slice->IOOperation) {
    case IO_SOCKET_IDLE:
        Free.len = 0;
        return SocketRead(Operation, &Free);
    case IO_SOCKET_READ:
        return SocketRead(Operation, &Free);
    case IO_SOCKET_WRITE:
        Slice->Wanted = Full.len;
        Context->Flow.OneByOne |= Full.len < Slice->Filled; /* nothing may be sent before the rest */
        return SocketWrite(Operation, &Full, 1);
    case IO_FILE_READ:
        return FileRead(Context, Operation, Slice->Offset, &Free);
    default:
        return FileWrite(Context, Operation, Slice->Offset, &Full);
    }
}

void SliceBegin(OVERLAPPED_EX *Context, BUFFER *Slice, IO_OPERATION Kind)
{
    CONNECTION *Connection = Context->Operation.Connection;
    DWORD Error;

    Slice->IOOperation = Kind;
    Slice->Operation.Connection = Connection;
    if (Kind == IO_SOCKET_READ || Kind == IO_SOCKET_IDLE) { /* one of no bytes holds no pages that others could use */
        InterlockedExchange(&Connection->State, Kind == IO_SOCKET_READ ? STATE_RECEIVING : STATE_BUSY);
    }
    SliceCount(&Context->Flow, Kind, 1);
    CountBegin(Context->Config, Kind);
    InterlockedIncrement(&Connection->PendingIo);
    if (SliceStart(Context, Slice)) {
        return;
    }
    Error = GetLastError();
    InterlockedDecrement(&Connection->PendingIo); /* no packet will come */
    CountEnd(Context->Config, Kind);
    SliceCount(&Context->Flow, Kind, (DWORD)-1);
    SliceFailed(Context, Slice, 0, Error);
}

void SliceFill(OVERLAPPED_EX *Context, BUFFER *Slice)
{
    FLOW *Flow = &Context->Flow;
    DWORD Room;

    Slice->Start = 0;
    Room = Slice->Size - Slice->Filled; /* an answer's header may lie at the beginning of the first slice */
    /* LAB 5.3 { Give the slice its number and its place in the file, take what it is to hold from FillLeft, and start.
     * While there is a Limit a read of the socket waits first, without bytes (IO_SOCKET_IDLE), and has no number yet.
     * stub: (void)Room;
     * stub: TodoAnswer(TODO("5.3"), Context->Socket);
     * stub: ChainAppend(&Context->Spare, Slice);
     * stub: FlowFail(Context, Flow->Fill, WSAECONNABORTED);
     */
    const IO_OPERATION Kind = Flow->Fill == IO_SOCKET_READ && Context->Limit != 0 ? IO_SOCKET_IDLE : Flow->Fill;

    if (Kind != IO_SOCKET_IDLE) { /* who only waits gets his number when he asks for bytes */
        Slice->Operation.Number = Flow->FillNumber++;
    }
    Slice->Wanted = Flow->FillLeft < Room ? (DWORD)Flow->FillLeft : Room;
    Slice->Offset = Flow->Offset;
    Flow->FillLeft -= Slice->Wanted;
    if (Flow->Fill == IO_FILE_READ) {
        Flow->Offset += Slice->Wanted;
    }
    SliceBegin(Context, Slice, Kind);
    /* LAB 5.3 } */
}

void SliceDrain(OVERLAPPED_EX *Context, BUFFER *Slice)
{
    FLOW *Flow = &Context->Flow;
    HTTP_TEXT Part;
    size_t Consumed;

    if (Slice->Filled == 0) { /* a read that failed */
        ChainAppend(&Context->Spare, Slice);
        return;
    }
    if (Flow->Drain == IO_FILE_WRITE) {
        HttpBodyRead(&Context->Body, Slice->Data + Slice->Start, Slice->Filled, &Consumed, &Part); /* counts them */
        Slice->Offset = Flow->Offset;
        Flow->Offset += Slice->Filled;
    }
    SliceBegin(Context, Slice, Flow->Drain);
}
