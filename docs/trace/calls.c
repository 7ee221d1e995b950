/**
 * @file calls.c
 * Tables of names.
 */
#include "calls.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *call, *kind;
} posts[] = {
    {"WSARecv", "receive"},
    {"WSARecvFrom", "receive-from"},
    {"WSARecvMsg", "receive-message"},
    {"WSASend", "send"},
    {"WSASendTo", "send-to"},
    {"WSASendMsg", "send-message"},
    {"AcceptEx", "accept"},
    {"ConnectEx", "connect"},
    {"DisconnectEx", "disconnect"},
    {"TransmitFile", "transmit"},
    {"TransmitPackets", "transmit"},
    {"ReadFile", "file-read"},
    {"ReadFileEx", "file-read"},
    {"ReadFileScatter", "file-read"},
    {"WriteFile", "file-write"},
    {"WriteFileEx", "file-write"},
    {"WriteFileGather", "file-write"},
    {"LockFileEx", "file-lock"},
    {"DeviceIoControl", "control"},
    {"WSAIoctl", "control"},
    {"PostQueuedCompletionStatus", "posted"},
};

/* Where a name ends in *, any ending will do. */
static const struct {
    const char *call, *kind;
} blocks[] = {
    {"accept", "accept"},
    {"WSAAccept", "accept"},
    {"connect", "connect"},
    {"WSAConnect*", "connect"},
    {"recv", "receive"},
    {"recvfrom", "receive-from"},
    {"send", "send"},
    {"sendto", "send-to"},
    {"select", ""},
    {"WSAPoll", ""},
    {"Sleep*", ""},
    {"WaitFor*", ""},
    {"WaitOnAddress", ""},
    {"WSAWaitFor*", ""},
    {"MsgWaitFor*", ""},
    {"SignalObjectAndWait", ""},
    {"GetOverlappedResult*", ""},
    {"WSAGetOverlappedResult", ""},
    {"EnterCriticalSection", ""},
    {"AcquireSRWLock*", ""},
    {"InitOnce*", ""},
    {"FlushFileBuffers", ""},
};

static const struct {
    unsigned error;
    const char *name;
} errors[] = {
    {2, "ERROR_FILE_NOT_FOUND"},
    {3, "ERROR_PATH_NOT_FOUND"},
    {5, "ERROR_ACCESS_DENIED"},
    {6, "ERROR_INVALID_HANDLE"},
    {8, "ERROR_NOT_ENOUGH_MEMORY"},
    {38, "ERROR_HANDLE_EOF"},
    {64, "ERROR_NETNAME_DELETED"},
    {87, "ERROR_INVALID_PARAMETER"},
    {109, "ERROR_BROKEN_PIPE"},
    {112, "ERROR_DISK_FULL"},
    {121, "ERROR_SEM_TIMEOUT"},
    {183, "ERROR_ALREADY_EXISTS"},
    {234, "ERROR_MORE_DATA"},
    {258, "WAIT_TIMEOUT"},
    {735, "ERROR_ABANDONED_WAIT_0"},
    {995, "ERROR_OPERATION_ABORTED"},
    {997, "ERROR_IO_PENDING"},
    {1168, "ERROR_NOT_FOUND"},
    {1225, "ERROR_CONNECTION_REFUSED"},
    {1229, "ERROR_CONNECTION_INVALID"},
    {1236, "ERROR_CONNECTION_ABORTED"},
    {1450, "ERROR_NO_SYSTEM_RESOURCES"},
    {10004, "WSAEINTR"},
    {10014, "WSAEFAULT"},
    {10022, "WSAEINVAL"},
    {10024, "WSAEMFILE"},
    {10035, "WSAEWOULDBLOCK"},
    {10038, "WSAENOTSOCK"},
    {10048, "WSAEADDRINUSE"},
    {10053, "WSAECONNABORTED"},
    {10054, "WSAECONNRESET"},
    {10055, "WSAENOBUFS"},
    {10056, "WSAEISCONN"},
    {10057, "WSAENOTCONN"},
    {10058, "WSAESHUTDOWN"},
    {10060, "WSAETIMEDOUT"},
    {10061, "WSAECONNREFUSED"},
};

const char *call_posts(const char *name)
{
    for (size_t i = 0; i < sizeof posts / sizeof posts[0]; i++)
        if (!strcmp(posts[i].call, name))
            return posts[i].kind;
    return NULL;
}

bool call_waits(const char *name)
{
    return !strncmp(name, "GetQueuedCompletionStatus", 25);
}

static bool matches(const char *pattern, const char *name)
{
    const char *star = strchr(pattern, '*');
    return star ? !strncmp(pattern, name, (size_t)(star - pattern)) : !strcmp(pattern, name);
}

bool call_blocks(const char *name, bool overlapped, const char **kind)
{
    *kind = call_posts(name);
    if (*kind)
        return !overlapped && strcmp(name, "PostQueuedCompletionStatus") && !strstr(name, "octl");
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (matches(blocks[i].call, name)) {
            *kind = blocks[i].kind;
            return true;
        }
    }
    *kind = "";
    return false;
}

const char *error_name(unsigned error)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].error == error)
            return errors[i].name;
    return NULL;
}
