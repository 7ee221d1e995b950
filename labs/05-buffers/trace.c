/*
 * What --trace prints: each completed operation, the way the site's page /walkthrough.html shows it.
 *
 * In this stage the walk-through reads differently. A request begins with IO_SOCKET_IDLE, the read of no bytes. A buffer
 * that is too small does not double: it is exchanged once for a large one. And a file's slices have numbers, as several
 * are on their way at a time; what they add up to is the same.
 */
#include "server.h"

#include <inttypes.h>
#include <stdio.h>

static SRWLOCK Lock = SRWLOCK_INIT; /* keeps the lines of one operation together */

static const char *OperationName(IO_OPERATION Operation)
{
    static const char *const Names[IO_OPERATIONS] = {"IO_THREAD_SHUTDOWN",
                                                     "IO_SOCKET_READ",
                                                     "IO_SOCKET_WRITE",
                                                     "IO_FILE_READ",
                                                     "IO_FILE_WRITE",
                                                     "IO_SOCKET_ACCEPT",
                                                     "IO_SOCKET_DISCONNECT",
                                                     "IO_SOCKET_IDLE",
                                                     "IO_TRANSMIT",
                                                     "IO_FLOW",
                                                     "IO_BUFFER",
                                                     "IO_PAUSE",
                                                     "IO_BUSINESS",
                                                     "IO_CLOSE"};

    return Names[Operation];
}

/* The request so far. */
static void TraceRequest(const OVERLAPPED_EX *Context, DWORD Bytes)
{
    static const char Line[] = "++++++++++++++++++++++++++++++++++";

    printf("%s, BuffLen= %lu\n", Line, (unsigned long)Context->BuffLen);
    if (Context->Phase == PHASE_HEADER) {
        fwrite(Context->Buffer, 1, Context->Used + Bytes, stdout);
        printf("\n");
    }
    printf("%s\n", Line);
}

static void TraceHead(IO_OPERATION Operation, DWORD Bytes)
{
    printf("%5lu------------ %s Bytes= %lu\n", (unsigned long)GetCurrentThreadId(), OperationName(Operation),
           (unsigned long)Bytes);
}

static void TraceFile(DWORD Bytes, ULONGLONG Accumulated, ULONGLONG Total)
{
    printf("bytesToWrite= %lu, AcumBytes= %" PRIu64 " of %" PRIu64 "\n", (unsigned long)Bytes, (uint64_t)Accumulated,
           (uint64_t)Total);
}

static void TraceEnd(void)
{
    printf("\n");
    fflush(stdout);
    ReleaseSRWLockExclusive(&Lock);
}

void TraceOperation(const OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error)
{
    const BOOL HasFile = Context->File != INVALID_HANDLE_VALUE && Context->Phase == PHASE_ANSWER;
    /* Of a file's first slice the header is not counted. */
    DWORD Header = HasFile && Context->IOOperation == IO_SOCKET_WRITE ? Context->HeaderBytes : 0;

    AcquireSRWLockExclusive(&Lock);
    if (Context->IOOperation == IO_SOCKET_READ && Context->WsaBuf[0].len == 0) {
        TraceHead(IO_SOCKET_IDLE, Bytes); /* a read of no bytes, in the middle of a request */
    } else {
        TraceHead(Context->IOOperation, Bytes - (Bytes < Header ? Bytes : Header));
    }
    if (Error != 0) {
        printf("Error= %lu\n", (unsigned long)Error);
    } else if (Context->IOOperation == IO_SOCKET_READ && Bytes > 0) {
        TraceRequest(Context, Bytes);
    } else if (Context->IOOperation == IO_SOCKET_ACCEPT) {
        printf("Client= 127.0.0.1:%u\n", (unsigned)ntohs(SocketClient(Context).sin_port));
    } else if (Context->IOOperation == IO_FILE_READ) {
        TraceFile(Bytes, Context->AcumBytes + Bytes, Context->FileBytes);
    } else if (HasFile && Context->IOOperation == IO_SOCKET_WRITE && Bytes == Context->WsaBuf[0].len) {
        printf(Context->AcumBytes < Context->FileBytes ? "Read more of the file...\n"
                                                       : "Last slice of the file has been sent\n");
    }
    TraceEnd();
}

void TraceSlice(const OVERLAPPED_EX *Context, const BUFFER *Slice, DWORD Bytes, DWORD Error)
{
    const FLOW *Flow = &Context->Flow;

    AcquireSRWLockExclusive(&Lock);
    TraceHead(Slice->IOOperation, Bytes);
    printf("Slice= %lu, its turn has %scome\n", (unsigned long)Slice->Operation.Number,
           Slice->IOOperation != Flow->Fill || Slice->Operation.Number == Flow->DrainNumber ? "" : "not ");
    if (Error != 0) {
        printf("Error= %lu\n", (unsigned long)Error);
    } else if (Slice->IOOperation == IO_FILE_READ) {
        TraceFile(Bytes, Flow->AcumBytes + Bytes, Context->FileBytes);
    }
    TraceEnd();
}
