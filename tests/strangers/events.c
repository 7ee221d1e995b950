/* Overlapped I/O without a port: one thread, an event for each connection, WSAWaitForMultipleEvents over all of them.
 * What came is answered with its checksum. Clients: blocking threads that share the connections out. */
#include "check.h"

enum { PEERS = 24, CLIENTS = 4, ASKS = BUG ? 3 : 30, ROOM = 2000 };

typedef struct PEER {
    OVERLAPPED Overlapped;
    SOCKET Socket;
    BOOL Writing, Ended;
    DWORD Held, Sent;
    char Data[ROOM];
    ULONG Sum;
} PEER;

static PEER Peers[PEERS];
static WSAEVENT Events[PEERS]; /* Events[i] is that of Peers[i]; the ended ones are taken out of both */
static SOCKET Near[PEERS];

static ULONG Checksum(const char *Data, DWORD Length)
{
    ULONG Sum = 2166136261u;
    for (DWORD i = 0; i < Length; i++)
        Sum = (Sum ^ (unsigned char)Data[i]) * 16777619u;
    return Sum;
}

static void PeerPost(PEER *p)
{
    WSABUF Buffer;
    DWORD Flags = 0;
    int Result;
    p->Overlapped.Internal = p->Overlapped.InternalHigh = 0;
    if (p->Writing) {
        Buffer.buf = (char *)&p->Sum + p->Sent;
        Buffer.len = (ULONG)sizeof p->Sum - p->Sent;
        Result = WSASend(p->Socket, &Buffer, 1, NULL, 0, &p->Overlapped, NULL);
    } else {
        Buffer.buf = p->Data + p->Held;
        Buffer.len = ROOM - p->Held;
        Result = WSARecv(p->Socket, &Buffer, 1, NULL, &Flags, &p->Overlapped, NULL); /* here: 9 */
    }
    if (Result == SOCKET_ERROR)
        p->Ended = WSAGetLastError() != WSA_IO_PENDING;
}

/* A question is two bytes of length, and then so many bytes. */
static void PeerAdvance(PEER *p)
{
    DWORD Bytes = 0, Flags;
    if (!WSAGetOverlappedResult(p->Socket, &p->Overlapped, &Bytes, FALSE, &Flags)) {
        CHECK(WSAGetLastError() != WSA_IO_INCOMPLETE);
        p->Ended = TRUE;
        return;
    }
    if (Bytes == 0) {
        p->Ended = TRUE;
        return;
    }
    if (p->Writing) {
        p->Sent += Bytes;
        if (p->Sent == sizeof p->Sum) {
            p->Writing = FALSE;
            p->Held = 0;
        }
    } else {
        p->Held += Bytes;
        DWORD Length = p->Held < 2 ? ROOM : (unsigned char)p->Data[0] * 256u + (unsigned char)p->Data[1];
        if (p->Held == Length + 2) {
            p->Sum = Checksum(p->Data + 2, Length);
            p->Writing = TRUE;
            p->Sent = 0;
        }
    }
    PeerPost(p);
}

static DWORD WINAPI Server(void *Unused)
{
    (void)Unused;
    WSAEVENT Waited[PEERS];
    int Index[PEERS];
    for (int i = 0; i < PEERS; i++)
        PeerPost(&Peers[i]);
    for (;;) {
        DWORD Count = 0;
        for (int i = 0; i < PEERS; i++) {
            if (!Peers[i].Ended) {
                Index[Count] = i;
                Waited[Count++] = Events[i];
            }
        }
        if (Count == 0)
            return 0;
        DWORD First = WSAWaitForMultipleEvents(Count, Waited, FALSE, PATIENCE, FALSE);
        if (BUG && First == WSA_WAIT_TIMEOUT)
            return 1;
        CHECK(First - WSA_WAIT_EVENT_0 < Count);
        /* All that are set, from the first on: none may starve. */
        for (DWORD i = First - WSA_WAIT_EVENT_0; i < Count; i++) {
            if (WSAWaitForMultipleEvents(1, &Waited[i], TRUE, 0, FALSE) == WSA_WAIT_EVENT_0) {
                CHECK(WSAResetEvent(Waited[i]));
                PeerAdvance(&Peers[Index[i]]);
#if BUG == 9
                return 0; /* one event came, and so everything is done */
#endif
            }
        }
    }
}

static DWORD WINAPI Client(void *Argument)
{
    int Number = (int)(LONG_PTR)Argument;
    char Question[ROOM];
    ULONG Answer;
    for (unsigned k = 0; k < ASKS; k++) {
        for (int i = Number; i < PEERS; i += CLIENTS) {
            DWORD Length = (k * 67 + (unsigned)i * 5) % (ROOM - 2);
            Question[0] = (char)(Length >> 8);
            Question[1] = (char)Length;
            FillFrom(Question + 2, Length, (unsigned)i, k);
            BOOL Good =
                SendAll(Near[i], Question, (int)Length + 2) && ReceiveAll(Near[i], (char *)&Answer, sizeof Answer);
            if (BUG && !Good)
                return 0;
            CHECK(Good && Answer == Checksum(Question + 2, Length));
        }
    }
    for (int i = Number; i < PEERS; i += CLIENTS)
        CHECK(shutdown(Near[i], SD_SEND) == 0);
    return 0;
}

int main(void)
{
    HANDLE Clients[CLIENTS], ServerThread;
    NetBegin();
    for (int i = 0; i < PEERS; i++) {
        SocketPair(&Near[i], &Peers[i].Socket);
        CHECK((Events[i] = WSACreateEvent()) != WSA_INVALID_EVENT);
        Peers[i].Overlapped.hEvent = Events[i];
    }
    ServerThread = Spawn(Server, NULL);
    for (LONG_PTR i = 0; i < CLIENTS; i++)
        Clients[i] = Spawn(Client, (void *)i);
    for (int i = 0; i < CLIENTS; i++)
        Join(Clients[i]);
    Join(ServerThread);
    for (int i = 0; i < PEERS; i++) {
        CHECK(closesocket(Peers[i].Socket) == 0 && closesocket(Near[i]) == 0);
        CHECK(WSACloseEvent(Events[i]));
    }
    CHECK(WSACleanup() == 0);
    return 0;
}
