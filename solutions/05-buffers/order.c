/*
 * A flow's beginning, course and end. What a flow is, and how it keeps its order, says order.h.
 *
 * Locks: a thread holds Context->Lock while it handles a packet and starts what follows from it; so drains are started in
 * order, too. Under it the pools' locks are taken, when buffers are given back.
 */
#include "server.h"

#include <string.h>

void FlowFail(OVERLAPPED_EX *Context, IO_OPERATION Kind, DWORD Error)
{
    if (Context->Flow.Error == 0) {
        Context->Flow.Error = Error;
        Context->Flow.ErrorIn = Kind;
        SocketCancel(Context->Config, Context->Operation.Connection);
    }
}

void FlowPause(OVERLAPPED_EX *Context)
{
    if (!Context->Flow.Paused && Context->Flow.Error == 0) {
        Context->Flow.Paused = TRUE;
        Context->Flow.InFlight++;
        PauseBegin(Context->Config, Context->Operation.Connection);
        if (Context->Flow.Fill == IO_SOCKET_READ) { /* its other reads would hold their pages through the pause */
            SocketCancel(Context->Config, Context->Operation.Connection);
        }
    }
}

/* Whether the slice whose turn it is has come, and may leave. */
static BOOL DrainMayBegin(OVERLAPPED_EX *Context)
{
    const FLOW *Flow = &Context->Flow;
    BOOL May = FALSE;

    /* LAB 5.3 { The first of Filled has the number whose turn it is; and on a socket no write came up short, and fewer
     * than --writes are in flight; none, when one must wait for the other (OneByOne, or a Limit).
     * stub: (void)Flow;
     */
    May = Flow->Filled.First != NULL && Flow->Filled.First->Operation.Number == Flow->DrainNumber;
    if (Flow->Drain == IO_SOCKET_WRITE) {
        May =
            May && !Flow->Torn && Flow->Writing < (Flow->OneByOne || Context->Limit != 0 ? 1 : Context->Config->Writes);
    }
    /* LAB 5.3 } */
    return May;
}

/* Whether bytes are to come, and one more operation may ask for them. */
static BOOL FillMayBegin(const OVERLAPPED_EX *Context)
{
    return Context->Flow.FillLeft > 0 && (Context->Limit == 0 || Context->Flow.Filling == 0);
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
    while (Flow->Error == 0 && !Flow->Paused && FillMayBegin(Context) && (Slice = ChainTake(&Context->Spare)) != NULL) {
        SliceFill(Context, Slice);
    }
    if (Flow->FillLeft == 0) {
        ChainGive(&Context->Spare); /* others may wait for them */
    }
    return Flow->InFlight == 0;
}

/* --- the flow ----------------------------------------------------------------------------------------------------- */

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
    if (IsScarce(Context->Config)) {
        LimitLess(Context);
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
    SliceDone(Context, Slice, Bytes, Error);
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

/* There is a buffer to answer from: goes on with the request, or gives it up. */
static void FlowNext(OVERLAPPED_EX *Context)
{
    FLOW *Flow = &Context->Flow;

    if (Context->In == NULL && Context->Spare.First != NULL) {
        BufferUse(Context, ChainTake(&Context->Spare));
    }
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

void FlowEnd(OVERLAPPED_EX *Context)
{
    CONNECTION *Connection = Context->Operation.Connection;

    ChainGive(&Context->Flow.Filled);
    ChainGive(&Context->Flow.Repeated);
    ChainGive(&Context->Spare);
    if (InterlockedCompareExchange(&Connection->State, 0, 0) == STATE_RECEIVING) {
        AcquireSRWLockExclusive(&Context->Config->Lock); /* a sweep that still calls reads back may not meet a write */
        InterlockedExchange(&Connection->State, STATE_BUSY);
        ReleaseSRWLockExclusive(&Context->Config->Lock);
    }
    if (Context->Flow.Drain == IO_FILE_WRITE && Context->In == NULL) { /* an answer has still to be made */
        BufferNeed(Context, &Context->Config->Small, 1, FlowNext);
    } else {
        FlowNext(Context);
    }
}
