/*
 * Stage 05: Windows has little of something, for a while or for good. The Win32 port counts locked pages and non-paged
 * pool as the course does (docs/faults.md); with a small limit a server must get slower, and lose nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define PATIENT (6 * PATIENCE) /* milliseconds: what is done in small pieces takes longer */

static RESPONSE *patient_response(CLIENT *c)
{
    client_await(c, 1, PATIENT);
    RESPONSE *r = response_try(c, 0, PATIENT);
    EXPECT(r->heard == HEARD_WHOLE, "a whole answer, be it late", "%s after %zu bytes of body",
           r->heard == HEARD_LATE ? "no more" : "the end of the connection", r->body_length);
    return r;
}

enum { COUNT = 8 }; /* clients at once */

static void files_are_served(CLIENT *const *c)
{
    for (int i = 0; i < COUNT; i++)
        client_say(c[i], "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\nGET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    for (int i = 0; i < COUNT; i++) {
        expect_file(expect_status(patient_response(c[i]), 200), "page.html");
        expect_file(expect_status(patient_response(c[i]), 200), "small.txt");
    }
}

/* Several clients at once, each with every kind of work. Nothing may be lost. */
static void all_is_served(void)
{
    enum { SIZE = 200000 };
    CLIENT *c[COUNT];
    char name[32];
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    files_are_served(c);
    for (int i = 0; i < COUNT; i++) {
        client_say(c[i], "PUT /new%d.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", i, SIZE);
        client_send_pattern(c[i], 5, SIZE);
    }
    for (int i = 0; i < COUNT; i++) {
        size_t length = 0;
        expect_status(patient_response(c[i]), 201);
        snprintf(name, sizeof name, "new%d.bin", i);
        unsigned char *content = upload_content(name, &length);
        EXPECT(content && length == SIZE && pattern_differs(content, 5, length) == length, "the upload as it was sent",
               "%zu bytes, the first wrong one at %zu", length, content ? pattern_differs(content, 5, length) : 0);
    }
    for (int i = 0; i < COUNT; i++) {
        client_say(c[i], "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", SIZE);
        client_send_pattern(c[i], 9, SIZE);
        expect_pattern(expect_status(patient_response(c[i]), 200), 9, SIZE);
    }
}

START_TEST(few_pages)
{
    serve_with_faults("quota locked=65536", "");
    all_is_served();
}
END_TEST

START_TEST(few_pages_first_data)
{
    serve_with_faults("quota locked=65536", "--first-data");
    all_is_served();
}
END_TEST

START_TEST(few_pages_many_operations)
{
    serve_with_faults("quota locked=65536", "--reads 8 --writes 8 --accepts 200");
    all_is_served();
}
END_TEST

START_TEST(few_pages_hot_files)
{
    CLIENT *c[COUNT];
    serve_with_faults("quota locked=65536", "--hot 4096");
    all_is_served();
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    files_are_served(c); /* from memory, where there was room for them */
}
END_TEST

START_TEST(little_pool)
{
    serve_with_faults("quota nonpaged=48000", "");
    all_is_served();
}
END_TEST

/* Shortages that come and go: flows turn to single small reads, and back to several large ones, all the time. */
START_TEST(shortages_keep_order)
{
    serve_with_faults("pending p=0.5; delay ms=5 p=0.3; shuffle window=8; fail WSARecv p=0.05 error=10055; "
                      "fail WSASend p=0.05 error=10055",
                      "--reads 4");
    for (int i = 0; i < 2; i++)
        all_is_served();
}
END_TEST

/* Clients that have begun to send and stopped: with a header, a short body, a long one. Who waits for them locks no
 * page, or gives it up when others need it. */
START_TEST(stalled_senders_hold_no_pages)
{
    enum { SENDERS = 60 };
    serve_with_faults("quota locked=65536", "");
    for (int i = 0; i < SENDERS; i++) {
        CLIENT *c = client_open();
        client_say(c, "%s",
                   i % 3 == 0   ? "GET /small.txt HTTP/1.1\r\nHost: "
                   : i % 3 == 1 ? "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nhalf"
                                : "PUT /never.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nhalf");
        if (i % 3 == 2)
            client_send_pattern(c, 0, 70000);
    }
    for (int i = 0; i < 3; i++) {
        CLIENT *c = client_open();
        client_say(c, "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_file(expect_status(patient_response(c), 200), "page.html");
    }
}
END_TEST

/* With a journal, so that shortages() can count. */
static void serve_short(const char *faults, const char *options)
{
    run.journal = 1;
    serve_with_faults(faults, options);
    run.journal = 0;
}

/* How many calls and operations met with a shortage so far. */
static int shortages(void)
{
    JOURNAL *journal = journal_read();
    int count = 0;
    for (int i = 0; i < journal->count; i++)
        count += journal->events[i].error == 10055 || journal->events[i].error == 1450;
    return count;
}

/*
 * An upload that asked for two large reads, got the pages for one, and pauses: then its client stops. What the other read
 * has locked, for as long as nothing comes, is all there is for the next client.
 */
START_TEST(half_a_flow_holds_no_pages)
{
    enum { FEWEST = 14, MOST = 19 };
    char faults[40];
    for (int pages = FEWEST; pages <= MOST; pages++) {
        snprintf(faults, sizeof faults, "quota locked=%d", pages * 4096);
        serve_short(faults, "--accepts 1");
        CLIENT *stalled = client_open(), *next = client_open();
        client_say(stalled, "PUT /never.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n");
        EXPECT(WAIT_UNTIL(shortages() > 0, PATIENCE), "a read that finds no pages (10055)", "none");
        client_say(next, "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_file(expect_status(response(next), 200), "page.html");
        client_close_all();
        server_stop(&server);
    }
}
END_TEST

/* The shortage does not pass. A read is tried again and again, but a pause wins no time: who is late is given up. */
START_TEST(late_in_a_shortage)
{
    enum { COUNT = 10, LEAST_TRIES = 3 };
    CLIENT *c[COUNT];
    serve_short("fail WSARecv error=10055 every=1", "--idle-timeout 1 --header-timeout 1");
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    for (int i = 0; i < COUNT; i++)
        expect_closed(c[i]);
    EXPECT(shortages() >= COUNT * LEAST_TRIES, "reads that are started again after a pause, until their client is late",
           "%d failed reads for 10 clients", shortages());
}
END_TEST

/* Uploads hold all large buffers, and others wait for one: they need no small one meanwhile. */
START_TEST(waiting_uploads_hold_no_buffer)
{
    enum { SENDERS = 60 };
    serve("--buffers 4");
    for (int i = 0; i < SENDERS; i++) {
        CLIENT *c = client_open();
        client_say(c, "PUT /never%d.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nhalf", i);
    }
    for (int i = 0; i < 5; i++)
        expect_served();
}
END_TEST

/* Writes a file that is so many seconds younger than any before: two changes within a tick of the disk's clock look alike. */
static void write_younger(const char *name, const char *text, int seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {0}};
    clock_gettime(CLOCK_REALTIME, &times[1]);
    times[1].tv_sec += seconds;
    site_add(name, text, strlen(text));
    EXPECT(utimensat(AT_FDCWD, site_path(name), times, 0) == 0, "a file with a time", "none");
}

START_TEST(hot_files_are_true)
{
    serve("--hot 1024");
    CLIENT *c = client_open();
    for (int i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "edition %03d\n", i);
        write_younger("news.txt", text, i);
        for (int again = 0; again < 3; again++)
            expect_text(expect_status(get(c, "/news.txt"), 200), text);
    }
    EXPECT(remove(site_path("news.txt")) == 0, "a file to delete", "none");
    expect_status(get(c, "/news.txt"), 404);
    expect_status(get(c, "/news.txt"), 404);
}
END_TEST

static int accepts_out(void)
{
    return journal_out(journal_read(), "AcceptEx", "accept");
}

/* A few more for a moment: workers that post sockets again at the same time. */
START_TEST(accepts_stay_few)
{
    enum { ACCEPTS = 4, CLIENTS = 24, ROUNDS = 15, SLACK = 16 };
    CLIENT *c[CLIENTS];
    serve_with_journal("--first-data --accepts 4");
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            c[i] = client_open();
        for (int i = 0; i < CLIENTS; i++)
            client_say(c[i], "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < CLIENTS; i++) {
            expect_file(expect_status(response(c[i]), 200), "small.txt");
            client_close(c[i]);
        }
    }
    EXPECT(WAIT_UNTIL(accepts_out() <= ACCEPTS + SLACK, PATIENCE), "about as many AcceptEx in flight as --accepts says",
           "%d, after %d clients", accepts_out(), CLIENTS * ROUNDS);
}
END_TEST

/* A client while it is not known whether there is room for it. */
static int is_answered(void)
{
    CLIENT *c = client_begin(server.port);
    static const char request[] = "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n";
    int answered = 0;
    if (!c)
        return 0;
    if (client_try_send(c, request, strlen(request), PATIENCE) == strlen(request)) {
        RESPONSE *r = response_try(c, 0, PATIENCE);
        answered = r->heard == HEARD_WHOLE && r->status == 200;
    }
    client_close(c);
    return answered;
}

/* More clients than the pool has room for: an AcceptEx cannot be started, or its packet says that there was no room. */
START_TEST(pool_comes_back)
{
    enum { CLIENTS = 40, ROUNDS = 3 };
    serve_short("quota nonpaged=32000", "--accepts 4");
    for (int round = 0; round < ROUNDS; round++) {
        CLIENT *c[CLIENTS];
        int before = shortages();
        story_step("%d clients come, more than there is room for, and leave", CLIENTS);
        for (int i = 0; i < CLIENTS; i++)
            c[i] = client_begin(server.port);
        EXPECT(WAIT_UNTIL(shortages() > before, PATIENCE), "a call that finds no non-paged pool (10055 or 1450)",
               "none");
        for (int i = 0; i < CLIENTS; i++)
            if (c[i])
                client_close(c[i]);
        EXPECT(WAIT_UNTIL(is_answered(), PATIENCE), "an answer for the next one, once all have left", "none");
    }
    for (int i = 0; i < 8; i++)
        expect_served();
}
END_TEST

START_TEST(listener_kept_while_needed)
{
    story_step("let packets come late, and the verifier watch");
    setenv("WIN32_FAULTS", "delay ms=300", 1);
    setenv("WIN32_VERIFIER", "1", 1);
    run.journal = 1;
    serve("");
    run.journal = 0;
    unsetenv("WIN32_FAULTS");
    unsetenv("WIN32_VERIFIER");
    CLIENT *c = client_open();
    EXPECT(WAIT_UNTIL(journal_count(journal_read(), "complete", "accept") > 0, PATIENCE), "an accept that completes",
           "none"); /* its packet is on its way for a while */
    server_signal(&server, SIGINT);
    server_expect_clean_end(&server);
    char *err = read_text(server.err, NULL);
    EXPECT(!strstr(err, "handle-used-after-close"),
           "the listening socket closed when no new client's socket needs it any more", "%.1200s", err);
    client_close(c);
}
END_TEST

/* Sockets whose clients left in the middle of a body wait for others when the server is stopped. */
START_TEST(socket_forgets_its_client)
{
    serve("--accepts 8");
    for (int i = 0; i < 8; i++) {
        CLIENT *c = client_open();
        client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf");
        client_half_close(c);
        expect_closed(c);
    }
    int64_t late = now_ms() + 2500; /* the deadline of those connections has passed then */
    CLIENT *c = client_open();
    while (now_ms() < late)
        expect_usable(c);
    server_stop(&server);
}
END_TEST

void scarce_topic(void)
{
    topic("scarce", "locked pages, pool and buffers run out; nothing is lost");
    test_for(few_pages, FROM(5), NO_FAULTS,
             "When no more pages can be locked, what failed is done again, later and in smaller pieces.");
    test_for(few_pages_first_data, FROM(5), NO_FAULTS,
             "Every AcceptEx locks the page that it writes to: those who wait should share pages.");
    test_for(few_pages_many_operations, FROM(5), NO_FAULTS,
             "Several operations in flight need several times the pages.");
    test_for(few_pages_hot_files, FROM(5), NO_FAULTS, "A file is read into memory in as many pieces as it takes.");
    test_for(little_pool, FROM(5), NO_FAULTS, "Each operation in flight takes non-paged pool.");
    test_for(shortages_keep_order, FROM(5), NO_FAULTS, "After a shortage, too, every byte has its place.");
    test_for(stalled_senders_hold_no_pages, FROM(5), NO_FAULTS,
             "A read that waits for a slow client must not keep pages from the others.");
    test_for(half_a_flow_holds_no_pages, FROM(5), NO_FAULTS,
             "A pause is no reason to keep what others need: what is in flight is called back, and asked for again.");
    test_for(late_in_a_shortage, FROM(5), NO_FAULTS,
             "A connection that pauses again and again, and is never looked at, is kept for ever.");
    test_for(waiting_uploads_hold_no_buffer, FROM(5), NULL,
             "Who waits for a large buffer keeps no small one from the others.");
    test_for(hot_files_are_true, FROM(5), NULL, "A copy in memory must never be served in place of a newer file.");
    test_for(accepts_stay_few, FROM(4), NO_JOURNAL,
             "Each AcceptEx costs a socket and memory: thousands of them are a leak.");
    test_for(pool_comes_back, FROM(4), NO_FAULTS,
             "An AcceptEx that found no pool is posted again later, or after a crowd nobody gets in any more.");
    test_for(listener_kept_while_needed, FROM(4), NO_FAULTS,
             "SO_UPDATE_ACCEPT_CONTEXT names the listening socket: it must still be there, and not a stranger's.");
    test_for(socket_forgets_its_client, FROM(4), NULL,
             "A socket that is used again knows nothing of the request that broke off on it.");
}
