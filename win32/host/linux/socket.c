/**
 * @file socket.c
 * Sockets: one system call a function, never blocking.
 *
 * Every descriptor is non-blocking and closed on exec. Whether a program's socket blocks is decided above.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BUFFERS_AT_ONCE = 64 };

static uint32_t result(int value)
{
    return value < 0 ? linux_status(errno) : STATUS_SUCCESS;
}

uint32_t host_socket(int family, int type, int protocol, host_file *file)
{
    int known = linux_family_in(family);
    if (known < 0)
        return STATUS_ADDRESS_FAMILY;
    *file = socket(known, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (*file < 0)
        return linux_status(errno);
    /* Windows lets a server bind again while old connections of its port linger in TIME_WAIT. Linux does with this
     * option, and still refuses a port on which somebody listens. */
    int on = 1;
    if (type == SOCK_STREAM)
        setsockopt(*file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return STATUS_SUCCESS;
}

void host_socket_close(host_file file)
{
    close(file);
}

uint32_t host_bind(host_file file, const host_address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = linux_address_in(address, &storage);
    return length ? result(bind(file, (struct sockaddr *)&storage, length)) : STATUS_FAULT;
}

uint32_t host_listen(host_file file, int backlog)
{
    return result(listen(file, backlog));
}

uint32_t host_accept(host_file file, host_file *accepted, host_address *remote)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    *accepted = accept4(file, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (*accepted < 0) {
        /* A connection that was reset while it queued is not this caller's trouble: look for the next one. */
        return errno == ECONNABORTED || errno == EPROTO ? host_accept(file, accepted, remote) : linux_status(errno);
    }
    if (remote)
        linux_address_out(&storage, length, remote);
    return STATUS_SUCCESS;
}

uint32_t host_connect(host_file file, const host_address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = linux_address_in(address, &storage);
    if (!length)
        return STATUS_FAULT;
    return result(connect(file, (struct sockaddr *)&storage, length));
}

uint32_t host_connect_result(host_file file)
{
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        return linux_status(errno);
    if (error)
        return linux_status(error);
    struct sockaddr_storage storage;
    length = sizeof storage;
    if (getpeername(file, (struct sockaddr *)&storage, &length) == 0)
        return STATUS_SUCCESS;
    return errno == ENOTCONN ? STATUS_WOULD_BLOCK : linux_status(errno);
}

static unsigned gather(struct iovec *vector, const host_buffer *buffers, unsigned count)
{
    unsigned used = count < BUFFERS_AT_ONCE ? count : BUFFERS_AT_ONCE;
    for (unsigned i = 0; i < used; i++)
        vector[i] = (struct iovec){buffers[i].data, buffers[i].length};
    return used;
}

uint32_t host_receive(host_file file, const host_buffer *buffers, unsigned count, unsigned *flags, size_t *bytes,
                      host_address *from)
{
    struct iovec vector[BUFFERS_AT_ONCE];
    struct sockaddr_storage storage;
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = gather(vector, buffers, count)};
    if (from) {
        message.msg_name = &storage;
        message.msg_namelen = sizeof storage;
    }
    int how = (*flags & HOST_RECV_PEEK ? MSG_PEEK : 0) | (*flags & HOST_RECV_OOB ? MSG_OOB : 0);
    /* One buffer of a stream is the common case, and recv is cheaper than recvmsg. */
    bool simple = count == 1 && !from && *flags & HOST_RECV_STREAM;
    ssize_t got = simple ? recv(file, buffers->data, buffers->length, how) : recvmsg(file, &message, how);
    if (got < 0)
        return linux_status(errno);
    if (from)
        linux_address_out(&storage, message.msg_namelen, from);
    *flags = message.msg_flags & MSG_TRUNC ? HOST_RECV_TRUNCATED : 0;
    *bytes = (size_t)got;
    return STATUS_SUCCESS;
}

uint32_t host_send(host_file file, const host_buffer *buffers, unsigned count, bool out_of_band, size_t *bytes,
                   const host_address *to)
{
    struct iovec vector[BUFFERS_AT_ONCE];
    struct sockaddr_storage storage;
    int how = MSG_NOSIGNAL | (out_of_band ? MSG_OOB : 0);
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = gather(vector, buffers, count)};
    if (to) {
        message.msg_namelen = linux_address_in(to, &storage);
        message.msg_name = &storage;
        if (!message.msg_namelen)
            return STATUS_FAULT;
    }
    ssize_t sent = count == 1 && !to ? send(file, buffers->data, buffers->length, how) : sendmsg(file, &message, how);
    if (sent < 0) {
        /* EPIPE: this side has shut its sending down, or the connection was reset and the reset already told. */
        return linux_status(errno);
    }
    *bytes = (size_t)sent;
    return STATUS_SUCCESS;
}

/* sendfile cannot be told what sendmsg is with MSG_NOSIGNAL. Windows has no such signal at all. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, NULL);
    }
}

uint32_t host_send_file(host_file socket, host_file file, uint64_t *offset, size_t length, size_t *bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    off_t position = (off_t)*offset;
    pthread_once(&once, ignore_broken_pipes);
    ssize_t sent = sendfile(socket, file, &position, length);
    if (sent < 0)
        return linux_status(errno);
    *offset = (uint64_t)position;
    *bytes = (size_t)sent;
    return STATUS_SUCCESS;
}

uint32_t host_shutdown(host_file file, int how)
{
    return result(shutdown(file, how == 0 ? SHUT_RD : how == 1 ? SHUT_WR : SHUT_RDWR));
}

uint32_t host_disconnect(host_file file)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    return result(connect(file, &none, sizeof none));
}

uint32_t host_local_address(host_file file, host_address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(file, (struct sockaddr *)&storage, &length) != 0)
        return linux_status(errno);
    linux_address_out(&storage, length, address);
    return STATUS_SUCCESS;
}

uint32_t host_remote_address(host_file file, host_address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getpeername(file, (struct sockaddr *)&storage, &length) != 0)
        return linux_status(errno);
    linux_address_out(&storage, length, address);
    return STATUS_SUCCESS;
}

uint32_t host_bytes_waiting(host_file file, size_t *bytes)
{
    int waiting = 0;
    if (ioctl(file, FIONREAD, &waiting) != 0)
        return linux_status(errno);
    *bytes = (size_t)waiting;
    return STATUS_SUCCESS;
}

/* The level and name of each plain option, in the order of host_option; LINGER and ERROR are handled apart. */
static const int options[][2] = {
    {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_RCVBUF},    {IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_LINGER},
    {IPPROTO_IPV6, IPV6_V6ONLY}, {SOL_SOCKET, SO_TYPE},     {SOL_SOCKET, SO_ERROR},
    {SOL_SOCKET, SO_ACCEPTCONN},
};

uint32_t host_option_set(host_file file, host_option option, int value)
{
    struct linger linger = {.l_onoff = value >= 0, .l_linger = value >= 0 ? value : 0};
    const void *data = option == HOST_OPTION_LINGER ? (void *)&linger : (void *)&value;
    socklen_t length = option == HOST_OPTION_LINGER ? sizeof linger : sizeof value;
    return result(setsockopt(file, options[option][0], options[option][1], data, length));
}

uint32_t host_option_get(host_file file, host_option option, int *value)
{
    struct linger linger = {0, 0};
    void *data = option == HOST_OPTION_LINGER ? (void *)&linger : (void *)value;
    socklen_t length = option == HOST_OPTION_LINGER ? sizeof linger : sizeof *value;
    if (getsockopt(file, options[option][0], options[option][1], data, &length) != 0)
        return linux_status(errno);
    if (option == HOST_OPTION_LINGER)
        *value = linger.l_onoff ? linger.l_linger : -1;
    if (option == HOST_OPTION_SEND_BUFFER || option == HOST_OPTION_RECEIVE_BUFFER)
        *value /= 2; /* Linux doubles what is set, for its own bookkeeping */
    if (option == HOST_OPTION_ERROR)
        *value = (int)linux_status(*value);
    return STATUS_SUCCESS;
}

void host_interrupt(host_file file)
{
    shutdown(file, SHUT_RDWR);
}
