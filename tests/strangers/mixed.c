/* One port for files and sockets: each connection names a record of a file, and the server reads and sends it. Beside
 * the port: a thread that reads records with an OVERLAPPED on its stack and waits for each, with an event of its own
 * whose low bit keeps the packet away; and a thread that starts receives and ends, while they go on. */
#include "check.h"

enum { RECORDS = 64, RECORD = 800, WORKERS = 3, CLIENTS = 6, ASKS = BUG ? 20 : 150, AUDITS = BUG ? 10 : 300 };

typedef struct TALK {
    OVERLAPPED Socket, Disk; /* never both out at once, but each with its own history */
    SOCKET s;
    unsigned char Wanted[2];
    DWORD Have, Sent;
    char Record[RECORD];
} TALK;

static HANDLE Port, Store;
static char StoreName[64];
static TALK Talks[CLIENTS];
static SOCKET Near[CLIENTS];
static LONG volatile Live = CLIENTS;

static void TalkEnd(TALK *t)
{
    closesocket(t->s);
    InterlockedDecrement(&Live);
}

static void TalkReceive(TALK *t)
{
    WSABUF Buffer = {2 - t->Have, (char *)t->Wanted + t->Have};
    DWORD Flags = 0;
    memset(&t->Socket, 0, sizeof t->Socket);
    if (WSARecv(t->s, &Buffer, 1, NULL, &Flags, &t->Socket, NULL) != 0 && WSAGetLastError() != WSA_IO_PENDING)
        TalkEnd(t);
}

static void TalkSend(TALK *t)
{
    WSABUF Pieces[2] = {{RECORD / 2, t->Record},
                        {RECORD / 2, t->Record + RECORD / 2}}; /* gone after the call, as it may */
    DWORD First = t->Sent < RECORD / 2 ? t->Sent : RECORD / 2, Second = t->Sent - First;
    Pieces[0].buf += First;
    Pieces[0].len -= First;
    Pieces[1].buf += Second;
    Pieces[1].len -= Second;
    memset(&t->Socket, 0, sizeof t->Socket);
    if (WSASend(t->s, Pieces, 2, NULL, 0, &t->Socket, NULL) != 0 && WSAGetLastError() != WSA_IO_PENDING)
        TalkEnd(t);
}

static void TalkReadDisk(TALK *t)
{
    memset(&t->Disk, 0, sizeof t->Disk);
    t->Disk.Offset = (t->Wanted[0] * 256u + t->Wanted[1]) * RECORD;
    if (!ReadFile(Store, t->Record, RECORD, NULL, &t->Disk) && GetLastError() != ERROR_IO_PENDING)
        TalkEnd(t);
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
        if (!Overlapped)
            return 0;
        if (Key == (ULONG_PTR)Store) {
            TALK *t = CONTAINING_RECORD(Overlapped, TALK, Disk);
            CHECK(Good && Bytes == RECORD);
            t->Sent = 0;
            TalkSend(t);
            continue;
        }
        TALK *t = CONTAINING_RECORD(Overlapped, TALK, Socket);
        if (!Good || Bytes == 0)
            TalkEnd(t);
        else if (t->Have < 2) {
            t->Have += Bytes;
            if (t->Have < 2)
                TalkReceive(t);
            else
                TalkReadDisk(t);
        } else if ((t->Sent += Bytes) < RECORD)
            TalkSend(t);
        else {
            t->Have = 0;
            TalkReceive(t);
        }
    }
}

#if BUG == 19
/* The first two bytes are only a greeting, so nobody needs the result. */
static void Greet(SOCKET s)
{
    OVERLAPPED Overlapped;
    static char Ignored[2];
    WSABUF Buffer = {sizeof Ignored, Ignored};
    DWORD Flags = 0;
    memset(&Overlapped, 0, sizeof Overlapped);
    int Result = WSARecv(s, &Buffer, 1, NULL, &Flags, &Overlapped, NULL); /* here: 19 */
    CHECK(Result == 0 || WSAGetLastError() == WSA_IO_PENDING);
}
#endif

/* Starts the first receive of each, and ends: what has a port survives the thread. */
static DWORD WINAPI Starter(void *Unused)
{
    (void)Unused;
    for (int i = 0; i < CLIENTS; i++)
        TalkReceive(&Talks[i]);
#if BUG == 19
    Greet(Talks[0].s);
#endif
    return 0;
}

/* The OVERLAPPED is on the stack, and the function waits before it returns. */
static void AuditRecord(HANDLE Event, unsigned Number)
{
    OVERLAPPED Overlapped;
    char Record[RECORD];
    DWORD Bytes;
    memset(&Overlapped, 0, sizeof Overlapped);
    Overlapped.Offset = Number * RECORD;
    Overlapped.hEvent = (HANDLE)((ULONG_PTR)Event | 1);
    BOOL Read = ReadFile(Store, Record, RECORD, NULL, &Overlapped);
    CHECK(Read || GetLastError() == ERROR_IO_PENDING);
    CHECK(GetOverlappedResult(Store, &Overlapped, &Bytes, TRUE));
    CHECK(Bytes == RECORD && IsFrom(Record, RECORD, Number, 0));
}

static DWORD WINAPI Auditor(void *Argument)
{
    unsigned Begin = (unsigned)(ULONG_PTR)Argument;
    HANDLE Event = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK(Event);
    for (unsigned i = 0; i < AUDITS; i++)
        AuditRecord(Event, (Begin + i * 7) % RECORDS);
    CHECK(CloseHandle(Event));
    return 0;
}

static DWORD WINAPI Client(void *Argument)
{
    int Number = (int)(LONG_PTR)Argument;
    char Record[RECORD];
    for (unsigned i = 0; i < ASKS; i++) {
        char Wanted[2] = {0, (char)((i * 13 + (unsigned)Number) % RECORDS)};
        BOOL Good = SendAll(Near[Number], Wanted, 2) && ReceiveAll(Near[Number], Record, RECORD);
        CHECK(BUG || (Good && IsFrom(Record, RECORD, (unsigned char)Wanted[1], 0)));
    }
    closesocket(Near[Number]);
    return 0;
}

static void StoreMake(void)
{
    static char Record[RECORD];
    DWORD Bytes;
    snprintf(StoreName, sizeof StoreName, "mixed-%lu.store", (unsigned long)GetCurrentProcessId());
    HANDLE File = CreateFileA(StoreName, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    CHECK(File != INVALID_HANDLE_VALUE);
    for (unsigned i = 0; i < RECORDS; i++) {
        FillFrom(Record, RECORD, i, 0);
        for (DWORD Done = 0; Done < RECORD; Done += Bytes)
            CHECK(WriteFile(File, Record + Done, RECORD - Done, &Bytes, NULL));
    }
    CHECK(CloseHandle(File));
}

int main(void)
{
    HANDLE Workers[WORKERS], Clients[CLIENTS], Auditors[2];
    NetBegin();
    StoreMake();
    Store = CreateFileA(StoreName, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                        FILE_FLAG_OVERLAPPED, NULL);
    CHECK(Store != INVALID_HANDLE_VALUE);
    Port = CreateIoCompletionPort(Store, NULL, (ULONG_PTR)Store, 0);
    CHECK(Port);
    for (int i = 0; i < CLIENTS; i++) {
        SocketPair(&Near[i], &Talks[i].s);
        CHECK(CreateIoCompletionPort((HANDLE)Talks[i].s, Port, 0, 0) == Port);
    }
    Join(Spawn(Starter, NULL));
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (LONG_PTR i = 0; i < 2; i++)
        Auditors[i] = Spawn(Auditor, (void *)(i * 5));
    for (LONG_PTR i = 0; i < CLIENTS; i++)
        Clients[i] = Spawn(Client, (void *)i);
    for (int i = 0; i < CLIENTS; i++)
        Join(Clients[i]);
    for (int i = 0; i < 2; i++)
        Join(Auditors[i]);
    for (ULONGLONG Begin = GetTickCount64(); Peek(&Live) > 0 && GetTickCount64() - Begin < PATIENCE;)
        Sleep(1);
    CHECK(Peek(&Live) == 0 || BUG);
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    CHECK(CloseHandle(Store) && CloseHandle(Port) && DeleteFileA(StoreName));
    WSACleanup();
    return 0;
}
