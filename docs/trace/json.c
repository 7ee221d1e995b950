/**
 * @file json.c
 * See json.h.
 */
#include "json.h"

#include <string.h>

/* The length of the UTF-8 character that a text begins with, or 0 when it is none. */
static int character(const unsigned char *text)
{
    int length = text[0] < 0x80                      ? 1
                 : text[0] >= 0xC2 && text[0] < 0xE0 ? 2
                 : text[0] >= 0xE0 && text[0] < 0xF0 ? 3
                 : text[0] >= 0xF0 && text[0] < 0xF5 ? 4
                                                     : 0;
    for (int i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] > 0x9F) ||
        (text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] > 0x8F))
        return 0;
    return length;
}

void json_string(FILE *out, const char *text)
{
    putc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        int length = character(c);
        if (length == 0)
            fputs("\\ufffd", out);
        else if (length == 1 && (*c < ' ' || *c == '"' || *c == '\\' || *c == '<' || *c == 0x7F))
            fprintf(out, "\\u%04x", *c);
        else
            fwrite(c, 1, (size_t)length, out);
        c += length ? length : 1;
    }
    putc('"', out);
}

void json_number(FILE *out, uint32_t number)
{
    if (number == UINT32_MAX)
        fputs("-1", out);
    else
        fprintf(out, "%u", number);
}

void html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<' || *text == '&')
            fputs(*text == '<' ? "&lt;" : "&amp;", out);
        else
            putc(*text, out);
    }
}
