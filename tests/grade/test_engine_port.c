/* What is inside from stage 03 on: a completion port, and a fixed pool of workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define NO_DEVICE UINT64_MAX /* INVALID_HANDLE_VALUE, as the journal writes it */

START_TEST(threads_are_fixed)
{
    serve("");
    for (int i = 0; i < 20; i++)
        expect_served();
    int before = server_threads(&server);
    for (int i = 0; i < 150; i++) {
        CLIENT *c = client_open();
        if (i % 2)
            expect_usable(c);
    }
    int during = server_threads(&server);
    EXPECT(during <= before, "as many threads with 150 connections as with none", "%d threads, %d before", during,
           before);
}
END_TEST

/* How many threads wait at the completion port on a machine with so many processors. */
static int workers(int processors, const char *options)
{
    char faults[32];
    snprintf(faults, sizeof faults, "processors %d", processors);
    story_step("let it see %d processors: WIN32_FAULTS='%s'", processors, faults);
    setenv("WIN32_FAULTS", faults, 1);
    JOURNAL *journal = work_and_stop(options); /* the main thread may have a small port of its own */
    unsetenv("WIN32_FAULTS");
    return journal_threads_at_one(journal, "call", "GetQueuedCompletionStatus*");
}

/* Three processors: neither factor alone gives what both give. */
START_TEST(workers_as_told)
{
    enum { PROCESSORS = 3 };
    int one = workers(PROCESSORS, "--threads-per-cpu 1"), two = workers(PROCESSORS, "--threads-per-cpu 2");
    EXPECT(one > 0, "threads that wait on the completion port", "none");
    EXPECT(one == PROCESSORS && two == 2 * PROCESSORS,
           "3 workers for --threads-per-cpu 1 and 6 for --threads-per-cpu 2, on three processors", "%d and %d", one,
           two);
}
END_TEST

/* A machine with so many processors that a worker for each would be more than one wait can see off. */
START_TEST(no_more_than_64_workers)
{
    enum { FEWEST = 3, MOST = 64 };
    int count = workers(40, "--threads-per-cpu 3");
    EXPECT(count >= FEWEST && count <= MOST,
           "3 to 64 workers: as many as wanted, but no more than one wait can see off", "%d", count);
}
END_TEST

/* A port for something else may let fewer run; a server may have its reasons for more. */
START_TEST(as_many_run_as_processors)
{
    serve_with_journal("");
    JOURNAL *journal = journal_read();
    int ports = 0;
    for (int i = 0; i < journal->count; i++) {
        const EVENT *call = &journal->events[i];
        if (event_is(call, "call", "CreateIoCompletionPort") && call->handle == NO_DEVICE)
            ports += !call->bytes || call->bytes >= (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    }
    EXPECT(ports,
           "a completion port whose concurrency value is 0, which stands for the number of processors, or not less",
           "none among those that are made");
}
END_TEST

/* Clients that leave, some politely and some by a reset in mid-request: nothing is kept open for them. */
START_TEST(sockets_are_given_back)
{
    enum { COUNT = 20, SLACK = 3 }; /* the port opens an eventfd when the first thread waits, which may be late */
    serve("");
    CLIENT *first = client_open();
    expect_text(expect_status(ask(first, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"), 200),
                "hi");
    int before = server_descriptors(&server);
    story_step("%d clients that are answered and leave, and as many that reset in mid-request", COUNT);
    for (int i = 0; i < COUNT; i++) {
        CLIENT *polite = client_open(), *rude = client_open();
        expect_status(ask(polite, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"), 200);
        client_close(polite);
        client_say(rude, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf");
        client_await_delivery(rude);
        client_reset(rude);
    }
    EXPECT(WAIT_UNTIL(server_descriptors(&server) <= before + SLACK, PATIENCE / 2),
           "no more open sockets than before they came", "%d descriptors, %d before", server_descriptors(&server),
           before);
}
END_TEST

/* Whether the handle asked for no packet when an operation succeeds at once (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS). */
static int skips_packets(const JOURNAL *journal, uint64_t handle)
{
    for (int i = 0; i < journal->count; i++)
        if (event_is(&journal->events[i], "call", "SetFileCompletionNotificationModes") &&
            journal->events[i].handle == handle)
            return 1;
    return 0;
}

START_TEST(files_go_through_the_port)
{
    JOURNAL *journal = work_and_stop("");
    EXPECT(journal_count(journal, "call", "ReadFile"), "files read by ReadFile", "it is never called");
    EXPECT(!journal_find(journal, "call", "ReadFile", 1), "an OVERLAPPED in every ReadFile", "one without");
    EXPECT(!journal_find(journal, "call", "WriteFile", 1), "an OVERLAPPED in every WriteFile", "one without");
    for (int i = 0; i < journal->count; i++) {
        const EVENT *call = &journal->events[i];
        int taken = 0;
        if (!event_is(call, "complete", "file-read") || skips_packets(journal, call->handle))
            continue; /* where packets are skipped, those that are due are judged by every_packet_is_taken */
        for (int j = i + 1; j < journal->count && !taken; j++)
            taken = event_is(&journal->events[j], "dequeue", NULL) && journal->events[j].overlapped == call->overlapped;
        EXPECT(taken, "the end of every ReadFile taken from the completion port", "one that is not (OVERLAPPED 0x%llx)",
               (unsigned long long)call->overlapped);
    }
}
END_TEST

START_TEST(one_exit_packet_a_worker)
{
    JOURNAL *journal = work_and_stop("--threads-per-cpu 3");
    int threads = journal_threads_at_one(journal, "call", "GetQueuedCompletionStatus*"), posts = 0, taken = 0;
    for (int i = 0; i < journal->count; i++) {
        posts += event_is(&journal->events[i], "call", "PostQueuedCompletionStatus");
        taken += event_is(&journal->events[i], "dequeue", "packet") && !journal->events[i].overlapped;
    }
    /* More are no mistake: packets may be posted for other ends, too, and who takes several exits gives some back. */
    EXPECT(posts >= threads, "one PostQueuedCompletionStatus(IO_THREAD_SHUTDOWN) for each worker", "%d for %d workers",
           posts, threads);
    EXPECT(taken >= threads, "an exit packet taken by each worker", "%d taken, %d workers", taken, threads);
    if (!journal_find(journal, "call", "PostQueuedCompletionStatus", 0))
        EXPECT(posts == taken, "no exit packet left in the port when it is closed", "%d posted and %d taken", posts,
               taken);
    EXPECT(journal_count(journal, "thread-end", NULL) >= threads, "every worker ends before the server does",
           "%d of %d threads ended", journal_count(journal, "thread-end", NULL), threads);
}
END_TEST

START_TEST(every_packet_is_taken)
{
    JOURNAL *journal = work_and_stop("");
    const EVENT *left = journal_untaken(journal);
    EXPECT(!left, "every packet is taken from the port before it is closed", "that of a %s (OVERLAPPED 0x%llx) is not",
           left->name, (unsigned long long)left->overlapped);
}
END_TEST

void engine_port_tests(void)
{
    test_for(threads_are_fixed, FROM(3), NULL,
             "Threads cost stacks and switches; their number follows the processors, not the clients.");
    test_for(workers_as_told, FROM(3), NO_JOURNAL, "ThreadsPerCPU times processors: the seed of all tuning.");
    test_for(no_more_than_64_workers, FROM(3), NO_JOURNAL,
             "WaitForMultipleObjects fails with more than 64 handles, and then nobody waits for the workers' end.");
    test_for(as_many_run_as_processors, FROM(3), NO_JOURNAL, "More that run at a time only take turns on a processor.");
    test_for(sockets_are_given_back, STAGE(3), "descriptors are counted in /proc",
             "A connection that nobody frees is lost memory and a lost handle: after a day none is left.");
    test_for(files_go_through_the_port, FROM(3), NO_JOURNAL, "A worker that waits for a disk serves nobody.");
    test_for(one_exit_packet_a_worker, STAGE(3) | STAGE(4), NO_JOURNAL,
             "A packet wakes one thread: too few leave a thread waiting for ever.");
    test_for(every_packet_is_taken, FROM(3), NO_JOURNAL,
             "A packet left in the port is a connection that is never freed.");
}
