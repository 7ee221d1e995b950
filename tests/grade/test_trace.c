/*
 * --trace tells the walk-through of the course: a request that outgrows its buffer again and again, and a file that
 * leaves slice by slice. The numbers are not written down here but follow from the rules:
 *   - the buffer doubles when it is full, and each read asks for what is free in it;
 *   - the answer's header is laid into the same buffer before the file's first slice; later slices fill it alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

#define DOUBLING (ALL_STAGES & ~STAGE(5)) /* stage 05 takes its buffers from a pool, where none doubles */

enum { FIRST_BUFFER = 48, REQUEST = 439, MAX_LINES = 1000 };

/* A table of what was read or written, and how. */
typedef struct TABLE {
    int count;
    long bytes[MAX_LINES];
    long other[MAX_LINES]; /* reads: the buffer's length; file: bytes so far */
} TABLE;

static void add(TABLE *table, long bytes, long other)
{
    if (table->count < MAX_LINES) {
        table->bytes[table->count] = bytes;
        table->other[table->count++] = other;
    }
}

/* What the rules make of a request; returns the buffer's length at the end. */
static long reads_by_rule(TABLE *table, long request)
{
    long buffer = FIRST_BUFFER, used = 0;
    while (used < request) {
        if (used == buffer)
            buffer *= 2;
        long now = request - used < buffer - used ? request - used : buffer - used;
        used += now;
        add(table, now, buffer);
    }
    return buffer;
}

/* What the rules make of a file. */
static void slices_by_rule(TABLE *table, long file, long header, long buffer)
{
    for (long done = 0; done < file;) {
        long room = done ? buffer : buffer - header;
        long now = file - done < room ? file - done : room;
        done += now;
        add(table, now, done);
    }
}

/* Takes one operation's numbers out of the trace. The wording between them is the server's. */
static void trace_read(TABLE *table, const char *trace, const char *operation, const char *other)
{
    for (const char *at = trace, *next; (at = strstr(at, operation)) && table->count < MAX_LINES; at = next) {
        next = strstr(at, "------------ "); /* the next operation; this one's lie before it */
        if (!next)
            next = at + strlen(at);
        const char *bytes = memmem(at, (size_t)(next - at), "Bytes=", 6);
        const char *more = other ? memmem(at, (size_t)(next - at), other, strlen(other)) : NULL;
        if (bytes)
            add(table, strtol(bytes + 6, NULL, 10), more ? strtol(more + strlen(other), NULL, 10) : -1);
    }
}

static void expect_same(const TABLE *rule, const TABLE *trace, const char *what, const char *other)
{
    for (int i = 0; i < rule->count || i < trace->count; i++) {
        char expected[200];
        if (i < rule->count)
            snprintf(expected, sizeof expected, "%s %d: %ld bytes, %s %ld (%d in all)", what, i + 1, rule->bytes[i],
                     other, rule->other[i], rule->count);
        else
            snprintf(expected, sizeof expected, "%d times %s", rule->count, what);
        EXPECT(i < trace->count, expected, "the trace has only %d", trace->count);
        EXPECT(i < rule->count && rule->bytes[i] == trace->bytes[i] && rule->other[i] == trace->other[i], expected,
               "%ld bytes, %s %ld", trace->bytes[i], other, trace->other[i]);
    }
}

/* The rules themselves, held against the course's document, whose header had 90 bytes. */
static void check_the_rules(void)
{
    static const long reads[] = {48, 48, 96, 192, 55}, buffers[] = {48, 96, 192, 384, 768};
    TABLE table = {0}, slices = {0};
    long buffer = reads_by_rule(&table, REQUEST);
    EXPECT(table.count == 5 && !memcmp(table.bytes, reads, sizeof reads) &&
               !memcmp(table.other, buffers, sizeof buffers),
           "48, 48, 96, 192, 55 into 48, 96, 192, 384, 768", "something else");
    slices_by_rule(&slices, PAGE_SIZE_SEED, 90, buffer);
    EXPECT(slices.count == 248 && slices.bytes[0] == 678 && slices.bytes[1] == 768 && slices.bytes[246] == 768 &&
               slices.bytes[247] == 247,
           "678, then 246 times 768, then 247", "%d slices, the last of %ld", slices.count,
           slices.bytes[slices.count - 1]);
}

/* A GET of the page whose header has exactly REQUEST bytes. */
static char *request_of_439(void)
{
    static char text[REQUEST + 1];
    static const char start[] = "GET /page.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: ";
    static const char end[] = "\r\nAccept: text/html\r\nConnection: keep-alive\r\n\r\n";
    memcpy(text, start, sizeof start - 1);
    memset(text + sizeof start - 1, 'm', REQUEST - (sizeof start - 1) - (sizeof end - 1));
    memcpy(text + REQUEST - (sizeof end - 1), end, sizeof end);
    return text;
}

START_TEST(walk_through)
{
    TABLE reads = {0}, slices = {0}, traced = {0}, traced_slices = {0}, traced_writes = {0};
    check_the_rules();
    serve("--buffer 48 --trace");
    CLIENT *c = client_open();
    client_say(c, "%s", request_of_439());
    RESPONSE *r = expect_status(response(c), 200);
    expect_file(r, "page.html");
    client_close(c);
    server_stop(&server);
    long buffer = reads_by_rule(&reads, REQUEST);
    slices_by_rule(&slices, PAGE_SIZE_SEED, (long)r->head_length, buffer);

    char *trace = read_text(server.out, NULL);
    trace_read(&traced, trace, "IO_SOCKET_READ", "BuffLen=");
    if (traced.count > reads.count) /* the last one tells that the client has closed */
        traced.count = traced.bytes[traced.count - 1] == 0 ? traced.count - 1 : traced.count;
    expect_same(&reads, &traced, "read", "buffer");
    trace_read(&traced_slices, trace, "IO_FILE_READ", "AcumBytes=");
    expect_same(&slices, &traced_slices, "slice", "so far");
    trace_read(&traced_writes, trace, "IO_SOCKET_WRITE", NULL);
    EXPECT(traced_writes.count >= slices.count, "a write for each slice", "%d writes, %d slices", traced_writes.count,
           slices.count);
    long sent = 0;
    for (int i = 0; i < traced_writes.count; i++)
        sent += traced_writes.bytes[i];
    EXPECT(sent == PAGE_SIZE_SEED || sent == PAGE_SIZE_SEED + (long)r->head_length,
           "writes that add up to the file (with or without its header)", "%ld bytes", sent);
}
END_TEST

/* The same request in pieces: every read gets what has come, and the buffer still doubles only when it is full. */
START_TEST(reads_add_up)
{
    TABLE traced = {0};
    long total = 0, buffer = 0;
    serve("--buffer 48 --trace");
    CLIENT *c = client_open();
    const char *text = request_of_439();
    for (size_t at = 0; at < REQUEST; at += 30) {
        client_send(c, text + at, REQUEST - at < 30 ? REQUEST - at : 30);
        client_await_delivery(c);
    }
    expect_file(expect_status(response(c), 200), "page.html");
    client_close(c);
    server_stop(&server);
    trace_read(&traced, read_text(server.out, NULL), "IO_SOCKET_READ", "BuffLen=");
    for (int i = 0; i < traced.count && total < REQUEST; i++) {
        EXPECT(traced.other[i] >= buffer, "a buffer that never shrinks", "%ld after %ld bytes", traced.other[i],
               buffer);
        EXPECT(total + traced.bytes[i] <= traced.other[i], "a read that fits its buffer",
               "%ld bytes after %ld into %ld", traced.bytes[i], total, traced.other[i]);
        EXPECT(!buffer || traced.other[i] == buffer || (traced.other[i] == 2 * buffer && total == buffer),
               "a buffer that doubles when it is full, and only then", "%ld after %ld, with %ld bytes in it",
               traced.other[i], buffer, total);
        buffer = traced.other[i];
        total += traced.bytes[i];
    }
    EXPECT(total == REQUEST, "reads that add up to 439 bytes", "%ld", total);
}
END_TEST

void trace_topic(void)
{
    topic("trace", "the walk-through, recomputed from its rules");
    test(walk_through, "Doubling buffer and sliced file, as the course explains them.")->stages = DOUBLING;
    test(reads_add_up, "A read brings what has come, not what was asked for.")->stages = DOUBLING;
}
