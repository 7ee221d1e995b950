/**
 * @file standard.c
 * The three standard streams as handles.
 */
#include "../verifier/verifier.h"
#include "file.h"

static struct {
    lock lock;
    HANDLE handles[3]; /* guarded by lock; made on first use, and never anew: a closed one stays closed */
} streams;

HANDLE WINAPI GetStdHandle(DWORD nStdHandle)
{
    DWORD number = STD_INPUT_HANDLE - nStdHandle;
    if (number > 2) {
        SetLastError(ERROR_INVALID_HANDLE);
        return INVALID_HANDLE_VALUE;
    }
    lock_acquire(&streams.lock);
    HANDLE handle = streams.handles[number];
    if (!handle) {
        host_file_information information = {0};
        file_object f = {.file = host_standard_stream((int)number),
                         .readable = number == 0,
                         .writable = number != 0,
                         .stream = true, /* even when it is a file: the C library shares its position */
                         .standard = true};
        /* Without such a stream (a closed descriptor) there is no handle either, which is no error. */
        if (host_file_information_get(f.file, &information) == STATUS_SUCCESS) {
            f.pipe = information.pipe;
            f.terminal = information.terminal;
            handle = streams.handles[number] = file_make(&f, false);
            if (handle && verifier_on())
                verifier_opened_own(handle);
        }
    }
    lock_release(&streams.lock);
    return handle;
}
