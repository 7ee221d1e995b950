/**
 * @file errors.c
 * errno as NTSTATUS.
 */
#include "linux.h"

#include <errno.h>

uint32_t linux_status(int error)
{
    switch (error) {
    case 0:
        return STATUS_SUCCESS;
    case EAGAIN:
    case EINPROGRESS:
        return STATUS_WOULD_BLOCK;
    case EALREADY:
        return STATUS_ALREADY_PENDING;
    case EBADF:
        return STATUS_INVALID_HANDLE;
    case EINVAL:
        return STATUS_INVALID_PARAMETER;
    case EFAULT:
        return STATUS_FAULT;
    case EACCES:
    case EPERM:
    case ETXTBSY:
    case ELOOP:
        return STATUS_ACCESS_DENIED;
    case EROFS:
        return STATUS_MEDIA_WRITE_PROTECTED;
    case ENOENT:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case ENOTDIR:
        return STATUS_OBJECT_PATH_NOT_FOUND;
    case ENAMETOOLONG:
        return STATUS_OBJECT_NAME_INVALID;
    case EEXIST:
        return STATUS_OBJECT_NAME_COLLISION;
    case EISDIR:
        return STATUS_FILE_IS_A_DIRECTORY;
    case ENOTEMPTY:
        return STATUS_DIRECTORY_NOT_EMPTY;
    case EXDEV:
        return STATUS_NOT_SAME_DEVICE;
    case ENOSPC:
    case EDQUOT:
        return STATUS_DISK_FULL;
    case EFBIG:
        return STATUS_FILE_TOO_LARGE;
    case EMFILE:
    case ENFILE:
        return STATUS_TOO_MANY_OPENED_FILES;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case ENOBUFS:
        return STATUS_INSUFFICIENT_RESOURCES;
    case ENOTSOCK:
        return STATUS_NOT_A_SOCKET;
    case EOPNOTSUPP:
    case EPROTOTYPE:
        return STATUS_NOT_SUPPORTED;
    case EAFNOSUPPORT:
        return STATUS_ADDRESS_FAMILY;
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
        return STATUS_PROTOCOL;
    case EADDRINUSE:
        return STATUS_ADDRESS_ALREADY_EXISTS;
    case EADDRNOTAVAIL:
        return STATUS_INVALID_ADDRESS_COMPONENT;
    case EMSGSIZE:
        return STATUS_BUFFER_OVERFLOW;
    case ECONNRESET:
        return STATUS_CONNECTION_RESET;
    case EPIPE:
        return STATUS_PIPE_BROKEN;
    case ECONNABORTED:
        return STATUS_CONNECTION_ABORTED;
    case ECONNREFUSED:
        return STATUS_CONNECTION_REFUSED;
    case ENOTCONN:
    case EDESTADDRREQ:
        return STATUS_CONNECTION_INVALID;
    case EISCONN:
        return STATUS_CONNECTION_ACTIVE;
    case ETIMEDOUT:
        return STATUS_IO_TIMEOUT;
    case ENETUNREACH:
        return STATUS_NETWORK_UNREACHABLE;
    case EHOSTUNREACH:
        return STATUS_HOST_UNREACHABLE;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
