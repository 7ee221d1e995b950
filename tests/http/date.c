/* HTTP dates there and back. */
#include "suite.h"

#include <stdio.h>
#include <time.h>

static const struct {
    const char *date;
    int64_t time;
} dates[] = {
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
    {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
    {"Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648)},
    {"Sun, 07 Feb 2106 06:28:16 GMT", INT64_C(4294967296)},
    {"Mon, 01 Mar 2100 00:00:00 GMT", INT64_C(4107542400)},
    {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
};

START_TEST(dates_written_and_read)
{
    char written[HTTP_DATE_SIZE];

    HttpFormatDate(written, dates[_i].time);
    ck_assert_str_eq(written, dates[_i].date);
    ck_assert_int_eq(HttpParseDate(text(written)), dates[_i].time);
}
END_TEST

START_TEST(times_out_of_reach_are_cut)
{
    char written[HTTP_DATE_SIZE];

    HttpFormatDate(written, -1);
    ck_assert_str_eq(written, "Thu, 01 Jan 1970 00:00:00 GMT");
    HttpFormatDate(written, INT64_MIN);
    ck_assert_str_eq(written, "Thu, 01 Jan 1970 00:00:00 GMT");
    HttpFormatDate(written, INT64_MAX);
    ck_assert_str_eq(written, "Fri, 31 Dec 9999 23:59:59 GMT");
}
END_TEST

static int64_t read_date(const char *string)
{
    char *copy = exact(string, strlen(string));
    HTTP_TEXT date = {copy, strlen(string)};
    int64_t time = HttpParseDate(date);

    discard(copy);
    return time;
}

/* Every form of a time, as the C library would write it in its plain locale. */
static void check_round_trip(int64_t seconds)
{
    char written[HTTP_DATE_SIZE], expected[100];
    time_t moment = (time_t)seconds;
    struct tm parts;

    require(gmtime_r(&moment, &parts) != NULL, "%lld", (long long)seconds);
    strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    HttpFormatDate(written, seconds);
    require(strcmp(written, expected) == 0, "%lld: expected %s, got %s", (long long)seconds, expected, written);
    require(read_date(expected) == seconds, "%s", expected);
    strftime(expected, sizeof(expected), "%a %b %e %H:%M:%S %Y", &parts);
    require(read_date(expected) == seconds, "%s", expected);
    strftime(expected, sizeof(expected), "%A, %d-%b-%y %H:%M:%S GMT", &parts);
    require(parts.tm_year >= 170 || read_date(expected) == seconds, "%s", expected);
}

START_TEST(every_day_of_two_centuries)
{
    for (int64_t day = 0; day < 230 * 366; day++) {
        check_round_trip(day * 86400 + day % 86400);
        check_round_trip(day * 86400 + 86399);
    }
}
END_TEST

START_TEST(random_times)
{
    uint64_t seed = 1;

    for (int i = 0; i < 50000; i++) {
        check_round_trip((int64_t)(next_random(&seed) % 253402300800u));
    }
}
END_TEST

static const struct {
    const char *date;
    int64_t time;
} readings[] = {
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Wed Nov 16 08:49:37 1994", 784975777},
    {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
    {"Tuesday, 31-Dec-69 23:59:59 GMT", INT64_C(3155759999)},
    {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
    {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
    {"Mon, 29 Feb 1972 00:00:00 GMT", 68169600},
    {"Sat, 06 Nov 1994 08:49:37 GMT", 784111777}, /* the wrong day of the week is let pass */
    /* no dates */
    {"", -1},
    {"Sun", -1},
    {"Sun, 06 Nov 1994", -1},
    {"Sun, 06 Nov 1994 08:49:37", -1},
    {"Sun, 06 Nov 1994 08:49:37 UTC", -1},
    {"Sun, 06 Nov 1994 08:49:37 gmt", -1},
    {"Sun, 06 Nov 1994 08:49:37 +0000", -1},
    {"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
    {" Sun, 06 Nov 1994 08:49:37 GMT", -1},
    {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
    {"Sun,06 Nov 1994 08:49:37 GMT", -1},
    {"Sun 06 Nov 1994 08:49:37 GMT", -1},
    {"sun, 06 nov 1994 08:49:37 GMT", -1},
    {"Xxx, 06 Nov 1994 08:49:37 GMT", -1},
    {"Sun, 06 Xxx 1994 08:49:37 GMT", -1},
    {"Sun, 06 ovD 1994 08:49:37 GMT", -1},
    {"Sun, 06 Nov 94 08:49:37 GMT", -1},
    {"Sun, 06 Nov 19940 08:49:37 GMT", -1},
    {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
    {"Sun, 31 Nov 1994 08:49:37 GMT", -1},
    {"Sun, 32 Dec 1994 08:49:37 GMT", -1},
    {"Tue, 29 Feb 1994 08:49:37 GMT", -1},
    {"Mon, 29 Feb 2100 08:49:37 GMT", -1},
    {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
    {"Sun, 06 Nov 1994 08:60:00 GMT", -1},
    {"Sun, 06 Nov 1994 08:49:61 GMT", -1},
    {"Sun, 06 Nov 1994 8:49:37 GMT", -1},
    {"Sun, 06 Nov 1994 -8:49:37 GMT", -1},
    {"Sun, 06 Nov 1969 08:49:37 GMT", -1},
    {"Thu, 01 Jan 0000 00:00:00 GMT", -1},
    {"Sunday, 06-Nov-1994 08:49:37 GMT", -1},
    {"Sunda, 06-Nov-94 08:49:37 GMT", -1},
    {"Sunday, 06 Nov 94 08:49:37 GMT", -1},
    {"Monsday, 06-Nov-94 08:49:37 GMT", -1},
    {"Sunxyz, 06-Nov-94 08:49:37 GMT", -1},
    {"Sun, 0: Nov 1994 08:49:37 GMT", -1},
    {"Sun, 06 Nov 199: 08:49:37 GMT", -1},
    {"Sun Nov 6 08:49:37 1994", -1},
    {"Sun Nov   6 08:49:37 1994", -1},
    {"Sun Nov  6 08:49:37 94", -1},
    {"Sun Nov  6 08:49:37 1994 GMT", -1},
    {"784111777", -1},
    {"1994-11-06T08:49:37Z", -1},
};

START_TEST(dates_read)
{
    int64_t got = HttpParseDate(text(readings[_i].date));

    ck_assert_msg(got == readings[_i].time, "\"%s\": expected %lld, got %lld", readings[_i].date,
                  (long long)readings[_i].time, (long long)got);
}
END_TEST

TCase *date_tests(void)
{
    TCase *tcase = tcase_create("date");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, dates_written_and_read, 0, COUNT(dates));
    tcase_add_test(tcase, times_out_of_reach_are_cut);
    tcase_add_test(tcase, every_day_of_two_centuries);
    tcase_add_test(tcase, random_times);
    tcase_add_loop_test(tcase, dates_read, 0, COUNT(readings));
    return tcase;
}
