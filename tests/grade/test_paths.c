/* No way out of the root, on any system. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

/* None of the targets may yield a file: each is refused with 400 or 404 (414 by length), and the server lives. */
static void none_leads_out(const char *const *targets)
{
    serve("");
    for (int i = 0; targets[i]; i++) {
        CLIENT *c = client_open();
        RESPONSE *r = get(c, targets[i]);
        if (r->body_length >= 10 && memmem(r->body, r->body_length, "top secret", 10))
            response_fail(r, "not a file from outside the root");
        if (r->status != 400 && r->status != 404)
            response_fail(r, "status 400 or 404");
        client_close(c);
    }
    expect_served();
}

START_TEST(dots)
{
    static const char *const targets[] = {
        "/../secret.txt",
        "/folder/../../secret.txt",
        "/..",
        "/../",
        "/../../../../../../etc/passwd",
        "/./../secret.txt",
        "/a/b/c/../../../../secret.txt",
        "//../secret.txt",
        "/...",
        "/.../small.txt",
        "/folder/..",
        "/..?x",
        "http://test/../secret.txt",
        NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(encoded_dots)
{
    static const char *const targets[] = {
        "/%2e%2e/secret.txt",
        "/%2E%2e/secret.txt",
        "/.%2e/secret.txt",
        "/%2e./secret.txt",
        "/folder/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/folder%2findex.html",
        "/%252e%252e/secret.txt",
        NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(overlong_utf8)
{
    static const char *const targets[] = {
        "/%c0%ae%c0%ae/secret.txt",
        "/%c0%2e%c0%2e/secret.txt",
        "/..%c0%afsecret.txt",
        "/%e0%80%ae%e0%80%ae/secret.txt",
        "/%ff%fe.txt",
        "/small%80.txt",
        "/%ed%a0%80.txt",
        NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(backslashes)
{
    static const char *const targets[] = {
        "/..\\secret.txt",      "/..%5csecret.txt", "/%2e%2e%5Csecret.txt",  "/folder\\index.html",
        "/folder%5cindex.html", "\\..\\secret.txt", "/\\\\server\\share\\x", NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(drives_and_streams)
{
    static const char *const targets[] = {
        "/C:/windows/win.ini",
        "/c:windows/win.ini",
        "/Z:/etc/passwd",
        "/C%3a/windows/win.ini",
        "/small.txt::$DATA",
        "/small.txt:stream",
        "/small.txt%3a%3a$DATA",
        "/:",
        "//./C:/windows/win.ini",
        "//?/C:/windows/win.ini",
        "//localhost/c$/windows/win.ini",
        NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(devices)
{
    static const char *const targets[] = {
        "/CON",
        "/con",
        "/NUL",
        "/nul.txt",
        "/PRN",
        "/AUX",
        "/COM1",
        "/COM1.txt",
        "/com9",
        "/LPT1",
        "/lpt3.html",
        "/folder/CON",
        "/folder/nul.tar.gz",
        "/CONIN$",
        "/CONOUT$",
        "/nul%20",
        "/nul%20.txt",
        "/COM%C2%B9",
        "/NUL/",
        NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(trailing_dots_and_spaces)
{
    static const char *const targets[] = {
        "/small.txt.",
        "/small.txt..",
        "/small.txt%20",
        "/small.txt%20%20",
        "/small.txt.%20",
        "/folder./index.html",
        "/folder%20/index.html",
        "/%20",
        "/.",
        "/%2e",
        NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(control_bytes)
{
    static const char *const targets[] = {
        "/small.txt%00", "/small.txt%00.html", "/%00", "/small%0atxt", "/small%0d%0aX-Injected:%20yes",
        "/small%7f.txt", "/small%09.txt",      NULL,
    };
    none_leads_out(targets);
}
END_TEST

START_TEST(broken_encodings)
{
    static const char *const targets[] = {"/%",   "/%2",   "/%zz", "/small.txt%", "/%u002e%u002e/secret.txt",
                                          "/%-1", "/% 20", NULL};
    none_leads_out(targets);
}
END_TEST

START_TEST(wildcards)
{
    static const char *const targets[] = {
        "/*.txt", "/small%3f.txt", "/small.t%3Ft", "/%3csmall%3e", "/small.txt%7c", "/%22small.txt%22", NULL};
    none_leads_out(targets);
}
END_TEST

START_TEST(raw_bytes)
{
#define ROW(text)                                                                                                      \
    {                                                                                                                  \
        text, sizeof text - 1                                                                                          \
    }
    static const struct {
        const char *bytes;
        size_t length;
    } requests[] = {
        ROW("GET /\0 HTTP/1.1\r\nHost: test\r\n\r\n"),
        ROW("GET /sm\x01ll HTTP/1.1\r\nHost: test\r\n\r\n"),
        ROW("GET /gr\xFC\xDF"
            "e.txt HTTP/1.1\r\nHost: test\r\n\r\n"),
        ROW("GET /small.txt\x7F HTTP/1.1\r\nHost: test\r\n\r\n"),
    };
#undef ROW
    serve("");
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        CLIENT *c = client_open();
        client_send(c, requests[i].bytes, requests[i].length);
        expect_status(response(c), 400);
        client_close(c);
    }
    expect_served();
}
END_TEST

START_TEST(location_is_not_injected)
{
    serve("");
    CLIENT *c = client_open();
    RESPONSE *r = get(c, "/folder%0d%0aSet-Cookie:%20x");
    expect_status(r, 400);
    expect_field(r, "Set-Cookie", NULL);
}
END_TEST

START_TEST(uploads_stay_inside)
{
    static const char *const targets[] = {
        "/../evil.txt", "/%2e%2e/evil.txt", "/..%5cevil.txt", "/C:/evil.txt", "/..",
        "/nul.txt",     "/evil.txt:s",      "/evil.txt.",     "/evil%00.txt", NULL,
    };
    char outside[SERVER_PATH + 16];
    serve("");
    for (int i = 0; targets[i]; i++) {
        CLIENT *c = client_open();
        RESPONSE *r = ask(c, "PUT %s HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nevil", targets[i]);
        if (r->status != 400 && r->status != 404)
            response_fail(r, "status 400 or 404");
    }
    snprintf(outside, sizeof outside, "%s/evil.txt", run.folder);
    EXPECT(access(outside, F_OK) != 0, "no file beside the uploads folder", "%s is there", outside);
    EXPECT(!*uploads_list(), "no file is made", "uploads holds %s", uploads_list());
}
END_TEST

void paths_topic(void)
{
    topic("paths", "no way out of the root");
    test(dots, "A .. that is obeyed hands out every file on the machine.");
    test(encoded_dots, "Decode first, judge afterwards, and decode only once.");
    test(overlong_utf8, "Overlong UTF-8 once smuggled ../ past a famous server's check.");
    test(backslashes, "Windows takes \\ for / as well.");
    test(drives_and_streams, "A colon names another drive, or another stream of the file (name::$DATA).");
    test(devices, "Windows opens CON, NUL and COM1.txt in every folder; a read of one may never return.");
    test(trailing_dots_and_spaces,
         "Windows cuts them off, so that the name is another file's and slips by every check.");
    test(control_bytes, "NUL ends the name for the system and not for the check.");
    test(broken_encodings, "What is not an encoding must not be read past the target's end.");
    test(wildcards, "Windows forbids these in names; some calls take them for patterns.");
    test(raw_bytes, "Control bytes and bytes that are not ASCII have no place in a request line.");
    test(location_is_not_injected, "A target that comes back in a header must not be able to add lines to it.");
    test(uploads_stay_inside, "What holds for reading holds for writing, only worse.");
}
