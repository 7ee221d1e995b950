/* Reading a body as it arrives (RFC 9112, 6 and 7). */
#include "text.h"

/*
 * Where in the grammar of a chunked body the next byte stands. A body with a length starts in BODY_DATA. A value of 400
 * or more is the refusal that was given; it stays.
 *
 *   SIZE [ blanks ; EXTENSION ] CR LF  DATA CR LF  ...  0 CR LF  [ NAME : VALUE CR LF ] ...  CR LF
 */
enum {
    BODY_SIZE_FIRST,
    BODY_SIZE,
    BODY_SIZE_BLANK,
    BODY_EXTENSION,
    BODY_SIZE_LF,
    BODY_DATA,
    BODY_DATA_CR,
    BODY_DATA_LF,
    BODY_TRAILER,
    BODY_TRAILER_NAME,
    BODY_TRAILER_VALUE,
    BODY_TRAILER_LF,
    BODY_LAST_LF,
    BODY_DONE
};

/* The most bytes of a line with a chunk's size, extensions included, and of all trailer lines together. */
enum { MAX_SIZE_LINE = 256, MAX_TRAILER = 8192 };

int HttpBodyBegin(HTTP_BODY *Body, const HTTP_REQUEST *Request, uint64_t Limit)
{
    Body->Framing = Request->Framing;
    Body->Remaining = Request->Framing == HTTP_BODY_LENGTH ? Request->ContentLength : 0;
    Body->Received = 0;
    Body->Limit = Limit;
    Body->Digits = 0;
    Body->State = Request->Framing == HTTP_BODY_CHUNKED ? BODY_SIZE_FIRST
                  : Body->Remaining != 0                ? BODY_DATA
                                                        : BODY_DONE;
    if (Body->Remaining > Limit) {
        Body->State = 413;
        return 413;
    }
    return 0;
}

static unsigned AddDigit(HTTP_BODY *Body, int Digit)
{
    if (Body->Remaining > UINT64_MAX >> 4) {
        return 413;
    }
    Body->Remaining = Body->Remaining << 4 | (unsigned)Digit;
    return BODY_SIZE;
}

/* After the size: blanks are taken only where an extension follows them. */
static unsigned ExtensionStart(unsigned char Byte)
{
    return Byte == ' ' || Byte == '\t' ? BODY_SIZE_BLANK : Byte == ';' ? BODY_EXTENSION : 400;
}

static unsigned ChunkStart(HTTP_BODY *Body)
{
    Body->Digits = 0;
    if (Body->Remaining > Body->Limit - Body->Received) {
        return 413;
    }
    return Body->Remaining == 0 ? BODY_TRAILER : BODY_DATA;
}

/* The line with a chunk's size: the state after its next byte. */
static unsigned SizeLineByte(HTTP_BODY *Body, unsigned char Byte)
{
    int Digit = TextHexValue(Byte);

    if (++Body->Digits > MAX_SIZE_LINE) {
        return 400;
    }
    if (Body->State <= BODY_SIZE && Digit >= 0) {
        return AddDigit(Body, Digit);
    }
    switch (Body->State) {
    case BODY_SIZE_FIRST:
        return 400;
    case BODY_SIZE:
        return Byte == '\r' ? BODY_SIZE_LF : ExtensionStart(Byte);
    case BODY_SIZE_BLANK:
        return ExtensionStart(Byte);
    case BODY_EXTENSION:
        return TextIsValue(Byte) ? BODY_EXTENSION : Byte == '\r' ? BODY_SIZE_LF : 400;
    default: /* BODY_SIZE_LF */
        return Byte == '\n' ? ChunkStart(Body) : 400;
    }
}

/* What follows the last chunk: the state after its next byte. The trailer is checked and dropped. */
static unsigned TrailerByte(HTTP_BODY *Body, unsigned char Byte)
{
    if (++Body->Digits > MAX_TRAILER) {
        return 431;
    }
    switch (Body->State) {
    case BODY_TRAILER:
        return Byte == '\r' ? BODY_LAST_LF : TextIsToken(Byte) ? BODY_TRAILER_NAME : 400;
    case BODY_TRAILER_NAME:
        return TextIsToken(Byte) ? BODY_TRAILER_NAME : Byte == ':' ? BODY_TRAILER_VALUE : 400;
    case BODY_TRAILER_VALUE:
        return TextIsValue(Byte) ? BODY_TRAILER_VALUE : Byte == '\r' ? BODY_TRAILER_LF : 400;
    case BODY_TRAILER_LF:
        return Byte == '\n' ? BODY_TRAILER : 400;
    default: /* BODY_LAST_LF */
        return Byte == '\n' ? BODY_DONE : 400;
    }
}

static unsigned FramingByte(HTTP_BODY *Body, unsigned char Byte)
{
    if (Body->State == BODY_DATA_CR) {
        return Byte == '\r' ? BODY_DATA_LF : 400;
    }
    if (Body->State == BODY_DATA_LF) {
        return Byte == '\n' ? BODY_SIZE_FIRST : 400;
    }
    return Body->State < BODY_DATA ? SizeLineByte(Body, Byte) : TrailerByte(Body, Byte);
}

/* Hands out as much payload as there is. */
static int TakePart(HTTP_BODY *Body, const char *Data, size_t Length, HTTP_TEXT *Part)
{
    Part->Data = Data;
    Part->Length = Body->Remaining < Length ? (size_t)Body->Remaining : Length;
    Body->Remaining -= Part->Length;
    Body->Received += Part->Length;
    if (Body->Remaining == 0) {
        Body->State = Body->Framing == HTTP_BODY_CHUNKED ? BODY_DATA_CR : BODY_DONE;
    }
    return HTTP_BODY_PART;
}

int HttpBodyRead(HTTP_BODY *Body, const char *Data, size_t Length, size_t *Consumed, HTTP_TEXT *Part)
{
    size_t Used = 0;
    int Answer = HTTP_BODY_MORE;

    Part->Data = NULL;
    Part->Length = 0;
    while (Used < Length && Body->State < BODY_DONE && Body->State != BODY_DATA) {
        Body->State = FramingByte(Body, (unsigned char)Data[Used]);
        Used++;
    }
    if (Body->State >= 400) {
        Answer = (int)Body->State;
    } else if (Body->State == BODY_DONE) {
        Answer = HTTP_BODY_END;
    } else if (Body->State == BODY_DATA && Used < Length) {
        Answer = TakePart(Body, Data + Used, Length - Used, Part);
        Used += Part->Length;
    }
    *Consumed = Used;
    return Answer;
}
