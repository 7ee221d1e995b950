/**
 * @file message.c
 * FormatMessage: the texts of the system errors, in English and in our own words.
 */
#include "thread.h"

struct text {
    DWORD code;
    const char *text;
};

/* In the order of the codes, each as winerror.h has it. */
static const struct text texts[] = {
    {ERROR_SUCCESS, "The operation succeeded."},
    {ERROR_INVALID_FUNCTION, "The function does not exist or does not fit this object."},
    {ERROR_FILE_NOT_FOUND, "There is no file of that name."},
    {ERROR_PATH_NOT_FOUND, "A folder of the path does not exist."},
    {ERROR_TOO_MANY_OPEN_FILES, "Too many files are open."},
    {ERROR_ACCESS_DENIED, "Access is not allowed."},
    {ERROR_INVALID_HANDLE, "The handle is closed, stale or of the wrong kind."},
    {ERROR_NOT_ENOUGH_MEMORY, "There is too little memory for this call."},
    {ERROR_OUTOFMEMORY, "There is too little memory for this operation."},
    {ERROR_NOT_SAME_DEVICE, "A file cannot be moved to another volume like that."},
    {ERROR_WRITE_PROTECT, "The medium is write-protected."},
    {ERROR_NOT_READY, "The device is not ready."},
    {ERROR_SHARING_VIOLATION, "Another handle keeps the file from being used like that."},
    {ERROR_HANDLE_EOF, "The end of the file was reached."},
    {ERROR_HANDLE_DISK_FULL, "The disk is full."},
    {ERROR_NOT_SUPPORTED, "That is not supported."},
    {ERROR_NETNAME_DELETED, "The connection is gone: it was reset or closed under the operation."},
    {ERROR_FILE_EXISTS, "The file exists."},
    {ERROR_INVALID_PARAMETER, "A parameter is wrong."},
    {ERROR_BROKEN_PIPE, "The other end of the pipe was closed."},
    {ERROR_DISK_FULL, "There is no room left on the disk."},
    {ERROR_CALL_NOT_IMPLEMENTED, "The function is not implemented."},
    {ERROR_SEM_TIMEOUT, "The network did not answer within its time."},
    {ERROR_INSUFFICIENT_BUFFER, "The buffer is too small for the answer."},
    {ERROR_INVALID_NAME, "The name has a form or a character that names cannot have."},
    {ERROR_NEGATIVE_SEEK, "The file pointer cannot stand before the start of the file."},
    {ERROR_DIR_NOT_EMPTY, "The folder is not empty."},
    {ERROR_BUSY, "What is asked for is in use."},
    {ERROR_ALREADY_EXISTS, "Something of that name exists already."},
    {ERROR_ENVVAR_NOT_FOUND, "There is no environment variable of that name."},
    {ERROR_FILENAME_EXCED_RANGE, "The name is too long."},
    {ERROR_FILE_TOO_LARGE, "The file is too large."},
    {ERROR_NO_DATA, "The other end of the pipe is being closed."},
    {ERROR_MORE_DATA, "There is more data than the buffer holds."},
    {WAIT_TIMEOUT, "The wait ended before what it waited for."},
    {ERROR_DIRECTORY, "The name is not that of a folder."},
    {ERROR_NOT_OWNER, "The calling thread does not own the mutex."},
    {ERROR_TOO_MANY_POSTS, "The semaphore cannot be released above its maximum."},
    {ERROR_MR_MID_NOT_FOUND, "There is no text for that message number."},
    {ERROR_INVALID_ADDRESS, "The address is not part of such a reservation."},
    {ERROR_ABANDONED_WAIT_0, "What the wait was for was closed: the completion port no longer exists."},
    {ERROR_OPERATION_ABORTED, "The operation was cancelled, or its handle was closed."},
    {ERROR_IO_INCOMPLETE, "The overlapped operation has not ended yet."},
    {ERROR_IO_PENDING, "The overlapped operation was started and will end later."},
    {ERROR_NOACCESS, "The memory cannot be used like that."},
    {ERROR_FILE_INVALID, "The file has no content that could be mapped, or was changed from outside."},
    {ERROR_MAPPED_ALIGNMENT, "The base or offset is not a multiple of the allocation granularity."},
    {ERROR_NOT_FOUND, "What was looked for was not found."},
    {ERROR_CONNECTION_REFUSED, "The other machine refused the connection."},
    {ERROR_GRACEFUL_DISCONNECT, "The connection was closed in good order."},
    {ERROR_NETWORK_UNREACHABLE, "There is no way to that network."},
    {ERROR_HOST_UNREACHABLE, "There is no way to that machine."},
    {ERROR_PORT_UNREACHABLE, "Nothing listens at that address."},
    {ERROR_CONNECTION_ABORTED, "This machine gave the connection up."},
    {ERROR_NO_SYSTEM_RESOURCES, "The system lacks the resources for this operation."},
    {ERROR_WORKING_SET_QUOTA, "The process may not lock so many pages."},
    {ERROR_TIMEOUT, "The time for the operation was over before it ended."},
    {WSAEINTR, "The blocking call was interrupted."},
    {WSAEBADF, "The handle is not valid for that."},
    {WSAEACCES, "The socket may not do that."},
    {WSAEFAULT, "A pointer or length does not fit its buffer."},
    {WSAEINVAL, "A parameter is wrong, or the socket is not in the right state."},
    {WSAEMFILE, "Too many sockets are open."},
    {WSAEWOULDBLOCK, "The operation cannot end at once, and the socket does not block."},
    {WSAEINPROGRESS, "A blocking call is being carried out."},
    {WSAEALREADY, "The socket is doing that already."},
    {WSAENOTSOCK, "The handle is not that of a socket."},
    {WSAEDESTADDRREQ, "The operation needs an address to go to."},
    {WSAEMSGSIZE, "The message is larger than the buffer or than the network carries."},
    {WSAEPROTOTYPE, "The protocol does not fit the type of socket."},
    {WSAENOPROTOOPT, "The option is unknown at that level or for that socket."},
    {WSAEPROTONOSUPPORT, "The protocol is not supported."},
    {WSAESOCKTNOSUPPORT, "The type of socket is not supported in that family."},
    {WSAEOPNOTSUPP, "The operation is not supported for that socket."},
    {WSAEPFNOSUPPORT, "The protocol family is not supported."},
    {WSAEAFNOSUPPORT, "The address family does not fit the protocol."},
    {WSAEADDRINUSE, "The address is in use already."},
    {WSAEADDRNOTAVAIL, "The address does not belong to this machine."},
    {WSAENETDOWN, "The network is down."},
    {WSAENETUNREACH, "The network cannot be reached."},
    {WSAENETRESET, "The connection broke because it stopped answering."},
    {WSAECONNABORTED, "This machine ended the connection."},
    {WSAECONNRESET, "The other end reset the connection."},
    {WSAENOBUFS, "The system has no buffers left for the operation."},
    {WSAEISCONN, "The socket is connected already."},
    {WSAENOTCONN, "The socket is not connected."},
    {WSAESHUTDOWN, "That direction of the socket was shut down."},
    {WSAETIMEDOUT, "The other end did not answer in time."},
    {WSAECONNREFUSED, "The other machine refused the connection."},
    {WSAENAMETOOLONG, "The name is too long."},
    {WSAEHOSTUNREACH, "The machine cannot be reached."},
    {WSASYSNOTREADY, "The network is not ready for use."},
    {WSAVERNOTSUPPORTED, "That version of Winsock is not offered."},
    {WSANOTINITIALISED, "WSAStartup was not called, or WSACleanup was since."},
    {WSAEDISCON, "The other end is closing the connection."},
    {WSASERVICE_NOT_FOUND, "There is no such service."},
    {WSATYPE_NOT_FOUND, "There is no such service or class."},
    {WSA_E_NO_MORE, "There are no more results."},
    {WSAHOST_NOT_FOUND, "There is no machine of that name."},
    {WSATRY_AGAIN, "The name could not be looked up now; a later try may succeed."},
    {WSANO_RECOVERY, "The name cannot be looked up because of an error that will stay."},
    {WSANO_DATA, "The name exists, but not with the kind of data that was asked for."},
};

static const char *find(DWORD code)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].code == code)
            return texts[i].text;
    return NULL;
}

/* Where the message goes: the program's buffer, or a new one whose address is stored in it. */
static char *destination(DWORD flags, LPSTR buffer, DWORD capacity, size_t size)
{
    if (!(flags & FORMAT_MESSAGE_ALLOCATE_BUFFER)) {
        if (capacity >= size)
            return buffer;
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return NULL;
    }
    char *made = LocalAlloc(LMEM_FIXED, size > capacity ? size : capacity); /* then nSize is the least to allocate */
    memcpy(buffer, &made, sizeof made);
    return made;
}

DWORD WINAPI FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId, LPSTR lpBuffer,
                            DWORD nSize, void *Arguments)
{
    (void)lpSource, (void)dwLanguageId, (void)Arguments; /* the texts have no inserts */
    if (!lpBuffer || !(dwFlags & FORMAT_MESSAGE_FROM_SYSTEM)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    const char *text = find(dwMessageId);
    if (!text) {
        SetLastError(ERROR_MR_MID_NOT_FOUND);
        return 0;
    }
    /* With the width mask the text's own line ends are left out; Windows then leaves a blank in their place. */
    const char *end = (dwFlags & FORMAT_MESSAGE_MAX_WIDTH_MASK) == FORMAT_MESSAGE_MAX_WIDTH_MASK ? " " : "\r\n";
    size_t length = strlen(text), end_length = strlen(end);
    char *to = destination(dwFlags, lpBuffer, nSize, length + end_length + 1);
    if (!to)
        return 0;
    memcpy(to, text, length);
    memcpy(to + length, end, end_length + 1);
    return (DWORD)(length + end_length);
}
