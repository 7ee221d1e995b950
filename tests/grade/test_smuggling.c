/*
 * Requests that two servers would read in two ways. A proxy in front reads it one way, this server another, and a part
 * of it becomes a request that the proxy never saw. Each is refused, and what follows is never answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define INNER "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n"
#define POST "POST /echo HTTP/1.1\r\nHost: test\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define ROW(what, text)                                                                                                \
    {                                                                                                                  \
        what, text, sizeof text - 1                                                                                    \
    }

typedef struct ROW {
    const char *what;
    const char *bytes;
    size_t length;
} ROW;

static void all_refused(const ROW *rows, size_t count)
{
    serve("");
    for (size_t i = 0; i < count; i++) {
        story_context("%s", rows[i].what);
        CLIENT *c = client_open();
        client_send(c, rows[i].bytes, rows[i].length);
        RESPONSE *r = response(c);
        if (r->status != 400 && r->status != 501)
            response_fail(r, "status 400 (or 501 for an unknown transfer coding)");
        expect_closed(c);
        client_close(c);
    }
    story_context(NULL);
    expect_served();
}

START_TEST(two_lengths)
{
    static const ROW rows[] = {
        ROW("two different lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!" INNER),
        ROW("two equal lengths", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" INNER),
        ROW("a list of lengths", POST "Content-Length: 5, 5\r\n\r\nhello" INNER),
        ROW("a list of different lengths", POST "Content-Length: 5,0\r\n\r\nhello" INNER),
    };
    all_refused(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(length_beside_chunked)
{
    static const ROW rows[] = {
        ROW("length, then chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER),
        ROW("chunked, then length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" INNER),
        ROW("chunked in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER),
    };
    all_refused(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(odd_lengths)
{
    static const ROW rows[] = {
        ROW("a sign", POST "Content-Length: +5\r\n\r\nhello" INNER),
        ROW("a minus", POST "Content-Length: -5\r\n\r\nhello" INNER),
        ROW("hexadecimal", POST "Content-Length: 0x5\r\n\r\nhello" INNER),
        ROW("a space inside", POST "Content-Length: 5 0\r\n\r\nhello" INNER),
        ROW("nothing", POST "Content-Length:\r\n\r\nhello" INNER),
        ROW("a letter behind", POST "Content-Length: 5a\r\n\r\nhello" INNER),
        ROW("quotes", POST "Content-Length: \"5\"\r\n\r\nhello" INNER),
        ROW("a fraction", POST "Content-Length: 5.0\r\n\r\nhello" INNER),
        ROW("more than 64 bits", POST "Content-Length: 18446744073709551621\r\n\r\nhello" INNER),
    };
    serve("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        story_context("%s", rows[i].what);
        CLIENT *c = client_open();
        client_send(c, rows[i].bytes, rows[i].length);
        RESPONSE *r = response(c);
        if (r->status != 400 && r->status != 413)
            response_fail(r, "status 400 (or 413 for a length beyond all limits)");
        expect_closed(c);
    }
}
END_TEST

START_TEST(odd_codings)
{
    static const ROW rows[] = {
        ROW("chunked twice", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" INNER),
        ROW("chunked twice, in two fields",
            POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER),
        ROW("chunked and not last", POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" INNER),
        ROW("identity", POST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" INNER),
        ROW("almost chunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" INNER),
        ROW("chunked in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" INNER),
        ROW("a vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" INNER),
        ROW("a semicolon", POST "Transfer-Encoding: chunked;x\r\n\r\n0\r\n\r\n" INNER),
        ROW("nothing", POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n" INNER),
    };
    all_refused(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(odd_lines)
{
    static const ROW rows[] = {
        ROW("a space before the colon", POST "Content-Length : 5\r\n\r\nhello" INNER),
        ROW("a tab before the colon", POST "Content-Length\t: 5\r\n\r\nhello" INNER),
        ROW("a folded line", POST "Content-Length:\r\n 5\r\n\r\nhello" INNER),
        ROW("a line that begins with a space",
            "POST /echo HTTP/1.1\r\n Content-Length: 5\r\nHost: test\r\n\r\nhello" INNER),
        ROW("a bare LF", "POST /echo HTTP/1.1\r\nHost: test\nContent-Length: 5\r\n\r\nhello" INNER),
        ROW("bare LFs throughout", "GET /small.txt HTTP/1.1\nHost: test\n\n" INNER),
        ROW("a bare CR", "POST /echo HTTP/1.1\r\nHost: test\rContent-Length: 5\r\n\r\nhello" INNER),
        ROW("a CR in a value", POST "X: a\rb\r\nContent-Length: 5\r\n\r\nhello" INNER),
        ROW("a NUL in a value", POST "X: a\0b\r\nContent-Length: 5\r\n\r\nhello" INNER),
        ROW("a NUL in a name", POST "X\0: b\r\nContent-Length: 5\r\n\r\nhello" INNER),
        ROW("a control byte in a value", POST "X: \x01\r\nContent-Length: 5\r\n\r\nhello" INNER),
    };
    all_refused(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(odd_chunks)
{
    static const ROW rows[] = {
        ROW("no size", CHUNKED "\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("a prefix", CHUNKED "0x5\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("a minus", CHUNKED "-5\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("a plus", CHUNKED "+5\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("a space before", CHUNKED " 5\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("not hexadecimal", CHUNKED "g\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("more than 64 bits", CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n" INNER),
        ROW("a bare LF after the size", CHUNKED "5\nhello\r\n0\r\n\r\n" INNER),
        ROW("a bare CR after the size", CHUNKED "5\rhello\r\n0\r\n\r\n" INNER),
        ROW("data longer than its size", CHUNKED "5\r\nhello!\r\n0\r\n\r\n" INNER),
        ROW("data without line end", CHUNKED "5\r\nhello0\r\n\r\n" INNER),
        ROW("a bare LF after the data", CHUNKED "5\r\nhello\n0\r\n\r\n" INNER),
        ROW("a NUL in the size", CHUNKED "5\0\r\nhello\r\n0\r\n\r\n" INNER),
    };
    serve("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        story_context("%s", rows[i].what);
        CLIENT *c = client_open();
        client_send(c, rows[i].bytes, rows[i].length);
        RESPONSE *r = response(c);
        if (r->status != 400 && r->status != 413)
            response_fail(r, "status 400 (or 413 for a chunk beyond all limits)");
        expect_closed(c);
    }
    expect_served();
}
END_TEST

START_TEST(endless_chunk_line)
{
    char *line = memset(malloc(100001), ';', 100000);
    line[100000] = 0;
    serve("");
    CLIENT *c = client_open();
    client_say(c, CHUNKED "5");
    client_try_send(c, line, 100000, 5000);
    RESPONSE *r = response(c);
    if (r->status != 400 && r->status != 413 && r->status != 431)
        response_fail(r, "status 400, 413 or 431");
    expect_closed(c);
    expect_served();
}
END_TEST

void smuggling_topic(void)
{
    topic("smuggling", "what could be read two ways is refused");
    test(two_lengths, "A proxy may take the first length and this server the last.");
    test(length_beside_chunked, "A proxy may go by one and this server by the other.");
    test(odd_lengths, "strtol takes signs, spaces and prefixes; a stricter proxy does not.");
    test(odd_codings, "Chunked must come last and once, or the body's end is anybody's guess.");
    test(odd_lines, "What ends a line for one server does not for another.");
    test(odd_chunks, "The same holds inside the body.");
    test(endless_chunk_line, "A line of extensions that never ends must end somewhere.");
}
