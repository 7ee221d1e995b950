/* Stage 05 when something runs out: buffers, what the stack takes, Windows' own memory. Slower, but nothing is lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "crowd.h"
#include "expect.h"
#include "site.h"
#include "status.h"
#include "story.h"
#include "suite.h"

#define ODD_SIZE 713579 /* no multiple of any buffer */

/* --- buffers ------------------------------------------------------------------------------------------------------ */

/* As many as this machine's descriptors allow. */
static int crowd_size(void)
{
    struct rlimit files;
    int most = run.wine ? 200 : run.sanitized ? 400 : 2000;
    getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur < (rlim_t)most + 100 ? (int)files.rlim_cur - 100 : most;
}

/* All ask for a page and none reads: every large buffer is soon held by an answer that does not leave. */
static void ask_and_wait(CLIENT **c, int count, CLIENT *watcher, int large)
{
    for (int i = 0; i < count; i++)
        client_say(c[i] = client_open(), "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
    if (!WAIT_UNTIL(status_now(watcher, "large_buffers.waiting") >= count - large, 4 * PATIENCE))
        response_fail(get(watcher, "/status"), "%d of %d clients waiting for a buffer, as nobody reads", count - large,
                      count);
}

START_TEST(slow_readers_hold_every_buffer)
{
    enum { WAVES = 3, FLAT = 512 };
    int count = crowd_size();
    size_t length;
    CLIENT **c = calloc((size_t)count, sizeof *c);
    long memory[WAVES] = {0};
    serve("--buffers 64 --sndbuf 16384 --idle-timeout 600");
    char *page = read_text(site_path("page.html"), &length);
    CLIENT *watcher = status_watcher();
    int large = (int)status_now(watcher, "large_buffers.count");
    story_step("three times %d clients ask for 190 KB and do not read; then all do", count);
    for (int wave = 0; wave < WAVES; wave++) {
        ask_and_wait(c, count, watcher, large);
        crowd_hear(c, count, page, length);
        for (int i = 0; i < count; i++)
            client_close(c[i]);
        status_await_rest(watcher);
        memory[wave] = run.wine ? 0 : (long)(server_memory(&server) / 1024);
    }
    /* Sanitizers keep what was freed; for them the counters alone have to do. */
    EXPECT(run.sanitized || memory[2] - memory[1] <= FLAT, "no more memory after the third wave than after the second",
           "%ld KB, then %ld, then %ld", memory[0], memory[1], memory[2]);
}
END_TEST

/* --- sends that come short ---------------------------------------------------------------------------------------- */

/* A long file, a long echo and many short answers, all at a time. Returns with all bytes checked. */
static void send_all_kinds(void)
{
    enum { SHORT = 5 };
    CLIENT *file = client_open(), *echo = client_open(), *many = client_open();
    client_say(file, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    client_say(echo, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", ODD_SIZE);
    for (int i = 0; i < SHORT; i++)
        client_say(many, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    client_send_pattern(echo, 11, ODD_SIZE);
    for (int i = 0; i < SHORT; i++)
        expect_text(expect_status(response(many), 200), SMALL_TEXT);
    expect_pattern(expect_status(response(file), 200), 0, ODD_SIZE);
    expect_pattern(expect_status(response(echo), 200), 11, ODD_SIZE);
}

static void sends_come_short(const char *faults, const char *options)
{
    serve_with_faults(faults, options);
    site_add_pattern("large.bin", ODD_SIZE);
    send_all_kinds();
    CLIENT *watcher = status_watcher();
    EXPECT(status_now(watcher, "short_writes") > 0,
           "some writes of which the stack took less than all, as /status says", "none: nothing was tried");
    client_close_all();
    status_await_rest(status_watcher());
}

START_TEST(sends_of_nothing)
{
    sends_come_short("zero send every=4", "");
}
END_TEST

START_TEST(sends_of_a_part)
{
    sends_come_short("short send every=3", "");
}
END_TEST

START_TEST(sends_of_nothing_one_at_a_time)
{
    sends_come_short("zero send every=4", "--writes 1 --reads 4");
}
END_TEST

START_TEST(sends_of_a_part_one_at_a_time)
{
    sends_come_short("short send every=3", "--writes 1 --reads 4");
}
END_TEST

START_TEST(sends_of_a_part_from_memory)
{
    sends_come_short("short send every=3; zero send every=7", "--hot 4096");
}
END_TEST

/* --- WSAENOBUFS --------------------------------------------------------------------------------------------------- */

/* Everything that a server does, each on a connection of its own. */
static void round_of_work(int round)
{
    CLIENT *page = client_open(), *echo = client_open(), *up = client_open(), *small = client_open();
    char name[32];
    size_t length = 0;
    snprintf(name, sizeof name, "new%d.bin", round);
    client_say(page, "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
    client_say(echo, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100001\r\n\r\n");
    client_say(up, "PUT /%s HTTP/1.1\r\nHost: test\r\nContent-Length: 200001\r\n\r\n", name);
    client_say(small, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    client_send_pattern(echo, 5, 100001);
    client_send_pattern(up, 9, 200001);
    expect_text(expect_status(response(small), 200), SMALL_TEXT);
    expect_file(expect_status(response(page), 200), "page.html");
    expect_pattern(expect_status(response(echo), 200), 5, 100001);
    expect_status(response(up), 201);
    unsigned char *content = upload_content(name, &length);
    EXPECT(content && length == 200001 && pattern_differs(content, 9, length) == length, "the upload as it was sent",
           "%zu bytes", length);
    expect_usable(small);
    client_close(page);
    client_close(echo);
    client_close(up);
    client_close(small);
}

/* A function runs out of resources again and again. Where says which counters of /status must show it. */
static void windows_runs_out(const char *function, const char *where, const char *or_where)
{
    enum { ROUNDS = 5, ACCEPTS = 8 };
    char faults[80];
    serve("--accepts 8");
    CLIENT *watcher = status_watcher();
    EXPECT(WAIT_UNTIL(status_now(watcher, "accepting") == ACCEPTS, PATIENCE), "8 accepts out, as --accepts 8 says",
           "%lld", status_now(watcher, "accepting"));
    server_stop(&server);
    snprintf(faults, sizeof faults, "fail %s error=10055 p=0.2", function);
    serve_with_faults(faults, "--accepts 8");
    for (int round = 0; round < ROUNDS; round++)
        round_of_work(round);
    watcher = status_watcher();
    EXPECT(status_now(watcher, where) + status_now(watcher, or_where) > 0, "shortages, as /status counts them",
           "none in %s and %s", where, or_where);
    EXPECT(WAIT_UNTIL(status_now(watcher, "accepting") == ACCEPTS, PATIENCE), "as many accepts out as before",
           "%lld instead of %d", status_now(watcher, "accepting"), ACCEPTS);
    status_await_rest(watcher);
}

START_TEST(reads_run_out)
{
    windows_runs_out("WSARecv", "shortages.socket_read", "shortages.idle");
}
END_TEST

START_TEST(writes_run_out)
{
    windows_runs_out("WSASend", "shortages.socket_write", "shortages.flow");
}
END_TEST

START_TEST(accepts_run_out)
{
    windows_runs_out("AcceptEx", "shortages.accept", "shortages.disconnect");
}
END_TEST

/* --- order -------------------------------------------------------------------------------------------------------- */

static void shuffled(const char *options)
{
    enum { SIZE = 2 * MEGABYTE + 4321 };
    size_t length = 0;
    serve_with_faults("shuffle window=8", options);
    site_add_pattern("large.bin", SIZE);
    CLIENT *watcher = status_watcher(), *down = client_open(), *up = client_open();
    for (int i = 0; i < 2; i++)
        expect_pattern(expect_status(get(down, "/large.bin"), 200), 0, SIZE);
    long long of_files = status_now(watcher, "out_of_order");
    EXPECT(of_files > 0, "packets of file reads that came before their turn, as /status counts them", "none");
    for (int i = 0; i < 2; i++) {
        client_say(up, "PUT /new.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", SIZE);
        client_send_pattern(up, 1, SIZE);
        expect_status(response(up), 201);
    }
    long long of_uploads = status_now(watcher, "out_of_order") - of_files;
    EXPECT(of_uploads > 0, "packets of reads of the upload that came before their turn", "none");
    unsigned char *content = upload_content("new.bin", &length);
    EXPECT(content && length == SIZE && pattern_differs(content, 1, length) == length, "the upload in order",
           "%zu bytes, the first wrong one at %zu", length, content ? pattern_differs(content, 1, length) : 0);
}

START_TEST(reads_out_of_order)
{
    shuffled("--reads 8");
}
END_TEST

START_TEST(reads_and_writes_out_of_order)
{
    shuffled("--reads 6 --writes 6");
}
END_TEST

void recovery_topic(void)
{
    topic("recovery", "what ran out, came short or came out of order is made good");
    TEST *crowd = test(slow_readers_hold_every_buffer,
                       "The limit on buffers makes a server slower; it loses nobody, and gives all of it back.");
    crowd->stages = FROM(5);
    crowd->seconds = 120;
    test_for(sends_of_nothing, FROM(5), NO_FAULTS,
             "A send that completes with 0 bytes has sent nothing: all of it goes out a little later.");
    test_for(sends_of_a_part, FROM(5), NO_FAULTS,
             "What is left of a short send begins at the byte that was reached, neither before nor behind.");
    test_for(sends_of_nothing_one_at_a_time, FROM(5), NO_FAULTS,
             "With a single write pending a connection can always be put right again.");
    test_for(sends_of_a_part_one_at_a_time, FROM(5), NO_FAULTS,
             "With a single write pending a connection can always be put right again.");
    test_for(sends_of_a_part_from_memory, FROM(5), NO_FAULTS,
             "An answer of several pieces can break off in any of them.");
    test_for(reads_run_out, FROM(5), NO_FAULTS,
             "WSAENOBUFS: nothing was read. If that was the only read, nothing else keeps the connection.");
    test_for(writes_run_out, FROM(5), NO_FAULTS, "WSAENOBUFS: nothing was sent, so it is sent a little later.");
    test_for(accepts_run_out, FROM(5), NO_FAULTS,
             "An accept that could not be posted is missing until somebody posts another.");
    test_for(reads_out_of_order, FROM(5), NO_FAULTS,
             "Packets go to several threads, and who handles his first is luck: numbers put them in order.");
    test_for(reads_and_writes_out_of_order, FROM(5), NO_FAULTS,
             "Packets go to several threads, and who handles his first is luck: numbers put them in order.");
}
