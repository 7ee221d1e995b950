/**
 * @file port.h
 * Completion ports.
 *
 * The queue is the one of Windows' kernel: packets leave first in, first out; waiting threads are released last in,
 * first out; and a packet is handed out only while fewer threads are active than the port's limit. A thread is active
 * from the moment it takes a packet until it comes back for the next one, blocks (block_enter) or ends.
 *
 * Where packets come from: one of the waiting threads, the leader, sleeps in the host's poll instead of on its own
 * word. When files become ready it performs their operations itself and hands the packets out, to itself when it is the
 * newest, which under load it is: whoever comes back when nobody leads, leads. So there is no thread but the program's
 * own between the network and the program, and a packet costs no context switch. A leader that is not the newest rests
 * once it has handed packets on. The helper (helper.h) stands in for ports that have nobody waiting, also because they
 * always have a packet: who finds one does not poll, but every so often sees to it that the helper is awake.
 */
#ifndef PORT_H
#define PORT_H

#include "lock.h"
#include "thread.h"

struct host_poll;

/**
 * A packet: what GetQueuedCompletionStatus hands over. An overlapped operation's own record (io/op.h) serves as its
 * packet, so that completing allocates nothing.
 */
typedef struct op {
    struct op *next;        /**< in the queue of a port, a device, or of free records */
    OVERLAPPED *overlapped; /**< or whatever was posted: then it is never looked into */
    union {
        uint64_t position; /**< until it ends: file offset, or how much of the buffers is done */
        ULONG_PTR key;     /**< as a packet */
    };
    uint32_t status;
    uint32_t bytes;
    uint8_t kind;   /**< OP_… */
    uint8_t flags;  /**< OP_FLAG_… */
    uint16_t count; /**< buffers */
    DWORD thread;   /**< who started it; CancelIo goes by that */
    union {
        struct {
            void *data;
            size_t length;
        } buffer;                    /**< when count is 1 */
        struct host_buffer *buffers; /**< owned, when count is more than 1 */
    };
    void *extra; /**< what its kind needs beside that; owned by the kind */
} op;

/* The lower ones are a packet's; an operation that is out may use them for its own (HOST_RECV_…). */
enum { OP_FLAG_POSTED = 1, OP_FLAG_WRITE_STATUS_EARLY = 2, OP_FLAG_HELD = 4, OP_FLAG_COUNTED = 0x80 };

typedef struct port {
    object base;
    struct host_poll *poll;
    uint32_t limit; /**< how many threads may be active */

    /* Guarded by the helper's lock. */
    struct port *next;

    /* Counted without the lock. */
    uint32_t pending;  /**< operations and events that wait for readiness of this port's files */
    uint32_t sequence; /**< number of the present or last poll */

    lock lock;
    /* Guarded by lock. */
    op *first, *last; /**< packets, oldest first */
    uint32_t queued;  /**< how many */
    waiter *newest, *oldest;
    waiter *leader; /**< who polls, or NULL */
    uint32_t active;
    uint32_t files; /**< files that the poll watches or watched: without any there is nothing to poll for */
    bool closed;
    uint32_t unpolled; /**< packets that were there already when they were asked for, since somebody last polled */

    /* The helper's own. */
    uint32_t seen_sequence;
    uint32_t quiet_ticks;
} port;

/**
 * Queues a packet or hands it to a waiting thread. The port takes the record over.
 * @param immediate the operation succeeded inside the call that started it. If that thread serves this port, it is
 *        about to come back and take the packet itself, so nobody is woken for it; should it not come back
 *        soon, the helper hands the packet out.
 */
void port_push(port *p, op *packet, bool immediate);

/** Registers a file with the port's poll. */
uint32_t port_watch(port *p, int file, uint64_t cookie);
void port_unwatch(port *p, int file);

/** An operation of one of the port's files is out from now on, or an event waits: somebody has to poll for it. */
void port_expects(port *p);
/** One of those has ended. */
static inline void port_expects_no_more(port *p)
{
    __atomic_sub_fetch(&p->pending, 1, __ATOMIC_RELAXED);
}

/** The calling thread no longer serves its port, because it ends. */
void port_leave(thread *t);

/** For the helper: looks after a port that nobody polls. @return whether it wants to be looked at again soon */
bool port_tend(port *p);

/** Makes a port, open under a handle. @param limit 0 means the number of processors @return NULL without memory */
port *port_create(DWORD limit);

op *op_allocate(void);
void op_free(op *record);
void op_spares_free(thread *t);

#endif
