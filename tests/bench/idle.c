/*
 * idle.c - what an idle connection costs a server.
 *
 *     idle PORT TARGET COUNT[,COUNT...] PID...
 *
 * Opens connections one after the other. Each asks for TARGET once, reads the whole answer, which must be a 200, and
 * then stays open and silent. At each COUNT the server's memory is read as soon as it stands still, and a line goes to
 * stdout: connections, bytes, threads. Bytes are the private dirty pages of all its processes: what the server wrote
 * to and shares with nobody. What the kernel keeps for a socket is not in them.
 *
 * Ends with 1 and a line on stderr when an answer is wrong or missing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    HEADER_SIZE = 8192,
    DEADLINE = 10,   /* for one answer, in seconds */
    PAUSE = 20,      /* between two looks at the memory, in milliseconds */
    STILL = 15,      /* so many looks in a row must see the same */
    MOST_LOOKS = 250 /* then the last one counts */
};

static void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("idle: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

/* The sum of a field over the lines of a /proc file that begin with its name; 0 without the file. */
static uint64_t proc_field(const char *pid, const char *file, const char *name)
{
    char path[64], line[256];
    uint64_t sum = 0;
    FILE *stream;

    snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
    stream = fopen(path, "r");
    if (stream == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), stream) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            sum += strtoull(line + strlen(name), NULL, 10);
        }
    }
    fclose(stream);
    return sum;
}

static uint64_t memory_of(char **pids)
{
    uint64_t sum = 0;

    for (; *pids != NULL; pids++) {
        uint64_t kilobytes = proc_field(*pids, "smaps_rollup", "Private_Dirty:");

        sum += (kilobytes > 0 ? kilobytes : proc_field(*pids, "smaps", "Private_Dirty:")) * 1024;
    }
    return sum;
}

/* The server may still be tidying up after the last answer: looks until the memory stands still. */
static uint64_t settled_memory(char **pids)
{
    const struct timespec pause = {0, PAUSE * 1000000L};
    uint64_t last = memory_of(pids);

    for (int looks = 0, still = 0; looks < MOST_LOOKS && still < STILL; looks++) {
        uint64_t now;

        nanosleep(&pause, NULL);
        now = memory_of(pids);
        still = now == last ? still + 1 : 0;
        last = now;
    }
    return last;
}

static void report(int connections, char **pids)
{
    uint64_t memory = settled_memory(pids);
    uint64_t threads = 0;

    if (memory == 0) {
        die("the server is gone, or its /proc/PID/smaps cannot be read");
    }
    for (char **pid = pids; *pid != NULL; pid++) {
        threads += proc_field(*pid, "status", "Threads:");
    }
    printf("%d %llu %llu\n", connections, (unsigned long long)memory, (unsigned long long)threads);
    fflush(stdout);
}

/* Reads an answer to its end. NULL if it is a 200 with all its bytes, else what is wrong with it. */
static const char *take_answer(int fd)
{
    char header[HEADER_SIZE + 1], body[65536];
    const char *end = NULL, *length;
    size_t have = 0;
    uint64_t left;

    while (end == NULL) {
        ssize_t got = recv(fd, header + have, HEADER_SIZE - have, 0);

        if (got <= 0) {
            return got == 0 ? "the connection ended in the header" : strerror(errno);
        }
        have += (size_t)got;
        header[have] = '\0';
        end = strstr(header, "\r\n\r\n");
    }
    length = strcasestr(header, "\r\nContent-Length:");
    if (strncmp(header, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end) {
        return "the answer is not a 200 with a Content-Length";
    }
    left = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
    have -= (size_t)(end + 4 - header);
    if (have > left) {
        return "the body is longer than its Content-Length";
    }
    for (left -= have; left > 0;) {
        ssize_t got = recv(fd, body, left < sizeof(body) ? (size_t)left : sizeof(body), 0);

        if (got <= 0) {
            return got == 0 ? "the connection ended in the body" : strerror(errno);
        }
        left -= (uint64_t)got;
    }
    return NULL;
}

/* One more connection; the process keeps it to its end. Closing resets it, so that no port of ours stays taken. */
static void open_connection(int number, uint16_t port, const char *target)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct timeval deadline = {DEADLINE, 0};
    const struct linger reset = {1, 0};
    const char *wrong;
    char request[512];
    int size = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("connection %d: %s", number, strerror(errno));
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (send(fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
        die("connection %d: %s", number, strerror(errno));
    }
    wrong = take_answer(fd);
    if (wrong != NULL) {
        die("connection %d, %s: %s", number, target, wrong);
    }
}

int main(int argc, char **argv)
{
    struct rlimit files;
    int connections = 0;
    long port = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

    if (argc < 5 || port < 1 || port > 65535 || strlen(argv[2]) > 400) {
        fprintf(stderr, "usage: idle PORT TARGET COUNT[,COUNT...] PID...\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    for (char *count = strtok(argv[3], ","); count != NULL; count = strtok(NULL, ",")) {
        while (connections < atoi(count)) {
            open_connection(++connections, (uint16_t)port, argv[2]);
        }
        report(connections, argv + 4);
    }
    return 0;
}
