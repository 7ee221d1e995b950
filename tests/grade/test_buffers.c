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
}
