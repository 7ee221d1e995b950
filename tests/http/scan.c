/* The header's end, in one piece and in many. */
#include "suite.h"

static const struct {
    const char *name, *data;
    size_t length, end;
} ends[] = {
    {"nothing", BYTES(""), 0},
    {"a request", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 27},
    {"a body after it", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\r\n\r\n"), 27},
    {"the last LF is missing", BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r"), 0},
    {"the last CR LF is missing", BYTES("GET / HTTP/1.1\r\nHost: a\r\n"), 0},
    {"no fields", BYTES("GET / HTTP/1.1\r\n\r\n"), 18},
    {"an empty line before", BYTES("\r\nGET / HTTP/1.1\r\n\r\n"), 20},
    {"three empty lines before", BYTES("\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n"), 24},
    {"only empty lines", BYTES("\r\n\r\n\r\n\r\n"), 0},
    {"bare LFs", BYTES("GET / HTTP/1.1\n\nx"), 16},
    {"CR LF, then LF", BYTES("GET / HTTP/1.1\r\n\nx"), 17},
    {"LF, then CR LF", BYTES("GET / HTTP/1.1\n\r\nx"), 17},
    {"bare LFs before", BYTES("\n\nGET / HTTP/1.1\n\nx"), 18},
    {"two CRs are not an empty line", BYTES("GET / HTTP/1.1\r\n\r\r\n\r\nx"), 21},
    {"a CR first belongs to the line", BYTES("\rGET / HTTP/1.1\r\n\r\nx"), 19},
    {"two CRs first are a line", BYTES("\r\r\n\r\nx"), 5},
    {"a space is not an empty line", BYTES("GET / HTTP/1.1\r\n \r\n\r\nx"), 21},
    {"a NUL is not an empty line", BYTES("GET / HTTP/1.1\r\n\0\r\n\r\nx"), 21},
    {"two blank lines: the first counts", BYTES("a\r\n\r\n\r\n\r\n"), 5},
};

START_TEST(finds_the_end)
{
    HTTP_SCAN scan = {0, 0};
    char *data = exact(ends[_i].data, ends[_i].length);
    size_t end = HttpFindHeaderEnd(&scan, data, ends[_i].length);

    ck_assert_msg(end == ends[_i].end, "%s: %s: expected the end at %zu, got %zu", ends[_i].name,
                  show(data, ends[_i].length), ends[_i].end, end);
    ck_assert_uint_eq(scan.Offset, end != 0 ? end : ends[_i].length);
    ck_assert_uint_eq(HttpFindHeaderEnd(&scan, data, ends[_i].length), end);
}
END_TEST

/* The plain definition: LF ends a line, a CR alone before it is no content, the first empty line after another ends. */
static size_t plain_end(const char *data, size_t length)
{
    size_t start = 0;
    int seen = 0;

    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\n') {
            int empty = i == start || (i == start + 1 && data[start] == '\r');
            if (empty && seen) {
                return i + 1;
            }
            seen |= !empty;
            start = i + 1;
        }
    }
    return 0;
}

/*
 * Hands the bytes over in pieces, each time in another block of memory, where every byte that was looked at before
 * has become the poison. An answer that stays right did not look back; an Offset that grows by exactly the bytes that
 * came says how many were looked at.
 */
static void scan_in_pieces(const char *data, size_t length, uint64_t seed, char poison)
{
    uint64_t random = seed;
    size_t expected = plain_end(data, length), given = 0, end = 0, examined = 0;
    HTTP_SCAN scan = {0, 0};

    while (end == 0 && given < length) {
        given += seed == 0 ? 1 : 1 + below(&random, length - given);
        char *copy = exact(data, given);
        size_t before = scan.Offset;
        memset(copy, poison, before);
        end = HttpFindHeaderEnd(&scan, copy, given);
        discard(copy);
        examined += scan.Offset - before;
        require(scan.Offset == (end != 0 ? end : given), "%s, seed %llu: %zu bytes given, %zu looked at",
                show(data, length), (unsigned long long)seed, given, scan.Offset);
    }
    require(end == expected, "%s, seed %llu, poison 0x%02x: in pieces the end is %zu, in one piece %zu",
            show(data, length), (unsigned long long)seed, poison, end, expected);
    require(examined == (expected != 0 ? expected : length), "%zu bytes looked at", examined);
}

START_TEST(no_byte_is_looked_at_twice)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        scan_in_pieces(ends[_i].data, ends[_i].length, seed, '\n');
        scan_in_pieces(ends[_i].data, ends[_i].length, seed, 'x');
        scan_in_pieces(ends[_i].data, ends[_i].length, seed, '\r');
    }
}
END_TEST

START_TEST(random_messages_in_random_pieces)
{
    for (uint64_t seed = 1 + 500 * (uint64_t)_i; seed <= 500 * (uint64_t)(_i + 1); seed++) {
        char message[600];
        uint64_t random = seed * 0x9E3779B97F4A7C15u;
        size_t length = random_message(&random, message, sizeof(message));
        HTTP_SCAN scan = {0, 0};

        ck_assert_uint_eq(HttpFindHeaderEnd(&scan, message, length), plain_end(message, length));
        scan_in_pieces(message, length, 0, '\n');
        scan_in_pieces(message, length, seed, '\n');
        scan_in_pieces(message, length, seed, 'x');
    }
}
END_TEST

static const struct {
    const char *data;
    size_t length;
    int status;
} overflows[] = {
    {BYTES("GET /aaaaaaaa"), 414},
    {BYTES("GET /aaaaaaaa\r"), 414},
    {BYTES("\r\n\r\nGET /aaaaaaaa"), 414},
    {BYTES("\r\n\r\n\r\n"), 414},
    {BYTES(""), 414},
    {BYTES("GET / HTTP/1.1\r\n"), 431},
    {BYTES("GET / HTTP/1.1\n"), 431},
    {BYTES("a\n"), 431},
    {BYTES("\r\nGET / HTTP/1.1\r\nCookie: aaaaaaa"), 431},
};

START_TEST(overflow_names_the_part_that_grew)
{
    char *data = exact(overflows[_i].data, overflows[_i].length);
    int status = HttpOverflowStatus(data, overflows[_i].length);

    ck_assert_msg(status == overflows[_i].status, "%s: expected %d, got %d", show(data, overflows[_i].length),
                  overflows[_i].status, status);
}
END_TEST

TCase *scan_tests(void)
{
    TCase *tcase = tcase_create("scan");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, finds_the_end, 0, COUNT(ends));
    tcase_add_loop_test(tcase, no_byte_is_looked_at_twice, 0, COUNT(ends));
    tcase_add_loop_test(tcase, random_messages_in_random_pieces, 0, 8);
    tcase_add_loop_test(tcase, overflow_names_the_part_that_grew, 0, COUNT(overflows));
    return tcase;
}
