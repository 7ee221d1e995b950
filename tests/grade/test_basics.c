/* Files of the root, whole, as any browser asks for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

static void expect_page(const char *target, const char *file)
{
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(get(c, target), 200);
    expect_file(r, file);
    client_close(c);
}

START_TEST(small_file)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(get(c, "/small.txt"), 200);
    expect_field_begins(r, "Content-Type", "text/plain");
    expect_text(r, SMALL_TEXT);
}
END_TEST

START_TEST(front_page)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(get(c, "/"), 200);
    expect_field_begins(r, "Content-Type", "text/html");
    expect_text(r, INDEX_TEXT);
}
END_TEST

START_TEST(folder_page)
{
    serve("");
    expect_page("/folder/", "folder/index.html");
}
END_TEST

START_TEST(folder_without_slash)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = get(c, "/folder");
    /* Sent to /folder/ or served in place: both lead a browser to the page. */
    if (r->status != 301)
        expect_text(expect_status(r, 200), FOLDER_TEXT);
    else
        expect_field(r, "Location", "/folder/");
    expect_usable(c);
}
END_TEST

START_TEST(folder_without_page)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(get(c, "/bare/"), 404);
    expect_status(get(c, "/bare/only.txt"), 200);
}
END_TEST

START_TEST(empty_file)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(get(c, "/empty.txt"), 200);
    expect_field(r, "Content-Length", "0");
    expect_usable(c);
}
END_TEST

START_TEST(long_page)
{
    serve("");
    expect_page("/page.html", "page.html");
}
END_TEST

START_TEST(megabyte)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(get(c, "/megabyte.bin"), 200);
    expect_field(r, "Content-Type", "application/octet-stream");
    expect_pattern(r, 0, MEGABYTE);
}
END_TEST

/* Sizes around those of buffers, sectors and pages, where a last slice may be empty or a byte be lost. */
START_TEST(sizes_around_buffers)
{
    static const int sizes[] = {1,    2,    47,   48,   49,   511,   512,   513,  4095,
                                4096, 4097, 8191, 8192, 8193, 65535, 65536, 65537};
    serve("");
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        story_context("a file of %d bytes", sizes[i]);
        site_add_pattern("sized.bin", (size_t)sizes[i]);
        expect_pattern(expect_status(get(c, "/sized.bin"), 200), 0, (size_t)sizes[i]);
    }
}
END_TEST

/* The same with a request buffer so small that header and first slice barely fit: the response reuses it. */
START_TEST(sizes_around_small_buffer)
{
    serve("--buffer 48");
    CLIENT *c = client_open();
    for (int size = 0; size < 1700; size = size < 300 ? size + 41 : size + 1 + size / 9) {
        story_context("a file of %d bytes", size);
        site_add_pattern("sized.bin", (size_t)size);
        expect_pattern(expect_status(get(c, "/sized.bin"), 200), 0, (size_t)size);
    }
}
END_TEST

START_TEST(deep_folder)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(get(c, DEEP_TARGET), 200), "deep\n");
}
END_TEST

START_TEST(names_in_utf8)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(get(c, "/gr%C3%BC%C3%9Fe.txt"), 200), "umlaut\n");
    expect_text(expect_status(get(c, "/%E6%97%A5%e6%9c%ac.txt"), 200), "kanji\n");
}
END_TEST

START_TEST(encoded_names)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(get(c, "/two%20words.txt"), 200), "two words\n");
    expect_text(expect_status(get(c, "/%73mall%2Etxt"), 200), SMALL_TEXT);
}
END_TEST

START_TEST(query_is_no_name)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(get(c, "/small.txt?version=2&x=/../y"), 200), SMALL_TEXT);
    expect_text(expect_status(get(c, "/?"), 200), INDEX_TEXT);
}
END_TEST

START_TEST(absolute_target)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(get(c, "http://test/small.txt"), 200), SMALL_TEXT);
}
END_TEST

START_TEST(content_types)
{
    static const char *const types[][2] = {
        {"/index.html", "text/html"},      {"/style.css", "text/css"},         {"/picture.png", "image/png"},
        {"/script.js", "text/javascript"}, {"/data.json", "application/json"},
    };
    serve("");
    CLIENT *c = client_open();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect_field_begins(expect_status(get(c, types[i][0]), 200), "Content-Type", types[i][1]);
}
END_TEST

START_TEST(head)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(ask(c, "HEAD /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n"), 200);
    expect_field(r, "Content-Length", "1048576");
    char *tag = response_field(r, "ETag");
    r = expect_status(ask(c, "HEAD /missing HTTP/1.1\r\nHost: test\r\n\r\n"), 404);
    r = expect_status(get(c, "/megabyte.bin"), 200); /* had the HEADs had bodies, this would be out of step */
    expect_field(r, "ETag", tag);
    expect_pattern(r, 0, MEGABYTE);
}
END_TEST

START_TEST(http10_closes)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(ask(c, "GET /small.txt HTTP/1.0\r\n\r\n"), 200);
    expect_text(r, SMALL_TEXT);
    expect_closed_in_order(c);
}
END_TEST

START_TEST(http10_keeps_alive)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = expect_status(ask(c, "GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200);
    char *said = response_field(r, "Connection");
    if (!said || strcasecmp(said, "keep-alive") != 0)
        response_fail(r, "Connection: keep-alive, as an HTTP/1.0 client knows it only when told");
    expect_usable(c);
}
END_TEST

START_TEST(new_content)
{
    serve("");
    CLIENT *c = client_open();
    site_add("changing.txt", "one", 3);
    expect_text(expect_status(get(c, "/changing.txt"), 200), "one");
    site_add("changing.txt", "two and more", 12);
    expect_text(expect_status(get(c, "/changing.txt"), 200), "two and more");
}
END_TEST

START_TEST(one_worker)
{
    serve("--threads-per-cpu 1");
    CLIENT *c[8];
    for (int i = 0; i < 8; i++)
        c[i] = client_open();
    for (int i = 0; i < 8; i++)
        client_say(c[i], "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    for (int i = 0; i < 8; i++)
        expect_pattern(expect_status(response(c[i]), 200), 0, MEGABYTE);
}
END_TEST

START_TEST(stdout_is_one_line)
{
    serve("");
    expect_served();
    server_stop(&server);
    char *text = read_text(server.out, NULL);
    char *end = strchr(text, '\n');
    EXPECT(end && !end[1], "only the line that says where it listens, as programs read it", "%.1000s", text);
}
END_TEST

void basics_topic(void)
{
    topic("basics", "files, whole, as any browser asks for them");
    test(small_file, "The first thing that a web server does.");
    test(front_page, "A target that ends in / means the folder's index.html.");
    test(folder_page, "A target that ends in / means the folder's index.html.");
    test(folder_without_slash, "Links in a page are relative to its folder, so the browser must learn of the slash.");
    test(folder_without_page,
         "A folder is no file: CreateFile on it fails, and the client needs an answer all the same.");
    test(empty_file, "ReadFile of nothing is end of file at once; a response without a body is still a response.");
    test(long_page, "A file larger than the buffer leaves slice by slice; every slice once, in order.");
    test(megabyte, "More than a socket buffer holds: a send that is taken in part must be continued where it stopped.");
    test(sizes_around_buffers, "Off-by-one mistakes live where a size meets a buffer's end.");
    test(sizes_around_small_buffer,
         "The header takes the front of the first slice: both must fit whatever the buffer's size.");
    test(deep_folder, "Paths have more than one part.");
    test(names_in_utf8, "Names are UTF-8 on the wire; the right file must open on every system.");
    test(encoded_names, "%20 and its like are decoded exactly once.");
    test(query_is_no_name, "What follows ? is not part of the file's name.");
    test(absolute_target, "HTTP/1.1 servers must take http://host/path as a target (RFC 9112, 3.2.2).");
    test(content_types, "A browser does not apply a style sheet that is not text/css.");
    test(head, "HEAD tells what GET would, without the body; a body would be taken for the next response.");
    test(http10_closes, "An HTTP/1.0 client reads until the connection closes.");
    test(http10_keeps_alive, "An HTTP/1.0 client that asks to stay must be told that it may.");
    test(new_content, "Size and content must belong together, also when the file has changed between two requests.");
    test(one_worker, "A design that needs several threads to make progress stops when they are busy.");
    test(stdout_is_one_line, "A script that starts the server reads that line.");
}
