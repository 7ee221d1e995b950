/* What of a file is wanted: conditions (RFC 9110, 13), then ranges (RFC 9110, 14). */
#include "text.h"

#include <string.h>

/*
 * Takes an entity tag, W/ before it or not. Tag gets its quotes too, but not the W/.
 * @return 1, 2 when it is a weak one, 0 when there is none
 */
static int TakeTag(TEXT_CURSOR *Cursor, HTTP_TEXT *Tag)
{
    int Weak = TextTakeByte(Cursor, 'W');

    if (Weak && !TextTakeByte(Cursor, '/')) {
        return 0;
    }
    Tag->Data = Cursor->At;
    if (!TextTakeByte(Cursor, '"')) {
        return 0;
    }
    while (Cursor->At < Cursor->End && *Cursor->At != '"' && *Cursor->At != ' ' && *Cursor->At != '\t') {
        Cursor->At++;
    }
    if (!TextTakeByte(Cursor, '"')) {
        return 0;
    }
    Tag->Length = (size_t)(Cursor->At - Tag->Data);
    return Weak ? 2 : 1;
}

static int IsSeparator(unsigned char Byte)
{
    return Byte == ',' || Byte == ' ' || Byte == '\t';
}

/* Whether a list of tags names the file's; weak tags count, for a cache may keep what is as good (RFC 9110, 13.1.2). */
static int ListHasTag(HTTP_TEXT List, const char *ETag)
{
    TEXT_CURSOR Cursor = TextCursor(List);
    HTTP_TEXT Tag;

    if (TextEquals(List, TEXT_LITERAL("*"))) {
        return 1;
    }
    for (;;) {
        TextTake(&Cursor, IsSeparator);
        if (!TakeTag(&Cursor, &Tag)) {
            return 0;
        }
        if (TextEquals(Tag, ETag, strlen(ETag))) {
            return 1;
        }
        if (Cursor.At < Cursor.End && !IsSeparator((unsigned char)*Cursor.At)) {
            return 0;
        }
    }
}

static int IsNotModified(const HTTP_REQUEST *Request, const HTTP_FILE *File)
{
    if (Request->IfNoneMatch.Data != NULL) {
        return ListHasTag(Request->IfNoneMatch, File->ETag);
    }
    if (Request->IfModifiedSince.Data != NULL) {
        int64_t Since = HttpParseDate(Request->IfModifiedSince);
        return Since >= 0 && File->Modified <= Since;
    }
    return 0;
}

/* Whether the client's first part and this file are the same: here a weak tag proves nothing (RFC 9110, 13.1.5). */
static int IsSameFile(HTTP_TEXT IfRange, const HTTP_FILE *File)
{
    if (IfRange.Data == NULL || (IfRange.Length != 0 && TextEquals(IfRange, File->ETag, strlen(File->ETag)))) {
        return 1;
    }
    int64_t Date = HttpParseDate(IfRange);
    return Date >= 0 && Date == File->Modified;
}

/* The two numbers around the dash. @return 0 when it is not one range of bytes that makes sense */
static int ParseRange(HTTP_TEXT Text, int *HasFirst, uint64_t *First, int *HasLast, uint64_t *Last)
{
    static const char Unit[] = "bytes=";
    HTTP_TEXT Name = {Text.Data, sizeof(Unit) - 1};
    TEXT_CURSOR Cursor = TextCursor(Text);

    if (Text.Length < Name.Length || !TextEqualsNoCase(Name, Unit, Name.Length)) {
        return 0;
    }
    Cursor.At += Name.Length;
    HTTP_TEXT Left = TextTake(&Cursor, TextIsDigit);
    int Dash = TextTakeByte(&Cursor, '-');
    HTTP_TEXT Right = TextTake(&Cursor, TextIsDigit);

    *HasFirst = TextParseNumber(Left, First) != 0;
    *HasLast = TextParseNumber(Right, Last) != 0;
    return Dash && Cursor.At == Cursor.End && (*HasFirst || *HasLast) && !(*HasFirst && *HasLast && *First > *Last);
}

static int SelectRange(HTTP_TEXT Text, uint64_t Size, HTTP_RANGE *Range)
{
    uint64_t First, Last;
    int HasFirst, HasLast;

    if (!ParseRange(Text, &HasFirst, &First, &HasLast, &Last)) {
        return 200;
    }
    if (!HasFirst) { /* "-N": the last N bytes */
        if (Last == 0) {
            return 416;
        }
        if (Size == 0) {
            return 200; /* it may be satisfied, but Content-Range has no way to say so */
        }
        Range->First = Last < Size ? Size - Last : 0;
        return 206;
    }
    if (First >= Size) {
        return 416;
    }
    Range->First = First;
    if (HasLast && Last < Range->Last) {
        Range->Last = Last;
    }
    return 206;
}

int HttpSelect(const HTTP_REQUEST *Request, const HTTP_FILE *File, HTTP_RANGE *Range)
{
    Range->First = 0;
    Range->Last = File->Size - 1;
    if (IsNotModified(Request, File)) {
        return 304;
    }
    if (Request->Method != HTTP_GET || Request->Range.Data == NULL || !IsSameFile(Request->IfRange, File)) {
        return 200;
    }
    return SelectRange(Request->Range, File->Size, Range);
}

void HttpMakeETag(char ETag[HTTP_ETAG_SIZE], uint64_t Size, uint64_t Modified)
{
    /* Each step can be undone, so nothing is lost until the end keeps 48 of the 64 bits (the mixer of SplitMix64). */
    uint64_t Mix = Modified + Size * UINT64_C(0x9E3779B97F4A7C15);

    Mix = (Mix ^ Mix >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    Mix = (Mix ^ Mix >> 27) * UINT64_C(0x94D049BB133111EB);
    Mix ^= Mix >> 31;
    ETag[0] = '"';
    for (int i = 0; i < 12; i++) {
        ETag[1 + i] = "0123456789abcdef"[Mix >> (4 * i) & 15];
    }
    ETag[13] = '"';
    ETag[14] = '\0';
}
