/* The list of connections, their buffers and their deadlines. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

OVERLAPPED_EX *ConnectionOpen(SERVER_CONFIG *Config, SOCKET Socket)
{
    OVERLAPPED_EX *Context = calloc(1, sizeof(*Context));
    char *Buffer = malloc(Config->SockBuffLen);

    if (Context == NULL || Buffer == NULL) {
        free(Context);
        free(Buffer);
        closesocket(Socket);
        return NULL;
    }
    Context->Config = Config;
    Context->Socket = Socket;
    Context->File = INVALID_HANDLE_VALUE;
    Context->Buffer = Buffer;
    Context->BuffLen = Config->SockBuffLen;
    RequestNext(Context);

    InterlockedIncrement(&Config->Connections);
    AcquireSRWLockExclusive(&Config->Lock);
    Context->Next = Config->First;
    if (Context->Next != NULL) {
        Context->Next->Previous = Context;
    }
    Config->First = Context;
    ReleaseSRWLockExclusive(&Config->Lock);
    return Context;
}

void ConnectionClose(OVERLAPPED_EX *Context)
{
    SERVER_CONFIG *Config = Context->Config;

    /* Off the list first: a sweep then cannot meet a socket that is closed, or whose number is another's by now. */
    AcquireSRWLockExclusive(&Config->Lock);
    if (Context->Previous != NULL) {
        Context->Previous->Next = Context->Next;
    } else {
        Config->First = Context->Next;
    }
    if (Context->Next != NULL) {
        Context->Next->Previous = Context->Previous;
    }
    ReleaseSRWLockExclusive(&Config->Lock);

    closesocket(Context->Socket);
    UploadDiscard(Context);
    FileClose(Context);
    free(Context->Buffer);
    free(Context);
    InterlockedDecrement(&Config->Connections);
}

void ConnectionSweep(SERVER_CONFIG *Config)
{
    BOOL Stopping = FlagIsSet(&Config->Stopping);
    BOOL Aborting = FlagIsSet(&Config->Aborting);

    /* LAB 1.7 { Under the lock go through the list, and cancel what the comment in server.h names.
     * stub: (void)Stopping;
     * stub: (void)Aborting;
     */
    AcquireSRWLockExclusive(&Config->Lock);
    for (OVERLAPPED_EX *Context = Config->First; Context != NULL; Context = Context->Next) {
        if (Aborting || (Stopping && FlagIsSet(&Context->Idle))) {
            SocketCancel(Context);
        }
    }
    ReleaseSRWLockExclusive(&Config->Lock);
    /* LAB 1.7 } */
}

BOOL BufferReserve(OVERLAPPED_EX *Context, size_t Room)
{
    size_t Length = Context->BuffLen;
    char *Buffer;

    while (Length - Context->Used < Room) {
        /* Twice as much each time, but the largest header fits exactly. */
        Length = Length < HTTP_MAX_HEADER && Length * 2 > HTTP_MAX_HEADER ? HTTP_MAX_HEADER : Length * 2;
    }
    if (Length == Context->BuffLen) {
        return TRUE;
    }
    Buffer = realloc(Context->Buffer, Length);
    if (Buffer == NULL) {
        return FALSE;
    }
    Context->Buffer = Buffer;
    Context->BuffLen = (DWORD)Length;
    return TRUE;
}

void BufferTrim(OVERLAPPED_EX *Context)
{
    char *Buffer;

    if (Context->BuffLen <= HTTP_MAX_HEADER || Context->Used > HTTP_MAX_HEADER) {
        return;
    }
    Buffer = realloc(Context->Buffer, HTTP_MAX_HEADER);
    if (Buffer != NULL) {
        Context->Buffer = Buffer;
        Context->BuffLen = HTTP_MAX_HEADER;
    }
}

void BufferDrop(OVERLAPPED_EX *Context, DWORD Count)
{
    memmove(Context->Buffer, Context->Buffer + Count, Context->Used - Count);
    Context->Used -= Count;
}

void DeadlineSet(OVERLAPPED_EX *Context, DWORD Milliseconds)
{
    InterlockedExchange64(&Context->Deadline, (LONGLONG)(GetTickCount64() + Milliseconds));
}

DWORD DeadlineLeft(OVERLAPPED_EX *Context)
{
    ULONGLONG Deadline = (ULONGLONG)InterlockedCompareExchange64(&Context->Deadline, 0, 0);
    ULONGLONG Now = GetTickCount64();

    return Now < Deadline ? (DWORD)(Deadline - Now) : 0;
}

BOOL FlagIsSet(volatile LONG *Flag)
{
    return InterlockedCompareExchange(Flag, 0, 0) != 0;
}
