/* Streams with several receives out on each socket. Operations come from a fixed slab with a free list, and go back the
 * moment their packet has been taken, to be used again at once. Numbers given under the lock that also covers the post
 * put the pieces in order again. Senders keep several sends out, numbered in the same way. */
#include "check.h"

enum { STREAMS = 4, AHEAD = 4, WORKERS = 4, PIECE = 300, LENGTH = BUG ? 30000 : 180000, SLAB = STREAMS * AHEAD * 2 };

typedef struct ITEM {
    OVERLAPPED Overlapped;
    struct ITEM *Next; /* in the free list, or among the early ones */
    BOOL Sending;
    unsigned Number;
    DWORD Length;
    char Data[PIECE];
} ITEM;

typedef struct STREAM {
    CRITICAL_SECTION Lock; /* guards all below, and stretches over number and post */
    SOCKET In, Out;
    unsigned Index;
    unsigned Posted, Taken; /* receives: numbers given, numbers whose bytes were looked at */
    ITEM *Early;
    unsigned Checked; /* bytes received in order */
    unsigned Given;   /* bytes given to sends */
    int SendsOut, ReceivesOut;
    BOOL Ended;
} STREAM;

static HANDLE Port, Finished;
static STREAM Streams[STREAMS];
static ITEM Slab[SLAB];
static ITEM *Free;
static CRITICAL_SECTION FreeLock; /* guards Free; taken after a stream's lock */
static LONG volatile Unfinished = STREAMS;
#if BUG == 17
static char Scratch[PIECE];
#endif

static ITEM *ItemTake(void)
{
    EnterCriticalSection(&FreeLock);
    ITEM *i = Free;
    CHECK(i);
    Free = i->Next;
    LeaveCriticalSection(&FreeLock);
    memset(&i->Overlapped, 0, sizeof i->Overlapped);
    return i;
}

static void ItemGive(ITEM *i)
{
    memset(i->Data, 0xdd, sizeof i->Data);
    EnterCriticalSection(&FreeLock);
    i->Next = Free;
    Free = i;
    LeaveCriticalSection(&FreeLock);
}

/* With the lock held. */
static void StreamReceive(STREAM *s)
{
    while (s->Posted - s->Taken < AHEAD && !s->Ended) { /* the early ones count: they hold items */
        ITEM *i = ItemTake();
        WSABUF Buffer = {PIECE, i->Data};
        DWORD Flags = 0;
        i->Sending = FALSE;
        i->Number = s->Posted;
#if BUG == 18
        /* "The lock is held too long." The number is taken, and so the order is known. */
        s->Posted++;
        s->ReceivesOut++;
        LeaveCriticalSection(&s->Lock);
        const int Late = WSARecv(s->In, &Buffer, 1, NULL, &Flags, &i->Overlapped, NULL); /* here: 18 */
        CHECK(Late == 0 || WSAGetLastError() == WSA_IO_PENDING);
        EnterCriticalSection(&s->Lock);
#else
        if (WSARecv(s->In, &Buffer, 1, NULL, &Flags, &i->Overlapped, NULL) == SOCKET_ERROR &&
            WSAGetLastError() != WSA_IO_PENDING) {
            ItemGive(i);
            s->Ended = TRUE;
            break;
        }
        s->Posted++;
        s->ReceivesOut++;
#endif
    }
}

/* With the lock held: sends that follow each other keep their order, as one thread at a time posts them. */
static void StreamSend(STREAM *s)
{
    while (s->SendsOut < AHEAD && s->Given < LENGTH) {
        ITEM *i = ItemTake();
        i->Sending = TRUE;
        i->Length = LENGTH - s->Given < PIECE ? LENGTH - s->Given : 1 + s->Given % PIECE;
#if BUG == 17
        /* One buffer is enough, as send copies what it gets. */
        FillFrom(Scratch, i->Length, s->Index, s->Given);
        WSABUF Buffer = {i->Length, Scratch};
#else
        FillFrom(i->Data, i->Length, s->Index, s->Given);
        WSABUF Buffer = {i->Length, i->Data};
#endif
        const int Result = WSASend(s->Out, &Buffer, 1, NULL, 0, &i->Overlapped, NULL); /* here: 17 */
        CHECK(Result == 0 || WSAGetLastError() == WSA_IO_PENDING);
        s->Given += i->Length;
        s->SendsOut++;
    }
}

/* With the lock held: what came in its turn is looked at, and what it was in the way of. */
static void StreamSort(STREAM *s, ITEM *Came)
{
    ITEM **Place = &s->Early;
    while (*Place && (*Place)->Number < Came->Number)
        Place = &(*Place)->Next;
    Came->Next = *Place;
    *Place = Came;
    while (s->Early && s->Early->Number == s->Taken) {
        ITEM *i = s->Early;
        s->Early = i->Next;
        s->Taken++;
        CHECK(BUG || IsFrom(i->Data, i->Length, s->Index, s->Checked));
        s->Checked += i->Length;
        if (i->Length == 0)
            s->Ended = TRUE;
        ItemGive(i);
    }
}

static void StreamTake(STREAM *s, ITEM *i, BOOL Good, DWORD Bytes)
{
    EnterCriticalSection(&s->Lock);
    if (i->Sending) {
        CHECK(Good && Bytes == i->Length);
        ItemGive(i);
        s->SendsOut--;
        StreamSend(s);
        if (s->SendsOut == 0 && s->Given == LENGTH)
            CHECK(shutdown(s->Out, SD_SEND) == 0);
    } else {
        CHECK(Good);
        i->Length = Bytes;
        s->ReceivesOut--;
        StreamSort(s, i);
        StreamReceive(s);
        if (s->Ended && s->ReceivesOut == 0) {
            CHECK(s->Checked == LENGTH && s->Early == NULL);
            if (InterlockedDecrement(&Unfinished) == 0)
                SetEvent(Finished);
        }
    }
    LeaveCriticalSection(&s->Lock);
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE); /* here: 17 */
        if (Key == SLAB)
            return 0;
        StreamTake(&Streams[Key], CONTAINING_RECORD(Overlapped, ITEM, Overlapped), Good, Bytes);
    }
}

int main(void)
{
    HANDLE Workers[WORKERS];
    NetBegin();
    InitializeCriticalSectionAndSpinCount(&FreeLock, 100);
    for (int i = 0; i < SLAB; i++)
        ItemGive(&Slab[i]);
    Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, WORKERS);
    Finished = CreateEvent(NULL, TRUE, FALSE, NULL);
    CHECK(Port && Finished);
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (unsigned i = 0; i < STREAMS; i++) {
        STREAM *s = &Streams[i];
        InitializeCriticalSection(&s->Lock);
        SocketPair(&s->In, &s->Out);
        s->Index = i;
        CHECK(CreateIoCompletionPort((HANDLE)s->In, Port, i, 0) == Port);
        CHECK(CreateIoCompletionPort((HANDLE)s->Out, Port, i, 0) == Port);
        EnterCriticalSection(&s->Lock);
        StreamReceive(s);
        StreamSend(s);
        LeaveCriticalSection(&s->Lock);
    }
    DWORD Waited = WaitForSingleObject(Finished, PATIENCE);
    CHECK(BUG || Waited == WAIT_OBJECT_0);
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, SLAB, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    for (int i = 0; i < STREAMS; i++) {
        CHECK(closesocket(Streams[i].In) == 0 && closesocket(Streams[i].Out) == 0);
        DeleteCriticalSection(&Streams[i].Lock);
    }
    DeleteCriticalSection(&FreeLock);
    CHECK(CloseHandle(Finished) && CloseHandle(Port));
    WSACleanup();
    return 0;
}
