/*
 * echo-load.c - starts echo servers in turn, loads each with the same ping-pong, and compares.
 *
 *     echo-load [-c CONNECTIONS] [-s BYTES] [-t SECONDS] [-r ROUNDS] NAME=COMMAND...
 *
 * A round runs every server once, one after the other (A B A B …), so that whatever else the machine does falls on all
 * alike. Each connection has one message under way: send, wait for the whole echo, compare it, send again. A server
 * tells its port in the first line that it prints, and is killed at the end of its turn; what it used is then known
 * from wait4. The first server named is the yardstick of the ratios.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SERVERS = 8, MAX_ROUNDS = 32, MAX_MESSAGE = 4096, BATCH = 64 };

/* What one turn of one server gave. */
typedef struct TURN {
    double rate;       /* messages a second */
    double cpu_us;     /* processor time of the server, in microseconds a message */
    double switches_k; /* its context switches in a thousand messages */
} TURN;

typedef struct SERVER {
    const char *name;
    const char *command;
    TURN turns[MAX_ROUNDS];
} SERVER;

typedef struct CONNECTION {
    int fd;
    size_t received; /* of the message under way */
} CONNECTION;

static int connections = 64;
static size_t message_size = 64;
static double turn_seconds = 1.5;
static int rounds = 5;
static char message[MAX_MESSAGE];

static void die(const char *what)
{
    fprintf(stderr, "echo-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Starts a server through the shell and reads its port. */
static pid_t start_server(const char *command, int *port)
{
    int out[2];
    char line[64] = "";
    pid_t child;

    if (pipe(out) != 0 || (child = fork()) < 0) {
        die("cannot start a process");
    }
    if (child == 0) {
        char shell_line[1024];

        snprintf(shell_line, sizeof(shell_line), "exec %s", command);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl("/bin/sh", "sh", "-c", shell_line, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    for (size_t length = 0; length < sizeof(line) - 1 && strchr(line, '\n') == NULL;) {
        ssize_t got = read(out[0], line + length, sizeof(line) - 1 - length);

        if (got <= 0) {
            break;
        }
        length += (size_t)got;
    }
    close(out[0]);
    *port = atoi(line);
    if (*port == 0) {
        errno = ECHILD;
        die(command);
    }
    return child;
}

static void send_message(CONNECTION *connection)
{
    connection->received = 0;
    if (send(connection->fd, message, message_size, MSG_NOSIGNAL) != (ssize_t)message_size) {
        die("send");
    }
}

static void open_connection(CONNECTION *connection, int port, int epoll)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0) {
        die("connect");
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Takes what has arrived; 1 when that completes the echo. */
static int take_echo(CONNECTION *connection)
{
    char buffer[MAX_MESSAGE];
    ssize_t got = recv(connection->fd, buffer, message_size - connection->received, 0);

    if (got <= 0) {
        die("a connection ended");
    }
    if (memcmp(buffer, message + connection->received, (size_t)got) != 0) {
        errno = EILSEQ;
        die("the echo differs");
    }
    connection->received += (size_t)got;
    return connection->received == message_size;
}

/* Loads the server on this port for the given time; returns messages a second. *total grows by all messages. */
static double load(int epoll, double seconds, uint64_t *total)
{
    struct epoll_event events[BATCH];
    uint64_t count = 0;
    double begin = now();
    double end = begin;

    while (end - begin < seconds) {
        int ready = epoll_wait(epoll, events, BATCH, 1000);

        if (ready == 0) {
            errno = ETIMEDOUT;
            die("no echo within a second");
        }
        for (int i = 0; i < ready; i++) {
            if (take_echo(events[i].data.ptr)) {
                count++;
                send_message(events[i].data.ptr);
            }
        }
        end = now();
    }
    *total += count;
    return (double)count / (end - begin);
}

static double time_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* One turn: start, warm up, measure, kill, count. */
static TURN run_turn(const SERVER *server)
{
    CONNECTION *all = calloc((size_t)connections, sizeof(*all));
    int epoll = epoll_create1(0);
    int port;
    pid_t child = start_server(server->command, &port);
    uint64_t total = 0;
    struct rusage usage;
    TURN turn;

    if (all == NULL || epoll < 0) {
        die("no memory");
    }
    for (int i = 0; i < connections; i++) {
        open_connection(&all[i], port, epoll);
        send_message(&all[i]);
    }
    load(epoll, turn_seconds / 5, &total);
    turn.rate = load(epoll, turn_seconds, &total);
    kill(child, SIGKILL);
    if (wait4(child, NULL, 0, &usage) != child) {
        die("wait4");
    }
    turn.cpu_us = (time_of(usage.ru_utime) + time_of(usage.ru_stime)) * 1e6 / (double)total;
    turn.switches_k = (double)(usage.ru_nvcsw + usage.ru_nivcsw) * 1000 / (double)total;
    for (int i = 0; i < connections; i++) {
        close(all[i].fd);
    }
    close(epoll);
    free(all);
    return turn;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts and returns the median. */
static double median(double *values)
{
    qsort(values, (size_t)rounds, sizeof(*values), by_value);
    return rounds % 2 ? values[rounds / 2] : (values[rounds / 2 - 1] + values[rounds / 2]) / 2;
}

static void report(const SERVER *servers, int count)
{
    printf("%d connections, %zu bytes, %d rounds of %.1f s; medians, and of the ratios the smallest and largest\n",
           connections, message_size, rounds, turn_seconds);
    printf("  %-12s %12s %12s %16s %24s\n", "server", "messages/s", "CPU us each", "switches/1000",
           "ratio to the first");
    for (int s = 0; s < count; s++) {
        double rates[MAX_ROUNDS], cpus[MAX_ROUNDS], switches[MAX_ROUNDS], ratios[MAX_ROUNDS], middle;

        for (int r = 0; r < rounds; r++) {
            rates[r] = servers[s].turns[r].rate;
            cpus[r] = servers[s].turns[r].cpu_us;
            switches[r] = servers[s].turns[r].switches_k;
            ratios[r] = rates[r] / servers[0].turns[r].rate;
        }
        middle = median(ratios);
        printf("  %-12s %12.0f %12.2f %16.1f %11.2f (%.2f - %.2f)\n", servers[s].name, median(rates), median(cpus),
               median(switches), middle, ratios[0], ratios[rounds - 1]);
    }
}

int main(int argc, char **argv)
{
    static SERVER servers[MAX_SERVERS];
    int count = 0;
    int option;

    while ((option = getopt(argc, argv, "c:s:t:r:")) != -1) {
        switch (option) {
        case 'c':
            connections = atoi(optarg);
            break;
        case 's':
            message_size = (size_t)atoi(optarg);
            break;
        case 't':
            turn_seconds = atof(optarg);
            break;
        case 'r':
            rounds = atoi(optarg);
            break;
        default:
            return 2;
        }
    }
    for (; optind < argc && count < MAX_SERVERS; optind++, count++) {
        char *sign = strchr(argv[optind], '=');

        if (sign == NULL) {
            break;
        }
        *sign = '\0';
        servers[count].name = argv[optind];
        servers[count].command = sign + 1;
    }
    if (count == 0 || optind < argc || connections < 1 || rounds < 1 || rounds > MAX_ROUNDS || message_size < 1 ||
        message_size > MAX_MESSAGE) {
        fprintf(stderr, "usage: echo-load [-c CONNECTIONS] [-s BYTES] [-t SECONDS] [-r ROUNDS] NAME=COMMAND...\n");
        return 2;
    }
    for (size_t i = 0; i < message_size; i++) {
        message[i] = (char)('a' + i % 26);
    }
    for (int r = 0; r < rounds; r++) {
        for (int s = 0; s < count; s++) {
            servers[s].turns[r] = run_turn(&servers[s]);
        }
    }
    report(servers, count);
    return 0;
}
