/**
 * @file connection.c
 * From a fresh socket to a connection and its end: bind, listen, accept, connect, shutdown, and who is at either end.
 */
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "../object/deadline.h"
#include "../verifier/verifier.h"
#include "socket.h"

/* The calls below that only look or set share one shape: find, lock, work, unlock, tell. */
static int finish_call(socket_object *s, uint32_t status)
{
    lock_release(&s->device.lock);
    socket_release(s);
    return status ? socket_fail(status) : 0;
}

static socket_object *begin_call(SOCKET handle)
{
    socket_object *s = socket_find(handle);
    if (s)
        lock_acquire(&s->device.lock);
    return s;
}

int WSAAPI bind(SOCKET s, const struct sockaddr *name, int namelen)
{
    host_address address;
    JOURNAL_CALL("bind", s, NULL, 0);
    socket_object *found = begin_call(s);
    if (!found)
        return SOCKET_ERROR;
    uint32_t status = found->bound                                     ? STATUS_INVALID_PARAMETER
                      : !address_from_program(name, namelen, &address) ? STATUS_FAULT
                                                                       : socket_need_file(found);
    if (!status)
        status = host_bind(found->file, &address);
    found->bound |= status == STATUS_SUCCESS;
    return finish_call(found, status);
}

int WSAAPI listen(SOCKET s, int backlog)
{
    JOURNAL_CALL("listen", s, NULL, (uint64_t)(backlog < 0 ? 0 : backlog));
    socket_object *found = begin_call(s);
    if (!found)
        return SOCKET_ERROR;
    uint32_t status = !found->bound      ? STATUS_INVALID_PARAMETER
                      : found->connected ? STATUS_CONNECTION_ACTIVE
                                         : host_listen(found->file, backlog);
    found->listening |= status == STATUS_SUCCESS;
    return finish_call(found, status);
}

/* Takes one connection, waiting for it unless the listener is non-blocking. */
static uint32_t accept_one(socket_object *s, host_file *file, host_address *remote)
{
    uint32_t status;
    lock_acquire(&s->device.lock);
    for (uint16_t cancels = s->cancels;;) {
        status = s->closing              ? STATUS_FILE_CLOSED
                 : s->cancels != cancels ? STATUS_CANCELLED
                 : !s->listening         ? STATUS_INVALID_PARAMETER
                                         : host_accept(s->file, file, remote);
        if (status != STATUS_WOULD_BLOCK || s->nonblocking)
            break;
        host_wait_entry entry = {.file = s->file, .wanted = HOST_READABLE};
        socket_wait(s, &entry, HOST_FOREVER);
    }
    if (s->events)
        socket_events_called(s, FD_ACCEPT, true);
    lock_release(&s->device.lock);
    return status;
}

SOCKET WSAAPI accept(SOCKET s, struct sockaddr *addr, int *addrlen)
{
    host_file file;
    host_address remote;
    SOCKET accepted = INVALID_SOCKET;
    JOURNAL_CALL("accept", s, NULL, 0);
    FAULTS_MAY_FAIL("accept", INVALID_SOCKET);
    socket_object *listener = socket_find(s), *made;
    if (!listener)
        return INVALID_SOCKET;
    if (addr && addrlen && *addrlen < (int)sizeof(struct sockaddr_in)) {
        SetLastError(WSAEFAULT);
        goto done;
    }
    uint32_t status = accept_one(listener, &file, &remote);
    if (status) {
        SetLastError(status_to_winsock(status));
        goto done;
    }
    accepted = socket_open(file, listener->family, listener->type, listener->protocol, &made);
    if (accepted == INVALID_SOCKET)
        goto done;
    /* An accepted socket takes over how its listener was opened, but not the completion port. */
    made->device.overlapped = listener->device.overlapped;
    made->nonblocking = listener->nonblocking;
    made->receive_timeout = listener->receive_timeout;
    made->send_timeout = listener->send_timeout;
    made->bound = made->connected = true;
    if (faults_on() && !faults_connect(&made->pool, FAULTS_ACCEPTED)) {
        object_close((HANDLE)accepted, OBJECT_SOCKET);
        accepted = INVALID_SOCKET;
        SetLastError(WSAENOBUFS);
        goto done;
    }
    made->connected_since = host_now();
    if (addr && addrlen)
        address_to_program(&remote, addr, addrlen);
    JOURNAL_EVENT("complete", "accept", accepted, NULL, 0, 0);
done:
    if (accepted == INVALID_SOCKET)
        JOURNAL_WOKE(0, last_error_look());
    socket_release(listener);
    return accepted;
}

SOCKET WSAAPI WSAAccept(SOCKET s, struct sockaddr *addr, LPINT addrlen, LPCONDITIONPROC lpfnCondition,
                        DWORD_PTR dwCallbackData)
{
    (void)dwCallbackData;
    if (lpfnCondition) {
        SetLastError(WSAEOPNOTSUPP);
        return INVALID_SOCKET;
    }
    WATCH_PASS("accept");
    return accept(s, addr, addrlen);
}

int WSAAPI connect(SOCKET s, const struct sockaddr *name, int namelen)
{
    host_address address;
    DWORD bytes;
    JOURNAL_CALL("connect", s, NULL, 0);
    socket_object *found = socket_find(s);
    uint32_t status = STATUS_SUCCESS;
    if (!found)
        return SOCKET_ERROR;
    if (!address_from_program(name, namelen, &address))
        status = STATUS_FAULT;
    else if (found->listening)
        status = STATUS_INVALID_PARAMETER;
    else if (found->connected && found->type == SOCK_STREAM)
        status = STATUS_CONNECTION_ACTIVE;
    else if (found->connecting)
        status = STATUS_ALREADY_PENDING;
    if (!status) {
        op record = {.kind = OP_CONNECT};
        record.extra = malloc(sizeof address);
        if (record.extra)
            memcpy(record.extra, &address, sizeof address);
        status = record.extra ? socket_block(found, &record, &bytes) : STATUS_INSUFFICIENT_RESOURCES;
    }
    socket_release(found);
    return status ? socket_fail(status) : 0;
}

/* A record's extra is the address. Data to send with the connection (ConnectEx) is in its buffers. */
uint32_t perform_connect(socket_object *s, op *record)
{
    uint32_t status;
    if (!s->connecting && !s->connected) {
        status = socket_need_file(s);
        if (!status && faults_on() && !faults_connect(&s->pool, FAULTS_CONNECTED))
            status = STATUS_INSUFFICIENT_RESOURCES;
        if (!status)
            status = host_connect(s->file, record->extra);
        s->connecting = status == STATUS_WOULD_BLOCK;
    } else {
        status = s->connected ? STATUS_SUCCESS : host_connect_result(s->file);
    }
    if (status == STATUS_WOULD_BLOCK) {
        s->writable = READY_NO;
        s->hung_up = false; /* a socket that was never connected polls as hung up */
        return status;
    }
    s->connecting = false;
    s->connected = s->bound = status == STATUS_SUCCESS;
    if (status)
        return status;
    if (!s->connected_since)
        s->connected_since = host_now();
    s->readable = s->writable = READY_PERHAPS;
    if (record->count == 0)
        return STATUS_SUCCESS;
    op rest = *record;
    rest.kind = OP_SEND;
    status = socket_perform(s, &rest);
    record->position = rest.position;
    record->bytes = rest.bytes;
    return status;
}

/* Whether a call has to refuse a socket that AcceptEx connected, because it is not complete yet. */
static bool is_incomplete(const socket_object *s)
{
    if (s->needs_context && verifier_on())
        verifier_no_context(object_handle(&s->device.base));
    return s->needs_context;
}

int WSAAPI shutdown(SOCKET s, int how)
{
    JOURNAL_CALL("shutdown", s, NULL, (uint64_t)how);
    socket_object *found = begin_call(s);
    if (!found)
        return SOCKET_ERROR;
    uint32_t status = how < SD_RECEIVE || how > SD_BOTH                 ? STATUS_INVALID_PARAMETER
                      : is_incomplete(found)                            ? STATUS_CONNECTION_INVALID
                      : found->type == SOCK_STREAM && !found->connected ? STATUS_CONNECTION_INVALID
                                                                        : host_shutdown(found->file, how);
    if (status == STATUS_CONNECTION_INVALID && found->connected && !found->needs_context)
        status = STATUS_SUCCESS; /* the peer reset it: there is nothing left to shut down */
    if (!status) {
        found->shut_receive |= how != SD_SEND;
        found->shut_send |= how != SD_RECEIVE;
        found->hung_up = true; /* what waits in the queues has its answer now */
        socket_work(found);
    }
    return finish_call(found, status);
}

int WSAAPI getsockname(SOCKET s, struct sockaddr *name, int *namelen)
{
    host_address address = {0};
    WATCH_CALL("getsockname");
    socket_object *found = begin_call(s);
    if (!found)
        return SOCKET_ERROR;
    uint32_t status = !found->bound ? STATUS_INVALID_PARAMETER : host_local_address(found->file, &address);
    if (!status && (!name || !namelen || !address_to_program(&address, name, namelen)))
        status = STATUS_FAULT;
    return finish_call(found, status);
}

int WSAAPI getpeername(SOCKET s, struct sockaddr *name, int *namelen)
{
    host_address address = {0};
    WATCH_CALL("getpeername");
    socket_object *found = begin_call(s);
    if (!found)
        return SOCKET_ERROR;
    bool nobody = is_incomplete(found) || found->file == HOST_NONE;
    uint32_t status = nobody ? STATUS_CONNECTION_INVALID : host_remote_address(found->file, &address);
    if (!status && (!name || !namelen || !address_to_program(&address, name, namelen)))
        status = STATUS_FAULT;
    return finish_call(found, status);
}
