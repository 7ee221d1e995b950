/* Files: sent, and taken. */
#include "own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = MAX_PATH + HTTP_MAX_TARGET + 64, HEAD_ROOM = HTTP_MAX_RESPONSE_HEADER + HTTP_MAX_TARGET + 16 };

BOOL answer(CLIENT *c, int status, const char *allow, const char *location)
{
    static const HTTP_RESPONSE nothing;
    HTTP_RESPONSE r = nothing;
    char text[HEAD_ROOM];
    size_t length;
    r.Status = status;
    r.MinorVersion = c->minor;
    r.KeepAlive = c->stays;
    r.Allow = allow;
    r.Location = location;
    length = HttpWriteError(&r, c->method, text, sizeof text);
    return length > 0 && say(c, text, length) && c->stays;
}

static void where(char *path, const char *folder, const char *name)
{
    snprintf(path, PATH_ROOM, "%s/%s", folder, name);
}

static BOOL is_folder(const char *path)
{
    DWORD found = GetFileAttributesA(path);
    return found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY);
}

/* A folder without its slash: the same target again, with one. */
static BOOL send_on(CLIENT *c, HTTP_TEXT target)
{
    char to[HTTP_MAX_TARGET + 8];
    size_t end = 0, begin = 0;
    while (end < target.Length && target.Data[end] != '?')
        end++;
    while (begin + 1 < end && target.Data[begin + 1] == '/')
        begin++;
    snprintf(to, sizeof to, "%.*s/%.*s", (int)(end - begin), target.Data + begin, (int)(target.Length - end),
             target.Data + end);
    return answer(c, 301, NULL, to);
}

/* Sends so many bytes of the file from a place on, the header before the first of them. */
static BOOL send_slices(CLIENT *c, HANDLE file, ULONGLONG at, ULONGLONG bytes, const char *header, size_t head)
{
    size_t size = c->size, filled = head;
    ULONGLONG done = 0;
    char *out;
    BOOL good = TRUE;
    while (size < head + 1)
        size *= 2;
    out = malloc(size);
    if (out == NULL)
        return FALSE;
    memcpy(out, header, head);
    do {
        DWORD want = bytes - done < size - filled ? (DWORD)(bytes - done) : (DWORD)(size - filled), got = 0;
        if (want > 0) {
            OVERLAPPED place;
            memset(&place, 0, sizeof place);
            place.Offset = (DWORD)(at + done);
            place.OffsetHigh = (DWORD)((at + done) >> 32);
            good = ReadFile(file, out + filled, want, &got, &place) && got > 0;
            if (!good)
                break;
            done += got;
            trace("IO_FILE_READ", got, "bytesToWrite=%lu, AcumBytes=%llu", (unsigned long)got,
                  (unsigned long long)done);
        }
        good = say(c, out, filled + got);
        if (good)
            trace("IO_SOCKET_WRITE", got, "");
        filled = 0;
    } while (good && done < bytes);
    free(out);
    return good;
}

BOOL give_file(CLIENT *c, const HTTP_REQUEST *request, const char *name)
{
    static const HTTP_RESPONSE nothing;
    char path[PATH_ROOM], header[HEAD_ROOM];
    BY_HANDLE_FILE_INFORMATION info;
    HTTP_RESPONSE r = nothing;
    HTTP_RANGE range = {0, 0};
    HTTP_FILE facts;
    ULONGLONG written;
    HANDLE file;
    BOOL good;
    where(path, settings.root, name);
    if (is_folder(path))
        return send_on(c, request->Target);
    file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return answer(c, 404, NULL, NULL);
    if (GetFileType(file) != FILE_TYPE_DISK || !GetFileInformationByHandle(file, &info)) {
        CloseHandle(file);
        return answer(c, 404, NULL, NULL);
    }
    written = (ULONGLONG)info.ftLastWriteTime.dwHighDateTime << 32 | info.ftLastWriteTime.dwLowDateTime;
    facts.Size = (ULONGLONG)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    facts.Modified = (int64_t)(written / 10000000u) - 11644473600;
    HttpMakeETag(facts.ETag, facts.Size, written);
    r.Status = HttpSelect(request, &facts, &range);
    r.MinorVersion = c->minor;
    r.KeepAlive = c->stays;
    r.ETag = facts.ETag;
    r.LastModified = facts.Modified;
    r.FileSize = facts.Size;
    r.Range = range;
    r.ContentType = HttpContentType(name);
    r.ContentLength = range.Last - range.First + 1;
    if (r.Status >= 300) {
        size_t length = HttpWriteError(&r, c->method, header, sizeof header);
        good = say(c, header, length);
    } else {
        size_t length = HttpWriteHeader(&r, header, sizeof header);
        good = send_slices(c, file, range.First, c->method == HTTP_HEAD ? 0 : r.ContentLength, header, length);
    }
    CloseHandle(file);
    return good && c->stays;
}

HEARD body_more(CLIENT *c, HTTP_BODY *body, int *status, BOOL (*taker)(void *, const char *, size_t), void *with)
{
    for (;;) {
        size_t consumed;
        HTTP_TEXT part;
        HEARD heard;
        int found = HttpBodyRead(body, c->in, c->used, &consumed, &part);
        if (found == HTTP_BODY_PART && !taker(with, part.Data, part.Length)) {
            *status = 500;
            return HEARD_BYTES;
        }
        drop(c, consumed);
        if (found == HTTP_BODY_PART)
            continue;
        *status = found == HTTP_BODY_END ? 0 : found;
        if (found != HTTP_BODY_MORE)
            return HEARD_BYTES;
        heard = hear(c, (size_t)-1, after(settings.idle_seconds));
        if (heard != HEARD_BYTES)
            return heard;
    }
}

typedef struct UPLOAD {
    HANDLE file;
    ULONGLONG length;
} UPLOAD;

static BOOL put(void *with, const char *bytes, size_t length)
{
    UPLOAD *upload = with;
    while (length > 0) {
        OVERLAPPED place;
        DWORD gone = 0;
        memset(&place, 0, sizeof place);
        place.Offset = (DWORD)upload->length;
        place.OffsetHigh = (DWORD)(upload->length >> 32);
        if (!WriteFile(upload->file, bytes, (DWORD)length, &gone, &place) || gone == 0)
            return FALSE;
        upload->length += gone;
        bytes += gone;
        length -= gone;
    }
    return TRUE;
}

BOOL take_file(CLIENT *c, HTTP_BODY *body, const char *name)
{
    static volatile LONG number;
    char path[PATH_ROOM], part[PATH_ROOM + 64];
    UPLOAD upload = {INVALID_HANDLE_VALUE, 0};
    int status = 404;
    HEARD heard = HEARD_BYTES;
    where(path, settings.uploads, name);
    snprintf(part, sizeof part, "%s.~%lx%lx", path, (unsigned long)GetCurrentProcessId(),
             (unsigned long)InterlockedIncrement(&number));
    if (!is_folder(path))
        upload.file = CreateFileA(part, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    if (upload.file == INVALID_HANDLE_VALUE) {
        c->stays = FALSE;
        return answer(c, 404, NULL, NULL);
    }
    heard = body_more(c, body, &status, put, &upload);
    CloseHandle(upload.file);
    if (heard == HEARD_BYTES && status == 0 && !MoveFileExA(part, path, MOVEFILE_REPLACE_EXISTING))
        status = 500;
    if (heard != HEARD_BYTES || status != 0) {
        DeleteFileA(part);
        c->stays = FALSE;
    }
    if (heard == HEARD_END) {
        c->method = HTTP_OTHER;
        return FALSE;
    }
    return answer(c, heard == HEARD_LATE ? 408 : status ? status : 201, NULL, NULL);
}
