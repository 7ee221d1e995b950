/*
 * misuses.c - for each rule the smallest program that breaks it (bad-RULE) and one that comes close (good-RULE).
 *
 * The lines that the report must name are marked: HERE RULE where it shows, THERE RULE where it began. A line with a
 * call that is made for several programs stands in a function of its own, so that each has its own line.
 */
#include "programs.h"

static char Buffer[4096];

/* --- an OVERLAPPED that is out --- */

static void BadReuse(void)
{
    static OVERLAPPED First;
    PAIR Pair = PairOpen();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &First, NULL); /* THERE overlapped-reused */
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &First, NULL); /* HERE overlapped-reused */
    closesocket(Pair.Near);
    Take(Pair.Port, NULL, NULL);
    Take(Pair.Port, NULL, NULL);
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void GoodReuse(void)
{
    static OVERLAPPED First;
    PAIR Pair = PairOpen();
    for (int i = 0; i < 2; i++) {
        Receive(Pair.Near, Buffer, sizeof Buffer, &First);
        send(Pair.Far, "x", 1, 0);
        Take(Pair.Port, NULL, NULL);
    }
    PairClose(&Pair);
}

typedef struct CONNECTION {
    OVERLAPPED Overlapped;
    char Data[100];
} CONNECTION;

static void BadFree(void)
{
    CONNECTION *Connection = calloc(1, sizeof *Connection);
    PAIR Pair = PairOpen();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &Connection->Overlapped, NULL); /* THERE overlapped-freed */
    closesocket(Pair.Near);
    free(Connection); /* HERE overlapped-freed */
    Take(Pair.Port, NULL, NULL);
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void GoodFree(void)
{
    CONNECTION *Connection = calloc(1, sizeof *Connection);
    PAIR Pair = PairOpen();
    Receive(Pair.Near, Connection->Data, sizeof Connection->Data, &Connection->Overlapped);
    closesocket(Pair.Near);
    Take(Pair.Port, NULL, NULL);
    free(Connection);
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void BadBuffer(void)
{
    static OVERLAPPED Overlapped;
    char *Data = HeapAlloc(GetProcessHeap(), 0, 100);
    PAIR Pair = PairOpen();
    WSABUF Whole = {100, Data};
    DWORD Flags = 0;
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &Overlapped, NULL); /* THERE buffer-freed */
    HeapFree(GetProcessHeap(), 0, Data); /* HERE buffer-freed */
    closesocket(Pair.Near);
    Take(Pair.Port, NULL, NULL);
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

/* A send that ended within its call needs its buffer no more, although its packet has not been taken. */
static void GoodBuffer(void)
{
    static OVERLAPPED Overlapped;
    char *Data = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 100);
    PAIR Pair = PairOpen();
    Require(Send(Pair.Near, Data, 100, &Overlapped) == 0, "WSASend");
    HeapFree(GetProcessHeap(), 0, Data);
    Take(Pair.Port, NULL, NULL);
    PairClose(&Pair);
}

enum { MUCH = 8 * 1024 * 1024 };

/* Fills the connection, so that the send stays out; then the far end reads it all. */
static void SendMuch(PAIR *Pair, char *Data, OVERLAPPED *Overlapped)
{
    WSABUF Whole = {MUCH, Data};
    int Result = WSASend(Pair->Near, &Whole, 1, NULL, 0, Overlapped, NULL); /* THERE buffer-changed */
    Require(Result == SOCKET_ERROR && WSAGetLastError() == WSA_IO_PENDING, "a pending WSASend");
}

static void ReadMuch(PAIR *Pair)
{
    static char Sink[65536];
    for (int Got = 0, Some; Got < MUCH; Got += Some) {
        Some = recv(Pair->Far, Sink, sizeof Sink, 0);
        Require(Some > 0, "recv");
    }
}

static void Change(int WhileOut)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    char *Data = calloc(1, MUCH);
    SendMuch(&Pair, Data, &Overlapped);
    if (WhileOut)
        Data[MUCH - 1] = 1;
    ReadMuch(&Pair);
    DWORD Bytes;
    ULONG_PTR Key;
    OVERLAPPED *Taken;
    GetQueuedCompletionStatus(Pair.Port, &Bytes, &Key, &Taken, 10000); /* HERE buffer-changed */
    Data[0] = 1;
    free(Data);
    PairClose(&Pair);
}

static void BadChange(void)
{
    Change(1);
}

static void GoodChange(void)
{
    Change(0);
}

static void PostFromStack(SOCKET Socket)
{
    OVERLAPPED Local;
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    memset(&Local, 0, sizeof Local);
    WSARecv(Socket, &Whole, 1, NULL, &Flags, &Local, NULL); /* THERE stack-returned */
}

static void BadStack(void)
{
    PAIR Pair = PairOpen();
    DWORD Bytes;
    ULONG_PTR Key;
    OVERLAPPED *Taken;
    void (*volatile Post)(SOCKET) = PostFromStack; /* a frame of its own, whatever the compiler thinks */
    Post(Pair.Near);
    send(Pair.Far, "x", 1, 0); /* HERE stack-returned */
    GetQueuedCompletionStatus(Pair.Port, &Bytes, &Key, &Taken, 10000);
    PairClose(&Pair);
}

static void GoodStack(void)
{
    PAIR Pair = PairOpen();
    OVERLAPPED Local;
    char Data[100];
    memset(&Local, 0, sizeof Local);
    Receive(Pair.Near, Data, sizeof Data, &Local);
    send(Pair.Far, "x", 1, 0);
    Take(Pair.Port, NULL, NULL);
    PairClose(&Pair);
}

static void BadOut(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &Overlapped, NULL); /* THERE operation-out */
}

static void GoodOut(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    Receive(Pair.Near, Buffer, sizeof Buffer, &Overlapped);
    CancelIoEx((HANDLE)Pair.Near, &Overlapped);
    Take(Pair.Port, NULL, NULL);
    PairClose(&Pair);
}

static void BadDequeue(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &Overlapped, NULL); /* THERE never-dequeued */
    closesocket(Pair.Near);
    closesocket(Pair.Far);
    CloseHandle(Pair.Port); /* HERE never-dequeued */
}

/* A posted packet is nobody's operation. */
static void GoodDequeue(void)
{
    PAIR Pair = PairOpen();
    PostQueuedCompletionStatus(Pair.Port, 0, 0, NULL);
    PairClose(&Pair);
}

/* --- handles --- */

static void BadClose(void)
{
    PAIR Pair = PairOpen();
    closesocket(Pair.Near); /* THERE handle-closed-twice */
    closesocket(Pair.Near); /* HERE handle-closed-twice */
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void GoodClose(void)
{
    PAIR Pair = PairOpen();
    PairClose(&Pair);
    closesocket(INVALID_SOCKET);
    CloseHandle(NULL);
}

static void BadUse(void)
{
    PAIR Pair = PairOpen();
    closesocket(Pair.Near); /* THERE handle-used-after-close */
    send(Pair.Near, "x", 1, 0); /* HERE handle-used-after-close */
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void GoodUse(void)
{
    PAIR Pair = PairOpen();
    closesocket(Pair.Far);
    send(Pair.Near, "x", 1, 0);
    send(Pair.Near, "x", 1, 0);
    closesocket(Pair.Near);
    CloseHandle(Pair.Port);
}

static void BadLeak(void)
{
    HANDLE Event = CreateEventA(NULL, TRUE, FALSE, NULL); /* THERE handle-leaked */
    Require(Event != NULL, "CreateEvent");
}

static void GoodLeak(void)
{
    GetStdHandle(STD_OUTPUT_HANDLE);
    CloseHandle(CreateEventA(NULL, TRUE, FALSE, NULL));
}

/* --- ports and threads --- */

static DWORD WINAPI Worker(LPVOID Port)
{
    DWORD Bytes;
    ULONG_PTR Key;
    OVERLAPPED *Taken;
    GetQueuedCompletionStatus(Port, &Bytes, &Key, &Taken, INFINITE); /* THERE port-in-use */
    GetQueuedCompletionStatus(Port, &Bytes, &Key, &Taken, INFINITE); /* THERE port-in-use */
    return 0;
}

static void ClosePort(int Early)
{
    HANDLE Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    HANDLE Thread = CreateThread(NULL, 0, Worker, Port, 0, NULL);
    PostQueuedCompletionStatus(Port, 0, 0, NULL);
    if (Early) {
        Sleep(300); /* long enough for the thread to be back at the port */
        CloseHandle(Port); /* HERE port-in-use */
    } else {
        PostQueuedCompletionStatus(Port, 0, 0, NULL);
    }
    WaitForSingleObject(Thread, INFINITE);
    CloseHandle(Thread);
    if (!Early)
        CloseHandle(Port);
}

static void BadPort(void)
{
    ClosePort(1);
}

static void GoodPort(void)
{
    ClosePort(0);
}

static void Block(int BackAgain)
{
    PAIR Pair = PairOpen();
    PostQueuedCompletionStatus(Pair.Port, 0, 0, NULL);
    Take(Pair.Port, NULL, NULL);
    Sleep(1); /* HERE blocking-call */
    PostQueuedCompletionStatus(Pair.Port, 0, 0, NULL);
    if (BackAgain)
        Take(Pair.Port, NULL, NULL);
    PairClose(&Pair);
}

static void BadBlock(void)
{
    Block(1);
}

static void GoodBlock(void)
{
    Block(0); /* it has left the port for good */
}

static void BadFailure(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    shutdown(Pair.Near, SD_RECEIVE);
    WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &Overlapped, NULL); /* THERE failure-as-pending */
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void GoodFailure(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    shutdown(Pair.Near, SD_RECEIVE);
    Require(Receive(Pair.Near, Buffer, sizeof Buffer, &Overlapped) == WSAESHUTDOWN, "a failing WSARecv");
    PairClose(&Pair);
}

/* --- AcceptEx --- */

static void AcceptOne(int Context, DWORD AddressLength)
{
    static OVERLAPPED Overlapped;
    struct sockaddr_in Address;
    DWORD Bytes;
    SOCKET Listener = ListenerCreate(&Address), Far = socket(AF_INET, SOCK_STREAM, 0);
    SOCKET Near = socket(AF_INET, SOCK_STREAM, 0);
    HANDLE Port = CreateIoCompletionPort((HANDLE)Listener, NULL, 0, 0);
    AcceptEx(Listener, Near, Buffer, 0, AddressLength, AddressLength, &Bytes, &Overlapped); /* THERE accept-context HERE accept-sizes */
    if (AddressLength > 16) {
        Require(connect(Far, (struct sockaddr *)&Address, (int)sizeof Address) == 0, "connect");
        Take(Port, NULL, NULL);
        if (Context)
            setsockopt(Near, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&Listener, (int)sizeof Listener);
        shutdown(Near, SD_SEND); /* HERE accept-context */
    }
    closesocket(Far);
    closesocket(Near);
    closesocket(Listener);
    CloseHandle(Port);
}

static void BadContext(void)
{
    AcceptOne(0, sizeof(struct sockaddr_in) + 16);
}

static void GoodContext(void)
{
    AcceptOne(1, sizeof(struct sockaddr_in) + 16);
}

static void BadSizes(void)
{
    AcceptOne(1, sizeof(struct sockaddr_in));
}

static void GoodSizes(void)
{
    AcceptOne(1, sizeof(struct sockaddr_in) + 16);
}

/* --- order and locks --- */

static CRITICAL_SECTION Guard;
static PAIR Shared;
static int Locked;

static DWORD WINAPI Reader(LPVOID Overlapped)
{
    static char Data[2][100];
    static LONG Readers;
    WSABUF Whole = {100, Data[InterlockedIncrement(&Readers) - 1]};
    DWORD Flags = 0;
    if (Locked)
        EnterCriticalSection(&Guard);
    WSARecv(Shared.Near, &Whole, 1, NULL, &Flags, Overlapped, NULL); /* HERE receives-unordered */
    if (Locked)
        LeaveCriticalSection(&Guard);
    return 0;
}

static void ReadTwice(int WithLock)
{
    static OVERLAPPED Overlapped[2];
    InitializeCriticalSection(&Guard);
    Locked = WithLock;
    Shared = PairOpen();
    for (int i = 0; i < 2; i++) {
        HANDLE Thread = CreateThread(NULL, 0, Reader, &Overlapped[i], 0, NULL);
        WaitForSingleObject(Thread, INFINITE);
        CloseHandle(Thread);
    }
    closesocket(Shared.Near);
    Take(Shared.Port, NULL, NULL);
    Take(Shared.Port, NULL, NULL);
    closesocket(Shared.Far);
    CloseHandle(Shared.Port);
    DeleteCriticalSection(&Guard);
}

static void BadOrder(void)
{
    ReadTwice(0);
}

static void GoodOrder(void)
{
    ReadTwice(1);
}

static void BadLock(void)
{
    static SRWLOCK Lock = SRWLOCK_INIT;
    AcquireSRWLockExclusive(&Lock); /* THERE lock-held */
    Sleep(1); /* HERE lock-held */
    ReleaseSRWLockExclusive(&Lock);
}

/* What the condition variable releases is not held across its wait. */
static void GoodLock(void)
{
    static CONDITION_VARIABLE Condition = CONDITION_VARIABLE_INIT;
    InitializeCriticalSection(&Guard);
    EnterCriticalSection(&Guard);
    SleepConditionVariableCS(&Condition, &Guard, 1);
    LeaveCriticalSection(&Guard);
    Sleep(1);
    DeleteCriticalSection(&Guard);
}

static DWORD WINAPI Holder(LPVOID Leave)
{
    EnterCriticalSection(&Guard); /* THERE thread-ended */
    if (Leave)
        LeaveCriticalSection(&Guard);
    return 0;
}

static void EndThread(int Leave)
{
    InitializeCriticalSection(&Guard);
    HANDLE Thread = CreateThread(NULL, 0, Holder, Leave ? &Guard : NULL, 0, NULL);
    WaitForSingleObject(Thread, INFINITE);
    CloseHandle(Thread);
}

static void BadEnd(void)
{
    EndThread(0);
}

static void GoodEnd(void)
{
    EndThread(1);
}

const PROGRAM Misuses[] = {
    {"bad-overlapped-reused", BadReuse},
    {"good-overlapped-reused", GoodReuse},
    {"bad-overlapped-freed", BadFree},
    {"good-overlapped-freed", GoodFree},
    {"bad-buffer-freed", BadBuffer},
    {"good-buffer-freed", GoodBuffer},
    {"bad-buffer-changed", BadChange},
    {"good-buffer-changed", GoodChange},
    {"bad-stack-returned", BadStack},
    {"good-stack-returned", GoodStack},
    {"bad-operation-out", BadOut},
    {"good-operation-out", GoodOut},
    {"bad-never-dequeued", BadDequeue},
    {"good-never-dequeued", GoodDequeue},
    {"bad-handle-closed-twice", BadClose},
    {"good-handle-closed-twice", GoodClose},
    {"bad-handle-used-after-close", BadUse},
    {"good-handle-used-after-close", GoodUse},
    {"bad-handle-leaked", BadLeak},
    {"good-handle-leaked", GoodLeak},
    {"bad-port-in-use", BadPort},
    {"good-port-in-use", GoodPort},
    {"bad-blocking-call", BadBlock},
    {"good-blocking-call", GoodBlock},
    {"bad-failure-as-pending", BadFailure},
    {"good-failure-as-pending", GoodFailure},
    {"bad-accept-context", BadContext},
    {"good-accept-context", GoodContext},
    {"bad-accept-sizes", BadSizes},
    {"good-accept-sizes", GoodSizes},
    {"bad-receives-unordered", BadOrder},
    {"good-receives-unordered", GoodOrder},
    {"bad-lock-held", BadLock},
    {"good-lock-held", GoodLock},
    {"bad-thread-ended", BadEnd},
    {"good-thread-ended", GoodEnd},
    {NULL, NULL},
};
