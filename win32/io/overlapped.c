/**
 * @file overlapped.c
 * How overlapped operations begin and end, and the calls that ask about them.
 */
#include "../include/winsock2.h"
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "../object/deadline.h"
#include "../verifier/verifier.h"
#include "socket.h"

/* How often GetOverlappedResult looks at an operation without an event whose end nobody will announce to it. */
#define LOOK_NS 10000000u

const char *op_name(unsigned kind)
{
    static const char *const names[] = {"posted",     "receive",  "receive-from", "receive-message",
                                        "send",       "send-to",  "accept",       "connect",
                                        "disconnect", "transmit", "file-read",    "file-write"};
    return kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

static HANDLE event_of(const OVERLAPPED *overlapped)
{
    return (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
}

static bool wants_packet(const OVERLAPPED *overlapped)
{
    return !((ULONG_PTR)overlapped->hEvent & 1);
}

void overlapped_begin(OVERLAPPED *overlapped)
{
    if (overlapped->hEvent)
        event_clear_by_handle(event_of(overlapped));
    overlapped->InternalHigh = 0;
    __atomic_store_n(&overlapped->Internal, STATUS_PENDING, __ATOMIC_RELEASE);
}

op *op_keep(const op *record)
{
    op *kept = op_allocate();
    if (kept)
        *kept = *record;
    return kept;
}

/* A short array takes the memory of a record, which the thread has at hand: a header and a body sent together cost no
 * allocation. */
static bool fits_a_record(unsigned count)
{
    return count * sizeof(host_buffer) <= sizeof(op);
}

host_buffer *op_buffers_allocate(unsigned count)
{
    return fits_a_record(count) ? (void *)op_allocate() : malloc(count * sizeof(host_buffer));
}

void op_buffers_free(host_buffer *buffers, unsigned count)
{
    if (fits_a_record(count) && buffers)
        op_free((void *)buffers);
    else
        free(buffers);
}

void op_clear(op *record)
{
    if (record->count > 1)
        op_buffers_free(record->buffers, record->count);
    if (record->kind == OP_ACCEPT)
        accept_forget(record);
    else if (record->kind == OP_TRANSMIT)
        transmit_forget(record);
    free(record->extra);
    record->count = 0;
    record->extra = NULL;
}

static void write_status(OVERLAPPED *overlapped, uint32_t status, uint32_t bytes)
{
    overlapped->InternalHigh = bytes;
    __atomic_store_n(&overlapped->Internal, status, __ATOMIC_RELEASE);
    host_wake((const uint32_t *)&overlapped->Internal, 0x7fffffff);
}

/* Out of the way of the many operations that nobody watches. */
__attribute__((noinline)) static void tell_end(device *d, op *record, bool packet, bool immediate)
{
    JOURNAL_EVENT("complete", op_name(record->kind), object_handle(&d->base), record->overlapped, record->bytes,
                  status_to_error(record->status));
    if (faults_on())
        faults_end(record);
    if (verifier_on())
        verifier_ended(record, packet, immediate);
}

void overlapped_finish(device *d, op *record, bool immediate)
{
    OVERLAPPED *overlapped = record->overlapped;
    HANDLE event = event_of(overlapped);
    bool packet =
        d->port && wants_packet(overlapped) && !(immediate && d->skip_on_success && !status_failed(record->status));
    bool observed = watch_on();
    if (observed)
        tell_end(d, record, packet, immediate);
    op_clear(record);
    record->key = d->key;
    record->flags = 0;
    /* Windows leaves the status of an operation on a port alone until its packet is taken; with an event somebody may
     * look before that. From the last line of each branch on, the OVERLAPPED may be gone. */
    if (packet && event)
        record->flags = OP_FLAG_WRITE_STATUS_EARLY;
    if (!packet || event)
        write_status(overlapped, record->status, record->bytes);
    if (!packet)
        op_free(record);
    else if (!observed || !faults_on() || !faults_hold(d->port, record)) /* what is held is pushed later */
        port_push(d->port, record, immediate);
    if (event)
        event_set_by_handle(event);
}

/* Waits for an operation without looking at its device. @return false when it is still out */
static bool wait_until_done(HANDLE handle, const OVERLAPPED *overlapped, bool wait)
{
    bool waited = false;
    const uint32_t *word = (const uint32_t *)&overlapped->Internal;
    HANDLE event = event_of(overlapped);
    while (__atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE) == STATUS_PENDING) {
        if (!wait)
            return false;
        if (event) {
            watch_call mine = watch_lend();
            DWORD result = WaitForSingleObject(event, INFINITE);
            watch_take_back(&mine);
            if (result == WAIT_FAILED)
                return false;
            wait = false; /* as on Windows: the event is believed, and the status looked at once more */
        } else {
            if (!waited)
                JOURNAL_WAITS(handle, overlapped, 0);
            waited = true;
            block_enter();
            host_sleep_on(word, STATUS_PENDING, LOOK_NS);
            block_leave();
        }
    }
    if (waited)
        JOURNAL_WOKE(overlapped->InternalHigh, status_to_error((uint32_t)overlapped->Internal));
    return true;
}

BOOL WINAPI GetOverlappedResult(HANDLE hFile, LPOVERLAPPED lpOverlapped, LPDWORD lpNumberOfBytesTransferred, BOOL bWait)
{
    WATCH_CALL("GetOverlappedResult");
    if (!wait_until_done(hFile, lpOverlapped, bWait))
        return fail(ERROR_IO_INCOMPLETE);
    uint32_t status = (uint32_t)lpOverlapped->Internal;
    *lpNumberOfBytesTransferred = (DWORD)lpOverlapped->InternalHigh;
    return status_failed(status) ? fail(status_to_error(status)) : TRUE;
}

BOOL WSAAPI WSAGetOverlappedResult(SOCKET s, LPWSAOVERLAPPED lpOverlapped, LPDWORD lpcbTransfer, BOOL fWait,
                                   LPDWORD lpdwFlags)
{
    WATCH_CALL("WSAGetOverlappedResult");
    object *o = object_find((HANDLE)s, OBJECT_SOCKET);
    if (!o)
        return fail(WSAENOTSOCK);
    object_release(o);
    if (!lpOverlapped || !lpcbTransfer || !lpdwFlags)
        return fail(WSAEFAULT);
    if (!wait_until_done((HANDLE)s, lpOverlapped, fWait))
        return fail(WSA_IO_INCOMPLETE);
    uint32_t status = (uint32_t)lpOverlapped->Internal;
    *lpcbTransfer = (DWORD)lpOverlapped->InternalHigh;
    *lpdwFlags = 0;
    return status_failed(status) ? fail(status_to_winsock(status)) : TRUE;
}

static BOOL cancel(HANDLE handle, const OVERLAPPED *overlapped, DWORD thread, bool need_one)
{
    device *d = (device *)object_find(handle, OBJECT_DEVICE);
    if (!d)
        return fail(ERROR_INVALID_HANDLE);
    unsigned count = ((const device_type *)d->base.type)->cancel(d, overlapped, thread);
    object_release(&d->base);
    return count || !need_one ? TRUE : fail(ERROR_NOT_FOUND);
}

BOOL WINAPI CancelIo(HANDLE hFile)
{
    JOURNAL_CALL("CancelIo", hFile, NULL, 0);
    return cancel(hFile, NULL, GetCurrentThreadId(), false);
}

BOOL WINAPI CancelIoEx(HANDLE hFile, LPOVERLAPPED lpOverlapped)
{
    JOURNAL_CALL("CancelIoEx", hFile, lpOverlapped, 0);
    return cancel(hFile, lpOverlapped, 0, true);
}

BOOL WINAPI SetFileCompletionNotificationModes(HANDLE FileHandle, UCHAR Flags)
{
    JOURNAL_CALL("SetFileCompletionNotificationModes", FileHandle, NULL, Flags);
    device *d = (device *)object_find(FileHandle, OBJECT_DEVICE);
    if (!d)
        return fail(ERROR_INVALID_HANDLE);
    bool known = !(Flags & ~(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE));
    lock_acquire(&d->lock);
    if (known && Flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
        d->skip_on_success = true; /* there is no way back */
    lock_release(&d->lock);
    object_release(&d->base);
    return known ? TRUE : fail(ERROR_INVALID_PARAMETER);
}

static DWORD associate(HANDLE file, port *p, ULONG_PTR key)
{
    device *d = (device *)object_find(file, OBJECT_DEVICE);
    DWORD error = d ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
    if (d) {
        lock_acquire(&d->lock);
        if (d->port || !d->overlapped) {
            error = ERROR_INVALID_PARAMETER;
        } else {
            object_keep(&p->base); /* given back when the device is destroyed */
            d->key = key;
            d->port = p;
            ((const device_type *)d->base.type)->associated(d);
        }
        lock_release(&d->lock);
        object_release(&d->base);
    }
    return error;
}

HANDLE WINAPI CreateIoCompletionPort(HANDLE FileHandle, HANDLE ExistingCompletionPort, ULONG_PTR CompletionKey,
                                     DWORD NumberOfConcurrentThreads)
{
    port *p = NULL;
    DWORD error = ERROR_SUCCESS;
    if (watch_on()) {
        JOURNAL_CALL("CreateIoCompletionPort", FileHandle, ExistingCompletionPort, NumberOfConcurrentThreads);
        FAULTS_MAY_FAIL("CreateIoCompletionPort", NULL);
    }
    if (FileHandle == INVALID_HANDLE_VALUE && ExistingCompletionPort) {
        error = ERROR_INVALID_PARAMETER;
    } else if (ExistingCompletionPort) {
        p = (port *)object_find(ExistingCompletionPort, OBJECT_PORT);
        error = p ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
    } else {
        p = port_create(NumberOfConcurrentThreads);
        error = p ? ERROR_SUCCESS : ERROR_NO_SYSTEM_RESOURCES;
        if (p)
            object_keep(&p->base);
    }
    HANDLE handle = p ? object_handle(&p->base) : NULL;
    if (p && FileHandle != INVALID_HANDLE_VALUE)
        error = associate(FileHandle, p, CompletionKey);
    object_release((object *)p);
    if (!error)
        return handle;
    if (p && !ExistingCompletionPort)
        object_close(handle, OBJECT_PORT);
    SetLastError(error);
    return NULL;
}
