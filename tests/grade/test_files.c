/* Files that are large, and files that change under the server's hands. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define GIGABYTE (UINT64_C(1) << 30)
#define HUGE_SIZE (4 * GIGABYTE + 100000) /* its lower 32 bits alone are a small file's */

/* More than 4 GB, of holes; the pattern at both ends and on both sides of 4 GB, where 32 bits run over. */
static void add_huge(void)
{
    enum { AROUND = 4096 };
    char bytes[2 * AROUND];
    serve("");
    site_add_sparse("huge.bin", HUGE_SIZE, MEGABYTE);
    int file = open(site_path("huge.bin"), O_WRONLY | O_CLOEXEC);
    pattern_fill(bytes, 4 * GIGABYTE - AROUND, sizeof bytes);
    EXPECT(pwrite(file, bytes, sizeof bytes, (off_t)(4 * GIGABYTE - AROUND)) == sizeof bytes,
           "a file of the test's own", "it cannot be written");
    close(file);
}

START_TEST(huge_by_range)
{
    static const struct {
        uint64_t first, last;
    } rows[] = {
        {0, 99},
        {4 * GIGABYTE - 10, 4 * GIGABYTE + 9},
        {4 * GIGABYTE - 1, 4 * GIGABYTE - 1},
        {4 * GIGABYTE, 4 * GIGABYTE},
        {4 * GIGABYTE - 4096, 4 * GIGABYTE + 4095},
        {HUGE_SIZE - 65536, HUGE_SIZE - 1},
        {HUGE_SIZE - 1, HUGE_SIZE - 1},
    };
    add_huge();
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[100];
        RESPONSE *r = ask(c, "GET /huge.bin HTTP/1.1\r\nHost: test\r\nRange: bytes=%llu-%llu\r\n\r\n",
                          (unsigned long long)rows[i].first, (unsigned long long)rows[i].last);
        expect_status(r, 206);
        snprintf(said, sizeof said, "bytes %llu-%llu/%llu", (unsigned long long)rows[i].first,
                 (unsigned long long)rows[i].last, (unsigned long long)HUGE_SIZE);
        expect_field(r, "Content-Range", said);
        expect_pattern(r, rows[i].first, (size_t)(rows[i].last - rows[i].first + 1));
    }
    expect_pattern(expect_status(ask(c, "GET /huge.bin HTTP/1.1\r\nHost: test\r\nRange: bytes=-20\r\n\r\n"), 206),
                   HUGE_SIZE - 20, 20);
}
END_TEST

START_TEST(huge_length)
{
    char said[32];
    add_huge();
    snprintf(said, sizeof said, "%llu", (unsigned long long)HUGE_SIZE);
    CLIENT *c = client_open();
    expect_field(expect_status(ask(c, "HEAD /huge.bin HTTP/1.1\r\nHost: test\r\n\r\n"), 200), "Content-Length", said);
    client_say(c, "GET /huge.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_field(expect_status(response_head(c), 200), "Content-Length", said);
    EXPECT(client_await(c, MEGABYTE, PATIENCE),
           "the file's first megabyte, and on: it has 4 gigabytes and 100,000 bytes", "%zu bytes",
           c->length - c->taken);
    EXPECT(pattern_differs(c->in + c->taken, 0, MEGABYTE) == MEGABYTE, "the file's first megabyte", "other bytes");
    client_reset(c);
    expect_served();
}
END_TEST

/* Begins to read a file of 16 MB and holds it: neither side's buffers take that much. */
static RESPONSE *begin_large(void)
{
    serve("");
    site_add_sparse("large.bin", 16 * MEGABYTE, 4096);
    CLIENT *c = client_connect(server.port, 8192);
    client_say(c, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    return expect_status(response_head(c), 200);
}

/* Reads to the end of the body or of the connection; returns how many bytes came. */
static uint64_t drain(RESPONSE *r)
{
    CLIENT *c = r->client;
    uint64_t done = 0;
    for (;;) {
        uint64_t come = c->length - c->taken;
        done += come;
        c->taken = c->length;
        if (done >= r->length)
            return done;
        long got = client_receive(c, 2 * PATIENCE);
        if (got == 0)
            return done;
        if (got < 0)
            response_fail(r, "the rest of the file, or the end of the connection; for 10 seconds nothing came");
    }
}

START_TEST(shrinks_while_sent)
{
    RESPONSE *r = begin_large();
    story_step("the file is cut to one megabyte");
    EXPECT(truncate(site_path("large.bin"), MEGABYTE) == 0, "a file of the test's own", "it cannot be cut");
    uint64_t came = drain(r);
    EXPECT(came < r->length, "the connection ends: bytes that are not there cannot be sent",
           "%llu bytes came, as if the file had them", (unsigned long long)came);
    expect_served();
}
END_TEST

START_TEST(emptied_while_sent)
{
    RESPONSE *r = begin_large();
    story_step("the file is cut to nothing");
    EXPECT(truncate(site_path("large.bin"), 0) == 0, "a file of the test's own", "it cannot be cut");
    EXPECT(drain(r) < r->length, "the connection ends", "all bytes came");
    expect_served();
}
END_TEST

START_TEST(grows_while_sent)
{
    RESPONSE *r = begin_large();
    story_step("the file grows by a megabyte");
    EXPECT(truncate(site_path("large.bin"), 17 * MEGABYTE) == 0, "a file of the test's own", "it cannot grow");
    EXPECT(drain(r) == r->length, "as many bytes as were announced, and no more", "more or fewer");
    expect_usable(r->client);
}
END_TEST

START_TEST(replaced_while_sent)
{
    RESPONSE *r = begin_large();
    story_step("another file takes the name");
    site_add_pattern("other.bin", 1000);
    EXPECT(rename(site_path("other.bin"), site_path("large.bin")) == 0, "a file of the test's own",
           "it cannot be renamed");
    EXPECT(drain(r) == r->length, "the file that was open, whole", "the connection ended");
    expect_pattern(expect_status(get(r->client, "/large.bin"), 200), 0, 1000);
}
END_TEST

START_TEST(two_at_a_time)
{
    RESPONSE *r = begin_large();
    story_step("while that download goes on another client asks for the same file");
    CLIENT *c = client_open();
    expect_status(ask(c, "HEAD /large.bin HTTP/1.1\r\nHost: test\r\n\r\n"), 200);
    client_say(c, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(response_head(c), 200);
    EXPECT(drain(r) == r->length, "the first download, whole", "the connection ended");
}
END_TEST

START_TEST(shrinks_twenty_times)
{
    CLIENT *c[20];
    RESPONSE *r[20];
    serve("");
    site_add_sparse("large.bin", 16 * MEGABYTE, 4096);
    for (int i = 0; i < 20; i++) {
        c[i] = client_connect(server.port, 8192);
        client_say(c[i], "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < 20; i++)
        r[i] = expect_status(response_head(c[i]), 200);
    EXPECT(truncate(site_path("large.bin"), 12345) == 0, "a file of the test's own", "it cannot be cut");
    for (int i = 0; i < 20; i++)
        EXPECT(drain(r[i]) < r[i]->length, "the connection ends", "all bytes came");
    expect_served();
}
END_TEST

void files_topic(void)
{
    topic("files", "large files, and files that change");
    test(huge_by_range, "Offsets have 64 bits: OVERLAPPED keeps them in two halves.");
    test(huge_length, "Lengths have 64 bits, too.");
    test(shrinks_while_sent,
         "ReadFile meets the end early (ERROR_HANDLE_EOF): the promised length cannot be kept, so the "
         "connection must end, or the client waits for ever.");
    test(emptied_while_sent, "The same, down to nothing.");
    test(grows_while_sent, "The announced length holds, whatever the file does.");
    test(replaced_while_sent, "An open file stays itself when its name goes to another.");
    test(two_at_a_time, "What one client reads others want to read, too: a file that is opened must be shared.");
    test(shrinks_twenty_times, "Each of them holds a file and a socket.");
}
