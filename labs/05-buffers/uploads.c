/*
 * Uploads: whole or not at all.
 *
 * The bytes go to a temporary file in the same folder (so that renaming never copies). Only when all of them have been
 * written does it get its name, and takes the place of an older file in one step. An upload that breaks off leaves
 * nothing behind. Opening, renaming and deleting have no overlapped form: they hold up the thread for a moment.
 */
#include "server.h"

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

/* A large buffer is there, into which a long body goes slice by slice, with others if there are any. */
static void UploadFlow(OVERLAPPED_EX *Context)
{
    FlowBegin(Context, IO_SOCKET_READ, IO_FILE_WRITE, Context->Body.Remaining);
}

void UploadRead(OVERLAPPED_EX *Context)
{
    BUFFER_POOL *Large = &Context->Config->Large;

    /* What came so far is in the file, and the buffer is empty. A body of known length needs no more than is told. */
    if (Context->Body.Framing == HTTP_BODY_LENGTH && Context->Body.Remaining > Context->BuffLen) {
        BufferLeave(Context); /* who waits for a large buffer keeps no small one from the others */
        BufferNeed(Context, Large, 1, UploadFlow);
    } else if (Context->Body.Framing == HTTP_BODY_CHUNKED && Context->In->Pool != Large) {
        BufferNeed(Context, Large, 1, BufferGrow);
    } else {
        NextRead(Context);
    }
}

BOOL UploadCommit(OVERLAPPED_EX *Context)
{
    FileClose(Context);
    if (!MoveFileExA(Context->UploadTemp, Context->UploadName, MOVEFILE_REPLACE_EXISTING)) {
        UploadDiscard(Context);
        return FALSE;
    }
    free(Context->UploadName);
    Context->UploadName = NULL;
    return TRUE;
}

void UploadDiscard(OVERLAPPED_EX *Context)
{
    if (Context->UploadName != NULL) {
        FileClose(Context);
        DeleteFileA(Context->UploadTemp);
        free(Context->UploadName);
        Context->UploadName = NULL;
    }
}
