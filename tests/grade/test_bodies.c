/* Bodies that come in: by length, in chunks, in pieces. POST /echo sends them back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define ECHO "POST /echo HTTP/1.1\r\nHost: test\r\n"
#define ECHO_CHUNKED ECHO "Transfer-Encoding: chunked\r\n\r\n"

START_TEST(echo)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(ask(c, ECHO "Content-Length: 5\r\n\r\nhello"), 200), "hello");
    expect_text(expect_status(ask(c, ECHO "Content-Length: 1\r\n\r\n!"), 200), "!");
    expect_usable(c);
}
END_TEST

START_TEST(echo_nothing)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(ask(c, ECHO "Content-Length: 0\r\n\r\n"), 200), "");
    expect_text(expect_status(ask(c, ECHO_CHUNKED "0\r\n\r\n"), 200), "");
    expect_usable(c);
}
END_TEST

START_TEST(echo_every_byte)
{
    unsigned char all[256];
    serve("");
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    CLIENT *c = client_open();
    client_say(c, ECHO "Content-Length: 256\r\n\r\n");
    client_send(c, all, sizeof all);
    expect_body(expect_status(response(c), 200), all, sizeof all);
}
END_TEST

START_TEST(echo_looks_like_a_request)
{
    static const char inner[] = "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n";
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = ask(c, ECHO "Content-Length: %zu\r\n\r\n%s", sizeof inner - 1, inner);
    expect_text(expect_status(r, 200), inner);
    expect_usable(c);
}
END_TEST

/* Sizes at which body and header share a buffer, or just not. */
START_TEST(echo_sizes)
{
    static const size_t sizes[] = {2, 47, 48, 49, 500, 511, 512, 513, 4000, 4096, 8192, 20000, 65536, 100001};
    static unsigned char bytes[100001];
    serve("");
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        story_context("a body of %zu bytes", sizes[i]);
        pattern_fill(bytes, i, sizes[i]);
        client_say(c, ECHO "Content-Length: %zu\r\n\r\n", sizes[i]);
        client_send(c, bytes, sizes[i]);
        expect_body(expect_status(response(c), 200), bytes, sizes[i]);
    }
}
END_TEST

START_TEST(echo_small_buffer)
{
    serve("--buffer 48");
    CLIENT *c = client_open();
    for (int size = 1; size < 3000; size = size * 5 / 4 + 1) {
        unsigned char bytes[4000];
        story_context("a body of %d bytes", size);
        pattern_fill(bytes, 0, (size_t)size);
        client_say(c, ECHO "Content-Length: %d\r\n\r\n", size);
        client_send(c, bytes, (size_t)size);
        expect_pattern(expect_status(response(c), 200), 0, (size_t)size);
    }
}
END_TEST

START_TEST(echo_in_pieces)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, ECHO "Content-Le");
    client_await_delivery(c);
    client_say(c, "ngth: 10\r\n\r\n01");
    client_await_delivery(c);
    client_say(c, "2345");
    client_await_delivery(c);
    client_say(c, "6789" ECHO "Content-Length: 2\r\n\r\n");
    expect_text(expect_status(response(c), 200), "0123456789");
    client_say(c, "xy");
    expect_text(expect_status(response(c), 200), "xy");
}
END_TEST

/* The server may echo while it reads, so the client must read while it sends; it sends at most what fits. */
START_TEST(echo_half_megabyte)
{
    enum { SIZE = 512 * 1024 };
    serve("");
    CLIENT *c = client_open();
    client_say(c, ECHO "Content-Length: %d\r\n\r\n", SIZE);
    client_send_pattern(c, 0, SIZE);
    expect_pattern(expect_status(response(c), 200), 0, SIZE);
    expect_usable(c);
}
END_TEST

START_TEST(chunked)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(ask(c, ECHO_CHUNKED "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"), 200),
                "hello world");
    expect_text(expect_status(ask(c, ECHO_CHUNKED "000000A\r\n0123456789\r\n0\r\n\r\n"), 200), "0123456789");
    expect_text(expect_status(ask(c, ECHO "transfer-encoding: Chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n"), 200),
                "hello world");
    expect_usable(c);
}
END_TEST

START_TEST(chunk_extensions_and_trailers)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = ask(c, ECHO_CHUNKED "5;name=value;x=\"quoted\"\r\nhello\r\n0\r\nChecksum: 1\r\nOther: 2\r\n\r\n");
    expect_text(expect_status(r, 200), "hello");
    expect_usable(c);
}
END_TEST

START_TEST(chunked_byte_by_byte)
{
    static const char request[] = ECHO_CHUNKED "5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    serve("");
    CLIENT *c = client_open();
    client_send_slowly(c, request, sizeof request - 1);
    expect_text(expect_status(response(c), 200), "hello0123456789");
    expect_usable(c);
}
END_TEST

START_TEST(chunked_large)
{
    enum { SIZE = 300000 };
    static unsigned char bytes[SIZE];
    serve("");
    CLIENT *c = client_open();
    pattern_fill(bytes, 0, SIZE);
    client_say(c, ECHO_CHUNKED);
    for (size_t done = 0, size = 1; done < SIZE; size = size * 3 + 7) {
        char line[32];
        size_t now = size < SIZE - done ? size : SIZE - done;
        client_send(c, line, (size_t)sprintf(line, "%zx\r\n", now));
        client_send(c, bytes + done, now);
        client_send(c, "\r\n", 2);
        done += now;
    }
    client_say(c, "0\r\n\r\n");
    expect_pattern(expect_status(response(c), 200), 0, SIZE);
    expect_usable(c);
}
END_TEST

START_TEST(thousand_tiny_chunks)
{
    char *all = calloc(1000, 8);
    serve("");
    for (int i = 0; i < 1000; i++)
        strcat(all, "1\r\nx\r\n");
    CLIENT *c = client_open();
    client_say(c, ECHO_CHUNKED "%s0\r\n\r\n", all);
    RESPONSE *r = expect_status(response(c), 200);
    memset(all, 'x', 1000);
    expect_body(r, all, 1000);
}
END_TEST

START_TEST(continue_is_sent)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, ECHO "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    expect_status(response(c), 100);
    client_say(c, "hello");
    expect_text(expect_status(response(c), 200), "hello");
    expect_usable(c);
}
END_TEST

/* A client that expects 100 but sends at once is right too; 100 may come or not. */
START_TEST(continue_not_awaited)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, ECHO "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
    RESPONSE *r = response(c);
    if (r->status == 100)
        r = response(c);
    expect_text(expect_status(r, 200), "hello");
    expect_usable(c);
}
END_TEST

START_TEST(continue_is_refused)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, ECHO "Content-Length: 9000000000000000000\r\nExpect: 100-continue\r\n\r\n");
    expect_status(response(c), 413);
    expect_closed(c);
}
END_TEST

START_TEST(get_with_a_body)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello");
    /* The body means nothing here, but it must not be taken for the next request. */
    if (r->status != 200 && r->status != 400 && r->status != 413)
        response_fail(r, "the file, or a refusal");
    char *connection = response_field(r, "Connection");
    if (connection && !strcasecmp(connection, "close"))
        expect_closed(c);
    else
        expect_usable(c);
}
END_TEST

START_TEST(http10_body)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(ask(c, "POST /echo HTTP/1.0\r\nContent-Length: 3\r\n\r\nold"), 200), "old");
    expect_closed_in_order(c);
}
END_TEST

void bodies_topic(void)
{
    topic("bodies", "what comes in: by length, in chunks, in pieces");
    test(echo, "The simplest request that carries something.");
    test(echo_nothing, "A body of nothing is a body; nobody must wait for its first byte.");
    test(echo_every_byte, "Bodies are bytes, not strings: NUL ends nothing.");
    test(echo_looks_like_a_request, "Content-Length alone says where the body ends, whatever is in it.");
    test(echo_sizes, "Header and body may share a buffer, or just not.");
    test(echo_small_buffer, "A buffer smaller than the header must grow, and the body still come back whole.");
    test(echo_in_pieces, "A read ends anywhere: in a field's name, in the body, in the next request.");
    test(echo_half_megabyte, "A body larger than socket buffers and request buffers together.");
    test(chunked, "A client that does not know the length in advance sends chunks.");
    test(chunk_extensions_and_trailers, "Extensions and trailers are skipped, not taken for data.");
    test(chunked_byte_by_byte, "The chunk's grammar must survive a cut at every byte.");
    test(chunked_large, "Chunks may be smaller and larger than any buffer.");
    test(thousand_tiny_chunks, "Many chunks in one read: each is handled before more is read.");
    test(continue_is_sent, "A client that says Expect: 100-continue waits before it sends the body.");
    test(continue_not_awaited, "Nobody must wait for 100; then the body is there already.");
    test(continue_is_refused, "The refusal must come instead of 100, before gigabytes do.");
    test(get_with_a_body, "An ignored body left in the buffer is how requests are smuggled.");
    test(http10_body, "Content-Length is all that HTTP/1.0 has.");
}
