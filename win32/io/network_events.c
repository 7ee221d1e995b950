/**
 * @file network_events.c
 * WSAEventSelect: an event that is set when something happens on a socket; and the events' Winsock names.
 *
 * What was told is not told again before the program has made the call that belongs to it, with success or without:
 * accept or AcceptEx, a receive, or a send that found no room. If it still holds after that call it is told at once.
 */
#include "../journal/journal.h"
#include "socket.h"

/* Guarded by the socket's lock. */
struct socket_events {
    HANDLE event;
    LONG wanted;   /* FD_… */
    LONG happened; /* since the last WSAEnumNetworkEvents */
    LONG told;     /* already, and the call that has it told again not yet made; FD_CLOSE and FD_CONNECT have none */
    int errors[FD_MAX_EVENTS];
};

void socket_events_free(socket_object *s)
{
    if (s->events && s->device.port)
        port_expects_no_more(s->device.port);
    free(s->events);
    s->events = NULL;
}

/* While an accept waits in the queue it is the one that takes the next connection: there is nothing to tell. */
static LONG what_happened(socket_object *s, unsigned ready)
{
    LONG happened = 0;
    if (ready & HOST_READABLE)
        happened |= s->listening ? (s->receives.last ? 0 : FD_ACCEPT) : s->connected ? FD_READ : 0;
    if (ready & HOST_WRITABLE && !s->listening)
        happened |= s->connecting ? FD_CONNECT : s->connected ? FD_WRITE : 0;
    if (ready & HOST_HANGUP && s->connected)
        happened |= FD_CLOSE;
    return happened;
}

/* A listener whose queue took the connection, or a reader that took the data, has nothing to tell: look again. */
static unsigned still_ready(socket_object *s, unsigned ready)
{
    host_wait_entry entry = {.file = s->file, .wanted = HOST_READABLE | HOST_WRITABLE};
    if (s->file == HOST_NONE || host_wait_ready(&entry, 1, 0) == 0)
        return 0;
    return entry.ready & (ready | HOST_HANGUP);
}

void socket_events_ready(socket_object *s, unsigned ready)
{
    struct socket_events *events = s->events;
    LONG happened = what_happened(s, still_ready(s, ready)) & events->wanted & ~events->told;
    if (happened & FD_CONNECT) {
        uint32_t status = host_connect_result(s->file);
        s->connected = status == STATUS_SUCCESS;
        s->connecting = false;
        events->errors[FD_CONNECT_BIT] = (int)status_to_winsock(status);
    }
    if (!happened)
        return;
    events->told |= happened;
    events->happened |= happened;
    event_set_by_handle(events->event);
}

void socket_events_called(socket_object *s, LONG event, bool look)
{
    if (!(s->events->told & event))
        return;
    s->events->told &= ~event;
    if (look)
        socket_events_ready(s, HOST_READABLE);
}

int WSAAPI WSAEventSelect(SOCKET s, WSAEVENT hEventObject, LONG lNetworkEvents)
{
    JOURNAL_CALL("WSAEventSelect", s, NULL, (uint64_t)lNetworkEvents);
    socket_object *found = socket_find(s);
    uint32_t status = STATUS_SUCCESS;
    if (!found)
        return SOCKET_ERROR;
    lock_acquire(&found->device.lock);
    found->nonblocking = true;
    socket_events_free(found);
    if (lNetworkEvents) {
        found->events = calloc(1, sizeof *found->events);
        status = found->events ? socket_watch(found) : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (found->events) {
        if (found->device.port)
            port_expects(found->device.port); /* the event must be set even when nobody is at the port */
        found->events->event = hEventObject;
        found->events->wanted = lNetworkEvents;
        socket_events_ready(found, HOST_READABLE | HOST_WRITABLE);
    }
    lock_release(&found->device.lock);
    socket_release(found);
    return status ? socket_fail(status) : 0;
}

int WSAAPI WSAEnumNetworkEvents(SOCKET s, WSAEVENT hEventObject, LPWSANETWORKEVENTS lpNetworkEvents)
{
    socket_object *found = socket_find(s);
    if (!found)
        return SOCKET_ERROR;
    if (!lpNetworkEvents) {
        socket_release(found);
        return socket_fail(STATUS_FAULT);
    }
    *lpNetworkEvents = (WSANETWORKEVENTS){0};
    lock_acquire(&found->device.lock);
    if (hEventObject)
        event_clear_by_handle(hEventObject);
    if (found->events) {
        lpNetworkEvents->lNetworkEvents = found->events->happened;
        memcpy(lpNetworkEvents->iErrorCode, found->events->errors, sizeof found->events->errors);
        found->events->happened = 0;
    }
    lock_release(&found->device.lock);
    socket_release(found);
    return 0;
}

WSAEVENT WSAAPI WSACreateEvent(void)
{
    WATCH_PASS("WSACreateEvent");
    return CreateEventA(NULL, TRUE, FALSE, NULL);
}

BOOL WSAAPI WSACloseEvent(WSAEVENT hEvent)
{
    WATCH_PASS("WSACloseEvent");
    return CloseHandle(hEvent);
}

BOOL WSAAPI WSASetEvent(WSAEVENT hEvent)
{
    WATCH_PASS("WSASetEvent");
    return SetEvent(hEvent);
}

BOOL WSAAPI WSAResetEvent(WSAEVENT hEvent)
{
    return ResetEvent(hEvent);
}

DWORD WSAAPI WSAWaitForMultipleEvents(DWORD cEvents, const WSAEVENT *lphEvents, BOOL fWaitAll, DWORD dwTimeout,
                                      BOOL fAlertable)
{
    WATCH_PASS("WSAWaitForMultipleEvents");
    return WaitForMultipleObjectsEx(cEvents, lphEvents, fWaitAll, dwTimeout, fAlertable);
}
