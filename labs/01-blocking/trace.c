/* What --trace prints: each completed operation, the way the site's page /walkthrough.html shows it. */
#include "server.h"

#include <inttypes.h>
#include <stdio.h>

static const char *OperationName(IO_OPERATION Operation)
{
    switch (Operation) {
    case IO_SOCKET_READ:
        return "IO_SOCKET_READ";
    case IO_SOCKET_WRITE:
        return "IO_SOCKET_WRITE";
    case IO_FILE_READ:
        return "IO_FILE_READ";
    case IO_FILE_WRITE:
        return "IO_FILE_WRITE";
    default:
        return "?";
    }
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

void TraceOperation(const OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error)
{
    static SRWLOCK Lock = SRWLOCK_INIT; /* keeps the lines of one operation together */
    const BOOL HasFile = Context->File != INVALID_HANDLE_VALUE && Context->Phase == PHASE_ANSWER;
    /* Of a file's first slice the header is not counted. */
    DWORD Header = HasFile && Context->IOOperation == IO_SOCKET_WRITE ? Context->HeaderBytes : 0;

    AcquireSRWLockExclusive(&Lock);
    printf("%5lu------------ %s Bytes= %lu\n", (unsigned long)GetCurrentThreadId(), OperationName(Context->IOOperation),
           (unsigned long)(Bytes - (Bytes < Header ? Bytes : Header)));
    if (Error != 0) {
        printf("Error= %lu\n", (unsigned long)Error);
    } else if (Context->IOOperation == IO_SOCKET_READ && Bytes > 0) {
        TraceRequest(Context, Bytes);
    } else if (Context->IOOperation == IO_FILE_READ) {
        printf("bytesToWrite= %lu, AcumBytes= %" PRIu64 " of %" PRIu64 "\n", (unsigned long)Bytes,
               (uint64_t)(Context->AcumBytes + Bytes), (uint64_t)Context->FileBytes);
    } else if (HasFile && Context->IOOperation == IO_SOCKET_WRITE && Bytes == Context->WsaBuf.len) {
        printf(Context->AcumBytes < Context->FileBytes ? "Read more of the file...\n"
                                                       : "Last slice of the file has been sent\n");
    }
    printf("\n");
    fflush(stdout);
    ReleaseSRWLockExclusive(&Lock);
}
