/* Requests that are sound: what is read from them. */
#include "suite.h"

#include <stdio.h>

static HTTP_REQUEST parse(const char *header)
{
    HTTP_REQUEST request;
    int status = HttpParseRequest(exact(header, strlen(header)), strlen(header), &request);

    ck_assert_msg(status == 0, "%s: expected 0, got %d", show(header, strlen(header)), status);
    return request;
}

START_TEST(every_field_that_is_kept)
{
    HTTP_REQUEST request = parse("GET /docs/a.html?x=1 HTTP/1.1\r\n"
                                 "Host: example.org:8080\r\n"
                                 "User-Agent: \t test/1.0 (a b)  \r\n"
                                 "Referer:http://example.org/\r\n"
                                 "RANGE: bytes=0-9\r\n"
                                 "if-range: \"abc\"\r\n"
                                 "If-None-Match: W/\"a\", \"b\"\r\n"
                                 "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                 "X-Other: caf\xC3\xA9 \xFF\r\n"
                                 "Accept:\r\n"
                                 "\r\n");

    ck_assert_int_eq(request.Method, HTTP_GET);
    check_text("MethodName", request.MethodName, "GET");
    check_text("Target", request.Target, "/docs/a.html?x=1");
    check_text("Host", request.Host, "example.org:8080");
    check_text("UserAgent", request.UserAgent, "test/1.0 (a b)");
    check_text("Referer", request.Referer, "http://example.org/");
    check_text("Range", request.Range, "bytes=0-9");
    check_text("IfRange", request.IfRange, "\"abc\"");
    check_text("IfNoneMatch", request.IfNoneMatch, "W/\"a\", \"b\"");
    check_text("IfModifiedSince", request.IfModifiedSince, "Sun, 06 Nov 1994 08:49:37 GMT");
    ck_assert_int_eq(request.MinorVersion, 1);
    ck_assert_int_ne(request.KeepAlive, 0);
    ck_assert_int_eq(request.ExpectContinue, 0);
    ck_assert_int_eq(request.Framing, HTTP_BODY_NONE);
    ck_assert_uint_eq(request.ContentLength, 0);
}
END_TEST

START_TEST(absent_fields_have_no_data)
{
    HTTP_REQUEST request = parse("GET / HTTP/1.0\r\n\r\n");

    check_text("Host", request.Host, NULL);
    check_text("Range", request.Range, NULL);
    check_text("IfRange", request.IfRange, NULL);
    check_text("IfNoneMatch", request.IfNoneMatch, NULL);
    check_text("IfModifiedSince", request.IfModifiedSince, NULL);
    check_text("Referer", request.Referer, NULL);
    check_text("UserAgent", request.UserAgent, NULL);
}
END_TEST

START_TEST(a_field_may_be_empty_and_is_there_all_the_same)
{
    HTTP_REQUEST request = parse("GET / HTTP/1.1\r\nHost:\r\nRange: \t\r\nUser-Agent:\r\n\r\n");

    check_text("Host", request.Host, "");
    check_text("Range", request.Range, "");
    check_text("UserAgent", request.UserAgent, "");
}
END_TEST

START_TEST(of_a_field_sent_twice_the_first_is_kept)
{
    HTTP_REQUEST request = parse("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nRange: bytes=5-6\r\n"
                                 "Referer:\r\nReferer: b\r\n\r\n");

    check_text("Range", request.Range, "bytes=0-1");
    check_text("Referer", request.Referer, "");
}
END_TEST

static const struct {
    const char *name;
    HTTP_METHOD method;
    int known;
} methods[] = {
    {"GET", HTTP_GET, 1},        {"HEAD", HTTP_HEAD, 1},
    {"POST", HTTP_POST, 1},      {"PUT", HTTP_PUT, 1},
    {"DELETE", HTTP_OTHER, 1},   {"OPTIONS", HTTP_OTHER, 1},
    {"TRACE", HTTP_OTHER, 1},    {"CONNECT", HTTP_OTHER, 1},
    {"PATCH", HTTP_OTHER, 1},    {"get", HTTP_OTHER, 0},
    {"Get", HTTP_OTHER, 0},      {"GETX", HTTP_OTHER, 0},
    {"GE", HTTP_OTHER, 0},       {"PROPFIND", HTTP_OTHER, 0},
    {"M-SEARCH", HTTP_OTHER, 0}, {"!#$%&'*+-.^_`|~09azAZ", HTTP_OTHER, 0},
};

START_TEST(methods_served_known_and_unknown)
{
    char header[100];
    sprintf(header, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", methods[_i].name);
    HTTP_REQUEST request = parse(header);

    ck_assert_int_eq(request.Method, methods[_i].method);
    check_text("MethodName", request.MethodName, methods[_i].name);
    ck_assert_msg(!HttpMethodIsKnown(request.MethodName) == !methods[_i].known, "%s", methods[_i].name);
}
END_TEST

static const struct {
    const char *line, *fields;
    int keep_alive;
} connections[] = {
    {"HTTP/1.1", "", 1},
    {"HTTP/1.0", "", 0},
    {"HTTP/1.1", "Connection: close\r\n", 0},
    {"HTTP/1.1", "Connection: CLOSE\r\n", 0},
    {"HTTP/1.0", "Connection: keep-alive\r\n", 1},
    {"HTTP/1.0", "Connection: Keep-Alive\r\n", 1},
    {"HTTP/1.1", "Connection: keep-alive\r\n", 1},
    {"HTTP/1.1", "Connection: upgrade, close\r\n", 0},
    {"HTTP/1.1", "Connection: close, upgrade\r\n", 0},
    {"HTTP/1.1", "Connection: ,, close\t,\r\n", 0},
    {"HTTP/1.0", "Connection: te, keep-alive\r\n", 1},
    {"HTTP/1.0", "Connection: close, keep-alive\r\n", 0},
    {"HTTP/1.1", "Connection: upgrade\r\nConnection: close\r\n", 0},
    {"HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n", 0},
    {"HTTP/1.1", "Connection: closed\r\n", 1},
    {"HTTP/1.1", "Connection: clos\r\n", 1},
    {"HTTP/1.1", "Connection: x close\r\n", 1},
    {"HTTP/1.0", "Connection: keep-alive-not\r\n", 0},
    {"HTTP/1.1", "Connection:\r\n", 1},
    {"HTTP/1.1", "X-Connection: close\r\n", 1},
    {"HTTP/1.2", "", 1},
};

START_TEST(who_keeps_the_connection)
{
    char header[200];
    sprintf(header, "GET / %s\r\nHost: a\r\n%s\r\n", connections[_i].line, connections[_i].fields);

    ck_assert_msg(!parse(header).KeepAlive == !connections[_i].keep_alive, "%s: expected KeepAlive %d",
                  show(header, strlen(header)), connections[_i].keep_alive);
}
END_TEST

START_TEST(versions)
{
    ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r\n").MinorVersion, 0);
    ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").MinorVersion, 1);
    ck_assert_int_eq(parse("GET / HTTP/1.9\r\nHost: a\r\n\r\n").MinorVersion, 1);
}
END_TEST

static const struct {
    const char *fields;
    HTTP_FRAMING framing;
    uint64_t length;
} framings[] = {
    {"", HTTP_BODY_NONE, 0},
    {"Content-Length: 0\r\n", HTTP_BODY_LENGTH, 0},
    {"Content-Length: 42\r\n", HTTP_BODY_LENGTH, 42},
    {"content-length:00042\t\r\n", HTTP_BODY_LENGTH, 42},
    {"Content-Length: 18446744073709551615\r\n", HTTP_BODY_LENGTH, UINT64_MAX},
    {"Transfer-Encoding: chunked\r\n", HTTP_BODY_CHUNKED, 0},
    {"TRANSFER-ENCODING:\tChunked \r\n", HTTP_BODY_CHUNKED, 0},
};

START_TEST(framings_of_bodies)
{
    char header[200];
    sprintf(header, "POST /echo HTTP/1.1\r\nHost: a\r\n%s\r\n", framings[_i].fields);
    HTTP_REQUEST request = parse(header);

    ck_assert_int_eq(request.Framing, framings[_i].framing);
    ck_assert_uint_eq(request.ContentLength, framings[_i].length);
}
END_TEST

START_TEST(expect_continue_is_for_http_1_1)
{
    ck_assert(parse("PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").ExpectContinue);
    ck_assert(!parse("PUT /a HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").ExpectContinue);
    ck_assert(!parse("PUT /a HTTP/1.1\r\nHost: a\r\n\r\n").ExpectContinue);
}
END_TEST

START_TEST(empty_lines_before_the_request_are_skipped)
{
    check_text("Target", parse("\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n").Target, "/a");
}
END_TEST

/* A target or header of the greatest size is taken, one byte more is not. */
START_TEST(limits_are_exact)
{
    static char header[HTTP_MAX_HEADER + 100];
    HTTP_REQUEST request;

    for (int extra = 0; extra < 2; extra++) {
        int length = sprintf(header, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_MAX_TARGET - 1 + extra, 0);
        ck_assert_int_eq(HttpParseRequest(header, (size_t)length, &request), extra ? 414 : 0);

        length = sprintf(header, "GET / HTTP/1.1\r\nHost: a\r\nA: ");
        length += sprintf(header + length, "%0*d\r\n\r\n", HTTP_MAX_HEADER + extra - length - 4, 0);
        ck_assert_int_eq(length, HTTP_MAX_HEADER + extra);
        ck_assert_int_eq(HttpParseRequest(header, (size_t)length, &request), extra ? 431 : 0);
    }
}
END_TEST

START_TEST(what_was_read_before_a_failure_is_kept)
{
    HTTP_REQUEST request;

    ck_assert_int_eq(HttpParseRequest(BYTES("HEAD /a HTTP/1.0\r\nbad\r\n\r\n"), &request), 400);
    ck_assert_int_eq(request.Method, HTTP_HEAD);
    check_text("Target", request.Target, "/a");
    ck_assert_int_eq(request.MinorVersion, 0);
    ck_assert_int_eq(request.KeepAlive, 0);
    ck_assert_int_eq(HttpParseRequest(BYTES("?"), &request), 400);
    ck_assert_int_eq(request.MinorVersion, 1);
}
END_TEST

/* As a server does it: bytes arrive one by one in a buffer that moves, and the header is parsed once it is complete. */
START_TEST(byte_by_byte_is_as_in_one_piece)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        char message[600];
        uint64_t random = seed * 0x9E3779B97F4A7C15u;
        size_t length = random_message(&random, message, sizeof(message)), end = 0, given = 0;
        HTTP_SCAN whole = {0, 0}, scan = {0, 0};
        HTTP_REQUEST in_one, in_many;

        size_t whole_end = HttpFindHeaderEnd(&whole, message, length);
        char *copy = NULL;
        while (end == 0 && given < length) {
            if (copy != NULL) {
                discard(copy);
            }
            copy = exact(message, ++given);
            end = HttpFindHeaderEnd(&scan, copy, given);
        }
        ck_assert_uint_eq(end, whole_end);
        if (end != 0) {
            int status = HttpParseRequest(message, end, &in_one);
            ck_assert_int_eq(HttpParseRequest(copy, end, &in_many), status);
            ck_assert_int_eq(in_one.Framing, in_many.Framing);
            ck_assert_int_eq(in_one.KeepAlive, in_many.KeepAlive);
            ck_assert_uint_eq(in_one.Target.Length, in_many.Target.Length);
            ck_assert_uint_eq(in_one.Host.Length, in_many.Host.Length);
        }
    }
}
END_TEST

TCase *request_tests(void)
{
    TCase *tcase = tcase_create("request");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_set_timeout(tcase, 20);
    tcase_add_test(tcase, every_field_that_is_kept);
    tcase_add_test(tcase, absent_fields_have_no_data);
    tcase_add_test(tcase, a_field_may_be_empty_and_is_there_all_the_same);
    tcase_add_test(tcase, of_a_field_sent_twice_the_first_is_kept);
    tcase_add_loop_test(tcase, methods_served_known_and_unknown, 0, COUNT(methods));
    tcase_add_loop_test(tcase, who_keeps_the_connection, 0, COUNT(connections));
    tcase_add_test(tcase, versions);
    tcase_add_loop_test(tcase, framings_of_bodies, 0, COUNT(framings));
    tcase_add_test(tcase, expect_continue_is_for_http_1_1);
    tcase_add_test(tcase, empty_lines_before_the_request_are_skipped);
    tcase_add_test(tcase, limits_are_exact);
    tcase_add_test(tcase, what_was_read_before_a_failure_is_kept);
    tcase_add_test(tcase, byte_by_byte_is_as_in_one_piece);
    return tcase;
}
