/* One connection, many requests: keep-alive, pipelining, half-close. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define GET_SMALL "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n"
#define GET_FRONT "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

START_TEST(hundred_in_a_row)
{
    serve("");
    CLIENT *c = client_open();
    for (int i = 0; i < 100; i++)
        expect_usable(c);
}
END_TEST

START_TEST(hundred_pipelined)
{
    serve("");
    CLIENT *c = client_open();
    char *all = calloc(100, 64);
    for (int i = 0; i < 100; i++)
        sprintf(all + strlen(all), "GET /small.txt?%d HTTP/1.1\r\nHost: test\r\n\r\n", i);
    client_send(c, all, strlen(all));
    for (int i = 0; i < 100; i++)
        expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_usable(c);
}
END_TEST

START_TEST(pipelined_order)
{
    serve("");
    CLIENT *c = client_open();
    client_say(
        c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n" GET_SMALL "HEAD /page.html HTTP/1.1\r\nHost: test\r\n\r\n"
           "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello"
           "GET /missing HTTP/1.1\r\nHost: test\r\n\r\n"
           "GET /empty.txt HTTP/1.1\r\nHost: test\r\n\r\n"
           "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET_FRONT);
    expect_pattern(expect_status(response(c), 200), 0, MEGABYTE);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_status(response_to_head(c), 200);
    expect_text(expect_status(response(c), 200), "hello");
    expect_status(response(c), 404);
    expect_text(expect_status(response(c), 200), "");
    expect_text(expect_status(response(c), 200), "abc");
    expect_text(expect_status(response(c), 200), INDEX_TEXT);
}
END_TEST

/* Two requests in two sends, cut at every byte: the buffer holds any part of the second when the first is answered. */
START_TEST(cut_at_every_byte)
{
    static const char both[] = GET_SMALL "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody" GET_FRONT;
    serve("");
    CLIENT *c = client_open();
    for (size_t cut = 1; cut < sizeof both - 1; cut++) {
        story_context("cut after byte %zu", cut);
        client_send(c, both, cut);
        if (cut % 2)
            client_await_delivery(c);
        if (cut >= strlen(GET_SMALL))
            client_await(c, 1, PATIENCE); /* the first answer is on its way: the server has seen what came so far */
        client_send(c, both + cut, sizeof both - 1 - cut);
        expect_text(expect_status(response(c), 200), SMALL_TEXT);
        expect_text(expect_status(response(c), 200), "body");
        expect_text(expect_status(response(c), 200), INDEX_TEXT);
    }
}
END_TEST

START_TEST(small_buffer_pipelined)
{
    serve("--buffer 48");
    CLIENT *c = client_open();
    char *all = calloc(60, 80);
    for (int i = 0; i < 60; i++)
        strcat(all, i % 3 ? GET_SMALL : "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nnine byte");
    client_send(c, all, strlen(all));
    for (int i = 0; i < 60; i++)
        expect_text(expect_status(response(c), 200), i % 3 ? SMALL_TEXT : "nine byte");
}
END_TEST

START_TEST(close_is_honoured)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    RESPONSE *r = expect_status(response(c), 200);
    expect_field(r, "Connection", "close");
    expect_text(r, SMALL_TEXT);
    expect_closed_in_order(c);
}
END_TEST

START_TEST(close_after_pipelined)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, GET_FRONT "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    expect_text(expect_status(response(c), 200), INDEX_TEXT);
    expect_pattern(expect_status(response(c), 200), 0, MEGABYTE);
    expect_closed_in_order(c);
}
END_TEST

/*
 * A socket that is closed with unread bytes is reset, and the reset takes with it what the client has not got yet. So
 * the sending half is closed first, and what still comes in is read for a while.
 */
START_TEST(close_with_unread_input)
{
    static char more[200000];
    serve("");
    CLIENT *c = client_connect(server.port, 4096);
    client_say(c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    client_try_send(c, more, sizeof more, 50);
    RESPONSE *r = expect_status(response_head(c), 200);
    uint64_t came = take_pattern(r, 0);
    EXPECT(came == MEGABYTE, "the whole file, although the client has sent more than the request", "%llu bytes%s",
           (unsigned long long)came, c->peer == PEER_RESET ? ", then a reset" : "");
}
END_TEST

START_TEST(half_close_after_request)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    client_half_close(c);
    expect_pattern(expect_status(response(c), 200), 0, MEGABYTE);
    expect_closed_in_order(c);
}
END_TEST

START_TEST(half_close_after_pipelined)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, GET_SMALL GET_FRONT GET_SMALL);
    client_half_close(c);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_text(expect_status(response(c), 200), INDEX_TEXT);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_closed_in_order(c);
}
END_TEST

/* What has no end gets no answer, or 400; what matters is that the server lets go. */
static void expect_let_go(const char *part)
{
    CLIENT *c = client_open();
    if (*part)
        client_say(c, "%s", part);
    client_half_close(c);
    RESPONSE *r = response_try(c, 0, 2 * PATIENCE);
    if (r->heard == HEARD_WHOLE && r->status != 400 && r->status != 408)
        response_fail(r, "no answer, or 400, to a request that breaks off");
    EXPECT(r->heard != HEARD_LATE, "the connection is closed when the client says that it will send no more",
           "it is still open after 10 seconds");
    if (r->heard == HEARD_WHOLE)
        expect_closed(c);
    client_close(c);
}

START_TEST(half_close_in_request)
{
    serve("");
    expect_let_go("");
    expect_let_go("GET /small.t");
    expect_let_go("GET /small.txt HTTP/1.1\r\nHost: te");
    expect_let_go("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nonly this");
    expect_let_go("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonl");
    expect_served();
}
END_TEST

START_TEST(empty_lines_between)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, "\r\n" GET_SMALL "\r\n\r\n" GET_FRONT);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_text(expect_status(response(c), 200), INDEX_TEXT);
}
END_TEST

START_TEST(many_connections_alternating)
{
    enum { COUNT = 40 };
    CLIENT *c[COUNT];
    serve("");
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < COUNT; i++)
            client_say(c[i], "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\n%02d-%03d", i, round);
        for (int i = COUNT - 1; i >= 0; i--) {
            char mine[24];
            snprintf(mine, sizeof mine, "%02d-%03d", i, round);
            expect_text(expect_status(response(c[i]), 200), mine);
        }
    }
}
END_TEST

/* Requests keep coming and answers are not read: the server may stop reading, but must not lose or mix answers. */
START_TEST(pipelined_without_reading)
{
    enum { COUNT = 24 };
    serve("");
    CLIENT *c = client_connect(server.port, 16 * 1024);
    for (int i = 0; i < COUNT; i++)
        client_say(c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n" GET_SMALL);
    expect_served();
    for (int i = 0; i < COUNT; i++) {
        expect_pattern(expect_status(response(c), 200), 0, MEGABYTE);
        expect_text(expect_status(response(c), 200), SMALL_TEXT);
    }
}
END_TEST

void keepalive_topic(void)
{
    topic("keepalive", "one connection, many requests");
    test(hundred_in_a_row, "A browser asks for a page and all its pictures on one connection.");
    test(hundred_pipelined, "What follows a request in the buffer is the next request, not garbage.");
    test(pipelined_order, "Responses carry no number: they must come in the order of the requests.");
    test(cut_at_every_byte, "TCP has no message borders: any part of the next request may lie behind the first.");
    test(small_buffer_pipelined,
         "The request buffer is reused for the response: the bytes behind the request must survive.");
    test(close_is_honoured, "Connection: close ends the connection after the response, in order.");
    test(close_after_pipelined, "The last response must arrive whole before the connection ends.");
    test(close_with_unread_input, "closesocket with bytes unread is a reset, and the last answer is lost on its way.");
    test(half_close_after_request, "FIN from the client ends its sending only: the answer is still owed.");
    test(half_close_after_pipelined,
         "A zero-byte read tells of the end, not before every request in hand is answered.");
    test(half_close_in_request, "A request that never ends must not hold its connection for ever.");
    test(empty_lines_between, "Servers skip empty lines before a request (RFC 9112, 2.2).");
    test(many_connections_alternating, "Each connection has its own state: answers must not cross over.")->stages =
        ALL_STAGES;
    test(pipelined_without_reading,
         "A client that does not read must not make the server's memory grow or its answers mix.");
}
