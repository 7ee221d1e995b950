/**
 * @file windows.h
 * The slice of Win32 that the course uses, on Linux.
 *
 * A plain Win32 C program builds against it with nothing changed but the compiler line:
 *
 *     cc -Iwin32/include prog.c build/linux/win32/libwin32.a -pthread
 *
 * The environment variable WIN32_JOURNAL=FILE makes every program write a line for each call and completion.
 * Not used in Windows builds: there the SDK's own header is found.
 */
#ifndef WIN32_WINDOWS_H
#define WIN32_WINDOWS_H

#include <stdarg.h>

#include "windef.h"
#include "winerror.h"
#include "winbase.h"
#include "synchapi.h"
#include "processthreadsapi.h"

/* Memory goes back through the port, which under WIN32_VERIFIER looks whether an operation still uses it. libc's own
 * declarations come first, so that they keep their names. */
#include <stdlib.h>
void win32_free(void *block);
void *win32_realloc(void *block, size_t size);
#define free win32_free
#define realloc win32_realloc

#endif
