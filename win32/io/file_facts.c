/**
 * @file file_facts.c
 * What a program asks of and does to an open file beside reading and writing: size, pointer, times, kind.
 */
#include "../watch/watch.h"
#include "attributes.h"
#include "file.h"

static FILETIME to_filetime(uint64_t steps)
{
    return (FILETIME){.dwLowDateTime = (DWORD)steps, .dwHighDateTime = (DWORD)(steps >> 32)};
}

DWORD attributes_of(const host_file_information *information)
{
    DWORD attributes = information->directory ? FILE_ATTRIBUTE_DIRECTORY
                       : information->regular ? FILE_ATTRIBUTE_ARCHIVE
                                              : FILE_ATTRIBUTE_NORMAL;
    if (information->regular && information->read_only)
        attributes |= FILE_ATTRIBUTE_READONLY;
    return attributes;
}

void attributes_describe(const host_file_information *information, WIN32_FILE_ATTRIBUTE_DATA *data)
{
    *data = (WIN32_FILE_ATTRIBUTE_DATA){.dwFileAttributes = attributes_of(information),
                                        .ftCreationTime = to_filetime(information->created),
                                        .ftLastAccessTime = to_filetime(information->accessed),
                                        .ftLastWriteTime = to_filetime(information->written),
                                        .nFileSizeHigh = (DWORD)(information->size >> 32),
                                        .nFileSizeLow = (DWORD)information->size};
}

/* The facts of the file behind a handle. @return false with the last error set */
static bool facts_of(HANDLE handle, host_file_information *information)
{
    file_object *f = file_find(handle);
    if (!f)
        return false;
    uint32_t status = host_file_information_get(f->file, information);
    file_release(f);
    return status ? fail(status_to_error(status)) : true;
}

BOOL WINAPI GetFileSizeEx(HANDLE hFile, PLARGE_INTEGER lpFileSize)
{
    WATCH_CALL("GetFileSizeEx");
    host_file_information information;
    if (!facts_of(hFile, &information))
        return FALSE;
    lpFileSize->QuadPart = (LONGLONG)information.size;
    return TRUE;
}

DWORD WINAPI GetFileSize(HANDLE hFile, LPDWORD lpFileSizeHigh)
{
    WATCH_PASS("GetFileSize");
    LARGE_INTEGER size;
    if (!GetFileSizeEx(hFile, &size))
        return INVALID_FILE_SIZE;
    if (lpFileSizeHigh)
        *lpFileSizeHigh = (DWORD)size.HighPart;
    if (size.LowPart == INVALID_FILE_SIZE)
        SetLastError(NO_ERROR); /* a size that looks like the failure */
    return size.LowPart;
}

BOOL WINAPI GetFileTime(HANDLE hFile, LPFILETIME lpCreationTime, LPFILETIME lpLastAccessTime,
                        LPFILETIME lpLastWriteTime)
{
    WATCH_CALL("GetFileTime");
    host_file_information information;
    if (!facts_of(hFile, &information))
        return FALSE;
    if (lpCreationTime)
        *lpCreationTime = to_filetime(information.created);
    if (lpLastAccessTime)
        *lpLastAccessTime = to_filetime(information.accessed);
    if (lpLastWriteTime)
        *lpLastWriteTime = to_filetime(information.written);
    return TRUE;
}

BOOL WINAPI GetFileInformationByHandle(HANDLE hFile, LPBY_HANDLE_FILE_INFORMATION lpFileInformation)
{
    WATCH_CALL("GetFileInformationByHandle");
    host_file_information information;
    if (!facts_of(hFile, &information))
        return FALSE;
    *lpFileInformation = (BY_HANDLE_FILE_INFORMATION){.dwFileAttributes = attributes_of(&information),
                                                      .ftCreationTime = to_filetime(information.created),
                                                      .ftLastAccessTime = to_filetime(information.accessed),
                                                      .ftLastWriteTime = to_filetime(information.written),
                                                      .dwVolumeSerialNumber = information.volume,
                                                      .nFileSizeHigh = (DWORD)(information.size >> 32),
                                                      .nFileSizeLow = (DWORD)information.size,
                                                      .nNumberOfLinks = information.links,
                                                      .nFileIndexHigh = (DWORD)(information.index >> 32),
                                                      .nFileIndexLow = (DWORD)information.index};
    return TRUE;
}

DWORD WINAPI GetFileType(HANDLE hFile)
{
    WATCH_CALL("GetFileType");
    object *o = object_find(hFile, OBJECT_DEVICE);
    DWORD type = FILE_TYPE_UNKNOWN;
    if (!o) {
        SetLastError(ERROR_INVALID_HANDLE);
    } else if (o->type->kind == OBJECT_SOCKET) {
        type = FILE_TYPE_PIPE;
    } else {
        const file_object *f = (const file_object *)o;
        type = f->pipe ? FILE_TYPE_PIPE : f->terminal ? FILE_TYPE_CHAR : FILE_TYPE_DISK;
    }
    object_release(o);
    return type;
}

/* Where a distance counts from. @return false with the last error set */
static bool start_of_move(file_object *f, DWORD method, uint64_t *start)
{
    host_file_information information;
    uint32_t status = STATUS_SUCCESS;
    switch (method) {
    case FILE_BEGIN:
        *start = 0;
        break;
    case FILE_CURRENT:
        lock_acquire(&f->device.lock);
        *start = f->position;
        lock_release(&f->device.lock);
        break;
    case FILE_END:
        status = host_file_information_get(f->file, &information);
        *start = status ? 0 : information.size;
        break;
    default:
        status = STATUS_INVALID_PARAMETER;
    }
    return status ? fail(status_to_error(status)) : true;
}

static BOOL move(file_object *f, LONGLONG distance, DWORD method, PLARGE_INTEGER now)
{
    uint64_t start;
    if (f->stream)
        return fail(ERROR_INVALID_FUNCTION);
    if (!start_of_move(f, method, &start))
        return FALSE;
    int64_t to;
    if (__builtin_add_overflow((int64_t)start, distance, &to) || to < 0)
        return fail(ERROR_NEGATIVE_SEEK);
    lock_acquire(&f->device.lock);
    f->position = (uint64_t)to;
    lock_release(&f->device.lock);
    if (now)
        now->QuadPart = to;
    return TRUE;
}

BOOL WINAPI SetFilePointerEx(HANDLE hFile, LARGE_INTEGER liDistanceToMove, PLARGE_INTEGER lpNewFilePointer,
                             DWORD dwMoveMethod)
{
    WATCH_CALL("SetFilePointerEx");
    file_object *f = file_find(hFile);
    if (!f)
        return FALSE;
    EnterCriticalSection(&f->turn);
    BOOL moved = move(f, liDistanceToMove.QuadPart, dwMoveMethod, lpNewFilePointer);
    LeaveCriticalSection(&f->turn);
    file_release(f);
    return moved;
}

BOOL WINAPI SetEndOfFile(HANDLE hFile)
{
    WATCH_CALL("SetEndOfFile");
    file_object *f = file_find(hFile);
    if (!f)
        return FALSE;
    uint32_t status = STATUS_ACCESS_DENIED;
    if (f->writable) {
        lock_acquire(&f->device.lock);
        uint64_t position = f->position;
        lock_release(&f->device.lock);
        status = host_file_truncate(f->file, position);
    }
    file_release(f);
    return status ? fail(status_to_error(status)) : TRUE;
}

BOOL WINAPI FlushFileBuffers(HANDLE hFile)
{
    WATCH_CALL("FlushFileBuffers");
    file_object *f = file_find(hFile);
    if (!f)
        return FALSE;
    uint32_t status = STATUS_ACCESS_DENIED;
    if (f->writable) {
        block_enter();
        status = f->stream ? STATUS_SUCCESS : host_file_flush(f->file);
        block_leave();
    }
    file_release(f);
    return status ? fail(status_to_error(status)) : TRUE;
}
