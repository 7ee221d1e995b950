/* A relay: each session has two sockets, one accepted and one that ConnectEx connects to the real service, and a pump
 * for each direction. Whoever sees the end first takes the session down; an exchange sees to it that this
 * happens once. The service behind it turns every byte's bits over. */
#include "check.h"

enum { WORKERS = 3, CLIENTS = BUG ? 2 : 6, TURNS = BUG ? 4 : 15, BUFFER = 1024, PIECES = 12 };

typedef struct PUMP {
    OVERLAPPED Overlapped;
    struct SESSION *Session;
    enum { CONNECTING, READING, WRITING } State;
    int From; /* Sockets[From] is read, Sockets[!From] written */
    DWORD Length, Done;
    char Data[BUFFER];
} PUMP;

typedef struct SESSION {
    SOCKET Sockets[2]; /* 0: the client's, 1: the service's */
    LONG volatile Down, References;
    PUMP Pumps[2];
} SESSION;

static HANDLE Port;
static u_short ServicePort;
static LONG volatile Sessions;
static LPFN_CONNECTEX ConnectExtension;

/* A pump may be about to use either socket, so they stay open until nobody refers to the session: what is posted after
 * the shutdown fails at once, what was posted before is cancelled. */
static void SessionDown(SESSION *s)
{
    if (InterlockedExchange(&s->Down, 1))
        return;
    for (int Side = 0; Side < 2; Side++) {
#if BUG == 4
        closesocket(s->Sockets[Side]); /* here: 4 */
#else
        shutdown(s->Sockets[Side], SD_BOTH);
        CancelIoEx((HANDLE)s->Sockets[Side], NULL);
#endif
    }
}

static void SessionRelease(SESSION *s)
{
    if (InterlockedDecrement(&s->References) == 0) {
        closesocket(s->Sockets[0]); /* here: 4 */
        closesocket(s->Sockets[1]);
        free(s);
        InterlockedDecrement(&Sessions);
    }
}

/* Both calls: FALSE when nothing is out, and then the caller drops the pump's reference. */
static BOOL PumpRead(PUMP *p)
{
    WSABUF Buffer = {BUFFER, p->Data};
    DWORD Flags = 0;
    p->State = READING;
    ZeroMemory(&p->Overlapped, sizeof p->Overlapped);
    return WSARecv(p->Session->Sockets[p->From], &Buffer, 1, NULL, &Flags, &p->Overlapped, NULL) == 0 ||
           WSAGetLastError() == WSA_IO_PENDING;
}

static BOOL PumpWrite(PUMP *p)
{
    WSABUF Buffer = {p->Length - p->Done, p->Data + p->Done};
    p->State = WRITING;
    ZeroMemory(&p->Overlapped, sizeof p->Overlapped);
    /* The next line is where the first of the two begins. */
    const int Result = WSASend(p->Session->Sockets[!p->From], &Buffer, 1, NULL, 0, &p->Overlapped, NULL); /* here: 5 */
    return Result == 0 || WSAGetLastError() == WSA_IO_PENDING;
}

static void PumpDown(PUMP *p)
{
    SessionDown(p->Session);
    SessionRelease(p->Session);
}

static void PumpGoOn(PUMP *p, BOOL Good, DWORD Bytes)
{
    SESSION *s = p->Session;
    BOOL Out = FALSE;
    if (!Good) {
        PumpDown(p);
        return;
    }
    switch (p->State) {
    case CONNECTING:
        CHECK(setsockopt(s->Sockets[1], SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) == 0);
        InterlockedIncrement(&s->References); /* the other pump's, which starts now */
        if (!PumpRead(&s->Pumps[1]))
            PumpDown(&s->Pumps[1]);
        Out = PumpRead(p);
        break;
    case READING:
        if (Bytes > 0) {
            p->Length = Bytes;
            p->Done = 0;
            Out = PumpWrite(p);
#if BUG == 5
            /* So that nothing is lost, the student reads on at once: with the OVERLAPPED that the send still has. */
            if (Out) {
                WSABUF Again = {BUFFER, p->Data};
                DWORD Flags = 0;
                WSARecv(s->Sockets[p->From], &Again, 1, NULL, &Flags, &p->Overlapped, NULL); /* here: 5 */
            }
#endif
        }
        break;
    case WRITING:
        p->Done += Bytes;
        Out = p->Done < p->Length ? PumpWrite(p) : PumpRead(p);
        break;
    }
    if (!Out)
        PumpDown(p);
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    DWORD Bytes;
    ULONG_PTR Key;
    OVERLAPPED *Overlapped;
    for (;;) {
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
        if (Key == 0)
            return 0;
        PumpGoOn(CONTAINING_RECORD(Overlapped, PUMP, Overlapped), Good, Bytes);
    }
}

static void SessionStart(SOCKET Accepted)
{
    SESSION *s = calloc(1, sizeof *s);
    CHECK(s);
    InterlockedIncrement(&Sessions);
    s->Sockets[0] = Accepted;
    s->Sockets[1] = TcpSocket();
    s->References = 1;
    struct sockaddr_in Any = Loopback(0), Service = Loopback(ServicePort);
    CHECK(bind(s->Sockets[1], (struct sockaddr *)&Any, sizeof Any) == 0);
    NoDelay(s->Sockets[0]);
    NoDelay(s->Sockets[1]);
    for (int i = 0; i < 2; i++) {
        s->Pumps[i].Session = s;
        s->Pumps[i].From = i;
        CHECK(CreateIoCompletionPort((HANDLE)s->Sockets[i], Port, 1, 0) == Port);
    }
    OVERLAPPED *Overlapped = &s->Pumps[0].Overlapped;
    if (!ConnectExtension(s->Sockets[1], (struct sockaddr *)&Service, sizeof Service, NULL, 0, NULL, Overlapped) &&
        WSAGetLastError() != ERROR_IO_PENDING)
        PumpDown(&s->Pumps[0]);
}

/* The service: a blocking thread, a connection after the other is enough. */
static DWORD WINAPI ServiceTalk(void *Argument)
{
    SOCKET s = (SOCKET)Argument;
    char Data[700];
    for (int Came; (Came = recv(s, Data, sizeof Data, 0)) > 0;) {
        for (int i = 0; i < Came; i++)
            Data[i] = (char)~Data[i];
        if (!SendAll(s, Data, Came))
            break;
    }
    closesocket(s);
    return 0;
}

static DWORD WINAPI Service(void *Argument)
{
    SOCKET Door = (SOCKET)Argument, s;
    static HANDLE Talks[CLIENTS * TURNS];
    int Count = 0;
    while (Count < CLIENTS * TURNS && (s = accept(Door, NULL, NULL)) != INVALID_SOCKET) {
        NoDelay(s);
        Talks[Count++] = Spawn(ServiceTalk, (void *)s);
    }
    while (Count > 0)
        Join(Talks[--Count]);
    closesocket(Door);
    return 0;
}

static DWORD WINAPI Client(void *Argument)
{
    unsigned Number = (unsigned)(ULONG_PTR)Argument;
    char Out[900], In[900];
    for (unsigned Turn = 0; Turn < TURNS; Turn++) {
        SOCKET s = Dial((u_short)(Number >> 16));
        for (unsigned i = 0; i < PIECES; i++) {
            unsigned Length = 1 + (i * 131 + Turn * 17) % sizeof Out;
            FillFrom(Out, Length, Number, i * 1000);
            BOOL Good = SendAll(s, Out, (int)Length) && ReceiveAll(s, In, (int)Length);
            if (BUG && !Good)
                break;
            CHECK(Good);
            for (unsigned k = 0; k < Length; k++)
                In[k] = (char)~In[k];
            CHECK(BUG || IsFrom(In, Length, Number, i * 1000));
        }
        if (Turn % 3 == 2) { /* some go away without a word */
            struct linger Hard = {1, 0};
            CHECK(setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&Hard, sizeof Hard) == 0);
        }
        closesocket(s);
    }
    return 0;
}

int main(void)
{
    NetBegin();
    u_short DoorPort;
    SOCKET Door = Listener(&DoorPort), Behind = Listener(&ServicePort);
    GUID Which = WSAID_CONNECTEX;
    DWORD Bytes;
    CHECK(WSAIoctl(Door, SIO_GET_EXTENSION_FUNCTION_POINTER, &Which, sizeof Which, &ConnectExtension,
                   sizeof ConnectExtension, &Bytes, NULL, NULL) == 0);
    CHECK((Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0)) != NULL);
    HANDLE Workers[WORKERS], Clients[CLIENTS], Server = Spawn(Service, (void *)Behind);
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        Clients[i] = Spawn(Client, (void *)(ULONG_PTR)((unsigned)DoorPort << 16 | i));
    for (int i = 0; i < CLIENTS * TURNS; i++) {
        SOCKET s = accept(Door, NULL, NULL);
        CHECK(s != INVALID_SOCKET);
        SessionStart(s);
    }
    for (int i = 0; i < CLIENTS; i++)
        Join(Clients[i]);
    Join(Server);
    for (ULONGLONG Begin = GetTickCount64(); Peek(&Sessions) > 0 && GetTickCount64() - Begin < PATIENCE;)
        Sleep(2);
    CHECK(Peek(&Sessions) == 0 || BUG);
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    CHECK(closesocket(Door) == 0 && CloseHandle(Port));
    WSACleanup();
    return 0;
}
