/**
 * @file option.c
 * Socket options.
 */
#include "../journal/journal.h"
#include "../include/mswsock.h"
#include "socket.h"

/* Options that are the host's, one to one. */
static const struct {
    int level, name;
    host_option host;
    bool settable;
} plain[] = {
    {SOL_SOCKET, SO_KEEPALIVE, HOST_OPTION_KEEPALIVE, true},
    {SOL_SOCKET, SO_BROADCAST, HOST_OPTION_BROADCAST, true},
    {SOL_SOCKET, SO_SNDBUF, HOST_OPTION_SEND_BUFFER, true},
    {SOL_SOCKET, SO_RCVBUF, HOST_OPTION_RECEIVE_BUFFER, true},
    {SOL_SOCKET, SO_TYPE, HOST_OPTION_TYPE, false},
    {SOL_SOCKET, SO_ACCEPTCONN, HOST_OPTION_LISTENING, false},
    {IPPROTO_TCP, TCP_NODELAY, HOST_OPTION_NO_DELAY, true},
    {IPPROTO_IPV6, IPV6_V6ONLY, HOST_OPTION_V6_ONLY, true},
};

/* What SO_SNDBUF 0 is here. Windows then sends from the program's own pages. The host has no such way, and its smallest
 * buffer would leave it idle between acknowledgements: so this is as little as keeps a connection busy. */
enum { LEAST_SEND_BUFFER = 128 * 1024 };

static int find(int level, int name)
{
    for (int i = 0; i < (int)(sizeof plain / sizeof plain[0]); i++)
        if (plain[i].level == level && plain[i].name == name)
            return i;
    return -1;
}

/* SO_UPDATE_ACCEPT_CONTEXT: the accepted socket takes over its listener's options and becomes an ordinary one. */
static uint32_t update_accept_context(socket_object *s, const char *value, int length)
{
    SOCKET listener;
    if (length < (int)sizeof listener)
        return STATUS_FAULT;
    memcpy(&listener, value, sizeof listener);
    socket_object *found = (socket_object *)object_find((HANDLE)listener, OBJECT_SOCKET);
    if (!found)
        return STATUS_NOT_A_SOCKET;
    bool right = found->listening && s->connected;
    if (right) {
        s->needs_context = false;
        s->receive_timeout = found->receive_timeout;
        s->send_timeout = found->send_timeout;
    }
    object_release(&found->device.base);
    return right ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* A value as far as a number holds it; of what is shorter, the rest is 0. */
static uint32_t number_of(const char *value, int length)
{
    uint32_t number = 0;
    if (value && length > 0)
        memcpy(&number, value, length < (int)sizeof number ? (size_t)length : sizeof number);
    return number;
}

static uint32_t set(socket_object *s, int level, int name, const char *value, int length)
{
    int number = (int)number_of(value, length), i = find(level, name);
    LINGER linger;
    if (i >= 0) {
        if (!plain[i].settable)
            return STATUS_NOT_SUPPORTED;
        if (plain[i].host == HOST_OPTION_SEND_BUFFER) {
            s->no_send_buffer = number == 0;
            if (s->no_send_buffer)
                number = LEAST_SEND_BUFFER;
        }
        return host_option_set(s->file, plain[i].host, number);
    }
    if (level != SOL_SOCKET)
        return STATUS_NOT_SUPPORTED;
    switch (name) {
    case SO_REUSEADDR:
        s->reuse_address = number != 0;
        return STATUS_SUCCESS;
    case SO_EXCLUSIVEADDRUSE:
    case SO_DEBUG:
    case SO_DONTROUTE:
        return STATUS_SUCCESS;
    case SO_RCVTIMEO:
        s->receive_timeout = (DWORD)number;
        return STATUS_SUCCESS;
    case SO_SNDTIMEO:
        s->send_timeout = (DWORD)number;
        return STATUS_SUCCESS;
    case SO_LINGER:
        if (length < (int)sizeof linger)
            return STATUS_FAULT;
        memcpy(&linger, value, sizeof linger);
        return host_option_set(s->file, HOST_OPTION_LINGER, linger.l_onoff ? linger.l_linger : -1);
    case SO_DONTLINGER:
        return host_option_set(s->file, HOST_OPTION_LINGER, -1);
    case SO_UPDATE_ACCEPT_CONTEXT:
        return update_accept_context(s, value, length);
    case SO_UPDATE_CONNECT_CONTEXT:
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

int WSAAPI setsockopt(SOCKET s, int level, int optname, const char *optval, int optlen)
{
    JOURNAL_CALL("setsockopt", s, (const void *)(uintptr_t)number_of(optval, optlen),
                 (uint64_t)(uint32_t)level << 16 | (optname & 0xffff));
    socket_object *found = socket_find(s);
    if (!found)
        return SOCKET_ERROR;
    /* SO_UPDATE_ACCEPT_CONTEXT looks at the listener without its lock, because locks go the other way round. */
    lock_acquire(&found->device.lock);
    bool empty = optname == SO_UPDATE_CONNECT_CONTEXT;
    uint32_t status = !empty && (!optval || optlen < 1) ? STATUS_FAULT : socket_need_file(found);
    if (!status)
        status = set(found, level, optname, optval ? optval : "", optlen);
    lock_release(&found->device.lock);
    socket_release(found);
    if (status == STATUS_NOT_SUPPORTED)
        SetLastError(WSAENOPROTOOPT);
    else if (status)
        socket_fail(status);
    return status ? SOCKET_ERROR : 0;
}

static uint32_t get(socket_object *s, int level, int name, int *number)
{
    int i = find(level, name);
    uint32_t status;
    if (i >= 0) {
        if (plain[i].host == HOST_OPTION_SEND_BUFFER && s->no_send_buffer)
            return *number = 0, STATUS_SUCCESS;
        return host_option_get(s->file, plain[i].host, number);
    }
    if (level != SOL_SOCKET)
        return STATUS_NOT_SUPPORTED;
    switch (name) {
    case SO_ERROR:
        status = host_option_get(s->file, HOST_OPTION_ERROR, number);
        *number = (int)status_to_winsock((uint32_t)*number);
        return status;
    case SO_REUSEADDR:
        return *number = s->reuse_address, STATUS_SUCCESS;
    case SO_RCVTIMEO:
        return *number = (int)s->receive_timeout, STATUS_SUCCESS;
    case SO_SNDTIMEO:
        return *number = (int)s->send_timeout, STATUS_SUCCESS;
    case SO_CONNECT_TIME:
        /* Whole seconds since the connection came, all ones without one. */
        *number = s->connected_since ? (int)((host_now() - s->connected_since) / 1000000000u) : -1;
        return STATUS_SUCCESS;
    case SO_EXCLUSIVEADDRUSE:
    case SO_DEBUG:
    case SO_DONTROUTE:
        return *number = 0, STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

/* Options that are on or off, for which one byte of room is enough. */
static bool is_flag(int level, int name)
{
    return (level == SOL_SOCKET && name < SO_LINGER) || level == IPPROTO_TCP || level == IPPROTO_IPV6;
}

int WSAAPI getsockopt(SOCKET s, int level, int optname, char *optval, int *optlen)
{
    WATCH_CALL("getsockopt");
    int number = 0, seconds = -1;
    socket_object *found = socket_find(s);
    if (!found)
        return SOCKET_ERROR;
    uint32_t status = STATUS_FAULT;
    lock_acquire(&found->device.lock);
    if (optname != SO_CONNECT_TIME && (status = socket_need_file(found)) != STATUS_SUCCESS) {
        goto done;
    }
    status = STATUS_FAULT;
    if (optval && optlen && level == SOL_SOCKET && optname == SO_LINGER && *optlen >= (int)sizeof(LINGER)) {
        status = host_option_get(found->file, HOST_OPTION_LINGER, &seconds);
        LINGER linger = {seconds >= 0, seconds >= 0 ? (u_short)seconds : 0};
        memcpy(optval, &linger, sizeof linger);
        *optlen = sizeof linger;
    } else if (optval && optlen && *optlen >= (is_flag(level, optname) ? 1 : (int)sizeof number)) {
        status = get(found, level, optname, &number);
        *optlen = *optlen < (int)sizeof number ? *optlen : (int)sizeof number;
        memcpy(optval, &number, (size_t)*optlen);
    }
done:
    lock_release(&found->device.lock);
    socket_release(found);
    if (status == STATUS_NOT_SUPPORTED)
        SetLastError(WSAENOPROTOOPT);
    else if (status)
        socket_fail(status);
    return status ? SOCKET_ERROR : 0;
}
