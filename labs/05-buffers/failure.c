/*
 * Failures: the client is gone, or something is short.
 *
 * Every read and every write that fails comes to one place, OnConnectionError, with its kind. Most failures mean that
 * the client is gone. But WSAENOBUFS and its relatives mean that Windows had no memory to lock or no non-paged pool at
 * that moment. The connection is as good as before then: nothing was read, or nothing was sent, and nobody but this
 * server knows. To close it would be to lose a client for nothing; worse, who has only a read in flight and loses that
 * one has nothing left that keeps the connection, and it closes without anybody having meant it.
 *
 * So what failed is done again; but a little later, as trying at once makes a shortage last. In between, the connection
 * pauses: an operation like others, whose packet the main thread posts.
 *
 * What failed may have been too much at once: the pages of a large buffer may be more than Windows is ready to lock at
 * all, and then the same would fail forever. So after a shortage a request goes on modestly, with at most half as
 * many bytes in each operation, down to a page; each operation that succeeds wins a page back.
 *
 * And others may have more than their share: a read that waits for a slow client keeps pages locked for as long as that
 * takes. Outside of flows no read waits with a buffer (NextRead). The large reads of an upload do; while a shortage is
 * fresh the main thread calls them back, and they begin again with a read of no bytes.
 *
 * A write can come up short, too: the stack takes some of the bytes, or none, and says that all is well. Then what
 * is left is sent again from the byte that was reached. This is possible because one connection has one write in
 * flight, unless --writes says otherwise (order.h: what that costs).
 */
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
    /*
     * TODO 5.4: A shortage (count it): what can be done again is worth a pause, until the deadline. That is every read
     * and write; but a socket without a client is replaced by another, and of TransmitFile nobody knows how far it
     * came. A cancelled operation is late, or was met by a sweep just when it was no longer late: a read is then done
     * again at once, but not on an idle connection when the server stops. All else means that the client is gone.
     */
    (void)ErrorIsShortage;
    (void)Error;
    (void)Late;
    (void)IsRead;
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

    /*
     * TODO 5.4: The first sweep that meets a pause lets it grow old, the next ends it: the connection is busy again,
     * one less pauses, and the packet is posted. When the server gives up, the first sweep ends it.
     */
    (void)Now;
    (void)Connection;
}
