/*
 * What is inside: the facts that make a stage what it is, seen from /proc and from the journal of the Win32 calls. All
 * stages, then 01 and 02; the completion port of the later ones is in test_engine_port.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "engine.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

JOURNAL *work_and_stop(const char *options)
{
    serve_with_journal(options);
    CLIENT *c = client_open();
    expect_usable(c);
    expect_pattern(expect_status(get(c, "/megabyte.bin"), 200), 0, MEGABYTE);
    expect_text(expect_status(ask(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"), 200), "hi");
    expect_status(ask(c, "PUT /new.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nnew"), 201);
    for (int i = 0; i < 10; i++)
        expect_served();
    client_reset(client_open());
    client_open();
    client_say(client_open(), "GET /small.t");
    expect_served();
    client_close_all();
    server_stop(&server);
    return journal_read();
}

/* --- all stages --------------------------------------------------------------------------------------------------- */

/* A neighbour who never stops asking: its socket is always ready, and others must get their turn all the same. */
START_TEST(busy_neighbours)
{
    enum { BUSY = 6, MANY = 64 * 1024 };
    static char requests[MANY];
    CLIENT *busy[BUSY], *quiet;
    serve("");
    for (size_t at = 0; at + 100 < MANY; at = strlen(requests))
        strcat(requests + at, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    for (int i = 0; i < BUSY; i++)
        busy[i] = client_open();
    quiet = client_open();
    for (int i = 0; i < BUSY; i++)
        client_try_send(busy[i], requests, strlen(requests), 0);
    for (int turn = 0; turn < 20; turn++) {
        int64_t end = deadline_in(PATIENCE);
        client_say(quiet, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
        while (client_receive(quiet, 0) < 0) {
            EXPECT(ms_left(end), "an answer, while six others ask without a pause", "none for 5 seconds");
            for (int i = 0; i < BUSY; i++) {
                client_try_send(busy[i], requests, strlen(requests), 0);
                client_receive(busy[i], 0);
                busy[i]->taken = busy[i]->length;
            }
        }
        expect_text(expect_status(response(quiet), 200), SMALL_TEXT);
    }
}
END_TEST

START_TEST(nothing_left_in_flight)
{
    JOURNAL *journal = work_and_stop("");
    const EVENT *left = journal_unfinished(journal);
    EXPECT(!left, "every operation has completed when the server exits",
           "a %s on handle 0x%llx, OVERLAPPED 0x%llx, is still out", left->name, (unsigned long long)left->handle,
           (unsigned long long)left->overlapped);
}
END_TEST

START_TEST(nothing_left_under_load)
{
    serve_with_journal("--drain 1");
    site_add_sparse("large.bin", 64 * MEGABYTE, 4096);
    for (int i = 0; i < 50; i++) {
        CLIENT *c = client_connect(server.port, 4096);
        if (i % 5)
            client_say(c, i % 5 == 1   ? "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n"
                          : i % 5 == 2 ? "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf"
                          : i % 5 == 3 ? "PUT /never HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf"
                                       : "GET /small.txt HTTP/1.1\r\n");
    }
    expect_served();
    server_stop(&server);
    const EVENT *left = journal_unfinished(journal_read());
    EXPECT(!left, "every operation has completed when the server exits", "a %s, OVERLAPPED 0x%llx, is still out",
           left->name, (unsigned long long)left->overlapped);
}
END_TEST

/*
 * Readers that take nothing. What the server reads and sends ahead for them is bounded by its buffers, not by the files
 * that they asked for: else a few of them with slow lines take all memory.
 */
START_TEST(stalled_readers_hold_little)
{
    enum { READERS = 20, FILE_SIZE = 16 * MEGABYTE, EACH = 3 * MEGABYTE };
    CLIENT *c[READERS];
    serve("");
    site_add_sparse("large.bin", FILE_SIZE, 4096);
    expect_served();
    size_t before = server_memory(&server);
    for (int i = 0; i < READERS; i++) {
        c[i] = client_connect(server.port, 4096);
        client_say(c[i], "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < READERS; i++)
        expect_status(response_head(c[i]), 200);
    size_t during = 0;
    for (int i = 0; i < 20; i++) { /* meanwhile it reads ahead as far as it likes */
        expect_served();
        size_t now = server_memory(&server);
        during = now > during ? now : during;
    }
    EXPECT(during < before + READERS * (size_t)EACH, "less than 3 MB of memory for each reader of a file of 16 MB",
           "%zu MB for 20 readers", (during - before) / MEGABYTE);
}
END_TEST

/* --- 01: a thread a connection ------------------------------------------------------------------------------------ */

static void echo_a_word(CLIENT *c)
{
    expect_text(expect_status(ask(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"), 200), "hi");
}

START_TEST(threads_grow_with_connections)
{
    enum { COUNT = 30 };
    CLIENT *c[COUNT];
    serve("");
    int before = server_threads(&server);
    for (int i = 0; i < COUNT; i++) {
        c[i] = client_open();
        echo_a_word(c[i]);
    }
    int during = server_threads(&server);
    EXPECT(during >= before + COUNT - 2, "a thread for each of 30 connections", "%d threads, %d before", during,
           before);
    for (int i = 0; i < COUNT; i++)
        client_close(c[i]);
    EXPECT(WAIT_UNTIL(server_threads(&server) <= before + 2, PATIENCE), "threads that end with their connections",
           "%d threads, %d before", server_threads(&server), before);
}
END_TEST

/* The handle of a thread is no descriptor; that it is closed can be seen in the journal only. */
static int thread_handles_left(void)
{
    JOURNAL *journal = journal_read();
    return journal_count(journal, "call", "CreateThread") - journal_count(journal, "call", "CloseHandle");
}

START_TEST(connections_leave_nothing)
{
    enum { COUNT = 20, FEW = 2 }; /* the listen thread; and one that is about to end */
    serve_with_journal("");
    int threads = server_threads(&server), descriptors = server_descriptors(&server);
    for (int i = 0; i < COUNT; i++) {
        CLIENT *c = client_open(), *silent = client_open();
        echo_a_word(c);
        client_close(c);
        client_reset(silent); /* its recv fails */
        server_expect_alive(&server);
    }
    EXPECT(WAIT_UNTIL(server_threads(&server) <= threads + FEW, PATIENCE), "threads that end with their connections",
           "%d threads, %d before", server_threads(&server), threads);
    EXPECT(WAIT_UNTIL(server_descriptors(&server) <= descriptors + 2 * FEW, PATIENCE), "sockets that are closed",
           "%d more open descriptors after 40 connections", server_descriptors(&server) - descriptors);
    EXPECT(WAIT_UNTIL(thread_handles_left() <= FEW, PATIENCE), "a CloseHandle for the handle from each CreateThread",
           "%d handles that are left open after 40 connections", thread_handles_left());
}
END_TEST

START_TEST(calls_block)
{
    JOURNAL *journal = work_and_stop("");
    const EVENT *pending = journal_find(journal, "pending", NULL, 0);
    EXPECT(!pending, "calls that return when they are done", "a %s that was left pending", pending->name);
    EXPECT(!journal_count(journal, "call", "GetQueuedCompletionStatus*"), "no completion port yet",
           "GetQueuedCompletionStatus is called");
}
END_TEST

/* --- 02: one thread, sixty-four waits ----------------------------------------------------------------------------- */

START_TEST(one_thread)
{
    serve("");
    expect_served();
    int before = server_threads(&server);
    for (int i = 0; i < 40; i++)
        expect_usable(client_open());
    EXPECT(server_threads(&server) <= before, "as many threads with 40 connections as with none",
           "%d threads, %d before", server_threads(&server), before);
}
END_TEST

START_TEST(one_thread_makes_all_calls)
{
    static const char *const calls[] = {"WSARecv", "WSASend", "ReadFile", "accept", "AcceptEx"};
    JOURNAL *journal = work_and_stop("");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        EXPECT(journal_threads(journal, "call", calls[i]) <= 1, "one thread that does everything", "%s from %d threads",
               calls[i], journal_threads(journal, "call", calls[i]));
}
END_TEST

/* Ninety ask, more than the wall lets in. As some leave the next come in; none is lost. */
static void ninety_clients(void)
{
    enum { COUNT = 90 };
    CLIENT *c[COUNT];
    for (int i = 0; i < COUNT; i++) {
        c[i] = client_open();
        client_say(c[i], "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < COUNT; i++) {
        expect_text(expect_status(response(c[i]), 200), SMALL_TEXT);
        client_close(c[i]);
    }
    expect_served();
}

START_TEST(the_65th_waits_its_turn)
{
    serve("");
    ninety_clients();
}
END_TEST

START_TEST(waits_stay_within_64)
{
    serve_with_journal("");
    ninety_clients();
    server_stop(&server);
    JOURNAL *journal = journal_read();
    uint64_t most = journal_most(journal, "call", "WSAWaitForMultipleEvents");
    uint64_t objects = journal_most(journal, "call", "WaitForMultipleObjects*");
    EXPECT(most || objects, "waits for several events", "none");
    EXPECT(most <= 64 && objects <= 64, "waits for 64 events at most (WSA_MAXIMUM_WAIT_EVENTS)", "one for %llu",
           (unsigned long long)(most > objects ? most : objects));
}
END_TEST

START_TEST(high_slots_are_served)
{
    enum { COUNT = 55 };
    CLIENT *c[COUNT];
    serve("");
    for (int i = 0; i < COUNT; i++)
        c[i] = client_open();
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < COUNT; i++)
            client_say(c[i], "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
        for (int i = COUNT - 1; i >= 0; i--)
            expect_text(expect_status(response(c[i]), 200), SMALL_TEXT);
    }
}
END_TEST

START_TEST(socket_calls_are_overlapped)
{
    JOURNAL *journal = work_and_stop("");
    static const char *const calls[] = {"WSARecv", "WSASend"};
    for (size_t i = 0; i < 2; i++) {
        EXPECT(journal_count(journal, "call", calls[i]), "overlapped reads and writes of sockets", "%s is never called",
               calls[i]);
        EXPECT(!journal_find(journal, "call", calls[i], 1), "an OVERLAPPED in every call", "%s without one", calls[i]);
    }
    EXPECT(!journal_count(journal, "call", "recv") && !journal_count(journal, "call", "send"),
           "overlapped reads and writes of sockets", "recv or send is called");
}
END_TEST

void engine_topic(void)
{
    topic("engine", "what is inside, stage by stage");
    test(busy_neighbours, "A loop that serves the first that is ready never gets to the last.");
    test_for(nothing_left_in_flight, ALL_STAGES, NO_JOURNAL,
             "An operation that is out when its memory goes writes into whatever comes after.");
    test_for(nothing_left_under_load, ALL_STAGES, NO_JOURNAL, "The same when clients have stopped in every phase.");

    test_for(stalled_readers_hold_little, ALL_STAGES, "it reads /proc, where a process under Wine is another one",
             "A reader that stops must not cost its file's size: what is in flight to one client has a limit.");

    test_for(threads_grow_with_connections, STAGE(1), NULL,
             "That is the design of this stage, and its limit: a stack for each client.");
    test_for(connections_leave_nothing, STAGE(1), NO_JOURNAL,
             "What each client leaves behind adds up to a server's end.");
    test_for(calls_block, STAGE(1), NO_JOURNAL, "A thread that may wait needs no OVERLAPPED.");

    test_for(one_thread, STAGE(2), NULL, "Overlapped operations need no thread to wait in.");
    test_for(one_thread_makes_all_calls, STAGE(2), NO_JOURNAL, "One thread means no locks.");
    test_for(waits_stay_within_64, STAGE(2), NO_JOURNAL, "A wait for more than 64 events fails.");
    test_for(the_65th_waits_its_turn, STAGE(2), NULL, "The wall must be met by waiting, not by dropping.");
    test_for(high_slots_are_served, STAGE(2), NULL,
             "The wait tells the lowest index that is signaled: the others must get their turn.");
    test_for(socket_calls_are_overlapped, FROM(2), NO_JOURNAL, "One blocking call holds up everybody.");

    engine_port_tests();
}
