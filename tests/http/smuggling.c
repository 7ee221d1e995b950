/*
 * Requests that two programs could read in two ways, and requests that are plainly wrong: each with the status that
 * refuses it. Among them, as a check on the table itself, their harmless twins with status 0.
 */
#include "suite.h"

/* The whole header, or, where it begins with a field, what stands between this and the blank line: */
#define PLAIN "POST /echo HTTP/1.1\r\nHost: a\r\n"

typedef struct {
    const char *name, *data;
    size_t length;
    int status;
} HOSTILE;

/* Fields alone: added to PLAIN. */
static const HOSTILE fields[] = {
    {"twin: one length", BYTES("Content-Length: 5\r\n"), 0},
    {"twin: chunked", BYTES("Transfer-Encoding: chunked\r\n"), 0},
    /* CL.CL */
    {"two lengths", BYTES("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
    {"two equal lengths", BYTES("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
    {"two lengths in one field", BYTES("Content-Length: 5, 6\r\n"), 400},
    {"two equal lengths in one field", BYTES("Content-Length: 5, 5\r\n"), 400},
    {"a length, then an empty one", BYTES("Content-Length: 5\r\nContent-Length:\r\n"), 400},
    {"lengths apart, in other cases", BYTES("CONTENT-LENGTH: 5\r\nA: b\r\ncontent-length: 6\r\n"), 400},
    /* CL.TE and TE.CL */
    {"length, then chunked", BYTES("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"chunked, then length", BYTES("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
    {"length 0 with chunked", BYTES("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"length with an unknown coding", BYTES("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n"), 400},
    /* TE.TE */
    {"chunked twice", BYTES("Transfer-Encoding: chunked, chunked\r\n"), 400},
    {"chunked in two fields", BYTES("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"chunked not last", BYTES("Transfer-Encoding: chunked, gzip\r\n"), 400},
    {"chunked not last, in two fields", BYTES("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), 400},
    {"chunked, then identity", BYTES("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400},
    {"chunked, then cow", BYTES("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n"), 400},
    {"cow, then chunked", BYTES("Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n"), 501},
    {"gzip and chunked", BYTES("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {"gzip", BYTES("Transfer-Encoding: gzip\r\n"), 501},
    {"identity", BYTES("Transfer-Encoding: identity\r\n"), 501},
    {"xchunked", BYTES("Transfer-Encoding: xchunked\r\n"), 501},
    {"chunkedx", BYTES("Transfer-Encoding: chunkedx\r\n"), 501},
    {"chunked in quotes", BYTES("Transfer-Encoding: \"chunked\"\r\n"), 400},
    {"chunked with a parameter", BYTES("Transfer-Encoding: chunked;q=1\r\n"), 400},
    {"chunked and an empty element", BYTES("Transfer-Encoding: chunked,\r\n"), 400},
    {"an empty element and chunked", BYTES("Transfer-Encoding: ,chunked\r\n"), 400},
    {"an empty coding", BYTES("Transfer-Encoding:\r\n"), 400},
    {"two words", BYTES("Transfer-Encoding: x chunked\r\n"), 400},
    {"vertical tab before chunked",
     BYTES("Transfer-Encoding: \x0B"
           "chunked\r\n"),
     400},
    {"form feed after chunked", BYTES("Transfer-Encoding: chunked\x0C\r\n"), 400},
    {"NUL after chunked", BYTES("Transfer-Encoding: chunked\0\r\n"), 400},
    {"space in the name's place", BYTES("Transfer-Encoding : chunked\r\n"), 400},
    {"tab before the colon", BYTES("Transfer-Encoding\t: chunked\r\n"), 400},
    {"space before the name", BYTES(" Transfer-Encoding: chunked\r\n"), 400},
    {"underscore is another name", BYTES("Transfer_Encoding: chunked\r\n"), 0},
    {"folded coding", BYTES("Transfer-Encoding:\r\n chunked\r\n"), 400},
    {"non-ASCII k in chunked",
     BYTES("Transfer-Encoding: chun\xE2\x84\xAA"
           "ed\r\n"),
     400},
    /* numbers */
    {"plus", BYTES("Content-Length: +5\r\n"), 400},
    {"minus", BYTES("Content-Length: -5\r\n"), 400},
    {"minus zero", BYTES("Content-Length: -0\r\n"), 400},
    {"hexadecimal", BYTES("Content-Length: 0x5\r\n"), 400},
    {"fraction", BYTES("Content-Length: 5.0\r\n"), 400},
    {"exponent", BYTES("Content-Length: 5e0\r\n"), 400},
    {"in quotes", BYTES("Content-Length: \"5\"\r\n"), 400},
    {"space inside", BYTES("Content-Length: 1 2\r\n"), 400},
    {"empty length", BYTES("Content-Length:\r\n"), 400},
    {"blank length", BYTES("Content-Length:   \r\n"), 400},
    {"a word", BYTES("Content-Length: five\r\n"), 400},
    {"NUL in the length",
     BYTES("Content-Length: 5\0"
           "6\r\n"),
     400},
    {"vertical tab in the length",
     BYTES("Content-Length: \x0B"
           "5\r\n"),
     400},
    {"full-width digit", BYTES("Content-Length: \xEF\xBC\x95\r\n"), 400},
    {"Latin-1 superscript", BYTES("Content-Length: \xB2\r\n"), 400},
    {"trailing semicolon", BYTES("Content-Length: 5;\r\n"), 400},
    {"2 to the 64th", BYTES("Content-Length: 18446744073709551616\r\n"), 400},
    {"2 to the 64th and 5", BYTES("Content-Length: 18446744073709551621\r\n"), 400},
    {"ten times 2 to the 64th", BYTES("Content-Length: 184467440737095516150\r\n"), 400},
    {"40 digits", BYTES("Content-Length: 1000000000000000000000000000000000000005\r\n"), 400},
    {"space before the colon", BYTES("Content-Length : 5\r\n"), 400},
    {"tab before the colon of a length", BYTES("Content-Length\t: 5\r\n"), 400},
    /* line ends */
    {"bare LF after a field", BYTES("A: b\nContent-Length: 5\r\n"), 400},
    {"bare LF at the last field", BYTES("Content-Length: 5\n"), 400},
    {"bare CR in a value", BYTES("A: b\rContent-Length: 5\r\n"), 400},
    {"CR CR LF", BYTES("A: b\r\r\n"), 400},
    {"bare CR in a name", BYTES("A\rB: c\r\n"), 400},
    {"bare LF in a value", BYTES("A: b\nc\r\n"), 400},
    {"folded line, space", BYTES("A: b\r\n c\r\n"), 400},
    {"folded line, tab", BYTES("A: b\r\n\tContent-Length: 5\r\n"), 400},
    {"line of one space", BYTES("A: b\r\n \r\n"), 400},
    /* bytes */
    {"NUL in a value", BYTES("A: b\0c\r\n"), 400},
    {"NUL in a name", BYTES("A\0: b\r\n"), 400},
    {"DEL in a value", BYTES("A: b\x7F\r\n"), 400},
    {"escape in a value", BYTES("A: \x1B[2J\r\n"), 400},
    {"tab in a value", BYTES("A: b\tc\r\n"), 0},
    {"Latin-1 in a value", BYTES("A: \xE9\r\n"), 0},
    {"Latin-1 in a name", BYTES("\xC9: b\r\n"), 400},
    {"no colon", BYTES("Content-Length 5\r\n"), 400},
    {"no name", BYTES(": b\r\n"), 400},
    {"a space as name", BYTES(" : b\r\n"), 400},
    {"a name with parentheses", BYTES("A(B): c\r\n"), 400},
    {"a name with a slash", BYTES("A/B: c\r\n"), 400},
    {"a name in quotes", BYTES("\"A\": c\r\n"), 400},
    {"a name with a space", BYTES("A B: c\r\n"), 400},
    {"a colon in a value", BYTES("A: b:c: d\r\n"), 0},
    /* Host */
    {"two hosts", BYTES("Host: b\r\n"), 400},
    {"two equal hosts", BYTES("Host: a\r\n"), 400},
    {"a second, empty host", BYTES("host:\r\n"), 400},
    {"a host with a space before the colon", BYTES("Host : b\r\n"), 400},
    /* expectations */
    {"twin: 100-continue", BYTES("Expect: 100-continue\r\n"), 0},
    {"another expectation", BYTES("Expect: 200-ok\r\n"), 417},
    {"an empty expectation", BYTES("Expect:\r\n"), 417},
    {"one more expectation", BYTES("Expect: 100-continue, x\r\n"), 417},
    {"two fields", BYTES("Expect: 100-continue\r\nExpect: x\r\n"), 417},
    {"an unknown coding comes first", BYTES("Expect: x\r\nTransfer-Encoding: gzip\r\n"), 501},
};

/* Whole headers. */
static const HOSTILE headers[] = {
    {"twin", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"twin of HTTP/1.0", BYTES("GET / HTTP/1.0\r\n\r\n"), 0},
    /* the request line */
    {"two spaces", BYTES("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"two spaces before the version", BYTES("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a tab", BYTES("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a tab before the version", BYTES("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a space before the method", BYTES(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a space after the version", BYTES("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400},
    {"a space in the target", BYTES("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no method", BYTES(" / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no target", BYTES("GET HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no version", BYTES("GET /\r\nHost: a\r\n\r\n"), 400},
    {"a method with a NUL", BYTES("GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a method with a colon", BYTES("GET: / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a method in Latin-1", BYTES("G\xC9T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"bare LF after the request line", BYTES("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400},
    {"bare LFs throughout", BYTES("GET / HTTP/1.1\nHost: a\n\n"), 400},
    {"bare LF at the blank line", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400},
    {"bare CR in the request line", BYTES("GET /\rHTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"CR CR LF after the request line", BYTES("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), 400},
    {"bare LF before the request", BYTES("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"bare CR before the request", BYTES("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a NUL before the request", BYTES("\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a byte order mark", BYTES("\xEF\xBB\xBFGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a first field that is indented", BYTES("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
    {"a TLS greeting", BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03\r\n\r\n"), 400},
    /* the target */
    {"a NUL in the target", BYTES("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"DEL in the target", BYTES("GET /\x7F HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a fragment", BYTES("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"UTF-8 in the target", BYTES("GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"asterisk", BYTES("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"authority", BYTES("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no slash", BYTES("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a query alone", BYTES("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute", BYTES("GET http://b/a HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"absolute, scheme in capitals", BYTES("GET HTTP://b:80/a HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"absolute without a path", BYTES("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"absolute without a host", BYTES("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute with a user", BYTES("GET http://u:p@b/a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute with a bad port", BYTES("GET http://b:x/a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute without Host", BYTES("GET http://b/a HTTP/1.1\r\n\r\n"), 400},
    {"another scheme", BYTES("GET ftp://b/a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"https on a plain connection", BYTES("GET https://b/a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a scheme alone", BYTES("GET http: HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    /* the version */
    {"HTTP/2.0", BYTES("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
    {"HTTP/2's preface", BYTES("PRI * HTTP/2.0\r\n\r\n"), 505},
    {"HTTP/0.9", BYTES("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505},
    {"HTTP/3.1", BYTES("GET / HTTP/3.1\r\nHost: a\r\n\r\n"), 505},
    {"a newer minor version", BYTES("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 0},
    {"a field in the place of the version", BYTES("GET / Host: a\r\n\r\n"), 400},
    {"a field right behind the version", BYTES("GET / HTTP/1.1Host: a\r\n\r\n"), 400},
    {"HTTP/1", BYTES("GET / HTTP/1\r\nHost: a\r\n\r\n"), 400},
    {"HTTP/1.", BYTES("GET / HTTP/1.\r\nHost: a\r\n\r\n"), 400},
    {"HTTP/1.10", BYTES("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 400},
    {"HTTP/11.1", BYTES("GET / HTTP/11.1\r\nHost: a\r\n\r\n"), 400},
    {"HTTP/1,1", BYTES("GET / HTTP/1,1\r\nHost: a\r\n\r\n"), 400},
    {"HTTP/+1.1", BYTES("GET / HTTP/+1.1\r\nHost: a\r\n\r\n"), 400},
    {"http/1.1", BYTES("GET / http/1.1\r\nHost: a\r\n\r\n"), 400},
    {"HTTP 1.1", BYTES("GET / HTTP 1.1\r\nHost: a\r\n\r\n"), 400},
    {"XHTTP/1.1", BYTES("GET / XHTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    /* Host */
    {"no Host", BYTES("GET / HTTP/1.1\r\n\r\n"), 400},
    {"Host in HTTP/1.0, doubled", BYTES("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400},
    {"Host with an address", BYTES("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), 0},
    {"Host with an address of all kinds of digits", BYTES("GET / HTTP/1.1\r\nHost: [09af::AF:127.0.0.1]\r\n\r\n"), 0},
    {"Host with an IPv4 address", BYTES("GET / HTTP/1.1\r\nHost: 127.0.0.1:\r\n\r\n"), 0},
    {"Host with an open bracket", BYTES("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400},
    {"Host with empty brackets", BYTES("GET / HTTP/1.1\r\nHost: []\r\n\r\n"), 400},
    {"Host with a path", BYTES("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    {"Host with a user", BYTES("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
    {"Host with a space", BYTES("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
    {"Host of two", BYTES("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
    {"Host with a word for a port", BYTES("GET / HTTP/1.1\r\nHost: a:http\r\n\r\n"), 400},
    {"Host with two ports", BYTES("GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n"), 400},
    {"Host of a port alone", BYTES("GET / HTTP/1.1\r\nHost: :80\r\n\r\n"), 400},
    {"Host with a backslash", BYTES("GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n"), 400},
    {"Host in UTF-8", BYTES("GET / HTTP/1.1\r\nHost: \xC3\xA9\r\n\r\n"), 400},
    /* HTTP/1.0 and codings */
    {"chunked in HTTP/1.0", BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"gzip in HTTP/1.0", BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"), 400},
    /* what the scanner would not hand over */
    {"nothing", BYTES(""), 400},
    {"an empty line", BYTES("\r\n"), 400},
    {"no blank line", BYTES("GET / HTTP/1.1\r\nHost: a\r\n"), 400},
    {"half a blank line", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r"), 400},
    {"bytes behind the blank line", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\nx"), 400},
    {"a second request behind it", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
};

static void check_status(const char *name, const char *data, size_t length, int expected)
{
    HTTP_REQUEST request;
    int status = HttpParseRequest(exact(data, length), length, &request);

    require(status == expected, "%s: %s: expected %d, got %d", name, show(data, length), expected, status);
}

START_TEST(fields_refused)
{
    char data[400];
    size_t length = strlen(PLAIN);

    memcpy(data, PLAIN, length);
    memcpy(data + length, fields[_i].data, fields[_i].length);
    length += fields[_i].length;
    memcpy(data + length, "\r\n", 2);
    check_status(fields[_i].name, data, length + 2, fields[_i].status);
}
END_TEST

/* The same in front of the other fields: the place of a field must not matter. */
START_TEST(fields_refused_in_front)
{
    static const char line[] = "POST /echo HTTP/1.1\r\n", rest[] = "Host: a\r\nA: b\r\n\r\n";
    char data[400];
    size_t length = sizeof(line) - 1;

    memcpy(data, line, length);
    memcpy(data + length, fields[_i].data, fields[_i].length);
    length += fields[_i].length;
    memcpy(data + length, rest, sizeof(rest) - 1);
    check_status(fields[_i].name, data, length + sizeof(rest) - 1, fields[_i].status);
}
END_TEST

START_TEST(headers_refused)
{
    check_status(headers[_i].name, headers[_i].data, headers[_i].length, headers[_i].status);
}
END_TEST

/* Every byte value in every place of a sound header: only those may be there that the grammar allows. */
START_TEST(every_byte_in_a_value_and_in_a_name)
{
    for (int byte = 0; byte < 256; byte++) {
        char value[] = "GET / HTTP/1.1\r\nHost: a\r\nA: b_c\r\n\r\n";
        char name[] = "GET / HTTP/1.1\r\nHost: a\r\nA_B: c\r\n\r\n";
        char method[] = "G_T / HTTP/1.1\r\nHost: a\r\n\r\n";
        char target[] = "GET /_ HTTP/1.1\r\nHost: a\r\n\r\n";
        int token =
            byte != 0 && byte < 128 &&
            strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", byte) != NULL;

        value[strchr(value, '_') - value] = (char)byte;
        name[strchr(name, '_') - name] = (char)byte;
        method[1] = (char)byte;
        target[5] = (char)byte;
        check_status("value", value, sizeof(value) - 1, byte == '\t' || (byte >= 32 && byte != 127) ? 0 : 400);
        check_status("name", name, sizeof(name) - 1, token || byte == ':' ? 0 : 400);
        check_status("method", method, sizeof(method) - 1, token ? 0 : 400);
        check_status("target", target, sizeof(target) - 1, byte > 32 && byte != 127 && byte != '#' ? 0 : 400);
    }
}
END_TEST

TCase *smuggling_tests(void)
{
    TCase *tcase = tcase_create("smuggling");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_add_loop_test(tcase, fields_refused, 0, COUNT(fields));
    tcase_add_loop_test(tcase, fields_refused_in_front, 0, COUNT(fields));
    tcase_add_loop_test(tcase, headers_refused, 0, COUNT(headers));
    tcase_add_test(tcase, every_byte_in_a_value_and_in_a_name);
    return tcase;
}
