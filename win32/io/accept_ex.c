/**
 * @file accept_ex.c
 * AcceptEx: a connection, and perhaps its first data, through the listener's completion port.
 *
 * An accept first waits in its listener's queue for a connection. When data is wanted too, it then waits in the
 * accepted socket's queue. Locks are taken listener before accepted socket.
 */
#include "../include/mswsock.h"
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "../verifier/verifier.h"
#include "socket.h"

/* A record's extra. */
struct accept_call {
    socket_object *listener, *target; /* a reference to each */
    const op *record;
    char *buffer;
    DWORD receive_length, local_length, remote_length;
    struct accept_call *next, *previous; /* in waiting, guarded by its lock */
    bool waiting;
};

/* Accepts that wait for data, of all listeners: closing a listener ends them too. Held only for the list's sake. */
static struct {
    lock lock;
    struct accept_call *first;
} waiting;

static void set_waiting(struct accept_call *call, bool wait)
{
    lock_acquire(&waiting.lock);
    if (wait && !call->waiting) {
        call->previous = NULL;
        call->next = waiting.first;
        if (call->next)
            call->next->previous = call;
        waiting.first = call;
    } else if (!wait && call->waiting) {
        *(call->previous ? &call->previous->next : &waiting.first) = call->next;
        if (call->next)
            call->next->previous = call->previous;
    }
    call->waiting = wait;
    lock_release(&waiting.lock);
}

device *accept_listener(op *record)
{
    return &((struct accept_call *)record->extra)->listener->device;
}

host_buffer accept_buffer(const op *record)
{
    const struct accept_call *call = record->kind == OP_ACCEPT ? record->extra : NULL;
    return call ? (host_buffer){call->buffer, (size_t)call->receive_length + call->local_length + call->remote_length}
                : (host_buffer){NULL, 0};
}

HANDLE accept_target(const op *record)
{
    const struct accept_call *call = record->extra;
    return call ? object_handle(&call->target->device.base) : NULL;
}

void accept_forget(op *record)
{
    struct accept_call *call = record->extra;
    if (!call)
        return;
    set_waiting(call, false);
    socket_release(call->listener);
    socket_release(call->target);
}

/* An address area: the address in Winsock's layout, and in its last four bytes how long it is. */
static void write_address(char *area, DWORD length, const host_address *address)
{
    memset(area, 0, length);
    memcpy(area, address->bytes, address->length < length - 4 ? address->length : length - 4);
    memcpy(area + length - 4, &address->length, 4);
}

/* Makes the target the owner of a connection that was just accepted. */
static void attach(struct accept_call *call, host_file file, const host_address *remote)
{
    socket_object *s = call->target;
    host_address local = {0};
    host_local_address(file, &local);
    write_address(call->buffer + call->receive_length, call->local_length, &local);
    write_address(call->buffer + call->receive_length + call->local_length, call->remote_length, remote);
    lock_acquire(&s->device.lock);
    if (s->file != HOST_NONE)
        host_socket_close(s->file);
    s->file = file;
    s->watched = s->reset = s->hung_up = s->shut_receive = s->shut_send = false;
    s->readable = s->writable = READY_PERHAPS;
    s->bound = s->connected = s->needs_context = true;
    s->reusable = false;
    s->connected_since = host_now();
    lock_release(&s->device.lock);
}

static uint32_t perform_first_data(socket_object *s, op *record, struct accept_call *call)
{
    DWORD length = faults_on() ? faults_first_data(call->receive_length) : call->receive_length;
    op receive = {.kind = OP_RECEIVE, .count = 1, .buffer = {call->buffer, length}};
    uint32_t status = socket_perform(s, &receive);
    record->bytes = receive.bytes;
    return status;
}

uint32_t perform_accept(socket_object *s, op *record)
{
    struct accept_call *call = record->extra;
    host_file file;
    host_address remote;
    if (s == call->target)
        return perform_first_data(s, record, call);
    uint32_t status = host_accept(s->file, &file, &remote);
    if (status == STATUS_WOULD_BLOCK)
        s->readable = READY_NO;
    if (status)
        return status;
    if (faults_on() && !faults_connect(&call->target->pool, FAULTS_ACCEPTED)) {
        host_socket_close(file);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    attach(call, file, &remote);
    return call->receive_length ? STATUS_PENDING : STATUS_SUCCESS;
}

void accept_continue(op *record)
{
    struct accept_call *call = record->extra;
    socket_object *s = call->target;
    object_keep(&s->device.base);
    lock_acquire(&s->device.lock);
    call->record = record;
    set_waiting(call, true);
    socket_enqueue(s, record);
    if (s->closing || socket_watch(s) != STATUS_SUCCESS)
        socket_cancel(s, (cancel_filter){.overlapped = record->overlapped, .kind = OP_ACCEPT});
    else
        socket_work(s);
    lock_release(&s->device.lock);
    socket_release(s);
}

unsigned accept_cancel_waiting(socket_object *listener, const OVERLAPPED *overlapped, DWORD thread)
{
    unsigned count = 0;
    for (;;) {
        socket_object *target = NULL;
        OVERLAPPED *found = NULL;
        lock_acquire(&waiting.lock);
        for (struct accept_call *call = waiting.first; call && !target; call = call->next) {
            if (call->listener != listener || (overlapped && call->record->overlapped != overlapped) ||
                (thread && call->record->thread != thread))
                continue;
            target = call->target;
            found = call->record->overlapped;
            object_keep(&target->device.base);
        }
        lock_release(&waiting.lock);
        if (!target)
            return count;
        lock_acquire(&target->device.lock);
        count += socket_cancel(target, (cancel_filter){.overlapped = found, .kind = OP_ACCEPT});
        lock_release(&target->device.lock);
        socket_release(target);
    }
}

static uint32_t check(socket_object *listener, socket_object *target, struct accept_call *call)
{
    DWORD least = (listener->family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)) + 16;
    lock_acquire(&target->device.lock);
    bool fresh =
        !target->bound && !target->connected && !target->listening && !target->receives.last && !target->sends.last;
    lock_release(&target->device.lock);
    if (!listener->listening || !listener->device.overlapped || !fresh || listener == target)
        return STATUS_INVALID_PARAMETER;
    if (verifier_on() && (call->local_length < least || call->remote_length < least))
        verifier_accept_sizes(call->local_length, call->remote_length, least);
    if (!call->buffer || call->local_length < least || call->remote_length < least)
        return STATUS_FAULT;
    return STATUS_SUCCESS;
}

BOOL PASCAL AcceptEx(SOCKET sListenSocket, SOCKET sAcceptSocket, PVOID lpOutputBuffer, DWORD dwReceiveDataLength,
                     DWORD dwLocalAddressLength, DWORD dwRemoteAddressLength, LPDWORD lpdwBytesReceived,
                     LPOVERLAPPED lpOverlapped)
{
    DWORD bytes = 0;
    uint32_t status = STATUS_INSUFFICIENT_RESOURCES;
    JOURNAL_CALL("AcceptEx", sListenSocket, lpOverlapped, dwReceiveDataLength);
    socket_object *listener = socket_find(sListenSocket);
    socket_object *target = listener ? socket_find(sAcceptSocket) : NULL;
    struct accept_call *call = target && lpOverlapped ? malloc(sizeof *call) : NULL;
    op record = {.overlapped = lpOverlapped, .kind = OP_ACCEPT, .extra = call};
    if (!call) {
        if (target)
            socket_fail(lpOverlapped ? status : STATUS_INVALID_PARAMETER);
        object_release((object *)listener);
        object_release((object *)target);
        return FALSE;
    }
    *call = (struct accept_call){.listener = listener,
                                 .target = target,
                                 .buffer = lpOutputBuffer,
                                 .receive_length = dwReceiveDataLength,
                                 .local_length = dwLocalAddressLength,
                                 .remote_length = dwRemoteAddressLength};
    status = check(listener, target, call);
    if (status) {
        op_clear(&record);
        return socket_fail(status), FALSE;
    }
    object_keep(&listener->device.base); /* the call's references may go before this function ends */
    status = socket_start(listener, &record, &bytes);
    object_release(&listener->device.base);
    if (status == STATUS_PENDING)
        SetLastError(ERROR_IO_PENDING);
    else if (status)
        socket_fail(status);
    else if (lpdwBytesReceived)
        *lpdwBytesReceived = bytes;
    return status == STATUS_SUCCESS;
}

void PASCAL GetAcceptExSockaddrs(PVOID lpOutputBuffer, DWORD dwReceiveDataLength, DWORD dwLocalAddressLength,
                                 DWORD dwRemoteAddressLength, struct sockaddr **LocalSockaddr,
                                 LPINT LocalSockaddrLength, struct sockaddr **RemoteSockaddr,
                                 LPINT RemoteSockaddrLength)
{
    char *local = (char *)lpOutputBuffer + dwReceiveDataLength, *remote = local + dwLocalAddressLength;
    *LocalSockaddr = (struct sockaddr *)local;
    memcpy(LocalSockaddrLength, remote - 4, 4);
    *RemoteSockaddr = (struct sockaddr *)remote;
    memcpy(RemoteSockaddrLength, remote + dwRemoteAddressLength - 4, 4);
}
