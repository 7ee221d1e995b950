/*
 * What goes well nine times out of ten: memory that is freed a moment too early, a handle that is closed twice, a port
 * that is closed under its threads. The Win32 port's verifier names such things whenever they happen (docs/verifier.md);
 * these tests bring a server into the situations and read what it says.
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

#define NO_VERIFIER "the verifier belongs to the Win32 port, which an .exe does not use"

/*
 * What is wrong in the calls often breaks the work, too, and then the test ends there. The verifier's words are what
 * explains it, and they come a moment later, as it looks up lines first.
 */
static void (*ask_server)(char *text, size_t size);

static int has_report(void)
{
    char *err = read_text(server.err, NULL);
    int found = strstr(err, "rule: ") != NULL;
    free(err);
    return found || server_has_ended(&server);
}

static void ask_for_report(char *text, size_t size)
{
    WAIT_UNTIL(has_report(), PATIENCE / 2);
    ask_server(text, size);
}

static void serve_watched(const char *faults, const char *options)
{
    story_step("let the verifier watch it: WIN32_VERIFIER=1%s%s", *faults ? " WIN32_FAULTS=" : "", faults);
    setenv("WIN32_VERIFIER", "1", 1);
    if (*faults)
        setenv("WIN32_FAULTS", faults, 1);
    serve(options);
    ask_server = story_ask_server;
    story_ask_server = ask_for_report;
    unsetenv("WIN32_VERIFIER");
    unsetenv("WIN32_FAULTS");
}

/* The server ends, and then the first of the verifier's errors. Its warnings (a blocking call) are no failures. */
static void read_errors(void)
{
    int code = server_wait(&server, ENDING);
    server_expect_no_report(&server);
    if (code < 0)
        server_fail_running();
    EXPECT(code == 0, "exit code 0 after Ctrl-C", "%d", code);
    server.pid = 0;
}

static void stop_and_read(void)
{
    client_close_all();
    server_signal(&server, SIGINT);
    read_errors();
}

static void some_of_everything(void)
{
    CLIENT *c = client_open();
    for (int i = 0; i < 3; i++) {
        expect_usable(c);
        expect_pattern(expect_status(get(c, "/megabyte.bin"), 200), 0, MEGABYTE);
        expect_text(expect_status(ask(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"), 200),
                    "hi");
        expect_status(ask(c, "PUT /new.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nnew"), 201);
        CLIENT *last = client_open();
        expect_status(ask(last, "GET /page.html HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"), 200);
        expect_closed(last);
    }
}

START_TEST(quiet_work)
{
    serve_watched("", "");
    some_of_everything();
    stop_and_read();
}
END_TEST

START_TEST(late_packets)
{
    serve_watched("pending p=0.5; delay ms=10 p=0.3", "");
    some_of_everything();
    stop_and_read();
}
END_TEST

START_TEST(resets)
{
    serve_watched("", "");
    for (int i = 0; i < 30; i++) {
        CLIENT *c = client_connect(server.port, 4096);
        client_say(c, "%s",
                   i % 3 == 0   ? "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n"
                   : i % 3 == 1 ? "PUT /never HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf"
                                : "GET /small.t");
        if (i % 3 == 0)
            client_await(c, 1, PATIENCE);
        client_reset(c);
    }
    expect_served();
    stop_and_read();
}
END_TEST

/* Ctrl-C finds clients in every phase, and some of them stay there. */
START_TEST(stopped_at_work)
{
    serve_watched("", "--drain 1");
    site_add_sparse("large.bin", 64 * MEGABYTE, 4096);
    for (int i = 0; i < 20; i++) {
        CLIENT *c = client_connect(server.port, 4096);
        if (i % 5)
            client_say(c, "%s",
                       i % 5 == 1   ? "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n"
                       : i % 5 == 2 ? "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf"
                       : i % 5 == 3 ? "PUT /never HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf"
                                    : "GET /small.txt HTTP/1.1\r\n");
    }
    expect_served();
    server_signal(&server, SIGINT); /* and nobody closes */
    read_errors();
}
END_TEST

START_TEST(failing_calls)
{
    serve_watched("fail WSARecv error=10054 every=5; fail recv error=10054 every=5; fail ReadFile error=1117 every=7",
                  "");
    for (int i = 0; i < 30; i++) {
        CLIENT *c = client_open();
        client_say(c, "GET /style.css HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        RESPONSE *r = response_try(c, 0, PATIENCE);
        EXPECT(r->heard != HEARD_LATE, "an answer, or the end of the connection", "neither for 5 seconds");
        client_close(c);
    }
    stop_and_read();
}
END_TEST

void misuse_topic(void)
{
    topic("misuse", "rules of Windows that a server may break unseen");
    test_for(quiet_work, ALL_STAGES, NO_VERIFIER, "What is wrong in the calls themselves shows one day, elsewhere.");
    test_for(late_packets, FROM(2), NO_VERIFIER,
             "Whatever an operation uses (OVERLAPPED, buffer, bytes) belongs to Windows until its end has been taken.");
    test_for(resets, ALL_STAGES, NO_VERIFIER,
             "A connection that breaks is cleaned up once, by one, and after its last operation.");
    test_for(stopped_at_work, ALL_STAGES, NO_VERIFIER,
             "First the operations come to their end, then the threads, then the port; memory and handles go last.");
    test_for(failing_calls, ALL_STAGES, NO_VERIFIER,
             "A call that fails at once gives no packet and sets no event: what was prepared for it is undone there.");
}
