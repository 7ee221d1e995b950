/**
 * @file path.h
 * File names as programs write them, and as the host wants them.
 */
#ifndef PATH_H
#define PATH_H

#include "../host/host.h"
#include "../include/windows.h"

enum { PATH_SIZE = 4096 };

/**
 * Translates a name: '\\' becomes '/', and dots and blanks at the end are dropped, as Windows does.
 * @return ERROR_SUCCESS, ERROR_PATH_NOT_FOUND (empty), ERROR_INVALID_NAME or ERROR_FILENAME_EXCED_RANGE
 */
DWORD path_to_host(LPCSTR name, char path[PATH_SIZE]);

/**
 * The error for a status that an operation on a path gave. The host has one answer for a file and for a folder on the
 * way that do not exist; Windows has two (2 and 3).
 */
DWORD path_error(uint32_t status, const char *path);

#endif
