/* What the module's own tools promise each other, where no test from outside can tell. */
#include "suite.h"

#include "http/text.h"

START_TEST(elements_of_lists)
{
    static const char *const expected[] = {"a", "", "b c", "\"d", "e\"", ""};
    HTTP_TEXT list = text(" a\t,,b c , \"d,e\" ,"), element;

    for (int i = 0; i < COUNT(expected); i++) {
        ck_assert(TextNextElement(&list, &element));
        check_text("element", element, expected[i]);
    }
    ck_assert(!TextNextElement(&list, &element));
    list = text("");
    ck_assert(TextNextElement(&list, &element)); /* an empty list is one empty element */
    check_text("element", element, "");
    ck_assert(!TextNextElement(&list, &element));
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        const char *text;
        int answer;
        uint64_t value;
    } rows[] = {
        {"0", 1, 0},
        {"18446744073709551615", 1, UINT64_MAX},
        {"0000018446744073709551615", 1, UINT64_MAX},
        {"18446744073709551616", -1, UINT64_MAX},
        {"18446744073709551620", -1, UINT64_MAX},
        {"184467440737095516150", -1, UINT64_MAX},
        {"99999999999999999999999999x", 0, 0},
        {"", 0, 0},
        {"1 ", 0, 0},
        {":", 0, 0},
        {"/", 0, 0},
    };

    for (int i = 0; i < COUNT(rows); i++) {
        uint64_t value;
        int answer = TextParseNumber(text(rows[i].text), &value);
        ck_assert_msg(answer == rows[i].answer, "%s: expected %d, got %d", rows[i].text, rows[i].answer, answer);
        ck_assert_msg(answer == 0 || value == rows[i].value, "%s", rows[i].text);
    }
}
END_TEST

START_TEST(comparing_ignores_the_case_of_ascii_alone)
{
    ck_assert(TextEqualsNoCase(text("CoN"), "con", 3));
    ck_assert(!TextEqualsNoCase(text("co"), "con", 3));
    ck_assert(!TextEqualsNoCase(text("conx"), "con", 3));
    ck_assert(!TextEqualsNoCase(text("[@"), "{`", 2));
    ck_assert(!TextEqualsNoCase(text("\xC9"), "\xE9", 1));
}
END_TEST

START_TEST(digits_of_sixteen)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    for (int byte = 0; byte < 256; byte++) {
        const char *at = byte != 0 ? strchr(digits, byte) : NULL;
        int value = at == NULL ? -1 : (int)(at - digits) - (at - digits > 15 ? 6 : 0);
        ck_assert_int_eq(TextHexValue((unsigned char)byte), value);
    }
}
END_TEST

TCase *text_tests(void)
{
    TCase *tcase = tcase_create("text");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_add_test(tcase, elements_of_lists);
    tcase_add_test(tcase, numbers);
    tcase_add_test(tcase, comparing_ignores_the_case_of_ascii_alone);
    tcase_add_test(tcase, digits_of_sixteen);
    return tcase;
}
