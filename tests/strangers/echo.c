/* An echo server: AcceptEx posted ahead, one heap block for each operation that lives until its packet has been taken,
 * a count of owners for each connection. Clients are plain blocking threads. */
#include "check.h"

enum {
    WORKERS = 4,
    CLIENTS = BUG ? 2 : 8,
    ROUNDS = BUG ? 20 : 120,
    ACCEPTS = 4,
    CHUNK = 512,
    ADDRESS = sizeof(struct sockaddr_in) + 16
};

typedef struct CONNECTION {
    SOCKET Socket;
    LONG volatile Owners; /* the connection's operations; the last to go closes and frees */
} CONNECTION;

typedef enum KIND { ACCEPT, RECEIVE, SEND } KIND;

typedef struct OPERATION {
    OVERLAPPED Overlapped; /* first, so that a packet's pointer is the operation */
    KIND Kind;
    CONNECTION *Connection;
    DWORD Length, Done;
    char Data[CHUNK];
} OPERATION;

static HANDLE Port;
static SOCKET Door;
static LONG volatile Connections, Stopping, AcceptsOut;
static HANDLE AllGone; /* event: stopping, and no connection or accept is left */

static void CheckGone(void)
{
    if (Peek(&Stopping) && Peek(&Connections) == 0 && Peek(&AcceptsOut) == 0)
        SetEvent(AllGone);
}

static OPERATION *OperationNew(KIND Kind, CONNECTION *Connection)
{
    OPERATION *o = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *o);
    CHECK(o);
    o->Kind = Kind;
    o->Connection = Connection;
    return o;
}

static void ConnectionRelease(CONNECTION *Connection)
{
    if (InterlockedDecrement(&Connection->Owners) > 0)
        return;
    closesocket(Connection->Socket);
    HeapFree(GetProcessHeap(), 0, Connection);
    InterlockedDecrement(&Connections);
    CheckGone();
}

static void AcceptPost(void)
{
    OPERATION *o = OperationNew(ACCEPT, NULL);
    CONNECTION *Connection = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *Connection);
    CHECK(Connection);
    Connection->Socket = TcpSocket();
    Connection->Owners = 1;
    o->Connection = Connection;
    InterlockedIncrement(&Connections);
    InterlockedIncrement(&AcceptsOut);
    DWORD Bytes;
#if BUG == 1
    const DWORD Room = sizeof(struct sockaddr_in);
    BOOL Good = AcceptEx(Door, Connection->Socket, o->Data, 0, Room, Room, &Bytes, &o->Overlapped); /* here: 1 */
#else
    const DWORD Room = ADDRESS;
    BOOL Good = AcceptEx(Door, Connection->Socket, o->Data, 0, Room, Room, &Bytes, &o->Overlapped); /* here: 3 */
#endif
    if (!Good && WSAGetLastError() != ERROR_IO_PENDING) {
        int Error = WSAGetLastError();
        ConnectionRelease(Connection);
        HeapFree(GetProcessHeap(), 0, o);
        InterlockedDecrement(&AcceptsOut);
        CHECK(Peek(&Stopping) || BUG == 1 || Error == WSAENOBUFS);
        CheckGone();
    }
}

/* The operation is the system's from here on, unless the call fails at once. */
static void ReceivePost(OPERATION *o)
{
    WSABUF Buffer = {CHUNK, o->Data};
    DWORD Flags = 0;
    o->Kind = RECEIVE;
    memset(&o->Overlapped, 0, sizeof o->Overlapped);
    const int Result = WSARecv(o->Connection->Socket, &Buffer, 1, NULL, &Flags, &o->Overlapped, NULL); /* here: 10 */
#if BUG == 10
    (void)Result; /* a packet will tell how it went */
#else
    if (Result == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING) {
        ConnectionRelease(o->Connection);
        HeapFree(GetProcessHeap(), 0, o);
    }
#endif
}

static void SendPost(OPERATION *o)
{
    WSABUF Buffer = {o->Length - o->Done, o->Data + o->Done};
    o->Kind = SEND;
    memset(&o->Overlapped, 0, sizeof o->Overlapped);
#if BUG == 2
    /* The block is not needed any more, so the student thinks: send has its data. */
    WSASend(o->Connection->Socket, &Buffer, 1, NULL, 0, &o->Overlapped, NULL); /* here: 2 */
    HeapFree(GetProcessHeap(), 0, o);                                          /* here: 2 */
#else
    if (WSASend(o->Connection->Socket, &Buffer, 1, NULL, 0, &o->Overlapped, NULL) == SOCKET_ERROR &&
        WSAGetLastError() != WSA_IO_PENDING) {
        ConnectionRelease(o->Connection);
        HeapFree(GetProcessHeap(), 0, o);
    }
#endif
}

static void AcceptDone(OPERATION *o, BOOL Good)
{
    CONNECTION *Connection = o->Connection;
    if (Good) {
#if BUG == 3
        struct sockaddr_in Peer;
        int Size = sizeof Peer;
        (void)getpeername(Connection->Socket, (struct sockaddr *)&Peer, &Size); /* here: 3 */
#endif
        CHECK(setsockopt(Connection->Socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&Door, sizeof Door) == 0);
        NoDelay(Connection->Socket);
        CHECK(CreateIoCompletionPort((HANDLE)Connection->Socket, Port, (ULONG_PTR)Connection, 0) == Port);
        ReceivePost(o);
    } else {
        ConnectionRelease(Connection);
        HeapFree(GetProcessHeap(), 0, o);
    }
    if (!Peek(&Stopping))
        AcceptPost();
    InterlockedDecrement(&AcceptsOut); /* after its successor: the count is 0 only at the end */
    CheckGone();
}

static void ReceiveDone(OPERATION *o, BOOL Good, DWORD Bytes)
{
    CONNECTION *Connection = o->Connection;
    if (!Good || Bytes == 0) {
        HeapFree(GetProcessHeap(), 0, o);
        ConnectionRelease(Connection);
        return;
    }
    /* The answer goes out of a block of its own, and is followed by the next receive when it has gone. */
    OPERATION *Answer = OperationNew(SEND, Connection);
    memcpy(Answer->Data, o->Data, Bytes);
    Answer->Length = Bytes;
    HeapFree(GetProcessHeap(), 0, o);
    SendPost(Answer);
}

static void SendDone(OPERATION *o, BOOL Good, DWORD Bytes)
{
    o->Done += Bytes;
    if (!Good) {
        CONNECTION *Connection = o->Connection;
        HeapFree(GetProcessHeap(), 0, o);
        ConnectionRelease(Connection);
    } else if (o->Done < o->Length)
        SendPost(o);
    else
        ReceivePost(o);
}

static DWORD WINAPI Worker(void *Unused)
{
    (void)Unused;
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE); /* here: 10 */
        if (!Overlapped) {
            CHECK(Good);
            return 0; /* posted by main */
        }
        OPERATION *o = (OPERATION *)Overlapped;
        switch (o->Kind) {
        case ACCEPT:
            AcceptDone(o, Good);
            break;
        case RECEIVE:
            ReceiveDone(o, Good, Bytes);
            break;
        case SEND:
            SendDone(o, Good, Bytes);
            break;
        }
    }
}

static DWORD WINAPI Client(void *Argument)
{
    unsigned Number = (unsigned)(ULONG_PTR)Argument;
    u_short DoorPort = (u_short)(Number >> 16);
    SOCKET s = Dial(DoorPort);
    char Out[1500], In[1500];
    unsigned Offset = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned Length = 1 + (i * 397u + Number) % sizeof Out;
        FillFrom(Out, Length, Number, Offset);
        BOOL Answered = SendAll(s, Out, (int)Length) && ReceiveAll(s, In, (int)Length);
        if (BUG && !Answered)
            break;
        CHECK(Answered && IsFrom(In, Length, Number, Offset));
        Offset += Length;
        if (i % 40 == 39) { /* now and then a new connection */
            closesocket(s);
            s = Dial(DoorPort);
        }
    }
    closesocket(s);
    return 0;
}

int main(void)
{
    NetBegin();
    u_short DoorPort;
    HANDLE Workers[WORKERS], Clients[CLIENTS];
    Door = Listener(&DoorPort);
    Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 2);
    AllGone = CreateEvent(NULL, TRUE, FALSE, NULL);
    CHECK(Port && AllGone && CreateIoCompletionPort((HANDLE)Door, Port, 0, 0) == Port);
    for (int i = 0; i < ACCEPTS; i++)
        AcceptPost();
    for (int i = 0; i < WORKERS; i++)
        Workers[i] = Spawn(Worker, NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        Clients[i] = Spawn(Client, (void *)(ULONG_PTR)((unsigned)DoorPort << 16 | i));
    for (int i = 0; i < CLIENTS; i++)
        Join(Clients[i]);

    InterlockedExchange(&Stopping, 1);
    CheckGone();
    /* The listener stays open while anybody may still be at one of its accepts; one that was posted just as the flag was
     * set is missed by the first call. */
    DWORD Waited;
    ULONGLONG Begin = GetTickCount64();
    do {
        if (!CancelIoEx((HANDLE)Door, NULL))
            CHECK(GetLastError() == ERROR_NOT_FOUND);
        Waited = WaitForSingleObject(AllGone, 20);
    } while (Waited == WAIT_TIMEOUT && GetTickCount64() - Begin < PATIENCE);
    CHECK(BUG || Waited == WAIT_OBJECT_0);
    closesocket(Door);
    for (int i = 0; i < WORKERS; i++)
        CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    for (int i = 0; i < WORKERS; i++)
        Join(Workers[i]);
    CloseHandle(AllGone);
    CloseHandle(Port);
    CHECK(Peek(&Connections) == 0 || BUG);
    WSACleanup();
    return 0;
}
