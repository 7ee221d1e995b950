/* Failures: the client is gone, or something is short. What is done about them says failure.h. */
#include "server.h"

/* How long a shortage counts as fresh, in milliseconds. */
#define SCARCE_TIME 1000u
/* The least that an operation is limited to, and what each success adds: a page. */
#define LIMIT_STEP 4096u

BOOL ErrorIsShortage(DWORD Error)
{
    switch (Error) {
    case WSAENOBUFS:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return TRUE;
    default:
        return FALSE;
    }
}

FAILURE OnConnectionError(SERVER_CONFIG *Config, CONNECTION *Connection, IO_OPERATION Kind, DWORD Error)
{
    FAILURE Failure = FAILURE_FATAL;
    const BOOL Late = DeadlineLeft(Connection) == 0;
    const BOOL IsRead = Kind == IO_SOCKET_READ || Kind == IO_SOCKET_IDLE;

    if (FlagIsSet(&Config->Aborting)) {
        return FAILURE_FATAL;
    }
    /* LAB 5.4 { A shortage (count it): what can be done again is worth a pause; after the deadline it is late. That is
     * every read and write; but a socket without a client is replaced by another, and of a TransmitFile nobody knows
     * how far it came (one that failed at once comes here as a write). A cancelled operation is late, or was met by a
     * sweep just when it was no longer late: a read is then done again at once, but not on an idle connection when the
     * server stops. All else means that the client is gone.
     * stub: (void)ErrorIsShortage;
     * stub: (void)Error;
     * stub: (void)Late;
     * stub: (void)IsRead;
     */
    if (ErrorIsShortage(Error)) {
        InterlockedIncrement64(&CountersMine(Config)->Retries[Kind]);
        InterlockedExchange(&Config->Shortage, (LONG)(GetTickCount() | 1));
        if (Kind != IO_SOCKET_ACCEPT && Kind != IO_SOCKET_DISCONNECT && Kind != IO_TRANSMIT) {
            Failure = Late ? FAILURE_LATE : FAILURE_PAUSE;
        }
    } else if (Error == ERROR_OPERATION_ABORTED && Late) {
        Failure = FAILURE_LATE;
    } else if (Error == ERROR_OPERATION_ABORTED && IsRead) {
        Failure = Kind == IO_SOCKET_IDLE && FlagIsSet(&Config->Stopping) ? FAILURE_FATAL : FAILURE_AGAIN;
    }
    /* LAB 5.4 } */
    return Failure;
}

BOOL IsScarce(SERVER_CONFIG *Config)
{
    const DWORD Last = (DWORD)InterlockedCompareExchange(&Config->Shortage, 0, 0);

    return Last != 0 && GetTickCount() - Last < SCARCE_TIME;
}

DWORD Limited(const OVERLAPPED_EX *Context, DWORD Length)
{
    return Context->Limit != 0 && Length > Context->Limit ? Context->Limit : Length;
}

void LimitLess(OVERLAPPED_EX *Context)
{
    const DWORD Half = (Context->Limit != 0 ? Context->Limit : BUFFER_LARGE) / 2;

    Context->Limit = Half > LIMIT_STEP ? Half / LIMIT_STEP * LIMIT_STEP : LIMIT_STEP;
}

void LimitMore(OVERLAPPED_EX *Context)
{
    if (Context->Limit != 0) {
        Context->Limit = Context->Limit < BUFFER_LARGE ? Context->Limit + LIMIT_STEP : 0;
    }
}

void PauseBegin(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    CountBegin(Config, IO_PAUSE);
    InterlockedIncrement(&Connection->PendingIo);
    InterlockedExchange(&Connection->State, STATE_PAUSED_NEW);
    if (InterlockedIncrement(&Config->Paused) == 1) {
        SetEvent(Config->PauseEvent);
    }
}

void PauseTick(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    const BOOL Now = FlagIsSet(&Config->Aborting);

    /* LAB 5.4 { The first sweep that meets a pause lets it grow old, the next ends it: the connection is busy again,
     * one less pauses, and the packet is posted. When the server gives up, the first sweep ends it.
     * stub: (void)Now;
     * stub: (void)Connection;
     */
    if (!Now && InterlockedCompareExchange(&Connection->State, STATE_PAUSED, STATE_PAUSED_NEW) == STATE_PAUSED_NEW) {
        return;
    }
    if (InterlockedCompareExchange(&Connection->State, STATE_BUSY, STATE_PAUSED) == STATE_PAUSED ||
        InterlockedCompareExchange(&Connection->State, STATE_BUSY, STATE_PAUSED_NEW) == STATE_PAUSED_NEW) {
        InterlockedDecrement(&Config->Paused);
        PostQueuedCompletionStatus(Config->CompletionPort, 0, 0, &Connection->Operation.Overlapped);
    }
    /* LAB 5.4 } */
}
