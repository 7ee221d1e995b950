/**
 * @file socket.h
 * A socket, and the one place through which all its operations go.
 *
 * Every operation is tried at once; when it cannot go on, or when earlier ones of its kind are still out, it queues on
 * its socket: receives and accepts in one queue, sends and connects in the other. Whoever polls (a completion port's
 * leader, or the helper) calls ready, and the queues are worked off in order. A blocking call is the same operation, but
 * its thread waits for readiness itself.
 *
 * To save system calls a socket remembers whether its descriptor may be ready. Polls are edge-triggered: after a call
 * found too little there will be an event when that changes. The flags change only under the lock that is also held
 * over the system call, so no event is lost between the call and the flag.
 */
#ifndef SOCKET_H
#define SOCKET_H

#include "../include/ws2tcpip.h"
#include "io.h"

/** What is known of a direction of the descriptor. */
enum { READY_NO, READY_PERHAPS, READY_YES };

struct socket_events;

/** Operations in the order of their calls: a ring, of which the last is remembered; what follows that is the first. */
typedef struct op_queue {
    op *last;
} op_queue;

static inline op *queue_first(const op_queue *q)
{
    return q->last ? q->last->next : NULL;
}

static inline void queue_add(op_queue *q, op *record)
{
    record->next = q->last ? q->last->next : record;
    if (q->last)
        q->last->next = record;
    q->last = record;
}

/** Takes the first out; there must be one. */
static inline op *queue_take(op_queue *q)
{
    op *first = q->last->next;
    if (first == q->last)
        q->last = NULL;
    else
        q->last->next = first->next;
    return first;
}

typedef struct socket_object {
    device device;

    /* Guarded by device.lock. */
    host_file file; /**< HOST_NONE until something needs it: see socket_need_file */
    uint8_t family, type, protocol;
    uint8_t readable, writable; /**< READY_… */
    bool listening;             /**< set once; sockets that it accepted read it without the lock */
    /* Bits, for a program may have a hundred thousand sockets. They share bytes: the lock is needed for each. */
    bool hung_up : 1;     /**< end of stream or an error is waiting: always try */
    bool watched : 1;     /**< some poll watches the descriptor */
    bool nonblocking : 1; /**< FIONBIO */
    bool bound : 1, connecting : 1, connected : 1;
    bool shut_receive : 1, shut_send : 1;
    bool reset : 1;                      /**< the connection was reset: every later call says so */
    bool closing : 1;                    /**< closesocket was called: pending operations are cancelled */
    bool needs_context : 1;              /**< accepted by AcceptEx, and SO_UPDATE_ACCEPT_CONTEXT not yet set */
    bool reusable : 1;                   /**< disconnected with TF_REUSE_SOCKET: may be accepted or connected again */
    bool reuse_address : 1;              /**< SO_REUSEADDR as the program set it; only remembered */
    bool no_send_buffer : 1;             /**< SO_SNDBUF 0 */
    uint16_t blocked;                    /**< threads inside a blocking call that waits */
    uint16_t cancels;                    /**< goes on when those are cancelled */
    uint32_t pool;                       /**< bytes of non-paged pool that faults/ counts for the connection */
    uint32_t drained_at;                 /**< the poll during or before which nothing was left to receive */
    DWORD receive_timeout, send_timeout; /**< ms, 0: none */
    op_queue receives, sends;
    uint64_t connected_since;     /**< host_now when AcceptEx or connect connected it, 0 when not connected */
    struct socket_events *events; /**< WSAEventSelect; NULL when not used */
} socket_object;

/** A host address from a program's, and back. @return false when the length does not fit the family */
bool address_from_program(const struct sockaddr *name, int length, host_address *address);
/** Copies as much as fits and sets *length to what it is. @return false when it did not fit */
bool address_to_program(const host_address *address, struct sockaddr *name, int *length);

/** Looks a socket up. @return NULL with the last error set: WSANOTINITIALISED or WSAENOTSOCK */
socket_object *socket_find(SOCKET s);
static inline void socket_release(socket_object *s)
{
    object_release((object *)s);
}
/** Makes a socket object around a descriptor, which it then owns. @return INVALID_SOCKET with the last error set */
SOCKET socket_open(host_file file, int family, int type, int protocol, socket_object **made);

/**
 * Sees to it that the socket has a descriptor. One that is made for AcceptEx, or that DisconnectEx gave back, has none:
 * the connection brings its own. Called with the lock held.
 */
uint32_t socket_need_file(socket_object *s);

/** Sets the last error to the Winsock name of a status. @return SOCKET_ERROR, for the caller to return */
int socket_fail(uint32_t status);
bool winsock_started(void);

/**
 * Starts an overlapped operation. record is a template on the caller's stack; what it owns is taken over.
 * @return STATUS_SUCCESS (ended at once; its packet was given), STATUS_PENDING, or the error with which it failed
 *         at once. bytes is set for a success.
 */
uint32_t socket_start(socket_object *s, op *record, DWORD *bytes);

/** Does the same as a blocking call would, or a non-blocking one on a non-blocking socket. */
uint32_t socket_block(socket_object *s, op *record, DWORD *bytes);

/** Tries an operation's system call. Called with the lock held. @return STATUS_WOULD_BLOCK when it has to wait */
uint32_t socket_perform(socket_object *s, op *record);

/** Sees to it that a poll watches the descriptor. Called with the lock held. */
uint32_t socket_watch(socket_object *s);
/** Puts a kept record at the end of a queue. Called with the lock held. */
void socket_enqueue(socket_object *s, op *record);
/** Works off both queues. Called with the lock held. */
void socket_work(socket_object *s);
/** Which operations to cancel: a field that is 0 does not matter. */
typedef struct cancel_filter {
    const OVERLAPPED *overlapped;
    DWORD thread;
    unsigned kind;
} cancel_filter;
/** Ends operations in the queues as cancelled. Called with the lock held. @return how many */
unsigned socket_cancel(socket_object *s, cancel_filter which);
/**
 * A blocking call waits for its descriptor; without an entry, only for the time. Called with the lock held, and lets go
 * of it meanwhile. @return whether the descriptor is ready; the wait also ends, not ready, when CancelIoEx was called
 */
bool socket_wait(socket_object *s, host_wait_entry *entry, uint64_t timeout);
/** Ends the waits of blocking calls on a socket: they see that cancels has gone on. Called with the lock held.
 *  @return how many there are */
unsigned socket_wait_cancel(socket_object *s);
/** Which queue an operation belongs to: true for what the network takes: sends and connects. */
bool op_is_sending(unsigned kind);

/** Tells WSAEventSelect what became ready. Called with the lock held. @param ready FD_… bits */
void socket_events_ready(socket_object *s, unsigned ready);
/**
 * A call was made that has an event told again. Called with the lock held, only when the socket has events.
 * @param look whether it may hold still: then it is told at once
 */
void socket_events_called(socket_object *s, LONG event, bool look);
void socket_events_free(socket_object *s);

/** Where WSARecvFrom and WSARecvMsg want the sender's address; an op's extra. */
typedef struct receive_from {
    struct sockaddr *name; /**< or NULL */
    int *length;
    LPWSAMSG message; /**< WSARecvMsg's, or NULL */
} receive_from;
receive_from *receive_from_make(struct sockaddr *name, int *length, LPWSAMSG message);
INT socket_receive_message(SOCKET s, LPWSAMSG lpMsg, LPDWORD lpdwNumberOfBytesRecvd, LPWSAOVERLAPPED lpOverlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);

/** The parts of socket_perform that live with their calls. */
uint32_t perform_connect(socket_object *s, op *record);
uint32_t perform_accept(socket_object *s, op *record);
uint32_t perform_disconnect(socket_object *s, op *record);
uint32_t perform_transmit(socket_object *s, op *record);
/** An accept got its connection and now waits for the first data, on the accepted socket. Takes the record over. */
void accept_continue(op *record);
/** The listener of an accept. */
device *accept_listener(op *record);
/** Gives back what the record of an accept, or of a transmission, refers to. */
void accept_forget(op *record);
void transmit_forget(op *record);
/** Ends accepts of a listener that wait for data on other sockets. @return how many */
unsigned accept_cancel_waiting(socket_object *listener, const OVERLAPPED *overlapped, DWORD thread);

#endif
