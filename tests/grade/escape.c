/* Bytes made readable: see escape.h. */
#include "escape.h"

#include <stdio.h>
#include <string.h>

/* One byte as text of at most four characters. */
static const char *escape_byte(unsigned char byte, char out[5])
{
    switch (byte) {
    case '\r':
        return "\\r";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    default:
        break;
    }
    snprintf(out, 5, byte >= ' ' && byte < 127 ? "%c" : "\\x%02X", byte);
    return out;
}

char *escape(char *text, size_t size, const void *bytes, size_t length)
{
    enum { TAIL = 32 }; /* room for "… (18446744073709551615 bytes)" */
    const unsigned char *byte = bytes;
    size_t used = 0;
    if (size <= TAIL) {
        if (size)
            *text = 0;
        return text;
    }
    for (size_t i = 0; i < length; i++) {
        char one[5];
        const char *piece = escape_byte(byte[i], one);
        if (used + strlen(piece) >= size - TAIL) {
            snprintf(text + used, size - used, "… (%zu bytes)", length);
            return text;
        }
        used += (size_t)snprintf(text + used, size - used, "%s", piece);
    }
    text[used] = 0;
    return text;
}
