/* Storms: resets in every phase, crowds, churn. After each the server serves as before and holds no more than before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

enum { STORM = 100 };

/* Open descriptors once they are few, or after half a second: where sockets are kept for reuse more are right. */
static int settled(int few)
{
    int64_t end = now_ms() + 500;
    while (server_descriptors(&server) > few && ms_left(end))
        breathe();
    return server_descriptors(&server);
}

/* Runs a storm twice. What the second leaves behind, beyond what the first left, is a leak. */
static void weather(void (*one)(int))
{
    serve("");
    expect_served();
    int before = server_descriptors(&server), after = 0;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < STORM; i++)
            one(i);
        for (int i = 0; i < 3; i++)
            expect_served();
        if (run.wine)
            continue;
        if (round == 0) {
            after = settled(before + 5);
        } else {
            EXPECT(WAIT_UNTIL(server_descriptors(&server) <= after + STORM / 4, PATIENCE),
                   "no more open descriptors after the second storm than after the first",
                   "%d at first, %d, and then %d", before, after, server_descriptors(&server));
        }
    }
    server_expect_alive(&server);
}

static void reset_at_once(int i)
{
    (void)i;
    client_reset(client_open());
}

static void reset_in_header(int i)
{
    CLIENT *c = client_open();
    client_send(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n", (size_t)i % 38 + 1);
    if (i % 3 == 0)
        client_await_delivery(c);
    client_reset(c);
}

static void reset_after_request(int i)
{
    CLIENT *c = client_open();
    client_say(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    if (i % 2)
        client_await(c, 1, PATIENCE);
    client_reset(c);
}

static void reset_in_response(int i)
{
    CLIENT *c = client_connect(server.port, 4096);
    client_say(c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    client_await(c, (size_t)i * 100 + 1, PATIENCE);
    client_reset(c);
}

static void reset_in_body(int i)
{
    CLIENT *c = client_open();
    client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 50000\r\n\r\n");
    client_send_pattern(c, 0, (uint64_t)i * 300);
    client_reset(c);
}

static void reset_in_pipeline(int i)
{
    CLIENT *c = client_connect(server.port, 4096);
    for (int n = 0; n < 10; n++)
        client_say(c, "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
    client_await(c, (size_t)i * 1000 + 1, PATIENCE);
    client_reset(c);
}

static void close_in_response(int i)
{
    CLIENT *c = client_connect(server.port, 4096);
    client_say(c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    client_await(c, (size_t)i * 100 + 1, PATIENCE);
    client_close(c); /* unread data: the system makes a reset of it */
}

static void one_request(int i)
{
    CLIENT *c = client_open();
    RESPONSE *r =
        ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: %s\r\n\r\n", i % 2 ? "close" : "keep-alive");
    expect_text(expect_status(r, 200), SMALL_TEXT);
    client_close(c);
}

START_TEST(resets_at_once)
{
    weather(reset_at_once);
}
END_TEST

START_TEST(resets_in_header)
{
    weather(reset_in_header);
}
END_TEST

START_TEST(resets_after_request)
{
    weather(reset_after_request);
}
END_TEST

START_TEST(resets_in_response)
{
    weather(reset_in_response);
}
END_TEST

START_TEST(resets_in_body)
{
    weather(reset_in_body);
}
END_TEST

START_TEST(resets_in_pipeline)
{
    weather(reset_in_pipeline);
}
END_TEST

START_TEST(closes_in_response)
{
    weather(close_in_response);
}
END_TEST

START_TEST(churn)
{
    weather(one_request);
    for (int i = 0; i < 500; i++)
        one_request(i);
}
END_TEST

/* Begins all connections, then sends all requests, then reads all answers. */
static void crowd(int count, const char *fields)
{
    CLIENT **c = calloc((size_t)count, sizeof *c);
    char text[200];
    int length = snprintf(text, sizeof text, "GET /small.txt HTTP/1.1\r\nHost: test\r\n%s\r\n", fields);
    serve("");
    story_step("%d clients connect, then each sends a request, then each reads its answer and leaves", count);
    for (int i = 0; i < count; i++) {
        c[i] = client_begin(server.port);
        EXPECT(c[i], "every client gets a connection", "client %d of %d was refused", i + 1, count);
    }
    for (int i = 0; i < count; i++)
        EXPECT(client_try_send(c[i], text, (size_t)length, 4 * PATIENCE) == (size_t)length,
               "every client gets a connection", "client %d of %d could not send its request", i + 1, count);
    for (int i = 0; i < count; i++) {
        RESPONSE *r = response_try(c[i], 0, 4 * PATIENCE);
        EXPECT(r->heard == HEARD_WHOLE && r->status == 200 && !strcmp((char *)r->body, SMALL_TEXT),
               "every client gets its answer", "client %d of %d did not: status %d", i + 1, count, r->status);
        client_close(c[i]);
    }
    expect_served();
}

START_TEST(thousand_at_once)
{
    crowd(1000, "Connection: close\r\n");
}
END_TEST

START_TEST(thousand_kept_alive)
{
    crowd(1000, "");
}
END_TEST

/* Every client asks; then every client reads. All stay. */
static void round_of_requests(CLIENT **c, int count, int round)
{
    for (int i = 0; i < count; i++)
        client_say(c[i], "GET /%s HTTP/1.1\r\nHost: test\r\n\r\n", (i + round) % 20 ? "small.txt" : "page.html");
    for (int i = 0; i < count; i++) {
        RESPONSE *r = expect_status(response(c[i]), 200);
        if ((i + round) % 20)
            expect_text(r, SMALL_TEXT);
        else if (r->body_length != PAGE_SIZE_SEED)
            response_fail(r, "%d bytes", PAGE_SIZE_SEED);
        free(r->body);
    }
}

/* In the middle a hundred come and reset, and a hundred come and say nothing. */
START_TEST(ten_thousand_requests)
{
    int count = run.stage == 2 ? 60 : 200;          /* more than 64 would wait for the others to leave */
    int rounds = (run.wine ? 4000 : 10000) / count; /* Wine answers some thousand requests a second */
    CLIENT **c = calloc((size_t)count, sizeof *c);
    serve("");
    for (int i = 0; i < count; i++)
        c[i] = client_open();
    for (int round = 0; round < rounds; round++) {
        round_of_requests(c, count, round);
        for (int i = 0; round == rounds / 2 && i < STORM; i++) {
            if (run.stage != 2)
                client_open();
            client_reset(client_open());
        }
    }
}
END_TEST

void storms_topic(void)
{
    topic("storms", "resets, crowds and churn");
    test(resets_at_once, "A connection may be dead before it is accepted; an accept that fails is no reason to stop.");
    test(resets_in_header, "A read that fails completes too: FALSE with an OVERLAPPED is an ended operation.");
    test(resets_after_request, "The answer meets a dead connection: the write fails, at once or later.");
    test(resets_in_response, "A file and a socket are open in mid-transfer; both must be closed, once.");
    test(resets_in_body, "A body that breaks off leaves a buffer behind.");
    test(resets_in_pipeline, "Requests already in the buffer are not answered to nobody.");
    test(closes_in_response, "A browser's stop button.");
    test(churn, "Short connections, one after the other: whatever each leaves behind adds up.");
    test(thousand_at_once, "A crowd at the door: each waits its turn and none is lost.")->seconds = 60;
    test(thousand_kept_alive, "A thousand that could stay, and leave after one answer.")->seconds = 60;
    test(ten_thousand_requests, "Two hundred busy connections, while others come, reset and say nothing.")->seconds =
        60;
}
