/* Parsing a complete header (RFC 9112, 2 to 5). The rule throughout: what is not exactly right is refused. */
#include "text.h"

#include <string.h>

/* What the fields have said so far, where HTTP_REQUEST has no place for it. */
enum {
    SAW_LENGTH = 1,
    SAW_CODING = 2, /* a Transfer-Encoding field */
    SAW_CHUNKED = 4,
    SAW_OTHER_CODING = 8,
    SAW_CLOSE = 16,
    SAW_KEEP_ALIVE = 32,
    SAW_CONTINUE = 64,
    SAW_OTHER_EXPECTATION = 128
};

typedef struct PARSE {
    TEXT_CURSOR Cursor;
    HTTP_REQUEST *Request;
    unsigned Saw;
} PARSE;

static const struct {
    const char *Name;
    HTTP_METHOD Method;
} Methods[] = {
    {"GET", HTTP_GET},     {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},
    {"PUT", HTTP_PUT},     {"DELETE", HTTP_OTHER},  {"OPTIONS", HTTP_OTHER},
    {"TRACE", HTTP_OTHER}, {"CONNECT", HTTP_OTHER}, {"PATCH", HTTP_OTHER},
};

static int FindMethod(HTTP_TEXT Name, HTTP_METHOD *Method)
{
    *Method = HTTP_OTHER;
    for (size_t i = 0; i < sizeof(Methods) / sizeof(Methods[0]); i++) {
        if (TextEquals(Name, Methods[i].Name, strlen(Methods[i].Name))) {
            *Method = Methods[i].Method;
            return 1;
        }
    }
    return 0;
}

int HttpMethodIsKnown(HTTP_TEXT Name)
{
    HTTP_METHOD Method;
    return FindMethod(Name, &Method);
}

/* Takes "HTTP/1.1"; an unknown version is reported only when the line around it is sound. */
static int ParseVersion(PARSE *Parse)
{
    const char *At = Parse->Cursor.At;

    if (Parse->Cursor.End - At < 8 || memcmp(At, "HTTP/", 5) != 0 || !TextIsDigit((unsigned char)At[5]) ||
        At[6] != '.' || !TextIsDigit((unsigned char)At[7])) {
        return 400;
    }
    Parse->Cursor.At += 8;
    if (!TextTakeLineEnd(&Parse->Cursor)) {
        return 400;
    }
    if (At[5] != '1') {
        return 505;
    }
    Parse->Request->MinorVersion = At[7] != '0';
    return 0;
}

static int ParseRequestLine(PARSE *Parse)
{
    HTTP_REQUEST *Request = Parse->Request;
    HTTP_TEXT Path;
    int Status;

    while (TextTakeLineEnd(&Parse->Cursor)) {
        /* Some clients send an empty line after a body. */
    }
    Request->MethodName = TextTake(&Parse->Cursor, TextIsToken);
    if (Request->MethodName.Length == 0 || !TextTakeByte(&Parse->Cursor, ' ')) {
        return 400;
    }
    FindMethod(Request->MethodName, &Request->Method);
    Request->Target = TextTake(&Parse->Cursor, TextIsTarget);
    if (Request->Target.Length > HTTP_MAX_TARGET) {
        return 414;
    }
    if (!TextTakeByte(&Parse->Cursor, ' ')) {
        return 400;
    }
    Status = ParseVersion(Parse);
    if (Status != 0) {
        return Status;
    }
    return TargetPath(Request->Target, &Path) ? 0 : 400;
}

static int ParseHost(PARSE *Parse, HTTP_TEXT Value)
{
    if (Parse->Request->Host.Data != NULL || !HostIsValid(Value)) {
        return 400;
    }
    Parse->Request->Host = Value;
    return 0;
}

/* Two equal lengths could be taken for one, but who sends them has something in mind. */
static int ParseContentLength(PARSE *Parse, HTTP_TEXT Value)
{
    if ((Parse->Saw & SAW_LENGTH) != 0 || TextParseNumber(Value, &Parse->Request->ContentLength) != 1) {
        return 400;
    }
    Parse->Saw |= SAW_LENGTH;
    return 0;
}

/* Chunked must come last and once, or the end of the body is anybody's guess. */
static int ParseTransferEncoding(PARSE *Parse, HTTP_TEXT Value)
{
    HTTP_TEXT Element;

    while (TextNextElement(&Value, &Element)) {
        TEXT_CURSOR Cursor = TextCursor(Element);
        if (Element.Length == 0 || TextTake(&Cursor, TextIsToken).Length != Element.Length ||
            (Parse->Saw & SAW_CHUNKED) != 0) {
            return 400;
        }
        Parse->Saw |= TextEqualsNoCase(Element, TEXT_LITERAL("chunked")) ? SAW_CHUNKED : SAW_OTHER_CODING;
    }
    Parse->Saw |= SAW_CODING;
    return 0;
}

static int ParseConnection(PARSE *Parse, HTTP_TEXT Value)
{
    HTTP_TEXT Element;

    while (TextNextElement(&Value, &Element)) {
        if (TextEqualsNoCase(Element, TEXT_LITERAL("close"))) {
            Parse->Saw |= SAW_CLOSE;
        } else if (TextEqualsNoCase(Element, TEXT_LITERAL("keep-alive"))) {
            Parse->Saw |= SAW_KEEP_ALIVE;
        }
    }
    return 0;
}

static int ParseExpect(PARSE *Parse, HTTP_TEXT Value)
{
    int Known = TextEqualsNoCase(Value, TEXT_LITERAL("100-continue"));
    Parse->Saw |= Known ? SAW_CONTINUE : SAW_OTHER_EXPECTATION;
    return 0;
}

/* The fields that are read: by a function, or, without one, kept as they are at an offset in HTTP_REQUEST. */
typedef struct FIELD {
    const char *Name;
    size_t Length;
    int (*Parse)(PARSE *Parse, HTTP_TEXT Value);
    size_t Offset;
} FIELD;

static const FIELD Fields[] = {
    {TEXT_LITERAL("host"), ParseHost, 0},
    {TEXT_LITERAL("connection"), ParseConnection, 0},
    {TEXT_LITERAL("content-length"), ParseContentLength, 0},
    {TEXT_LITERAL("transfer-encoding"), ParseTransferEncoding, 0},
    {TEXT_LITERAL("expect"), ParseExpect, 0},
    {TEXT_LITERAL("range"), NULL, offsetof(HTTP_REQUEST, Range)},
    {TEXT_LITERAL("if-range"), NULL, offsetof(HTTP_REQUEST, IfRange)},
    {TEXT_LITERAL("if-none-match"), NULL, offsetof(HTTP_REQUEST, IfNoneMatch)},
    {TEXT_LITERAL("if-modified-since"), NULL, offsetof(HTTP_REQUEST, IfModifiedSince)},
    {TEXT_LITERAL("referer"), NULL, offsetof(HTTP_REQUEST, Referer)},
    {TEXT_LITERAL("user-agent"), NULL, offsetof(HTTP_REQUEST, UserAgent)},
};

static int ApplyField(PARSE *Parse, HTTP_TEXT Name, HTTP_TEXT Value)
{
    for (size_t i = 0; i < sizeof(Fields) / sizeof(Fields[0]); i++) {
        if (!TextEqualsNoCase(Name, Fields[i].Name, Fields[i].Length)) {
            continue;
        }
        if (Fields[i].Parse != NULL) {
            return Fields[i].Parse(Parse, Value);
        }
        HTTP_TEXT *Kept = (void *)((char *)Parse->Request + Fields[i].Offset);
        if (Kept->Data == NULL) {
            *Kept = Value;
        }
        return 0;
    }
    return 0;
}

static int ParseFields(PARSE *Parse)
{
    TEXT_CURSOR *Cursor = &Parse->Cursor;

    while (!TextTakeLineEnd(Cursor)) {
        HTTP_TEXT Name = TextTake(Cursor, TextIsToken);
        if (Name.Length == 0 || !TextTakeByte(Cursor, ':')) {
            return 400;
        }
        HTTP_TEXT Value = TextTrim(TextTake(Cursor, TextIsValue));
        if (!TextTakeLineEnd(Cursor)) {
            return 400;
        }
        int Status = ApplyField(Parse, Name, Value);
        if (Status != 0) {
            return Status;
        }
    }
    return Cursor->At == Cursor->End ? 0 : 400;
}

/* What follows from all fields together. */
static int Conclude(PARSE *Parse)
{
    HTTP_REQUEST *Request = Parse->Request;
    unsigned Saw = Parse->Saw;

    if (Request->MinorVersion != 0 && Request->Host.Data == NULL) {
        return 400;
    }
    /* HTTP/1.0 knows no transfer codings: an older proxy on the way will have passed the field on unread. */
    if ((Saw & SAW_CODING) != 0 && ((Saw & SAW_LENGTH) != 0 || Request->MinorVersion == 0)) {
        return 400;
    }
    if ((Saw & SAW_OTHER_CODING) != 0) {
        return 501;
    }
    if ((Saw & SAW_OTHER_EXPECTATION) != 0) {
        return 417;
    }
    Request->Framing = (Saw & SAW_CHUNKED) != 0  ? HTTP_BODY_CHUNKED
                       : (Saw & SAW_LENGTH) != 0 ? HTTP_BODY_LENGTH
                                                 : HTTP_BODY_NONE;
    Request->KeepAlive = (Saw & SAW_CLOSE) == 0 && (Request->MinorVersion != 0 || (Saw & SAW_KEEP_ALIVE) != 0);
    Request->ExpectContinue = (Saw & SAW_CONTINUE) != 0 && Request->MinorVersion != 0;
    return 0;
}

int HttpParseRequest(const char *Header, size_t Length, HTTP_REQUEST *Request)
{
    PARSE Parse = {{Header, Header + Length}, Request, 0};
    int Status;

    memset(Request, 0, sizeof(*Request));
    Request->Method = HTTP_OTHER;
    Request->MinorVersion = 1;
    Status = ParseRequestLine(&Parse);
    if (Status != 0) {
        return Status;
    }
    if (Length > HTTP_MAX_HEADER) {
        return 431;
    }
    Status = ParseFields(&Parse);
    return Status != 0 ? Status : Conclude(&Parse);
}
