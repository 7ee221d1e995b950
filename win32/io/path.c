/**
 * @file path.c
 * Translation of names, and the errors of paths.
 */
#include "path.h"

#include "../object/thread.h"

DWORD path_to_host(LPCSTR name, char path[PATH_SIZE])
{
    if (!name || !*name)
        return ERROR_PATH_NOT_FOUND;
    size_t length = strlen(name);
    if (length >= PATH_SIZE)
        return ERROR_FILENAME_EXCED_RANGE;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < ' ' || strchr("<>\"|?*", c))
            return ERROR_INVALID_NAME;
        path[i] = c == '\\' ? '/' : (char)c;
    }
    /* "page.html. ." is "page.html" on Windows; "." and ".." stay what they are. */
    path[length] = '\0';
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (strspn(path + start, ".") != length - start || length - start > 2)
        while (length > start + 1 && (path[length - 1] == '.' || path[length - 1] == ' '))
            length--;
    path[length] = '\0';
    return ERROR_SUCCESS;
}

static bool parent_exists(const char *path)
{
    char parent[PATH_SIZE];
    host_file_information information;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0)
        return true; /* in the current folder */
    memcpy(parent, path, length);
    parent[length] = '\0';
    return host_path_information(parent, &information) == STATUS_SUCCESS && information.directory;
}

DWORD path_error(uint32_t status, const char *path)
{
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && !parent_exists(path))
        return ERROR_PATH_NOT_FOUND;
    if (status == STATUS_OBJECT_PATH_NOT_FOUND && path[strlen(path) - 1] == '/' && parent_exists(path))
        return ERROR_INVALID_NAME; /* a file's name with a separator behind it */
    return status_to_error(status);
}

/* Writes an absolute path without ".", ".." and doubled separators. @return its length, 0 when it does not fit */
static size_t normalise(const char *path, char full[PATH_SIZE])
{
    size_t length = 0;
    const char *part = path;
    while (*part) {
        size_t size = strcspn(part, "/");
        if (size == 2 && part[0] == '.' && part[1] == '.') {
            while (length > 0 && full[--length] != '/') {
            }
        } else if (size > 0 && !(size == 1 && part[0] == '.')) {
            if (length + size + 2 > PATH_SIZE)
                return 0;
            full[length++] = '/';
            memcpy(full + length, part, size);
            length += size;
        }
        part += size;
        part += strspn(part, "/");
    }
    if (length == 0 || (part > path && part[-1] == '/'))
        full[length++] = '/';
    full[length] = '\0';
    return length;
}

/* Hands a text to a program's buffer: its length, or the size that it takes when that is larger. */
static DWORD hand_over(const char *text, DWORD capacity, LPSTR buffer)
{
    size_t length = strlen(text);
    if (length >= capacity)
        return (DWORD)length + 1;
    memcpy(buffer, text, length + 1);
    return (DWORD)length;
}

DWORD WINAPI GetFullPathNameA(LPCSTR lpFileName, DWORD nBufferLength, LPSTR lpBuffer, LPSTR *lpFilePart)
{
    char path[PATH_SIZE], joined[2 * PATH_SIZE], full[PATH_SIZE];
    DWORD error = path_to_host(lpFileName, path);
    joined[0] = '\0';
    if (!error && path[0] != '/' && !host_current_directory(joined, PATH_SIZE))
        error = ERROR_PATH_NOT_FOUND;
    if (!error) {
        size_t length = strlen(joined);
        joined[length] = '/';
        strcpy(joined + length + 1, path);
        if (!normalise(joined, full))
            error = ERROR_FILENAME_EXCED_RANGE;
    }
    if (error) {
        SetLastError(error);
        return 0;
    }
    DWORD length = hand_over(full, nBufferLength, lpBuffer);
    if (lpFilePart && length < nBufferLength) {
        char *last = strrchr(lpBuffer, '/');
        *lpFilePart = last[1] ? last + 1 : NULL;
    }
    return length;
}

DWORD WINAPI GetTempPathA(DWORD nBufferLength, LPSTR lpBuffer)
{
    char path[PATH_SIZE];
    const char *folder = host_environment("TMPDIR");
    if (!folder || !*folder || strlen(folder) > PATH_SIZE - 2)
        folder = "/tmp";
    strcpy(path, folder);
    if (path[strlen(path) - 1] != '/')
        strcat(path, "/");
    return hand_over(path, nBufferLength, lpBuffer);
}

DWORD WINAPI GetCurrentDirectoryA(DWORD nBufferLength, LPSTR lpBuffer)
{
    char path[PATH_SIZE];
    if (!host_current_directory(path, sizeof path)) {
        SetLastError(ERROR_PATH_NOT_FOUND);
        return 0;
    }
    return hand_over(path, nBufferLength, lpBuffer);
}
