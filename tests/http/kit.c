/* What the tests share. See suite.h. */
#include "suite.h"

#include <stdio.h>

/* The copies that are in use, the newest first. The nodes are apart from the bytes, so that these have exact bounds. */
typedef struct COPY {
    struct COPY *next;
    char *bytes;
} COPY;

static COPY *copies;

static char *new_copy(size_t size)
{
    COPY *copy = malloc(sizeof(*copy));

    require(copy != NULL, "out of memory");
    copy->bytes = malloc(size != 0 ? size : 1);
    require(copy->bytes != NULL, "out of memory");
    copy->next = copies;
    copies = copy;
    return copy->bytes;
}

char *exact(const char *data, size_t length)
{
    char *bytes = new_copy(length);

    if (length != 0) {
        memcpy(bytes, data, length);
    }
    return bytes;
}

void discard(char *bytes)
{
    COPY **at = &copies, *copy;

    while (*at != NULL && (*at)->bytes != bytes) {
        at = &(*at)->next;
    }
    require(*at != NULL, "not a copy, or discarded before");
    copy = *at;
    *at = copy->next;
    free(copy->bytes);
    free(copy);
}

void discard_all(void)
{
    while (copies != NULL) {
        discard(copies->bytes);
    }
}

HTTP_TEXT text(const char *string)
{
    HTTP_TEXT made = {exact(string, strlen(string)), strlen(string)};
    return made;
}

const char *show(const char *data, size_t length)
{
    size_t shown = length < 300 ? length : 300;
    char *out = new_copy(shown * 4 + 32), *at = out;

    *at++ = '"';
    for (size_t i = 0; i < shown; i++) {
        unsigned char byte = (unsigned char)data[i];
        if (byte == '\r' || byte == '\n') {
            *at++ = '\\';
            *at++ = byte == '\r' ? 'r' : 'n';
        } else if (byte < ' ' || byte > 126 || byte == '"' || byte == '\\') {
            at += sprintf(at, "\\x%02x", byte);
        } else {
            *at++ = (char)byte;
        }
    }
    sprintf(at, shown < length ? "\"… (%zu bytes)" : "\"", length);
    return out;
}

const char *show_text(HTTP_TEXT text)
{
    return text.Data == NULL ? "(absent)" : show(text.Data, text.Length);
}

uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

size_t below(uint64_t *seed, size_t n)
{
    return (size_t)((next_random(seed) >> 16) % n);
}

size_t random_message(uint64_t *seed, char *out, size_t size)
{
    static const char *const pieces[] = {
        "GET ",
        "POST ",
        "/a",
        "?q",
        " HTTP/1.1",
        " HTTP/1.0",
        "\r\n",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        "\n\n",
        "Host: a",
        "Host:",
        " ",
        "\t",
        "\r\nHost: b\r\n",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "x",
        ":",
        "",
    };
    size_t length = 0, count = 1 + below(seed, 30);

    if (below(seed, 2) == 0) {
        length = (size_t)snprintf(out, size, "GET /a HTTP/1.1\r\nHost: a\r\n");
    }
    while (count-- > 0) {
        const char *piece = pieces[below(seed, COUNT(pieces))];
        if (length + strlen(piece) > size) {
            break;
        }
        memcpy(out + length, piece, strlen(piece));
        length += strlen(piece);
    }
    return length;
}

void check_text(const char *name, HTTP_TEXT got, const char *expected)
{
    if (expected == NULL) {
        ck_assert_msg(got.Data == NULL, "%s: expected none, got %s", name, show_text(got));
    } else {
        ck_assert_msg(got.Data != NULL && got.Length == strlen(expected) && memcmp(got.Data, expected, got.Length) == 0,
                      "%s: expected \"%s\", got %s", name, expected, show_text(got));
    }
}
