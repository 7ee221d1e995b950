/* A line of the log, in the combined format (log.h). */
#include "server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A line on its way to where it is laid. */
typedef struct LINE {
    char *At;
    DWORD Length;
} LINE;

static void Put(LINE *Line, const char *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsnprintf(Line->At + Line->Length, LOG_LINE - Line->Length, Format, Arguments);
    va_end(Arguments);
    Line->Length += Length > 0 ? (DWORD)Length : 0;
}

/* Puts what a client said, so that it cannot be mistaken for anything else. @return what stands behind it */
static const char *PutText(LINE *Line, const char *Text, DWORD Length)
{
    char *At = Line->At + Line->Length;

    for (DWORD i = 0; i < Length; i++) {
        unsigned char Byte = (unsigned char)Text[i];

        if (Byte < ' ' || Byte >= 0x7F || Byte == '"' || Byte == '\\') {
            *At++ = '\\';
            *At++ = 'x';
            *At++ = "0123456789ABCDEF"[Byte >> 4];
            *At++ = "0123456789ABCDEF"[Byte & 15];
        } else {
            *At++ = (char)Byte;
        }
    }
    Line->Length = (DWORD)(At - Line->At);
    return Text + Length;
}

/* The same for what need not be there. */
static const char *PutField(LINE *Line, const char *Text, DWORD Length)
{
    if (Length == 0) {
        Put(Line, "-");
    }
    return PutText(Line, Text, Length);
}

/* The time as the format wants it. Most lines have the same. For one thread, that of the log. */
static const char *TimeText(LONGLONG Time)
{
    static LONGLONG Last = -1;
    static char Text[32];
    char Date[HTTP_DATE_SIZE]; /* Sun, 06 Nov 1994 08:49:37 GMT */

    if (Time != Last) {
        HttpFormatDate(Date, Time);
        snprintf(Text, sizeof(Text), "%.2s/%.3s/%.4s:%.8s +0000", Date + 5, Date + 8, Date + 12, Date + 17);
        Last = Time;
    }
    return Text;
}

DWORD LogFormat(char *At, const LOG_ENTRY *Entry)
{
    const ULONGLONG Body = Entry->SentBytes > Entry->HeaderBytes ? Entry->SentBytes - Entry->HeaderBytes : 0;
    LINE Line = {At, 0};
    unsigned char Ip[4];
    const char *Text = Entry->Text;

    memcpy(Ip, &Entry->Client, sizeof(Ip));
    Put(&Line, "%u.%u.%u.%u - - [%s] \"", Ip[0], Ip[1], Ip[2], Ip[3], TimeText(Entry->Time));
    if (Entry->Method > 0) {
        Text = PutText(&Line, Text, Entry->Method);
        Put(&Line, " ");
        Text = PutText(&Line, Text, Entry->Target);
        Put(&Line, " HTTP/1.%d", Entry->MinorVersion);
    } else {
        Put(&Line, "-");
    }
    Put(&Line, "\" %d %llu \"", Entry->Status, (unsigned long long)Body);
    Text = PutField(&Line, Text, Entry->Referer);
    Put(&Line, "\" \"");
    PutField(&Line, Text, Entry->Agent);
    Put(&Line, "\"\n");
    return Line.Length;
}
