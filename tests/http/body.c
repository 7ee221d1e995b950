/* Bodies: with a length and chunked, sound and broken, in one piece and in many. */
#include "suite.h"

#include <stdio.h>

/* What became of a body. */
typedef struct {
    int answer;
    size_t consumed, length;
    char payload[4096];
} OUTCOME;

static HTTP_REQUEST framed(HTTP_FRAMING framing, uint64_t length)
{
    HTTP_REQUEST request;

    memset(&request, 0, sizeof(request));
    request.Framing = framing;
    request.ContentLength = length;
    return request;
}

/* Reads from one block of exactly these bytes until there is no more part; collects the payload. */
static int read_piece(HTTP_BODY *body, const char *data, size_t length, OUTCOME *outcome)
{
    char *copy = exact(data, length);
    size_t used = 0, consumed;
    HTTP_TEXT part;
    int answer;

    while ((answer = HttpBodyRead(body, copy + used, length - used, &consumed, &part)) == HTTP_BODY_PART) {
        require(consumed <= length - used, "%zu consumed of %zu", consumed, length - used);
        require(part.Length > 0 && part.Data >= copy + used && part.Data + part.Length == copy + used + consumed,
                "a part that is not what was consumed last");
        require(outcome->length + part.Length <= sizeof(outcome->payload), "more payload than came");
        memcpy(outcome->payload + outcome->length, part.Data, part.Length);
        outcome->length += part.Length;
        used += consumed;
    }
    require(consumed <= length - used, "%zu consumed of %zu", consumed, length - used);
    used += consumed;
    require(part.Data == NULL && part.Length == 0, "a part without HTTP_BODY_PART");
    require(answer != HTTP_BODY_MORE || used == length, "more is wanted, but %zu bytes were left", length - used);
    outcome->consumed += used;
    discard(copy);
    return answer;
}

/* The whole body; seed 0 is one piece, 1 is byte by byte, others are random pieces. */
static OUTCOME read_all(HTTP_FRAMING framing, uint64_t declared, uint64_t limit, const char *data, size_t length,
                        uint64_t seed)
{
    OUTCOME outcome = {HTTP_BODY_MORE, 0, 0, {0}};
    HTTP_REQUEST request = framed(framing, declared);
    HTTP_BODY body;
    size_t at = 0;

    outcome.answer = HttpBodyBegin(&body, &request, limit);
    if (outcome.answer == 0) {
        outcome.answer = read_piece(&body, data, 0, &outcome);
    }
    while (outcome.answer == HTTP_BODY_MORE && at < length) {
        size_t piece = seed == 0 ? length : seed == 1 ? 1 : 1 + below(&seed, 9);
        piece = piece < length - at ? piece : length - at;
        outcome.answer = read_piece(&body, data + at, piece, &outcome);
        at += piece;
    }
    require(outcome.answer != HTTP_BODY_END || body.Received == outcome.length, "Received is wrong");
    if (outcome.answer >= HTTP_BODY_END) { /* it stays so, whatever comes */
        size_t consumed;
        HTTP_TEXT part;
        int again = HttpBodyRead(&body, "0\r\n\r\n", 5, &consumed, &part);
        require(again == outcome.answer && consumed == 0, "after %d came %d", outcome.answer, again);
    }
    return outcome;
}

#define LIMIT 1000

static const struct {
    const char *name, *data;
    size_t length;
    int answer;
    const char *payload;
    size_t rest; /* bytes that are left: to the next request, or behind the byte that was refused */
} chunked[] = {
    {"empty", BYTES("0\r\n\r\n"), HTTP_BODY_END, "", 0},
    {"one chunk", BYTES("5\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_END, "hello", 0},
    {"two chunks", BYTES("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"), HTTP_BODY_END, "hello, world", 0},
    {"capitals and small letters", BYTES("A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n"), HTTP_BODY_END,
     "01234567890123456789a", 0},
    {"two digits", BYTES("1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n"), HTTP_BODY_END,
     "0123456789012345678901234567890", 0},
    {"leading zeros", BYTES("0000000000000000000005\r\nhello\r\n000\r\n\r\n"), HTTP_BODY_END, "hello", 0},
    {"payload that looks like framing", BYTES("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"), HTTP_BODY_END, "\r\n0\r\n\r\n", 0},
    {"the next request behind it", BYTES("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), HTTP_BODY_END, "a", 16},
    {"an empty line behind it", BYTES("0\r\n\r\n\r\n"), HTTP_BODY_END, "", 2},
    {"not yet at its end", BYTES("5\r\nhello\r\n0\r\n"), HTTP_BODY_MORE, "hello", 0},
    {"within a chunk", BYTES("5\r\nhel"), HTTP_BODY_MORE, "hel", 0},
    {"within a size", BYTES("5"), HTTP_BODY_MORE, "", 0},
    /* extensions and trailers are dropped */
    {"an extension", BYTES("5;a=b\r\nhello\r\n0;last\r\n\r\n"), HTTP_BODY_END, "hello", 0},
    {"an extension in quotes", BYTES("5 ; a=\"b;\\\"c\" \r\nhello\r\n0\r\n\r\n"), HTTP_BODY_END, "hello", 0},
    {"a tab before an extension", BYTES("5\t;a\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_END, "hello", 0},
    {"a trailer", BYTES("1\r\na\r\n0\r\nA: b\r\n\r\n"), HTTP_BODY_END, "a", 0},
    {"two trailers, one empty", BYTES("0\r\nA:\r\nContent-Length: 5\r\n\r\nhello"), HTTP_BODY_END, "", 5},
    /* sizes */
    {"no size", BYTES("\r\nhello\r\n0\r\n\r\n"), 400, "", 13},
    {"a word for a size", BYTES("hello\r\n"), 400, "", 6},
    {"0x", BYTES("0x5\r\nhello\r\n0\r\n\r\n"), 400, "", 15},
    {"plus", BYTES("+5\r\nhello\r\n0\r\n\r\n"), 400, "", 15},
    {"minus", BYTES("-5\r\nhello\r\n0\r\n\r\n"), 400, "", 15},
    {"minus zero", BYTES("-0\r\n\r\n"), 400, "", 5},
    {"a space before the size", BYTES(" 5\r\nhello\r\n0\r\n\r\n"), 400, "", 15},
    {"a space after the size", BYTES("5 \r\nhello\r\n0\r\n\r\n"), 400, "", 13},
    {"a tab after the size", BYTES("5\t\r\nhello\r\n0\r\n\r\n"), 400, "", 13},
    {"two numbers", BYTES("5 5\r\nhello\r\n0\r\n\r\n"), 400, "", 14},
    {"a comma", BYTES("5,5\r\nhello\r\n0\r\n\r\n"), 400, "", 15},
    {"an underscore", BYTES("1_0\r\n"), 400, "", 3},
    {"a NUL in the size", BYTES("5\0\r\nhello\r\n0\r\n\r\n"), 400, "", 14},
    {"a letter beyond f", BYTES("1g\r\n"), 400, "", 2},
    {"an extension alone", BYTES(";a\r\n"), 400, "", 3},
    /* line ends */
    {"bare LF after the size", BYTES("5\nhello\r\n0\r\n\r\n"), 400, "", 12},
    {"bare CR after the size", BYTES("5\rhello\r\n0\r\n\r\n"), 400, "", 11},
    {"bare LF in an extension", BYTES("5;a\nhello\r\n0\r\n\r\n"), 400, "", 12},
    {"bare CR in an extension", BYTES("5;a\rb\r\nhello\r\n0\r\n\r\n"), 400, "", 14},
    {"CR CR LF after the size", BYTES("5\r\r\nhello\r\n0\r\n\r\n"), 400, "", 13},
    {"a NUL in an extension", BYTES("5;a\0\r\nhello\r\n0\r\n\r\n"), 400, "", 14},
    {"bare LF after the data", BYTES("5\r\nhello\n0\r\n\r\n"), 400, "hello", 5},
    {"bare CR after the data", BYTES("5\r\nhello\r0\r\n\r\n"), 400, "hello", 4},
    {"no line end after the data", BYTES("5\r\nhello0\r\n\r\n"), 400, "hello", 4},
    {"more data than the size says", BYTES("5\r\nhellohello\r\n0\r\n\r\n"), 400, "hello", 11},
    {"less data than the size says", BYTES("6\r\nhello\r\n0\r\n\r\n"), 400, "hello\r", 5},
    {"bare LF after the last size", BYTES("0\n\r\n"), 400, "", 2},
    {"bare LF at the end", BYTES("0\r\n\n"), 400, "", 0},
    {"bare CR at the end", BYTES("0\r\n\rG"), 400, "", 0},
    {"bytes where the end should be", BYTES("0\r\nGET / HTTP/1.1\r\n\r\n"), 400, "", 14},
    /* trailers */
    {"a trailer without a colon", BYTES("0\r\nA\r\n\r\n"), 400, "", 3},
    {"a trailer without a name", BYTES("0\r\n: a\r\n\r\n"), 400, "", 6},
    {"a trailer with a space before the colon", BYTES("0\r\nA : b\r\n\r\n"), 400, "", 7},
    {"a folded trailer", BYTES("0\r\nA: b\r\n c\r\n\r\n"), 400, "", 5},
    {"a trailer with a NUL", BYTES("0\r\nA: \0\r\n\r\n"), 400, "", 4},
    {"a trailer with a bare LF", BYTES("0\r\nA: b\n\r\n"), 400, "", 2},
    {"a trailer with a bare CR", BYTES("0\r\nA: b\rc\r\n\r\n"), 400, "", 4},
    /* limits; LIMIT is 1000, that is 3e8 */
    {"as much as the limit", BYTES("3e8\r\n"), HTTP_BODY_MORE, "", 0},
    {"one more than the limit", BYTES("3e9\r\n"), 413, "", 0},
    {"over the limit in the second chunk", BYTES("1\r\na\r\n3e8\r\n"), 413, "a", 0},
    {"2 to the 64th, less 1", BYTES("ffffffffffffffff\r\n"), 413, "", 0},
    {"2 to the 64th, less 1, in the second chunk", BYTES("1\r\na\r\nffffffffffffffff\r\n"), 413, "a", 0},
    {"2 to the 64th", BYTES("10000000000000000\r\n"), 413, "", 2},
    {"2 to the 64th and 5", BYTES("10000000000000005\r\nhello\r\n0\r\n\r\n"), 413, "", 14},
    {"2 to the 32nd and 5", BYTES("100000005\r\nhello\r\n0\r\n\r\n"), 413, "", 12},
};

START_TEST(chunked_bodies)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        OUTCOME outcome = read_all(HTTP_BODY_CHUNKED, 0, LIMIT, chunked[_i].data, chunked[_i].length, seed);
        const char *shown = show(chunked[_i].data, chunked[_i].length);

        require(outcome.answer == chunked[_i].answer, "%s: %s, seed %d: expected %d, got %d", chunked[_i].name, shown,
                (int)seed, chunked[_i].answer, outcome.answer);
        require(outcome.length == strlen(chunked[_i].payload) &&
                    memcmp(outcome.payload, chunked[_i].payload, outcome.length) == 0,
                "%s: %s, seed %d: expected payload \"%s\", got %s", chunked[_i].name, shown, (int)seed,
                chunked[_i].payload, show(outcome.payload, outcome.length));
        require(outcome.consumed == chunked[_i].length - chunked[_i].rest, "%s: %s, seed %d: %zu bytes consumed",
                chunked[_i].name, shown, (int)seed, outcome.consumed);
    }
}
END_TEST

static const struct {
    uint64_t declared, limit;
    const char *data;
    int answer;
    size_t consumed;
} lengths[] = {
    {0, 0, "", HTTP_BODY_END, 0},
    {0, 0, "GET", HTTP_BODY_END, 0},
    {5, 5, "hello", HTTP_BODY_END, 5},
    {5, LIMIT, "helloGET / HTTP/1.1", HTTP_BODY_END, 5},
    {5, LIMIT, "hell", HTTP_BODY_MORE, 4},
    {5, LIMIT, "", HTTP_BODY_MORE, 0},
    {5, 4, "hello", 413, 0},
    {1, 0, "h", 413, 0},
    {UINT64_MAX, UINT64_MAX, "hello", HTTP_BODY_MORE, 5},
    {UINT64_MAX, LIMIT, "hello", 413, 0},
    {UINT64_C(0x100000003), UINT64_MAX, "hello", HTTP_BODY_MORE, 5}, /* more than 32 bits hold */
};

START_TEST(bodies_with_a_length)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        OUTCOME outcome = read_all(HTTP_BODY_LENGTH, lengths[_i].declared, lengths[_i].limit, lengths[_i].data,
                                   strlen(lengths[_i].data), seed);
        ck_assert_int_eq(outcome.answer, lengths[_i].answer);
        ck_assert_uint_eq(outcome.consumed, lengths[_i].consumed);
        ck_assert_uint_eq(outcome.length, lengths[_i].consumed);
        ck_assert_mem_eq(outcome.payload, lengths[_i].data, outcome.length);
    }
}
END_TEST

/* The greatest chunk that 64 bits hold is taken, where the limit lets it; the next is not. */
START_TEST(the_greatest_chunk)
{
    ck_assert_int_eq(read_all(HTTP_BODY_CHUNKED, 0, UINT64_MAX, BYTES("ffffffffffffffff\r\na"), 0).answer,
                     HTTP_BODY_MORE);
    ck_assert_int_eq(read_all(HTTP_BODY_CHUNKED, 0, UINT64_MAX, BYTES("10000000000000000\r\na"), 0).answer, 413);
    ck_assert_int_eq(read_all(HTTP_BODY_CHUNKED, 0, UINT64_MAX, BYTES("1\r\na\r\nffffffffffffffff\r\n"), 0).answer,
                     413);
    ck_assert_int_eq(read_all(HTTP_BODY_CHUNKED, 0, UINT64_MAX, BYTES("1\r\na\r\nfffffffffffffffe\r\n"), 0).answer,
                     HTTP_BODY_MORE);
}
END_TEST

START_TEST(no_body_is_over_before_it_begins)
{
    OUTCOME outcome = read_all(HTTP_BODY_NONE, 0, 0, "GET", 3, 0);

    ck_assert_int_eq(outcome.answer, HTTP_BODY_END);
    ck_assert_uint_eq(outcome.consumed, 0);
}
END_TEST

/* A line with a size may have 256 bytes, CR LF included; all trailers together 8192, the last CR LF included. */
START_TEST(framing_is_bounded)
{
    static char data[10000];

    for (int extra = 0; extra < 2; extra++) {
        int length = sprintf(data, "1;%0*d\r\na\r\n0\r\n\r\n", 252 + extra, 0);
        OUTCOME outcome = read_all(HTTP_BODY_CHUNKED, 0, LIMIT, data, (size_t)length, 0);
        ck_assert_int_eq(outcome.answer, extra ? 400 : HTTP_BODY_END);

        length = sprintf(data, "%0*d\r\na\r\n0\r\n\r\n", 254 + extra, 1);
        outcome = read_all(HTTP_BODY_CHUNKED, 0, LIMIT, data, (size_t)length, 0);
        ck_assert_int_eq(outcome.answer, extra ? 400 : HTTP_BODY_END);

        length = sprintf(data, "0\r\nA: %0*d\r\nB:\r\n\r\n", 8192 + extra - 11, 0);
        outcome = read_all(HTTP_BODY_CHUNKED, 0, LIMIT, data, (size_t)length, 0);
        ck_assert_int_eq(outcome.answer, extra ? 431 : HTTP_BODY_END);
    }
    /* Each line has the bound to itself. */
    int length = 0;
    for (int i = 0; i < 8; i++) {
        length += sprintf(data + length, "1;%0200d\r\na\r\n", 0);
    }
    length += sprintf(data + length, "0\r\n\r\n");
    ck_assert_int_eq(read_all(HTTP_BODY_CHUNKED, 0, LIMIT, data, (size_t)length, 1).answer, HTTP_BODY_END);
}
END_TEST

/* A random payload in random chunks, read in random pieces, is the payload. */
START_TEST(random_chunks_in_random_pieces)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t random = seed * 0x9E3779B97F4A7C15u;
        char data[8192], payload[1000];
        size_t total = below(&random, sizeof(payload)), at = 0;
        int length = 0;

        for (size_t i = 0; i < total; i++) {
            payload[i] = (char)next_random(&random);
        }
        while (at < total) {
            size_t chunk = 1 + below(&random, total - at < 40 ? total - at : 40);
            length += sprintf(data + length, below(&random, 2) ? "%zx\r\n" : "%04zX;x=y\r\n", chunk);
            memcpy(data + length, payload + at, chunk);
            length += (int)chunk;
            length += sprintf(data + length, "\r\n");
            at += chunk;
        }
        length += sprintf(data + length, below(&random, 2) ? "0\r\n\r\n" : "0\r\nA: b\r\n\r\n");
        for (uint64_t pieces = 0; pieces < 5; pieces++) {
            OUTCOME outcome = read_all(HTTP_BODY_CHUNKED, 0, total, data, (size_t)length, pieces);
            require(outcome.answer == HTTP_BODY_END && outcome.length == total &&
                        memcmp(outcome.payload, payload, total) == 0 && outcome.consumed == (size_t)length,
                    "seed %d, pieces %d: answer %d, %zu of %zu bytes", (int)seed, (int)pieces, outcome.answer,
                    outcome.length, total);
        }
    }
}
END_TEST

/* Broken input too: pieces do not change the answer, nor the payload before it, nor where it was found. */
START_TEST(random_bytes_in_random_pieces)
{
    static const char alphabet[] = "0123aF;=\r\n\r\n\r\n:A \t\"x";

    for (uint64_t seed = 1; seed <= 3000; seed++) {
        uint64_t random = seed * 0x9E3779B97F4A7C15u;
        char data[100];
        size_t length = below(&random, sizeof(data));

        for (size_t i = 0; i < length; i++) {
            data[i] = alphabet[below(&random, sizeof(alphabet) - 1)];
        }
        OUTCOME whole = read_all(HTTP_BODY_CHUNKED, 0, 20, data, length, 0);
        for (uint64_t pieces = 1; pieces < 4; pieces++) {
            OUTCOME outcome = read_all(HTTP_BODY_CHUNKED, 0, 20, data, length, pieces);
            require(outcome.answer == whole.answer && outcome.consumed == whole.consumed &&
                        outcome.length == whole.length && memcmp(outcome.payload, whole.payload, whole.length) == 0,
                    "seed %d: %s: %d after %zu bytes, in pieces %d after %zu", (int)seed, show(data, length),
                    whole.answer, whole.consumed, outcome.answer, outcome.consumed);
        }
    }
}
END_TEST

TCase *body_tests(void)
{
    TCase *tcase = tcase_create("body");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, chunked_bodies, 0, COUNT(chunked));
    tcase_add_loop_test(tcase, bodies_with_a_length, 0, COUNT(lengths));
    tcase_add_test(tcase, the_greatest_chunk);
    tcase_add_test(tcase, no_body_is_over_before_it_begins);
    tcase_add_test(tcase, framing_is_bounded);
    tcase_add_test(tcase, random_chunks_in_random_pieces);
    tcase_add_test(tcase, random_bytes_in_random_pieces);
    return tcase;
}
