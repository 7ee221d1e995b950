/**
 * @file transmit.c
 * TransmitFile and TransmitPackets: memory and parts of files, sent without passing through the program.
 */
#include "../include/mswsock.h"
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "file.h"
#include "mswsock_calls.h"
#include "socket.h"
#include "../verifier/verifier.h"

#define MOST_BYTES 2147483646u

/* A piece of what is sent: memory, or part of a file. */
struct piece {
    file_object *file; /* a reference, or NULL for memory */
    char *memory;
    uint64_t offset;
    uint64_t length;
};

/* A record's extra. */
struct transmit_call {
    bool disconnect, reuse;
    unsigned count, at; /* pieces, and the one under way */
    uint64_t done;      /* bytes of it */
    struct piece pieces[];
};

void transmit_forget(op *record)
{
    struct transmit_call *call = record->extra;
    for (unsigned i = 0; call && i < call->count; i++)
        object_release((object *)call->pieces[i].file);
}

static uint32_t send_some(socket_object *s, const struct piece *piece, uint64_t done, size_t *bytes)
{
    uint64_t left = piece->length - done;
    size_t length = left < 0x40000000u ? (size_t)left : 0x40000000u;
    if (!piece->file) {
        host_buffer buffer = {piece->memory + done, length};
        return host_send(s->file, &buffer, 1, false, bytes, NULL);
    }
    uint64_t offset = piece->offset + done;
    uint32_t status = host_send_file(s->file, file_host(piece->file), &offset, length, bytes);
    /* A file that has become shorter than promised cannot be sent to its end. */
    return status == STATUS_SUCCESS && *bytes == 0 ? STATUS_END_OF_FILE : status;
}

uint32_t perform_transmit(socket_object *s, op *record)
{
    struct transmit_call *call = record->extra;
    if (s->shut_send)
        return STATUS_SHUTDOWN;
    while (call->at < call->count) {
        const struct piece *piece = &call->pieces[call->at];
        if (call->done == piece->length) {
            call->at++;
            call->done = 0;
            continue;
        }
        size_t bytes = 0;
        uint32_t status = send_some(s, piece, call->done, &bytes);
        if (status == STATUS_WOULD_BLOCK)
            s->writable = READY_NO;
        if (status == STATUS_PIPE_BROKEN || status == STATUS_CONNECTION_RESET) {
            s->reset = true;
            status = STATUS_CONNECTION_RESET;
        }
        if (status)
            return status;
        call->done += bytes;
        record->bytes += (uint32_t)bytes;
    }
    if (call->disconnect && host_shutdown(s->file, SD_SEND) == STATUS_SUCCESS)
        s->shut_send = true;
    if (call->reuse) {
        host_socket_close(s->file);
        s->file = HOST_NONE;
        faults_disconnect(&s->pool);
        s->watched = s->bound = s->connected = s->needs_context = false;
        s->connected_since = 0;
        s->reusable = true;
    }
    return STATUS_SUCCESS;
}

static struct transmit_call *call_make(unsigned capacity, DWORD flags)
{
    struct transmit_call *call = calloc(1, sizeof *call + capacity * sizeof(struct piece));
    if (call) {
        call->disconnect = flags & TF_DISCONNECT;
        call->reuse = flags & TF_REUSE_SOCKET;
    }
    return call;
}

static void add_memory(struct transmit_call *call, void *memory, DWORD length)
{
    if (length)
        call->pieces[call->count++] = (struct piece){.memory = memory, .length = length};
}

/* @param length 0: to the end of the file */
static uint32_t add_file(struct transmit_call *call, HANDLE handle, uint64_t offset, uint64_t length)
{
    host_file_information information;
    file_object *file = (file_object *)object_find(handle, OBJECT_FILE);
    uint32_t status = file ? host_file_information_get(file_host(file), &information) : STATUS_INVALID_HANDLE;
    if (!status && length == 0)
        length = offset < information.size ? information.size - offset : 0;
    if (status || length == 0) {
        object_release((object *)file);
        return status;
    }
    call->pieces[call->count++] = (struct piece){.file = file, .offset = offset, .length = length};
    return STATUS_SUCCESS;
}

static BOOL run(SOCKET handle, struct transmit_call *call, uint32_t status, LPOVERLAPPED overlapped)
{
    socket_object *s = call ? socket_find(handle) : NULL;
    op record = {.overlapped = overlapped, .kind = OP_TRANSMIT, .extra = call};
    uint64_t total = 0;
    DWORD bytes = 0;
    bool connected = false, incomplete = false;
    for (unsigned i = 0; call && i < call->count; i++)
        total += call->pieces[i].length;
    if (s) {
        lock_acquire(&s->device.lock);
        connected = s->connected, incomplete = s->needs_context;
        lock_release(&s->device.lock);
    }
    if (!call)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!status && (total > MOST_BYTES || (call->reuse && !call->disconnect)))
        status = STATUS_INVALID_PARAMETER;
    else if (!status && s && (!connected || incomplete))
        status = STATUS_CONNECTION_INVALID;
    if (incomplete && verifier_on())
        verifier_no_context((HANDLE)handle);
    if (status || !s)
        op_clear(&record);
    else
        status = overlapped ? socket_start(s, &record, &bytes) : socket_block(s, &record, &bytes);
    if (s || !call || status) {
        object_release((object *)s);
        return overlapped_answer(status, 0, NULL);
    }
    return FALSE; /* socket_find has set the last error */
}

/* The file's position where no OVERLAPPED says another. */
static uint64_t start_offset(HANDLE file, const OVERLAPPED *overlapped)
{
    LARGE_INTEGER position = {.QuadPart = 0};
    if (overlapped)
        return (uint64_t)overlapped->OffsetHigh << 32 | overlapped->Offset;
    SetFilePointerEx(file, position, &position, FILE_CURRENT);
    return (uint64_t)position.QuadPart;
}

BOOL PASCAL TransmitFile(SOCKET hSocket, HANDLE hFile, DWORD nNumberOfBytesToWrite, DWORD nNumberOfBytesPerSend,
                         LPOVERLAPPED lpOverlapped, LPTRANSMIT_FILE_BUFFERS lpTransmitBuffers, DWORD dwReserved)
{
    (void)nNumberOfBytesPerSend;
    JOURNAL_CALL("TransmitFile", hSocket, lpOverlapped, nNumberOfBytesToWrite);
    struct transmit_call *call = call_make(3, dwReserved);
    uint32_t status = STATUS_SUCCESS;
    if (call && lpTransmitBuffers)
        add_memory(call, lpTransmitBuffers->Head, lpTransmitBuffers->HeadLength);
    if (call && hFile)
        status = add_file(call, hFile, start_offset(hFile, lpOverlapped), nNumberOfBytesToWrite);
    if (call && lpTransmitBuffers)
        add_memory(call, lpTransmitBuffers->Tail, lpTransmitBuffers->TailLength);
    return run(hSocket, call, status, lpOverlapped);
}

BOOL PASCAL transmit_packets(SOCKET hSocket, LPTRANSMIT_PACKETS_ELEMENT lpPacketArray, DWORD nElementCount,
                             DWORD nSendSize, LPOVERLAPPED lpOverlapped, DWORD dwFlags)
{
    (void)nSendSize;
    JOURNAL_CALL("TransmitPackets", hSocket, lpOverlapped, nElementCount);
    struct transmit_call *call = call_make(nElementCount, dwFlags);
    uint32_t status = lpPacketArray || !nElementCount ? STATUS_SUCCESS : STATUS_FAULT;
    for (DWORD i = 0; call && !status && i < nElementCount; i++) {
        TRANSMIT_PACKETS_ELEMENT *element = &lpPacketArray[i];
        bool memory = element->dwElFlags & TP_ELEMENT_MEMORY, file = element->dwElFlags & TP_ELEMENT_FILE;
        if (memory == file)
            status = STATUS_INVALID_PARAMETER;
        else if (memory)
            add_memory(call, element->pBuffer, element->cLength);
        else
            status = add_file(call, element->hFile, (uint64_t)element->nFileOffset.QuadPart, element->cLength);
    }
    return run(hSocket, call, status, lpOverlapped);
}
