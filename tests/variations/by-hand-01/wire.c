/* Bytes in, bytes out, and waiting for either. */
#include "own.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void complain(const char *format, ...)
{
    char line[800];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    fprintf(stderr, "by-hand-01: %s\n", line);
}

void trace(const char *what, DWORD bytes, const char *format, ...)
{
    static SRWLOCK one = SRWLOCK_INIT;
    va_list list;
    if (!settings.trace)
        return;
    va_start(list, format);
    AcquireSRWLockExclusive(&one);
    printf("%lu ------------ %s Bytes=%lu ", (unsigned long)GetCurrentThreadId(), what, (unsigned long)bytes);
    vprintf(format, list);
    printf("\n");
    fflush(stdout);
    ReleaseSRWLockExclusive(&one);
    va_end(list);
}

ULONGLONG after(DWORD seconds)
{
    return GetTickCount64() + seconds * 1000ull;
}

/* Waits until the socket can be read or written. 1: it can; 0: the time is over; -1: give up. */
static int await(CLIENT *c, BOOL to_write, ULONGLONG until)
{
    while (!InterlockedCompareExchange(&aborting, 0, 0)) {
        struct timeval moment = {0, 20000};
        fd_set set;
        int ready;
        FD_ZERO(&set);
        FD_SET(c->socket, &set);
        ready = select(0, to_write ? NULL : &set, to_write ? &set : NULL, NULL, &moment);
        if (ready != 0)
            return ready > 0 ? 1 : -1;
        if (!to_write && c->silent && InterlockedCompareExchange(&stopping, 0, 0))
            return -1;
        if (GetTickCount64() >= until)
            return 0;
    }
    return -1;
}

BOOL grow(CLIENT *c)
{
    char *more = realloc(c->in, c->size * 2);
    if (more == NULL)
        return FALSE;
    c->in = more;
    c->size *= 2;
    return TRUE;
}

HEARD hear(CLIENT *c, size_t most, ULONGLONG until)
{
    size_t room;
    int got;
    if (c->used == c->size && !grow(c))
        return HEARD_END;
    room = c->size < most ? c->size - c->used : most - c->used;
    for (;;) {
        int ready = await(c, FALSE, until);
        if (ready <= 0)
            return ready == 0 ? HEARD_LATE : HEARD_END;
        got = recv(c->socket, c->in + c->used, (int)room, 0);
        if (got > 0 || (got < 0 && WSAGetLastError() != WSAEWOULDBLOCK))
            break;
        if (got == 0)
            break;
    }
    trace("IO_SOCKET_READ", got > 0 ? (DWORD)got : 0, "BuffLen=%lu", (unsigned long)c->size);
    if (got <= 0)
        return HEARD_END;
    c->used += (size_t)got;
    return HEARD_BYTES;
}

BOOL say(CLIENT *c, const char *bytes, size_t length)
{
    while (length > 0) {
        int gone = send(c->socket, bytes, (int)length, 0);
        if (gone > 0) {
            bytes += gone;
            length -= (size_t)gone;
        } else if (gone == 0 || WSAGetLastError() != WSAEWOULDBLOCK ||
                   await(c, TRUE, after(settings.idle_seconds)) != 1) {
            return FALSE;
        }
    }
    return TRUE;
}

void drop(CLIENT *c, size_t count)
{
    memmove(c->in, c->in + count, c->used - count);
    c->used -= count;
}
