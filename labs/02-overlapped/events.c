/*
 * The engine: one thread, and an event for each connection.
 *
 * Events[i] belongs to Contexts[i]: it is set when that connection's operation has ended. One wait takes no more than
 * 64 events, so there are at most 64 connections; while there are fewer, the place behind the last is the listener's.
 * A further client waits in the backlog of the listening socket until one leaves.
 */
#include "server.h"
#include "todo.h"

#include <string.h>

static BOOL EventIsSet(WSAEVENT Event)
{
    return WSAWaitForMultipleEvents(1, &Event, FALSE, 0, FALSE) == WSA_WAIT_EVENT_0;
}

/* Takes the last entry of the arrays to the place of the one that is gone, so that they have no gaps. */
static void EventRemove(SERVER_CONFIG *Config, DWORD Slot)
{
    WSAEVENT Event = Config->Events[Slot];

    ConnectionClose(Config->Contexts[Slot]);
    WSACloseEvent(Event);
    Config->EventCount--;
    Config->Events[Slot] = Config->Events[Config->EventCount];
    Config->Contexts[Slot] = Config->Contexts[Config->EventCount];
}

/* Starts what comes next on a connection. */
static void EventRun(SERVER_CONFIG *Config, DWORD Slot)
{
    OVERLAPPED_EX *Context = Config->Contexts[Slot];

    /*
     * TODO 2.1: Start the next operation (OperationBegin). Once it is under way, leave: the event tells when it has
     * ended. One that failed at once sets no event: hand over its error (OperationDone), which decides what comes
     * next.
     */
    /* stub */
    TodoAnswer(TODO("2.1"), Context->Socket);
    /* end of stub */
    EventRemove(Config, Slot);
}

/* The event of a connection is set: fetches what the operation did. */
static void EventDone(SERVER_CONFIG *Config, DWORD Slot)
{
    OVERLAPPED_EX *Context = Config->Contexts[Slot];
    DWORD Bytes = 0;
    DWORD Flags = 0;
    BOOL Good;

    /*
     * TODO 2.1: Reset the event, then ask how the operation ended and how many bytes it moved: one call tells it of
     * files, another of sockets. Neither needs to wait.
     */
    /* stub */
    (void)Flags;
    Good = TodoAnswer(TODO("2.1"), Context->Socket) == 0;
    /* end of stub */
    OperationDone(Context, Bytes, Good ? 0 : GetLastError());
    EventRun(Config, Slot);
}

void EventAdd(SERVER_CONFIG *Config, OVERLAPPED_EX *Context)
{
    DWORD Slot = Config->EventCount++;

    Config->Contexts[Slot] = Context;
    /*
     * TODO 2.1: Make an event. It belongs into the array, and into the OVERLAPPED, so that Windows sets it. Without
     * an event the connection is closed.
     */
    /* stub */
    Config->Events[Slot] = WSA_INVALID_EVENT;
    Context->IOOperation = IO_CLOSE;
    TodoAnswer(TODO("2.1"), Context->Socket);
    /* end of stub */
    EventRun(Config, Slot);
}

void EventClear(OVERLAPPED_EX *Context)
{
    /* TODO 2.1: Set everything in the OVERLAPPED to 0 but its event. */
    /* stub */
    (void)Context;
    /* end of stub */
}

void EventRound(SERVER_CONFIG *Config, DWORD Milliseconds)
{
    const DWORD Count = Config->EventCount;
    const BOOL HasRoom = Count < WSA_MAXIMUM_WAIT_EVENTS && !FlagIsSet(&Config->Stopping);
    const DWORD Waits = Count + (HasRoom ? 1 : 0);
    DWORD First;

    if (Waits == 0) {
        return;
    }
    if (HasRoom) {
        Config->Events[Count] = Config->StopEvent;
    }
    /*
     * TODO 2.1: Wait until one of the events is set (how many there are is in Waits), but no longer than
     * Milliseconds. When none is, leave.
     */
    /* stub */
    (void)Milliseconds;
    First = WSA_WAIT_EVENT_0 + Count;
    TodoServe(TODO("2.1"), Config->ListenSocket, 0, &Config->Stopping);
    /* end of stub */
    /*
     * TODO 2.3: Give every connection whose event is set its turn, once. EventDone may remove a connection and move
     * the last one to its place.
     */
    /* stub */
    if (First - WSA_WAIT_EVENT_0 < Count) {
        EventDone(Config, First - WSA_WAIT_EVENT_0);
    }
    /* end of stub */
    if (HasRoom && EventIsSet(Config->StopEvent)) {
        WSAResetEvent(Config->StopEvent);
        Config->ClientsWait = TRUE;
    }
    if (Config->ClientsWait && !FlagIsSet(&Config->Stopping)) {
        SocketListen(Config);
    }
}
