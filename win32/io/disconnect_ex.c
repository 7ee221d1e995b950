/**
 * @file disconnect_ex.c
 * ConnectEx and DisconnectEx: the two ends of a connection as overlapped operations.
 */
#include "../include/mswsock.h"
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "mswsock_calls.h"
#include "socket.h"

BOOL PASCAL connect_ex(SOCKET s, const struct sockaddr *name, int namelen, PVOID lpSendBuffer, DWORD dwSendDataLength,
                       LPDWORD lpdwBytesSent, LPOVERLAPPED lpOverlapped)
{
    DWORD bytes = 0;
    host_address *address = malloc(sizeof *address);
    JOURNAL_CALL("ConnectEx", s, lpOverlapped, lpSendBuffer ? dwSendDataLength : 0);
    socket_object *found = socket_find(s);
    uint32_t status = STATUS_SUCCESS;
    if (!found) {
        free(address);
        return FALSE;
    }
    lock_acquire(&found->device.lock);
    bool ready = found->bound && !found->listening, busy = found->connected || found->connecting;
    lock_release(&found->device.lock);
    if (!address)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!address_from_program(name, namelen, address))
        status = STATUS_FAULT;
    else if (!ready || !lpOverlapped)
        status = STATUS_INVALID_PARAMETER;
    else if (busy)
        status = STATUS_CONNECTION_ACTIVE;
    if (status) {
        free(address);
    } else {
        op record = {.overlapped = lpOverlapped, .kind = OP_CONNECT, .extra = address};
        if (lpSendBuffer && dwSendDataLength) {
            record.count = 1;
            record.buffer.data = lpSendBuffer;
            record.buffer.length = dwSendDataLength;
        }
        status = socket_start(found, &record, &bytes);
    }
    socket_release(found);
    return overlapped_answer(status, bytes, lpdwBytesSent);
}

BOOL overlapped_answer(uint32_t status, DWORD bytes, LPDWORD done)
{
    if (status == STATUS_PENDING)
        SetLastError(ERROR_IO_PENDING);
    else if (status)
        socket_fail(status);
    else if (done)
        *done = bytes;
    return status == STATUS_SUCCESS;
}

/* Ends what was sent, then waits for the peer to end its side, throwing away what it still sends: a descriptor that is
 * closed with unread bytes would reset the connection and with it the last answer. */
uint32_t perform_disconnect(socket_object *s, op *record)
{
    static char sink[16384]; /* written by several threads at once, read by none */
    host_buffer buffer = {sink, sizeof sink};
    size_t bytes = 1;
    uint32_t status = STATUS_SUCCESS;
    if (!s->shut_send && host_shutdown(s->file, SD_SEND) == STATUS_SUCCESS)
        s->shut_send = true;
    while (status == STATUS_SUCCESS && bytes) {
        unsigned flags = HOST_RECV_STREAM;
        status = host_receive(s->file, &buffer, 1, &flags, &bytes, NULL);
    }
    if (status == STATUS_WOULD_BLOCK) {
        s->readable = READY_NO;
        return status;
    }
    /* End of the stream, or a reset: gone either way. */
    s->connected = false;
    s->connected_since = 0;
    if (record->position) {
        host_socket_close(s->file);
        s->file = HOST_NONE;
        faults_disconnect(&s->pool);
        s->watched = s->bound = s->needs_context = s->reset = false;
        s->reusable = true;
    }
    return STATUS_SUCCESS;
}

BOOL PASCAL disconnect_ex(SOCKET s, LPOVERLAPPED lpOverlapped, DWORD dwFlags, DWORD dwReserved)
{
    DWORD bytes;
    JOURNAL_CALL("DisconnectEx", s, lpOverlapped, dwFlags);
    socket_object *found = socket_find(s);
    if (!found)
        return FALSE;
    lock_acquire(&found->device.lock);
    bool connected = found->connected;
    lock_release(&found->device.lock);
    /* position: whether the socket is to be used again */
    op record = {.overlapped = lpOverlapped, .kind = OP_DISCONNECT, .position = dwFlags & TF_REUSE_SOCKET};
    uint32_t status = dwReserved || dwFlags & ~(DWORD)TF_REUSE_SOCKET ? STATUS_INVALID_PARAMETER
                      : !connected                                    ? STATUS_CONNECTION_INVALID
                      : lpOverlapped                                  ? socket_start(found, &record, &bytes)
                                                                      : socket_block(found, &record, &bytes);
    socket_release(found);
    return overlapped_answer(status, 0, NULL);
}
