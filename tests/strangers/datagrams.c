/* A UDP service: several WSARecvFrom out on one socket, each datagram complete in itself, so their order is no matter.
 * The sender's address and its length live in the operation. At the end CancelIoEx, and every packet is awaited. */
#include "check.h"

enum { WORKERS = 3, SLOTS = 6, CLIENTS = BUG ? 2 : 5, ASKS = BUG ? 40 : 400, ROOM = 600 };

typedef struct DATAGRAM {
    OVERLAPPED Overlapped;
    BOOL Answering;
    struct sockaddr_in From;
    INT FromLength;
    DWORD Flags; /* written when the receive ends */
    WSABUF Buffer;
    char *Data;
} DATAGRAM;

static HANDLE Port;
static SOCKET Service;
static u_short ServicePort;
static DATAGRAM *Datagrams[SLOTS];
static LONG volatile Out, Answers, Stopping; /* Answers: the sends among those out */
static HANDLE Drained;

static void Retire(void)
{
    if (InterlockedDecrement(&Out) == 0)
        SetEvent(Drained);
}

static void DatagramReceive(DATAGRAM *d)
{
    memset(&d->Overlapped, 0, sizeof d->Overlapped);
    d->Answering = FALSE;
    d->FromLength = sizeof d->From;
    d->Flags = 0;
    d->Buffer.buf = d->Data;
    d->Buffer.len = ROOM;
    struct sockaddr *From = (struct sockaddr *)&d->From;
    WSABUF *w = &d->Buffer;
    OVERLAPPED *o = &d->Overlapped;
    int Result;
    Result = WSARecvFrom(Service, w, 1, NULL, &d->Flags, From, &d->FromLength, o, NULL); /* here: 7 11 12 */
    if (Result == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING)
        Retire();
}

static void DatagramAnswer(DATAGRAM *d, DWORD Length)
{
    memset(&d->Overlapped, 0, sizeof d->Overlapped);
    d->Answering = TRUE;
    InterlockedIncrement(&Answers);
    d->Buffer.len = Length;
    for (DWORD i = 4; i < Length; i++)
        d->Data[i] = (char)(d->Data[i] ^ 0x5a);
    struct sockaddr *To = (struct sockaddr *)&d->From;
    int Result;
    Result = WSASendTo(Service, &d->Buffer, 1, NULL, 0, To, d->FromLength, &d->Overlapped, NULL);
    if (Result == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING) {
        InterlockedDecrement(&Answers);
        DatagramReceive(d);
    }
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
        if (Overlapped == NULL)
            return 0;
        DATAGRAM *d = (DATAGRAM *)Overlapped;
        if (d->Answering)
            InterlockedDecrement(&Answers);
        if (Peek(&Stopping))
            Retire(); /* answered or not: nothing new is started */
        else if (!Good || d->Answering || Bytes < 4)
            DatagramReceive(d); /* also after a reset: a client that went away is no concern of the others */
        else
            DatagramAnswer(d, Bytes);
    }
}

/* Asks again when no answer comes: datagrams may get lost. */
static DWORD WINAPI Client(void *Argument)
{
    unsigned Number = (unsigned)(ULONG_PTR)Argument;
    SOCKET s = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    struct sockaddr_in Address = Loopback(ServicePort);
    DWORD Milliseconds = 200;
    CHECK(s != INVALID_SOCKET && connect(s, (struct sockaddr *)&Address, sizeof Address) == 0);
    CHECK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&Milliseconds, sizeof Milliseconds) == 0);
    char Ask[ROOM], Answer[ROOM];
    for (unsigned i = 0; i < ASKS; i++) {
        unsigned Length = 4 + (i * 31 + Number) % (ROOM - 4);
        FillFrom(Ask, Length, Number, i);
        memcpy(Ask, &i, 4);
        int Came = -1;
        for (int Try = 0; Came < 0 && Try < (BUG ? 3 : 100); Try++) {
            CHECK(send(s, Ask, (int)Length, 0) == (int)Length);
            do /* an answer that came late belongs to an earlier question */
                Came = recv(s, Answer, sizeof Answer, 0);
            while (Came >= 4 && memcmp(Answer, &i, 4) != 0);
        }
        if (BUG && Came < 0)
            break;
        CHECK(Came == (int)Length);
        for (unsigned k = 4; k < Length; k++)
            CHECK((Answer[k] ^ 0x5a) == Ask[k]);
    }
    closesocket(s);
    return 0;
}

int main(void)
{
    NetBegin();
    HANDLE Workers[WORKERS], Clients[CLIENTS];
    Service = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    CHECK(Service != INVALID_SOCKET);
    ServicePort = BindAny(Service);
    Port = CreateIoCompletionPort((HANDLE)Service, NULL, 0, 0);
    Drained = CreateEvent(NULL, FALSE, FALSE, NULL);
    CHECK(Port && Drained);
    Out = SLOTS;
    for (int i = 0; i < SLOTS; i++) {
        CHECK((Datagrams[i] = calloc(1, sizeof *Datagrams[i])) && (Datagrams[i]->Data = malloc(ROOM)));
        DatagramReceive(Datagrams[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (ULONG_PTR i = 0; i < CLIENTS; i++)
        Clients[i] = Spawn(Client, (void *)i);
    for (int i = 0; i < CLIENTS; i++)
        Join(Clients[i]);

    while (Peek(&Answers) > 0) /* the clients have them, but perhaps not all packets have been taken */
        Sleep(1);
    InterlockedExchange(&Stopping, 1);
#if BUG == 11
    for (int i = 0; i < SLOTS; i++)
        free(Datagrams[i]->Data); /* here: 11 */
#endif
#if BUG != 7 && BUG != 12
    /* A receive that was posted just as the flag was set is missed by the first call; so ask until all are back. */
    do {
        if (!CancelIoEx((HANDLE)Service, NULL))
            CHECK(GetLastError() == ERROR_NOT_FOUND);
    } while (WaitForSingleObject(Drained, 20) == WAIT_TIMEOUT && !BUG);
#endif
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    CHECK(CloseHandle(Drained));
#if BUG != 7 /* the system clears up after a program, they say */
    CHECK(closesocket(Service) == 0);
#endif
    CHECK(CloseHandle(Port)); /* here: 12 */
    for (int i = 0; i < SLOTS && !BUG; i++) {
        free(Datagrams[i]->Data);
        free(Datagrams[i]);
    }
#if BUG != 7
    WSACleanup();
#endif
    return 0;
}
