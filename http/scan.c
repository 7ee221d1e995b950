/* Finding the end of a header while it arrives (RFC 9112, 2.2). */
#include "http.h"

#include <string.h>

/* What the bytes before Offset were. A new scan is all zero, so the first state is the start of a message. */
enum {
    SCAN_START,      /* nothing, or empty lines */
    SCAN_START_CR,   /* the same, then a CR */
    SCAN_IN_LINE,    /* part of a line */
    SCAN_LINE_START, /* a line that is not empty, then LF */
    SCAN_LINE_CR,    /* the same, then a CR */
    SCAN_END         /* the blank line; Offset is the header's length */
};

static unsigned NextState(unsigned State, char Byte)
{
    int Before = State == SCAN_START || State == SCAN_START_CR;

    if (State == SCAN_IN_LINE) {
        return Byte == '\n' ? SCAN_LINE_START : SCAN_IN_LINE;
    }
    if (Byte == '\n') {
        return Before ? SCAN_START : SCAN_END;
    }
    if (Byte == '\r' && State == SCAN_START) {
        return SCAN_START_CR;
    }
    if (Byte == '\r' && State == SCAN_LINE_START) {
        return SCAN_LINE_CR;
    }
    return SCAN_IN_LINE;
}

size_t HttpFindHeaderEnd(HTTP_SCAN *Scan, const char *Data, size_t Length)
{
    while (Scan->State != SCAN_END && Scan->Offset < Length) {
        if (Scan->State == SCAN_IN_LINE) {
            /* The only byte that matters inside a line is its end, and memchr finds it several bytes at a time. */
            const char *LineFeed = memchr(Data + Scan->Offset, '\n', Length - Scan->Offset);
            if (LineFeed == NULL) {
                Scan->Offset = Length;
                return 0;
            }
            Scan->Offset = (size_t)(LineFeed - Data);
        }
        Scan->State = NextState(Scan->State, Data[Scan->Offset]);
        Scan->Offset++;
    }
    return Scan->State == SCAN_END ? Scan->Offset : 0;
}

int HttpOverflowStatus(const char *Data, size_t Length)
{
    unsigned State = SCAN_START;

    for (size_t i = 0; i < Length; i++) {
        State = NextState(State, Data[i]);
        if (State == SCAN_LINE_START) {
            return 431;
        }
    }
    return 414;
}
