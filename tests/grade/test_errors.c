/* What cannot be answered with a file is answered with the exact status; where framing is lost, with the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "fence.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

/* A request whose framing is sound: refused, and the connection goes on. */
static RESPONSE *refused_but_open(int status, const char *request)
{
    CLIENT *c = client_open();
    client_send(c, request, strlen(request));
    RESPONSE *r = expect_status(strncmp(request, "HEAD", 4) ? response(c) : response_to_head(c), status);
    expect_usable(c);
    client_close(c);
    return r;
}

static void refused(int status, const char *request)
{
    expect_refusal(status, request, strlen(request));
}

START_TEST(not_found)
{
    serve("");
    refused_but_open(404, "GET /missing.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    refused_but_open(404, "GET /missing/small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    refused_but_open(404, "GET /small.txt/more HTTP/1.1\r\nHost: test\r\n\r\n");
}
END_TEST

START_TEST(method_not_allowed)
{
    serve("");
    RESPONSE *r = refused_but_open(405, "DELETE /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    char *allow = response_field(r, "Allow");
    if (!allow || !strstr(allow, "GET"))
        response_fail(r, "Allow: with the methods that are served");
    refused_but_open(405, "PATCH /small.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(post_to_a_file)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = ask(c, "POST /small.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello");
    expect_status(r, 405);
}
END_TEST

START_TEST(method_unknown)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(ask(c, "BREW /pot HTTP/1.1\r\nHost: test\r\n\r\n"), 501);
    c = client_open();
    expect_status(ask(c, "get /small.txt HTTP/1.1\r\nHost: test\r\n\r\n"), 501);
}
END_TEST

START_TEST(nonsense)
{
    static const char *const requests[] = {
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        "GET /small.txt\r\n\r\n",
        "GET  /small.txt HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /small.txt HTTP/1.1 \r\nHost: test\r\n\r\n",
        "GET /small.txt http/1.1\r\nHost: test\r\n\r\n",
        "GET /small.txt HTTP/1\r\nHost: test\r\n\r\n",
        "GET /small.txt HTTP/x.y\r\nHost: test\r\n\r\n",
        "GET small.txt HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /small file HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /small.txt HTTP/1.1\r\nHost: test\r\nno colon\r\n\r\n",
        "GET /small.txt HTTP/1.1\r\nHost: test\r\n: no name\r\n\r\n",
    };
    static const char tls[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03\r\n\r\n";
    serve("");
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        refused(400, requests[i]);
    expect_refusal(400, tls, sizeof tls - 1);
    expect_served();
}
END_TEST

START_TEST(host_missing)
{
    serve("");
    refused(400, "GET /small.txt HTTP/1.1\r\n\r\n");
    refused(400, "GET /small.txt HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n");
}
END_TEST

START_TEST(version_unknown)
{
    serve("");
    refused(505, "GET /small.txt HTTP/2.0\r\nHost: test\r\n\r\n");
    refused(505, "GET /small.txt HTTP/0.9\r\nHost: test\r\n\r\n");
}
END_TEST

START_TEST(minor_version_above)
{
    serve("");
    CLIENT *c = client_open();
    expect_text(expect_status(ask(c, "GET /small.txt HTTP/1.7\r\nHost: test\r\n\r\n"), 200), SMALL_TEXT);
}
END_TEST

START_TEST(length_required)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(ask(c, "POST /echo HTTP/1.1\r\nHost: test\r\n\r\n"), 411);
    c = client_open();
    expect_status(ask(c, "PUT /new.txt HTTP/1.1\r\nHost: test\r\n\r\n"), 411);
}
END_TEST

START_TEST(body_too_large)
{
    serve("");
    refused(413, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9000000000000000000\r\n\r\n");
    refused(413, "PUT /new.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 9000000000000000000\r\n\r\n");
    EXPECT(!*uploads_list(), "no file is begun", "uploads holds %s", uploads_list());
}
END_TEST

/* A request of a start, filler and an end. */
static void refused_long(int status, const char *start, char filler, size_t count, const char *end)
{
    size_t length = strlen(start) + count + strlen(end);
    char *request = malloc(length + 1);
    memcpy(request, start, strlen(start));
    memset(request + strlen(start), filler, count);
    memcpy(request + strlen(start) + count, end, strlen(end) + 1);
    CLIENT *c = client_open();
    client_try_send(c, request, length, 5000); /* the answer may come before all is sent */
    RESPONSE *r = response(c);
    expect_status(r, status);
    expect_closed(c);
    free(request);
}

START_TEST(target_too_long)
{
    serve("");
    refused_long(414, "GET /", 'a', 8001, " HTTP/1.1\r\nHost: test\r\n\r\n");
    refused_long(414, "GET /", 'a', 100000, "");
    expect_served();
}
END_TEST

START_TEST(long_target_is_taken)
{
    char target[7001] = "/small.txt?";
    serve("");
    memset(target + strlen(target), 'q', sizeof target - 1 - strlen(target));
    CLIENT *c = client_open();
    expect_text(expect_status(get(c, target), 200), SMALL_TEXT);
}
END_TEST

START_TEST(header_too_long)
{
    serve("");
    refused_long(431, "GET /small.txt HTTP/1.1\r\nHost: test\r\nX: ", 'x', 200000, "");
    expect_served();
}
END_TEST

START_TEST(long_header_is_taken)
{
    char field[20001];
    serve("--buffer 48");
    memset(field, 'y', sizeof field - 1);
    field[sizeof field - 1] = 0;
    CLIENT *c = client_open();
    expect_text(expect_status(ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nCookie: %s\r\n\r\n", field), 200),
                SMALL_TEXT);
    expect_usable(c);
}
END_TEST

START_TEST(expectation_unknown)
{
    serve("");
    CLIENT *c = client_open();
    expect_status(ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nExpect: a-miracle\r\n\r\n"), 417);
}
END_TEST

START_TEST(coding_unknown)
{
    serve("");
    refused(501, "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
}
END_TEST

START_TEST(unreadable_file)
{
    if (geteuid() == 0 && !fence_has_users())
        story_skip("root may read every file");
    serve("");
    chmod(site_path("small.txt"), 0);
    CLIENT *c = client_open();
    expect_status(get(c, "/small.txt"), 404);
    expect_status(get(c, "/"), 200);
}
END_TEST

START_TEST(name_too_long)
{
    char target[1001] = "/";
    serve("");
    memset(target + 1, 'n', sizeof target - 2);
    CLIENT *c = client_open();
    expect_status(get(c, target), 404);
    expect_usable(c);
}
END_TEST

START_TEST(nothing_after_a_refusal)
{
    serve("");
    CLIENT *c = client_open();
    client_say(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n"
                  "broken\r\n\r\n"
                  "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_text(expect_status(response(c), 200), SMALL_TEXT);
    expect_field(expect_status(response(c), 400), "Connection", "close");
    expect_closed(c);
}
END_TEST

void errors_topic(void)
{
    topic("errors", "exact statuses, and the end where framing is lost");
    test(not_found, "A missing file is the client's ordinary mistake: an answer, and the connection goes on.");
    test(method_not_allowed, "405 for a method that HTTP knows and this server does not serve, with Allow.");
    test(post_to_a_file, "Files are not forms.");
    test(method_unknown, "501 for a method that HTTP does not know; names are case-sensitive.");
    test(nonsense, "What is not HTTP gets 400 and the end: nobody knows where its next request would begin.");
    test(host_missing, "HTTP/1.1 asks for exactly one Host (RFC 9112, 3.2).");
    test(version_unknown, "505 for a major version other than 1.");
    test(minor_version_above, "A higher minor version is treated as HTTP/1.1 (RFC 9110, 2.5).");
    test(length_required, "A body without a length cannot be framed.");
    test(body_too_large, "A length that no disk holds must not overflow a counter or reserve memory.");
    test(target_too_long, "An endless request line must end somewhere: 414.");
    test(long_target_is_taken, "Targets up to 8,000 bytes are ordinary; the buffer must grow for them.");
    test(header_too_long, "An endless header must end somewhere: 431.");
    test(long_header_is_taken, "A header of 20 KB is large but legal: the buffer doubles until it fits.");
    test(expectation_unknown, "417 for an expectation that cannot be met.");
    test(coding_unknown, "501 for a transfer coding that is not understood: the body's end is unknown.");
    test(unreadable_file, "CreateFile may fail for other reasons than a wrong name.");
    test(name_too_long, "The system refuses the name; the client gets an answer all the same.");
    test(nothing_after_a_refusal, "Once framing is lost, what follows may be anything: a smuggled request, for one.");
}
