/**
 * @file attack.h
 * Attacks on the grader. Each .c file here is one; its first comment says what it does and, after a word and a colon,
 * what must come of it:
 *
 *     server: yes       it is linked with the third stage's server, which is right, and acts beside it; otherwise it is
 *                       a program of its own
 *     passes: all       the tests that it must pass: all, none, or names
 *     user-passes: …    the same where the grader is not root, if that differs
 *     tests: …          the tests to run, in place of the usual few
 *     patience: 0.2     stretches the grader's deadlines
 *     says: words       the report must have these words
 *     terminal: yes     the grader has a terminal, to which nobody may write
 *
 * An attack that succeeds where it must not ends its server with BREACH, so that tests fail which should pass.
 */
#ifndef ATTACK_H
#define ATTACK_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BREACH = 66 };

/** Runs before main. */
#define AT_START __attribute__((constructor)) static void

/** Ends the server when something succeeded that must not. */
static inline void must_fail(int succeeded, const char *what)
{
    if (!succeeded)
        return;
    fprintf(stderr, "BREACH: %s\n", what);
    _exit(BREACH);
}

/** The value of one of the server's options, from /proc: constructors have no arguments. Static text. */
static inline const char *option(const char *name)
{
    static char line[4096];
    int file = open("/proc/self/cmdline", O_RDONLY);
    ssize_t length = read(file, line, sizeof line - 1);
    close(file);
    for (const char *word = line; word < line + length; word += strlen(word) + 1)
        if (!strcmp(word, name))
            return word + strlen(word) + 1;
    return "";
}

/** Listens on any free port. @return the socket */
static inline int listen_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        _exit(3);
    *port = ntohs(address.sin_port);
    return listener;
}

static inline void say_port(int port)
{
    printf("listening on http://127.0.0.1:%d/\n", port);
    fflush(stdout);
}

/** Answers every request with one page, for ever. */
static inline void serve_page(int listener, const char *page)
{
    char request[4096], answer[1024];
    int length =
        snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(page), page);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        while (client >= 0 && recv(client, request, sizeof request, 0) > 0)
            send(client, answer, (size_t)length, MSG_NOSIGNAL);
        close(client);
    }
}

#endif
