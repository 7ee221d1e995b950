/*
 * blocks.c - a program that blocks once in every call that can, for run.sh to look for in its journal.
 *
 * Nothing here depends on time: whoever holds a lock lets go when it sees that somebody sleeps on it.
 */
#include "programs.h"

static char Buffer[4096];
static CRITICAL_SECTION Section;
static SRWLOCK Slim = SRWLOCK_INIT;
static CONDITION_VARIABLE Condition = CONDITION_VARIABLE_INIT;
static INIT_ONCE Once = INIT_ONCE_STATIC_INIT;
static HANDLE Held;

/* As win32/object/section.c and slim.c have them. */
static int SomebodySleeps(void)
{
    return *(volatile uint32_t *)&Section.State == 2 || *(volatile uint32_t *)&Slim.State & 0x60000000u;
}

static DWORD WINAPI HoldSection(LPVOID Unused)
{
    (void)Unused;
    EnterCriticalSection(&Section);
    SetEvent(Held);
    while (!SomebodySleeps())
        SwitchToThread();
    LeaveCriticalSection(&Section);
    return 0;
}

static DWORD WINAPI HoldSlim(LPVOID Unused)
{
    (void)Unused;
    AcquireSRWLockExclusive(&Slim);
    SetEvent(Held);
    while (!SomebodySleeps())
        SwitchToThread();
    ReleaseSRWLockExclusive(&Slim);
    return 0;
}

static void Join(HANDLE Thread)
{
    WaitForSingleObject(Thread, INFINITE);
    CloseHandle(Thread);
}

static HANDLE Begin(LPTHREAD_START_ROUTINE Start)
{
    HANDLE Thread = CreateThread(NULL, 0, Start, NULL, 0, NULL);
    WaitForSingleObject(Held, INFINITE);
    return Thread;
}

static void Locks(void)
{
    HANDLE Thread = Begin(HoldSection);
    EnterCriticalSection(&Section);
    SleepConditionVariableCS(&Condition, &Section, 1);
    LeaveCriticalSection(&Section);
    Join(Thread);
    Thread = Begin(HoldSlim);
    AcquireSRWLockExclusive(&Slim);
    SleepConditionVariableSRW(&Condition, &Slim, 1, 0);
    ReleaseSRWLockExclusive(&Slim);
    Join(Thread);
    Thread = Begin(HoldSlim);
    AcquireSRWLockShared(&Slim);
    ReleaseSRWLockShared(&Slim);
    Join(Thread);
}

static BOOL CALLBACK Initialize(PINIT_ONCE Which, PVOID Unused, PVOID *Context)
{
    (void)Unused, (void)Context;
    SetEvent(Held);
    while (((ULONG_PTR) * (PVOID volatile *)&Which->Ptr & 3) != 3) /* as in once.c: another thread sleeps on it */
        SwitchToThread();
    return TRUE;
}

static DWORD WINAPI InitializeFirst(LPVOID Unused)
{
    (void)Unused;
    InitOnceExecuteOnce(&Once, Initialize, NULL, NULL);
    return 0;
}

static void Initialization(void)
{
    HANDLE Thread = Begin(InitializeFirst);
    InitOnceExecuteOnce(&Once, Initialize, NULL, NULL);
    Join(Thread);
}

static DWORD WINAPI SendOne(LPVOID Socket)
{
    send(*(SOCKET *)Socket, "x", 1, 0);
    return 0;
}

static void Results(PAIR *Pair)
{
    for (int WithEvent = 0; WithEvent < 2; WithEvent++) {
        OVERLAPPED Overlapped;
        DWORD Bytes = 0, Flags = 0;
        SOCKET Socket = WithEvent ? Pair->Near : Pair->Far, Other = WithEvent ? Pair->Far : Pair->Near;
        memset(&Overlapped, 0, sizeof Overlapped);
        if (WithEvent) /* its low bit: no packet */
            Overlapped.hEvent = (HANDLE)((ULONG_PTR)CreateEventA(NULL, TRUE, FALSE, NULL) | 1);
        Receive(Socket, Buffer, sizeof Buffer, &Overlapped);
        HANDLE Thread = CreateThread(NULL, 0, SendOne, &Other, CREATE_SUSPENDED, NULL);
        ResumeThread(Thread);
        WSAGetOverlappedResult(Socket, &Overlapped, &Bytes, TRUE, &Flags);
        Join(Thread);
        if (WithEvent)
            CloseHandle((HANDLE)((ULONG_PTR)Overlapped.hEvent & ~(ULONG_PTR)1));
    }
}

static void Sockets(void)
{
    PAIR Pair = PairOpen();
    struct timeval Moment = {0, 1000};
    fd_set Set;
    WSAPOLLFD Poll = {Pair.Near, POLLIN, 0};
    FD_ZERO(&Set);
    FD_SET(Pair.Near, &Set);
    select(0, &Set, NULL, NULL, &Moment);
    WSAPoll(&Poll, 1, 1);
    send(Pair.Far, "x", 1, 0);
    recv(Pair.Near, Buffer, 1, 0);
    Results(&Pair);
    PairClose(&Pair);
}

void BlockEverywhere(void)
{
    Held = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE Mutex = CreateMutexA(NULL, TRUE, NULL);
    InitializeCriticalSection(&Section);
    Sleep(1);
    SignalObjectAndWait(Mutex, Mutex, 0, FALSE);
    ReleaseMutex(Mutex);
    Locks();
    Initialization();
    Sockets();
    DeleteCriticalSection(&Section);
    CloseHandle(Mutex);
    CloseHandle(Held);
}
