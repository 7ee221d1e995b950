/* Files: opened for overlapped I/O and tied to the same completion port as the sockets. */
#include "server.h"
#include "todo.h"

#include <stdio.h>
#include <string.h>

HANDLE FileCreate(SERVER_CONFIG *Config, const char *Path, DWORD Access, DWORD Share, DWORD Disposition)
{
    /*
     * TODO 3.2: Open the file for overlapped reads and writes, and tie it to the port. If that fails, close it and
     * return INVALID_HANDLE_VALUE.
     */
    /* stub */
    (void)Config;
    return CreateFileA(Path, Access, Share, NULL, Disposition, FILE_ATTRIBUTE_NORMAL, NULL);
    /* end of stub */
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

/* A file has no place of its own to read from next, as several operations may be in flight: each brings it along. */
static void FileOverlapped(OVERLAPPED_EX *Context)
{
    memset(&Context->Overlapped, 0, sizeof(Context->Overlapped));
    Context->Overlapped.Offset = (DWORD)Context->FileOffset;
    Context->Overlapped.OffsetHigh = (DWORD)(Context->FileOffset >> 32);
}

BOOL FileRead(OVERLAPPED_EX *Context)
{
    FileOverlapped(Context);
    /* TODO 3.2: Start to read into Context->WsaBuf; the packet comes through the port. */
    /* stub */
    TodoAnswer(TODO("3.2"), Context->Socket);
    return FALSE;
    /* end of stub */
}

BOOL FileWrite(OVERLAPPED_EX *Context)
{
    FileOverlapped(Context);
    /* TODO 3.2: Start to write what Context->WsaBuf holds. */
    /* stub */
    TodoAnswer(TODO("3.2"), Context->Socket);
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
