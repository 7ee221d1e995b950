/*
 * What Windows does on a bad day: operations that fail, come short, come late or in another order. Over a quiet
 * loopback nothing of that happens, so the Win32 port is told to make it happen (WIN32_FAULTS, docs/faults.md).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define ODD_SIZE 123456 /* no multiple of any buffer */

/* --- work that must come out right -------------------------------------------------------------------------------- */

static void download(CLIENT *c)
{
    expect_file(expect_status(get(c, "/page.html"), 200), "page.html");
}

static void echo(CLIENT *c, size_t length)
{
    client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n", length);
    client_send_pattern(c, 7, length);
    expect_pattern(expect_status(response(c), 200), 7, length);
}

static void upload(CLIENT *c, const char *name, size_t length)
{
    size_t got = 0;
    client_say(c, "PUT /%s HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n", name, length);
    client_send_pattern(c, 3, length);
    expect_status(response(c), 201);
    unsigned char *content = upload_content(name, &got);
    EXPECT(content && got == length && pattern_differs(content, 3, length) == length,
           "the upload as it was sent, whole and in order", "%zu of %zu bytes, the first wrong one at %zu", got, length,
           content ? pattern_differs(content, 3, got) : 0);
}

static void pipeline(CLIENT *c)
{
    enum { COUNT = 10 };
    for (int i = 0; i < COUNT; i++)
        client_say(c, "GET /%s HTTP/1.1\r\nHost: test\r\n\r\n", i % 2 ? "style.css" : "small.txt");
    for (int i = 0; i < COUNT; i++)
        expect_file(expect_status(response(c), 200), i % 2 ? "style.css" : "small.txt");
}

/*
 * A request whose connection may break on the way, but not hang. Returns nonzero when it was answered, whole and right.
 */
static int is_answered(const char *name)
{
    CLIENT *c = client_open();
    client_say(c, "GET /%s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", name);
    RESPONSE *r = response_try(c, 0, PATIENCE);
    EXPECT(r->heard != HEARD_LATE, "an answer, or the end of the connection: an operation that failed has an end, too",
           "neither for 5 seconds");
    if (r->heard == HEARD_WHOLE)
        expect_file(expect_status(r, 200), name);
    client_close(c);
    return r->heard == HEARD_WHOLE;
}

static void some_of_everything(void)
{
    CLIENT *c = client_open(), *other = client_open();
    for (int i = 0; i < 3; i++) {
        download(c);
        echo(other, ODD_SIZE);
        upload(c, "new.bin", ODD_SIZE);
        pipeline(other);
        expect_served();
        EXPECT(is_answered("style.css"), "the last answer whole, when the request says Connection: close", "it is cut");
    }
}

/* Many such requests. Some must be answered: not all meet with a fault. At the end nothing is left over. */
static void many_answered_or_ended(const char *name)
{
    enum { COUNT = 40 };
    int answered = 0;
    for (int i = 0; i < COUNT; i++)
        answered += is_answered(name);
    EXPECT(answered >= COUNT / 8, "answers to those whose operations did not fail", "%d of %d", answered, COUNT);
}

/*
 * Ctrl-C: a connection that is counted although it is gone keeps the server until it gives up waiting, and says so. What
 * it has said before, of a call that failed, is its own affair.
 */
static void stop_without_complaint(void)
{
    size_t before, after;
    client_close_all();
    free(read_text(server.err, &before));
    server_stop(&server);
    char *err = read_text(server.err, &after);
    EXPECT(after == before || !strncmp(err + before, "win32 verifier:", 15), /* server_stop has judged what that says */
           "nothing on stderr after Ctrl-C: every connection has come to its end", "%.400s", err + before);
    free(err);
}

/* --- short and small ---------------------------------------------------------------------------------------------- */

START_TEST(short_sends)
{
    serve_with_faults("short send p=0.5", "");
    some_of_everything();
}
END_TEST

START_TEST(short_writes)
{
    serve_with_faults("short write p=0.5", "");
    CLIENT *c = client_open();
    for (int i = 0; i < 5; i++)
        upload(c, "new.bin", ODD_SIZE);
}
END_TEST

START_TEST(reads_of_one_byte)
{
    serve_with_faults("receive max=1", "");
    CLIENT *c = client_open();
    pipeline(c);
    echo(c, 300);
    upload(c, "new.bin", 300);
    download(c);
}
END_TEST

START_TEST(first_data_of_one_byte)
{
    serve_with_faults("receive max=1", "--first-data");
    for (int i = 0; i < 10; i++)
        expect_served();
}
END_TEST

/* --- failures ----------------------------------------------------------------------------------------------------- */

START_TEST(reads_fail_at_once)
{
    serve_with_faults("fail WSARecv error=10054 every=3; fail recv error=10054 every=3", "");
    many_answered_or_ended("small.txt");
    stop_without_complaint();
}
END_TEST

START_TEST(sends_fail_at_once)
{
    serve_with_faults("fail WSASend error=10054 every=3; fail send error=10054 every=3", "");
    many_answered_or_ended("style.css");
    stop_without_complaint();
}
END_TEST

START_TEST(file_reads_fail_at_once)
{
    serve_with_faults("fail ReadFile error=1117 every=3", "");
    many_answered_or_ended("picture.png");
    stop_without_complaint();
}
END_TEST

START_TEST(file_writes_fail_at_once)
{
    serve_with_faults("fail WriteFile error=112 every=2", "");
    int failed = 0;
    for (int i = 0; i < 10; i++) {
        CLIENT *c = client_open();
        client_say(c, "PUT /new.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nnew\n");
        RESPONSE *r = response_try(c, 0, PATIENCE);
        EXPECT(r->heard == HEARD_WHOLE && (r->status == 201 || r->status == 500), "201, or 500 when the disk is full",
               "%d", r->status);
        failed += r->status == 500;
        client_close(c);
    }
    EXPECT(failed, "500 for an upload that could not be written", "201 for each of them");
    stop_without_complaint();
    EXPECT(!strcmp(uploads_list(), "new.txt"), "nothing but the whole upload in the folder", "%s", uploads_list());
}
END_TEST

START_TEST(accepts_fail)
{
    serve_with_faults("fail accept error=10054 every=2; fail AcceptEx error=10054 every=2", "");
    for (int i = 0; i < 60; i++)
        expect_served();
    stop_without_complaint();
}
END_TEST

/* The accepts that are posted in place of used ones fail. With two ahead every one of them counts. */
START_TEST(few_accepts_fail)
{
    serve_with_faults("fail AcceptEx error=10055 every=2", "--accepts 2");
    for (int i = 0; i < 20; i++)
        expect_served();
    stop_without_complaint();
}
END_TEST

START_TEST(threads_fail)
{
    serve_with_faults("fail CreateThread error=8 every=2", "");
    many_answered_or_ended("small.txt");
    stop_without_complaint();
}
END_TEST

START_TEST(waits_fail)
{
    serve_with_faults(
        "fail GetQueuedCompletionStatus error=258 every=3; fail GetQueuedCompletionStatusEx error=258 every=3", "");
    some_of_everything();
}
END_TEST

START_TEST(shortages_pass)
{
    serve_with_faults("fail WSARecv error=10055 p=0.1; fail WSASend error=10055 p=0.1; zero send p=0.1", "");
    for (int i = 0; i < 5; i++)
        expect_served();
    some_of_everything();
}
END_TEST

/* --- the order and time of packets -------------------------------------------------------------------------------- */

START_TEST(ends_come_late)
{
    serve_with_faults("pending p=0.5; delay ms=10 p=0.1", "");
    some_of_everything();
}
END_TEST

START_TEST(ends_come_shuffled)
{
    serve_with_faults("shuffle window=8", "");
    CLIENT *c[4];
    for (int i = 0; i < 4; i++)
        client_say(c[i] = client_open(), "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
    some_of_everything();
    for (int i = 0; i < 4; i++)
        expect_file(expect_status(response(c[i]), 200), "page.html");
}
END_TEST

START_TEST(ends_come_at_once)
{
    serve_with_faults("immediate ms=2", "");
    some_of_everything();
}
END_TEST

/*
 * The packet is handled, and leads to the connection's end, while the thread that has started the operation is still in
 * its call: the client has gone before its first read begins.
 */
START_TEST(starts_return_late)
{
    serve_with_faults("immediate ms=50; slow return ms=20", "");
    for (int i = 0; i < 10; i++)
        client_close(client_open());
    for (int i = 0; i < 3; i++) {
        CLIENT *c = client_open();
        echo(c, 100);
        client_close(c);
    }
}
END_TEST

/* All clients have gone, so a connection that is not forgotten is the only thing that may hold the server up. */
static void stop_at_once(void)
{
    client_close_all();
    server_signal(&server, SIGINT);
    EXPECT(server_wait(&server, PATIENCE) >= 0, "the end of a server whose clients have all gone",
           "it runs on: a connection that could not be tied is still counted");
    server_expect_clean_end(&server);
}

/* Every second device cannot be tied: that client is let go, the next one served. The port itself is the first call. */
START_TEST(associations_fail)
{
    enum { COUNT = 10 };
    int served = 0;
    serve_with_faults("fail CreateIoCompletionPort error=1450 every=2", "");
    for (int i = 0; i < COUNT; i++) {
        CLIENT *c = client_open();
        client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
        RESPONSE *r = response_try(c, 0, PATIENCE);
        EXPECT(r->heard != HEARD_LATE, "an answer, or the end of a connection whose socket cannot be tied to the port",
               "neither for 5 seconds: it is left open, and no packet will ever come from it");
        served += r->heard == HEARD_WHOLE;
        client_close(c);
    }
    EXPECT(served >= COUNT / 2 - 1, "an answer to every second client", "%d of %d", served, COUNT);
    stop_at_once();
}
END_TEST

/*
 * A request ties a socket and a file. Of the calls every fourth fails, so after the first few always one for a file; that
 * file cannot be read, and is as if it were not there.
 */
START_TEST(file_associations_fail)
{
    enum { FIRST = 4, COUNT = 36, SLACK = 3 }; /* the port opens an eventfd when the first thread waits */
    int served = 0, refused = 0, before = 0;
    serve_with_faults("fail CreateIoCompletionPort error=1450 every=4", "");
    for (int i = 0; i < COUNT; i++) {
        if (i == FIRST) /* the server has opened what it needs itself */
            before = server_descriptors(&server);
        CLIENT *c = client_open();
        client_say(c, "GET /style.css HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        RESPONSE *r = response_try(c, 0, PATIENCE);
        EXPECT(r->heard != HEARD_LATE, "an answer, or the end of the connection: a file that is not tied to the port",
               "neither: no packet will ever tell of its read");
        served += r->heard == HEARD_WHOLE && r->status == 200;
        refused += r->heard == HEARD_WHOLE && r->status >= 400;
        client_close(c);
    }
    EXPECT(served, "the file, when nothing fails", "it never comes");
    EXPECT(refused, "an answer that says so (404 or 500), when a file cannot be tied", "%d answers, all of them 200",
           served);
    EXPECT(WAIT_UNTIL(server_descriptors(&server) <= before + SLACK, PATIENCE),
           "no more open files and sockets than after the first four", "%d descriptors, %d then",
           server_descriptors(&server), before);
    stop_at_once();
}
END_TEST

/* A TransmitFile that fails at once has sent nothing, so the file goes on where it was. */
START_TEST(transmits_fail)
{
    serve_with_faults("fail TransmitFile error=10055 every=2", "--transmit 1");
    CLIENT *c = client_open();
    for (int i = 0; i < 4; i++)
        expect_pattern(expect_status(get(c, "/megabyte.bin"), 200), 0, MEGABYTE);
}
END_TEST

/* --- handles ------------------------------------------------------------------------------------------------------ */

/* The number of a closed handle goes to the next object at once: who closes twice closes somebody else's. */
START_TEST(handles_recycled)
{
    enum { COUNT = 50 };
    CLIENT *kept[COUNT];
    serve_with_faults("recycle", "");
    for (int i = 0; i < COUNT; i++) {
        expect_served();
        client_reset(client_open());
        kept[i] = client_open();
        expect_usable(kept[i]);
    }
    for (int i = 0; i < COUNT; i++)
        expect_usable(kept[i]);
}
END_TEST

START_TEST(ends_of_closed_sockets)
{
    serve_with_faults("close-error random", "--idle-timeout 1");
    CLIENT *silent[10];
    for (int i = 0; i < 10; i++)
        silent[i] = client_open();
    for (int i = 0; i < 10; i++)
        expect_closed(silent[i]);
    expect_served();
    stop_without_complaint();
}
END_TEST

void faults_topic(void)
{
    topic("faults", "calls that fail, come short, come late");
    test_for(short_sends, ALL_STAGES, NO_FAULTS,
             "A send may take fewer bytes than it was given; the rest is still to be sent.");
    test_for(short_writes, ALL_STAGES, NO_FAULTS, "WriteFile, too, tells how much it wrote.");
    test_for(reads_of_one_byte, ALL_STAGES, NO_FAULTS, "A read brings what has come, be it one byte.");
    test_for(first_data_of_one_byte, FROM(4), NO_FAULTS, "AcceptEx brings some of the request, seldom all of it.");
    test_for(
        reads_fail_at_once, ALL_STAGES, NO_FAULTS,
        "A call that fails at once gives no packet and sets no event: whoever waits for one has lost the connection.");
    test_for(
        sends_fail_at_once, ALL_STAGES, NO_FAULTS,
        "A call that fails at once gives no packet and sets no event: whoever waits for one has lost the connection.");
    test_for(file_reads_fail_at_once, ALL_STAGES, NO_FAULTS,
             "A disk fails in mid-file: the promised length cannot be kept, so the connection must end.");
    test_for(file_writes_fail_at_once, ALL_STAGES, NO_FAULTS, "A disk that is full must not leave half a file behind.");
    test_for(accepts_fail, ALL_STAGES, NO_FAULTS,
             "A client that is gone before it was accepted is no reason to stop accepting others.");
    test_for(few_accepts_fail, FROM(4), NO_FAULTS,
             "An AcceptEx that could not be posted is posted later, or the last of them is used up one day.");
    test_for(threads_fail, STAGE(1), NO_FAULTS, "Without a thread for it a connection is closed, not forgotten.");
    test_for(waits_fail, FROM(3), NO_FAULTS,
             "FALSE without an OVERLAPPED is no packet: there is nothing to follow the pointer to.");
    test_for(shortages_pass, FROM(5), NO_FAULTS,
             "WSAENOBUFS ends an operation, not a connection: nothing was read, nothing was sent.");
    test_for(
        ends_come_late, FROM(2), NO_FAULTS,
        "Whatever an operation uses (OVERLAPPED, buffer, WSABUF's bytes) belongs to Windows until it has completed.");
    test_for(ends_come_shuffled, FROM(3), NO_FAULTS, "Packets come in order, but threads handle them in any.");
    test_for(ends_come_at_once, FROM(2), NO_FAULTS,
             "An operation that succeeds at once has one end like any other: one packet, one event.");
    test_for(starts_return_late, FROM(3), NO_FAULTS,
             "Its packet may have been handled before WSARecv returns: then nothing may be freed under the caller.");
    test_for(associations_fail, STAGE(3), NO_FAULTS, "A socket that is tied to no port never tells of its end.");
    test_for(file_associations_fail, STAGE(3), NO_FAULTS,
             "A file that could not be tied is closed, and its client told: what is kept open adds up.");
    test_for(transmits_fail, FROM(5), NO_FAULTS, "A shortage passes; a download that was cut off does not come back.");
    test_for(handles_recycled, ALL_STAGES, NO_FAULTS,
             "A handle that was closed is somebody else's by now: to close it twice hits a stranger.");
    test_for(ends_of_closed_sockets, ALL_STAGES, NO_FAULTS,
             "Sources disagree on the error of an operation whose socket was closed: any of them is an end.");
}
