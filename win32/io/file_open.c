/**
 * @file file_open.c
 * CreateFile.
 */
#include "../faults/faults.h"
#include "../journal/journal.h"
#include "file.h"
#include "path.h"

static bool wants_read(DWORD access)
{
    return access & (GENERIC_READ | GENERIC_ALL | FILE_READ_DATA);
}

static bool wants_write(DWORD access)
{
    return access & (GENERIC_WRITE | GENERIC_ALL | FILE_WRITE_DATA);
}

/* What the handle counts as in the table of open files. */
static share_mode mode_of(DWORD access, DWORD share, DWORD flags)
{
    share_mode mode = {.share = share};
    if (wants_read(access))
        mode.access |= FILE_SHARE_READ;
    if (wants_write(access) || access & FILE_APPEND_DATA)
        mode.access |= FILE_SHARE_WRITE;
    if (access & (DELETE | GENERIC_ALL) || flags & FILE_FLAG_DELETE_ON_CLOSE)
        mode.access |= FILE_SHARE_DELETE;
    return mode;
}

static unsigned host_access(DWORD access)
{
    bool write = wants_write(access) || access & FILE_APPEND_DATA;
    /* Asking for nothing but facts still takes an open file here, and reading is the least that one can ask for. */
    return (wants_read(access) || !write ? HOST_OPEN_READ : 0u) | (write ? HOST_OPEN_WRITE : 0u);
}

/* Opens an existing file or makes a new one; another process may do the opposite between the two tries.
 * @param existed out: which it was */
static uint32_t open_or_create(const char *path, unsigned how, host_file *file, bool *existed)
{
    for (int tries = 0;; tries++) {
        uint32_t status = host_file_open(path, how, file);
        *existed = true;
        if (status != STATUS_OBJECT_NAME_NOT_FOUND || tries == 100)
            return status;
        status = host_file_open(path, how | HOST_OPEN_NEW, file);
        *existed = false;
        if (status != STATUS_OBJECT_NAME_COLLISION)
            return status;
    }
}

/* Opens as the disposition says, but leaves it to empty to cut what was there: first it must be known that nobody
 * objects. */
static uint32_t open_as(const char *path, DWORD access, DWORD disposition, host_file *file, bool *existed)
{
    unsigned how = host_access(access);
    *existed = false;
    switch (disposition) {
    case CREATE_NEW:
        return host_file_open(path, how | HOST_OPEN_NEW, file);
    case CREATE_ALWAYS:
    case OPEN_ALWAYS:
        return open_or_create(path, how, file, existed);
    case OPEN_EXISTING:
        return host_file_open(path, how, file);
    case TRUNCATE_EXISTING:
        return wants_write(access) ? host_file_open(path, how, file) : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* Only for a file that is not empty: that spares the new ones the call. */
static uint32_t empty(const file_object *f, const char *path)
{
    host_file again;
    if (f->writable)
        return host_file_truncate(f->file, 0);
    /* CREATE_ALWAYS empties a file for a program that will only read, which takes a descriptor that may write. */
    uint32_t status = host_file_open(path, HOST_OPEN_READ | HOST_OPEN_TRUNCATE, &again);
    if (!status)
        host_file_close(again);
    return status;
}

/* Completes the description of an open host file.
 * @param cut whether the disposition is to empty it
 * @return an error when a program may not have it like that */
static DWORD describe(file_object *f, const char *path, DWORD access, DWORD flags, bool cut)
{
    host_file_information information;
    uint32_t status = host_file_information_get(f->file, &information);
    if (status)
        return status_to_error(status);
    if (information.directory && (cut || !(flags & FILE_FLAG_BACKUP_SEMANTICS)))
        return ERROR_ACCESS_DENIED;
    f->readable = wants_read(access);
    f->writable = wants_write(access) || access & FILE_APPEND_DATA;
    f->append_only = !wants_write(access) && access & FILE_APPEND_DATA;
    f->stream = !information.regular && !information.directory;
    f->pipe = information.pipe;
    f->terminal = information.terminal;
    DWORD error = sharing_enter(&information, f->mode, cut ? FILE_SHARE_WRITE : 0, &f->shared);
    if (error)
        return error;
    if (cut && information.regular && information.size && (status = empty(f, path)) != STATUS_SUCCESS)
        return status_to_error(status);
    if (flags & FILE_FLAG_DELETE_ON_CLOSE) {
        size_t size = strlen(path) + 1;
        f->delete_path = malloc(size);
        if (!f->delete_path)
            return ERROR_NOT_ENOUGH_MEMORY;
        memcpy(f->delete_path, path, size);
    }
    return ERROR_SUCCESS;
}

HANDLE WINAPI CreateFileA(LPCSTR lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
                          LPSECURITY_ATTRIBUTES lpSecurityAttributes, DWORD dwCreationDisposition,
                          DWORD dwFlagsAndAttributes, HANDLE hTemplateFile)
{
    char path[PATH_SIZE];
    file_object f = {.file = HOST_NONE, .mode = mode_of(dwDesiredAccess, dwShareMode, dwFlagsAndAttributes)};
    HANDLE handle = NULL;
    bool existed = false;
    (void)lpSecurityAttributes, (void)hTemplateFile;
    bool observed = watch_on();
    if (observed) {
        WATCH_CALL("CreateFile");
        FAULTS_MAY_FAIL("CreateFile", INVALID_HANDLE_VALUE);
    }
    DWORD error = path_to_host(lpFileName, path);
    if (!error) {
        uint32_t status = open_as(path, dwDesiredAccess, dwCreationDisposition, &f.file, &existed);
        bool cut = dwCreationDisposition == CREATE_ALWAYS || dwCreationDisposition == TRUNCATE_EXISTING;
        error = status ? path_error(status, path) : describe(&f, path, dwDesiredAccess, dwFlagsAndAttributes, cut);
        if (!error) {
            handle = file_make(&f, dwFlagsAndAttributes & FILE_FLAG_OVERLAPPED);
            error = handle ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
        }
        if (error && !status) {
            sharing_leave(f.shared, f.mode);
            host_file_close(f.file);
        }
    }
    if (observed)
        JOURNAL_CALL("CreateFile", handle, NULL, 0);
    if (error) {
        JOURNAL_EVENT("fail", "CreateFile", NULL, NULL, 0, error);
        free(f.delete_path);
        SetLastError(error);
        return INVALID_HANDLE_VALUE;
    }
    SetLastError(existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
    return handle;
}
