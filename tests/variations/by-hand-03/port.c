/* The completion port, its workers, and the operations. */
#include "own.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVE = 0xDEAD };

static HANDLE port, workers[64];
static DWORD worker_count;
static SRWLOCK list_lock = SRWLOCK_INIT;
static LINK *newest;
static volatile LONG count;

void complain(const char *format, ...)
{
    char line[800];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    fprintf(stderr, "by-hand-03: %s\n", line);
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

BOOL is_set(volatile LONG *flag)
{
    return InterlockedCompareExchange(flag, 0, 0) != 0;
}

void give_time(LINK *c, ULONGLONG milliseconds)
{
    InterlockedExchange64(&c->until, (LONGLONG)(GetTickCount64() + milliseconds));
}

BOOL is_late(LINK *c)
{
    return (LONGLONG)GetTickCount64() >= InterlockedCompareExchange64(&c->until, 0, 0);
}

BOOL room(char **bytes, size_t *size, size_t wanted)
{
    size_t now = *size ? *size : 256;
    char *more;
    while (now < wanted)
        now *= 2;
    if (now == *size)
        return TRUE;
    more = realloc(*bytes, now);
    if (more == NULL)
        return FALSE;
    *bytes = more;
    *size = now;
    return TRUE;
}

LONG links_count(void)
{
    return InterlockedCompareExchange(&count, 0, 0);
}

BOOL tie(HANDLE device)
{
    return CreateIoCompletionPort(device, port, 0, 0) == port;
}

static void link_end(LINK *c)
{
    AcquireSRWLockExclusive(&list_lock);
    if (c->newer)
        c->newer->older = c->older;
    else
        newest = c->older;
    if (c->older)
        c->older->newer = c->newer;
    ReleaseSRWLockExclusive(&list_lock);
    closesocket(c->socket);
    if (c->file != INVALID_HANDLE_VALUE)
        CloseHandle(c->file);
    if (c->part != NULL)
        DeleteFileA(c->part);
    free(c->part);
    free(c->whole);
    free(c->text);
    free(c->out);
    free(c->in);
    free(c);
    InterlockedDecrement(&count);
}

static void let_go(LINK *c)
{
    if (InterlockedDecrement(&c->holders) == 0)
        link_end(c);
}

void link_begin(SOCKET socket)
{
    LINK *c = calloc(1, sizeof *c);
    if (c == NULL || (c->in = malloc(settings.buffer)) == NULL) {
        free(c);
        closesocket(socket);
        return;
    }
    c->size = settings.buffer;
    c->socket = socket;
    c->file = INVALID_HANDLE_VALUE;
    c->holders = 1;
    give_time(c, settings.idle_seconds * 1000);
    InterlockedIncrement(&count);
    AcquireSRWLockExclusive(&list_lock);
    c->older = newest;
    if (newest)
        newest->newer = c;
    newest = c;
    ReleaseSRWLockExclusive(&list_lock);
    if (tie((HANDLE)socket))
        request_next(c);
    let_go(c);
}

void links_sweep(void)
{
    AcquireSRWLockExclusive(&list_lock);
    for (LINK *c = newest; c; c = c->older)
        if (is_set(&aborting) || is_late(c) || (is_set(&stopping) && is_set(&c->silent)))
            CancelIoEx((HANDLE)c->socket, NULL);
    ReleaseSRWLockExclusive(&list_lock);
}

static void begin(LINK *c, NEXT *then)
{
    memset(&c->io, 0, sizeof c->io);
    c->then = then;
    InterlockedIncrement(&c->holders);
}

/* Every operation that was begun ends with a packet. */
static void begun(LINK *c, BOOL good, DWORD error)
{
    if (!good && error != ERROR_IO_PENDING)
        PostQueuedCompletionStatus(port, 0, error, &c->io);
}

void read_more(LINK *c, size_t most, NEXT *then)
{
    WSABUF space;
    DWORD flags = 0;
    int result;
    if (c->used == c->size && !room(&c->in, &c->size, c->size + 1))
        return;
    space.buf = c->in + c->used;
    space.len = (ULONG)((c->size < most ? c->size : most) - c->used);
    begin(c, then);
    result = WSARecv(c->socket, &space, 1, NULL, &flags, &c->io, NULL);
    begun(c, result == 0, result == 0 ? 0 : (DWORD)WSAGetLastError());
}

static void said_some(LINK *c, DWORD bytes, DWORD error)
{
    WSABUF rest;
    int result;
    if (error != 0 || bytes == 0)
        return;
    c->said += bytes;
    if (c->said == c->to_say) {
        c->after_saying(c, bytes, 0);
        return;
    }
    rest.buf = c->out + c->said;
    rest.len = (ULONG)(c->to_say - c->said);
    give_time(c, settings.idle_seconds * 1000);
    begin(c, said_some);
    result = WSASend(c->socket, &rest, 1, NULL, 0, &c->io, NULL);
    begun(c, result == 0, result == 0 ? 0 : (DWORD)WSAGetLastError());
}

void say(LINK *c, NEXT *then)
{
    WSABUF all = {(ULONG)c->to_say, c->out};
    int result;
    c->said = 0;
    c->after_saying = then;
    give_time(c, settings.idle_seconds * 1000);
    begin(c, said_some);
    result = WSASend(c->socket, &all, 1, NULL, 0, &c->io, NULL);
    begun(c, result == 0, result == 0 ? 0 : (DWORD)WSAGetLastError());
}

static void place(LINK *c)
{
    c->io.Offset = (DWORD)c->at;
    c->io.OffsetHigh = (DWORD)(c->at >> 32);
}

void read_slice(LINK *c, char *to, DWORD length, NEXT *then)
{
    BOOL good;
    begin(c, then);
    place(c);
    good = ReadFile(c->file, to, length, NULL, &c->io);
    begun(c, good, good ? 0 : GetLastError());
}

void write_piece(LINK *c, NEXT *then)
{
    BOOL good;
    begin(c, then);
    place(c);
    good = WriteFile(c->file, c->piece + c->piece_used, (DWORD)(c->piece_length - c->piece_used), NULL, &c->io);
    begun(c, good, good ? 0 : GetLastError());
}

static DWORD WINAPI work(LPVOID nothing)
{
    (void)nothing;
    for (;;) {
        DWORD bytes = 0, error = 0;
        ULONG_PTR key = 0;
        OVERLAPPED *io = NULL;
        LINK *c;
        if (!GetQueuedCompletionStatus(port, &bytes, &key, &io, INFINITE)) {
            error = GetLastError();
            if (io == NULL && error != WAIT_TIMEOUT)
                return 1;
        } else {
            error = (DWORD)key;
        }
        if (io == NULL) {
            if (error == LEAVE)
                return 0;
            continue;
        }
        c = CONTAINING_RECORD(io, LINK, io);
        if (!is_set(&aborting))
            c->then(c, bytes, error);
        let_go(c);
    }
}

BOOL ports_open(void)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    for (DWORD i = 0; port && i < system.dwNumberOfProcessors * settings.per_processor && i < 64; i++) {
        workers[i] = CreateThread(NULL, 0, work, NULL, 0, NULL);
        if (workers[i] == NULL)
            return FALSE;
        worker_count++;
    }
    return port != NULL;
}

void ports_close(void)
{
    for (DWORD i = 0; i < worker_count; i++)
        PostQueuedCompletionStatus(port, 0, LEAVE, NULL);
    WaitForMultipleObjects(worker_count, workers, TRUE, 5000);
    for (DWORD i = 0; i < worker_count; i++)
        CloseHandle(workers[i]);
    CloseHandle(port);
}
