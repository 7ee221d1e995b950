/*
 * What a request means, and what answers it.
 *
 * The buffer while a request is answered: the header comes in at its start; once it is understood it is dropped, and
 * what follows it (the body, or the next request of an impatient client) moves to the start and stays there. The
 * answer's header is laid behind that, so the buffer of the request is also the buffer of the answer. There is always
 * room for it: BUFFER_TAIL bytes, and for a Location those of the target that came.
 */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* What a name means. All but one mean something else than a file. */
typedef enum PAGE { PAGE_FILE, PAGE_ECHO, PAGE_STATUS, PAGE_GUESTBOOK, PAGE_GUESTBOOK_JSON } PAGE;

WORD GetLocalAddress(SOCKET Socket)
{
    SOCKADDR_IN Address;
    int Length = sizeof(Address);

    return getsockname(Socket, (SOCKADDR *)&Address, &Length) == 0 ? ntohs(Address.sin_port) : 0;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

HTTP_RESPONSE ResponseFor(const OVERLAPPED_EX *Context, int Status)
{
    HTTP_RESPONSE Response;

    memset(&Response, 0, sizeof(Response));
    Response.Status = Status;
    Response.MinorVersion = Context->MinorVersion;
    Response.KeepAlive = Context->KeepAlive;
    Response.Date = InterlockedCompareExchange64(&Context->Config->Now, 0, 0);
    return Response;
}

/* The request's header is understood and goes; nothing may point into it any more. */
static void RequestDrop(OVERLAPPED_EX *Context)
{
    BufferDrop(Context, Context->RequestBytes);
    Context->RequestBytes = 0;
}

BOOL AnswerLay(OVERLAPPED_EX *Context, const char *Header, size_t Length)
{
    RequestDrop(Context);
    if (Length == 0) {
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
    HTTP_SCAN Scan = {0, 0};
    size_t Length = HttpWriteError(Response, Context->Method, Answer, sizeof(Answer));

    FileClose(Context);
    LogStatus(Context, Response->Status, HttpFindHeaderEnd(&Scan, Answer, Length));
    if (AnswerLay(Context, Answer, Length)) {
        Context->Phase = PHASE_ANSWER;
        NextWrite(Context, Context->Buffer + Context->Used, (DWORD)Length);
    }
}

void AnswerPlain(OVERLAPPED_EX *Context, int Status, const char *Location)
{
    HTTP_RESPONSE Response = ResponseFor(Context, Status);

    Response.Location = Location;
    AnswerStatus(Context, &Response);
}

void AnswerRefusal(OVERLAPPED_EX *Context, int Status)
{
    UploadDiscard(Context);
    ChainGive(&Context->Chain);
    ChainGive(&Context->Spare);
    Context->KeepAlive = FALSE;
    Context->RequestBytes = Context->Used; /* nothing of it can be told apart any more */
    Context->Payload = 0;
    AnswerPlain(Context, Status, NULL);
}

static void AnswerNotAllowed(OVERLAPPED_EX *Context, PAGE Page)
{
    static const char *const Allowed[] = {"GET, HEAD", "POST", "GET, HEAD", "GET, HEAD, POST", "GET, HEAD"};
    HTTP_RESPONSE Response = ResponseFor(Context, 405);

    Response.Allow = Page == PAGE_FILE && Context->Config->Uploads != NULL ? "GET, HEAD, PUT" : Allowed[Page];
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
    BOOL Found = HotFind(Context, Name, &Facts);
    HTTP_RESPONSE Response = ResponseFor(Context, Found ? 200 : FileOpen(Context, Name, &Facts));
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
        Response.LastModified = Facts.Modified;
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
    LogStatus(Context, Response.Status, Context->HeaderBytes);
    if (!AnswerLay(Context, Header, Context->HeaderBytes)) {
        return;
    }
    if (!Found && Context->FileBytes > 0 && Context->FileBytes == Facts.Size) {
        HotBegin(Context, Name, &Facts);
    }
    Context->Phase = PHASE_ANSWER;
    AnswerFileBytes(Context);
}

void AnswerDone(OVERLAPPED_EX *Context)
{
    LogAnswer(Context);
    FileClose(Context);
    HotGive(Context);
    ChainGive(&Context->Chain);
    ChainGive(&Context->Spare);
    BufferDrop(Context, Context->Payload); /* the end of an echo goes out from the buffer's start */
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
    DeadlineSet(Context, LINGER_TIMEOUT);
    NextLinger(Context);
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
    } else if (AnswerLay(Context, Continue, sizeof(Continue) - 1)) {
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

    if (Result >= 400) {
        AnswerRefusal(Context, Result);
    } else if (Context->Phase == PHASE_UPLOAD && Context->Payload > 0) {
        NextFileWrite(Context);
    } else if (Result != HTTP_BODY_END) {
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
        if (Context->Phase == PHASE_UPLOAD) {
            UploadRead(Context);
        } else {
            NextRead(Context);
        }
    } else if (Context->Phase == PHASE_ECHO) {
        AnswerEcho(Context);
    } else if (Context->Phase == PHASE_GUEST) {
        GuestbookSign(Context);
    } else if (UploadCommit(Context)) {
        AnswerPlain(Context, 201, NULL);
    } else {
        AnswerRefusal(Context, 500);
    }
}

/* POST and PUT: whether the body is wanted at all. */
static void AnswerBody(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request, const char *Name, PAGE Page)
{
    static const struct {
        HTTP_METHOD Method;
        PHASE Phase;
        ULONGLONG Limit;
    } Bodies[] = {{HTTP_PUT, PHASE_UPLOAD, UPLOAD_LIMIT},
                  {HTTP_POST, PHASE_ECHO, ECHO_LIMIT},
                  {HTTP_OTHER, PHASE_ANSWER, 0},
                  {HTTP_POST, PHASE_GUEST, GUESTBOOK_LIMIT},
                  {HTTP_OTHER, PHASE_ANSWER, 0}};
    int Status;

    if (Request->Method != Bodies[Page].Method || (Page == PAGE_FILE && Context->Config->Uploads == NULL)) {
        AnswerNotAllowed(Context, Page);
        return;
    }
    Status = Request->Framing == HTTP_BODY_NONE ? 411 : HttpBodyBegin(&Context->Body, Request, Bodies[Page].Limit);
    if (Status == 0 && Page == PAGE_FILE) {
        Status = UploadOpen(Context, Name);
    }
    if (Status != 0) {
        AnswerPlain(Context, Status, NULL);
    } else if (Page == PAGE_GUESTBOOK && !GuestbookIsOpen(Context->Config)) {
        GuestbookShow(Context, FALSE); /* which says that it is closed */
    } else {
        BodyBegin(Context, Request, Bodies[Page].Phase);
    }
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* A method that nobody serves: 405 when it is known, 501 when it is not. */
static void AnswerMethod(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request)
{
    static const char *const Known[] = {"DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};

    for (size_t i = 0; i < sizeof(Known) / sizeof(Known[0]); i++) {
        if (strlen(Known[i]) == Request->MethodName.Length &&
            memcmp(Known[i], Request->MethodName.Data, Request->MethodName.Length) == 0) {
            AnswerNotAllowed(Context, PAGE_FILE);
            return;
        }
    }
    AnswerPlain(Context, 501, NULL);
}

/* GET and HEAD. */
static void AnswerPage(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request, const char *Name, PAGE Page)
{
    switch (Page) {
    case PAGE_FILE:
        AnswerFile(Context, Request, Name);
        break;
    case PAGE_STATUS:
        StatusShow(Context);
        break;
    case PAGE_GUESTBOOK:
    case PAGE_GUESTBOOK_JSON:
        GuestbookShow(Context, Page == PAGE_GUESTBOOK_JSON);
        break;
    default:
        AnswerNotAllowed(Context, Page);
        break;
    }
}

static PAGE PageFind(const char *Name)
{
    return strcmp(Name, "echo") == 0             ? PAGE_ECHO
           : strcmp(Name, "status") == 0         ? PAGE_STATUS
           : strcmp(Name, "guestbook") == 0      ? PAGE_GUESTBOOK
           : strcmp(Name, "guestbook.json") == 0 ? PAGE_GUESTBOOK_JSON
                                                 : PAGE_FILE;
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
    LogRequest(Context, &Request);
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
        AnswerPlain(Context, Status, NULL);
    } else if (Request.Method == HTTP_POST || Request.Method == HTTP_PUT) {
        AnswerBody(Context, &Request, Name, PageFind(Name));
    } else {
        AnswerPage(Context, &Request, Name, PageFind(Name));
    }
}

void RequestRead(OVERLAPPED_EX *Context)
{
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
    if (Context->Used > 0) { /* the next request has begun already: from now on it has to hurry */
        DeadlineSet(Context, Context->Config->HeaderTimeout * 1000);
        RequestRead(Context);
    } else {
        DeadlineSet(Context, Context->Config->IdleTimeout * 1000);
        Context->IOOperation = IO_SOCKET_IDLE;
    }
}

void RequestTimeout(OVERLAPPED_EX *Context)
{
    BOOL Begun = Context->Phase == PHASE_UPLOAD || Context->Phase == PHASE_ECHO || Context->Phase == PHASE_GUEST ||
                 (Context->Phase == PHASE_HEADER && Context->Used > 0);

    if (Begun) {
        AnswerRefusal(Context, 408);
    } else {
        Context->IOOperation = IO_CLOSE;
    }
}
