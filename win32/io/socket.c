/**
 * @file socket.c
 * Making, finding and closing sockets.
 */
#include "socket.h"

#include "../faults/faults.h"
#include "../journal/journal.h"
#include "../object/helper.h"
#include "../verifier/verifier.h"

static LONG started; /* calls of WSAStartup without their WSACleanup; changed atomically */

bool winsock_started(void)
{
    return __atomic_load_n(&started, __ATOMIC_RELAXED) > 0;
}

int WSAAPI WSAStartup(WORD wVersionRequested, LPWSADATA lpWSAData)
{
    if (LOBYTE(wVersionRequested) < 1)
        return WSAVERNOTSUPPORTED;
    if (!lpWSAData)
        return WSAEFAULT;
    WATCH_CALL("WSAStartup");
    *lpWSAData = (WSADATA){.wVersion = LOBYTE(wVersionRequested) > 2 ? MAKEWORD(2, 2) : wVersionRequested,
                           .wHighVersion = MAKEWORD(2, 2),
                           .iMaxSockets = 0,
                           .szDescription = "Winsock 2, the slice of it that the course uses",
                           .szSystemStatus = "Running"};
    __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
    return 0;
}

int WSAAPI WSACleanup(void)
{
    WATCH_CALL("WSACleanup");
    LONG count = __atomic_load_n(&started, __ATOMIC_RELAXED);
    do {
        if (count == 0) {
            SetLastError(WSANOTINITIALISED);
            return SOCKET_ERROR;
        }
    } while (!__atomic_compare_exchange_n(&started, &count, count - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    if (count == 1 && verifier_on())
        verifier_cleanup();
    return 0;
}

void WSAAPI WSASetLastError(int iError)
{
    SetLastError((DWORD)iError);
}

int socket_fail(uint32_t status)
{
    SetLastError(status_to_winsock(status));
    return SOCKET_ERROR;
}

socket_object *socket_find(SOCKET s)
{
    if (!winsock_started()) {
        SetLastError(WSANOTINITIALISED);
        return NULL;
    }
    socket_object *found = (socket_object *)object_find((HANDLE)s, OBJECT_SOCKET);
    if (!found)
        SetLastError(WSAENOTSOCK);
    return found;
}

/* The handle was closed: what is out ends as cancelled, and blocked calls wake. The descriptor goes with the last
 * reference, so nobody meets another one under its number. */
static void closing(object *o)
{
    socket_object *s = (socket_object *)o;
    lock_acquire(&s->device.lock);
    s->closing = true;
    socket_cancel(s, (cancel_filter){0});
    bool blocked = s->blocked > 0, listening = s->listening;
    lock_release(&s->device.lock);
    if (listening)
        accept_cancel_waiting(s, NULL, 0);
    if (blocked)
        host_interrupt(s->file);
}

static void destroy(object *o)
{
    socket_object *s = (socket_object *)o;
    if (s->file != HOST_NONE)
        host_socket_close(s->file);
    socket_events_free(s);
    faults_disconnect(&s->pool);
    object_release((object *)s->device.port);
    free(s);
}

/* A poll found the descriptor ready. */
static void ready(object *o, unsigned ready, uint32_t sequence)
{
    socket_object *s = (socket_object *)o;
    lock_acquire(&s->device.lock);
    /* An event of a poll that began before the last byte was taken may be about that byte. */
    bool fresh = (int32_t)(sequence - s->drained_at) > 0;
    if (ready & HOST_READABLE)
        s->readable = fresh ? READY_YES : READY_PERHAPS;
    if (ready & HOST_WRITABLE)
        s->writable = READY_PERHAPS;
    if (ready & HOST_HANGUP)
        s->hung_up = true;
    socket_work(s);
    if (s->events)
        socket_events_ready(s, ready);
    lock_release(&s->device.lock);
}

static unsigned cancel(device *d, const OVERLAPPED *overlapped, DWORD thread)
{
    socket_object *s = (socket_object *)d;
    lock_acquire(&d->lock);
    unsigned count = socket_cancel(s, (cancel_filter){.overlapped = overlapped, .thread = thread});
    if (!overlapped && !thread)
        count += socket_wait_cancel(s);
    bool listening = s->listening;
    lock_release(&d->lock);
    return count + (listening ? accept_cancel_waiting(s, overlapped, thread) : 0);
}

static uint32_t queue_length(const op_queue *q)
{
    uint32_t length = 0;
    for (const op *record = queue_first(q); record; record = record == q->last ? NULL : record->next)
        length++;
    return length;
}

/* From the helper's poll to the port's. */
static void associated(device *d)
{
    socket_object *s = (socket_object *)d;
    if (s->watched)
        helper_unwatch(s->file);
    s->watched = false;
    uint32_t out = queue_length(&s->receives) + queue_length(&s->sends);
    __atomic_add_fetch(&d->port->pending, out, __ATOMIC_RELAXED);
    if (s->events)
        port_expects(d->port);
    if (out || s->events)
        socket_watch(s);
}

static const device_type socket_type = {
    .object = {.kind = OBJECT_SOCKET, .closing = closing, .destroy = destroy, .ready = ready},
    .cancel = cancel,
    .associated = associated,
};

SOCKET socket_open(host_file file, int family, int type, int protocol, socket_object **made)
{
    socket_object *s = calloc(1, sizeof *s);
    HANDLE handle = s ? object_open(&s->device.base, &socket_type.object) : NULL;
    if (!handle) {
        free(s);
        if (file != HOST_NONE)
            host_socket_close(file);
        SetLastError(WSAENOBUFS);
        return INVALID_SOCKET;
    }
    s->file = file;
    s->family = (uint8_t)family;
    s->type = (uint8_t)type;
    s->protocol = (uint8_t)protocol;
    s->readable = s->writable = READY_PERHAPS;
    if (made)
        *made = s;
    return (SOCKET)handle;
}

uint32_t socket_need_file(socket_object *s)
{
    return s->file != HOST_NONE ? STATUS_SUCCESS : host_socket(s->family, s->type, s->protocol, &s->file);
}

SOCKET WSAAPI WSASocketA(int af, int type, int protocol, LPWSAPROTOCOL_INFOA lpProtocolInfo, GROUP g, DWORD dwFlags)
{
    host_file file = HOST_NONE;
    socket_object *s = NULL;
    (void)g;
    JOURNAL_CALL("WSASocket", NULL, NULL, dwFlags);
    FAULTS_MAY_FAIL(watch_now.name, INVALID_SOCKET);
    if (!winsock_started()) {
        SetLastError(WSANOTINITIALISED);
        return INVALID_SOCKET;
    }
    if (lpProtocolInfo || (type != SOCK_STREAM && type != SOCK_DGRAM)) {
        SetLastError(lpProtocolInfo ? WSAEINVAL : WSAESOCKTNOSUPPORT);
        return INVALID_SOCKET;
    }
    /* What is sure to be possible can wait until it is known whether a descriptor is needed at all. */
    bool later = af == AF_INET && type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
    uint32_t status = later ? STATUS_SUCCESS : host_socket(af, type, protocol, &file);
    if (status) {
        socket_fail(status);
        return INVALID_SOCKET;
    }
    SOCKET handle = socket_open(file, af, type, protocol, &s);
    if (s)
        s->device.overlapped = dwFlags & WSA_FLAG_OVERLAPPED;
    return handle;
}

SOCKET WSAAPI WSASocketW(int af, int type, int protocol, LPWSAPROTOCOL_INFOW lpProtocolInfo, GROUP g, DWORD dwFlags)
{
    WATCH_PASS("WSASocket");
    return WSASocketA(af, type, protocol, (LPWSAPROTOCOL_INFOA)lpProtocolInfo, g, dwFlags);
}

/* As on Windows, socket makes an overlapped socket. */
SOCKET WSAAPI socket(int af, int type, int protocol)
{
    WATCH_PASS("socket");
    return WSASocketA(af, type, protocol, NULL, 0, WSA_FLAG_OVERLAPPED);
}

int WSAAPI closesocket(SOCKET s)
{
    JOURNAL_CALL("closesocket", s, NULL, 0);
    if (!winsock_started()) {
        SetLastError(WSANOTINITIALISED);
        return SOCKET_ERROR;
    }
    if (object_close((HANDLE)s, OBJECT_SOCKET))
        return 0;
    SetLastError(WSAENOTSOCK);
    return SOCKET_ERROR;
}
