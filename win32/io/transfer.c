/**
 * @file transfer.c
 * Performing operations on sockets: trying, queueing, working the queues off.
 */
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "../object/deadline.h"
#include "../object/helper.h"
#include "../verifier/verifier.h"
#include "socket.h"

enum { PIECES = 64 };

bool op_is_sending(unsigned kind)
{
    return kind == OP_SEND || kind == OP_SEND_TO || kind == OP_CONNECT || kind == OP_TRANSMIT;
}

static size_t total_length(op *record)
{
    size_t total = 0;
    for (unsigned i = 0; i < record->count; i++)
        total += op_buffers(record)[i].length;
    return total;
}

/* The part of the record's buffers from its position on. @return pieces written */
static unsigned pieces_left(op *record, host_buffer pieces[PIECES])
{
    uint64_t skip = record->position;
    unsigned count = 0;
    for (unsigned i = 0; i < record->count && count < PIECES; i++) {
        host_buffer piece = op_buffers(record)[i];
        size_t step = skip < piece.length ? (size_t)skip : piece.length;
        skip -= step;
        if (step < piece.length)
            pieces[count++] = (host_buffer){(char *)piece.data + step, piece.length - step};
    }
    return count;
}

static void drained(socket_object *s)
{
    s->readable = READY_NO;
    s->drained_at = s->device.port ? __atomic_load_n(&s->device.port->sequence, __ATOMIC_RELAXED) : 0;
}

/* What a failed call means for the socket from now on. */
static uint32_t connection_error(socket_object *s, uint32_t status)
{
    if (s->type == SOCK_STREAM && (status == STATUS_CONNECTION_RESET || status == STATUS_IO_TIMEOUT))
        s->reset = true;
    return status;
}

/* A receive of zero bytes on a stream ends when there is something to receive, or the end of the stream. */
static uint32_t perform_zero_byte_receive(socket_object *s)
{
    char byte;
    host_buffer buffer = {&byte, 1};
    unsigned flags = HOST_RECV_PEEK | HOST_RECV_STREAM;
    size_t bytes;
    if (s->readable == READY_YES && !s->hung_up)
        return STATUS_SUCCESS;
    uint32_t status = host_receive(s->file, &buffer, 1, &flags, &bytes, NULL);
    if (status == STATUS_WOULD_BLOCK)
        drained(s);
    return connection_error(s, status);
}

receive_from *receive_from_make(struct sockaddr *name, int *length, LPWSAMSG message)
{
    receive_from *from = malloc(sizeof *from);
    if (from)
        *from = (receive_from){name, length, message};
    return from;
}

/* Tells WSARecvFrom and WSARecvMsg where the datagram came from. */
static void tell_sender(const receive_from *wants, const host_address *from, bool truncated)
{
    if (!wants)
        return;
    if (wants->name)
        address_to_program(from, wants->name, wants->length);
    if (wants->message) {
        wants->message->dwFlags = truncated ? MSG_TRUNC : 0;
        wants->message->Control.len = 0;
    }
}

static uint32_t perform_receive(socket_object *s, op *record)
{
    host_buffer pieces[PIECES];
    host_address from;
    size_t bytes = 0, wanted = total_length(record);
    unsigned flags = (unsigned)(record->flags & (HOST_RECV_PEEK | HOST_RECV_OOB | HOST_RECV_WAITALL));
    bool wait_all = flags & HOST_RECV_WAITALL;
    if (s->type == SOCK_STREAM)
        flags |= HOST_RECV_STREAM;
    if (s->shut_receive)
        return STATUS_SHUTDOWN;
    if (s->reset)
        return STATUS_CONNECTION_RESET;
    if (wanted == 0 && s->type == SOCK_STREAM)
        return perform_zero_byte_receive(s);
    unsigned count = pieces_left(record, pieces);
    bool with_name = record->kind != OP_RECEIVE && s->type == SOCK_DGRAM;
    uint32_t status = host_receive(s->file, pieces, count, &flags, &bytes, with_name ? &from : NULL);
    if (status == STATUS_WOULD_BLOCK)
        drained(s);
    if (status)
        return connection_error(s, status);
    record->bytes += (uint32_t)bytes;
    record->position += bytes;
    if (s->type == SOCK_STREAM && bytes && record->position < wanted && !(record->flags & HOST_RECV_PEEK)) {
        drained(s); /* less than asked for: nothing is left */
        if (wait_all)
            return STATUS_WOULD_BLOCK;
    }
    if (s->readable == READY_YES && !(record->flags & HOST_RECV_PEEK))
        s->readable = READY_PERHAPS; /* as much as asked for: more may be left, or nothing */
    if (with_name)
        tell_sender(record->extra, &from, flags & HOST_RECV_TRUNCATED);
    return flags & HOST_RECV_TRUNCATED ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static uint32_t perform_send(socket_object *s, op *record)
{
    host_buffer pieces[PIECES];
    size_t bytes = 0, wanted = total_length(record);
    if (s->shut_send)
        return STATUS_SHUTDOWN;
    if (s->reset)
        return STATUS_CONNECTION_RESET;
    do {
        unsigned count = pieces_left(record, pieces);
        uint32_t status = host_send(s->file, pieces, count, record->flags & HOST_RECV_OOB, &bytes,
                                    record->kind == OP_SEND_TO ? record->extra : NULL);
        if (status == STATUS_WOULD_BLOCK)
            s->writable = READY_NO;
        if (status == STATUS_PIPE_BROKEN) /* this side did not shut down: the other did it, or nobody is there */
            status = s->connected ? STATUS_CONNECTION_RESET : STATUS_CONNECTION_INVALID;
        if (status)
            return connection_error(s, status);
        record->bytes += (uint32_t)bytes;
        record->position += bytes;
        if (record->position < wanted && count < PIECES) {
            s->writable = READY_NO; /* it took less than it was given: its buffer is full */
            return STATUS_WOULD_BLOCK;
        }
    } while (record->position < wanted);
    return STATUS_SUCCESS;
}

uint32_t socket_perform(socket_object *s, op *record)
{
    if (s->file == HOST_NONE && record->kind != OP_CONNECT)
        return STATUS_CONNECTION_INVALID; /* not yet, or no longer, accepted or connected */
    switch (record->kind) {
    case OP_RECEIVE:
    case OP_RECEIVE_FROM:
    case OP_RECEIVE_MESSAGE:
        return perform_receive(s, record);
    case OP_SEND:
    case OP_SEND_TO:
        return perform_send(s, record);
    case OP_CONNECT:
        return perform_connect(s, record);
    case OP_ACCEPT:
        return perform_accept(s, record);
    case OP_TRANSMIT:
        return perform_transmit(s, record);
    default:
        return perform_disconnect(s, record);
    }
}

/* Whether the system call is worth a try, as far as the socket remembers. Unwatched sockets get no events, so they
 * always are. */
static bool may_be_ready(const socket_object *s, bool sending)
{
    return !s->watched || s->hung_up || (sending ? s->writable : s->readable) != READY_NO;
}

uint32_t socket_watch(socket_object *s)
{
    uint64_t cookie = (uintptr_t)object_handle(&s->device.base);
    uint32_t status = s->watched ? STATUS_SUCCESS : socket_need_file(s);
    if (s->watched || status)
        return status;
    status = s->device.port ? port_watch(s->device.port, s->file, cookie) : helper_watch(s->file, cookie);
    s->watched = status == STATUS_SUCCESS;
    return status;
}

static op_queue *queue_of(socket_object *s, bool sending)
{
    return sending ? &s->sends : &s->receives;
}

void socket_enqueue(socket_object *s, op *record)
{
    queue_add(queue_of(s, op_is_sending(record->kind)), record);
    if (s->device.port)
        port_expects(s->device.port);
}

/* Ends an operation that was out. An accept that waits for data, on the socket that it accepted, reports to its
 * listener; the reference keeps that alive until the packet is given. */
static void finish(socket_object *s, op *record, uint32_t status)
{
    device *d = record->kind == OP_ACCEPT ? accept_listener(record) : &s->device;
    record->status = status;
    object_keep(&d->base);
    overlapped_finish(d, record, false);
    object_release(&d->base);
}

static op *pop(socket_object *s, bool sending)
{
    op *record = queue_take(queue_of(s, sending));
    if (s->device.port)
        port_expects_no_more(s->device.port);
    return record;
}

static void work(socket_object *s, bool sending)
{
    for (op *record; (record = queue_first(queue_of(s, sending))) != NULL && may_be_ready(s, sending);) {
        uint32_t status = socket_perform(s, record);
        if (status == STATUS_WOULD_BLOCK)
            break;
        pop(s, sending);
        if (status == STATUS_PENDING)
            accept_continue(record);
        else
            finish(s, record, status);
    }
}

void socket_work(socket_object *s)
{
    work(s, false);
    work(s, true);
}

static unsigned cancel_in(socket_object *s, bool sending, const cancel_filter *which)
{
    op_queue left = {NULL};
    unsigned count = 0;
    while (queue_of(s, sending)->last) {
        op *record = pop(s, sending);
        if ((which->overlapped && record->overlapped != which->overlapped) ||
            (which->thread && record->thread != which->thread) || (which->kind && record->kind != which->kind)) {
            queue_add(&left, record);
            continue;
        }
        finish(s, record,
               faults_on() && s->closing && record->kind != OP_ACCEPT ? faults_close_status() : STATUS_CANCELLED);
        count++;
    }
    while (left.last)
        socket_enqueue(s, queue_take(&left));
    return count;
}

unsigned socket_cancel(socket_object *s, cancel_filter which)
{
    return cancel_in(s, false, &which) + cancel_in(s, true, &which);
}

/* A fault: an operation that cannot go on is waited for, for a moment, so that it ends within its call. */
static uint32_t insist(socket_object *s, op *record)
{
    uint64_t patience = faults_insist();
    bool sending = op_is_sending(record->kind);
    host_wait_entry entry = {.file = s->file, .wanted = sending ? HOST_WRITABLE : HOST_READABLE};
    if (!patience || s->file == HOST_NONE || record->kind == OP_ACCEPT || host_wait_ready(&entry, 1, patience) <= 0)
        return STATUS_WOULD_BLOCK;
    *(sending ? &s->writable : &s->readable) = READY_PERHAPS;
    return socket_perform(s, record);
}

/* What the watchers want to know of an operation, out of the way of the many that nobody watches. */
__attribute__((noinline)) static uint32_t begin_watched(socket_object *s, op *record)
{
    if (verifier_on())
        verifier_begin(&s->device, record);
    return faults_on() ? faults_begin(record, true, s->type == SOCK_STREAM) : STATUS_SUCCESS;
}

__attribute__((noinline)) static void tell_pending(socket_object *s, op *kept)
{
    JOURNAL_EVENT("pending", op_name(kept->kind), object_handle(&s->device.base), kept->overlapped, total_length(kept),
                  0);
    if (verifier_on())
        verifier_pending(kept);
}

__attribute__((noinline)) static void tell_failure(socket_object *s, op *record, uint32_t status)
{
    JOURNAL_EVENT("fail", op_name(record->kind), object_handle(&s->device.base), record->overlapped, 0,
                  status_to_winsock(status));
    if (faults_on())
        faults_end(record);
    if (verifier_on())
        verifier_failed(&s->device, record, status);
}

/* A fault: the call takes its time to return, as when its thread loses the processor just then. */
__attribute__((noinline)) static void stay(void)
{
    uint64_t time = faults_linger();
    if (time)
        host_pause(time);
}

/* Inlined twice, so that a start that nobody watches pays for one look and nothing else. */
static inline __attribute__((always_inline)) uint32_t start(socket_object *s, op *record, DWORD *bytes, bool observed)
{
    bool sending = op_is_sending(record->kind);
    uint32_t status = STATUS_WOULD_BLOCK;
    op *kept = NULL;
    record->thread = GetCurrentThreadId();
    lock_acquire(&s->device.lock);
    uint32_t refused = observed ? begin_watched(s, record) : STATUS_SUCCESS;
    overlapped_begin(record->overlapped);
    bool behind = queue_of(s, sending)->last != NULL;
    if (refused)
        status = refused;
    else if (s->closing)
        status = STATUS_CANCELLED;
    else if (!behind && may_be_ready(s, sending))
        status = socket_perform(s, record);
    if (observed && status == STATUS_WOULD_BLOCK && !behind && faults_on())
        status = insist(s, record);
    if (status == STATUS_WOULD_BLOCK) {
        uint32_t watching = socket_watch(s);
        kept = watching ? NULL : op_keep(record);
        status = kept ? STATUS_PENDING : watching ? watching : STATUS_INSUFFICIENT_RESOURCES;
        if (kept) {
            if (observed)
                tell_pending(s, kept);
            socket_enqueue(s, kept);
        }
    } else if (status == STATUS_PENDING) {
        kept = op_keep(record);
        if (kept)
            accept_continue(kept);
        else
            status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW) {
        *bytes = record->bytes;
        record->status = status;
        kept = op_keep(record);
        if (kept) {
            bool pend = observed && faults_on() && faults_pend();
            overlapped_finish(&s->device, kept, !pend);
            if (status || pend)
                status = STATUS_PENDING; /* the packet tells of the lost part */
        } else {
            status = STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    if (s->events && !sending)
        socket_events_called(s, s->listening ? FD_ACCEPT : FD_READ, true);
    lock_release(&s->device.lock);
    if (observed && kept && status == STATUS_SUCCESS && faults_on())
        stay();
    if (!kept && status != STATUS_PENDING) {
        __atomic_store_n(&record->overlapped->Internal, status, __ATOMIC_RELEASE);
        if (observed)
            tell_failure(s, record, status);
        op_clear(record);
    }
    return status;
}

__attribute__((noinline)) static uint32_t start_watched(socket_object *s, op *record, DWORD *bytes)
{
    return start(s, record, bytes, true);
}

uint32_t socket_start(socket_object *s, op *record, DWORD *bytes)
{
    return watch_on() ? start_watched(s, record, bytes) : start(s, record, bytes, false);
}

/* Waits, without the lock, until the descriptor may be ready. @return false when the time is over */
static bool wait_ready(socket_object *s, bool sending, bool behind_others, uint64_t left)
{
    host_wait_entry entry = {.file = s->file, .wanted = sending ? HOST_WRITABLE : HOST_READABLE};
    /* Overlapped operations are ahead: their poller makes room. Until then, nothing of interest can become ready. */
    bool ready = socket_wait(s, behind_others ? NULL : &entry, behind_others ? 1000000 : left) || behind_others;
    if (ready && !behind_others)
        *(sending ? &s->writable : &s->readable) = READY_PERHAPS;
    return ready;
}

uint32_t socket_block(socket_object *s, op *record, DWORD *bytes)
{
    bool sending = op_is_sending(record->kind);
    DWORD timeout = sending ? s->send_timeout : s->receive_timeout;
    uint64_t deadline = timeout ? deadline_after(timeout) : HOST_FOREVER;
    uint32_t status = faults_on() ? faults_begin(record, false, s->type == SOCK_STREAM) : STATUS_SUCCESS;
    if (status) {
        op_clear(record);
        return status;
    }
    lock_acquire(&s->device.lock);
    for (uint16_t cancels = s->cancels;;) {
        bool behind = queue_of(s, sending)->last != NULL;
        if (s->closing || s->cancels != cancels) {
            status = s->closing ? STATUS_FILE_CLOSED : STATUS_CANCELLED;
            break;
        }
        status = behind || !may_be_ready(s, sending) ? STATUS_WOULD_BLOCK : socket_perform(s, record);
        if (status != STATUS_WOULD_BLOCK || s->nonblocking)
            break;
        uint64_t left = deadline_left(deadline);
        if (left == 0 || !wait_ready(s, sending, behind, left)) {
            if (deadline_left(deadline) == 0) {
                status = STATUS_IO_TIMEOUT;
                break;
            }
        }
    }
    bool no_room = status == STATUS_WOULD_BLOCK;
    /* Part of a send is better than none: a non-blocking or timed-out call tells how much was taken. */
    if ((status == STATUS_WOULD_BLOCK || status == STATUS_IO_TIMEOUT) && record->bytes)
        status = STATUS_SUCCESS;
    *bytes = record->bytes;
    if (s->events && (!sending || no_room))
        socket_events_called(s, sending ? FD_WRITE : FD_READ, !sending && *bytes > 0);
    lock_release(&s->device.lock);
    op_clear(record);
    JOURNAL_WOKE(*bytes, status_to_winsock(status));
    return status;
}
