/* The talk with one client, from its first byte to its last. */
#include "own.h"

#include <stdlib.h>
#include <string.h>

typedef struct TEXT {
    char *bytes;
    size_t length, room;
} TEXT;

static BOOL gather(void *with, const char *bytes, size_t length)
{
    TEXT *text = with;
    if (text->length + length > text->room) {
        size_t room = (text->length + length) * 2;
        char *more = realloc(text->bytes, room);
        if (more == NULL)
            return FALSE;
        text->bytes = more;
        text->room = room;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return TRUE;
}

static BOOL echo(CLIENT *c, HTTP_BODY *body)
{
    static const HTTP_RESPONSE nothing;
    TEXT text = {NULL, 0, 0};
    int status = 0;
    HEARD heard = body_more(c, body, &status, gather, &text);
    BOOL good = FALSE;
    if (heard == HEARD_BYTES && status == 0) {
        HTTP_RESPONSE r = nothing;
        char header[HTTP_MAX_RESPONSE_HEADER];
        size_t length;
        r.Status = 200;
        r.MinorVersion = c->minor;
        r.KeepAlive = c->stays;
        r.ContentLength = text.length;
        r.ContentType = "application/octet-stream";
        length = HttpWriteHeader(&r, header, sizeof header);
        good = say(c, header, length) && say(c, text.bytes, text.length) && c->stays;
    } else if (heard != HEARD_END) {
        c->stays = FALSE;
        good = answer(c, heard == HEARD_LATE ? 408 : status, NULL, NULL);
    }
    free(text.bytes);
    return good;
}

/* Somebody wants to send a body. Returns whether the connection goes on. */
static BOOL take(CLIENT *c, const HTTP_REQUEST *request, const char *name, BOOL alone)
{
    HTTP_BODY body;
    BOOL to_echo = !strcmp(name, "echo");
    BOOL wants = request->KeepAlive && !InterlockedCompareExchange(&stopping, 0, 0);
    int status;
    if (to_echo != (request->Method == HTTP_POST))
        return answer(c, 405, to_echo ? "POST" : settings.uploads ? "GET, HEAD, PUT" : "GET, HEAD", NULL);
    if (!to_echo && settings.uploads == NULL)
        return answer(c, 405, "GET, HEAD", NULL);
    if (request->Framing == HTTP_BODY_NONE)
        return answer(c, 411, NULL, NULL);
    status = HttpBodyBegin(&body, request, to_echo ? 1048576u : 4294967296ull);
    if (status != 0)
        return answer(c, status, NULL, NULL);
    if (request->ExpectContinue && alone) {
        static const char go[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!say(c, go, sizeof go - 1))
            return FALSE;
    }
    c->stays = wants;
    return to_echo ? echo(c, &body) : take_file(c, &body, name);
}

/* Answers a request whose header has come. */
static BOOL respond(CLIENT *c, size_t head)
{
    HTTP_REQUEST request;
    char name[HTTP_MAX_TARGET + 16], *header = malloc(head);
    BOOL goes_on = FALSE, has_body, alone = c->used == head;
    int status;
    if (header == NULL)
        return FALSE;
    memcpy(header, c->in, head);
    drop(c, head);
    status = HttpParseRequest(header, head, &request);
    c->method = request.Method;
    c->minor = request.MinorVersion;
    c->stays = FALSE;
    if (status == 0) {
        has_body = request.Framing == HTTP_BODY_CHUNKED || (request.Framing == HTTP_BODY_LENGTH && request.ContentLength);
        c->stays = request.KeepAlive && !has_body && !InterlockedCompareExchange(&stopping, 0, 0);
    }
    if (status != 0)
        goes_on = answer(c, status, NULL, NULL);
    else if (request.Method == HTTP_OTHER && HttpMethodIsKnown(request.MethodName))
        goes_on = answer(c, 405, settings.uploads ? "GET, HEAD, PUT" : "GET, HEAD", NULL);
    else if (request.Method == HTTP_OTHER)
        goes_on = answer(c, 501, NULL, NULL);
    else if ((status = HttpResolvePath(request.Target, name, sizeof name)) != 0)
        goes_on = answer(c, status, NULL, NULL);
    else if (request.Method == HTTP_POST || request.Method == HTTP_PUT)
        goes_on = take(c, &request, name, alone);
    else if (!strcmp(name, "echo"))
        goes_on = answer(c, 405, "POST", NULL);
    else
        goes_on = give_file(c, &request, name);
    free(header);
    return goes_on;
}

/* Hears one request and answers it. Returns whether another may follow. */
static BOOL exchange(CLIENT *c)
{
    HTTP_SCAN scan = {0, 0};
    ULONGLONG until = after(settings.idle_seconds);
    size_t head = 0;
    c->silent = c->used == 0;
    c->method = HTTP_OTHER;
    c->minor = 1;
    c->stays = FALSE;
    if (!c->silent)
        until = after(settings.header_seconds);
    while ((head = HttpFindHeaderEnd(&scan, c->in, c->used)) == 0) {
        HEARD heard;
        if (c->used >= HTTP_MAX_HEADER)
            return answer(c, HttpOverflowStatus(c->in, c->used), NULL, NULL);
        heard = hear(c, HTTP_MAX_HEADER, until);
        if (heard == HEARD_LATE && !c->silent)
            return answer(c, 408, NULL, NULL);
        if (heard != HEARD_BYTES) {
            c->stays = TRUE; /* nothing was answered: nothing to wait for */
            return FALSE;
        }
        if (c->silent) {
            c->silent = FALSE;
            until = after(settings.header_seconds);
        }
    }
    return respond(c, head);
}

DWORD WINAPI talk(LPVOID client)
{
    CLIENT *c = client;
    u_long yes = 1;
    ioctlsocket(c->socket, (long)FIONBIO, &yes);
    while (exchange(c))
        ;
    if (!c->stays) { /* the last answer is out: read on until the client has it, or closed at once it may be lost */
        ULONGLONG until = GetTickCount64() + 2000;
        shutdown(c->socket, SD_SEND);
        c->silent = FALSE;
        do
            c->used = 0;
        while (hear(c, c->size, until) == HEARD_BYTES && GetTickCount64() < until);
    }
    closesocket(c->socket);
    free(c->in);
    free(c);
    InterlockedDecrement(&clients);
    return 0;
}
