/*
 * echo-epoll.c - the same echo server written for Linux, as fast as it is simple to make it: the yardstick.
 *
 * Two threads, each with an epoll of its own; the main thread accepts and deals the connections out in turn. A ready
 * connection costs one recv and one send; what a send leaves over is rare here and waited for in place.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORKERS = 2, BATCH = 64, BUFFER_SIZE = 4096 };

static int send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN) {
            struct pollfd ready = {fd, POLLOUT, 0};

            poll(&ready, 1, -1);
        } else if (sent < 0) {
            return -1;
        } else {
            data += sent;
            size -= (size_t)sent;
        }
    }
    return 0;
}

static void *work(void *argument)
{
    int epoll = *(const int *)argument;
    struct epoll_event events[BATCH];
    char buffer[BUFFER_SIZE];

    for (;;) {
        int count = epoll_wait(epoll, events, BATCH, -1);

        if (count < 0 && errno != EINTR) {
            return NULL;
        }
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            ssize_t size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

            if ((size < 0 && errno != EAGAIN) || size == 0 || (size > 0 && send_all(fd, buffer, (size_t)size) != 0)) {
                close(fd);
            }
        }
    }
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int epolls[WORKERS];

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("echo-epoll");
        return 1;
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_t thread;

        epolls[i] = epoll_create1(0);
        if (epolls[i] < 0 || pthread_create(&thread, NULL, work, &epolls[i]) != 0) {
            return 1;
        }
    }
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    for (unsigned turn = 0;; turn++) {
        int one = 1;
        int fd = accept(listener, NULL, NULL);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        if (fd < 0) {
            return 1;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (epoll_ctl(epolls[turn % WORKERS], EPOLL_CTL_ADD, fd, &event) != 0) {
            close(fd);
        }
    }
}
