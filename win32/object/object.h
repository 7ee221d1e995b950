/**
 * @file object.h
 * Objects behind handles.
 *
 * A handle is a number: an entry of the table and the entry's generation. The entry counts the references to its
 * object: one for the open handle, one for each call that is using it, one for each object that needs it (a socket
 * its completion port). Closing the handle makes it invalid at once for everybody; the object goes when the last
 * reference does. So a call never works on an object that another thread frees, and a descriptor is never closed
 * under a system call.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include <stdbool.h>

#include "../include/windows.h"
#include "../watch/own_memory.h"

enum {
    OBJECT_PORT = 1,
    OBJECT_SOCKET = 2,
    OBJECT_FILE = 4,
    OBJECT_EVENT = 8,
    OBJECT_SEMAPHORE = 16,
    OBJECT_MUTEX = 32,
    OBJECT_THREAD = 64,
    OBJECT_MAPPING = 128,
    OBJECT_WAITABLE = OBJECT_EVENT | OBJECT_SEMAPHORE | OBJECT_MUTEX | OBJECT_THREAD,
    OBJECT_DEVICE = OBJECT_SOCKET | OBJECT_FILE, /**< what can be associated with a port */
    OBJECT_ANY = 255
};

typedef struct object object;

typedef struct object_type {
    unsigned kind;                                             /**< OBJECT_… */
    void (*closing)(object *o);                                /**< the handle was closed; references may remain */
    void (*destroy)(object *o);                                /**< the last reference went: free it */
    void (*ready)(object *o, unsigned ready, uint32_t sequence); /**< a poll found it ready; see poll.h */
} object_type;

/** The first member of every object. */
struct object {
    const object_type *type;
    uint32_t handle; /**< the number that stands for it */
};

/**
 * Puts a new object into the table, with one reference for its handle.
 * @return its handle, or NULL when the table is full (the object is untouched)
 */
HANDLE object_open(object *o, const object_type *type);

/**
 * Looks a handle up and takes a reference.
 * @param kinds which OBJECT_… are acceptable
 * @return NULL when the handle is closed, stale or of another kind; no last error is set
 */
object *object_find(HANDLE handle, unsigned kinds);
/** The same for a handle that the port itself remembers, and that the program may have closed in the meantime. */
object *object_find_if_open(HANDLE handle, unsigned kinds);

/** Takes a further reference for somebody who has one. */
void object_keep(object *o);
/** Takes a reference for somebody who has none but knows that the memory is still there. @return false: too late */
bool object_try_keep(object *o);
/** Gives a reference back; destroys the object with the last. NULL is allowed. */
void object_release(object *o);

/** Closes a handle of one of these kinds. @return false when there is no such handle */
bool object_close(HANDLE handle, unsigned kinds);

static inline HANDLE object_handle(const object *o)
{
    return (HANDLE)(uintptr_t)o->handle;
}

#endif
