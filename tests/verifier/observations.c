/*
 * observations.c - programs that print what a fault can change, for run.sh to compare with and without the fault.
 */
#include "programs.h"

static char Buffer[4096];

/* What ten sends of 100 bytes said: the bytes of each. */
static void SendTen(void)
{
    PAIR Pair = PairOpen();
    for (int i = 0; i < 10; i++) {
        OVERLAPPED Overlapped;
        DWORD Bytes = 0;
        memset(&Overlapped, 0, sizeof Overlapped);
        int Error = Send(Pair.Near, Buffer, 100, &Overlapped);
        if (!Error || Error == WSA_IO_PENDING) {
            Require(Take(Pair.Port, &Bytes, NULL) == 0, "the packet");
            printf("%s%lu ", Error ? "pending:" : "", (unsigned long)Bytes);
        } else {
            printf("error:%d ", Error);
        }
    }
    PairClose(&Pair);
}

/* How 5 bytes that wait are received. */
static void ReceiveFive(void)
{
    PAIR Pair = PairOpen();
    OVERLAPPED Overlapped;
    DWORD Bytes = 0;
    memset(&Overlapped, 0, sizeof Overlapped);
    send(Pair.Far, "hello", 5, 0);
    /* The bytes are there before anybody asks for them. */
    Require(recv(Pair.Near, Buffer, 5, MSG_PEEK) > 0, "recv");
    int Error = Receive(Pair.Near, Buffer, 5, &Overlapped);
    Take(Pair.Port, &Bytes, NULL);
    printf("%s%lu ", Error ? "pending:" : "", (unsigned long)Bytes);
    PairClose(&Pair);
}

static DWORD WINAPI SendSoon(LPVOID Socket)
{
    Sleep(30);
    send(*(SOCKET *)Socket, "hello", 5, 0);
    return 0;
}

/* A receive whose data comes a moment after it. */
static void ReceiveEarly(void)
{
    PAIR Pair = PairOpen();
    OVERLAPPED Overlapped;
    DWORD Bytes = 0;
    memset(&Overlapped, 0, sizeof Overlapped);
    HANDLE Thread = CreateThread(NULL, 0, SendSoon, &Pair.Far, 0, NULL);
    int Error = Receive(Pair.Near, Buffer, 5, &Overlapped);
    Take(Pair.Port, &Bytes, NULL);
    printf("%s%lu ", Error ? "pending:" : "", (unsigned long)Bytes);
    WaitForSingleObject(Thread, INFINITE);
    CloseHandle(Thread);
    PairClose(&Pair);
}

/* In which order the packets of twenty sends come, and whether that took 50 ms. */
static void Order(void)
{
    static OVERLAPPED Overlapped[20];
    PAIR Pair = PairOpen();
    ULONGLONG Start = GetTickCount64();
    int Sorted = 1;
    for (int i = 0; i < 20; i++)
        Send(Pair.Near, Buffer, 1, &Overlapped[i]);
    for (int i = 0; i < 20; i++) {
        OVERLAPPED *Taken = NULL;
        Require(Take(Pair.Port, NULL, &Taken) == 0, "the packet");
        Sorted &= Taken == &Overlapped[i];
    }
    printf("%s %s ", Sorted ? "sorted" : "shuffled", GetTickCount64() - Start >= 50 ? "late" : "early");
    PairClose(&Pair);
}

/* The error of a receive whose socket is closed. */
static void CloseUnder(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    Receive(Pair.Near, Buffer, 100, &Overlapped);
    closesocket(Pair.Near);
    printf("%lu ", (unsigned long)Take(Pair.Port, NULL, NULL));
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
}

static void Recycle(void)
{
    SOCKET First = socket(AF_INET, SOCK_STREAM, 0);
    closesocket(First);
    SOCKET Second = socket(AF_INET, SOCK_STREAM, 0);
    closesocket(Second);
    printf("%s ", First == Second ? "same" : "other");
}

/* How many of thirty receives of 4096 bytes, and of none, are accepted. */
static void ManyReceives(void)
{
    static OVERLAPPED Overlapped[60];
    static char Data[31 * 4096];
    char *Page = Data + (4096 - (ULONG_PTR)Data % 4096);
    PAIR Pair = PairOpen();
    int Large = 0, Empty = 0, Error = 0;
    for (int i = 0; i < 30; i++) {
        Error = Receive(Pair.Near, Page + i % 30 * 4096, 4096, &Overlapped[i]);
        Large += Error == WSA_IO_PENDING;
        if (Error != WSA_IO_PENDING)
            Require(Error == WSAENOBUFS, "no other error");
    }
    for (int i = 0; i < 30; i++)
        Empty += Receive(Pair.Near, Page, 0, &Overlapped[30 + i]) == WSA_IO_PENDING;
    closesocket(Pair.Near);
    for (int i = 0; i < Large + Empty; i++)
        Take(Pair.Port, NULL, NULL);
    closesocket(Pair.Far);
    CloseHandle(Pair.Port);
    printf("%d %d ", Large, Empty);
}

static volatile LONG Running, MayEnd;

/* Takes a packet and runs on: to the port it is at work until it takes the next. */
static DWORD WINAPI TakeAndRun(LPVOID Port)
{
    DWORD Bytes;
    ULONG_PTR Key;
    OVERLAPPED *Overlapped;
    GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
    InterlockedIncrement(&Running);
    while (!InterlockedCompareExchange(&MayEnd, 0, 0))
        continue;
    return 0;
}

/* How many processors there are, how many the mask has, and how many threads a port of concurrency 0 lets run. */
static void Processors(void)
{
    enum { MORE = 2 };
    HANDLE Threads[64 + MORE], Port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    SYSTEM_INFO System;
    int InMask = 0;
    GetSystemInfo(&System);
    LONG Count = (LONG)System.dwNumberOfProcessors;
    for (DWORD_PTR Mask = System.dwActiveProcessorMask; Mask; Mask &= Mask - 1)
        InMask++;
    Require(Count >= 1 && Count <= 64, "a number of processors that can be tried");
    for (LONG i = 0; i < Count + MORE; i++) {
        Threads[i] = CreateThread(NULL, 0, TakeAndRun, Port, 0, NULL);
        Require(Threads[i] && PostQueuedCompletionStatus(Port, 0, 0, NULL), "a thread and a packet for it");
    }
    while (InterlockedCompareExchange(&Running, 0, 0) < Count)
        Sleep(1);
    Sleep(50); /* in which no other may come */
    printf("%ld %d %ld ", (long)Count, InMask, (long)InterlockedCompareExchange(&Running, 0, 0));
    InterlockedExchange(&MayEnd, 1);
    for (LONG i = 0; i < Count + MORE; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
    }
    CloseHandle(Port);
}

/* Whether the call that starts a send is still inside when another thread has the send's packet; and is late itself. */
static volatile LONG Returned;

static DWORD WINAPI TakeBefore(LPVOID Port)
{
    Require(Take(Port, NULL, NULL) == 0, "the packet");
    return (DWORD)InterlockedCompareExchange(&Returned, 0, 0);
}

static void SlowReturn(void)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    DWORD After = 0;
    ULONGLONG Start = GetTickCount64();
    HANDLE Thread = CreateThread(NULL, 0, TakeBefore, Pair.Port, 0, NULL);
    int Error = Send(Pair.Near, Buffer, 100, &Overlapped);
    InterlockedExchange(&Returned, 1);
    int Late = GetTickCount64() - Start >= 1000;
    Require(Error == 0 || Error == WSA_IO_PENDING, "the send");
    WaitForSingleObject(Thread, INFINITE);
    GetExitCodeThread(Thread, &After);
    printf("%s %s ", Late ? "late" : "early", Late && !After ? "overtaken" : "in turn");
    CloseHandle(Thread);
    PairClose(&Pair);
}

/* How WriteFile of 1000 bytes ends. */
static void Write(void)
{
    OVERLAPPED Overlapped;
    DWORD Bytes = 0;
    memset(&Overlapped, 0, sizeof Overlapped);
    HANDLE File = CreateFileA("written", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_FLAG_OVERLAPPED | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    Require(File != INVALID_HANDLE_VALUE, "CreateFile");
    BOOL Good = WriteFile(File, Buffer, 1000, NULL, &Overlapped);
    if (Good || GetLastError() == ERROR_IO_PENDING)
        Require(GetOverlappedResult(File, &Overlapped, &Bytes, TRUE), "GetOverlappedResult");
    CloseHandle(File);
    printf("%lu ", (unsigned long)Bytes);
}

/* Whether three connections, 30 ms apart, are told one by one. */
static void Accept(void)
{
    static OVERLAPPED Overlapped[3];
    static char Addresses[3][64];
    struct sockaddr_in Address;
    SOCKET Listener = ListenerCreate(&Address), Near[3], Far[3];
    HANDLE Port = CreateIoCompletionPort((HANDLE)Listener, NULL, 0, 0);
    ULONGLONG First = 0;
    DWORD Bytes;
    for (int i = 0; i < 3; i++) {
        Near[i] = socket(AF_INET, SOCK_STREAM, 0);
        Far[i] = socket(AF_INET, SOCK_STREAM, 0);
        AcceptEx(Listener, Near[i], Addresses[i], 0, 32, 32, &Bytes, &Overlapped[i]);
    }
    int Together = 1;
    for (int i = 0; i < 3; i++) {
        OVERLAPPED_ENTRY Entry;
        ULONG Count = 0;
        Require(connect(Far[i], (struct sockaddr *)&Address, (int)sizeof Address) == 0, "connect");
        /* Before the next connects, is this one told? */
        if (i < 2 && GetQueuedCompletionStatusEx(Port, &Entry, 1, &Count, 30, FALSE))
            Together = 0, First++;
    }
    for (ULONGLONG i = First; i < 3; i++)
        Take(Port, NULL, NULL);
    printf("%s ", Together ? "together" : "one by one");
    for (int i = 0; i < 3; i++) {
        closesocket(Near[i]);
        closesocket(Far[i]);
    }
    closesocket(Listener);
    CloseHandle(Port);
}

const PROGRAM Observations[] = {
    {"send-ten", SendTen},
    {"receive-five", ReceiveFive},
    {"receive-early", ReceiveEarly},
    {"order", Order},
    {"close-under", CloseUnder},
    {"recycle", Recycle},
    {"many", ManyReceives},
    {"processors", Processors},
    {"slow-return", SlowReturn},
    {"write", Write},
    {"accept", Accept},
    {"blocks", BlockEverywhere},
    {NULL, NULL},
};
