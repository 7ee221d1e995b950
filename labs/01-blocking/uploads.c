/*
 * Uploads: whole or not at all.
 *
 * The bytes go to a temporary file in the same folder (so that renaming never copies). Only when all of them have been
 * written does it get its name, and takes the place of an older file in one step. An upload that breaks off leaves
 * nothing behind. Opening, renaming and deleting have no overlapped form: they hold up the thread for a moment.
 */
#include "server.h"
#include "todo.h"

#include <stdio.h>
#include <stdlib.h>

int UploadOpen(OVERLAPPED_EX *Context, const char *Name)
{
    static volatile LONG Serial;
    char Path[PATH_SIZE];
    DWORD Attributes;
    int Length = snprintf(Path, sizeof(Path), "%s/%s", Context->Config->Uploads, Name) + 1;
    size_t Size = 2 * (size_t)Length + 64;

    Attributes = GetFileAttributesA(Path);
    if (Attributes != INVALID_FILE_ATTRIBUTES && (Attributes & FILE_ATTRIBUTE_DIRECTORY)) {
        return 404;
    }
    Context->UploadName = malloc(Size);
    if (Context->UploadName == NULL) {
        return 500;
    }
    snprintf(Context->UploadName, Size, "%s", Path);
    Context->UploadTemp = Context->UploadName + Length;
    snprintf(Context->UploadTemp, Size - (size_t)Length, "%s.%lx-%lx.part", Path, (unsigned long)GetCurrentProcessId(),
             (unsigned long)InterlockedIncrement(&Serial));
    Context->File = FileCreate(Context->Config, Context->UploadTemp, GENERIC_WRITE, 0, CREATE_NEW);
    if (Context->File == INVALID_HANDLE_VALUE) {
        free(Context->UploadName);
        Context->UploadName = NULL;
        return 404; /* the folder does not exist, or may not be written */
    }
    Context->FileOffset = 0;
    return 0;
}

BOOL UploadCommit(OVERLAPPED_EX *Context)
{
    /*
     * TODO 1.4: The file is whole: close it, and give it its name (MoveFileExA), in place of an older file of that
     * name. When that fails discard it. The names are one allocation, at UploadName; NULL says that there is no
     * upload.
     */
    /* stub */
    TodoAnswer(TODO("1.4"), Context->Socket);
    return FALSE;
    /* end of stub */
}

void UploadDiscard(OVERLAPPED_EX *Context)
{
    if (Context->UploadName != NULL) {
        /* TODO 1.4: Nothing of the file may be left. Windows does not delete what is open. */
        free(Context->UploadName);
        Context->UploadName = NULL;
    }
}
