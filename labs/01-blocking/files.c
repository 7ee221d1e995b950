/* Files: opened for calls that block. */
#include "server.h"
#include "todo.h"

#include <stdio.h>
#include <string.h>

HANDLE FileCreate(SERVER_CONFIG *Config, const char *Path, DWORD Access, DWORD Share, DWORD Disposition)
{
    (void)Config; /* from stage 03 on */
    return CreateFileA(Path, Access, Share, NULL, Disposition, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_SEQUENTIAL_SCAN, NULL);
}

/* Windows counts 100 ns steps since 1601, HTTP seconds since 1970. */
static int64_t FileTimeToUnix(ULONGLONG Steps)
{
    return (int64_t)(Steps / 10000000u) - 11644473600;
}

int FileOpen(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts)
{
    char Path[PATH_SIZE];
    BY_HANDLE_FILE_INFORMATION Found;
    DWORD Attributes;

    snprintf(Path, sizeof(Path), "%s/%s", Context->Config->Root, Name);
    /* Shared with everyone: an administrator may replace or delete what is being served. */
    Context->File = FileCreate(Context->Config, Path, GENERIC_READ,
                               FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_EXISTING);
    if (Context->File == INVALID_HANDLE_VALUE) {
        Attributes = GetFileAttributesA(Path); /* a folder cannot be opened like that */
        return Attributes != INVALID_FILE_ATTRIBUTES && (Attributes & FILE_ATTRIBUTE_DIRECTORY) ? 301 : 404;
    }
    if (GetFileType(Context->File) != FILE_TYPE_DISK || !GetFileInformationByHandle(Context->File, &Found)) {
        FileClose(Context);
        return 404;
    }
    const ULONGLONG Written =
        (ULONGLONG)Found.ftLastWriteTime.dwHighDateTime << 32 | Found.ftLastWriteTime.dwLowDateTime;
    Facts->Size = (ULONGLONG)Found.nFileSizeHigh << 32 | Found.nFileSizeLow;
    Facts->Modified = FileTimeToUnix(Written);
    HttpMakeETag(Facts->ETag, Facts->Size, Written);
    return 200;
}

/* Where the next slice begins: in place of SetFilePointerEx before each call, the call brings it along. */
static void FileOverlapped(OVERLAPPED_EX *Context)
{
    /* TODO 1.3: Empty Context->Overlapped, and put Context->FileOffset into its two halves. */
    /* stub */
    (void)Context;
    /* end of stub */
}

BOOL FileRead(OVERLAPPED_EX *Context)
{
    FileOverlapped(Context);
    /* TODO 1.3: Read from the place that the OVERLAPPED names; the number of bytes goes to Context->Bytes. */
    /* stub */
    TodoAnswer(TODO("1.3"), Context->Socket);
    return FALSE;
    /* end of stub */
}

BOOL FileWrite(OVERLAPPED_EX *Context)
{
    FileOverlapped(Context);
    /* TODO 1.4: Write at the place that the OVERLAPPED names; the number of bytes goes to Context->Bytes. */
    /* stub */
    TodoAnswer(TODO("1.4"), Context->Socket);
    return FALSE;
    /* end of stub */
}

void FileClose(OVERLAPPED_EX *Context)
{
    if (Context->File != INVALID_HANDLE_VALUE) {
        CloseHandle(Context->File);
        Context->File = INVALID_HANDLE_VALUE;
    }
}
