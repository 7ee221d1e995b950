/* Ctrl-C: no new connections, what is in flight is finished or cleanly cut, exit 0 within the deadline. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

/* Ctrl-C, and waits until nobody is accepted any more: then the server has begun to stop. */
static void begin_stop(void)
{
    server_signal(&server, SIGINT);
    EXPECT(WAIT_UNTIL(port_refuses(server.port), PATIENCE), "new connections are refused after Ctrl-C",
           "the server still accepts after 5 seconds");
}

START_TEST(idle)
{
    serve("");
    server_signal(&server, SIGINT);
    EXPECT(WAIT_UNTIL(server_has_ended(&server), 3000), "a server with nothing to do exits at once",
           "it runs on for 3 seconds: in gdb, `thread apply all bt` shows where its threads wait");
    server_expect_clean_end(&server);
    char *err = read_text(server.err, NULL);
    EXPECT(!*err, "nothing to complain about on stderr", "%.600s", err);
}
END_TEST

START_TEST(idle_terminated)
{
    serve("");
    server_signal(&server, SIGTERM);
    server_expect_clean_end(&server);
}
END_TEST

START_TEST(after_work)
{
    serve("");
    for (int i = 0; i < 20; i++)
        expect_served();
    server_stop(&server);
}
END_TEST

/* Connections without a request are closed at once, however long they might have stayed. */
START_TEST(idle_connections)
{
    CLIENT *c[40];
    serve("--idle-timeout 60 --drain 60");
    for (int i = 0; i < 40; i++) {
        c[i] = client_open();
        if (i % 2)
            expect_usable(c[i]);
    }
    begin_stop();
    for (int i = 0; i < 40; i++)
        expect_closed(c[i]);
    server_expect_clean_end(&server);
}
END_TEST

START_TEST(response_is_finished)
{
    enum { SIZE = 8 * MEGABYTE };
    serve("--drain 30");
    site_add_pattern("large.bin", SIZE);
    CLIENT *c = client_connect(server.port, 8192);
    client_say(c, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    RESPONSE *r = expect_status(response_head(c), 200);
    begin_stop();
    EXPECT(take_pattern(r, 0) == SIZE, "the response that had begun, whole", "the connection ended inside");
    expect_closed(c);
    server_expect_clean_end(&server);
}
END_TEST

START_TEST(upload_is_finished)
{
    size_t length;
    serve("--drain 30");
    CLIENT *c = client_open();
    client_say(c, "PUT /last.bin HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
    expect_status(response_head(c), 100); /* the server has begun with the request */
    client_send_pattern(c, 0, 50000);
    begin_stop();
    client_send_pattern(c, 50000, 50000);
    expect_status(response(c), 201);
    expect_closed(c);
    server_expect_clean_end(&server);
    unsigned char *content = upload_content("last.bin", &length);
    EXPECT(content && length == 100000 && pattern_differs(content, 0, length) == length, "the upload, whole",
           "%zu bytes", content ? length : 0);
}
END_TEST

START_TEST(echo_is_finished)
{
    serve("--drain 30");
    CLIENT *c = client_open();
    client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n");
    expect_status(response_head(c), 100); /* the server has begun with the request */
    client_say(c, "01234");
    begin_stop();
    client_say(c, "56789");
    expect_text(expect_status(response(c), 200), "0123456789");
    expect_closed(c);
    server_expect_clean_end(&server);
}
END_TEST

START_TEST(stalled_reader)
{
    serve("--drain 1");
    site_add_sparse("large.bin", 64 * MEGABYTE, 4096);
    for (int i = 0; i < 10; i++) {
        CLIENT *c = client_connect(server.port, 4096);
        client_say(c, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_status(response_head(c), 200);
    }
    server_stop(&server);
}
END_TEST

START_TEST(stalled_upload)
{
    serve("--drain 1");
    CLIENT *c = client_open();
    client_say(c, "PUT /never.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n");
    client_send_pattern(c, 0, 50000);
    expect_served();
    server_stop(&server);
    EXPECT(!*uploads_list(), "nothing is left of an upload that was cut", "uploads holds %s", uploads_list());
}
END_TEST

START_TEST(half_request)
{
    serve("--drain 1");
    CLIENT *c = client_open();
    client_say(c, "GET /small.txt HTTP/1.1\r\nHo");
    expect_served();
    server_stop(&server);
}
END_TEST

/* A drain is no reason to be silent to who is late: the deadline of a header passes long before the drain's end. Whose
 * bytes the server had not read yet may go without a word; that cannot be all of them. */
START_TEST(late_in_the_drain)
{
    enum { COUNT = 10 };
    CLIENT *c[COUNT];
    int told = 0;
    serve("--header-timeout 1 --drain 60");
    for (int i = 0; i < COUNT; i++) {
        c[i] = client_open();
        client_say(c[i], "GET /small.txt HTTP/1.1\r\nHo");
        client_await_delivery(c[i]);
    }
    expect_served();
    begin_stop();
    for (int i = 0; i < COUNT; i++) {
        RESPONSE *r = response_try(c[i], 0, PATIENCE);
        if (r->heard != HEARD_NOTHING)
            expect_status(r, 408), told++;
        client_close(c[i]);
    }
    server_expect_clean_end(&server);
    EXPECT(told, "408 for requests that are late while the server drains", "no answer to any of them");
}
END_TEST

START_TEST(second_time)
{
    serve("--drain 60 --idle-timeout 60");
    site_add_sparse("large.bin", 64 * MEGABYTE, 4096);
    CLIENT *upload = client_open(), *reader = client_connect(server.port, 4096);
    client_say(upload, "PUT /never.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\nhalf");
    client_say(reader, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(response_head(reader), 200);
    expect_served();
    begin_stop();
    EXPECT(!server_has_ended(&server), "60 seconds for what is in flight, as --drain 60 says", "it has ended already");
    server_signal(&server, SIGINT);
    server_expect_clean_end(&server);
    EXPECT(!*uploads_list(), "nothing is left of an upload that was cut", "uploads holds %s", uploads_list());
}
END_TEST

enum { LOAD = 48 };

/* Sends a request to each client that has none under way, and counts those that still could. */
static void send_round(CLIENT **c)
{
    static const char request[] = "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n";
    for (int i = 0; i < LOAD; i++)
        if (c[i]->peer == PEER_OPEN)
            client_try_send(c[i], request, sizeof request - 1, PATIENCE);
}

/* Reads the answers. Whole, or nothing because the connection ended; returns how many were whole. */
static int hear_round(CLIENT **c)
{
    int whole = 0;
    for (int i = 0; i < LOAD; i++) {
        if (c[i]->peer != PEER_OPEN && c[i]->taken == c[i]->length)
            continue;
        RESPONSE *r = response_try(c[i], 0, 2 * PATIENCE);
        if (r->heard == HEARD_LATE)
            response_fail(r, "an answer or the end of the connection; for 10 seconds neither came");
        if (r->heard == HEARD_CUT)
            response_fail(r, "a response that was begun, whole: its client reads promptly and the drain has not ended");
        if (r->heard == HEARD_WHOLE)
            expect_file(expect_status(r, 200), "page.html");
        whole += r->heard == HEARD_WHOLE;
    }
    return whole;
}

START_TEST(under_load)
{
    CLIENT *c[LOAD];
    serve("--drain 30");
    for (int i = 0; i < LOAD; i++)
        c[i] = client_open();
    for (int round = 0; round < 5; round++) {
        send_round(c);
        if (round < 3)
            EXPECT(hear_round(c) == LOAD, "every client gets its answer before Ctrl-C", "some did not");
        else if (round == 3) {
            server_signal(&server, SIGINT); /* while all these answers are under way */
            hear_round(c);
        }
    }
    hear_round(c);
    for (int i = 0; i < LOAD; i++)
        if (c[i]->peer == PEER_OPEN)
            expect_closed(c[i]);
        else
            client_close(c[i]);
    server_expect_clean_end(&server);
}
END_TEST

/*
 * A client ends inside its upload; its socket is made as new and waits for another one, who does not come. After the
 * time that a body may take Ctrl-C ends the wait: nothing of the old client may still be there to be answered.
 */
START_TEST(after_an_upload_that_broke_off)
{
    serve("--idle-timeout 3 --drain 30");
    for (int i = 0; i < 4; i++) {
        CLIENT *c = client_open();
        client_say(c, "%s /never.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\nhalf", i % 2 ? "POST" : "PUT",
                   i < 2 ? 100 : 1000000);
        client_half_close(c);
        while (client_receive(c, PATIENCE) > 0)
            continue;
        client_close(c);
    }
    CLIENT *silent = client_open();
    expect_usable(silent);
    expect_closed(silent); /* by now the time is over for the others, too */
    server_stop(&server);
}
END_TEST

/* New clients keep knocking while the server goes. Each is served whole, or refused, or ended before its answer. */
START_TEST(while_clients_arrive)
{
    static const char request[] = "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    int64_t end = deadline_in(ENDING);
    int served = 0;
    serve("--drain 5");
    for (int i = 0; !server_has_ended(&server); i++) {
        if (!ms_left(end))
            server_fail_running();
        if (i == 30)
            server_signal(&server, SIGINT);
        CLIENT *c = client_begin(server.port);
        if (!c)
            continue;
        client_try_send(c, request, sizeof request - 1, PATIENCE);
        RESPONSE *r = response_try(c, 0, 2 * PATIENCE);
        EXPECT(r->heard == HEARD_WHOLE || i >= 30, "an answer, before Ctrl-C", "none");
        EXPECT(r->heard != HEARD_CUT && r->heard != HEARD_LATE, "an answer, whole, or the end of the connection",
               "a part of one, or nothing for 10 seconds");
        served += r->heard == HEARD_WHOLE;
        client_close(c);
    }
    server_expect_clean_end(&server);
    EXPECT(served >= 30, "30 answers before Ctrl-C", "%d", served);
}
END_TEST

START_TEST(just_after_the_start)
{
    for (int i = 0; i < 10; i++) {
        serve("");
        CLIENT *c = client_open();
        client_say(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
        server_signal(&server, SIGINT);
        response_try(c, 0, PATIENCE); /* an answer or none; who has it goes, so that nobody lingers for him */
        client_close(c);
        server_expect_clean_end(&server);
    }
}
END_TEST

/*
 * Who is idle waits for what may come, with a timeout where the clock matters: then what comes is heard at once,
 * whatever the clock does. Tells how the main thread learned of Ctrl-C, from the journal's events behind the first so
 * many. The handler tells it in some way, by an event or a packet; the next thing that the main thread comes out of
 * should be the wait for that. 258 and Sleep are the ends of a time that has passed.
 */
static const char *woken_by_the_clock(const JOURNAL *journal, int first)
{
    static char text[80];
    const unsigned main_thread = journal->count ? journal->events[0].thread : 0;
    int told = 0;
    for (int i = first; i < journal->count; i++) {
        const EVENT *event = &journal->events[i];
        if (event->thread != main_thread) {
            told |= event_is(event, "call", "SetEvent") || event_is(event, "call", "PostQueuedCompletionStatus");
        } else if (told && (event_is(event, "woke", NULL) || event_is(event, "no-packet", NULL) ||
                            event_is(event, "dequeue", NULL))) {
            snprintf(text, sizeof text, "%s %s, error %u", event->kind, event->name, event->error);
            return event_is(event, "woke", "Sleep") || event->error == 258 ? text : NULL;
        }
    }
    return NULL;
}

START_TEST(heard_at_once)
{
    enum { TIMES = 3 }; /* a timeout may pass in the very moment of Ctrl-C, but not three times */
    const char *woken = "";
    for (int i = 0; i < TIMES && woken; i++) {
        serve_with_journal("--idle-timeout 1");
        expect_closed(client_open());
        int before = journal_read()->count;
        server_stop(&server);
        woken = woken_by_the_clock(journal_read(), before);
    }
    EXPECT(!woken, "the main thread looks for late clients now and then, and wakes up at once when Ctrl-C comes",
           "after Ctrl-C it went on sleeping until its time was over (journal: %s), three times of three", woken);
}
END_TEST

void shutdown_topic(void)
{
    topic("shutdown", "Ctrl-C: finish or cut cleanly, and exit 0");
    test(idle, "A server that cannot be stopped is killed, and with it whatever it was doing.");
    test(idle_terminated, "Service managers send SIGTERM.")->not_wine =
        "SIGTERM ends a Wine process; Windows has no such signal";
    test(after_work, "Nothing that has been done may keep the server from stopping.");
    test(idle_connections, "Kept-alive connections have nothing in flight: they are closed at once, not waited for.");
    test(response_is_finished, "Restarting a server must not break downloads.");
    test(upload_is_finished, "What a client has sent in good faith is kept.");
    test(echo_is_finished, "A request that has begun is answered.");
    test(stalled_reader, "A client that does not read must not be able to keep the server up.");
    test(stalled_upload, "What cannot be finished within the deadline is cut, and leaves nothing behind.");
    test(half_request, "A client that stops in its header must not be able to keep the server up.");
    test(late_in_the_drain, "Who is late is told so, also by a server that is about to end.");
    test(second_time, "Who presses Ctrl-C twice means now.");
    test(under_load, "Operations are in flight in every state: none may be lost, none touched after it is freed.");
    test(after_an_upload_that_broke_off, "A socket that is used again must know nothing of its last client.")->stages =
        FROM(4);
    test(while_clients_arrive, "A connection may be accepted just when the server stops.");
    test_for(
        heard_at_once, STAGE(3), NO_JOURNAL,
        "A thread in Sleep hears nothing; a wait with a timeout does both, and ends when there is something to do.");
    test(just_after_the_start, "Threads may not have begun to wait when they are told to end.");
}
