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
    /*
     * TODO 1.3: The next slice is read to behind what is used of the buffer and the header of the answer
     * (HeaderBytes). It is as long as the room that is left there, or as what is left of the file (FileBytes in all,
     * AcumBytes of them read).
     */
    /* stub */
    TodoAnswer(TODO("1.3"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

void NextFileWrite(OVERLAPPED_EX *Context)
{
    /* TODO 1.4: What is written next are the Payload bytes at the start of the buffer. */
    /* stub */
    TodoAnswer(TODO("1.4"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

/* The client sent something, or has nothing more to send. */
static void SocketReadDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    /*
     * TODO 1.2: No bytes: the client has closed its half, and the connection is closed. Otherwise there are so many
     * more in the buffer; what they mean depends on the phase.
     */
    /* stub */
    (void)Bytes;
    TodoAnswer(TODO("1.2"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    return;
    /* end of stub */
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

/* The stack took bytes: all that were left, or some of them. */
static void SocketWriteDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    /*
     * TODO 1.5: Not a single byte: the connection is closed. Of HeaderBytes so many less are still to go. When bytes are
     * left, send them next. When all went: after 100 Continue (any phase but PHASE_ANSWER) comes the body, after a
     * slice of a file that has more the next slice, and otherwise the answer is done.
     */
    /* stub */
    Context->HeaderBytes = 0;
    if (Bytes < Context->WsaBuf.len || Context->Phase != PHASE_ANSWER) {
        TodoAnswer(TODO("1.5"), Context->Socket);
        Context->IOOperation = IO_CLOSE;
    } else if (Context->File != INVALID_HANDLE_VALUE && Context->AcumBytes < Context->FileBytes) {
        NextFileRead(Context);
    } else {
        AnswerDone(Context);
    }
    /* end of stub */
}

/* A slice of the file is in the buffer, behind the answer's header if it is the first. It goes out at once. */
static void FileReadDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    /*
     * TODO 1.3: No bytes (OperationFailed is told of the file's end, too): the file has become shorter, and the
     * connection is closed, as a promised length cannot be taken back. Otherwise the file is so much further
     * (FileOffset, AcumBytes), and header and slice go out, in one write.
     */
    /* stub */
    (void)Bytes;
    TodoAnswer(TODO("1.3"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

/* A slice of the upload is in the file, or a part of the slice. */
static void FileWriteDone(OVERLAPPED_EX *Context, DWORD Bytes)
{
    /*
     * TODO 1.4: No bytes: the disk takes no more, and the client is told 500. Otherwise so many are gone from the
     * buffer (BufferDrop), from Payload, and the file is so much further. Write the rest of Payload, or go on with
     * the body (RequestBody).
     */
    /* stub */
    (void)Bytes;
    TodoAnswer(TODO("1.4"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

/* An operation that failed. Most failures mean that the client is gone. */
static void OperationFailed(OVERLAPPED_EX *Context, DWORD Error)
{
    /*
     * TODO 1.6: A write to a file that failed is answered with 500. A read of the socket that was cancelled
     * (ERROR_OPERATION_ABORTED) or timed out (WSAETIMEDOUT) is RequestTimeout when its deadline has passed, the end
     * when the server is stopping and the connection idle, and otherwise is done once more. Every other failure is
     * the end.
     */
    /* stub */
    (void)Error;
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

void OperationDone(OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error)
{
    if (Context->Config->Trace) {
        TraceOperation(Context, Bytes, Error);
    }
    if (FlagIsSet(&Context->Config->Aborting)) {
        Context->IOOperation = IO_CLOSE;
        return;
    }
    if (Error != 0) {
        OperationFailed(Context, Error);
        return;
    }
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
    default:
        Context->IOOperation = IO_CLOSE;
        break;
    }
}
