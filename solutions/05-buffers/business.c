/* A second pool, for work that blocks: its queue and its threads. What it is for says business.h. */
#include "server.h"

/* How long a thread waits for something to do before it ends, in milliseconds. */
#define IDLE_TIME 500u

static SERVER_CONFIG *Server;

static SRWLOCK Lock = SRWLOCK_INIT;
static CONDITION_VARIABLE Work = CONDITION_VARIABLE_INIT; /* a job has come, or the end */
static CONDITION_VARIABLE Ends = CONDITION_VARIABLE_INIT; /* the last thread has ended */

/* Guarded by Lock, which is held while a condition variable is waited for and never while a job runs. */
static OVERLAPPED_EX *First;
static OVERLAPPED_EX *Last;
static LONG Threads, MostThreads; /* there are, and ever were at a time */
static LONG Idle;                 /* of these, those that wait for a job */
static LONG Queued;
static LONGLONG Done;
static BOOL Stopping;

/* Waits for a job. Called with the lock held. @return NULL when the thread is to end */
static OVERLAPPED_EX *JobTake(void)
{
    OVERLAPPED_EX *Context = NULL;

    /* LAB 5.6 { While there is no job and no end in sight: wait on Work, IDLE_TIME at most, as one more idle thread. When
     * the time is over and there is still none, return NULL. Otherwise take the first job out of the queue. */
    while (First == NULL && !Stopping) {
        BOOL Woken;

        Idle++;
        Woken = SleepConditionVariableSRW(&Work, &Lock, IDLE_TIME, 0);
        Idle--;
        if (!Woken && First == NULL) {
            return NULL;
        }
    }
    Context = First;
    if (Context != NULL) {
        First = Context->NextJob;
        Queued--;
    }
    /* LAB 5.6 } */
    return Context;
}

static DWORD WINAPI BusinessThread(LPVOID Parameter)
{
    OVERLAPPED_EX *Context;
    void *State = NULL;

    (void)Parameter;
    AcquireSRWLockExclusive(&Lock);
    while ((Context = JobTake()) != NULL) {
        ReleaseSRWLockExclusive(&Lock);
        Context->Job(Context, &State);
        /* From here on the request is a worker's. */
        PostQueuedCompletionStatus(Server->CompletionPort, 0, 0, &Context->Operation.Overlapped);
        AcquireSRWLockExclusive(&Lock);
        Done++;
    }
    ReleaseSRWLockExclusive(&Lock);
    GuestbookLeave(&State);
    AcquireSRWLockExclusive(&Lock);
    Threads--;
    if (Threads == 0) {
        WakeAllConditionVariable(&Ends);
    }
    ReleaseSRWLockExclusive(&Lock);
    return 0;
}

/* One thread more, if one is needed and allowed. Called with the lock held. */
static void PoolExpand(void)
{
    HANDLE Thread;

    if (Queued <= Idle || Threads >= (LONG)Server->Business) {
        return;
    }
    Thread = CreateThread(NULL, 0, BusinessThread, NULL, 0, NULL);
    if (Thread != NULL) {
        CloseHandle(Thread); /* it runs on; nobody waits for it by its handle */
        Threads++;
        MostThreads = Threads > MostThreads ? Threads : MostThreads;
    }
}

void BusinessStart(SERVER_CONFIG *Config)
{
    Server = Config;
}

void NextBusiness(OVERLAPPED_EX *Context, void (*Job)(OVERLAPPED_EX *, void **), void (*Then)(OVERLAPPED_EX *))
{
    Context->Job = Job;
    Context->JobThen = Then;
    Context->IOOperation = IO_BUSINESS;
}

BOOL BusinessSubmit(OVERLAPPED_EX *Context)
{
    BOOL Taken;

    Context->NextJob = NULL;
    AcquireSRWLockExclusive(&Lock);
    /* LAB 5.6 { Put the job at the end of the queue, make a thread if the pool has too few, and wake one.
     * stub: (void)PoolExpand;
     * stub: TodoAnswer(TODO("5.6"), Context->Socket);
     */
    if (First == NULL) {
        First = Context;
    } else {
        Last->NextJob = Context;
    }
    Last = Context;
    Queued++;
    PoolExpand();
    WakeConditionVariable(&Work);
    /* LAB 5.6 } */
    Taken = Threads > 0;
    if (!Taken) { /* no thread, and none to be had */
        First = Last = NULL;
        Queued = 0;
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    }
    ReleaseSRWLockExclusive(&Lock);
    return Taken;
}

void BusinessStop(void)
{
    AcquireSRWLockExclusive(&Lock);
    Stopping = TRUE;
    WakeAllConditionVariable(&Work);
    while (Threads > 0 && SleepConditionVariableSRW(&Ends, &Lock, SHUTDOWN_TIMEOUT, 0)) {
    }
    if (Threads > 0) {
        UserMsg("a thread of the business pool does not end");
    }
    ReleaseSRWLockExclusive(&Lock);
}

void BusinessCount(LONG *ThreadCount, LONG *MostThreadCount, LONG *QueuedCount, LONGLONG *DoneCount)
{
    AcquireSRWLockExclusive(&Lock);
    *ThreadCount = Threads;
    *MostThreadCount = MostThreads;
    *QueuedCount = Queued;
    *DoneCount = Done;
    ReleaseSRWLockExclusive(&Lock);
}
