/* A line server that takes packets by the dozen (GetQueuedCompletionStatusEx) and has told the port to leave out the
 * packets of immediate successes: what ended within its call is handled in a loop right there. */
#include "check.h"

enum { WORKERS = 2, CLIENTS = BUG ? 2 : 6, LINES = BUG ? 30 : 400, ROOM = 256, BATCH = 12 };

typedef enum STEP { STEP_READ, STEP_WRITE } STEP;

typedef struct PEER {
    OVERLAPPED Overlapped; /* one operation at a time */
    SOCKET Socket;
    STEP Step;
    DWORD Held, Sent, Answer; /* bytes of Data; of the answer that have gone; its length */
    char Data[ROOM];
} PEER;

static HANDLE Port;
static LONG volatile Peers;
static LONGLONG volatile LinesServed;

static void PeerEnd(PEER *p)
{
    CHECK(closesocket(p->Socket) == 0);
    LocalFree(p);
    InterlockedDecrement(&Peers);
}

/* Starts what the step asks for. TRUE: it ended at once, with so many bytes, and no packet will come. */
static BOOL PeerStart(PEER *p, DWORD *Bytes)
{
    int Result;
    DWORD Flags = 0;
    WSABUF Buffer;
    memset(&p->Overlapped, 0, sizeof p->Overlapped);
    if (p->Step == STEP_READ) {
        Buffer.buf = p->Data + p->Held;
        Buffer.len = ROOM - p->Held;
        Result = WSARecv(p->Socket, &Buffer, 1, Bytes, &Flags, &p->Overlapped, NULL);
    } else {
        Buffer.buf = p->Data + p->Sent;
        Buffer.len = p->Answer - p->Sent;
        Result = WSASend(p->Socket, &Buffer, 1, Bytes, 0, &p->Overlapped, NULL);
    }
    if (Result == 0)
        return TRUE;
    if (WSAGetLastError() != WSA_IO_PENDING)
        PeerEnd(p);
    return FALSE;
}

/* What came to an end moves the peer on; FALSE when it is gone. */
static BOOL PeerMove(PEER *p, BOOL Good, DWORD Bytes)
{
    if (!Good || Bytes == 0) {
        PeerEnd(p);
        return FALSE;
    }
    if (p->Step == STEP_READ)
        p->Held += Bytes;
    else if ((p->Sent += Bytes) == p->Answer) {
        memmove(p->Data, p->Data + p->Answer, p->Held - p->Answer);
        p->Held -= p->Answer;
        p->Step = STEP_READ;
    } else
        return TRUE;
    char *End = memchr(p->Data, '\n', p->Held);
    if (End) {
        p->Step = STEP_WRITE;
        p->Sent = 0;
        p->Answer = (DWORD)(End - p->Data) + 1;
        for (char *c = p->Data; c < End; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        InterlockedIncrement64(&LinesServed);
    }
    CHECK(p->Held < ROOM || End);
    return TRUE;
}

static void PeerRun(PEER *p)
{
    DWORD Bytes = 0;
    while (PeerStart(p, &Bytes) && PeerMove(p, TRUE, Bytes))
        continue;
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    OVERLAPPED_ENTRY Entries[BATCH];
    for (;;) {
        ULONG Count = 0;
        CHECK(GetQueuedCompletionStatusEx(Port, Entries, BATCH, &Count, INFINITE, FALSE));
        for (ULONG i = 0; i < Count; i++) {
            PEER *p = (PEER *)Entries[i].lpCompletionKey;
            if (!p) {
                /* Meant for one worker each; those after it in the batch are others' and go back. */
                for (ULONG k = i + 1; k < Count; k++)
                    CHECK(PostQueuedCompletionStatus(Port, Entries[k].dwNumberOfBytesTransferred,
                                                     Entries[k].lpCompletionKey, Entries[k].lpOverlapped));
                return 0;
            }
            DWORD Bytes, Flags;
            BOOL Good = TRUE;
            if (Entries[i].lpOverlapped) { /* NULL: the first packet, posted to begin */
                Good = WSAGetOverlappedResult(p->Socket, &p->Overlapped, &Bytes, FALSE, &Flags);
                Good = PeerMove(p, Good, Good ? Bytes : 0);
            }
            if (Good)
                PeerRun(p);
        }
    }
}

static DWORD WINAPI Client(void *Argument)
{
    SOCKET s = (SOCKET)Argument;
    char Line[80], Answer[80];
    for (unsigned i = 0; i < LINES; i++) {
        int Length = snprintf(Line, sizeof Line, "line %u of the %x-th talk\n", i, i * 2654435761u);
        BOOL Good = SendAll(s, Line, Length) && ReceiveAll(s, Answer, Length);
        if (BUG && !Good)
            break;
        CHECK(Good);
        for (char *c = Line; *c; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        CHECK(memcmp(Line, Answer, (size_t)Length) == 0);
    }
    closesocket(s);
    return 0;
}

int main(void)
{
    HANDLE Workers[WORKERS], Clients[CLIENTS];
    NetBegin();
    Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    CHECK(Port);
    for (int i = 0; i < CLIENTS; i++) {
        SOCKET Near, Far;
        SocketPair(&Near, &Far);
        PEER *p = LocalAlloc(LPTR, sizeof *p);
        CHECK(p);
        p->Socket = Far;
        InterlockedIncrement(&Peers);
        CHECK(CreateIoCompletionPort((HANDLE)Far, Port, (ULONG_PTR)p, 0) == Port);
        const UCHAR Modes = FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE;
        CHECK(SetFileCompletionNotificationModes((HANDLE)Far, Modes));
        CHECK(PostQueuedCompletionStatus(Port, 0, (ULONG_PTR)p, NULL));
        Clients[i] = Spawn(Client, (void *)Near);
    }
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (int i = 0; i < CLIENTS; i++)
        Join(Clients[i]);
    for (ULONGLONG Begin = GetTickCount64(); Peek(&Peers) > 0 && GetTickCount64() - Begin < PATIENCE;)
        Sleep(1);
    CHECK(BUG || (Peek(&Peers) == 0 && LinesServed == CLIENTS * LINES));
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    CHECK(CloseHandle(Port));
    WSACleanup();
    return 0;
}
