/**
 * @file close.c
 * CloseHandle, for every kind of object. Windows lets it close sockets too, and so does this.
 */
#include "../journal/journal.h"
#include "thread.h"

BOOL WINAPI CloseHandle(HANDLE hObject)
{
    JOURNAL_CALL("CloseHandle", hObject, NULL, 0);
    /* The pseudo handles of the process (which INVALID_HANDLE_VALUE looks like) and the thread: nothing happens. */
    if (hObject == INVALID_HANDLE_VALUE || hObject == GetCurrentThread())
        return TRUE;
    return object_close(hObject, OBJECT_ANY) ? TRUE : fail(ERROR_INVALID_HANDLE);
}
