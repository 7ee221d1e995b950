/* A TCP client that does exactly what it is told: see client.h. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "clock.h"
#include "escape.h"
#include "site.h"
#include "spawn.h"
#include "story.h"

enum { QUIET_AFTER = 40 }; /* clients beyond this many do not tell their steps: a storm would drown the story */

static int clients;
static CLIENT *newest;

/* --- connecting --------------------------------------------------------------------------------------------------- */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static CLIENT *new_client(int port, int receive_buffer)
{
    const int on = 1;
    struct sockaddr_in address = loopback(port);
    CLIENT *c = calloc(1, sizeof *c);
    c->number = ++clients;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        story_fail("a socket for the test", "socket: %s", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        int error = errno;
        close(c->fd);
        free(c);
        errno = error;
        return NULL;
    }
    c->older = newest;
    newest = c;
    return c;
}

CLIENT *client_begin(int port)
{
    return new_client(port, 0);
}

/* Waits for an event on the socket. Returns nonzero when it came. */
static int await_event(const CLIENT *c, short events, int64_t deadline)
{
    struct pollfd item = {.fd = c->fd, .events = events};
    for (;;) {
        int left = ms_left(deadline);
        if (poll(&item, 1, left) > 0)
            return 1;
        if (!left)
            return 0;
    }
}

CLIENT *client_connect(int port, int receive_buffer)
{
    int error = 0;
    socklen_t size = sizeof error;
    CLIENT *c = new_client(port, receive_buffer);
    if (!c)
        story_fail("the server takes a connection", "connect: %s", strerror(errno));
    if (!await_event(c, POLLOUT, deadline_in(PATIENCE)))
        story_fail("the server takes a connection within 5 seconds", "no answer to connect");
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    EXPECT(error == 0, "the server takes a connection", "connect: %s", strerror(error));
    if (c->number <= QUIET_AFTER)
        story_step("client %d connects", c->number);
    return c;
}

CLIENT *client_open(void)
{
    return client_connect(server.port, 0);
}

int port_refuses(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int refused = connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    const struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    return refused;
}

int hold_port(int *port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        story_fail("a port for the test", "%s", strerror(errno));
    *port = ntohs(address.sin_port);
    return fd;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

/* Keeps the first bytes of what is said, for a failure's report. */
static void remember(CLIENT *c, const void *bytes, size_t length)
{
    if (c->said_done)
        c->said_done = 0, c->said_length = 0;
    if (c->said_length < sizeof c->said) {
        size_t room = sizeof c->said - c->said_length;
        memcpy(c->said + c->said_length, bytes, length < room ? length : room);
    }
    c->said_length += length;
}

static void note_error(CLIENT *c)
{
    if (errno == ECONNRESET || errno == EPIPE || errno == ECONNREFUSED)
        c->peer = PEER_RESET;
    else
        story_fail("a working socket", "client %d: %s", c->number, strerror(errno));
}

size_t client_try_send(CLIENT *c, const void *bytes, size_t length, int milliseconds)
{
    int64_t deadline = deadline_in(milliseconds);
    size_t sent = 0;
    while (sent < length) {
        ssize_t now = send(c->fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
        if (now >= 0) {
            remember(c, (const char *)bytes + sent, (size_t)now);
            sent += (size_t)now;
        } else if (errno == EAGAIN) {
            if (!await_event(c, POLLOUT, deadline))
                break;
        } else if (errno != EINTR) {
            note_error(c);
            break;
        }
    }
    return sent;
}

static void tell(const CLIENT *c, const char *what, const void *bytes, size_t length)
{
    char text[200];
    if (c->number <= QUIET_AFTER)
        story_step("client %d %s \"%s\"", c->number, what, escape(text, sizeof text, bytes, length));
}

static void send_all(CLIENT *c, const void *bytes, size_t length)
{
    size_t sent = client_try_send(c, bytes, length, PATIENCE);
    if (sent == length)
        return;
    story_sent(bytes, length);
    story_fail("the server takes all bytes of the request", "%s after %zu of %zu bytes",
               c->peer == PEER_OPEN ? "it takes no more for 5 seconds" : "it closed", sent, length);
}

void client_send(CLIENT *c, const void *bytes, size_t length)
{
    tell(c, "sends", bytes, length);
    send_all(c, bytes, length);
}

void client_say(CLIENT *c, const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    client_send(c, text, (size_t)length);
    free(text);
}

void client_await_delivery(CLIENT *c)
{
    int waiting = 0;
    WAIT_UNTIL(ioctl(c->fd, SIOCOUTQ, &waiting) != 0 || waiting == 0, PATIENCE);
}

void client_send_slowly(CLIENT *c, const void *bytes, size_t length)
{
    tell(c, "sends, byte by byte,", bytes, length);
    for (size_t i = 0; i < length; i++) {
        send_all(c, (const char *)bytes + i, 1);
        if (i % 4 == 0)
            sched_yield();
    }
}

void client_send_pattern(CLIENT *c, uint64_t offset, uint64_t length)
{
    enum { PIECE = 256 * 1024 };
    unsigned char *piece = malloc(PIECE);
    if (c->number <= QUIET_AFTER)
        story_step("client %d sends %llu bytes of a pattern", c->number, (unsigned long long)length);
    while (length) {
        size_t now = length < PIECE ? (size_t)length : PIECE;
        pattern_fill(piece, offset, now);
        send_all(c, piece, now);
        offset += now;
        length -= now;
    }
    free(piece);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

static void make_room(CLIENT *c)
{
    if (c->taken && c->taken == c->length)
        c->taken = c->length = 0;
    if (c->length < c->capacity)
        return;
    if (c->taken > c->capacity / 2) {
        memmove(c->in, c->in + c->taken, c->length - c->taken);
        c->length -= c->taken;
        c->taken = 0;
    } else {
        c->capacity = c->capacity ? c->capacity * 2 : 4096;
        c->in = realloc(c->in, c->capacity);
    }
}

long client_receive(CLIENT *c, int milliseconds)
{
    int64_t deadline = deadline_in(milliseconds);
    while (c->peer == PEER_OPEN) {
        make_room(c);
        ssize_t got = recv(c->fd, c->in + c->length, c->capacity - c->length, 0);
        if (got > 0) {
            c->length += (size_t)got;
            return got;
        }
        if (got == 0)
            c->peer = PEER_CLOSED;
        else if (errno == EAGAIN && !await_event(c, POLLIN, deadline))
            return -1;
        else if (errno != EAGAIN && errno != EINTR)
            note_error(c);
    }
    return 0;
}

int client_await(CLIENT *c, size_t length, int milliseconds)
{
    int64_t deadline = now_ms() + stretched(milliseconds);
    while (c->length - c->taken < length)
        if (!ms_left(deadline) || client_receive(c, milliseconds) <= 0)
            break;
    return c->length - c->taken >= length;
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

void client_half_close(CLIENT *c)
{
    story_step("client %d says that it will send no more (FIN)", c->number);
    shutdown(c->fd, SHUT_WR);
}

void client_close(CLIENT *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void client_close_all(void)
{
    for (CLIENT *c = newest; c; c = c->older)
        client_close(c);
}

void client_reset(CLIENT *c)
{
    const struct linger hard = {1, 0};
    if (c->number <= QUIET_AFTER)
        story_step("client %d resets the connection (RST)", c->number);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client_close(c);
}
