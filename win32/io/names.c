/**
 * @file names.c
 * What a program does to files and folders by their names.
 */
#include "../journal/journal.h"
#include "../object/thread.h"
#include "attributes.h"
#include "path.h"
#include "sharing.h"

static BOOL answer(DWORD error)
{
    return error ? fail(error) : TRUE;
}

/* The facts of a file by name. */
static DWORD look(LPCSTR name, host_file_information *information)
{
    char path[PATH_SIZE];
    DWORD error = path_to_host(name, path);
    if (!error) {
        uint32_t status = host_path_information(path, information);
        error = status ? path_error(status, path) : ERROR_SUCCESS;
    }
    return error;
}

DWORD WINAPI GetFileAttributesA(LPCSTR lpFileName)
{
    host_file_information information;
    DWORD error = look(lpFileName, &information);
    if (!error)
        return attributes_of(&information);
    SetLastError(error);
    return INVALID_FILE_ATTRIBUTES;
}

BOOL WINAPI GetFileAttributesExA(LPCSTR lpFileName, GET_FILEEX_INFO_LEVELS fInfoLevelId, LPVOID lpFileInformation)
{
    host_file_information information;
    DWORD error = fInfoLevelId == GetFileExInfoStandard ? look(lpFileName, &information) : ERROR_INVALID_PARAMETER;
    if (!error)
        attributes_describe(&information, lpFileInformation);
    return answer(error);
}

BOOL WINAPI DeleteFileA(LPCSTR lpFileName)
{
    char path[PATH_SIZE];
    JOURNAL_CALL("DeleteFile", NULL, NULL, 0);
    DWORD error = path_to_host(lpFileName, path);
    if (!error)
        error = sharing_may_delete(path);
    if (!error) {
        uint32_t status = host_path_delete(path);
        error = status ? path_error(status, path) : ERROR_SUCCESS;
    }
    return answer(error);
}

static DWORD rename_error(uint32_t status, const char *from, const char *to)
{
    host_file_information information;
    if (status == STATUS_SUCCESS)
        return ERROR_SUCCESS;
    if (status == STATUS_OBJECT_NAME_COLLISION) /* with itself it does not collide */
        return strcmp(from, to) == 0 ? ERROR_SUCCESS : ERROR_ALREADY_EXISTS;
    /* "Not found" may be about either name, and "a folder is needed" about what is to be replaced. */
    if (host_path_information(from, &information) != STATUS_SUCCESS)
        return path_error(status, from);
    if (status == STATUS_OBJECT_PATH_NOT_FOUND && host_path_information(to, &information) == STATUS_SUCCESS)
        return ERROR_ACCESS_DENIED;
    return path_error(status, to);
}

BOOL WINAPI MoveFileExA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName, DWORD dwFlags)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    JOURNAL_CALL("MoveFileEx", NULL, NULL, dwFlags);
    DWORD error = path_to_host(lpExistingFileName, from);
    if (!error)
        error = path_to_host(lpNewFileName, to);
    if (!error)
        error = sharing_may_delete(from);
    if (!error && dwFlags & MOVEFILE_REPLACE_EXISTING)
        error = sharing_may_replace(from, to);
    if (!error)
        error = rename_error(host_path_rename(from, to, dwFlags & MOVEFILE_REPLACE_EXISTING), from, to);
    return answer(error);
}

BOOL WINAPI CreateDirectoryA(LPCSTR lpPathName, LPSECURITY_ATTRIBUTES lpSecurityAttributes)
{
    char path[PATH_SIZE];
    (void)lpSecurityAttributes;
    DWORD error = path_to_host(lpPathName, path);
    if (!error) {
        uint32_t status = host_directory_create(path);
        error = status == STATUS_OBJECT_NAME_COLLISION ? ERROR_ALREADY_EXISTS
                : status                               ? path_error(status, path)
                                                       : ERROR_SUCCESS;
    }
    return answer(error);
}

BOOL WINAPI RemoveDirectoryA(LPCSTR lpPathName)
{
    char path[PATH_SIZE];
    host_file_information information;
    DWORD error = path_to_host(lpPathName, path);
    if (!error) {
        uint32_t status = host_directory_remove(path);
        error = status ? path_error(status, path) : ERROR_SUCCESS;
        if (error == ERROR_PATH_NOT_FOUND && host_path_information(path, &information) == STATUS_SUCCESS)
            error = ERROR_DIRECTORY; /* it is there, but is a file */
    }
    return answer(error);
}
