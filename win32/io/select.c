/**
 * @file select.c
 * Waiting for readiness the old ways: select and WSAPoll.
 */
#include "../journal/journal.h"
#include "../object/deadline.h"
#include "socket.h"

enum { MOST = 3 * FD_SETSIZE };

void win32_fd_add(SOCKET s, fd_set *set, u_int size)
{
    if (!win32_fd_isset(s, set) && set->fd_count < size)
        set->fd_array[set->fd_count++] = s;
}

void win32_fd_remove(SOCKET s, fd_set *set)
{
    for (u_int i = 0; i < set->fd_count; i++)
        if (set->fd_array[i] == s) {
            memmove(&set->fd_array[i], &set->fd_array[i + 1], (--set->fd_count - i) * sizeof(SOCKET));
            return;
        }
}

int win32_fd_isset(SOCKET s, const fd_set *set)
{
    for (u_int i = 0; i < set->fd_count; i++)
        if (set->fd_array[i] == s)
            return 1;
    return 0;
}

static int wait_for(host_wait_entry *entries, unsigned count, uint64_t timeout)
{
    block_enter();
    int ready = host_wait_ready(entries, count, timeout);
    block_leave();
    return ready;
}

/* The sockets of up to three sets, with what is wanted of each. */
struct watched {
    socket_object *sockets[MOST];
    host_wait_entry entries[MOST];
    unsigned count;
};

static bool add_set(struct watched *watched, const fd_set *set, unsigned wanted)
{
    for (u_int i = 0; set && i < set->fd_count; i++) {
        socket_object *s = socket_find(set->fd_array[i]);
        if (!s)
            return false;
        watched->sockets[watched->count] = s;
        watched->entries[watched->count++] = (host_wait_entry){.file = s->file, .wanted = wanted};
    }
    return true;
}

/* A connect that failed counts as exceptional, not as readable or writable. */
static bool is_asked_for(const socket_object *s, unsigned wanted, unsigned ready)
{
    bool failed = s->connecting && ready & HOST_HANGUP;
    if (wanted == HOST_READABLE)
        return (ready & (HOST_READABLE | HOST_HANGUP)) && !failed;
    if (wanted == HOST_WRITABLE)
        return (ready & HOST_WRITABLE) && !failed;
    return failed;
}

/* Whether the wait ended for something that was asked for. What polls for another reason, as a dead connection does in
 * the third set, would end every wait at once: it is left out of the next. */
static bool has_result(struct watched *watched)
{
    bool any = false;
    for (unsigned i = 0; i < watched->count; i++) {
        host_wait_entry *entry = &watched->entries[i];
        if (is_asked_for(watched->sockets[i], entry->wanted, entry->ready))
            any = true;
        else if (entry->ready)
            entry->file = HOST_NONE;
    }
    return any;
}

/* Leaves in the set what is ready. */
static int keep_ready(struct watched *watched, unsigned *next, fd_set *set)
{
    u_int kept = 0;
    for (u_int i = 0; set && i < set->fd_count; i++, ++*next)
        if (is_asked_for(watched->sockets[*next], watched->entries[*next].wanted, watched->entries[*next].ready))
            set->fd_array[kept++] = set->fd_array[i];
    if (set)
        set->fd_count = kept;
    return (int)kept;
}

int WSAAPI select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const struct timeval *timeout)
{
    struct watched watched = {.count = 0};
    int ready = SOCKET_ERROR;
    (void)nfds;
    JOURNAL_CALL("select", NULL, NULL, 0);
    uint64_t ns = timeout ? (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_usec * 1000u : HOST_FOREVER;
    bool found = add_set(&watched, readfds, HOST_READABLE) && add_set(&watched, writefds, HOST_WRITABLE) &&
                 add_set(&watched, exceptfds, 0);
    if (found && watched.count == 0) {
        SetLastError(winsock_started() ? WSAEINVAL : WSANOTINITIALISED);
    } else if (found) {
        uint64_t deadline = ns == HOST_FOREVER ? HOST_FOREVER : host_now() + ns;
        unsigned next = 0;
        do
            wait_for(watched.entries, watched.count, deadline_left(deadline));
        while (!has_result(&watched) && deadline_left(deadline) > 0);
        ready = keep_ready(&watched, &next, readfds);
        ready += keep_ready(&watched, &next, writefds);
        ready += keep_ready(&watched, &next, exceptfds);
    }
    for (unsigned i = 0; i < watched.count; i++)
        socket_release(watched.sockets[i]);
    JOURNAL_WOKE(ready < 0 ? 0 : (uint64_t)ready, ready < 0 ? last_error_look() : 0);
    return ready;
}

int WSAAPI WSAPoll(LPWSAPOLLFD fdArray, ULONG fds, INT timeout)
{
    JOURNAL_CALL("WSAPoll", NULL, NULL, fds);
    int ready = 0;
    if (!fdArray || fds == 0) {
        SetLastError(WSAEINVAL);
        return SOCKET_ERROR;
    }
    socket_object **sockets = calloc(fds, sizeof *sockets);
    host_wait_entry *entries = calloc(fds, sizeof *entries);
    for (ULONG i = 0; sockets && entries && i < fds; i++) {
        sockets[i] = fdArray[i].fd == INVALID_SOCKET ? NULL : socket_find(fdArray[i].fd);
        entries[i].file = sockets[i] ? sockets[i]->file : HOST_NONE;
        entries[i].wanted = (fdArray[i].events & POLLIN ? (unsigned)HOST_READABLE : 0u) |
                            (fdArray[i].events & POLLOUT ? (unsigned)HOST_WRITABLE : 0u);
        fdArray[i].revents = sockets[i] || fdArray[i].fd == INVALID_SOCKET ? 0 : POLLNVAL;
        ready += fdArray[i].revents != 0;
    }
    if (sockets && entries && !ready)
        wait_for(entries, fds, timeout < 0 ? HOST_FOREVER : (uint64_t)timeout * 1000000u);
    for (ULONG i = 0; sockets && entries && i < fds; i++) {
        if (!sockets[i])
            continue;
        fdArray[i].revents = (SHORT)((entries[i].ready & HOST_READABLE ? fdArray[i].events & POLLIN : 0) |
                                     (entries[i].ready & HOST_WRITABLE ? fdArray[i].events & POLLOUT : 0) |
                                     (entries[i].ready & HOST_HANGUP ? POLLHUP : 0));
        ready += fdArray[i].revents != 0;
        socket_release(sockets[i]);
    }
    free(sockets);
    free(entries);
    JOURNAL_WOKE((uint64_t)ready, 0);
    return ready;
}
