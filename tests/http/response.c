/* Response headers, byte by byte; reason phrases and media types. */
#include "suite.h"

#include <stdio.h>

#define TAG "\"0123456789ab\""

static const struct {
    const char *name;
    HTTP_RESPONSE response;
    const char *expected;
} headers[] = {
    {"a file",
     {.Status = 200,
      .MinorVersion = 1,
      .KeepAlive = 1,
      .ContentType = "text/html",
      .ContentLength = 189853,
      .ETag = TAG},
     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 189853\r\nETag: " TAG "\r\n\r\n"},
    {"HTTP/1.0 that stays",
     {.Status = 200, .MinorVersion = 0, .KeepAlive = 1},
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
    {"HTTP/1.0 that closes",
     {.Status = 200, .MinorVersion = 0, .KeepAlive = 0},
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {"HTTP/1.1 that closes",
     {.Status = 400, .MinorVersion = 1},
     "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {"everything",
     {.Status = 200,
      .MinorVersion = 1,
      .KeepAlive = 1,
      .ContentType = "text/css",
      .ContentLength = UINT64_MAX,
      .ETag = TAG,
      .LastModified = 784111777,
      .Date = 951868799},
     "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: 18446744073709551615\r\nETag: " TAG
     "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Tue, 29 Feb 2000 23:59:59 GMT\r\n\r\n"},
    {"a part",
     {.Status = 206,
      .MinorVersion = 1,
      .KeepAlive = 1,
      .ContentLength = 10,
      .Range = {UINT64_C(4294967296), UINT64_C(4294967305)},
      .FileSize = UINT64_C(5000000000)},
     "HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\n"
     "Content-Range: bytes 4294967296-4294967305/5000000000\r\n\r\n"},
    {"no such part",
     {.Status = 416, .MinorVersion = 1, .KeepAlive = 1, .FileSize = 189853},
     "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nContent-Range: bytes */189853\r\n\r\n"},
    {"not modified",
     {.Status = 304, .MinorVersion = 1, .KeepAlive = 1, .ContentType = "text/html", .ContentLength = 5, .ETag = TAG},
     "HTTP/1.1 304 Not Modified\r\nETag: " TAG "\r\n\r\n"},
    {"no content",
     {.Status = 204, .MinorVersion = 1, .KeepAlive = 1, .ContentLength = 5},
     "HTTP/1.1 204 No Content\r\n\r\n"},
    {"continue", {.Status = 100, .MinorVersion = 1}, "HTTP/1.1 100 Continue\r\n\r\n"},
    {"created",
     {.Status = 201, .MinorVersion = 1, .KeepAlive = 1, .Location = "/a%20b"},
     "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /a%20b\r\n\r\n"},
    {"not allowed",
     {.Status = 405, .MinorVersion = 1, .KeepAlive = 1, .Allow = "GET, HEAD"},
     "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nAllow: GET, HEAD\r\n\r\n"},
    {"an unknown status",
     {.Status = 599, .MinorVersion = 1, .KeepAlive = 1},
     "HTTP/1.1 599 Unknown\r\nContent-Length: 0\r\n\r\n"},
    {"a range is of 206 alone",
     {.Status = 200, .MinorVersion = 1, .KeepAlive = 1, .Range = {0, 9}, .FileSize = 100},
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
};

START_TEST(headers_written)
{
    size_t expected = strlen(headers[_i].expected);

    for (size_t size = 0; size <= expected + 1; size++) {
        char *out = exact(headers[_i].expected, size);
        memset(out, 'x', size);
        size_t length = HttpWriteHeader(&headers[_i].response, out, size);
        ck_assert_msg(length == (size < expected ? 0 : expected), "%s: size %zu: expected %zu bytes, got %zu",
                      headers[_i].name, size, size < expected ? 0 : expected, length);
        ck_assert_msg(length == 0 || memcmp(out, headers[_i].expected, length) == 0, "%s: expected %s, got %s",
                      headers[_i].name, show(headers[_i].expected, expected), show(out, length));
        ck_assert(size <= expected || out[expected] == 'x');
        discard(out);
    }
}
END_TEST

/* The course's walk-through counts on it: 48-byte buffers doubled to 768 leave 678 bytes for the first slice. */
START_TEST(the_walk_through_header_has_90_bytes)
{
    HTTP_RESPONSE response = {.Status = 200, .MinorVersion = 1, .KeepAlive = 1, .ContentLength = 189853};
    char tag[HTTP_ETAG_SIZE], out[HTTP_MAX_RESPONSE_HEADER];

    HttpMakeETag(tag, 189853, 12345);
    response.ETag = tag;
    response.ContentType = HttpContentType("docs/anypage.html");
    ck_assert_uint_eq(HttpWriteHeader(&response, out, sizeof(out)), 90);
}
END_TEST

START_TEST(what_cannot_be_written)
{
    char out[HTTP_MAX_RESPONSE_HEADER];
    const char *const texts[] = {"\na", "a\r\nX: y", "a\nb", "a\rb", "a\x01", "a\x7F"};
    HTTP_RESPONSE plain = {.Status = 200, .MinorVersion = 1, .KeepAlive = 1}, response;

    for (int i = 0; i < COUNT(texts); i++) {
        response = plain, response.Location = texts[i];
        ck_assert_uint_eq(HttpWriteHeader(&response, out, sizeof(out)), 0);
        response = plain, response.ContentType = texts[i];
        ck_assert_uint_eq(HttpWriteHeader(&response, out, sizeof(out)), 0);
        response = plain, response.ETag = texts[i];
        ck_assert_uint_eq(HttpWriteHeader(&response, out, sizeof(out)), 0);
        response = plain, response.Allow = texts[i];
        ck_assert_uint_eq(HttpWriteHeader(&response, out, sizeof(out)), 0);
    }
    const int statuses[] = {0, -1, 99, 600, 1000};
    for (int i = 0; i < COUNT(statuses); i++) {
        response = plain, response.Status = statuses[i];
        ck_assert_uint_eq(HttpWriteHeader(&response, out, sizeof(out)), 0);
    }
}
END_TEST

/* Errors come whole: the declared length is the body's, HEAD gets none, and the promised room is enough. */
START_TEST(errors_are_whole)
{
    char out[HTTP_MAX_RESPONSE_HEADER], body[100], field[100];
    HTTP_RESPONSE response = {.Status = 0,
                              .MinorVersion = 0,
                              .KeepAlive = 1,
                              .ContentLength = 77,
                              .ContentType = "text/html",
                              .ETag = TAG,
                              .Allow = "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, CONNECT, PATCH",
                              .Range = {UINT64_MAX, UINT64_MAX},
                              .FileSize = UINT64_MAX,
                              .Date = 1,
                              .LastModified = 1};

    for (response.Status = 200; response.Status < 600; response.Status++) {
        if (response.Status == 204 || response.Status == 304) {
            continue;
        }
        size_t length = HttpWriteError(&response, HTTP_GET, out, sizeof(out));
        int expected = sprintf(body, "%d %s\n", response.Status, HttpReason(response.Status));
        ck_assert_msg(length > (size_t)expected && length < sizeof(out), "%d", response.Status);
        ck_assert(memcmp(out + length - expected, body, (size_t)expected) == 0);
        ck_assert(memcmp(out + length - expected - 4, "\r\n\r\n", 4) == 0);
        ck_assert_uint_eq(HttpWriteError(&response, HTTP_GET, exact(out, length - 1), length - 1), 0);
        ck_assert_uint_eq(HttpWriteError(&response, HTTP_HEAD, exact(out, length), length), length - (size_t)expected);
        out[length - (size_t)expected] = '\0';
        sprintf(field, "\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n", expected);
        ck_assert_ptr_nonnull(strstr(out, field));
    }
    response.Status = 304;
    size_t length = HttpWriteError(&response, HTTP_GET, out, sizeof(out));
    ck_assert(length > 4 && memcmp(out + length - 4, "\r\n\r\n", 4) == 0);
}
END_TEST

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {0, "Unknown"},
    {418, "Unknown"},
    {-1, "Unknown"},
};

START_TEST(reasons_of_statuses)
{
    ck_assert_str_eq(HttpReason(reasons[_i].status), reasons[_i].reason);
}
END_TEST

static const struct {
    const char *path, *type;
} types[] = {
    {"index.html", "text/html"},
    {"a/b.htm", "text/html"},
    {"A.HTML", "text/html"},
    {"style.css", "text/css"},
    {"app.js", "text/javascript"},
    {"a.min.js", "text/javascript"},
    {"a.txt", "text/plain"},
    {"a.json", "application/json"},
    {"a.png", "image/png"},
    {"a.jpg", "image/jpeg"},
    {"a.svg", "image/svg+xml"},
    {"a.html.gz", "application/gzip"},
    {"favicon.ico", "image/x-icon"},
    {"a.bin", "application/octet-stream"},
    {"a", "application/octet-stream"},
    {"a.", "application/octet-stream"},
    {"", "application/octet-stream"},
    {"html", "application/octet-stream"},
    {"a.html/b", "application/octet-stream"},
    {"a.htmlx", "application/octet-stream"},
    {"a.htm l", "application/octet-stream"},
};

START_TEST(types_of_paths)
{
    ck_assert_str_eq(HttpContentType(types[_i].path), types[_i].type);
}
END_TEST

TCase *response_tests(void)
{
    TCase *tcase = tcase_create("response");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_add_loop_test(tcase, headers_written, 0, COUNT(headers));
    tcase_add_test(tcase, the_walk_through_header_has_90_bytes);
    tcase_add_test(tcase, what_cannot_be_written);
    tcase_add_test(tcase, errors_are_whole);
    tcase_add_loop_test(tcase, reasons_of_statuses, 0, COUNT(reasons));
    tcase_add_loop_test(tcase, types_of_paths, 0, COUNT(types));
    return tcase;
}
