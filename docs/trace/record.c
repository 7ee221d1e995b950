/**
 * @file record.c
 * Runs a server with a journal, sends it requests, and ends it as Ctrl-C does. See help() for the command line.
 *
 * One thread and poll do it all: the server's output and every client's socket. A client sends its requests one after
 * the other on one connection, each when the answer to the one before is whole; then it says that it is done, and waits
 * until the server has closed too. So the journal holds whole conversations, and the end begins when nothing else goes
 * on.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS_MOST 1000
#define REQUESTS_MOST 64
/* Milliseconds. Nobody is waited for longer than this without a sign of life. */
#define PATIENCE 5000

typedef struct client {
    int socket;    /* -1 when it is done */
    unsigned sent; /* requests so far */
    bool said_goodbye;
    char head[8192]; /* of the answer that arrives */
    size_t head_length;
    bool in_body;
    unsigned long long body_left;
} client;

static struct {
    const char *journal, *requests[REQUESTS_MOST];
    unsigned request_count, clients, rounds;
    char **server;
} options = {.clients = 1, .rounds = 1};

static struct {
    pid_t process;
    int output;
    int port;
    char text[4096]; /* what it has printed, until it has said its port */
    size_t length;
} server;

static struct {
    unsigned good, other, lost;
    unsigned long long bytes;
} result;

static client *clients;

static void help(FILE *out)
{
    fputs("record [options] -- SERVER [ARGUMENT...]   runs a server and keeps its journal\n"
          "  --journal FILE    where (needed)\n"
          "  --request PATH    what to ask for; may be repeated (default: /)\n"
          "  --clients N       connections at a time (default 1)\n"
          "  --rounds N        how often each asks for all of it (default 1)\n",
          out);
}

static void failed(const char *what)
{
    fprintf(stderr, "record: %s\n", what);
    if (server.process > 0)
        kill(server.process, SIGKILL);
    exit(1);
}

/* --- the server --------------------------------------------------------------------------------------------------- */

static void server_start(void)
{
    int ends[2];
    if (pipe(ends))
        failed("no pipe for the server's output");
    server.process = fork();
    if (server.process < 0)
        failed("no process for the server");
    if (server.process == 0) {
        setenv("WIN32_JOURNAL", options.journal, 1);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(options.server[0], options.server);
        fprintf(stderr, "record: cannot run %s: %s\n", options.server[0], strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    server.output = ends[0];
}

/* Takes what the server prints; only the line with its address matters. @return false when it prints no more */
static bool server_read(void)
{
    char text[1024];
    ssize_t count = read(server.output, text, sizeof text - 1);
    if (count <= 0)
        return false;
    if (!server.port && server.length + (size_t)count < sizeof server.text) {
        memcpy(server.text + server.length, text, (size_t)count);
        server.length += (size_t)count;
        const char *at = strstr(server.text, "listening on http://127.0.0.1:");
        if (at && strchr(at, '\n'))
            server.port = atoi(at + 30);
    }
    return true;
}

/* Waits for the server to print something, or to end. */
static bool server_wait(void)
{
    struct pollfd watch = {.fd = server.output, .events = POLLIN};
    return poll(&watch, 1, PATIENCE) == 1 && server_read();
}

static void server_stop(void)
{
    int status = 0;
    struct pollfd watch = {.fd = server.output, .events = POLLIN};
    kill(server.process, SIGINT);
    while (poll(&watch, 1, 2 * PATIENCE) == 1)
        if (!server_read())
            break;
    if (!(watch.revents & POLLHUP)) {
        fputs("record: the server did not end when it was told to; it was killed\n", stderr);
        kill(server.process, SIGKILL);
    }
    waitpid(server.process, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        fprintf(stderr, "record: the server was ended by signal %d\n", WTERMSIG(status));
}

/* --- the clients -------------------------------------------------------------------------------------------------- */

static void client_end(client *c, bool lost)
{
    if (lost)
        result.lost += options.request_count * options.rounds - c->sent + 1;
    close(c->socket);
    c->socket = -1;
}

/* Sends the next request, or says that there is none. A request is small: it fits into the socket's buffer. */
static void client_next(client *c)
{
    char request[2048];
    if (c->sent == options.request_count * options.rounds) {
        c->said_goodbye = true;
        shutdown(c->socket, SHUT_WR);
        return;
    }
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n",
                          options.requests[c->sent++ % options.request_count], server.port);
    c->head_length = 0;
    c->in_body = false;
    if (send(c->socket, request, (size_t)length, MSG_NOSIGNAL) != length)
        client_end(c, true);
}

static void client_start(client *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&address, sizeof address)) {
        c->sent = 1;
        client_end(c, true);
        return;
    }
    client_next(c);
}

/* The length that the head tells; an answer without one has no body. */
static unsigned long long body_length(const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, "Content-Length:", 15))
            return strtoull(line + 17, NULL, 10);
    return 0;
}

static void answer_done(client *c)
{
    int status = 0;
    sscanf(c->head, "HTTP/1.%*c %d", &status);
    if (status == 200)
        result.good++;
    else
        result.other++;
    client_next(c);
}

/* The head's end is looked for byte by byte: the bytes after it belong to the body. */
static void client_take(client *c, const char *bytes, size_t count)
{
    while (count && c->socket >= 0) {
        if (c->in_body) {
            size_t part = count < c->body_left ? count : (size_t)c->body_left;
            c->body_left -= part;
            result.bytes += part;
            bytes += part;
            count -= part;
        } else {
            c->head[c->head_length++] = *bytes++;
            c->head[c->head_length] = 0;
            count--;
            if (c->head_length == sizeof c->head - 1) {
                client_end(c, true);
                return;
            }
            c->in_body = c->head_length >= 4 && !strcmp(c->head + c->head_length - 4, "\r\n\r\n");
            c->body_left = c->in_body ? body_length(c->head) : 0;
        }
        if (c->in_body && !c->body_left)
            answer_done(c);
    }
}

static void client_read(client *c)
{
    char bytes[65536];
    ssize_t count = recv(c->socket, bytes, sizeof bytes, 0);
    if (count > 0)
        client_take(c, bytes, (size_t)count);
    else
        client_end(c, !c->said_goodbye);
}

/* Until every client is done, or nothing happens any more. */
static void clients_run(void)
{
    struct pollfd *watch = calloc(options.clients + 1, sizeof *watch);
    for (;;) {
        unsigned open = 0;
        watch[options.clients] = (struct pollfd){.fd = server.output, .events = POLLIN};
        for (unsigned i = 0; i < options.clients; i++) {
            watch[i] = (struct pollfd){.fd = clients[i].socket, .events = POLLIN};
            open += clients[i].socket >= 0;
        }
        if (!open)
            break;
        if (poll(watch, options.clients + 1, PATIENCE) <= 0) {
            fprintf(stderr, "record: no answer for %d s; the journal shows how far the server came\n", PATIENCE / 1000);
            break;
        }
        for (unsigned i = 0; i < options.clients; i++)
            if (clients[i].socket >= 0 && watch[i].revents)
                client_read(&clients[i]);
        if (watch[options.clients].revents && !server_read()) {
            fputs("record: the server ended before it was told to; the journal shows how far it came\n", stderr);
            break;
        }
    }
    for (unsigned i = 0; i < options.clients; i++)
        if (clients[i].socket >= 0)
            client_end(&clients[i], !clients[i].said_goodbye);
    free(watch);
}

/* --- the command line --------------------------------------------------------------------------------------------- */

static bool number_read(const char *text, unsigned most, unsigned *value)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    *value = (unsigned)number;
    return text[0] >= '0' && text[0] <= '9' && !*end && number >= 1 && number <= most;
}

static bool options_read(char **argument)
{
    for (argument++; *argument; argument += 2) {
        bool good = argument[1] != NULL;
        if (!strcmp(*argument, "--")) {
            options.server = argument + 1;
            break;
        }
        if (good && !strcmp(*argument, "--journal"))
            options.journal = argument[1];
        else if (good && !strcmp(*argument, "--request") && options.request_count < REQUESTS_MOST)
            options.requests[options.request_count++] = argument[1];
        else if (good && !strcmp(*argument, "--clients"))
            good = number_read(argument[1], CLIENTS_MOST, &options.clients);
        else if (good && !strcmp(*argument, "--rounds"))
            good = number_read(argument[1], 1000000, &options.rounds);
        else
            good = false;
        if (!good)
            return false;
    }
    if (!options.request_count)
        options.requests[options.request_count++] = "/";
    for (unsigned i = 0; i < options.request_count; i++)
        if (options.requests[i][0] != '/' || strlen(options.requests[i]) > 1000)
            return false;
    return options.journal && options.server && options.server[0];
}

static void result_print(void)
{
    unsigned all = options.clients * options.rounds * options.request_count;
    printf("%u %s, %u %s: ", options.clients, options.clients == 1 ? "client" : "clients", all,
           all == 1 ? "request" : "requests");
    if (result.good == all)
        printf("status 200, %llu bytes\n", result.bytes);
    else
        printf("%u with status 200, %u with another, %u without an answer; %llu bytes\n", result.good, result.other,
               result.lost, result.bytes);
}

int main(int count, char **arguments)
{
    (void)count;
    if (!options_read(arguments)) {
        help(stderr);
        return 2;
    }
    server_start();
    while (!server.port)
        if (!server_wait())
            failed("the server did not say that it listens");
    clients = calloc(options.clients, sizeof *clients);
    if (!clients)
        failed("out of memory");
    for (unsigned i = 0; i < options.clients; i++)
        client_start(&clients[i]);
    clients_run();
    server_stop();
    result_print();
    free(clients);
    return 0;
}
