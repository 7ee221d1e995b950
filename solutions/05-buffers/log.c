/*
 * The log: a thread of its own, and the only one that writes the file (--log FILE).
 *
 * Workers that write to one file would have to wait for each other, and for the disk. Instead each puts a line into a
 * queue, which is one exchange and no lock, and goes on. The queue is an interlocked list, which gives its entries
 * last in, first out; the thread takes them all at once and turns them around.
 *
 *   - The thread sleeps while the queue is empty. The first line wakes it; then it lets more come for LOG_DELAY, so that
 *     under load many lines are written by one WriteFile and a worker has to wake it only now and then.
 *   - Two blocks: while one is being written (overlapped), the other is filled.
 *   - At the end: the workers have ended, so no line can come any more; the thread empties the queue, waits for the last
 *     write, and ends. Nothing is dropped. A line is lost only when there is no memory for it or the disk refuses it;
 *     both are counted.
 *
 * A line has the combined format, which most tools for logs read:
 *     127.0.0.1 - - [21/Nov/2026:10:00:30 +0000] "GET /index.html HTTP/1.1" 200 5678 "referer" "user agent"
 * Quotes, backslashes and what is not printable are written as \xHH: a client cannot make lines of its own.
 */
#include "server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long the thread lets lines gather, in milliseconds. */
#define LOG_DELAY 20u
/* Bytes of text in an entry of the pool; a longer line gets memory of its own. */
#define LOG_TEXT 424u
/* How many entries the pool may have: lines that a slow disk keeps waiting. */
#define LOG_ENTRIES 262144u
/* Bytes of a block, and the longest line that can be. */
#define LOG_BLOCK 262144u
#define LOG_LINE (4u * (HTTP_MAX_HEADER + LOG_TEXT))

/* A line on its way. */
struct LOG_ENTRY {
    SLIST_ENTRY Link; /* first */
    BOOL OwnMemory;
    ULONG Client;
    int Status;
    int MinorVersion;
    ULONGLONG HeaderBytes;
    ULONGLONG SentBytes;
    LONGLONG Time;
    DWORD Method, Target, Referer, Agent; /* lengths of what stands in Text, one after the other */
    char Text[LOG_TEXT];
};

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

/* --- in the workers ------------------------------------------------------------------------------------------------- */

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
        /* LAB 5.5 { Put the entry into the queue. If it was empty before, wake the thread.
         * stub: EntryGive(Entry);
         * stub: InterlockedIncrement64(&Lost);
         */
        if (InterlockedPushEntrySList(&Queue, &Entry->Link) == NULL) {
            SetEvent(WakeEvent);
        }
        /* LAB 5.5 } */
    }
    Context->SentBytes = 0;
}

/* --- in the thread -------------------------------------------------------------------------------------------------- */

/* Waits until a block has been written. When the disk takes a part of it the rest is written, too. */
static void BlockFinish(LOG_BUFFER *Done)
{
    DWORD Bytes = 0;

    while (Done->Pending) {
        DWORD Before = Done->Length;

        Done->Pending = FALSE;
        if (!GetOverlappedResult(File, &Done->Overlapped, &Bytes, TRUE)) {
            Bytes = 0;
        }
        memmove(Done->Data, Done->Data + Bytes, Before - Bytes);
        Done->Length = Before - Bytes;
        Done->Offset += Bytes;
        if (Bytes > 0 && Done->Length > 0) {
            Done->Overlapped.Offset = (DWORD)Done->Offset;
            Done->Overlapped.OffsetHigh = (DWORD)(Done->Offset >> 32);
            Done->Pending = WriteFile(File, Done->Data, Done->Length, NULL, &Done->Overlapped) ||
                            GetLastError() == ERROR_IO_PENDING;
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
    /* LAB 5.5 { Start the write at the block's Offset, by its OVERLAPPED (the event in it stays). It is pending when it was
     * started. Then turn to the other block, which may have to be finished first.
     * stub: Block->Length = 0;
     * stub: Block->Lines = 0;
     */
    Block->Overlapped.Offset = (DWORD)Block->Offset;
    Block->Overlapped.OffsetHigh = (DWORD)(Block->Offset >> 32);
    Block->Pending =
        WriteFile(File, Block->Data, Block->Length, NULL, &Block->Overlapped) || GetLastError() == ERROR_IO_PENDING;
    Block = Block == &Blocks[0] ? &Blocks[1] : &Blocks[0];
    BlockFinish(Block);
    /* LAB 5.5 } */
}

static void Put(const char *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsnprintf(Block->Data + Block->Length, LOG_BLOCK + LOG_LINE - Block->Length, Format, Arguments);
    va_end(Arguments);
    Block->Length += Length > 0 ? (DWORD)Length : 0;
}

/* Puts what a client said, so that it cannot be mistaken for anything else. */
static const char *PutText(const char *Text, DWORD Length)
{
    char *At = Block->Data + Block->Length;

    for (DWORD i = 0; i < Length; i++) {
        unsigned char Byte = (unsigned char)Text[i];

        if (Byte < ' ' || Byte >= 0x7F || Byte == '"' || Byte == '\\') {
            *At++ = '\\';
            *At++ = 'x';
            *At++ = "0123456789ABCDEF"[Byte >> 4];
            *At++ = "0123456789ABCDEF"[Byte & 15];
        } else {
            *At++ = (char)Byte;
        }
    }
    Block->Length = (DWORD)(At - Block->Data);
    return Text + Length;
}

/* The same for what need not be there. */
static const char *PutField(const char *Text, DWORD Length)
{
    if (Length == 0) {
        Put("-");
    }
    return PutText(Text, Length);
}

/* The time as the format wants it. Most lines of a block have the same. */
static const char *TimeText(LONGLONG Time)
{
    static LONGLONG Last = -1;
    static char Text[32];
    char Date[HTTP_DATE_SIZE]; /* Sun, 06 Nov 1994 08:49:37 GMT */

    if (Time != Last) {
        HttpFormatDate(Date, Time);
        snprintf(Text, sizeof(Text), "%.2s/%.3s/%.4s:%.8s +0000", Date + 5, Date + 8, Date + 12, Date + 17);
        Last = Time;
    }
    return Text;
}

static void EntryPut(const LOG_ENTRY *Entry)
{
    const ULONGLONG Body = Entry->SentBytes > Entry->HeaderBytes ? Entry->SentBytes - Entry->HeaderBytes : 0;
    unsigned char Ip[4];
    const char *Text = Entry->Text;

    memcpy(Ip, &Entry->Client, sizeof(Ip));
    Put("%u.%u.%u.%u - - [%s] \"", Ip[0], Ip[1], Ip[2], Ip[3], TimeText(Entry->Time));
    if (Entry->Method > 0) {
        Text = PutText(Text, Entry->Method);
        Put(" ");
        Text = PutText(Text, Entry->Target);
        Put(" HTTP/1.%d", Entry->MinorVersion);
    } else {
        Put("-");
    }
    Put("\" %d %llu \"", Entry->Status, (unsigned long long)Body);
    Text = PutField(Text, Entry->Referer);
    Put("\" \"");
    PutField(Text, Entry->Agent);
    Put("\"\n");
    Block->Lines++;
}

/* Takes all that is in the queue, oldest first. */
static LOG_ENTRY *QueueTake(void)
{
    LOG_ENTRY *First = NULL;
    PSLIST_ENTRY Link = NULL;

    /* LAB 5.5 { Take the whole list at once and turn it around: the link of each entry is Entry->Link.Next.
     * stub: (void)Link;
     */
    Link = InterlockedFlushSList(&Queue);
    while (Link != NULL) {
        LOG_ENTRY *Entry = CONTAINING_RECORD(Link, LOG_ENTRY, Link);

        Link = Link->Next;
        Entry->Link.Next = First != NULL ? &First->Link : NULL;
        First = Entry;
    }
    /* LAB 5.5 } */
    return First;
}

static void QueueWrite(void)
{
    PSLIST_ENTRY Link;
    LOG_ENTRY *First = QueueTake();

    for (Link = First != NULL ? &First->Link : NULL; Link != NULL;) {
        LOG_ENTRY *Entry = CONTAINING_RECORD(Link, LOG_ENTRY, Link);

        Link = Link->Next;
        EntryPut(Entry);
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

/* --- start and end -------------------------------------------------------------------------------------------------- */

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
