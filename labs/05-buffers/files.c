/* Files: opened for overlapped I/O and tied to the same completion port as the sockets. */
#include "server.h"

#include <stdio.h>
#include <string.h>

HANDLE FileCreate(SERVER_CONFIG *Config, const char *Path, DWORD Access, DWORD Share, DWORD Disposition)
{
    HANDLE File = CreateFileA(Path, Access, Share, NULL, Disposition,
                              FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED | FILE_FLAG_SEQUENTIAL_SCAN, NULL);

    if (File != INVALID_HANDLE_VALUE && !CompletionPortAssociateDevice(Config->CompletionPort, File, 0)) {
        CloseHandle(File);
        return INVALID_HANDLE_VALUE;
    }
    return File;
}

/* Windows counts 100 ns steps since 1601, HTTP seconds since 1970. */
static int64_t FileTimeToUnix(ULONGLONG Steps)
{
    return (int64_t)(Steps / 10000000u) - 11644473600;
}

void FileFacts(HTTP_FILE *Facts, DWORD SizeHigh, DWORD SizeLow, FILETIME Written)
{
    const ULONGLONG Steps = (ULONGLONG)Written.dwHighDateTime << 32 | Written.dwLowDateTime;

    Facts->Size = (ULONGLONG)SizeHigh << 32 | SizeLow;
    Facts->Modified = FileTimeToUnix(Steps);
    HttpMakeETag(Facts->ETag, Facts->Size, Steps);
}

int FileOpen(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts)
{
    char Path[PATH_SIZE];
    LARGE_INTEGER Size;
    FILETIME Written;
    DWORD Attributes;

    snprintf(Path, sizeof(Path), "%s/%s", Context->Config->Root, Name);
    /* Shared with everyone: an administrator may replace or delete what is being served. */
    Context->File = FileCreate(Context->Config, Path, GENERIC_READ,
                               FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_EXISTING);
    if (Context->File == INVALID_HANDLE_VALUE) {
        Attributes = GetFileAttributesA(Path); /* a folder cannot be opened like that */
        return Attributes != INVALID_FILE_ATTRIBUTES && (Attributes & FILE_ATTRIBUTE_DIRECTORY) ? 301 : 404;
    }
    /* Not GetFileInformationByHandle: that one also asks for the volume, which under Wine is half of a request's cost. */
    if (GetFileType(Context->File) != FILE_TYPE_DISK || !GetFileSizeEx(Context->File, &Size) ||
        !GetFileTime(Context->File, NULL, NULL, &Written)) {
        FileClose(Context);
        return 404;
    }
    FileFacts(Facts, (DWORD)Size.HighPart, Size.LowPart, Written);
    return 200;
}

/* A file has no place of its own to read from next, as several operations may be in flight: each brings it along. */
static OVERLAPPED *FileOverlapped(OPERATION *Operation, ULONGLONG Offset)
{
    memset(&Operation->Overlapped, 0, sizeof(Operation->Overlapped));
    Operation->Overlapped.Offset = (DWORD)Offset;
    Operation->Overlapped.OffsetHigh = (DWORD)(Offset >> 32);
    return &Operation->Overlapped;
}

BOOL FileRead(OVERLAPPED_EX *Context, OPERATION *Operation, ULONGLONG Offset, const WSABUF *Buffer)
{
    return ReadFile(Context->File, Buffer->buf, Buffer->len, NULL, FileOverlapped(Operation, Offset)) ||
           GetLastError() == ERROR_IO_PENDING;
}

BOOL FileWrite(OVERLAPPED_EX *Context, OPERATION *Operation, ULONGLONG Offset, const WSABUF *Buffer)
{
    return WriteFile(Context->File, Buffer->buf, Buffer->len, NULL, FileOverlapped(Operation, Offset)) ||
           GetLastError() == ERROR_IO_PENDING;
}

void FileClose(OVERLAPPED_EX *Context)
{
    if (Context->File != INVALID_HANDLE_VALUE) {
        CloseHandle(Context->File);
        Context->File = INVALID_HANDLE_VALUE;
    }
}
