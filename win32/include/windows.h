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

#endif
