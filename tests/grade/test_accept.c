/* Stage 04: AcceptEx posted ahead, sockets that serve one client after the other, and clients that say nothing. */
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

START_TEST(no_accept_call)
{
    serve_with_journal("");
    for (int i = 0; i < 10; i++)
        expect_served();
    server_stop(&server);
    JOURNAL *journal = journal_read();
    EXPECT(!journal_count(journal, "call", "accept") && !journal_count(journal, "call", "WSAAccept"),
           "connections accepted by AcceptEx alone", "accept is called");
    EXPECT(journal_count(journal, "call", "AcceptEx"), "connections accepted by AcceptEx", "it is never called");
}
END_TEST

START_TEST(accepts_posted_ahead)
{
    serve_with_journal("");
    EXPECT(WAIT_UNTIL(journal_out(journal_read(), "AcceptEx", "accept") >= 25, PATIENCE),
           "25 or more AcceptEx posted before the first client comes", "%d",
           journal_out(journal_read(), "AcceptEx", "accept"));
    for (int i = 0; i < 80; i++)
        expect_usable(client_open());
    EXPECT(WAIT_UNTIL(journal_out(journal_read(), "AcceptEx", "accept") >= 1, PATIENCE),
           "AcceptEx posted anew as clients take them", "none is out with 80 clients");
    expect_served();
}
END_TEST

START_TEST(sockets_are_reused)
{
    enum { COUNT = 300 };
    serve_with_journal("");
    for (int i = 0; i < COUNT; i++) {
        CLIENT *c = client_open();
        expect_status(ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"), 200);
        expect_closed(c);
    }
    server_stop(&server);
    JOURNAL *journal = journal_read();
    int sockets = journal_count(journal, "call", "WSASocket*") + journal_count(journal, "call", "socket");
    EXPECT(sockets <= COUNT / 2, "sockets that serve one client after the other (DisconnectEx with TF_REUSE_SOCKET)",
           "%d sockets made for %d clients", sockets, COUNT);
    EXPECT(journal_count(journal, "call", "DisconnectEx"), "DisconnectEx", "it is never called");
}
END_TEST

/* Starts a server that accepts clients with their first bytes, and sees natively whether it asks for any. */
static void serve_first_data(const char *options)
{
    if (run.wine) {
        serve(options);
        return;
    }
    serve_with_journal(options);
    EXPECT(WAIT_UNTIL(journal_most(journal_read(), "call", "AcceptEx") > 0, PATIENCE),
           "with --first-data a dwReceiveDataLength in AcceptEx", "0 in every call");
}

/* With first data an AcceptEx ends only when its client speaks: the silent ones hold all that were posted. */
START_TEST(silent_clients_and_first_data)
{
    CLIENT *silent[100];
    serve_first_data("--first-data --idle-timeout 2");
    for (int i = 0; i < 100; i++)
        silent[i] = client_open();
    for (int i = 0; i < 10; i++)
        expect_served();
    for (int i = 0; i < 100; i++)
        expect_closed(silent[i]);
    expect_served();
}
END_TEST

START_TEST(first_data_is_used)
{
    serve_first_data("--first-data");
    for (int i = 0; i < 50; i++)
        expect_served();
    CLIENT *c = client_open();
    client_send_slowly(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n", 39);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    c = client_open();
    client_half_close(c);
    expect_closed(c);
}
END_TEST

START_TEST(one_accept_ahead)
{
    CLIENT *c[100];
    serve("--accepts 1");
    for (int i = 0; i < 100; i++)
        c[i] = client_open();
    for (int i = 99; i >= 0; i--)
        expect_usable(c[i]);
}
END_TEST

void accept_topic(void)
{
    topic("accept", "AcceptEx ahead, and sockets used again");
    test_for(no_accept_call, FROM(4), NO_JOURNAL, "A thread that waits in accept is a thread that does nothing else.");
    test_for(accepts_posted_ahead, FROM(4), NO_JOURNAL, "A burst of clients finds sockets ready.");
    test_for(sockets_are_reused, FROM(4), NO_JOURNAL,
             "Making a socket is slow; DisconnectEx gives it back for the next client.");
    test_for(silent_clients_and_first_data, FROM(4), NULL,
             "A reaper must find them, by SO_CONNECT_TIME, and others be let in meanwhile.");
    test_for(first_data_is_used, FROM(4), NULL,
             "The first read is spared; what it brings is a request like any other.");
    test_for(one_accept_ahead, FROM(4), NULL, "The listener runs dry at every client and must be topped up.");
}
