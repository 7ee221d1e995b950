/*
 * What a request means, and what answers it.
 *
 * The buffer while a request is answered: the header comes in at its start; once it is understood it is dropped, and
 * what follows it (the body, or the next request of an impatient client) moves to the start and stays there. The
 * answer is laid behind that, so the buffer of the request is also the buffer of the answer.
 */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* Room for any header, one with a Location too. */
#define HEADER_SIZE (HTTP_MAX_RESPONSE_HEADER + HTTP_MAX_TARGET + 2)

WORD GetLocalAddress(SOCKET Socket)
{
    SOCKADDR_IN Address;
    int Length = sizeof(Address);

    return getsockname(Socket, (SOCKADDR *)&Address, &Length) == 0 ? ntohs(Address.sin_port) : 0;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static HTTP_RESPONSE ResponseFor(const OVERLAPPED_EX *Context, int Status)
{
    HTTP_RESPONSE Response;

    memset(&Response, 0, sizeof(Response));
    Response.Status = Status;
    Response.MinorVersion = Context->MinorVersion;
    Response.KeepAlive = Context->KeepAlive;
    return Response;
}

/* The request's header is understood and goes; nothing may point into it any more. */
static void RequestDrop(OVERLAPPED_EX *Context)
{
    BufferDrop(Context, Context->RequestBytes);
    Context->RequestBytes = 0;
}

/* Lays the answer's header where it goes out from, in place of the request's, with Room bytes free behind it. */
static BOOL AnswerLay(OVERLAPPED_EX *Context, const char *Header, size_t Length, size_t Room)
{
    RequestDrop(Context);
    if (Length == 0 || !BufferReserve(Context, Length + Room)) {
        Context->IOOperation = IO_CLOSE;
        return FALSE;
    }
    memcpy(Context->Buffer + Context->Used, Header, Length);
    return TRUE;
}

/* An answer that is a status and no more. */
static void AnswerStatus(OVERLAPPED_EX *Context, const HTTP_RESPONSE *Response)
{
    char Answer[HEADER_SIZE];
    size_t Length = HttpWriteError(Response, Context->Method, Answer, sizeof(Answer));

    FileClose(Context);
    if (AnswerLay(Context, Answer, Length, 0)) {
        Context->Phase = PHASE_ANSWER;
        NextWrite(Context, Context->Buffer + Context->Used, (DWORD)Length);
    }
}

void AnswerRefusal(OVERLAPPED_EX *Context, int Status)
{
    HTTP_RESPONSE Response;

    UploadDiscard(Context);
    Context->KeepAlive = FALSE;
    Context->RequestBytes = Context->Used; /* nothing of it can be told apart any more */
    Context->Payload = 0;
    Response = ResponseFor(Context, Status);
    AnswerStatus(Context, &Response);
}

static void AnswerNotAllowed(OVERLAPPED_EX *Context, const char *Name)
{
    HTTP_RESPONSE Response = ResponseFor(Context, 405);

    Response.Allow = Context->Config->Uploads != NULL ? "GET, HEAD, PUT" : "GET, HEAD";
    if (strcmp(Name, "echo") == 0) {
        Response.Allow = "POST";
    }
    AnswerStatus(Context, &Response);
}

/* The same target with a slash behind its path. Slashes before it are made one: two would name another server. */
static void MakeLocation(char *Location, size_t Size, HTTP_TEXT Target)
{
    size_t Path = 0;
    size_t Start = 0;

    while (Path < Target.Length && Target.Data[Path] != '?') {
        Path++;
    }
    while (Start + 1 < Path && Target.Data[Start] == '/' && Target.Data[Start + 1] == '/') {
        Start++;
    }
    snprintf(Location, Size, "%.*s/%.*s", (int)(Path - Start), Target.Data + Start, (int)(Target.Length - Path),
             Target.Data + Path);
}

/* GET and HEAD: a file, a part of it, or the reason why not. */
static void AnswerFile(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request, const char *Name)
{
    HTTP_FILE Facts;
    HTTP_RANGE Range = {0, 0};
    HTTP_RESPONSE Response = ResponseFor(Context, FileOpen(Context, Name, &Facts));
    char Location[HTTP_MAX_TARGET + 2];
    char Header[HEADER_SIZE];

    if (Response.Status == 301) {
        MakeLocation(Location, sizeof(Location), Request->Target);
        Response.Location = Location;
    } else if (Response.Status == 200) {
        Response.Status = HttpSelect(Request, &Facts, &Range);
        Response.ContentType = HttpContentType(Name);
        Response.ContentLength = Range.Last - Range.First + 1;
        Response.ETag = Facts.ETag;
        Response.Range = Range;
        Response.FileSize = Facts.Size;
    }
    if (Response.Status >= 300) {
        AnswerStatus(Context, &Response);
        return;
    }
    Context->FileOffset = Range.First;
    Context->FileBytes = Context->Method == HTTP_HEAD ? 0 : Response.ContentLength;
    Context->AcumBytes = 0;
    Context->HeaderBytes = (DWORD)HttpWriteHeader(&Response, Header, sizeof(Header));
    if (!AnswerLay(Context, Header, Context->HeaderBytes, Context->FileBytes > 0)) {
        return;
    }
    Context->Phase = PHASE_ANSWER;
    if (Context->FileBytes > 0) {
        NextFileRead(Context);
    } else {
        NextWrite(Context, Context->Buffer + Context->Used, Context->HeaderBytes);
    }
}

/* POST /echo: the whole body has come and lies at the buffer's start. The header is put before it. */
static void AnswerEcho(OVERLAPPED_EX *Context)
{
    HTTP_RESPONSE Response = ResponseFor(Context, 200);
    char Header[HEADER_SIZE];
    size_t Length;

    Response.ContentType = "application/octet-stream";
    Response.ContentLength = Context->Payload;
    Length = HttpWriteHeader(&Response, Header, sizeof(Header));
    if (!AnswerLay(Context, Header, Length, 0)) {
        return;
    }
    memmove(Context->Buffer + Length, Context->Buffer, Context->Used);
    memcpy(Context->Buffer, Header, Length);
    Context->Used += (DWORD)Length;
    Context->Payload += (DWORD)Length;
    Context->Phase = PHASE_ANSWER;
    NextWrite(Context, Context->Buffer, Context->Payload);
}

void AnswerDone(OVERLAPPED_EX *Context)
{
    FileClose(Context);
    BufferDrop(Context, Context->Payload); /* an echo goes out from the buffer's start */
    Context->Payload = 0;
    if (Context->KeepAlive) {
        RequestNext(Context);
        return;
    }
    /*
     * Closed at once, a socket with unread bytes is reset, and the reset may destroy the answer on its way. So only
     * the sending half is closed, and what the client still sends is read until it closes too, or takes too long.
     */
    shutdown(Context->Socket, SD_SEND);
    Context->Phase = PHASE_LINGER;
    Context->Used = 0;
    DeadlineSet(Context, LINGER_TIMEOUT);
    NextRead(Context);
}

/* --- bodies ------------------------------------------------------------------------------------------------------- */

/* A body is to come. Its bytes so far move to the buffer's start; a client that asks whether to send is told so. */
static void BodyBegin(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request, PHASE Phase)
{
    static const char Continue[] = "HTTP/1.1 100 Continue\r\n\r\n";
    BOOL Asked = Request->ExpectContinue && Context->Used == Context->RequestBytes;

    Context->KeepAlive = Request->KeepAlive && !FlagIsSet(&Context->Config->Stopping);
    Context->Phase = Phase;
    if (!Asked) {
        RequestDrop(Context);
        RequestBody(Context);
    } else if (AnswerLay(Context, Continue, sizeof(Continue) - 1, 0)) {
        NextWrite(Context, Context->Buffer + Context->Used, sizeof(Continue) - 1);
    }
}

/* Takes the framing out of what came in: payload moves to the buffer's start, what follows the body right behind. */
static int BodyDecode(OVERLAPPED_EX *Context)
{
    size_t At = Context->Payload;
    size_t Consumed;
    HTTP_TEXT Part;
    int Result;

    do {
        Result = HttpBodyRead(&Context->Body, Context->Buffer + At, Context->Used - At, &Consumed, &Part);
        if (Result == HTTP_BODY_PART) {
            memmove(Context->Buffer + Context->Payload, Part.Data, Part.Length);
            Context->Payload += (DWORD)Part.Length;
        }
        At += Consumed;
    } while (Result == HTTP_BODY_PART);
    memmove(Context->Buffer + Context->Payload, Context->Buffer + At, Context->Used - At);
    Context->Used -= (DWORD)(At - Context->Payload);
    return Result;
}

void RequestBody(OVERLAPPED_EX *Context)
{
    int Result = BodyDecode(Context);
    HTTP_RESPONSE Response;

    if (Result >= 400) {
        AnswerRefusal(Context, Result);
    } else if (Context->Phase == PHASE_UPLOAD && Context->Payload > 0) {
        NextFileWrite(Context);
    } else if (Result != HTTP_BODY_END) {
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
        NextRead(Context);
    } else if (Context->Phase == PHASE_ECHO) {
        AnswerEcho(Context);
    } else if (UploadCommit(Context)) {
        Response = ResponseFor(Context, 201);
        AnswerStatus(Context, &Response);
    } else {
        AnswerRefusal(Context, 500);
    }
}

/* POST and PUT: whether the body is wanted at all. */
static void AnswerBody(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request, const char *Name)
{
    BOOL IsEcho = strcmp(Name, "echo") == 0;
    int Status;

    if (IsEcho != (Request->Method == HTTP_POST) || (!IsEcho && Context->Config->Uploads == NULL)) {
        AnswerNotAllowed(Context, Name);
        return;
    }
    Status = Request->Framing == HTTP_BODY_NONE
                 ? 411
                 : HttpBodyBegin(&Context->Body, Request, IsEcho ? ECHO_LIMIT : UPLOAD_LIMIT);
    if (Status == 0 && !IsEcho) {
        Status = UploadOpen(Context, Name);
    }
    if (Status == 0) {
        BodyBegin(Context, Request, IsEcho ? PHASE_ECHO : PHASE_UPLOAD);
    } else {
        HTTP_RESPONSE Response = ResponseFor(Context, Status);

        AnswerStatus(Context, &Response);
    }
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* A method that nobody serves: 405 when it is known, 501 when it is not. */
static void AnswerMethod(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request)
{
    static const char *const Known[] = {"DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};
    HTTP_RESPONSE Response = ResponseFor(Context, 501);

    for (size_t i = 0; i < sizeof(Known) / sizeof(Known[0]); i++) {
        if (strlen(Known[i]) == Request->MethodName.Length &&
            memcmp(Known[i], Request->MethodName.Data, Request->MethodName.Length) == 0) {
            AnswerNotAllowed(Context, "");
            return;
        }
    }
    AnswerStatus(Context, &Response);
}

/* The header is complete. */
static void RequestAnswer(OVERLAPPED_EX *Context)
{
    HTTP_REQUEST Request;
    char Name[HTTP_MAX_TARGET + 16];
    int Status = HttpParseRequest(Context->Buffer, Context->RequestBytes, &Request);
    BOOL HasBody;

    Context->Method = Request.Method;
    Context->MinorVersion = Request.MinorVersion;
    if (Status != 0) {
        AnswerRefusal(Context, Status);
        return;
    }
    /* Unless BodyBegin finds otherwise a body stays unread, and the bytes behind the header are not a request. */
    HasBody =
        Request.Framing == HTTP_BODY_CHUNKED || (Request.Framing == HTTP_BODY_LENGTH && Request.ContentLength > 0);
    Context->KeepAlive = Request.KeepAlive && !HasBody && !FlagIsSet(&Context->Config->Stopping);
    if (Request.Method == HTTP_OTHER) {
        AnswerMethod(Context, &Request);
        return;
    }
    Status = HttpResolvePath(Request.Target, Name, sizeof(Name));
    if (Status != 0) {
        HTTP_RESPONSE Response = ResponseFor(Context, Status);

        AnswerStatus(Context, &Response);
    } else if (Request.Method == HTTP_POST || Request.Method == HTTP_PUT) {
        AnswerBody(Context, &Request, Name);
    } else if (strcmp(Name, "echo") == 0) {
        AnswerNotAllowed(Context, Name);
    } else {
        AnswerFile(Context, &Request, Name);
    }
}

void RequestRead(OVERLAPPED_EX *Context)
{
    if (FlagIsSet(&Context->Idle)) { /* the first bytes of a request: from now on it has to hurry */
        InterlockedExchange(&Context->Idle, FALSE);
        DeadlineSet(Context, Context->Config->HeaderTimeout * 1000);
    }
    Context->RequestBytes = (DWORD)HttpFindHeaderEnd(&Context->Scan, Context->Buffer, Context->Used);
    if (Context->RequestBytes > 0) {
        RequestAnswer(Context);
    } else if (Context->Used >= HTTP_MAX_HEADER) {
        AnswerRefusal(Context, HttpOverflowStatus(Context->Buffer, Context->Used));
    } else {
        NextRead(Context);
    }
}

void RequestNext(OVERLAPPED_EX *Context)
{
    memset(&Context->Scan, 0, sizeof(Context->Scan));
    Context->Phase = PHASE_HEADER;
    Context->Method = HTTP_OTHER;
    Context->MinorVersion = 1;
    InterlockedExchange(&Context->Idle, TRUE);
    BufferTrim(Context);
    if (Context->Used > 0) {
        RequestRead(Context);
    } else {
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
        NextRead(Context);
    }
}

void RequestTimeout(OVERLAPPED_EX *Context)
{
    /* LAB 1.6 { In the middle of a request the client is told 408. One that has not begun with any (PHASE_HEADER, and
     * nothing in the buffer), or has its last answer (PHASE_LINGER), is let go without a word.
     * stub: Context->IOOperation = IO_CLOSE;
     */
    BOOL Begun = Context->Phase == PHASE_UPLOAD || Context->Phase == PHASE_ECHO ||
                 (Context->Phase == PHASE_HEADER && Context->Used > 0);

    if (Begun) {
        AnswerRefusal(Context, 408);
    } else {
        Context->IOOperation = IO_CLOSE;
    }
    /* LAB 1.6 } */
}
