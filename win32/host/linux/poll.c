/**
 * @file poll.c
 * Readiness of many files: epoll, edge-triggered, with an eventfd to interrupt it.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct host_poll {
    int epoll;
    int wake; /* an eventfd, watched level-triggered with the cookie HOST_POLL_WAKE */
};

host_poll *host_poll_create(void)
{
    host_poll *poll = malloc(sizeof *poll);
    if (!poll)
        return NULL;
    poll->epoll = epoll_create1(EPOLL_CLOEXEC);
    poll->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = HOST_POLL_WAKE};
    if (poll->epoll < 0 || poll->wake < 0 || epoll_ctl(poll->epoll, EPOLL_CTL_ADD, poll->wake, &event) != 0) {
        host_poll_destroy(poll);
        return NULL;
    }
    return poll;
}

void host_poll_destroy(host_poll *poll)
{
    if (poll->epoll >= 0)
        close(poll->epoll);
    if (poll->wake >= 0)
        close(poll->wake);
    free(poll);
}

uint32_t host_poll_add(host_poll *poll, host_file file, uint64_t cookie)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = cookie};
    return epoll_ctl(poll->epoll, EPOLL_CTL_ADD, file, &event) == 0 ? STATUS_SUCCESS : linux_status(errno);
}

void host_poll_remove(host_poll *poll, host_file file)
{
    struct epoll_event unused = {0};
    epoll_ctl(poll->epoll, EPOLL_CTL_DEL, file, &unused);
}

static int to_milliseconds(uint64_t ns)
{
    /* Rounded up: waking a little late is allowed, waking early and polling again is waste. */
    uint64_t ms = ns == HOST_FOREVER ? UINT64_MAX : ns / 1000000u + (ns % 1000000u != 0);
    return ns == HOST_FOREVER ? -1 : ms > 0x7fffffff ? 0x7fffffff : (int)ms;
}

int host_poll_wait(host_poll *poll, host_event *events, int capacity, uint64_t timeout)
{
    struct epoll_event ready[64];
    int count = epoll_wait(poll->epoll, ready, capacity < 64 ? capacity : 64, to_milliseconds(timeout));
    for (int i = 0; i < count; i++) {
        uint32_t bits = ready[i].events;
        events[i].cookie = ready[i].data.u64;
        events[i].ready = (bits & (EPOLLIN | EPOLLPRI) ? (unsigned)HOST_READABLE : 0u) |
                          (bits & EPOLLOUT ? (unsigned)HOST_WRITABLE : 0u) |
                          (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? (unsigned)HOST_HANGUP : 0u);
    }
    return count < 0 ? 0 : count;
}

void host_poll_wake(host_poll *poll)
{
    /* Edge-triggered, so the count is never read: each write is a new edge. It cannot overflow in practice, and a
     * full counter is still an edge. */
    uint64_t one = 1;
    if (write(poll->wake, &one, sizeof one) < 0) {
        uint64_t all;
        if (read(poll->wake, &all, sizeof all) > 0 && write(poll->wake, &one, sizeof one) < 0)
            return;
    }
}

int host_wait_ready(host_wait_entry *entries, unsigned count, uint64_t timeout)
{
    struct pollfd small[64], *fds = count <= 64 ? small : malloc(count * sizeof *fds);
    if (!fds)
        return 0;
    for (unsigned i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = entries[i].file,
                                 .events = (short)((entries[i].wanted & HOST_READABLE ? POLLIN | POLLRDHUP : 0) |
                                                   (entries[i].wanted & HOST_WRITABLE ? POLLOUT : 0))};
    struct timespec limit = {(time_t)(timeout / 1000000000u), (long)(timeout % 1000000000u)};
    int ready = ppoll(fds, count, timeout == HOST_FOREVER ? NULL : &limit, NULL);
    for (unsigned i = 0; i < count; i++) {
        short bits = ready > 0 ? fds[i].revents : 0;
        entries[i].ready = (bits & POLLIN ? (unsigned)HOST_READABLE : 0u) |
                           (bits & POLLOUT ? (unsigned)HOST_WRITABLE : 0u) |
                           (bits & (POLLHUP | POLLRDHUP | POLLERR) ? (unsigned)HOST_HANGUP : 0u);
    }
    if (fds != small)
        free(fds);
    return ready < 0 ? 0 : ready;
}

uint32_t host_bell_create(host_file *bell)
{
    *bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *bell >= 0 ? STATUS_SUCCESS : linux_status(errno);
}

void host_bell_ring(host_file bell)
{
    eventfd_write(bell, 1);
}

void host_bell_hush(host_file bell)
{
    eventfd_t rung;
    eventfd_read(bell, &rung);
}
