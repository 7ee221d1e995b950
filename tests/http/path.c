/* Targets that name a file, and what path they give. */
#include "suite.h"

#include <stdio.h>

static const struct {
    const char *target, *path;
} paths[] = {
    {"/", "index.html"},
    {"/index.html", "index.html"},
    {"/a/b/c.txt", "a/b/c.txt"},
    {"/a/", "a/index.html"},
    {"/a/b/", "a/b/index.html"},
    {"/?q", "index.html"},
    {"/a?b", "a"},
    {"/a/?b/../c", "a/index.html"},
    {"/a?%00%zz\\", "a"},
    {"/a%20b.txt", "a b.txt"},
    {"/%61%2E%74xt", "a.txt"},
    {"/a%2etxt", "a.txt"},
    {"/100%25.txt", "100%.txt"},
    {"/%2541", "%41"}, /* decoded once */
    {"/%252e%252e/x", "%2e%2e/x"},
    {"/a%23b", "a#b"},
    {"/a+b", "a+b"},
    {"/a&b=c;d,e'f(g)h!i~j@k$l", "a&b=c;d,e'f(g)h!i~j@k$l"},
    {"/a[b]{c}^`d", "a[b]{c}^`d"},
    {"/caf%C3%A9.txt", "caf\xC3\xA9.txt"},
    {"/caf\xC3\xA9.txt", "caf\xC3\xA9.txt"},
    {"/%E6%97%A5%E6%9C%AC/%F0%9F%98%80.png", "\xE6\x97\xA5\xE6\x9C\xAC/\xF0\x9F\x98\x80.png"},
    {"/%C2%80%DF%BF%E0%A0%80%ED%9F%BF%EE%80%80%EF%BF%BF%F0%90%80%80%F4%8F%BF%BF",
     "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
    {"http://example.org/a", "a"},
    {"http://example.org", "index.html"},
    {"http://example.org?q=/../x", "index.html"},
    {"HTTP://[::1]:8080/a/?b", "a/index.html"},
    /* names that only resemble what is refused */
    {"/.well-known/x", ".well-known/x"},
    {"/..a", "..a"},
    {"/a..b/c", "a..b/c"},
    {"/...a", "...a"},
    {"/.%20.a", ". .a"},
    {"/%20a", " a"},
    {"/console", "console"},
    {"/con-1.txt", "con-1.txt"},
    {"/conin", "conin"},
    {"/xcon", "xcon"},
    {"/a.con", "a.con"},
    {"/com", "com"},
    {"/com10", "com10"},
    {"/com1a.txt", "com1a.txt"},
    {"/comx", "comx"},
    {"/lpt.txt", "lpt.txt"},
    {"/com%E2%81%B4", "com\xE2\x81\xB4"}, /* superscript four is no digit of a port */
    {"/nul_", "nul_"},
    {"/auxiliary/prnt", "auxiliary/prnt"},
};

START_TEST(paths_of_targets)
{
    char path[200];
    int status = HttpResolvePath(text(paths[_i].target), path, sizeof(path));

    ck_assert_msg(status == 0, "%s: expected 0, got %d", show(paths[_i].target, strlen(paths[_i].target)), status);
    ck_assert_msg(strcmp(path, paths[_i].path) == 0, "%s: expected %s, got %s",
                  show(paths[_i].target, strlen(paths[_i].target)), show(paths[_i].path, strlen(paths[_i].path)),
                  show(path, strlen(path)));
}
END_TEST

/* Memory of just the needed size is enough, one byte less is 414, and nothing is written behind it. */
START_TEST(room_for_the_path)
{
    size_t needed = strlen(paths[_i].path) + 1;

    for (size_t size = 0; size <= needed; size++) {
        char *path = exact(paths[_i].path, size);
        ck_assert_int_eq(HttpResolvePath(text(paths[_i].target), path, size), size < needed ? 414 : 0);
        ck_assert(size == 0 || size == needed || path[0] == '\0');
        discard(path);
    }
}
END_TEST

/* A path written as a target resolves to the path again, unless it is a folder's index, which has two names. */
START_TEST(encoded_paths_come_back)
{
    char target[700], path[200];
    size_t length = HttpEncodePath(paths[_i].path, target, sizeof(target));

    ck_assert_uint_eq(length, strlen(target));
    for (size_t i = 0; i < length; i++) {
        ck_assert_msg(strchr("/-._~%", target[i]) != NULL || (target[i] >= '0' && target[i] <= '9') ||
                          (target[i] >= 'a' && target[i] <= 'z') || (target[i] >= 'A' && target[i] <= 'Z'),
                      "%s", target);
    }
    ck_assert_int_eq(HttpResolvePath(text(target), path, sizeof(path)), 0);
    ck_assert_str_eq(path, paths[_i].path);
    for (size_t size = 0; size <= length; size++) {
        ck_assert_uint_eq(HttpEncodePath(paths[_i].path, exact(target, size), size), 0);
    }
    ck_assert_uint_eq(HttpEncodePath(paths[_i].path, exact(target, length + 1), length + 1), length);
}
END_TEST

START_TEST(encodings_of_paths)
{
    char out[100];

    ck_assert_uint_eq(HttpEncodePath("a b/caf\xC3\xA9?#%.txt", out, sizeof(out)), 29);
    ck_assert_str_eq(out, "/a%20b/caf%C3%A9%3F%23%25.txt");
    ck_assert_uint_eq(HttpEncodePath("", out, 2), 1);
    ck_assert_str_eq(out, "/");
    ck_assert_uint_eq(HttpEncodePath("azAZ09/-._~@[`{", out, sizeof(out)), 24);
    ck_assert_str_eq(out, "/azAZ09/-._~%40%5B%60%7B");
    ck_assert_uint_eq(HttpEncodePath("a\r\nX: y", out, sizeof(out)), 16);
    ck_assert_str_eq(out, "/a%0D%0AX%3A%20y");
}
END_TEST

TCase *path_tests(void)
{
    TCase *tcase = tcase_create("path");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_add_loop_test(tcase, paths_of_targets, 0, COUNT(paths));
    tcase_add_loop_test(tcase, room_for_the_path, 0, COUNT(paths));
    tcase_add_loop_test(tcase, encoded_paths_come_back, 0, COUNT(paths));
    tcase_add_test(tcase, encodings_of_paths);
    return tcase;
}
