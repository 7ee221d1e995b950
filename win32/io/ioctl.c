/**
 * @file ioctl.c
 * WSAIoctl and ioctlsocket: the blocking mode, how much is waiting, and the way to the extension functions.
 */
#include "../include/mswsock.h"
#include "../journal/journal.h"
#include "mswsock_calls.h"
#include "socket.h"

static const struct {
    GUID id;
    void (*function)(void);
} extensions[] = {
    {WSAID_ACCEPTEX, (void (*)(void))AcceptEx},
    {WSAID_GETACCEPTEXSOCKADDRS, (void (*)(void))GetAcceptExSockaddrs},
    {WSAID_CONNECTEX, (void (*)(void))connect_ex},
    {WSAID_DISCONNECTEX, (void (*)(void))disconnect_ex},
    {WSAID_TRANSMITFILE, (void (*)(void))TransmitFile},
    {WSAID_TRANSMITPACKETS, (void (*)(void))transmit_packets},
    {WSAID_WSARECVMSG, (void (*)(void))socket_receive_message},
};

static uint32_t find_extension(const void *id, DWORD id_size, void *out, DWORD out_size, DWORD *bytes)
{
    if (!id || id_size < sizeof(GUID) || !out || out_size < sizeof extensions[0].function)
        return STATUS_FAULT;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (memcmp(&extensions[i].id, id, sizeof(GUID)) == 0) {
            memcpy(out, &extensions[i].function, sizeof extensions[i].function);
            *bytes = sizeof extensions[i].function;
            return STATUS_SUCCESS;
        }
    return STATUS_INVALID_PARAMETER;
}

static uint32_t control(socket_object *s, DWORD code, const void *in, DWORD in_size, void *out, DWORD out_size,
                        DWORD *bytes)
{
    ULONG value = 0;
    size_t waiting = 0;
    uint32_t status;
    switch (code) {
    case FIONBIO:
        if (!in || in_size < sizeof value)
            return STATUS_FAULT;
        memcpy(&value, in, sizeof value);
        if (s->events && !value)
            return STATUS_INVALID_PARAMETER; /* WSAEventSelect keeps its socket non-blocking */
        s->nonblocking = value != 0;
        return STATUS_SUCCESS;
    case FIONREAD:
        if (!out || out_size < sizeof value)
            return STATUS_FAULT;
        status = socket_need_file(s);
        if (!status)
            status = host_bytes_waiting(s->file, &waiting);
        value = (ULONG)waiting;
        memcpy(out, &value, sizeof value);
        *bytes = sizeof value;
        return status;
    case SIO_GET_EXTENSION_FUNCTION_POINTER:
        return find_extension(in, in_size, out, out_size, bytes);
    case SIO_KEEPALIVE_VALS:
        /* The first word says on or off; the times are left to the system's own. */
        if (!in || in_size < 3 * sizeof value)
            return STATUS_FAULT;
        memcpy(&value, in, sizeof value);
        status = socket_need_file(s);
        return status ? status : host_option_set(s->file, HOST_OPTION_KEEPALIVE, value != 0);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

int WSAAPI WSAIoctl(SOCKET s, DWORD dwIoControlCode, LPVOID lpvInBuffer, DWORD cbInBuffer, LPVOID lpvOutBuffer,
                    DWORD cbOutBuffer, LPDWORD lpcbBytesReturned, LPWSAOVERLAPPED lpOverlapped,
                    LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
    DWORD bytes = 0;
    JOURNAL_CALL("WSAIoctl", s, lpOverlapped, dwIoControlCode);
    socket_object *found = socket_find(s);
    if (!found)
        return SOCKET_ERROR;
    lock_acquire(&found->device.lock);
    uint32_t status = lpCompletionRoutine                     ? STATUS_NOT_SUPPORTED
                      : !lpcbBytesReturned && !lpOverlapped ? STATUS_FAULT
                                                            : control(found, dwIoControlCode, lpvInBuffer, cbInBuffer,
                                                                      lpvOutBuffer, cbOutBuffer, &bytes);
    if (!status && lpOverlapped && found->device.overlapped) {
        /* All of these succeed at once; with an OVERLAPPED the packet comes as for any other operation. */
        op record = {.overlapped = lpOverlapped, .kind = OP_POSTED, .bytes = bytes};
        op *kept = op_keep(&record);
        overlapped_begin(lpOverlapped);
        if (kept)
            overlapped_finish(&found->device, kept, true);
        else
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    lock_release(&found->device.lock);
    socket_release(found);
    if (!status && lpcbBytesReturned)
        *lpcbBytesReturned = bytes;
    return status ? socket_fail(status) : 0;
}

int WSAAPI ioctlsocket(SOCKET s, LONG cmd, ULONG *argp)
{
    DWORD bytes = 0;
    return WSAIoctl(s, (DWORD)cmd, argp, sizeof *argp, argp, sizeof *argp, &bytes, NULL, NULL);
}

/* Without WSALookupServiceBegin in the slice there is no lookup handle that it could be given. */
int WSAAPI WSANSPIoctl(HANDLE hLookup, DWORD dwControlCode, LPVOID lpvInBuffer, DWORD cbInBuffer, LPVOID lpvOutBuffer,
                       DWORD cbOutBuffer, LPDWORD lpcbBytesReturned, LPWSACOMPLETION lpCompletion)
{
    (void)hLookup, (void)lpvInBuffer, (void)cbInBuffer, (void)lpvOutBuffer, (void)cbOutBuffer, (void)lpCompletion;
    if (!winsock_started())
        SetLastError(WSANOTINITIALISED);
    else if (!lpcbBytesReturned)
        SetLastError(WSAEFAULT);
    else
        SetLastError(dwControlCode == SIO_NSP_NOTIFY_CHANGE ? WSA_INVALID_HANDLE : WSAEOPNOTSUPP);
    return SOCKET_ERROR;
}
