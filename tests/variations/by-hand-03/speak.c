/* What a connection says, and when: each function begins an operation and names the one that goes on. */
#include "own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = MAX_PATH + HTTP_MAX_TARGET + 96, HEAD_ROOM = HTTP_MAX_RESPONSE_HEADER + HTTP_MAX_TARGET + 16 };

static void body_step(LINK *c);

static void drop(LINK *c, size_t bytes)
{
    memmove(c->in, c->in + bytes, c->used - bytes);
    c->used -= bytes;
}

/* --- the end of a connection, and of an answer -------------------------------------------------------------------- */

static void lingered(LINK *c, DWORD bytes, DWORD error)
{
    if (error == ERROR_OPERATION_ABORTED && !is_late(c))
        bytes = 1; /* meant for somebody else */
    else if (error != 0)
        return;
    c->used = 0;
    if (bytes > 0)
        read_more(c, (size_t)-1, lingered);
}

static void answered(LINK *c, DWORD bytes, DWORD error)
{
    (void)bytes;
    (void)error;
    if (c->file != INVALID_HANDLE_VALUE)
        CloseHandle(c->file);
    c->file = INVALID_HANDLE_VALUE;
    if (c->stays) {
        request_next(c);
        return;
    }
    shutdown(c->socket, SD_SEND);
    give_time(c, 2000);
    c->used = 0;
    read_more(c, (size_t)-1, lingered);
}

static HTTP_RESPONSE response(LINK *c, int status)
{
    HTTP_RESPONSE r;
    memset(&r, 0, sizeof r);
    r.Status = status;
    r.MinorVersion = c->minor;
    r.KeepAlive = c->stays;
    return r;
}

static void answer_with(LINK *c, const HTTP_RESPONSE *r)
{
    if (!room(&c->out, &c->out_size, HEAD_ROOM))
        return;
    c->to_say = HttpWriteError(r, c->method, c->out, c->out_size);
    if (c->to_say > 0)
        say(c, answered);
}

static void answer(LINK *c, int status)
{
    HTTP_RESPONSE r = response(c, status);
    r.Allow = status == 405 ? settings.uploads ? "GET, HEAD, PUT" : "GET, HEAD" : NULL;
    answer_with(c, &r);
}

static void answer_post_only(LINK *c)
{
    HTTP_RESPONSE r = response(c, 405);
    r.Allow = "POST";
    answer_with(c, &r);
}

static void refuse(LINK *c, int status)
{
    c->stays = FALSE;
    answer(c, status);
}

/* --- files ------------------------------------------------------------------------------------------------------- */

static void slice_next(LINK *c, DWORD bytes, DWORD error);

static void slice_read(LINK *c, DWORD bytes, DWORD error)
{
    if (error != 0 || bytes == 0)
        return;
    c->at += bytes;
    c->left -= bytes;
    c->sum += bytes;
    c->to_say += bytes;
    trace("IO_FILE_READ", bytes, "bytesToWrite=%lu, AcumBytes=%llu", (unsigned long)bytes, (unsigned long long)c->sum);
    trace("IO_SOCKET_WRITE", bytes, "");
    say(c, slice_next);
}

static void slice_ask(LINK *c, size_t header)
{
    size_t space = c->out_size - header;
    c->to_say = header;
    read_slice(c, c->out + header, c->left < space ? (DWORD)c->left : (DWORD)space, slice_read);
}

static void slice_next(LINK *c, DWORD bytes, DWORD error)
{
    if (c->left == 0)
        answered(c, bytes, error);
    else
        slice_ask(c, 0);
}

static BOOL is_folder(const char *path)
{
    DWORD found = GetFileAttributesA(path);
    return found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY);
}

static void answer_moved(LINK *c, HTTP_TEXT target)
{
    char to[HTTP_MAX_TARGET + 8];
    HTTP_RESPONSE r = response(c, 301);
    size_t end = 0, start = 0;
    while (end < target.Length && target.Data[end] != '?')
        end++;
    while (start + 1 < end && target.Data[start + 1] == '/')
        start++;
    snprintf(to, sizeof to, "%.*s/%.*s", (int)(end - start), target.Data + start, (int)(target.Length - end),
             target.Data + end);
    r.Location = to;
    answer_with(c, &r);
}

static HANDLE open_tied(const char *path, DWORD access, DWORD share, DWORD how)
{
    HANDLE file = CreateFileA(path, access, share, NULL, how, FILE_FLAG_OVERLAPPED, NULL);
    if (file != INVALID_HANDLE_VALUE && !tie(file)) {
        CloseHandle(file);
        file = INVALID_HANDLE_VALUE;
    }
    return file;
}

static void give_file(LINK *c, const HTTP_REQUEST *request, const char *name)
{
    char path[PATH_ROOM];
    BY_HANDLE_FILE_INFORMATION info;
    HTTP_FILE facts;
    HTTP_RANGE range = {0, 0};
    HTTP_RESPONSE r;
    ULONGLONG written;
    size_t header;
    snprintf(path, sizeof path, "%s/%s", settings.root, name);
    if (is_folder(path)) {
        answer_moved(c, request->Target);
        return;
    }
    c->file = open_tied(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_EXISTING);
    if (c->file == INVALID_HANDLE_VALUE || GetFileType(c->file) != FILE_TYPE_DISK ||
        !GetFileInformationByHandle(c->file, &info)) {
        answer(c, 404);
        return;
    }
    written = (ULONGLONG)info.ftLastWriteTime.dwHighDateTime << 32 | info.ftLastWriteTime.dwLowDateTime;
    facts.Size = (ULONGLONG)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    facts.Modified = (int64_t)(written / 10000000u) - 11644473600;
    HttpMakeETag(facts.ETag, facts.Size, written);
    r = response(c, HttpSelect(request, &facts, &range));
    r.ETag = facts.ETag;
    r.FileSize = facts.Size;
    r.Range = range;
    if (r.Status >= 300) {
        answer_with(c, &r);
        return;
    }
    r.ContentType = HttpContentType(name);
    r.ContentLength = range.Last - range.First + 1;
    {
        char text[HEAD_ROOM];
        header = HttpWriteHeader(&r, text, sizeof text);
        if (c->out_size != c->size) { /* slices are as long as the buffer of the request, if the header leaves room */
            free(c->out);
            c->out_size = c->size;
            while (c->out_size < header + 1)
                c->out_size *= 2;
            c->out = malloc(c->out_size);
        }
        if (header == 0 || c->out == NULL) {
            c->out_size = 0;
            return;
        }
        memcpy(c->out, text, header);
    }
    c->at = range.First;
    c->left = c->method == HTTP_HEAD ? 0 : r.ContentLength;
    c->sum = 0;
    if (c->left > 0) {
        slice_ask(c, header);
    } else {
        c->to_say = header;
        say(c, answered);
    }
}

/* --- bodies ------------------------------------------------------------------------------------------------------ */

static void body_read(LINK *c, DWORD bytes, DWORD error)
{
    if (error == ERROR_OPERATION_ABORTED && is_late(c)) {
        refuse(c, 408);
    } else if (error == ERROR_OPERATION_ABORTED) {
        read_more(c, (size_t)-1, body_read);
    } else if (error == 0 && bytes > 0) {
        trace("IO_SOCKET_READ", bytes, "BuffLen=%lu", (unsigned long)c->size);
        c->used += bytes;
        body_step(c);
    }
}

static void upload_gone(LINK *c)
{
    if (c->file != INVALID_HANDLE_VALUE)
        CloseHandle(c->file);
    c->file = INVALID_HANDLE_VALUE;
    if (c->part != NULL)
        DeleteFileA(c->part);
    free(c->part);
    c->part = NULL;
}

static void piece_written(LINK *c, DWORD bytes, DWORD error)
{
    if (error != 0 || bytes == 0) {
        upload_gone(c);
        refuse(c, 500);
        return;
    }
    c->at += bytes;
    c->piece_used += bytes;
    if (c->piece_used < c->piece_length) {
        write_piece(c, piece_written);
        return;
    }
    drop(c, (size_t)(c->piece - c->in) + c->piece_length);
    body_step(c);
}

static void body_over(LINK *c)
{
    HTTP_RESPONSE r = response(c, 200);
    if (c->part != NULL) {
        BOOL moved;
        CloseHandle(c->file);
        c->file = INVALID_HANDLE_VALUE;
        moved = MoveFileExA(c->part, c->whole, MOVEFILE_REPLACE_EXISTING);
        if (!moved) {
            upload_gone(c);
            refuse(c, 500);
            return;
        }
        free(c->part);
        c->part = NULL;
        answer(c, 201);
        return;
    }
    r.ContentType = "application/octet-stream";
    r.ContentLength = c->text_length;
    if (!room(&c->out, &c->out_size, HEAD_ROOM + c->text_length))
        return;
    c->to_say = HttpWriteHeader(&r, c->out, c->out_size);
    if (c->text_length > 0)
        memcpy(c->out + c->to_say, c->text, c->text_length);
    c->to_say += c->text_length;
    say(c, answered);
}

static void body_step(LINK *c)
{
    for (;;) {
        size_t consumed;
        HTTP_TEXT piece;
        int found = HttpBodyRead(&c->body, c->in, c->used, &consumed, &piece);
        if (found == HTTP_BODY_PART && c->part != NULL) {
            c->piece = piece.Data; /* it ends where the consumed bytes end */
            c->piece_length = piece.Length;
            c->piece_used = 0;
            write_piece(c, piece_written);
            return;
        }
        if (found == HTTP_BODY_PART) {
            if (!room(&c->text, &c->text_size, c->text_length + piece.Length))
                return;
            memcpy(c->text + c->text_length, piece.Data, piece.Length);
            c->text_length += piece.Length;
        }
        drop(c, consumed);
        if (found == HTTP_BODY_END) {
            body_over(c);
            return;
        }
        if (found == HTTP_BODY_MORE) {
            give_time(c, settings.idle_seconds * 1000);
            read_more(c, (size_t)-1, body_read);
            return;
        }
        if (found != HTTP_BODY_PART) {
            upload_gone(c);
            refuse(c, found);
            return;
        }
    }
}

static void told_to_go_on(LINK *c, DWORD bytes, DWORD error)
{
    (void)bytes;
    (void)error;
    body_step(c);
}

static BOOL upload_open(LINK *c, const char *name)
{
    static volatile LONG number;
    free(c->whole);
    c->whole = malloc(PATH_ROOM);
    c->part = malloc(PATH_ROOM);
    if (c->whole == NULL || c->part == NULL)
        return FALSE;
    snprintf(c->whole, PATH_ROOM, "%s/%s", settings.uploads, name);
    snprintf(c->part, PATH_ROOM, "%s.~%lx%lx", c->whole, (unsigned long)GetCurrentProcessId(),
             (unsigned long)InterlockedIncrement(&number));
    if (!is_folder(c->whole))
        c->file = open_tied(c->part, GENERIC_WRITE, 0, CREATE_NEW);
    if (c->file != INVALID_HANDLE_VALUE)
        return TRUE;
    free(c->part);
    c->part = NULL;
    return FALSE;
}

static void take(LINK *c, const HTTP_REQUEST *request, const char *name, BOOL alone)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    BOOL echo = strcmp(name, "echo") == 0;
    int status;
    if (echo && request->Method != HTTP_POST) {
        answer_post_only(c);
        return;
    }
    if (!echo && (request->Method != HTTP_PUT || settings.uploads == NULL)) {
        answer(c, 405);
        return;
    }
    status = request->Framing == HTTP_BODY_NONE ? 411
                                                : HttpBodyBegin(&c->body, request, echo ? 1048576u : 4294967296ull);
    if (status == 0 && !echo && !upload_open(c, name))
        status = 404;
    if (status != 0) {
        answer(c, status);
        return;
    }
    c->stays = request->KeepAlive && !is_set(&stopping);
    c->text_length = 0;
    c->at = 0;
    if (request->ExpectContinue && alone && room(&c->out, &c->out_size, sizeof go_on)) {
        memcpy(c->out, go_on, sizeof go_on - 1);
        c->to_say = sizeof go_on - 1;
        say(c, told_to_go_on);
        return;
    }
    body_step(c);
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

static void respond(LINK *c, const char *header, size_t length, BOOL alone)
{
    HTTP_REQUEST request;
    char name[HTTP_MAX_TARGET + 16];
    int status = HttpParseRequest(header, length, &request);
    c->method = request.Method;
    c->minor = request.MinorVersion;
    if (status != 0) {
        refuse(c, status);
        return;
    }
    c->stays = request.KeepAlive && !is_set(&stopping) && request.Framing != HTTP_BODY_CHUNKED &&
               !(request.Framing == HTTP_BODY_LENGTH && request.ContentLength > 0);
    status = request.Method == HTTP_OTHER ? HttpMethodIsKnown(request.MethodName) ? 405 : 501
                                          : HttpResolvePath(request.Target, name, sizeof name);
    if (status != 0)
        answer(c, status);
    else if (request.Method == HTTP_POST || request.Method == HTTP_PUT)
        take(c, &request, name, alone);
    else if (strcmp(name, "echo") == 0)
        answer_post_only(c);
    else
        give_file(c, &request, name);
}

static void header_look(LINK *c);

static void header_read(LINK *c, DWORD bytes, DWORD error)
{
    if (error == ERROR_OPERATION_ABORTED) {
        if (is_late(c) && !is_set(&c->silent))
            refuse(c, 408);
        else if (!is_late(c) && !(is_set(&stopping) && is_set(&c->silent)))
            read_more(c, HTTP_MAX_HEADER, header_read);
        return;
    }
    if (error != 0 || bytes == 0)
        return;
    trace("IO_SOCKET_READ", bytes, "BuffLen=%lu", (unsigned long)c->size);
    c->used += bytes;
    if (InterlockedExchange(&c->silent, 0))
        give_time(c, settings.header_seconds * 1000);
    header_look(c);
}

static void header_look(LINK *c)
{
    size_t length = HttpFindHeaderEnd(&c->scan, c->in, c->used);
    if (length > 0) {
        char *header = malloc(length);
        if (header != NULL) {
            memcpy(header, c->in, length);
            drop(c, length);
            respond(c, header, length, c->used == 0);
            free(header);
        }
    } else if (c->used >= HTTP_MAX_HEADER) {
        refuse(c, HttpOverflowStatus(c->in, c->used));
    } else {
        read_more(c, HTTP_MAX_HEADER, header_read);
    }
}

void request_next(LINK *c)
{
    memset(&c->scan, 0, sizeof c->scan);
    c->method = HTTP_OTHER;
    c->minor = 1;
    c->stays = FALSE;
    InterlockedExchange(&c->silent, c->used == 0);
    give_time(c, (c->used == 0 ? settings.idle_seconds : settings.header_seconds) * 1000);
    header_look(c);
}
