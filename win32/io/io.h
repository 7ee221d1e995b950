/**
 * @file io.h
 * Overlapped operations, the same for sockets and files.
 *
 * The life of one: overlapped_begin when it is accepted for a try; then either it fails at once (the call returns the
 * error, nothing will follow), or it ends through overlapped_finish, once: at once, or later from whoever performs it.
 */
#ifndef IO_H
#define IO_H

#include "../host/host.h"
#include "../object/port.h"

enum {
    OP_POSTED,
    OP_RECEIVE,
    OP_RECEIVE_FROM,
    OP_RECEIVE_MESSAGE,
    OP_SEND,
    OP_SEND_TO,
    OP_ACCEPT,
    OP_CONNECT,
    OP_DISCONNECT,
    OP_TRANSMIT,
    OP_FILE_READ,
    OP_FILE_WRITE
};

/** What sockets and files have in common: the port they belong to. The first member of both. */
typedef struct device {
    object base;
    lock lock; /**< guards everything in the device that says nothing else */
    bool skip_on_success; /**< FILE_SKIP_COMPLETION_PORT_ON_SUCCESS */
    bool overlapped;      /**< opened for overlapped I/O */
    port *port;           /**< a reference, or NULL; set once, read without the lock afterwards */
    ULONG_PTR key;
} device;

/** The name of an operation's kind, for the journal. */
const char *op_name(unsigned kind);

/** Marks the operation as out: its status reads STATUS_PENDING and its event is cleared. */
void overlapped_begin(OVERLAPPED *overlapped);

/**
 * Ends an operation: record holds its OVERLAPPED, status and bytes. Gives the packet, sets the event, or wakes who waits
 * in GetOverlappedResult, as the device and the OVERLAPPED ask for. Takes the record over (its buffers and extra too).
 * @param immediate it ended within the call that started it
 */
void overlapped_finish(device *d, op *record, bool immediate);

/** Copies a record from the stack to one that outlives the call. @return NULL when there is no memory */
op *op_keep(const op *record);
/** Frees what a record owns beside itself. */
void op_clear(op *record);
/** Memory for a record's array of buffers. @return NULL when there is no memory */
host_buffer *op_buffers_allocate(unsigned count);
void op_buffers_free(host_buffer *buffers, unsigned count);
/** The buffers of a record, count of them. */
static inline host_buffer *op_buffers(op *record)
{
    return record->count > 1 ? record->buffers : (host_buffer *)&record->buffer;
}

/** The buffer of an accept, addresses included; empty for other kinds. */
host_buffer accept_buffer(const op *record);
/** The socket that an accept is to connect. */
HANDLE accept_target(const op *record);

/** @name By kind of device
 * @{ */
typedef struct device_type {
    object_type object;
    /** Cancels operations that are out: all, those with this OVERLAPPED, or those of this thread. @return how many */
    unsigned (*cancel)(device *d, const OVERLAPPED *overlapped, DWORD thread);
    /** The device got its port. Called with the device's lock held. */
    void (*associated)(device *d);
} device_type;

BOOL socket_read_file(object *o, void *buffer, DWORD length, LPDWORD done, LPOVERLAPPED overlapped);
BOOL socket_write_file(object *o, const void *buffer, DWORD length, LPDWORD done, LPOVERLAPPED overlapped);
/** @} */

#endif
