/* The clients: see load.h. One thread, poll, and a small state for each connection. */
#define _POSIX_C_SOURCE 200809L
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LARGE = 60000, SMALL = 700, MOST_BODY = 5000, MOST_CLIENTS = 256, PATIENCE_MS = 20000 };

enum kind { GET_SMALL, GET_LARGE, HEAD, ECHO, UPLOAD, MISSING, KINDS };

typedef struct CLIENT {
    int fd; /* -1: not connected */
    int number;
    enum kind kind;
    bool busy, last, answered_before;
    char request[MOST_BODY + 300];
    size_t request_length, sent;
    unsigned body_seed, body_length;
    char answer[LARGE + 2000];
    size_t received;
    int64_t since; /* of the last progress */
    bool cuts;     /* it resets the connection as soon as some of the answer has come */
} CLIENT;

static const LOAD *load;
static TALLY tally;
static CLIENT clients[MOST_CLIENTS];
static unsigned begun;
static uint64_t dice_state;

static unsigned dice(unsigned sides)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice_state >> 33) % sides;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char byte_at(unsigned seed, size_t at)
{
    return (char)((at * 31 + at / 251 + seed) & 0xff);
}

static bool is_pattern(const char *bytes, unsigned seed, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != byte_at(seed, i))
            return false;
    return true;
}

static void wrong(const CLIENT *c, const char *format, ...)
{
    static const char *const names[KINDS] = {"GET small", "GET large", "HEAD", "POST /echo", "PUT", "GET of nothing"};
    char why[120];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (!tally.wrong++)
        snprintf(tally.first_wrong, sizeof tally.first_wrong, "%s: %s", names[c->kind], why);
}

/* --- the site ----------------------------------------------------------------------------------------------------- */

static bool write_pattern(const char *folder, const char *name, unsigned seed, size_t length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    for (size_t i = 0; file && i < length; i++)
        putc(byte_at(seed, i), file);
    return file && fclose(file) == 0;
}

bool load_site(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/uploads", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/root", folder);
    mkdir(path, 0700);
    return write_pattern(path, "small.bin", 1, SMALL) && write_pattern(path, "large.bin", 2, LARGE);
}

static bool upload_is_there(const CLIENT *c)
{
    char path[512], bytes[MOST_BODY + 1];
    snprintf(path, sizeof path, "%s/uploads/%d.bin", load->folder, c->number);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return length == c->body_length && is_pattern(bytes, c->body_seed, length);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

static void leave(CLIENT *c, bool reset)
{
    struct linger none = {1, 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(c->fd);
    c->fd = -1;
    c->busy = c->answered_before = false;
}

static bool enter(CLIENT *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0)
        return false;
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    fcntl(c->fd, F_SETFD, FD_CLOEXEC);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        close(c->fd);
        c->fd = -1;
    }
    return c->fd >= 0;
}

static void ask(CLIENT *c)
{
    static const char *const paths[KINDS] = {"/small.bin", "/large.bin", "/large.bin", "/echo", NULL, "/nothing"};
    static const char *const methods[KINDS] = {"GET", "GET", "HEAD", "POST", "PUT", "GET"};
    char path[40], length[60] = "";
    c->kind = (enum kind)dice(KINDS);
    c->last = dice(10) == 0;
    c->cuts = dice(60) == 0;
    c->body_length = c->kind == ECHO || c->kind == UPLOAD ? dice(MOST_BODY) : 0;
    c->body_seed = dice(256);
    if (c->kind == UPLOAD)
        snprintf(path, sizeof path, "/%d.bin", c->number);
    else
        snprintf(path, sizeof path, "%s", paths[c->kind]);
    if (c->kind == ECHO || c->kind == UPLOAD)
        snprintf(length, sizeof length, "Content-Length: %u\r\n", c->body_length);
    int head = snprintf(c->request, 300, "%s %s HTTP/1.1\r\nHost: storm\r\n%s%s\r\n", methods[c->kind], path, length,
                        c->last ? "Connection: close\r\n" : "");
    for (size_t i = 0; i < c->body_length; i++)
        c->request[(size_t)head + i] = byte_at(c->body_seed, i);
    c->request_length = (size_t)head + c->body_length;
    c->sent = c->received = 0;
    c->since = now_ms();
    c->busy = true;
    begun++;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

typedef struct ANSWER {
    int status;
    size_t head, length;
    bool closes;
} ANSWER;

/* @return 0: not whole yet; -1: no answer at all; 1: whole */
static int parse(CLIENT *c, ANSWER *a)
{
    c->answer[c->received] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end)
        return c->received > 1500 ? -1 : 0;
    *a = (ANSWER){.head = (size_t)(end - c->answer) + 4};
    if (sscanf(c->answer, "HTTP/1.1 %d ", &a->status) != 1)
        return -1;
    bool has_length = false;
    for (char *line = strstr(c->answer, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "Content-Length:", 15) == 0) {
            a->length = strtoul(line + 17, NULL, 10);
            has_length = true;
        } else if (strncasecmp(line + 2, "Connection: close", 17) == 0) {
            a->closes = true;
        }
    }
    if (!has_length)
        return -1;
    size_t body = c->kind == HEAD ? 0 : a->length;
    if (a->head + body > sizeof c->answer - 1 || c->received > a->head + body)
        return -1;
    return c->received == a->head + body;
}

static void judge(CLIENT *c, const ANSWER *a)
{
    const char *body = c->answer + a->head;
    if ((a->status == 404 ? c->kind != MISSING : a->status >= 500) && load->may_refuse) {
        tally.refused++;
        return;
    }
    int status = c->kind == MISSING ? 404 : c->kind == UPLOAD ? 201 : 200;
    if (a->status != status && !(c->kind == UPLOAD && (a->status == 200 || a->status == 204)))
        wrong(c, "status %d, not %d", a->status, status);
    else if ((c->kind == GET_LARGE || c->kind == HEAD) && a->length != LARGE)
        wrong(c, "a length of %zu, not %d", a->length, LARGE);
    else if (c->kind == GET_LARGE && !is_pattern(body, 2, LARGE))
        wrong(c, "other bytes than the file's");
    else if (c->kind == GET_SMALL && (a->length != SMALL || !is_pattern(body, 1, SMALL)))
        wrong(c, "other bytes than the file's");
    else if (c->kind == ECHO && (a->length != c->body_length || !is_pattern(body, c->body_seed, a->length)))
        wrong(c, "other bytes than were sent");
    else if (c->kind == UPLOAD && !upload_is_there(c))
        wrong(c, "the file is not what was sent, and the answer says that it is");
    else
        tally.answered++;
}

static void ended(CLIENT *c)
{
    tally.ended++;
    leave(c, false);
}

static void receive(CLIENT *c)
{
    ANSWER a;
    ssize_t got = recv(c->fd, c->answer + c->received, sizeof c->answer - 1 - c->received, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        ended(c);
        return;
    }
    c->received += (size_t)got;
    c->since = now_ms();
    if (c->cuts) {
        tally.cut++;
        leave(c, true);
        return;
    }
    int whole = parse(c, &a);
    if (whole < 0) {
        wrong(c, "what came is no answer to it: %.40s", c->answer);
        leave(c, true);
    } else if (whole) {
        judge(c, &a);
        c->busy = false;
        c->answered_before = true;
        if (c->last || a.closes)
            leave(c, false);
    }
}

static void transmit(CLIENT *c)
{
    size_t most = c->request_length - c->sent;
    if (dice(4) == 0)
        most = 1 + dice((unsigned)most); /* in pieces */
    ssize_t put = send(c->fd, c->request + c->sent, most, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        if (c->received == 0 && (errno == EPIPE || errno == ECONNRESET)) {
            receive(c); /* perhaps an answer came before the end */
            return;
        }
        ended(c);
        return;
    }
    if (put > 0) {
        c->sent += (size_t)put;
        c->since = now_ms();
    }
}

/* Every client that is idle asks for something, as long as there is something to ask; then it leaves, as an idle
 * connection takes of what may be scarce. */
static bool begin_requests(void)
{
    bool any = false;
    for (unsigned i = 0; i < load->clients; i++) {
        CLIENT *c = &clients[i];
        if (!c->busy && begun < load->requests) {
            if (c->fd < 0 && !enter(c)) {
                begun++;
                wrong(c, "the server does not take connections: %s", strerror(errno));
                continue;
            }
            ask(c);
        }
        if (!c->busy && c->fd >= 0)
            leave(c, false);
        any |= c->busy;
    }
    return any;
}

TALLY load_run(const LOAD *what)
{
    struct pollfd polls[MOST_CLIENTS];
    load = what;
    tally = (TALLY){0};
    begun = 0;
    dice_state = what->seed;
    for (unsigned i = 0; i < load->clients; i++)
        clients[i].fd = -1, clients[i].number = (int)i, clients[i].busy = false;
    while (begin_requests()) {
        for (unsigned i = 0; i < load->clients; i++) {
            bool sending = clients[i].sent < clients[i].request_length;
            polls[i] =
                (struct pollfd){clients[i].busy ? clients[i].fd : -1, (short)(POLLIN | (sending ? POLLOUT : 0)), 0};
        }
        poll(polls, load->clients, 100);
        int64_t now = now_ms();
        for (unsigned i = 0; i < load->clients; i++) {
            CLIENT *c = &clients[i];
            if (polls[i].fd >= 0 && polls[i].revents & (POLLIN | POLLHUP | POLLERR))
                receive(c);
            if (c->fd >= 0 && c->fd == polls[i].fd && c->busy && polls[i].revents & POLLOUT)
                transmit(c);
            if (c->busy && now - c->since > PATIENCE_MS) {
                wrong(c, "neither an answer nor an end for %d s, after %zu bytes", PATIENCE_MS / 1000, c->received);
                leave(c, true);
            }
        }
    }
    return tally;
}
