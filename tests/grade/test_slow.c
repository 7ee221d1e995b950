/* Slow clients: those who are merely slow are served, those who stop are given up, and nobody else waits for them. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

static const char request[] = "GET /small.txt HTTP/1.1\r\nHost: test\r\nUser-Agent: a modem of 1989\r\n\r\n";

START_TEST(header_byte_by_byte)
{
    serve("");
    CLIENT *c = client_open();
    for (int i = 0; i < 3; i++) {
        client_send_slowly(c, request, sizeof request - 1);
        expect_text(expect_status(response(c), 200), SMALL_TEXT);
    }
}
END_TEST

START_TEST(many_byte_by_byte)
{
    enum { COUNT = 40 };
    CLIENT *c[COUNT];
    serve("");
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    for (size_t at = 0; at < sizeof request - 1; at++)
        for (int i = 0; i < COUNT; i++)
            client_try_send(c[i], request + at, 1, PATIENCE);
    for (int i = 0; i < COUNT; i++)
        expect_text(expect_status(response(c[i]), 200), SMALL_TEXT);
}
END_TEST

START_TEST(small_buffer_byte_by_byte)
{
    serve("--buffer 1");
    CLIENT *c = client_open();
    client_send_slowly(c, request, sizeof request - 1);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_usable(c);
}
END_TEST

START_TEST(header_never_ends)
{
    serve("--header-timeout 1");
    CLIENT *c = client_open();
    client_say(c, "GET /small.txt HTTP/1.1\r\nHost: te");
    expect_field(expect_status(response(c), 408), "Connection", "close");
    expect_closed(c);
}
END_TEST

/* Never so many bytes that the header is too long: on a machine that is busy with something else it lasts. */
static int dribbles_on(CLIENT *c, int *left)
{
    if (client_receive(c, 0) < 0 && *left > 0)
        *left -= (int)client_try_send(c, "x", 1, 0);
    return c->peer == PEER_OPEN && c->taken == c->length;
}

/*
 * One byte now and then keeps an idle timer quiet; the header as a whole has a deadline. Of the other clients there is
 * always a byte to read, so that no wait for one takes long, and the deadline passes between two of them. They come one
 * after the other: not all of their deadlines fall into a moment when this machine is busy with something else.
 */
START_TEST(header_dribbles)
{
    enum { COUNT = 10, APART = 30, NOW_AND_THEN = 50, BYTES = 6000 };
    CLIENT *c[COUNT];
    int64_t end = deadline_in(2 * PATIENCE), next = 0;
    int count = 0, open = 0, gone[COUNT] = {0}, left[COUNT];
    serve("--header-timeout 1");
    for (int64_t started = now_ms(); ms_left(end) && (open || count < COUNT); next = now_ms() < next ? next : 0) {
        if (count < COUNT && now_ms() >= started + APART * count) {
            c[count] = client_open();
            left[count] = BYTES;
            client_say(c[count++], "GET /small.txt HTTP/1.1\r\nHost: test\r\nX: ");
            open++;
        }
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
        for (int i = 0; i < count; i++) /* the first is the one that sends now and then */
            if (!gone[i] && (i || !next) && !dribbles_on(c[i], &left[i]))
                gone[i] = 1, open--;
        next = next ? next : now_ms() + NOW_AND_THEN;
    }
    EXPECT(ms_left(end), "the server gives up when a header takes longer than its time", "it listened for 10 seconds%s",
           gone[0] ? ", when a byte came each millisecond" : "");
    for (int i = 0; i < COUNT; i++) {
        RESPONSE *r = response_try(c[i], 0, PATIENCE);
        if (r->heard == HEARD_WHOLE)
            expect_status(r, 408);
    }
}
END_TEST

START_TEST(idle_connection)
{
    serve("--idle-timeout 1");
    CLIENT *silent = client_open(), *used = client_open();
    expect_usable(used);
    expect_closed(silent);
    expect_closed(used);
}
END_TEST

START_TEST(body_never_ends)
{
    serve("--idle-timeout 1");
    CLIENT *c = client_open(), *d = client_open();
    client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
    client_say(d, "PUT /new.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
    expect_status(response(c), 408);
    expect_closed(c);
    expect_status(response(d), 408);
    expect_closed(d);
    EXPECT(WAIT_UNTIL(!*uploads_list(), PATIENCE), "nothing of the upload is left", "uploads holds %s", uploads_list());
}
END_TEST

/*
 * Three seconds for a body, against an idle time of two, but no pause longer than a fifth of a second.
 * Returns 0 when this machine was so busy that a pause came out longer: then the answer says nothing.
 */
static int send_slow_body(CLIENT *c)
{
    int in_time = 1;
    client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 15\r\n\r\n");
    for (int i = 0; i < 15; i++) {
        int64_t start = now_ms();
        struct pollfd item = {.fd = c->fd, .events = POLLIN};
        if (poll(&item, 1, 200) > 0) /* nothing should come: this is the pause */
            break;
        client_send(c, "x", 1);
        in_time &= now_ms() - start < 1000;
    }
    return in_time;
}

START_TEST(slow_body_is_taken)
{
    serve("--idle-timeout 2");
    for (int tries = 0; tries < 5; tries++) {
        CLIENT *c = client_open();
        int in_time = send_slow_body(c);
        RESPONSE *r = response(c);
        if (in_time || r->status == 200) {
            expect_text(expect_status(r, 200), "xxxxxxxxxxxxxxx");
            return;
        }
    }
    story_skip("this machine is too busy to send a byte in time");
}
END_TEST

START_TEST(slow_reader)
{
    serve("");
    CLIENT *c = client_connect(server.port, 4096);
    client_say(c, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    RESPONSE *r = expect_status(response_head(c), 200);
    for (int i = 0; i < 100; i++) { /* a little at a time, so that the server's sends are taken in part */
        client_receive(c, PATIENCE);
        if (i % 10 == 0)
            expect_served();
    }
    EXPECT(take_pattern(r, 0) == MEGABYTE, "the whole file", "the connection ended inside");
    expect_usable(c);
}
END_TEST

START_TEST(stalled_readers)
{
    enum { COUNT = 50 };
    CLIENT *c[COUNT];
    serve("");
    site_add_sparse("large.bin", 64 * MEGABYTE, 4096);
    for (int i = 0; i < COUNT; i++) {
        c[i] = client_connect(server.port, 4096);
        client_say(c[i], "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < COUNT; i++)
        expect_status(response_head(c[i]), 200);
    for (int i = 0; i < 10; i++)
        expect_served();
}
END_TEST

START_TEST(stalled_reader_is_given_up)
{
    serve("--idle-timeout 1");
    site_add_sparse("large.bin", 64 * MEGABYTE, 4096);
    expect_served();
    int before = server_descriptors(&server);
    for (int i = 0; i < 40; i++)
        client_say(client_connect(server.port, 4096), "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT(WAIT_UNTIL(server_descriptors(&server) > before + 30, PATIENCE), "40 more connections",
           "%d descriptors, %d before", server_descriptors(&server), before);
    EXPECT(WAIT_UNTIL(server_descriptors(&server) <= before + 10, 3 * PATIENCE),
           "readers that take nothing are given up after --idle-timeout", "%d descriptors, %d before",
           server_descriptors(&server), before);
    expect_served();
}
END_TEST

START_TEST(silent_clients)
{
    enum { COUNT = 100 };
    serve("");
    for (int i = 0; i < COUNT; i++)
        client_open();
    for (int i = 0; i < 10; i++)
        expect_served();
}
END_TEST

START_TEST(half_requests)
{
    enum { COUNT = 100 };
    serve("");
    for (int i = 0; i < COUNT; i++)
        client_say(client_open(), "GET /small.txt HT");
    for (int i = 0; i < 10; i++)
        expect_served();
}
END_TEST

void slow_topic(void)
{
    topic("slow", "slow clients, and those who stop");
    test(header_byte_by_byte, "A read of one byte is a read like any other.");
    test(many_byte_by_byte, "Forty modems at once: state belongs to the connection, not to the thread.");
    test(small_buffer_byte_by_byte, "A buffer of one byte doubles until the header fits.");
    test(header_never_ends,
         "A client that stops in its header gets 408 and the end, or it holds its connection for ever.");
    test(header_dribbles, "One byte a second, from a thousand connections, is an attack with a name: slowloris.")
        ->seconds = 60;
    test(idle_connection,
         "Who asks nothing is let go without a word; an answer to no question confuses the next request.");
    test(body_never_ends, "A client that stops in its body holds a connection, a buffer and perhaps a file.");
    test(slow_body_is_taken, "Slow is not stopped: the clock starts anew with each byte of a body.");
    test(slow_reader, "A full socket buffer means partial sends; the rest goes on from where it stopped.");
    test(stalled_readers, "A send that waits for a reader must not hold a thread that others need.");
    TEST *given_up = test(stalled_reader_is_given_up, "A reader that stops holds a buffer, a file and a socket.");
    given_up->not_wine = "it counts descriptors in /proc, which Wine keeps in its own server";
    given_up->seconds = 60;
    test(silent_clients, "A hundred that connect and say nothing must not keep the next one waiting.")->stages =
        ALL_STAGES & ~STAGE(2);
    test(half_requests, "A hundred that stop in mid-request must not keep the next one waiting.")->stages =
        ALL_STAGES & ~STAGE(2);
}
