/**
 * @file text.h
 * Bytes and texts, shared by the files of this module and by nobody else.
 *
 *   - Nothing here depends on the locale: <ctype.h> does, and would let a byte such as 0xE9 be a letter.
 *   - A class of bytes is a function; TextTake reads as many bytes of a class as there are.
 */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include "http.h"

/** What is left to read. */
typedef struct TEXT_CURSOR {
    const char *At;
    const char *End;
} TEXT_CURSOR;

/** A letter, digit or one of !#$%&'*+-.^_`|~ : what names are made of (RFC 9110, 5.6.2). One bit a byte. */
static inline int TextIsToken(unsigned char Byte)
{
    static const uint32_t Tokens[4] = {0, 0x03FF6CFAu, 0xC7FFFFFEu, 0x57FFFFFFu};
    return Byte < 128 && (Tokens[Byte >> 5] >> (Byte & 31) & 1) != 0;
}

/** What a field value may hold: printable, space, tab, and bytes of no particular meaning above 127. */
static inline int TextIsValue(unsigned char Byte)
{
    return (Byte >= ' ' && Byte != 127) || Byte == '\t';
}

/** What a request target may hold. Bytes above 127 should come percent-encoded, but many clients send plain UTF-8. */
static inline int TextIsTarget(unsigned char Byte)
{
    return Byte > ' ' && Byte != 127 && Byte != '#';
}

static inline int TextIsDigit(unsigned char Byte)
{
    return Byte >= '0' && Byte <= '9';
}

static inline unsigned char TextLower(unsigned char Byte)
{
    return Byte >= 'A' && Byte <= 'Z' ? (unsigned char)(Byte + ('a' - 'A')) : Byte;
}

/** The value of a hexadecimal digit, or -1. */
static inline int TextHexValue(unsigned char Byte)
{
    if (TextIsDigit(Byte)) {
        return Byte - '0';
    }
    Byte = TextLower(Byte);
    return Byte >= 'a' && Byte <= 'f' ? Byte - 'a' + 10 : -1;
}

/** A cursor at the start of a text; an absent text is an empty one. */
static inline TEXT_CURSOR TextCursor(HTTP_TEXT Text)
{
    const char *Data = Text.Data != NULL ? Text.Data : "";
    TEXT_CURSOR Cursor = {Data, Data + Text.Length};
    return Cursor;
}

/** Takes the bytes from the cursor on that belong to a class. */
static inline HTTP_TEXT TextTake(TEXT_CURSOR *Cursor, int (*IsClass)(unsigned char))
{
    HTTP_TEXT Text = {Cursor->At, 0};
    while (Cursor->At < Cursor->End && IsClass((unsigned char)*Cursor->At)) {
        Cursor->At++;
    }
    Text.Length = (size_t)(Cursor->At - Text.Data);
    return Text;
}

/** Takes one given byte. @return nonzero when it was there */
static inline int TextTakeByte(TEXT_CURSOR *Cursor, char Byte)
{
    if (Cursor->At == Cursor->End || *Cursor->At != Byte) {
        return 0;
    }
    Cursor->At++;
    return 1;
}

/** Takes a CR LF, and nothing that merely resembles it. @return nonzero when it was there */
static inline int TextTakeLineEnd(TEXT_CURSOR *Cursor)
{
    if (Cursor->End - Cursor->At < 2 || Cursor->At[0] != '\r' || Cursor->At[1] != '\n') {
        return 0;
    }
    Cursor->At += 2;
    return 1;
}

/** The text without the spaces and tabs around it. */
HTTP_TEXT TextTrim(HTTP_TEXT Text);

/** Takes the next element of a comma-separated list, trimmed. @return 0 when List.Data was NULL: the list is over */
int TextNextElement(HTTP_TEXT *List, HTTP_TEXT *Element);

/** Compares with a name in lower case, ignoring the case of ASCII letters. */
int TextEqualsNoCase(HTTP_TEXT Text, const char *Lower, size_t Length);

/** Compares byte by byte. */
int TextEquals(HTTP_TEXT Text, const char *Exact, size_t Length);

/**
 * Reads digits, all of the text and at least one.
 * @param Text  digits alone; "+5" and " 5" are no numbers
 * @param Value capped at UINT64_MAX when the number is greater
 * @return 1, 0 when the text is not a number, -1 when it was capped
 */
int TextParseNumber(HTTP_TEXT Text, uint64_t *Value);

/** The text and length of a literal, as two arguments. */
#define TEXT_LITERAL(Literal) (Literal), (sizeof(Literal) - 1)

/**
 * Tells the path of a target: all of "/path?query", the end of "http://host/path?query".
 * @return nonzero; 0 for a target of any other form ("*", "host:port", other schemes)
 */
int TargetPath(HTTP_TEXT Target, HTTP_TEXT *Path);

/** Whether a text may stand in a Host field: a name or address, a port or none; it may be empty. */
int HostIsValid(HTTP_TEXT Host);

#endif
