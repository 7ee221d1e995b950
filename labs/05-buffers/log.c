/*
 * The log's queue and its thread. What it is for, and how it works, says log.h.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>

/* How long the thread lets lines gather, in milliseconds. */
#define LOG_DELAY 20u
/* How many entries the pool may have: lines that a slow disk keeps waiting. */
#define LOG_ENTRIES 262144u
/* Bytes of a block; one more line fits behind them. */
#define LOG_BLOCK 262144u
/* A write that ran short of something is tried again with so many bytes, and so often. */
#define LOG_PAGE 4096u
#define LOG_PATIENCE 200

/* One of the two blocks. Belongs to the thread; while Pending Windows reads it. */
typedef struct LOG_BUFFER {
    OVERLAPPED Overlapped;
    char *Data;
    DWORD Length;
    DWORD Lines;
    ULONGLONG Offset;
    BOOL Pending;
} LOG_BUFFER;

static SLIST_HEADER Queue;
static POOL Entries;
static HANDLE File = INVALID_HANDLE_VALUE;
static HANDLE Thread;
static HANDLE WakeEvent;           /* the queue is no longer empty */
static HANDLE EndEvent;            /* no more lines will come */
static char *Memory;               /* both blocks */
static LOG_BUFFER Blocks[2];       /* the thread's own, like the two below */
static LOG_BUFFER *Block = Blocks; /* the one that is filled */
static ULONGLONG FileEnd;          /* where the next block goes */
static volatile LONGLONG Lines;    /* interlocked access only, like the two below: ever put into the queue */
static volatile LONGLONG Written;  /* taken from it */
static volatile LONGLONG Lost;     /* not in the file */

/* --- in the workers ----------------------------------------------------------------------------------------------- */

static LOG_ENTRY *EntryTake(size_t Length)
{
    LOG_ENTRY *Entry = Length <= LOG_TEXT ? PoolTake(&Entries) : NULL;

    if (Entry != NULL) {
        Entry->OwnMemory = FALSE;
        return Entry;
    }
    Entry = malloc(sizeof(*Entry) + (Length > LOG_TEXT ? Length - LOG_TEXT : 0));
    if (Entry != NULL) {
        Entry->OwnMemory = TRUE;
    }
    return Entry;
}

static void EntryGive(LOG_ENTRY *Entry)
{
    if (Entry->OwnMemory) {
        free(Entry);
    } else {
        PoolGive(&Entries, Entry);
    }
}

/* Copies a text behind those that are there. */
static DWORD EntryAdd(char **At, HTTP_TEXT Text)
{
    if (Text.Length > 0) {
        memcpy(*At, Text.Data, Text.Length);
        *At += Text.Length;
    }
    return (DWORD)Text.Length;
}

void LogRequest(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request)
{
    static const HTTP_REQUEST Nothing;
    LOG_ENTRY *Entry;
    char *At;

    InterlockedIncrement64(&CountersMine(Context->Config)->Requests);
    if (Thread == NULL) {
        return;
    }
    if (Request == NULL) {
        Request = &Nothing;
    }
    Entry = EntryTake(Request->MethodName.Length + Request->Target.Length + Request->Referer.Length +
                      Request->UserAgent.Length);
    Context->Log = Entry;
    if (Entry == NULL) {
        InterlockedIncrement64(&Lost);
        return;
    }
    At = Entry->Text;
    Entry->Method = EntryAdd(&At, Request->MethodName);
    Entry->Target = EntryAdd(&At, Request->Target);
    Entry->Referer = EntryAdd(&At, Request->Referer);
    Entry->Agent = EntryAdd(&At, Request->UserAgent);
    Entry->Client = Context->Operation.Connection->Client;
    Entry->MinorVersion = Request->MinorVersion;
    Entry->Time = InterlockedCompareExchange64(&Context->Config->Now, 0, 0);
    Entry->Status = 0;
    Entry->HeaderBytes = 0;
}

void LogStatus(OVERLAPPED_EX *Context, int Status, size_t HeaderBytes)
{
    if (Thread != NULL && Context->Log == NULL) { /* refused before it could be read */
        LogRequest(Context, NULL);
    }
    if (Context->Log != NULL) {
        Context->Log->Status = Status;
        Context->Log->HeaderBytes = HeaderBytes;
    }
}

void LogAnswer(OVERLAPPED_EX *Context)
{
    LOG_ENTRY *Entry = Context->Log;

    Context->Log = NULL;
    if (Entry != NULL) {
        Entry->SentBytes = Context->SentBytes;
        InterlockedIncrement64(&Lines);
        /* TODO 5.5: Put the entry into the queue. If it was empty before, wake the thread. */
        /* stub */
        EntryGive(Entry);
        InterlockedIncrement64(&Lost);
        /* end of stub */
    }
    Context->SentBytes = 0;
}

/* --- in the thread ------------------------------------------------------------------------------------------------ */

/* Starts to write the block, or its beginning. @return 0, or why that failed */
static DWORD BlockBegin(LOG_BUFFER *Begun, DWORD Most)
{
    Begun->Overlapped.Offset = (DWORD)Begun->Offset;
    Begun->Overlapped.OffsetHigh = (DWORD)(Begun->Offset >> 32);
    Begun->Pending =
        WriteFile(File, Begun->Data, Begun->Length < Most ? Begun->Length : Most, NULL, &Begun->Overlapped) ||
        GetLastError() == ERROR_IO_PENDING;
    return Begun->Pending ? 0 : GetLastError();
}

/* Waits until a write has ended, and removes what the disk took. @return 0, or why it failed */
static DWORD BlockEnd(LOG_BUFFER *Done)
{
    DWORD Bytes = 0;
    DWORD Error = GetOverlappedResult(File, &Done->Overlapped, &Bytes, TRUE) ? 0 : GetLastError();

    Done->Pending = FALSE;
    if (Error == 0) {
        Done->Length -= Bytes;
        memmove(Done->Data, Done->Data + Bytes, Done->Length);
        Done->Offset += Bytes;
    }
    return Error != 0 || Bytes > 0 ? Error : ERROR_DISK_FULL;
}

/* Waits until all of a block has been written, or cannot be. */
static void BlockFinish(LOG_BUFFER *Done)
{
    DWORD Most = LOG_BLOCK + LOG_LINE;

    for (int Tries = 0; Done->Length > 0 && Tries < LOG_PATIENCE;) {
        DWORD Error = Done->Pending ? BlockEnd(Done) : BlockBegin(Done, Most);

        if (Error != 0 && !ErrorIsShortage(Error)) {
            break;
        }
        if (Error != 0) {
            Most = LOG_PAGE;
            Tries++;
            Sleep(RETRY_PAUSE);
        }
    }
    if (Done->Length > 0) {
        InterlockedExchangeAdd64(&Lost, Done->Lines);
    }
    Done->Length = 0;
    Done->Lines = 0;
}

/* Starts to write the block that was filled, and goes on with the other one. */
static void BlockWrite(void)
{
    if (Block->Length == 0) {
        return;
    }
    Block->Offset = FileEnd;
    FileEnd += Block->Length;
    /*
     * TODO 5.5: Start the write (BlockBegin). If it fails at once, BlockFinish tries again. Then turn to the other block,
     * which may have to be finished first.
     */
    /* stub */
    (void)BlockBegin;
    Block->Length = 0;
    Block->Lines = 0;
    /* end of stub */
}

/* Takes all that is in the queue, oldest first. */
static LOG_ENTRY *QueueTake(void)
{
    LOG_ENTRY *First = NULL;
    PSLIST_ENTRY Link = NULL;

    /* TODO 5.5: Take the whole list at once and turn it around: the link of each entry is Entry->Link.Next. */
    /* stub */
    (void)Link;
    /* end of stub */
    return First;
}

static void QueueWrite(void)
{
    PSLIST_ENTRY Link;
    LOG_ENTRY *First = QueueTake();

    for (Link = First != NULL ? &First->Link : NULL; Link != NULL;) {
        LOG_ENTRY *Entry = CONTAINING_RECORD(Link, LOG_ENTRY, Link);

        Link = Link->Next;
        Block->Length += LogFormat(Block->Data + Block->Length, Entry);
        Block->Lines++;
        EntryGive(Entry);
        InterlockedIncrement64(&Written);
        if (Block->Length >= LOG_BLOCK) {
            BlockWrite();
        }
    }
    BlockWrite();
}

static DWORD WINAPI LogThread(LPVOID Parameter)
{
    const HANDLE Events[] = {EndEvent, WakeEvent};
    DWORD Woken;

    (void)Parameter;
    do {
        Woken = WaitForMultipleObjects(2, Events, FALSE, INFINITE);
        if (Woken != WAIT_OBJECT_0) {
            Woken = WaitForSingleObject(EndEvent, LOG_DELAY);
        }
        QueueWrite(); /* at the end after EndEvent was seen: so all that came before it is in the queue */
    } while (Woken != WAIT_OBJECT_0);
    BlockFinish(&Blocks[0]);
    BlockFinish(&Blocks[1]);
    return 0;
}

/* --- start and end ------------------------------------------------------------------------------------------------ */

static BOOL LogOpen(const char *Name)
{
    LARGE_INTEGER Size;

    File = CreateFileA(Name, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
    if (File == INVALID_HANDLE_VALUE || !GetFileSizeEx(File, &Size)) {
        return FALSE;
    }
    FileEnd = (ULONGLONG)Size.QuadPart; /* behind what is there already */
    return TRUE;
}

BOOL LogStart(SERVER_CONFIG *Config)
{
    if (Config->LogName == NULL) {
        return TRUE;
    }
    InitializeSListHead(&Queue);
    WakeEvent = CreateEventA(NULL, FALSE, FALSE, NULL);
    EndEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    Memory = VirtualAlloc(NULL, 2 * (LOG_BLOCK + LOG_LINE), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (int i = 0; i < 2; i++) {
        Blocks[i].Data = Memory + (size_t)i * (LOG_BLOCK + LOG_LINE);
        Blocks[i].Overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    }
    if (Memory == NULL || !PoolCreate(&Entries, sizeof(LOG_ENTRY), LOG_ENTRIES) || !LogOpen(Config->LogName)) {
        UserMsg("cannot log to '%s'", Config->LogName);
        return FALSE;
    }
    Thread = CreateThread(NULL, 0, LogThread, NULL, 0, NULL);
    if (Thread == NULL) {
        ErrMsg("cannot start a thread", GetLastError());
        return FALSE;
    }
    return TRUE;
}

void LogStop(void)
{
    if (Thread != NULL) {
        SetEvent(EndEvent);
        WaitForSingleObject(Thread, INFINITE);
        CloseHandle(Thread);
        Thread = NULL;
    }
    if (Lost > 0) {
        UserMsg("%lld lines of the log are lost", (long long)Lost);
    }
    if (File != INVALID_HANDLE_VALUE) {
        CloseHandle(File);
    }
    if (WakeEvent != NULL) {
        CloseHandle(WakeEvent);
        CloseHandle(EndEvent);
        CloseHandle(Blocks[0].Overlapped.hEvent);
        CloseHandle(Blocks[1].Overlapped.hEvent);
        VirtualFree(Memory, 0, MEM_RELEASE);
        PoolDestroy(&Entries);
    }
}

void LogCount(LONGLONG *WrittenLines, LONGLONG *QueuedLines, LONGLONG *LostLines)
{
    *WrittenLines = InterlockedCompareExchange64(&Written, 0, 0);
    *QueuedLines = InterlockedCompareExchange64(&Lines, 0, 0) - *WrittenLines;
    *LostLines = InterlockedCompareExchange64(&Lost, 0, 0);
}
