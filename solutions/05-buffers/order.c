/*
 * Flows: several operations in flight for one request, and their order.
 *
 * A long file on its way out and a long upload on its way in go through several buffers, the slices. Each is filled from
 * one side (IO_FILE_READ, IO_SOCKET_READ), drained to the other (IO_SOCKET_WRITE, IO_FILE_WRITE), and filled again:
 *
 *        Spare ──fill──► in flight ──► Filled, until its turn has come ──drain──► in flight ──► Spare
 *
 * Operations on a socket are carried out in the order in which they were started. But their packets go to several
 * threads, and who handles his first is a matter of luck. So each slice gets a number when its read is started, and
 * the flow knows the number whose turn it is. A packet that comes too early is stored under its number. When a
 * slice's turn has come and has been used, the next one may already be in the store.
 *
 * One lock for each request guards this. A thread holds it while it handles a packet and starts what follows from it;
 * so drains are started in order, too. With one operation in flight, which is the rule outside of flows, there is
 * nothing to guard: there the packet itself is the right to go on.
 *
 * The bytes of a flow are known beforehand. Reads from the socket never ask for more than is still to come of the body,
 * all in flight taken together; so when the body is whole no read is left over that would swallow the next request.
 *
 * Several writes in flight (--writes) save the time between a packet and the next write, and cost the way back: should one
 * come up short while a later one is sent, bytes are missing in the middle, and the connection must be closed. When
 * the later ones have not been sent either, all are started again from the byte that was reached; from then on one at
 * a time.
 */
#include "server.h"

#include <string.h>

/* The flow has come to an end. What is still in flight on the socket is called back. */
static void FlowFail(OVERLAPPED_EX *Context, IO_OPERATION Kind, DWORD Error)
{
    if (Context->Flow.Error == 0) {
        Context->Flow.Error = Error;
        Context->Flow.ErrorIn = Kind;
        SocketCancel(Context->Config, Context->Operation.Connection);
    }
}

/* Starts nothing more for a while. The pause counts as an operation in flight. */
static void FlowPause(OVERLAPPED_EX *Context)
{
    if (!Context->Flow.Paused && Context->Flow.Error == 0) {
        Context->Flow.Paused = TRUE;
        Context->Flow.InFlight++;
        PauseBegin(Context->Config, Context->Operation.Connection);
    }
}

/* --- what has ended ------------------------------------------------------------------------------------------------- */

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

/* A write to the socket came up short. No other is started until all that are in flight are back. */
static void SliceTorn(OVERLAPPED_EX *Context, BUFFER *Slice)
{
    FLOW *Flow = &Context->Flow;

    InterlockedIncrement64(&CountersMine(Context->Config)->Short);
    ChainInsert(&Flow->Filled, Slice);
    Flow->DrainNumber = Flow->Filled.First->Operation.Number;
    Flow->Torn = TRUE;
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
        SliceTorn(Context, Slice);
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
    const IO_OPERATION Kind = Slice->IOOperation;
    const FAILURE Failure = OnConnectionError(Context->Config, Context->Operation.Connection, Kind, Error);

    if (Failure != FAILURE_PAUSE && Failure != FAILURE_AGAIN) {
        ChainAppend(&Context->Spare, Slice);
        FlowFail(Context, Kind, Error);
        return;
    }
    /* LAB 5.4 { Each kind goes on in its own way. A read from the socket has taken nothing, and later reads may have got
     * what it was to get: its slice is filled with no bytes, and keeps its turn. A write to the socket came up short.
     * An operation on a file is done again.
     * stub: (void)Bytes;
     * stub: ChainAppend(&Context->Spare, Slice);
     * stub: FlowFail(Context, Kind, Error);
     */
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
    if (Failure == FAILURE_PAUSE) {
        FlowPause(Context);
    }
}

/* --- what is started ------------------------------------------------------------------------------------------------ */

/* Asks Windows for the slice's operation. @return as SocketRead */
static BOOL SliceStart(OVERLAPPED_EX *Context, BUFFER *Slice)
{
    OPERATION *Operation = &Slice->Operation;
    WSABUF Free = {Slice->Wanted, Slice->Data + Slice->Start + Slice->Filled};
    WSABUF Full = {Slice->Filled, Slice->Data + Slice->Start};

    switch (Slice->IOOperation) {
    case IO_SOCKET_READ:
        return SocketRead(Operation, &Free);
    case IO_SOCKET_WRITE:
        return SocketWrite(Operation, &Full, 1);
    case IO_FILE_READ:
        return FileRead(Context, Operation, Slice->Offset, &Free);
    default:
        return FileWrite(Context, Operation, Slice->Offset, &Full);
    }
}

/* Starts an operation on a slice. One that fails at once is dealt with like one that fails later. */
static void SliceBegin(OVERLAPPED_EX *Context, BUFFER *Slice, IO_OPERATION Kind)
{
    CONNECTION *Connection = Context->Operation.Connection;
    DWORD Error;

    Slice->IOOperation = Kind;
    Slice->Operation.Connection = Connection;
    Context->Flow.InFlight++;
    Context->Flow.Writing += Kind == IO_SOCKET_WRITE;
    CountBegin(Context->Config, Kind);
    InterlockedIncrement(&Connection->PendingIo);
    if (SliceStart(Context, Slice)) {
        return;
    }
    Error = GetLastError();
    InterlockedDecrement(&Connection->PendingIo); /* no packet will come */
    CountEnd(Context->Config, Kind);
    Context->Flow.InFlight--;
    Context->Flow.Writing -= Kind == IO_SOCKET_WRITE;
    SliceFailed(Context, Slice, 0, Error);
}

/* Fills a slice with what comes next. */
static void SliceFill(OVERLAPPED_EX *Context, BUFFER *Slice)
{
    FLOW *Flow = &Context->Flow;
    DWORD Room;

    Slice->Start = 0;
    Room = Slice->Size - Slice->Filled; /* an answer's header may lie at the beginning of the first slice */
    /* LAB 5.3 { Give the slice its number and its place in the file, take what it is to hold from FillLeft, and start.
     * stub: (void)Room;
     * stub: TodoAnswer(TODO("5.3"), Context->Socket);
     * stub: ChainAppend(&Context->Spare, Slice);
     * stub: FlowFail(Context, Flow->Fill, WSAECONNABORTED);
     */
    Slice->Operation.Number = Flow->FillNumber++;
    Slice->Wanted = Flow->FillLeft < Room ? (DWORD)Flow->FillLeft : Room;
    Slice->Offset = Flow->Offset;
    Flow->FillLeft -= Slice->Wanted;
    if (Flow->Fill == IO_FILE_READ) {
        Flow->Offset += Slice->Wanted;
    }
    SliceBegin(Context, Slice, Flow->Fill);
    /* LAB 5.3 } */
}

/* Drains a slice whose turn has come. */
static void SliceDrain(OVERLAPPED_EX *Context, BUFFER *Slice)
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

/* Whether the slice whose turn it is has come, and may leave. */
static BOOL DrainMayBegin(OVERLAPPED_EX *Context)
{
    const FLOW *Flow = &Context->Flow;
    BOOL May = FALSE;

    /* LAB 5.3 { The first of Filled has the number whose turn it is; and on a socket no write came up short, and fewer than
     * --writes are in flight.
     * stub: (void)Flow;
     */
    May = Flow->Filled.First != NULL && Flow->Filled.First->Operation.Number == Flow->DrainNumber;
    if (Flow->Drain == IO_SOCKET_WRITE) {
        May = May && !Flow->Torn && Flow->Writing < (Flow->OneByOne ? 1 : Context->Config->Writes);
    }
    /* LAB 5.3 } */
    return May;
}

/* After a write came up short, once all are back: goes on from the byte that was reached, if there is one. */
static void FlowMend(OVERLAPPED_EX *Context)
{
    FLOW *Flow = &Context->Flow;

    /* LAB 5.4 { If a slice behind the first of Filled was sent, bytes are missing: nothing can be saved. Otherwise all that
     * is left is in Filled, and can be sent after a pause, one by one.
     * stub: (void)Flow;
     * stub: FlowFail(Context, IO_SOCKET_WRITE, WSAECONNABORTED);
     */
    if ((LONG)(Flow->Sent - Flow->Filled.First->Operation.Number) > 0) {
        FlowFail(Context, IO_SOCKET_WRITE, WSAECONNABORTED);
        return;
    }
    Flow->Torn = FALSE;
    Flow->OneByOne = TRUE;
    FlowPause(Context);
    /* LAB 5.4 } */
}

/* Starts what can be started. Called with the lock held. @return whether nothing is in flight: the flow is over */
static BOOL FlowAdvance(OVERLAPPED_EX *Context)
{
    FLOW *Flow = &Context->Flow;
    BUFFER *Slice;

    if (FlagIsSet(&Context->Config->Aborting)) {
        FlowFail(Context, IO_FLOW, ERROR_OPERATION_ABORTED);
    }
    if (Flow->Torn && Flow->Writing == 0) {
        FlowMend(Context);
    }
    while (Flow->Error == 0 && !Flow->Paused && (Slice = ChainTake(&Flow->Repeated)) != NULL) {
        SliceBegin(Context, Slice, Slice->IOOperation);
    }
    while (Flow->Error == 0 && !Flow->Paused && DrainMayBegin(Context)) {
        Slice = ChainTake(&Flow->Filled);
        Flow->DrainNumber = Slice->Operation.Number + 1;
        SliceDrain(Context, Slice);
    }
    while (Flow->Error == 0 && !Flow->Paused && Flow->FillLeft > 0 && (Slice = ChainTake(&Context->Spare)) != NULL) {
        SliceFill(Context, Slice);
    }
    if (Flow->FillLeft == 0) {
        ChainGive(&Context->Spare); /* others may wait for them */
    }
    return Flow->InFlight == 0;
}

/* --- the flow ------------------------------------------------------------------------------------------------------- */

static BOOL PoolHasPlenty(BUFFER_POOL *Pool)
{
    return InterlockedCompareExchange(&Pool->InUse, 0, 0) < (LONG)(Pool->Count / 2);
}

void FlowBegin(OVERLAPPED_EX *Context, IO_OPERATION Fill, IO_OPERATION Drain, ULONGLONG Bytes)
{
    FLOW *Flow = &Context->Flow;
    const DWORD Slices = Context->Config->Reads + Context->Config->Writes - 1;
    BUFFER_POOL *Large = &Context->Config->Large;

    memset(Flow, 0, sizeof(*Flow));
    Flow->Fill = Fill;
    Flow->Drain = Drain;
    Flow->FillLeft = Bytes;
    Flow->Offset = Context->FileOffset;
    Flow->Sent = Flow->FillNumber - 1;
    /* One buffer is there, and is enough. More make it faster, but only from a pool that has plenty. */
    for (DWORD i = 1; i < Slices && (ULONGLONG)i * BUFFER_LARGE < Bytes && PoolHasPlenty(Large); i++) {
        BUFFER *Slice = BufferTry(Large);

        if (Slice != NULL) {
            ChainAppend(&Context->Spare, Slice);
        }
    }
    if (Fill == IO_FILE_READ) { /* the answer's header goes before the first slice */
        memcpy(Context->Spare.First->Data, Context->Header, Context->HeaderBytes);
        Context->Spare.First->Filled = Context->HeaderBytes;
    }
    DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
    Context->IOOperation = IO_FLOW;
}

BOOL FlowStart(OVERLAPPED_EX *Context)
{
    BOOL Over;

    AcquireSRWLockExclusive(&Context->Lock);
    Over = FlowAdvance(Context);
    ReleaseSRWLockExclusive(&Context->Lock);
    if (Over) {
        SetLastError(ERROR_OPERATION_ABORTED);
    }
    return !Over;
}

BOOL FlowDone(BUFFER *Slice, DWORD Bytes, DWORD Error)
{
    OVERLAPPED_EX *Context = Slice->Operation.Connection->Context;
    BOOL Over;

    AcquireSRWLockExclusive(&Context->Lock);
    if (Context->Config->Trace) {
        TraceSlice(Context, Slice, Bytes, Error);
    }
    Context->Flow.InFlight--;
    Context->Flow.Writing -= Slice->IOOperation == IO_SOCKET_WRITE;
    if (Error != 0) {
        SliceFailed(Context, Slice, Bytes, Error);
    } else if (Slice->IOOperation == Context->Flow.Fill) {
        SliceFilled(Context, Slice, Bytes);
    } else {
        SliceDrained(Context, Slice, Bytes);
    }
    Over = FlowAdvance(Context);
    /* Unless it is over, another thread may end the request as soon as this one lets go of the lock. */
    ReleaseSRWLockExclusive(&Context->Lock);
    return Over;
}

BOOL FlowResume(OVERLAPPED_EX *Context)
{
    BOOL Over;

    AcquireSRWLockExclusive(&Context->Lock);
    Context->Flow.Paused = FALSE;
    Context->Flow.InFlight--;
    Over = FlowAdvance(Context);
    ReleaseSRWLockExclusive(&Context->Lock);
    return Over;
}

void FlowEnd(OVERLAPPED_EX *Context)
{
    FLOW *Flow = &Context->Flow;

    ChainGive(&Flow->Filled);
    ChainGive(&Flow->Repeated);
    ChainGive(&Context->Spare);
    if (Flow->Error != 0) {
        Context->IOOperation = Flow->ErrorIn;
        OperationFailed(Context, Flow->Error);
    } else if (Flow->Drain == IO_FILE_WRITE) {
        Context->FileOffset = Flow->Offset;
        RequestBody(Context);
    } else {
        AnswerDone(Context);
    }
}
