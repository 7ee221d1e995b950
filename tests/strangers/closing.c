/* Connections that end with operations out, in every way: closed under their receives, cancelled first, reset by the
 * other side. The packets of what was aborted are collected before the memory goes. Two threads may want to close the
 * same connection; an exchange lets one of them. Errors are kept over the clearing up. */
#include "check.h"

enum { WORKERS = 3, ROUNDS = BUG ? 30 : 250, AHEAD = 3, ROOM = 64 };

typedef struct LINK {
    SOCKET Socket;
    LONG volatile Closed, Out; /* Out: operations, and one for whoever made the link */
    LONG volatile *Left;       /* links of this round */
    HANDLE Done;
    struct READ {
        OVERLAPPED Overlapped;
        struct LINK *Link;
        char Data[ROOM];
    } Reads[AHEAD];
} LINK;

static HANDLE Port;
static LONGLONG volatile Aborted, Came;

static void LinkClose(LINK *l)
{
    if (InterlockedExchange(&l->Closed, 1) == 0)
        closesocket(l->Socket); /* here: 21 */
}

static void LinkRelease(LINK *l)
{
    if (InterlockedDecrement(&l->Out) > 0)
        return;
    LinkClose(l);
    if (InterlockedDecrement(l->Left) == 0)
        SetEvent(l->Done);
    free(l);
}

/* 0, or why it failed. The socket is shut first, as nobody will use it; the error is that of the receive all the same. */
static int LinkRead(LINK *l, struct READ *r)
{
    WSABUF Buffer = {ROOM, r->Data};
    DWORD Flags = 0;
    memset(&r->Overlapped, 0, sizeof r->Overlapped);
    r->Link = l;
    InterlockedIncrement(&l->Out);
    if (WSARecv(l->Socket, &Buffer, 1, NULL, &Flags, &r->Overlapped, NULL) == 0) /* here: 22 */
        return 0;
    int Error = WSAGetLastError();
    if (Error == WSA_IO_PENDING)
        return 0;
    LinkClose(l);
    WSASetLastError(Error);
    return WSAGetLastError();
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        SetLastError(ERROR_SUCCESS);
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
        DWORD Error = Good ? ERROR_SUCCESS : GetLastError();
        if (!Overlapped)
            return 0;
        LINK *l = CONTAINING_RECORD(Overlapped, struct READ, Overlapped)->Link;
        if (Good && Bytes > 0) {
            InterlockedIncrement64(&Came); /* each receive is used once: nobody posts to a socket that may close */
        } else {
            if (Error != ERROR_SUCCESS)
                InterlockedIncrement64(&Aborted);
            LinkClose(l);
        }
        LinkRelease(l);
    }
}

static LINK *LinkNew(SOCKET s, LONG volatile *Left, HANDLE Done)
{
    LINK *l = calloc(1, sizeof *l);
    CHECK(l);
    l->Socket = s;
    l->Out = 1;
    l->Left = Left;
    l->Done = Done;
    InterlockedIncrement(Left);
    CHECK(CreateIoCompletionPort((HANDLE)s, Port, 0, 0) == Port);
    return l;
}

/* Closes in the way of the round, with receives out. */
static void LinkLeave(LINK *l, SOCKET Peer, unsigned Round)
{
    switch (Round % 4) {
    case 0: /* just so */
        LinkClose(l);
        break;
    case 1: /* cancelled first, all at once; then closed by whoever is first */
        if (Peek(&l->Closed) == 0 && !CancelIoEx((HANDLE)l->Socket, NULL))
            CHECK(GetLastError() == ERROR_NOT_FOUND || GetLastError() == ERROR_INVALID_HANDLE);
        break;
    case 2: { /* reset by the peer, while data is under way */
        struct linger Hard = {1, 0};
        CHECK(send(Peer, "a few bytes", 11, 0) == 11);
        CHECK(setsockopt(Peer, SOL_SOCKET, SO_LINGER, (char *)&Hard, sizeof Hard) == 0);
        break;
    }
    default: /* the peer ends in good order */
        CHECK(send(Peer, "and good bye", 12, 0) == 12);
        CHECK(shutdown(Peer, SD_SEND) == 0);
    }
#if BUG == 21
    if (Round % 4 == 0) {
        int Size = sizeof(struct sockaddr_in);
        struct sockaddr_in Name;
        (void)getsockname(l->Socket, (struct sockaddr *)&Name, &Size); /* here: 21 */
    }
#endif
#if BUG == 22
    if (Round % 4 == 0)
        free(l); /* here: 22 */
    else
#endif
        LinkRelease(l);
}

/* A connection that nobody takes: why, is told after the socket has been cleared away. */
static int Refused(void)
{
    SOCKET Deaf = TcpSocket();
    struct sockaddr_in Address = Loopback(BindAny(Deaf)); /* bound, but it does not listen */
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP); /* here: 23 */
    CHECK(s != INVALID_SOCKET);
    int Error = 0;
    if (connect(s, (struct sockaddr *)&Address, sizeof Address) == SOCKET_ERROR) { /* here: 20 */
#if BUG == 20
        closesocket(s);            /* here: 20 */
        Error = WSAGetLastError(); /* here: 20 */
#elif BUG == 23
        Error = WSAGetLastError();
#else
        Error = WSAGetLastError();
        closesocket(s);
#endif
    }
    closesocket(Deaf);
    return Error;
}

static void Rounds(unsigned First)
{
    HANDLE Done = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK(Done);
    for (unsigned i = 0; i < ROUNDS; i++) {
        LONG volatile *Left = calloc(1, sizeof *Left); /* the round's, and one for this thread */
        CHECK(Left);
        *Left = 1;
        SOCKET Peer, Mine;
        SocketPair(&Peer, &Mine);
        LINK *l = LinkNew(Mine, Left, Done);
        for (int k = 0; k < AHEAD; k++) {
            if (LinkRead(l, &l->Reads[k]) != 0)
                LinkRelease(l);
        }
        LinkLeave(l, Peer, First + i);
        CHECK(closesocket(Peer) == 0);
        DWORD Waited = WAIT_OBJECT_0;
        if (InterlockedDecrement(Left) > 0)
            Waited = WaitForSingleObject(Done, PATIENCE);
        CHECK(BUG || Waited == WAIT_OBJECT_0);
        CHECK(ResetEvent(Done));
        CHECK(i % 16 != 0 || Refused() == WSAECONNREFUSED);
        if (BUG)
            break;
        free((void *)Left);
    }
    CHECK(CloseHandle(Done));
}

static DWORD WINAPI Driver(void *Argument)
{
    Rounds((unsigned)(ULONG_PTR)Argument);
    return 0;
}

int main(void)
{
    enum { DRIVERS = 4 };
    HANDLE Workers[WORKERS], Drivers[DRIVERS];
    NetBegin();
    Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    CHECK(Port);
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (ULONG_PTR i = 0; i < DRIVERS; i++)
        Drivers[i] = Spawn(Driver, (void *)i);
    for (int i = 0; i < DRIVERS; i++)
        Join(Drivers[i]);
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    CHECK(BUG || (Aborted > 0 && Came > 0));
    CHECK(CloseHandle(Port));
    CHECK(WSACleanup() == 0);
    return 0;
}
