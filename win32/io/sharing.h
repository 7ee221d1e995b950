/**
 * @file sharing.h
 * Who has which file open within the process, and what they let others do meanwhile.
 *
 * A file is known by volume and index, so two names of one file are one. Only disk files count, and only handles that
 * read, write or delete: one that asks for facts alone neither disturbs nor is disturbed, as on Windows. Other
 * processes are not seen.
 */
#ifndef SHARING_H
#define SHARING_H

#include "../host/host.h"
#include "../include/windows.h"

struct shared_file;

/** What a handle may do, or lets others do. The same bits as FILE_SHARE_READ, FILE_SHARE_WRITE and FILE_SHARE_DELETE. */
typedef struct share_mode {
    DWORD access, share;
} share_mode;

/**
 * Enters an open.
 * @param besides what the open itself does beyond what its handle may do: nobody may object to that either
 * @param file out: to be given to sharing_leave when the handle is closed; NULL when the open need not be remembered
 * @return ERROR_SUCCESS, ERROR_SHARING_VIOLATION or ERROR_NOT_ENOUGH_MEMORY
 */
DWORD sharing_enter(const host_file_information *information, share_mode mode, DWORD besides,
                    struct shared_file **file);
/** Takes back what sharing_enter entered. NULL is allowed. */
void sharing_leave(struct shared_file *file, share_mode mode);

/** Whether the file of a path may be deleted or renamed. An open that comes in between is not noticed.
 * @return ERROR_SUCCESS or ERROR_SHARING_VIOLATION */
DWORD sharing_may_delete(const char *path);
/** Whether a rename may replace the file of a path. @return ERROR_SUCCESS or ERROR_ACCESS_DENIED: it is open */
DWORD sharing_may_replace(const char *from, const char *path);

#endif
