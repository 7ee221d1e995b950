/* Conditions, ranges, entity tags. */
#include "suite.h"

#include <stdio.h>

#define TAG "\"0123456789ab\""
#define CHANGED 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static HTTP_TEXT optional(const char *string)
{
    HTTP_TEXT none = {NULL, 0};
    return string != NULL ? text(string) : none;
}

static const HTTP_FILE *file_of(uint64_t size)
{
    static HTTP_FILE file;

    file.Size = size;
    file.Modified = CHANGED;
    strcpy(file.ETag, TAG);
    return &file;
}

#define NONE UINT64_MAX

static const struct {
    const char *range;
    uint64_t size;
    int status;
    uint64_t first, last;
} ranges[] = {
    {NULL, 100, 200, 0, 99},
    {"bytes=0-0", 100, 206, 0, 0},
    {"bytes=0-9", 100, 206, 0, 9},
    {"bytes=10-19", 100, 206, 10, 19},
    {"bytes=0-99", 100, 206, 0, 99},
    {"bytes=99-99", 100, 206, 99, 99},
    {"Bytes=0-9", 100, 206, 0, 9},
    {"BYTES=0-9", 100, 206, 0, 9},
    {"bytes=007-009", 100, 206, 7, 9},
    /* open at the end */
    {"bytes=0-", 100, 206, 0, 99},
    {"bytes=99-", 100, 206, 99, 99},
    {"bytes=0-", 1, 206, 0, 0},
    /* beyond the end */
    {"bytes=90-100", 100, 206, 90, 99},
    {"bytes=90-18446744073709551615", 100, 206, 90, 99},
    {"bytes=90-99999999999999999999999999", 100, 206, 90, 99},
    {"bytes=100-", 100, 416, NONE, NONE},
    {"bytes=100-200", 100, 416, NONE, NONE},
    {"bytes=18446744073709551615-", 100, 416, NONE, NONE},
    {"bytes=18446744073709551616-", 100, 416, NONE, NONE},
    {"bytes=99999999999999999999-99999999999999999999", 100, 416, NONE, NONE},
    /* the last bytes */
    {"bytes=-1", 100, 206, 99, 99},
    {"bytes=-100", 100, 206, 0, 99},
    {"bytes=-101", 100, 206, 0, 99},
    {"bytes=-18446744073709551616", 100, 206, 0, 99},
    {"bytes=-0", 100, 416, NONE, NONE},
    {"bytes=-000", 100, 416, NONE, NONE},
    /* an empty file */
    {NULL, 0, 200, 0, UINT64_MAX},
    {"bytes=0-", 0, 416, NONE, NONE},
    {"bytes=0-0", 0, 416, NONE, NONE},
    {"bytes=-0", 0, 416, NONE, NONE},
    {"bytes=-5", 0, 200, 0, UINT64_MAX},
    /* a large one */
    {"bytes=4294967296-4294967297", UINT64_C(5000000000), 206, UINT64_C(4294967296), UINT64_C(4294967297)},
    {"bytes=-1", UINT64_C(5000000000), 206, UINT64_C(4999999999), UINT64_C(4999999999)},
    /* no sense, or several */
    {"bytes=9-0", 100, 200, 0, 99},
    {"bytes=200-100", 100, 200, 0, 99},
    {"bytes=-", 100, 200, 0, 99},
    {"bytes=", 100, 200, 0, 99},
    {"bytes", 100, 200, 0, 99},
    {"", 100, 200, 0, 99},
    {"bytes=5", 100, 200, 0, 99},
    {"bytes=a-b", 100, 200, 0, 99},
    {"bytes=0-9x", 100, 200, 0, 99},
    {"bytes=+0-9", 100, 200, 0, 99},
    {"bytes=0x0-9", 100, 200, 0, 99},
    {"bytes=0--9", 100, 200, 0, 99},
    {"bytes=--9", 100, 200, 0, 99},
    {"bytes=0 - 9", 100, 200, 0, 99},
    {"bytes = 0-9", 100, 200, 0, 99},
    {"bytes=0-9,20-29", 100, 200, 0, 99},
    {"bytes=0-9,", 100, 200, 0, 99},
    {"bytes=0-0,-1", 100, 200, 0, 99},
    {"items=0-9", 100, 200, 0, 99},
    {"0-9", 100, 200, 0, 99},
    {"bytes:0-9", 100, 200, 0, 99},
};

START_TEST(ranges_of_files)
{
    HTTP_REQUEST request;
    HTTP_RANGE range;

    memset(&request, 0, sizeof(request));
    request.Method = HTTP_GET;
    request.Range = optional(ranges[_i].range);
    int status = HttpSelect(&request, file_of(ranges[_i].size), &range);
    ck_assert_msg(status == ranges[_i].status, "%s of %llu: expected %d, got %d", show_text(request.Range),
                  (unsigned long long)ranges[_i].size, ranges[_i].status, status);
    if (status < 400) {
        ck_assert_msg(range.First == ranges[_i].first && range.Last == ranges[_i].last,
                      "%s of %llu: expected %llu to %llu, got %llu to %llu", show_text(request.Range),
                      (unsigned long long)ranges[_i].size, (unsigned long long)ranges[_i].first,
                      (unsigned long long)ranges[_i].last, (unsigned long long)range.First,
                      (unsigned long long)range.Last);
    }
    request.Method = HTTP_HEAD; /* has no ranges */
    ck_assert_int_eq(HttpSelect(&request, file_of(ranges[_i].size), &range), 200);
    ck_assert_uint_eq(range.First, 0);
    ck_assert_uint_eq(range.Last + 1, ranges[_i].size);
}
END_TEST

static const struct {
    const char *if_none_match, *if_modified_since, *if_range, *range;
    int status;
} conditions[] = {
    {TAG, NULL, NULL, NULL, 304},
    {"W/" TAG, NULL, NULL, NULL, 304},
    {"*", NULL, NULL, NULL, 304},
    {"\"other\"", NULL, NULL, NULL, 200},
    {"\"other\", " TAG, NULL, NULL, NULL, 304},
    {"\"other\"," TAG ",\"third\"", NULL, NULL, NULL, 304},
    {"\"other\" \t, ,, W/" TAG, NULL, NULL, NULL, 304},
    {"W/\"other\", W/\"third\"", NULL, NULL, NULL, 200},
    {"\"a,b\", " TAG, NULL, NULL, NULL, 304},
    {"\"\", " TAG, NULL, NULL, NULL, 304},
    {"\"a\xC3\xA9\", " TAG, NULL, NULL, NULL, 304},
    {"", NULL, NULL, NULL, 200},
    {",", NULL, NULL, NULL, 200},
    {"0123456789ab", NULL, NULL, NULL, 200},
    {"\"0123456789ab", NULL, NULL, NULL, 200},
    {"\"0123456789AB\"", NULL, NULL, NULL, 200},
    {"\"0123456789a\"", NULL, NULL, NULL, 200},
    {"\"0123456789abc\"", NULL, NULL, NULL, 200},
    {"w/" TAG, NULL, NULL, NULL, 200},
    {"W" TAG, NULL, NULL, NULL, 200},
    {"W/", NULL, NULL, NULL, 200},
    {"W", NULL, NULL, NULL, 200},
    {"x, " TAG, NULL, NULL, NULL, 200},
    {"\"x\"" TAG, NULL, NULL, NULL, 200},
    {"*, " TAG, NULL, NULL, NULL, 200},
    {"**", NULL, NULL, NULL, 200},
    /* dates */
    {NULL, "Sun, 06 Nov 1994 08:49:37 GMT", NULL, NULL, 304},
    {NULL, "Sun, 06 Nov 1994 08:49:38 GMT", NULL, NULL, 304},
    {NULL, "Sun, 06 Nov 1994 08:49:36 GMT", NULL, NULL, 200},
    {NULL, "Sunday, 06-Nov-94 08:49:37 GMT", NULL, NULL, 304},
    {NULL, "Sun Nov  6 08:49:37 1994", NULL, NULL, 304},
    {NULL, "yesterday", NULL, NULL, 200},
    {NULL, "", NULL, NULL, 200},
    {NULL, "784111777", NULL, NULL, 200},
    /* the tag decides where there are both */
    {TAG, "Sun, 06 Nov 1994 08:49:36 GMT", NULL, NULL, 304},
    {"\"other\"", "Sun, 06 Nov 1994 08:49:37 GMT", NULL, NULL, 200},
    /* conditions come before ranges */
    {TAG, NULL, NULL, "bytes=0-9", 304},
    {TAG, NULL, NULL, "bytes=100-", 304},
    {"\"other\"", NULL, NULL, "bytes=0-9", 206},
    {NULL, "Sun, 06 Nov 1994 08:49:37 GMT", NULL, "bytes=0-9", 304},
    /* If-Range */
    {NULL, NULL, TAG, "bytes=0-9", 206},
    {NULL, NULL, TAG, "bytes=100-", 416},
    {NULL, NULL, "\"other\"", "bytes=0-9", 200},
    {NULL, NULL, "\"other\"", "bytes=100-", 200},
    {NULL, NULL, "W/" TAG, "bytes=0-9", 200},
    {NULL, NULL, "*", "bytes=0-9", 200},
    {NULL, NULL, TAG ", \"other\"", "bytes=0-9", 200},
    {NULL, NULL, "", "bytes=0-9", 200},
    {NULL, NULL, "Sun, 06 Nov 1994 08:49:37 GMT", "bytes=0-9", 206},
    {NULL, NULL, "Sun, 06 Nov 1994 08:49:38 GMT", "bytes=0-9", 200},
    {NULL, NULL, "Sun, 06 Nov 1994 08:49:36 GMT", "bytes=0-9", 200},
    {NULL, NULL, TAG, NULL, 200},
};

START_TEST(conditions_on_files)
{
    HTTP_REQUEST request;
    HTTP_RANGE range;

    memset(&request, 0, sizeof(request));
    request.Method = HTTP_GET;
    request.IfNoneMatch = optional(conditions[_i].if_none_match);
    request.IfModifiedSince = optional(conditions[_i].if_modified_since);
    request.IfRange = optional(conditions[_i].if_range);
    request.Range = optional(conditions[_i].range);
    int status = HttpSelect(&request, file_of(100), &range);
    ck_assert_msg(status == conditions[_i].status,
                  "If-None-Match %s, If-Modified-Since %s, If-Range %s, Range %s: expected %d, got %d",
                  show_text(request.IfNoneMatch), show_text(request.IfModifiedSince), show_text(request.IfRange),
                  show_text(request.Range), conditions[_i].status, status);
    request.Method = HTTP_HEAD;
    ck_assert_int_eq(HttpSelect(&request, file_of(100), &range), conditions[_i].status == 304 ? 304 : 200);
}
END_TEST

/* The first second of time is a date like any other. */
START_TEST(a_file_of_1970)
{
    HTTP_REQUEST request;
    HTTP_RANGE range;
    HTTP_FILE file = {100, 0, TAG};

    memset(&request, 0, sizeof(request));
    request.Method = HTTP_GET;
    request.IfModifiedSince = text("Thu, 01 Jan 1970 00:00:00 GMT");
    ck_assert_int_eq(HttpSelect(&request, &file, &range), 304);
    request.IfRange = request.IfModifiedSince;
    request.IfModifiedSince.Data = NULL;
    request.Range = text("bytes=0-9");
    ck_assert_int_eq(HttpSelect(&request, &file, &range), 206);
}
END_TEST

START_TEST(a_file_without_a_tag_matches_none)
{
    HTTP_REQUEST request;
    HTTP_RANGE range;
    HTTP_FILE file = {100, CHANGED, ""};

    memset(&request, 0, sizeof(request));
    request.Method = HTTP_GET;
    request.IfNoneMatch = text("\"\", W/\"\"");
    ck_assert_int_eq(HttpSelect(&request, &file, &range), 200);
    request.IfNoneMatch.Data = NULL;
    request.Range = text("bytes=0-9");
    request.IfRange = text("");
    ck_assert_int_eq(HttpSelect(&request, &file, &range), 200);
}
END_TEST

static int compare_tags(const void *left, const void *right)
{
    return memcmp(left, right, HTTP_ETAG_SIZE);
}

START_TEST(tags_differ_where_files_do)
{
    static char tags[64 * 64][HTTP_ETAG_SIZE];
    size_t count = 0;

    for (uint64_t size = 0; size < 64; size++) {
        for (uint64_t changed = 0; changed < 64; changed++) {
            char *tag = tags[count++], again[HTTP_ETAG_SIZE];
            HttpMakeETag(tag, size * 1000, UINT64_C(133500000000000000) + changed * 10000000);
            HttpMakeETag(again, size * 1000, UINT64_C(133500000000000000) + changed * 10000000);
            require(strlen(tag) == 14 && tag[0] == '"' && tag[13] == '"' && strspn(tag + 1, "0123456789abcdef") == 12,
                    "%s is no tag", tag);
            require(strcmp(tag, again) == 0, "%s, then %s for the same file", tag, again);
        }
    }
    qsort(tags, count, HTTP_ETAG_SIZE, compare_tags);
    for (size_t i = 1; i < count; i++) {
        require(strcmp(tags[i - 1], tags[i]) != 0, "two files have the tag %s", tags[i]);
    }
}
END_TEST

TCase *select_tests(void)
{
    TCase *tcase = tcase_create("select");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, ranges_of_files, 0, COUNT(ranges));
    tcase_add_loop_test(tcase, conditions_on_files, 0, COUNT(conditions));
    tcase_add_test(tcase, a_file_of_1970);
    tcase_add_test(tcase, a_file_without_a_tag_matches_none);
    tcase_add_test(tcase, tags_differ_where_files_do);
    return tcase;
}
