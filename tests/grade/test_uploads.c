/* PUT: a file arrives whole, or nothing of it is left. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "fence.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

static RESPONSE *put(CLIENT *c, const char *name, const char *text)
{
    return ask(c, "PUT /%s HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n%s", name, strlen(text), text);
}

/* The uploads folder holds exactly these names, at once or in a moment: an upload that broke off is cleared away. */
static void expect_uploads(const char *names)
{
    /* One look decides: between two, an upload that is only now beginning could show its temporary file. */
    EXPECT(WAIT_UNTIL(!strcmp(uploads_list(), names), PATIENCE), *names ? names : "an empty uploads folder",
           "the uploads folder holds: %s", *uploads_list() ? uploads_list() : "nothing");
}

static void expect_upload(const char *name, const char *text)
{
    size_t length;
    unsigned char *content = upload_content(name, &length);
    EXPECT(content, text, "no file %s in the uploads folder", name);
    EXPECT(length == strlen(text) && !memcmp(content, text, length), text, "%zu bytes: \"%.200s\"", length, content);
    free(content);
}

/* Holds a file of any size against the pattern. */
static void expect_upload_pattern(const char *name, uint64_t size)
{
    enum { PIECE = 1 << 20 };
    char path[sizeof site.uploads + 64];
    unsigned char *piece = malloc(PIECE);
    uint64_t done = 0;
    snprintf(path, sizeof path, "%s/%s", site.uploads, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    EXPECT(file >= 0, "the uploaded file", "%s is not there", name);
    for (ssize_t got; (got = read(file, piece, PIECE)) > 0; done += (uint64_t)got) {
        size_t bad = pattern_differs(piece, done, (size_t)got);
        EXPECT(bad == (size_t)got, "the bytes that were sent", "byte %llu of the file is wrong",
               (unsigned long long)(done + bad));
    }
    EXPECT(done == size, "as many bytes as were sent", "%llu of %llu", (unsigned long long)done,
           (unsigned long long)size);
    close(file);
    free(piece);
}

START_TEST(put_small)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(put(c, "new.txt", "something new"), 201);
    expect_upload("new.txt", "something new");
    expect_usable(c);
    expect_uploads("new.txt");
}
END_TEST

START_TEST(put_nothing)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(put(c, "nothing.txt", ""), 201);
    expect_upload("nothing.txt", "");
    expect_usable(c);
}
END_TEST

/* Begins to notice what names leave the uploads folder. */
static int watch_uploads(void)
{
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    EXPECT(inotify_add_watch(watch, site.uploads, IN_DELETE | IN_MOVED_FROM) >= 0, "a watch on the test's own folder",
           "none");
    return watch;
}

/* Whether a file of this name was deleted or renamed since: from then until there was another nobody found one. */
static int has_left(int watch, const char *name)
{
    _Alignas(struct inotify_event) char events[16 * 1024];
    ssize_t size = read(watch, events, sizeof events), at = 0;
    int found = 0;
    while (at < size) {
        const struct inotify_event *event = (const struct inotify_event *)(events + at);
        found |= event->len && !strcmp(event->name, name);
        at += (ssize_t)(sizeof *event + event->len);
    }
    return found;
}

START_TEST(put_again)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(put(c, "same.txt", "the first content, a long one"), 201);
    int watch = watch_uploads();
    RESPONSE *r = put(c, "same.txt", "the second");
    if (r->status != 201 && r->status != 200 && r->status != 204)
        response_fail(r, "status 201 (or 200, 204)");
    expect_upload("same.txt", "the second");
    expect_uploads("same.txt");
    EXPECT(!has_left(watch, "same.txt"), "the new file in place of the old one, in one step",
           "the old one is taken away first: who asks just then finds neither");
    close(watch);
}
END_TEST

START_TEST(put_chunked)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = ask(c, "PUT /chunked.txt HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n7;x\r\n, world\r\n0\r\n\r\n");
    expect_status(r, 201);
    expect_upload("chunked.txt", "hello, world");
    expect_usable(c);
}
END_TEST

START_TEST(put_with_continue)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, "PUT /asked.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    expect_status(response(c), 100);
    client_say(c, "hello");
    expect_status(response(c), 201);
    expect_upload("asked.txt", "hello");
    client_say(c, "PUT /empty.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n");
    RESPONSE *r = response(c);
    if (r->status == 100) /* for a body of no bytes it may come or not */
        r = response(c);
    expect_status(r, 201);
    expect_upload("empty.txt", "");
}
END_TEST

START_TEST(put_pipelined)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, "PUT /one.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\none"
                  "PUT /two.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\ntwo"
                  "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(response(c), 201);
    expect_status(response(c), 201);
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_upload("one.txt", "one");
    expect_upload("two.txt", "two");
}
END_TEST

START_TEST(put_byte_by_byte)
{
    static const char request[] =
        "PUT /slow.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 20\r\n\r\n01234567890123456789";
    serve("");
    CLIENT *c = client_open();
    client_send_slowly(c, request, sizeof request - 1);
    expect_status(response(c), 201);
    expect_upload("slow.txt", "01234567890123456789");
}
END_TEST

START_TEST(put_utf8_name)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(put(c, "gr%C3%BC%C3%9Fe.txt", "hello"), 201);
    expect_upload("gr\xC3\xBC\xC3\x9F"
                  "e.txt",
                  "hello");
}
END_TEST

START_TEST(put_sizes)
{
    static const size_t sizes[] = {1, 47, 48, 49, 511, 512, 513, 4096, 4097, 65536, 65537, 1000003};
    serve("");
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        story_context("an upload of %zu bytes", sizes[i]);
        client_say(c, "PUT /sized.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n", sizes[i]);
        client_send_pattern(c, 0, sizes[i]);
        expect_status(response(c), 201);
        expect_upload_pattern("sized.bin", sizes[i]);
    }
}
END_TEST

START_TEST(put_small_buffer)
{
    serve("--buffer 48");
    CLIENT *c = client_open();
    client_say(c, "PUT /long.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 30000\r\n\r\n");
    client_send_pattern(c, 0, 30000);
    expect_status(response(c), 201);
    expect_upload_pattern("long.bin", 30000);
    expect_usable(c);
}
END_TEST

START_TEST(put_100_megabytes)
{
    const uint64_t size = 100 * 1024 * 1024;
    serve("");
    CLIENT *c = client_open();
    client_say(c, "PUT /huge.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %llu\r\n\r\n", (unsigned long long)size);
    client_send_pattern(c, 0, size / 2);
    expect_served();
    client_send_pattern(c, size / 2, size / 2);
    expect_status(response(c), 201);
    expect_upload_pattern("huge.bin", size);
    expect_uploads("huge.bin");
}
END_TEST

START_TEST(two_to_one_name)
{
    enum { SIZE = 400000 };
    CLIENT *c[2];
    size_t length;
    serve("");
    for (int i = 0; i < 2; i++) {
        c[i] = client_open();
        client_say(c[i], "PUT /both.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", SIZE);
        client_send_pattern(c[i], (uint64_t)i * 8000000, SIZE / 2);
    }
    for (int i = 0; i < 2; i++)
        client_send_pattern(c[i], (uint64_t)i * 8000000 + SIZE / 2, SIZE / 2);
    int good = 0;
    for (int i = 0; i < 2; i++)
        good += response(c[i])->status == 201;
    EXPECT(good > 0, "at least one of two uploads to one name succeeds", "neither did");
    unsigned char *content = upload_content("both.bin", &length);
    EXPECT(content && length == SIZE, "one of the two, whole", "%zu bytes", content ? length : 0);
    EXPECT(pattern_differs(content, 0, SIZE) == SIZE || pattern_differs(content, 8000000, SIZE) == SIZE,
           "one of the two, whole", "a mixture of both");
    expect_uploads("both.bin");
}
END_TEST

START_TEST(not_there_before_it_is_whole)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(put(client_open(), "page.txt", "the old content"), 201);
    client_say(c, "PUT /page.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n\r\n");
    client_send_pattern(c, 0, 100000);
    client_await_delivery(c);
    expect_served();
    expect_upload("page.txt", "the old content");
    client_send_pattern(c, 100000, 100000);
    expect_status(response(c), 201);
    expect_upload_pattern("page.txt", 200000);
}
END_TEST

/* Begins an upload over an old file, breaks it off in some way, and sees that the old file is all that is left. */
static void break_off(const char *fields, const char *body, size_t pattern, void (*end)(CLIENT *))
{
    serve("");
    expect_status(put(client_open(), "kept.txt", "the old content"), 201);
    CLIENT *c = client_open();
    client_say(c, "PUT /kept.txt HTTP/1.1\r\nHost: test\r\n%s\r\n\r\n%s", fields, body);
    client_send_pattern(c, 0, pattern);
    client_await_delivery(c);
    end(c);
    expect_uploads("kept.txt");
    expect_upload("kept.txt", "the old content");
    expect_served();
}

START_TEST(aborted_by_reset)
{
    break_off("Content-Length: 1000000", "", 500000, client_reset);
}
END_TEST

START_TEST(aborted_by_close)
{
    break_off("Content-Length: 1000000", "", 500000, client_close);
}
END_TEST

START_TEST(aborted_by_half_close)
{
    break_off("Content-Length: 1000000", "", 500000, client_half_close);
}
END_TEST

START_TEST(aborted_before_the_first_byte)
{
    break_off("Content-Length: 1000000", "", 0, client_close);
}
END_TEST

START_TEST(aborted_in_a_chunk)
{
    break_off("Transfer-Encoding: chunked", "F0000\r\n", 300000, client_close);
}
END_TEST

static void expect_400(CLIENT *c)
{
    expect_status(response(c), 400);
    expect_closed(c);
}

START_TEST(broken_chunk)
{
    break_off("Transfer-Encoding: chunked", "5\r\nhello\r\nnonsense\r\n", 0, expect_400);
}
END_TEST

START_TEST(aborted_a_hundred_times)
{
    serve("");
    for (int i = 0; i < 100; i++) {
        CLIENT *c = client_open();
        client_say(c, "PUT /file%d.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n", i);
        client_send_pattern(c, 0, (uint64_t)i * 500);
        if (i % 2)
            client_reset(c);
        else
            client_close(c);
    }
    expect_served();
    expect_uploads("");
}
END_TEST

START_TEST(put_into_nowhere)
{
    serve("");
    char folder[sizeof site.uploads + 16];
    snprintf(folder, sizeof folder, "%s/folder", site.uploads);
    mkdir(folder, 0755);
    fence_give(folder, 2);
    CLIENT *c = client_open();
    expect_status(put(c, "missing/file.txt", "lost"), 404);
    RESPONSE *r = put(client_open(), "folder", "lost");
    if (r->status < 400 || r->status == 500)
        response_fail(r, "a refusal: a folder of that name is there");
    expect_uploads("folder");
    expect_status(put(client_open(), "folder/file.txt", "kept"), 201);
    expect_upload("folder/file.txt", "kept");
}
END_TEST

START_TEST(uploads_not_offered)
{
    char root[SERVER_PATH];
    site_build();
    const char *arguments[] = {"--port", "0", "--root", server_path(site.root, root, sizeof root), NULL};
    server_spawn(&server, arguments);
    server_await_line(&server);
    expect_status(put(client_open(), "new.txt", "text"), 405);
    EXPECT(access(site_path("new.txt"), F_OK) != 0, "no file is made", "root/new.txt is there");
    expect_served();
}
END_TEST

void uploads_topic(void)
{
    topic("uploads", "PUT: whole or not at all");
    test(put_small, "201, and the file is there with every byte when the answer comes.");
    test(put_nothing, "An empty file is a file.");
    test(put_again, "The new content replaces the old; no old bytes stay behind its end.");
    test(put_chunked, "Only the payload is written, not the chunks' framing.");
    test(put_with_continue, "curl asks before it sends a large file.");
    test(put_pipelined, "What follows a body is the next request, not more of the file.");
    test(put_byte_by_byte, "Each read brings little; each write must go where the last one ended.");
    test(put_utf8_name, "Names are UTF-8 on the wire, in both directions.");
    test(put_sizes, "Off-by-one mistakes live where a size meets a buffer's end.");
    test(put_small_buffer, "Small buffers mean many writes: each has an offset of its own.");
    test(put_100_megabytes, "An upload larger than memory wants to give; others must be served meanwhile.")->seconds =
        60;
    test(two_to_one_name, "Two writers into one file leave a mixture that nobody sent.");
    test(not_there_before_it_is_whole, "A reader must never see half a file.");
    test(aborted_by_reset, "A client that dies must not leave half a file, nor destroy the old one.");
    test(aborted_by_close, "A client that goes away must not leave half a file, nor destroy the old one.");
    test(aborted_by_half_close, "A zero-byte read before the body's end means that the rest never comes.");
    test(aborted_before_the_first_byte, "The old file must not be cut to nothing when the new one begins.");
    test(aborted_in_a_chunk, "Without the last chunk the body is not whole.");
    test(broken_chunk, "What is malformed is refused, and what came before it thrown away.");
    test(aborted_a_hundred_times, "Each broken upload holds a file open; a leak of one shows soon.");
    test(put_into_nowhere, "CreateFile fails in more than one way.");
    test(uploads_not_offered, "Without --uploads nobody may write.");
}
