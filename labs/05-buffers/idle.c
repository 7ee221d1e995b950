/*
 * Idle connections: most of them, most of the time.
 *
 * A read that waits locks the page of its buffer. Thousands of silent clients would lock thousands of pages, and the
 * first to run out of them gets WSAENOBUFS. So a connection that has nothing to do gives everything back, its request
 * and its buffers, and starts a read of no bytes at all. That one locks nothing, takes nothing from the stack, and ends
 * when there is something to read: only then a buffer is taken, and what has come is read in one burst.
 *
 * A client that goes away also ends the read of no bytes. The real read that follows finds that out.
 */
#include "server.h"
#include "todo.h"

/* The client has something to say. */
static void IdleWake(OVERLAPPED_EX *Context)
{
    if (Context->Config->Trace) {
        Context->IOOperation = IO_SOCKET_IDLE;
        TraceOperation(Context, 0, 0);
    }
    DeadlineSet(Context, Context->Config->HeaderTimeout * 1000);
    Context->Readable = TRUE;
    /* TODO 5.2: Get a small buffer to read into; BufferReady goes on from there. */
    /* stub */
    TodoAnswer(TODO("5.2"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    /* end of stub */
}

void IdleBegin(SERVER_CONFIG *Config, CONNECTION *Connection)
{
    static char Nowhere; /* an address that is never written to */
    WSABUF Nothing = {0, &Nowhere};
    DWORD Error = 0;

    ConnectionDetach(Config, Connection);
    CountBegin(Config, IO_SOCKET_IDLE);
    InterlockedIncrement(&Connection->PendingIo);
    /*
     * TODO 5.2: Tell the main thread that the connection is idle: from then on it may end it. Then start the read of no
     * bytes. Note why when it fails at once.
     */
    /* stub */
    (void)Nothing;
    TodoAnswer(TODO("5.2"), Connection->Socket);
    Error = WSAECONNABORTED;
    /* end of stub */
    if (Error == 0) {
        return; /* its packet may be in another worker's hands by now */
    }
    InterlockedExchange(&Connection->State, STATE_BUSY);
    InterlockedDecrement(&Connection->PendingIo);
    CountEnd(Config, IO_SOCKET_IDLE);
    if (OnConnectionError(Config, Connection, IO_SOCKET_IDLE, Error) == FAILURE_PAUSE) {
        PauseBegin(Config, Connection);
    } /* otherwise nothing is in flight, and the connection is closed when this thread lets go of it */
}

OVERLAPPED_EX *IdleDone(SERVER_CONFIG *Config, CONNECTION *Connection, DWORD Error)
{
    FAILURE Failure = FAILURE_PAUSE;

    InterlockedExchange(&Connection->State, STATE_BUSY);
    if (FlagIsSet(&Config->Aborting)) {
        return NULL;
    }
    if (Error != 0) {
        Failure = OnConnectionError(Config, Connection, IO_SOCKET_IDLE, Error);
    } else if (ConnectionAttach(Config, Connection)) {
        IdleWake(Connection->Context);
        return Connection->Context;
    }
    if (Failure == FAILURE_PAUSE) {
        PauseBegin(Config, Connection);
    } else if (Failure == FAILURE_AGAIN) {
        IdleBegin(Config, Connection);
    }
    return NULL;
}
