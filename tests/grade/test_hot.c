/*
 * Stage 05: the hot path asks for no memory. A library that is loaded before the server counts what the whole process
 * asks for, Win32 port and all (preload/allocations.c).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "status.h"
#include "story.h"
#include "suite.h"

#define NO_COUNT "allocations are counted by a library that is loaded before a Linux program"

enum { CLIENTS = 8, WARM = 1000 };

static const volatile uint64_t *counted;

/* Copies the library to where the server may read it; it lies beside the judge, whose folder may be shut to others. */
static void copy_library(char *path, size_t size)
{
    char from[SERVER_PATH] = "";
    size_t bytes;
    ssize_t length = readlink("/proc/self/exe", from, sizeof from - 32);
    char *slash = length > 0 ? strrchr(from, '/') : NULL;
    EXPECT(slash, "the folder of the judge", "no /proc/self/exe");
    strcpy(slash + 1, "allocations.so");
    char *content = read_text(from, &bytes);
    EXPECT(bytes, "the library that counts, beside the judge", "no %s: `make` builds it", from);
    snprintf(path, size, "%s/allocations.so", run.folder);
    int copy = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    EXPECT(copy >= 0 && write(copy, content, bytes) == (ssize_t)bytes, "room for a copy of it", "none at %s", path);
    close(copy);
    free(content);
}

/* Starts the server with the library that counts. */
static void serve_counted(const char *options)
{
    char library[SERVER_PATH] = "", file[SERVER_PATH];
    uint64_t zero = 0;
    if (run.sanitized)
        story_skip("a sanitizer brings its own malloc, which cannot be replaced");
    copy_library(library, sizeof library);
    snprintf(file, sizeof file, "%s/allocations", run.folder);
    int count = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666 | O_CLOEXEC, 0600);
    EXPECT(count >= 0 && write(count, &zero, sizeof zero) == sizeof zero && fchmod(count, 0666) == 0,
           "a file for the count", "none in %s", file);
    counted = mmap(NULL, sizeof zero, PROT_READ, MAP_SHARED, count, 0);
    close(count);
    unsetenv("WIN32_VERIFIER"); /* it allocates, for what it notes of each operation */
    setenv("LD_PRELOAD", library, 1);
    setenv("GRADE_ALLOCATIONS", file, 1);
    serve(options);
    unsetenv("LD_PRELOAD");
    unsetenv("GRADE_ALLOCATIONS");
    EXPECT(*counted, "a server that asks for memory when it starts", "a count of 0: the library was not loaded");
}

/* Requests over connections that stay. Returns the allocations meanwhile. */
static uint64_t allocations_for(CLIENT **c, int requests)
{
    uint64_t before = *counted;
    for (int done = 0; done < requests; done += CLIENTS) {
        for (int i = 0; i < CLIENTS; i++)
            client_say(c[i], "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
        for (int i = 0; i < CLIENTS; i++) {
            RESPONSE *r = expect_status(response(c[i]), 200);
            expect_text(r, SMALL_TEXT);
            free(r->body);
            free(r->head);
            free(r);
        }
    }
    return *counted - before;
}

/*
 * Many requests. Only three things may cost anything, none of them with the number of requests: once a second the server
 * looks whether the file has changed; the pool of the log may find that it needs more lines than ever before; and each
 * thread of the port keeps records of operations that others made, up to a limit, until all have enough.
 */
static void expect_nothing_for_requests(const char *options)
{
    enum { REQUESTS = 5000, A_LOOK = 50, RECORDS = 64 };
    CLIENT *c[CLIENTS];
    serve_counted(options);
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = client_open();
        c[i]->number += 1000; /* they tell no steps */
    }
    allocations_for(c, WARM);
    int64_t begun = now_ms();
    uint64_t cost = allocations_for(c, REQUESTS);
    int looks = (int)((now_ms() - begun) / 1000) + 1;
    uint64_t may = (uint64_t)(looks * A_LOOK + server_threads(&server) * RECORDS);
    EXPECT(cost <= may, "no allocation for a file that is kept in memory, however often it is asked for",
           "%llu for %d requests in %d s, where %llu may have other reasons", (unsigned long long)cost, REQUESTS, looks,
           (unsigned long long)may);
}

START_TEST(no_allocation_for_a_request)
{
    expect_nothing_for_requests("--hot 1024");
}
END_TEST

START_TEST(no_allocation_for_a_line_of_the_log)
{
    char options[SERVER_PATH];
    site_build();
    snprintf(options, sizeof options, "--hot 1024 --log %s/access.log", site.uploads);
    expect_nothing_for_requests(options);
}
END_TEST

/* Others come and go: their sockets, buffers and requests are there already. */
START_TEST(a_connection_costs_little)
{
    enum { CROWD = 10, ROUNDS = 30 }; /* fewer than the accepts that are out */
    uint64_t after[ROUNDS];
    serve_counted("--hot 1024");
    for (int round = 0; round < ROUNDS; round++) {
        CLIENT *c[CROWD];
        for (int i = 0; i < CROWD; i++)
            client_say(c[i] = client_open(), "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < CROWD; i++) {
            expect_text(expect_status(response(c[i]), 200), SMALL_TEXT);
            expect_closed(c[i]);
        }
        after[round] = *counted;
    }
    uint64_t last = after[ROUNDS - 1] - after[ROUNDS / 2 - 1];
    EXPECT(last <= CROWD * ROUNDS / 2 * 4, "no more than a socket's own memory for a client that comes and goes",
           "%llu allocations for %d connections", (unsigned long long)last, CROWD * ROUNDS / 2);
}
END_TEST

void hot_topic(void)
{
    topic("hot", "the path that every request takes");
    test_for(no_allocation_for_a_request, FROM(5), NO_COUNT,
             "Allocation is one of the four horsemen: what a request needs is there before it comes.");
    test_for(no_allocation_for_a_line_of_the_log, FROM(5), NO_COUNT,
             "The lines of the log, too, come from a pool and go back to it.");
    test_for(a_connection_costs_little, FROM(5), NO_COUNT, "What a connection leaves is used for the next.");
}
