/* A pool of threads that do work items: the port as a plain queue. Items are posted as the key, without an OVERLAPPED,
 * a second kind as an OVERLAPPED-shaped header of a bigger block. Items post further items. Statistics by thread in TLS. */
#include "check.h"

enum { THREADS = 5, ROOTS = BUG ? 10 : 60, DEPTH = 4, FAN = 3 };

typedef struct TASK {
    ULONG_PTR Depth;
    ULONG_PTR Value;
} TASK;

typedef struct REPORT {
    OVERLAPPED Header; /* never given to an operation: only the packet's shape */
    LONGLONG Sum;
} REPORT;

typedef struct TALLY {
    LONGLONG Tasks, Missing; /* done; and files that were not there */
    struct TALLY *Next;
} TALLY;

enum { KEY_QUIT = 1, KEY_REPORT = 2 }; /* below any pointer */

static HANDLE Queue, Idle;
static DWORD Slot;
static LONG volatile Outstanding;
static LONGLONG volatile Total, Reported;
static CRITICAL_SECTION TallyLock; /* guards Tallies */
static TALLY *Tallies;

static void TaskPost(ULONG_PTR Depth, ULONG_PTR Value)
{
    TASK *t = HeapAlloc(GetProcessHeap(), 0, sizeof *t);
    CHECK(t);
    t->Depth = Depth;
    t->Value = Value;
    InterlockedIncrement(&Outstanding);
    CHECK(PostQueuedCompletionStatus(Queue, 0, (ULONG_PTR)t, NULL));
}

static TALLY *TallyMine(void)
{
    return TlsGetValue(Slot); /* here: 8 */
}

/* Each thread begins with it. */
static void TallyBegin(void)
{
    TALLY *Mine = TlsGetValue(Slot);
    CHECK(!Mine && GetLastError() == ERROR_SUCCESS); /* NULL is a value here, not a failure */
    Mine = LocalAlloc(LPTR, sizeof *Mine);
    CHECK(Mine && TlsSetValue(Slot, Mine));
    EnterCriticalSection(&TallyLock);
    Mine->Next = Tallies;
    Tallies = Mine;
    LeaveCriticalSection(&TallyLock);
}

static void TaskDone(void)
{
    if (InterlockedDecrement(&Outstanding) == 0)
        SetEvent(Idle);
}

/* A call that fails, told in the thread's own tally. */
static void TaskLook(void)
{
    HANDLE File =
        CreateFileA("no/such/file", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL); /* here: 8 */
    CHECK(File == INVALID_HANDLE_VALUE);
#if BUG == 8
    TALLY *Mine = TallyMine();
    DWORD Error = GetLastError(); /* here: 8 */
#else
    DWORD Error = GetLastError();
    TALLY *Mine = TallyMine();
#endif
    if (Error == ERROR_PATH_NOT_FOUND || Error == ERROR_FILE_NOT_FOUND)
        Mine->Missing++;
}

static void TaskRun(TASK *t)
{
    if (t->Depth == DEPTH)
        TaskLook();
    InterlockedExchangeAdd64(&Total, (LONGLONG)t->Value);
    TallyMine()->Tasks++;
    if (t->Depth > 0) {
        for (ULONG_PTR i = 1; i <= FAN; i++)
            TaskPost(t->Depth - 1, t->Value + i);
    } else {
        REPORT *r = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *r);
        CHECK(r);
        r->Sum = (LONGLONG)t->Value;
        InterlockedIncrement(&Outstanding);
        CHECK(PostQueuedCompletionStatus(Queue, sizeof *r, KEY_REPORT, &r->Header));
    }
#if BUG == 13
    if (t->Depth == 2)
        Sleep(1); /* here: 13 */
#endif
    HeapFree(GetProcessHeap(), 0, t);
    TaskDone();
}

static DWORD WINAPI PoolThread(void *Unused)
{
    (void)Unused;
    TallyBegin();
    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        LPOVERLAPPED Header = NULL;
        if (!GetQueuedCompletionStatus(Queue, &Bytes, &Key, &Header, INFINITE)) { /* here: 13 14 */
            CHECK(BUG == 14 && GetLastError() == ERROR_ABANDONED_WAIT_0);
            return 0;
        }
        if (Key == KEY_QUIT) {
#if BUG == 15
            static int Left;
            EnterCriticalSection(&TallyLock); /* here: 15 */
            if (++Left == THREADS)
                return 0; /* nobody is left who would need the lock */
            LeaveCriticalSection(&TallyLock);
#endif
            return 0;
        }
        if (Key == KEY_REPORT) {
            REPORT *r = CONTAINING_RECORD(Header, REPORT, Header);
            CHECK(Bytes == sizeof *r);
            InterlockedExchangeAdd64(&Reported, r->Sum);
            HeapFree(GetProcessHeap(), 0, r);
            TaskDone();
        } else {
            CHECK(Header == NULL);
            TaskRun((TASK *)Key);
        }
    }
}

/* What the sums must be, worked out without threads. */
static void Expect(ULONG_PTR Depth, ULONG_PTR Value, LONGLONG *All, LONGLONG *Leaves, LONGLONG *Count)
{
    *All += (LONGLONG)Value;
    ++*Count;
    if (Depth == 0)
        *Leaves += (LONGLONG)Value;
    for (ULONG_PTR i = 1; Depth > 0 && i <= FAN; i++)
        Expect(Depth - 1, Value + i, All, Leaves, Count);
}

int main(void)
{
    HANDLE Threads[THREADS];
    LONGLONG All = 0, Leaves = 0, Count = 0, Tasks = 0, Missing = 0;
    InitializeCriticalSection(&TallyLock);
    Slot = TlsAlloc();
    Queue = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    Idle = CreateEvent(NULL, TRUE, FALSE, NULL);
    CHECK(Slot != TLS_OUT_OF_INDEXES && Queue && Idle);
    InterlockedIncrement(&Outstanding); /* main's, so that the count is not 0 before all are posted */
    for (int i = 0; i < THREADS; i++)
        Threads[i] = Spawn(PoolThread, NULL);
    for (ULONG_PTR i = 0; i < ROOTS; i++) {
        TaskPost(DEPTH, i);
        Expect(DEPTH, i, &All, &Leaves, &Count);
    }
    TaskDone();
#if BUG == 16
    EnterCriticalSection(&TallyLock);     /* here: 16 */
    (void)WaitForSingleObject(Idle, 100); /* here: 16 */
    LeaveCriticalSection(&TallyLock);
#endif
    CHECK(WaitForSingleObject(Idle, PATIENCE) == WAIT_OBJECT_0);
#if BUG == 14
    Sleep(50);
    CHECK(CloseHandle(Queue)); /* here: 14 */
#else
    for (int i = 0; i < THREADS; i++)
        CHECK(PostQueuedCompletionStatus(Queue, 0, KEY_QUIT, NULL));
#endif
    for (int i = 0; i < THREADS; i++)
        Join(Threads[i]);
#if BUG != 14
    CHECK(CloseHandle(Queue));
#endif
    for (TALLY *t = Tallies, *Next; t; t = Next) {
        Next = t->Next;
        Tasks += t->Tasks;
        Missing += t->Missing;
        LocalFree(t);
    }
    CHECK(Total == All && Reported == Leaves && Tasks == Count && Outstanding == 0);
    CHECK(Missing == ROOTS || BUG);
    CHECK(CloseHandle(Idle) && TlsFree(Slot));
    DeleteCriticalSection(&TallyLock);
    return 0;
}
