/**
 * @file handles.h
 * Who opened a handle, who closed it, and what happened on it last. All with the verifier's lock held.
 */
#ifndef HANDLES_H
#define HANDLES_H

#include "../object/object.h"
#include "agent.h"

typedef struct handle_record {
    uint32_t handle;
    uint8_t kind; /**< OBJECT_… */
    bool open, own;
    site opened, closed;
    uint32_t before;    /**< the handle that had this entry before, and who closed it */
    site before_closed;

    unsigned out, receives;  /**< operations whose packets have not been taken */
    site received;           /**< the last receive */
    site accepted;           /**< AcceptEx that connected it */
    site failed;             /**< the last operation, when it failed at once */
    DWORD failed_error;
} handle_record;

/** The record of a handle's entry, whatever handle it is of now. @return NULL for what is no handle */
handle_record *handle_at(HANDLE handle);
/** The record of exactly this handle, or NULL. */
handle_record *handle_of(HANDLE handle);
void handles_each(void (*visit)(handle_record *r));
const char *handle_kind(unsigned kind);

#endif
