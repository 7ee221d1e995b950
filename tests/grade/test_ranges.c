/* Parts of files, and answers for those who have the file already. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

static RESPONSE *get_range(CLIENT *c, const char *target, const char *range)
{
    return ask(c, "GET %s HTTP/1.1\r\nHost: test\r\nRange: %s\r\n\r\n", target, range);
}

START_TEST(single_ranges)
{
    static const struct {
        const char *range;
        unsigned first, last;
    } rows[] = {
        {"bytes=0-0", 0, 0},
        {"bytes=0-99", 0, 99},
        {"bytes=1-1", 1, 1},
        {"bytes=500000-600000", 500000, 600000},
        {"bytes=4095-4096", 4095, 4096},
        {"bytes=1048575-1048575", MEGABYTE - 1, MEGABYTE - 1},
        {"bytes=1048000-", 1048000, MEGABYTE - 1},
        {"bytes=0-", 0, MEGABYTE - 1},
        {"bytes=-1", MEGABYTE - 1, MEGABYTE - 1},
        {"bytes=-5000", MEGABYTE - 5000, MEGABYTE - 1},
        {"bytes=-99999999999", 0, MEGABYTE - 1},
        {"bytes=1000-99999999999", 1000, MEGABYTE - 1},
    };
    serve("");
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[80];
        RESPONSE *r = expect_status(get_range(c, "/megabyte.bin", rows[i].range), 206);
        snprintf(said, sizeof said, "bytes %u-%u/%d", rows[i].first, rows[i].last, MEGABYTE);
        expect_field(r, "Content-Range", said);
        expect_pattern(r, rows[i].first, rows[i].last - rows[i].first + 1);
    }
}
END_TEST

START_TEST(ranges_through_small_buffer)
{
    serve("--buffer 48");
    CLIENT *c = client_open();
    for (unsigned first = 0; first < 4000; first += 777)
        for (unsigned length = 1; length < 2000; length += 433) {
            char range[64];
            snprintf(range, sizeof range, "bytes=%u-%u", first, first + length - 1);
            expect_pattern(expect_status(get_range(c, "/megabyte.bin", range), 206), first, length);
        }
}
END_TEST

START_TEST(range_beyond_the_end)
{
    serve("");
    CLIENT *c = client_open();
    static const char *const ranges[] = {"bytes=1048576-", "bytes=1048576-1048580", "bytes=18446744073709551615-",
                                         "bytes=-0"};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        expect_field(expect_status(get_range(c, "/megabyte.bin", ranges[i]), 416), "Content-Range", "bytes */1048576");
    expect_status(get_range(c, "/empty.txt", "bytes=0-0"), 416);
    expect_usable(c);
}
END_TEST

START_TEST(ranges_ignored)
{
    static const char *const ranges[] = {
        "bytes=5-1", "bytes=",          "bytes=a-b",   "bytes=-", "lines=1-2",
        "bytes 0-4", "bytes=0-4,10-14", "bytes=0x1-5", "0-4",
    };
    serve("");
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        expect_text(expect_status(get_range(c, "/small.txt", ranges[i]), 200), SMALL_TEXT);
}
END_TEST

START_TEST(if_none_match)
{
    serve("");
    CLIENT *c = client_open();
    char *tag = response_field(expect_status(get(c, "/small.txt"), 200), "ETag");
    EXPECT(tag && *tag == '"', "an ETag in quotes", "%s", tag ? tag : "none");
    RESPONSE *r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-None-Match: %s\r\n\r\n", tag);
    expect_field(expect_status(r, 304), "ETag", tag);
    r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-None-Match: \"other\", W/%s\r\n\r\n", tag);
    expect_status(r, 304);
    r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-None-Match: *\r\n\r\n");
    expect_status(r, 304);
    r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-None-Match: \"other\"\r\n\r\n");
    expect_text(expect_status(r, 200), SMALL_TEXT);
    expect_usable(c);
}
END_TEST

START_TEST(tag_changes_with_the_file)
{
    serve("");
    CLIENT *c = client_open();
    char *tag = response_field(expect_status(get(c, "/small.txt"), 200), "ETag");
    site_add("small.txt", "changed, and of another size", 28);
    RESPONSE *r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-None-Match: %s\r\n\r\n", tag ? tag : "\"none\"");
    expect_text(expect_status(r, 200), "changed, and of another size");
}
END_TEST

START_TEST(if_modified_since)
{
    const struct timeval times[2] = {{1000000000, 0}, {1000000000, 0}}; /* Sun, 09 Sep 2001 01:46:40 GMT */
    serve("");
    utimes(site_path("small.txt"), times);
    CLIENT *c = client_open();
    RESPONSE *r =
        ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n");
    expect_status(r, 304);
    r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\n\r\n");
    expect_text(expect_status(r, 200), SMALL_TEXT);
    r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nIf-Modified-Since: yesterday\r\n\r\n");
    expect_text(expect_status(r, 200), SMALL_TEXT);
}
END_TEST

START_TEST(if_range)
{
    serve("");
    CLIENT *c = client_open();
    char *tag = response_field(expect_status(get(c, "/small.txt"), 200), "ETag");
    RESPONSE *r =
        ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nRange: bytes=0-3\r\nIf-Range: %s\r\n\r\n", tag ? tag : "");
    expect_text(expect_status(r, 206), "What");
    r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nRange: bytes=0-3\r\nIf-Range: \"old\"\r\n\r\n");
    expect_text(expect_status(r, 200), SMALL_TEXT);
}
END_TEST

START_TEST(head_not_modified)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = ask(c, "HEAD /small.txt HTTP/1.1\r\nHost: test\r\nIf-None-Match: *\r\n\r\n");
    expect_status(r, 304);
    expect_usable(c);
}
END_TEST

void ranges_topic(void)
{
    topic("ranges", "parts of files, and conditions");
    test(single_ranges, "A player seeks and a download resumes by range; first and last are both included.");
    test(ranges_through_small_buffer, "A range has an offset and an end of its own, both inside slices.");
    test(range_beyond_the_end, "416 tells the client the file's size.");
    test(ranges_ignored, "A range that makes no sense, or several, is ignored: the whole file is always right.");
    test(if_none_match, "304 spares the body for those who have it; the tag is how they say so.");
    test(tag_changes_with_the_file, "A tag that stays when the file changes keeps the old one in every cache.");
    test(if_modified_since, "The same by date, in whole seconds.");
    test(if_range, "A download that resumes in a changed file must start anew.");
    test(head_not_modified, "Conditions hold for HEAD as for GET.");
}
