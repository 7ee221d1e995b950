/**
 * @file file_io.c
 * ReadFile and WriteFile.
 */
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "file.h"
#include "../verifier/verifier.h"

/* What the page cache holds ends at a multiple of this or of something larger. */
#define SMALLEST_PAGE 4096u

/* An offset of all ones in an OVERLAPPED means the end of the file. */
#define AT_END UINT64_MAX

/* Whole buffer or end of file. A short count from the page cache alone does not tell which: it ends between two pages
 * where the cache does, and anywhere else only where the file does. */
static uint32_t read_at(file_object *f, op *record, bool may_block)
{
    while (record->bytes < record->buffer.length) {
        size_t got = 0;
        uint32_t status =
            host_file_read(f->file, (char *)record->buffer.data + record->bytes, record->buffer.length - record->bytes,
                           record->position + record->bytes, may_block, &got);
        if (status)
            return status;
        record->bytes += (uint32_t)got;
        if (got == 0 || (record->position + record->bytes) % SMALLEST_PAGE != 0)
            break;
    }
    return record->bytes || !record->buffer.length ? STATUS_SUCCESS : STATUS_END_OF_FILE;
}

static uint32_t write_at(file_object *f, op *record)
{
    uint32_t status = STATUS_SUCCESS;
    if (record->position == AT_END || f->append_only) {
        host_file_information information = {0};
        status = host_file_information_get(f->file, &information);
        record->position = information.size;
    }
    while (!status && record->bytes < record->buffer.length) {
        size_t put = 0;
        status = host_file_write(f->file, (const char *)record->buffer.data + record->bytes,
                                 record->buffer.length - record->bytes, record->position + record->bytes, &put);
        record->bytes += (uint32_t)put;
    }
    return status;
}

/* Once: a stream gives what it has, and takes what it is given. */
static uint32_t stream_once(file_object *f, op *record, size_t *moved)
{
    char *data = (char *)record->buffer.data + record->bytes;
    size_t length = record->buffer.length - record->bytes;
    *moved = 0;
    return record->kind == OP_FILE_READ ? host_stream_read(f->file, data, length, moved)
                                        : host_stream_write(f->file, data, length, moved);
}

static uint32_t stream_perform(file_object *f, op *record, bool may_block)
{
    bool reading = record->kind == OP_FILE_READ;
    host_wait_entry entry = {.file = f->file, .wanted = reading ? HOST_READABLE : HOST_WRITABLE};
    while (record->bytes < record->buffer.length) {
        size_t moved;
        uint32_t status = may_block ? stream_once(f, record, &moved) : STATUS_WOULD_BLOCK;
        if (status == STATUS_WOULD_BLOCK && may_block) {
            host_wait_ready(&entry, 1, HOST_FOREVER);
            continue;
        }
        if (status)
            return status;
        record->bytes += (uint32_t)moved;
        if (reading)
            return moved == 0 ? (f->pipe ? STATUS_PIPE_BROKEN : STATUS_END_OF_FILE) : STATUS_SUCCESS;
    }
    return STATUS_SUCCESS;
}

uint32_t file_perform(file_object *f, op *record, bool may_block)
{
    if (f->stream)
        return stream_perform(f, record, may_block);
    return record->kind == OP_FILE_READ ? read_at(f, record, may_block) : write_at(f, record);
}

static uint64_t offset_of(const OVERLAPPED *overlapped)
{
    return (uint64_t)overlapped->OffsetHigh << 32 | overlapped->Offset;
}

/* Ends an overlapped operation within the call that started it. @return an error for the caller to give */
static uint32_t finish(file_object *f, const op *record, bool immediate)
{
    op *kept = op_keep(record);
    if (!kept)
        return STATUS_INSUFFICIENT_RESOURCES;
    overlapped_finish(&f->device, kept, immediate);
    return STATUS_SUCCESS;
}

/* @return STATUS_PENDING when the operation is out, or ended otherwise than a success but is told through the port */
static uint32_t start(file_object *f, op *record)
{
    OVERLAPPED *overlapped = record->overlapped;
    bool writing = record->kind == OP_FILE_WRITE;
    record->position = offset_of(overlapped);
    record->thread = GetCurrentThreadId();
    bool observed = watch_on();
    if (observed && verifier_on())
        verifier_begin(&f->device, record);
    overlapped_begin(overlapped);
    uint32_t refused = observed && faults_on() ? faults_begin(record, true, !f->stream) : STATUS_SUCCESS;
    if (writing && !f->stream)
        block_enter();
    record->status = refused ? refused : file_perform(f, record, observed && faults_on() && faults_insist());
    if (writing && !f->stream)
        block_leave();
    uint32_t status = record->status;
    if (status == STATUS_SUCCESS) {
        bool pend = observed && faults_on() && faults_pend();
        status = finish(f, record, !pend);
        status = pend && !status ? STATUS_PENDING : status;
    } else if (status == STATUS_END_OF_FILE) {
        /* Reading at the end counts as started: the error comes with the completion. */
        status = finish(f, record, false);
        status = status ? status : STATUS_PENDING;
    } else if (status == STATUS_WOULD_BLOCK) {
        op *kept = op_keep(record);
        status = kept ? STATUS_PENDING : STATUS_INSUFFICIENT_RESOURCES;
        if (kept) {
            JOURNAL_EVENT("pending", op_name(kept->kind), object_handle(&f->device.base), overlapped,
                          kept->buffer.length, 0);
            if (verifier_on())
                verifier_pending(kept);
            file_pool_add(f, kept);
        }
    }
    if (status_failed(status)) {
        JOURNAL_EVENT("fail", op_name(record->kind), object_handle(&f->device.base), overlapped, 0,
                      status_to_error(status));
        __atomic_store_n(&overlapped->Internal, status, __ATOMIC_RELEASE);
        if (faults_on())
            faults_end(record);
        if (verifier_on())
            verifier_failed(&f->device, record, status);
    }
    return status;
}

/* On a handle that was opened without the overlapped flag. An OVERLAPPED then only says where. */
static uint32_t perform_synchronously(file_object *f, op *record)
{
    OVERLAPPED *overlapped = record->overlapped;
    uint32_t refused = faults_on() ? faults_begin(record, false, !f->stream) : STATUS_SUCCESS;
    if (refused)
        return refused;
    if (overlapped)
        overlapped_begin(overlapped);
    watch_call mine = watch_lend();
    EnterCriticalSection(&f->turn);
    watch_take_back(&mine);
    lock_acquire(&f->device.lock);
    record->position = overlapped ? offset_of(overlapped) : f->position;
    lock_release(&f->device.lock);
    block_enter();
    record->status = file_perform(f, record, true);
    block_leave();
    lock_acquire(&f->device.lock);
    f->position = record->position + record->bytes;
    lock_release(&f->device.lock);
    LeaveCriticalSection(&f->turn);
    uint32_t status = record->status;
    if (overlapped) {
        uint32_t kept = finish(f, record, true);
        return kept ? kept : status;
    }
    status = status == STATUS_END_OF_FILE ? STATUS_SUCCESS : status;
    JOURNAL_WOKE(record->bytes, status_to_error(status));
    return status;
}

static BOOL transfer(file_object *f, op *record, LPDWORD done)
{
    uint32_t status;
    if (done)
        *done = 0;
    if (!(record->kind == OP_FILE_READ ? f->readable : f->writable))
        status = STATUS_ACCESS_DENIED;
    else if (f->device.overlapped)
        status = record->overlapped ? start(f, record) : STATUS_INVALID_PARAMETER;
    else if (!record->overlapped && !done)
        status = STATUS_FAULT; /* nowhere to tell the count; Windows ends the program here */
    else
        status = perform_synchronously(f, record);
    if (status == STATUS_PENDING)
        return fail(ERROR_IO_PENDING);
    if (status_failed(status))
        return fail(status_to_error(status));
    if (done)
        *done = record->bytes;
    return TRUE;
}

BOOL WINAPI ReadFile(HANDLE hFile, LPVOID lpBuffer, DWORD nNumberOfBytesToRead, LPDWORD lpNumberOfBytesRead,
                     LPOVERLAPPED lpOverlapped)
{
    JOURNAL_CALL("ReadFile", hFile, lpOverlapped, nNumberOfBytesToRead);
    object *o = object_find(hFile, OBJECT_DEVICE);
    if (!o)
        return fail(ERROR_INVALID_HANDLE);
    op record = {.overlapped = lpOverlapped,
                 .kind = OP_FILE_READ,
                 .count = 1,
                 .buffer = {.data = lpBuffer, .length = nNumberOfBytesToRead}};
    BOOL result = o->type->kind == OBJECT_SOCKET
                      ? socket_read_file(o, lpBuffer, nNumberOfBytesToRead, lpNumberOfBytesRead, lpOverlapped)
                      : transfer((file_object *)o, &record, lpNumberOfBytesRead);
    object_release(o);
    return result;
}

BOOL WINAPI WriteFile(HANDLE hFile, LPCVOID lpBuffer, DWORD nNumberOfBytesToWrite, LPDWORD lpNumberOfBytesWritten,
                      LPOVERLAPPED lpOverlapped)
{
    JOURNAL_CALL("WriteFile", hFile, lpOverlapped, nNumberOfBytesToWrite);
    object *o = object_find(hFile, OBJECT_DEVICE);
    if (!o)
        return fail(ERROR_INVALID_HANDLE);
    op record = {.overlapped = lpOverlapped,
                 .kind = OP_FILE_WRITE,
                 .count = 1,
                 .buffer = {.data = (void *)(uintptr_t)lpBuffer, .length = nNumberOfBytesToWrite}};
    BOOL result = o->type->kind == OBJECT_SOCKET
                      ? socket_write_file(o, lpBuffer, nNumberOfBytesToWrite, lpNumberOfBytesWritten, lpOverlapped)
                      : transfer((file_object *)o, &record, lpNumberOfBytesWritten);
    object_release(o);
    return result;
}
