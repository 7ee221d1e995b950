/* Stage 05: memory that is scarce, several operations in flight, and bytes that stay in order all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

START_TEST(idle_connections_hold_no_buffer)
{
    enum { COUNT = 50 };
    serve_with_journal("");
    for (int i = 0; i < COUNT; i++)
        expect_usable(client_open());
    JOURNAL *journal = journal_read();
    int waiting = 0;
    for (int i = 0; i < journal->count; i++) {
        const EVENT *event = &journal->events[i];
        if (!event_is(event, "pending", "receive") || journal_ends(journal, i, "complete"))
            continue;
        EXPECT(event->bytes == 0, "a read of no bytes on every idle connection", "one of %llu bytes",
               (unsigned long long)event->bytes);
        waiting++;
    }
    EXPECT(waiting >= COUNT - 5, "a pending read on every idle connection", "%d of %d", waiting, COUNT);
}
END_TEST

/* Everything that moves bytes, with options that make it hard. */
static void bytes_stay_in_order(const char *options)
{
    enum { SIZE = 3 * MEGABYTE + 12345 };
    serve(options);
    site_add_pattern("large.bin", SIZE);
    CLIENT *up = client_open(), *down = client_connect(server.port, 8192), *echo = client_open();
    for (int i = 0; i < 2; i++) {
        client_say(down, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        client_say(up, "PUT /large.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", SIZE);
        client_send_pattern(up, 0, SIZE);
        client_say(echo, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n");
        client_send_pattern(echo, 0, 100000);
        expect_status(response(up), 201);
        expect_pattern(expect_status(response(down), 200), 0, SIZE);
        expect_pattern(expect_status(response(echo), 200), 0, 100000);
    }
    size_t length;
    unsigned char *content = upload_content("large.bin", &length);
    EXPECT(content && length == SIZE && pattern_differs(content, 0, length) == length, "the upload as it was sent",
           "%zu bytes, the first wrong one at %zu", length, content ? pattern_differs(content, 0, length) : 0);
}

START_TEST(several_operations_in_order)
{
    bytes_stay_in_order("--reads 8 --writes 8");
}
END_TEST

START_TEST(no_send_buffer)
{
    bytes_stay_in_order("--sndbuf 0 --writes 4");
}
END_TEST

START_TEST(files_by_transmit)
{
    bytes_stay_in_order("--transmit 1");
}
END_TEST

START_TEST(buffers_run_out)
{
    enum { COUNT = 100 };
    CLIENT *c[COUNT];
    serve("--buffers 4 --buffer 4096");
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    for (int i = 0; i < COUNT; i++)
        client_say(c[i], "GET /%s HTTP/1.1\r\nHost: test\r\n\r\n", i % 4 ? "small.txt" : "page.html");
    for (int i = 0; i < COUNT; i++)
        expect_file(expect_status(response(c[i]), 200), i % 4 ? "small.txt" : "page.html");
}
END_TEST

/* What comes along with the accept needs a buffer at once, before any read. */
START_TEST(first_requests_share_few_buffers)
{
    enum { COUNT = 60 };
    CLIENT *c[COUNT];
    serve("--first-data --buffers 4");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            c[i] = client_open();
            client_say(c[i], "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        }
        for (int i = 0; i < COUNT; i++) {
            expect_text(expect_status(response(c[i]), 200), SMALL_TEXT);
            client_close(c[i]);
        }
    }
}
END_TEST

/* Starts the server with its guestbook open. */
static void serve_guestbook(void)
{
    char options[SERVER_PATH + 32], folder[SERVER_PATH];
    site_build();
    snprintf(options, sizeof options, "--guestbook %s/book.db", server_path(site.uploads, folder, sizeof folder));
    serve(options);
}

static void sign(CLIENT *c, const char *name, const char *text)
{
    char body[512];
    snprintf(body, sizeof body, "name=%s&text=%s", name, text);
    RESPONSE *r = ask(c,
                      "POST /guestbook HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                      "Content-Length: %zu\r\n\r\n%s",
                      strlen(body), body);
    expect_status(r, 303);
}

static int count_text(const char *where, const char *what)
{
    int count = 0;
    for (const char *at = where; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

START_TEST(guestbook_keeps_every_entry)
{
    enum { CLIENTS = 8, EACH = 5 };
    CLIENT *clients[CLIENTS];
    char name[32];
    serve_guestbook();
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_open();
    for (int n = 0; n < EACH; n++)
        for (int i = 0; i < CLIENTS; i++) {
            snprintf(name, sizeof name, "visitor%d%d", i, n);
            sign(clients[i], name, "Hello+there");
        }
    for (int again = 0; again < 2; again++) {
        RESPONSE *r = expect_status(ask(client_open(), "GET /guestbook.json HTTP/1.1\r\nHost: test\r\n\r\n"), 200);
        EXPECT(count_text((const char *)r->body, "visitor") == CLIENTS * EACH, "every entry that was answered with 303",
               "%d of %d", count_text((const char *)r->body, "visitor"), CLIENTS * EACH);
        if (!again) {
            server_stop(&server);
            serve_guestbook();
        }
    }
}
END_TEST

START_TEST(guestbook_text_stays_text)
{
    serve_guestbook();
    CLIENT *c = client_open();
    sign(c, "Robert%27%29%3B+DROP+TABLE+entries%3B--", "%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    RESPONSE *page = expect_status(ask(c, "GET /guestbook HTTP/1.1\r\nHost: test\r\n\r\n"), 200);
    EXPECT(!strstr((const char *)page->body, "<script>alert"), "what visitors write escaped in the page",
           "their script is in it");
    EXPECT(strstr((const char *)page->body, "DROP TABLE"), "the name as it was written", "it is not in the page");
}
END_TEST

void buffers_topic(void)
{
    topic("buffers", "scarce memory, and several operations in order");
    test_for(idle_connections_hold_no_buffer, FROM(5), NO_JOURNAL,
             "A pending read locks its buffer's pages; most connections say nothing most of the time.");
    test_for(several_operations_in_order, FROM(5), NULL, "Operations complete in any order; the bytes must not.");
    test_for(no_send_buffer, FROM(5), NULL,
             "Without SO_SNDBUF the program's own pages are sent from: they may not change under way.");
    test_for(files_by_transmit, FROM(5), NULL, "TransmitFile sends header and file in one call.");
    test_for(buffers_run_out, FROM(5), NULL, "A request that finds no buffer waits for one; it is not dropped.");
    test_for(first_requests_share_few_buffers, FROM(5), NULL,
             "A buffer that is not given back is missing for the next.");
    test_for(guestbook_keeps_every_entry, FROM(5), "the .exe is built without SQLite",
             "Business logic that blocks must lose nothing, whoever else signs.");
    test_for(guestbook_text_stays_text, FROM(5), "the .exe is built without SQLite",
             "Text of visitors is neither SQL nor HTML.");
}
