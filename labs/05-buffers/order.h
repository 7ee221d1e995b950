/**
 * @file order.h
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
 * One lock for each request guards this. With one operation in flight, which is the rule outside of flows, there is
 * nothing to guard: there the packet itself is the right to go on.
 *
 * The bytes of a flow are known beforehand. Reads from the socket never ask for more than is still to come of the body,
 * all in flight taken together; so when the body is whole no read is left over that would swallow the next request.
 *
 * A write to the socket that comes up short
 *   - with one in flight (--writes 1, the default): the rest is sent after a pause, from the byte that was reached.
 *     This is always possible, as nothing was sent behind it.
 *   - with several: no further one is started until all that are in flight have come back. If the later ones took no
 *     byte, or failed at once, everything is sent again from the byte that was reached, and from then on one at a time.
 *     If one of them took bytes, these are on the line already, in the wrong place: nothing can call them back, so the
 *     connection is closed, and the client knows by the missing length that the answer is cut.
 *   - To cancel the later ones at once would save some connections, and now and then ruin one: a cancelled write may
 *     have sent bytes, and nobody promises to tell how many. So they are waited for.
 *   - While a shortage is fresh (failure.h) a flow sends one at a time from its beginning.
 */
#ifndef ORDER_H
#define ORDER_H

#include "buffers.h"

/** Guarded by the request's Lock while operations are in flight. */
typedef struct FLOW {
    IO_OPERATION Fill;   /**< IO_FILE_READ or IO_SOCKET_READ */
    IO_OPERATION Drain;  /**< IO_SOCKET_WRITE or IO_FILE_WRITE */
    ULONGLONG FillLeft;  /**< bytes for which no operation has been started */
    ULONGLONG Offset;    /**< in the file, of the next slice */
    ULONGLONG AcumBytes; /**< bytes that have come, for the trace */
    DWORD FillNumber;    /**< of the next slice to be filled */
    DWORD DrainNumber;   /**< of the next slice to be drained: its turn has come */
    DWORD InFlight;      /**< operations, and the pause */
    DWORD Filling;       /**< of these, those that fill, or wait for something to fill with */
    DWORD Writing;       /**< of these, writes to the socket */
    DWORD Sent;          /**< the highest number of a slice of which bytes were sent */
    BOOL Torn;           /**< a write came up short: no other may start until all are back */
    BOOL OneByOne;       /**< writes go one at a time */
    BOOL Paused;
    DWORD Error;           /**< why the flow has come to an end, or 0 */
    IO_OPERATION ErrorIn;  /**< and in which operation */
    BUFFER_CHAIN Filled;   /**< slices that wait for their turn, by number */
    BUFFER_CHAIN Repeated; /**< operations that are to be started again, or for the rest */
} FLOW;

/* order.c */
/** Makes the next operation a flow of Bytes bytes through buffers: Spare and a few more. */
void FlowBegin(OVERLAPPED_EX *Context, IO_OPERATION Fill, IO_OPERATION Drain, ULONGLONG Bytes);
/** Starts a flow's first operations. @return as SocketRead */
BOOL FlowStart(OVERLAPPED_EX *Context);
/** An operation on a slice has ended. @return whether that was the flow's last, and the caller owns the request */
BOOL FlowDone(BUFFER *Slice, DWORD Bytes, DWORD Error);
/** A flow's pause is over. @return as FlowDone */
BOOL FlowResume(OVERLAPPED_EX *Context);
/** After a flow: goes on with the request, or gives it up. */
void FlowEnd(OVERLAPPED_EX *Context);

/* order.c, for slices.c. Called with the lock held, like all that follows. */
/** The flow has come to an end. What is still in flight on the socket is called back. */
void FlowFail(OVERLAPPED_EX *Context, IO_OPERATION Kind, DWORD Error);
/** Starts nothing more for a while. The pause counts as an operation in flight. */
void FlowPause(OVERLAPPED_EX *Context);

/* slices.c */
/** Asks for what comes next, into an empty slice. */
void SliceFill(OVERLAPPED_EX *Context, BUFFER *Slice);
/** Drains a slice whose turn has come. */
void SliceDrain(OVERLAPPED_EX *Context, BUFFER *Slice);
/** Starts an operation on a slice. One that fails at once is dealt with like one that fails later. */
void SliceBegin(OVERLAPPED_EX *Context, BUFFER *Slice, IO_OPERATION Kind);
/** An operation on a slice has ended, well or with Error. */
void SliceDone(OVERLAPPED_EX *Context, BUFFER *Slice, DWORD Bytes, DWORD Error);

#endif
