/**
 * @file file.h
 * A file, or a stream (terminal, pipe, device) opened by name or as a standard handle.
 *
 * Overlapped operations on a disk file are tried at once, without waiting for the disk: what the page cache holds is
 * read in the call that asks for it. The rest goes to the file threads (file_pool.c), so that the caller never waits.
 * Writes go to the page cache in the call itself.
 */
#ifndef FILE_H
#define FILE_H

#include "io.h"
#include "sharing.h"

typedef struct file_object {
    device device;

    /* Set before the handle exists, constant from then on. */
    host_file file;
    bool readable, writable;
    bool append_only;           /**< FILE_APPEND_DATA alone: every write goes to the end */
    bool stream;                /**< has no offsets */
    bool pipe;                  /**< its end is ERROR_BROKEN_PIPE */
    bool terminal;              /**< or another device that is no disk */
    bool standard;              /**< one of the process' own streams, which stays open */
    char *delete_path;          /**< FILE_FLAG_DELETE_ON_CLOSE; owned */
    share_mode mode;            /**< as entered in the table of open files */
    struct shared_file *shared; /**< its entry there, until the handle is closed; NULL when it has none */

    /* Synchronous operations come one after another, as on Windows. Taken before device.lock. */
    CRITICAL_SECTION turn;

    /* Guarded by device.lock. */
    uint64_t position;      /**< where synchronous operations go on */
    op *queue, **queue_end; /**< operations that wait for a file thread */
    bool listed;            /**< stands in the list of file threads' work, which then has a reference */

    /* Guarded by the file threads' lock. */
    struct file_object *next_listed;
} file_object;

/** Looks a file up. @return NULL with ERROR_INVALID_HANDLE set */
file_object *file_find(HANDLE handle);
static inline void file_release(file_object *f)
{
    object_release((object *)f);
}

/** The host's file, for as long as the caller keeps the object. */
static inline host_file file_host(const file_object *f)
{
    return f->file;
}

/**
 * Makes a file object around an open host file, which it then owns.
 * @param template what it is to be, but for device, turn and queue
 * @return its handle, or NULL without memory (the host file is untouched)
 */
HANDLE file_make(const file_object *template, bool overlapped);

/**
 * Performs an operation: record's kind, buffer and position; counts record->bytes up.
 * @param may_block false: STATUS_WOULD_BLOCK rather than wait; the rest can be performed later
 */
uint32_t file_perform(file_object *f, op *record, bool may_block);

/** Has a file thread perform and finish a kept record. */
void file_pool_add(file_object *f, op *record);
/** Ends operations that no file thread has begun: see device_type.cancel. */
unsigned file_pool_cancel(device *d, const OVERLAPPED *overlapped, DWORD thread);

#endif
