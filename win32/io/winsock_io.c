/**
 * @file winsock_io.c
 * Sending and receiving: the calls.
 */
#include "../journal/journal.h"
#include "socket.h"

static unsigned receive_flags(DWORD flags)
{
    return (flags & MSG_PEEK ? (unsigned)HOST_RECV_PEEK : 0u) | (flags & MSG_OOB ? (unsigned)HOST_RECV_OOB : 0u) |
           (flags & MSG_WAITALL ? (unsigned)HOST_RECV_WAITALL : 0u);
}

/* Captures the array of buffers, as Windows does: the program may reuse it when the call returns, but not the data. */
static bool capture(op *record, const WSABUF *buffers, DWORD count)
{
    record->count = (uint16_t)count;
    if (count == 1) {
        record->buffer.data = buffers[0].buf;
        record->buffer.length = buffers[0].len;
        return true;
    }
    record->buffers = op_buffers_allocate(count);
    if (!record->buffers) {
        record->count = 0;
        return false;
    }
    for (DWORD i = 0; i < count; i++)
        record->buffers[i] = (host_buffer){buffers[i].buf, buffers[i].len};
    return true;
}

static DWORD sum(const WSABUF *buffers, DWORD count)
{
    DWORD total = 0;
    for (DWORD i = 0; i < count && buffers; i++)
        total += buffers[i].len;
    return total;
}

/* Runs a record that is complete but for its buffers. @return 0 or SOCKET_ERROR, with the last error set */
static int transfer(SOCKET s, op *record, const WSABUF *buffers, DWORD count, DWORD *done,
                    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    socket_object *found = socket_find(s);
    uint32_t status = STATUS_SUCCESS;
    DWORD bytes = 0;
    if (!found) {
        free(record->extra);
        return SOCKET_ERROR;
    }
    if (routine)
        status = STATUS_NOT_SUPPORTED;
    else if (!buffers || count == 0 || count > 0xffff)
        status = STATUS_INVALID_PARAMETER;
    else if (!capture(record, buffers, count))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status)
        op_clear(record);
    else if (record->overlapped && found->device.overlapped)
        status = socket_start(found, record, &bytes);
    else
        status = socket_block(found, record, &bytes);
    socket_release(found);
    if (done && (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW))
        *done = bytes;
    if (status == STATUS_PENDING)
        SetLastError(WSA_IO_PENDING);
    else if (status)
        socket_fail(status);
    return status ? SOCKET_ERROR : 0;
}

/* The two calls that a server makes for every request: the watched way is a function of its own, so that the other has
 * nothing to keep for it. */
static inline int send_buffers(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD done, DWORD flags,
                               LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    op record = {.overlapped = overlapped, .kind = OP_SEND, .flags = flags & MSG_OOB ? HOST_RECV_OOB : 0};
    return transfer(s, &record, buffers, count, done, routine);
}

__attribute__((noinline, cold)) static int send_watched(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD done,
                                                        DWORD flags, LPWSAOVERLAPPED overlapped,
                                                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, const void *caller,
                                                        const char *frame)
{
    watch_enter("WSASend", (HANDLE)s, overlapped, sum(buffers, count), caller, frame);
    return send_buffers(s, buffers, count, done, flags, overlapped, routine);
}

int WSAAPI WSASend(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
                   LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
    if (watch_on())
        return send_watched(s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, lpOverlapped,
                            lpCompletionRoutine, __builtin_return_address(0), WATCH_FRAME);
    return send_buffers(s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, lpOverlapped, lpCompletionRoutine);
}

int WSAAPI WSASendTo(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
                     const struct sockaddr *lpTo, int iTolen, LPWSAOVERLAPPED lpOverlapped,
                     LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
    JOURNAL_CALL("WSASendTo", s, lpOverlapped, sum(lpBuffers, dwBufferCount));
    op record = {.overlapped = lpOverlapped, .kind = OP_SEND, .flags = dwFlags & MSG_OOB ? HOST_RECV_OOB : 0};
    if (lpTo) {
        host_address *to = malloc(sizeof *to);
        if (!to || !address_from_program(lpTo, iTolen, to)) {
            free(to);
            SetLastError(to ? WSAEFAULT : WSAENOBUFS);
            return SOCKET_ERROR;
        }
        record.kind = OP_SEND_TO;
        record.extra = to;
    }
    return transfer(s, &record, lpBuffers, dwBufferCount, lpNumberOfBytesSent, lpCompletionRoutine);
}

static inline int receive_buffers(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD done, LPDWORD flags,
                                  LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    if (!flags) {
        SetLastError(WSAEFAULT);
        return SOCKET_ERROR;
    }
    op record = {.overlapped = overlapped, .kind = OP_RECEIVE, .flags = (uint8_t)receive_flags(*flags)};
    *flags = 0;
    return transfer(s, &record, buffers, count, done, routine);
}

__attribute__((noinline, cold)) static int receive_watched(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD done,
                                                           LPDWORD flags, LPWSAOVERLAPPED overlapped,
                                                           LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
                                                           const void *caller, const char *frame)
{
    watch_enter("WSARecv", (HANDLE)s, overlapped, sum(buffers, count), caller, frame);
    return receive_buffers(s, buffers, count, done, flags, overlapped, routine);
}

int WSAAPI WSARecv(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd, LPDWORD lpFlags,
                   LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
    if (watch_on())
        return receive_watched(s, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpOverlapped,
                               lpCompletionRoutine, __builtin_return_address(0), WATCH_FRAME);
    return receive_buffers(s, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpOverlapped,
                           lpCompletionRoutine);
}

int WSAAPI WSARecvFrom(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd, LPDWORD lpFlags,
                       struct sockaddr *lpFrom, LPINT lpFromlen, LPWSAOVERLAPPED lpOverlapped,
                       LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
    JOURNAL_CALL("WSARecvFrom", s, lpOverlapped, sum(lpBuffers, dwBufferCount));
    if (!lpFlags || (lpFrom && !lpFromlen)) {
        SetLastError(WSAEFAULT);
        return SOCKET_ERROR;
    }
    op record = {.overlapped = lpOverlapped, .kind = OP_RECEIVE_FROM, .flags = (uint8_t)receive_flags(*lpFlags)};
    if (lpFrom && !(record.extra = receive_from_make(lpFrom, lpFromlen, NULL))) {
        SetLastError(WSAENOBUFS);
        return SOCKET_ERROR;
    }
    *lpFlags = 0;
    return transfer(s, &record, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpCompletionRoutine);
}

INT socket_receive_message(SOCKET s, LPWSAMSG lpMsg, LPDWORD lpdwNumberOfBytesRecvd, LPWSAOVERLAPPED lpOverlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
    JOURNAL_CALL("WSARecvMsg", s, lpOverlapped, lpMsg ? sum(lpMsg->lpBuffers, lpMsg->dwBufferCount) : 0);
    if (!lpMsg) {
        SetLastError(WSAEFAULT);
        return SOCKET_ERROR;
    }
    op record = {.overlapped = lpOverlapped,
                 .kind = OP_RECEIVE_MESSAGE,
                 .flags = (uint8_t)receive_flags(lpMsg->dwFlags),
                 .extra = receive_from_make(lpMsg->name, &lpMsg->namelen, lpMsg)};
    if (!record.extra) {
        SetLastError(WSAENOBUFS);
        return SOCKET_ERROR;
    }
    return transfer(s, &record, lpMsg->lpBuffers, lpMsg->dwBufferCount, lpdwNumberOfBytesRecvd, lpCompletionRoutine);
}

int WSAAPI send(SOCKET s, const char *buf, int len, int flags)
{
    DWORD done = 0;
    WSABUF buffer = {(ULONG)len, (char *)(uintptr_t)buf};
    JOURNAL_CALL("send", s, NULL, (ULONG)len);
    op record = {.kind = OP_SEND, .flags = flags & MSG_OOB ? HOST_RECV_OOB : 0};
    return transfer(s, &record, &buffer, 1, &done, NULL) ? SOCKET_ERROR : (int)done;
}

int WSAAPI sendto(SOCKET s, const char *buf, int len, int flags, const struct sockaddr *to, int tolen)
{
    DWORD done = 0;
    WSABUF buffer = {(ULONG)len, (char *)(uintptr_t)buf};
    WATCH_PASS("sendto");
    return WSASendTo(s, &buffer, 1, &done, (DWORD)flags, to, tolen, NULL, NULL) ? SOCKET_ERROR : (int)done;
}

int WSAAPI recv(SOCKET s, char *buf, int len, int flags)
{
    DWORD done = 0;
    WSABUF buffer = {(ULONG)len, buf};
    JOURNAL_CALL("recv", s, NULL, (ULONG)len);
    op record = {.kind = OP_RECEIVE, .flags = (uint8_t)receive_flags((DWORD)flags)};
    return transfer(s, &record, &buffer, 1, &done, NULL) ? SOCKET_ERROR : (int)done;
}

int WSAAPI recvfrom(SOCKET s, char *buf, int len, int flags, struct sockaddr *from, int *fromlen)
{
    DWORD done = 0, how = (DWORD)flags;
    WSABUF buffer = {(ULONG)len, buf};
    WATCH_PASS("recvfrom");
    return WSARecvFrom(s, &buffer, 1, &done, &how, from, fromlen, NULL, NULL) ? SOCKET_ERROR : (int)done;
}

static BOOL as_file(object *o, op *record, char *buffer, DWORD length, LPDWORD done)
{
    WSABUF whole = {length, buffer};
    DWORD bytes = 0;
    if (transfer((SOCKET)object_handle(o), record, &whole, 1, &bytes, NULL) == 0) {
        if (done)
            *done = bytes;
        return TRUE;
    }
    return FALSE;
}

BOOL socket_read_file(object *o, void *buffer, DWORD length, LPDWORD done, LPOVERLAPPED overlapped)
{
    op record = {.overlapped = overlapped, .kind = OP_RECEIVE};
    return as_file(o, &record, buffer, length, done);
}

BOOL socket_write_file(object *o, const void *buffer, DWORD length, LPDWORD done, LPOVERLAPPED overlapped)
{
    op record = {.overlapped = overlapped, .kind = OP_SEND};
    return as_file(o, &record, (char *)(uintptr_t)buffer, length, done);
}
