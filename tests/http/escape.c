/* Targets that try to leave the root, or to name something that is not a file below it. */
#include "suite.h"

#include <ctype.h>
#include <stdio.h>

static const struct {
    const char *target;
    size_t length;
    int status;
} escapes[] = {
    /* up */
    {BYTES("/.."), 400},
    {BYTES("/../"), 400},
    {BYTES("/../etc/passwd"), 400},
    {BYTES("/a/../b"), 400},
    {BYTES("/a/../../b"), 400},
    {BYTES("/a/.."), 400},
    {BYTES("/%2e%2e/b"), 400},
    {BYTES("/%2E./b"), 400},
    {BYTES("/.%2e/b"), 400},
    {BYTES("/..?q"), 400},
    {BYTES("http://a/../b"), 400},
    {BYTES("/."), 400},
    {BYTES("/./a"), 400},
    {BYTES("/a/%2e/b"), 400},
    {BYTES("/..."), 400},
    {BYTES("/.../a"), 400},
    {BYTES("/..%20/a"), 400},
    {BYTES("/..%20"), 400},
    {BYTES("/%20../a"), 400},
    {BYTES("/.%20./a"), 400},
    {BYTES("/%20"), 400},
    {BYTES("/a/%20/b"), 400},
    {BYTES("/..;/a"), 0}, /* a plain name here; to some Java servers it is the way up */
    /* the other slash, and slashes in disguise */
    {BYTES("/..\\a"), 400},
    {BYTES("/a\\..\\b"), 400},
    {BYTES("/a\\b"), 400},
    {BYTES("\\a"), 400},
    {BYTES("/\\\\server\\share\\a"), 400},
    {BYTES("/%5c%5cserver%5cshare"), 400},
    {BYTES("/..%5ca"), 400},
    {BYTES("/..%5Ca"), 400},
    {BYTES("/%5c..%5c"), 400},
    {BYTES("/..%2fa"), 400},
    {BYTES("/..%2Fa"), 400},
    {BYTES("/a%2fb"), 400},
    {BYTES("/%2f"), 400},
    {BYTES("/%2fetc%2fpasswd"), 400},
    {BYTES("/..%252fa"), 0}, /* decoded once: a file named "..%2fa" */
    {BYTES("//a"), 404},
    {BYTES("//"), 404},
    {BYTES("/a//b"), 404},
    {BYTES("/a//"), 404},
    {BYTES("//server/share/a"), 404},
    {BYTES("//../a"), 404},
    {BYTES("/%3f%3f/C%3a/a"), 404},
    {BYTES("//%3f/C%3a/a"), 404},
    {BYTES("//./pipe/a"), 404},
    /* overlong and broken UTF-8 */
    {BYTES("/%c0%ae%c0%ae/a"), 400},
    {BYTES("/..%c0%afa"), 400},
    {BYTES("/%c0%2e"), 400},
    {BYTES("/\xC0\xAE\xC0\xAE/a"), 400},
    {BYTES("/%e0%80%ae%e0%80%ae/a"), 400},
    {BYTES("/%f0%80%80%ae/a"), 400},
    {BYTES("/%f8%80%80%80%ae/a"), 400},
    {BYTES("/%fc%80%80%80%80%ae/a"), 400},
    {BYTES("/..%c1%9ca"), 400},
    {BYTES("/%e0%9f%bf"), 400},
    {BYTES("/%f0%8f%bf%bf"), 400},
    {BYTES("/%c0%80"), 400},
    {BYTES("/%80"), 400},
    {BYTES("/a%bf"), 400},
    {BYTES("/%c3"), 400},
    {BYTES("/%c3/a"), 400},
    {BYTES("/%c3a"), 400},
    {BYTES("/%e2%82"), 400},
    {BYTES("/%e2%82a"), 400},
    {BYTES("/%f0%9f%98"), 400},
    {BYTES("/%f0%9f%98a"), 400},
    {BYTES("/%ff"), 400},
    {BYTES("/%fe%ff"), 400},
    {BYTES("/%ed%a0%80"), 400},          /* a surrogate */
    {BYTES("/%ed%a0%bd%ed%b8%80"), 400}, /* two of them */
    {BYTES("/%ed%bf%bf"), 400},
    {BYTES("/%f4%90%80%80"), 400}, /* beyond the last character */
    {BYTES("/%f5%80%80%80"), 400},
    {BYTES("/%e9"), 400}, /* Latin-1 */
    /* broken encodings */
    {BYTES("/%"), 400},
    {BYTES("/%2"), 400},
    {BYTES("/a%"), 400},
    {BYTES("/%zz"), 400},
    {BYTES("/%2g"), 400},
    {BYTES("/%g2"), 400},
    {BYTES("/%g2%80%80%80"), 400},
    {BYTES("/%%32%65"), 400},
    {BYTES("/%u002e%u002e/a"), 400},
    {BYTES("/%+1"), 400},
    {BYTES("/% 1"), 400},
    {BYTES("/%-1"), 400},
    {BYTES("/%2?e"), 400},
    {BYTES("/%?"), 400},
    /* NUL and other control bytes */
    {BYTES("/a%00"), 400},
    {BYTES("/a%00.txt"), 400},
    {BYTES("/%00/../a"), 400},
    {BYTES("/a\0b"), 400},
    {BYTES("/a%0a"), 400},
    {BYTES("/a%0d%0aX:%20y"), 400},
    {BYTES("/a%09b"), 400},
    {BYTES("/a%1f"), 400},
    {BYTES("/a%7f"), 400},
    {BYTES("/a\x01"), 400},
    {BYTES("/a b"), 400},
    {BYTES("/a#b"), 400},
    /* drives and alternate streams */
    {BYTES("/C:/Windows/win.ini"), 404},
    {BYTES("/C%3A/Windows/win.ini"), 404},
    {BYTES("/c:"), 404},
    {BYTES("/C:a"), 404},
    {BYTES("/index.html::$DATA"), 404},
    {BYTES("/index.html:%24DATA"), 404},
    {BYTES("/index.html%3a%3a$data"), 404},
    {BYTES("/a:b"), 404},
    {BYTES("/a/:$i30:$INDEX_ALLOCATION/b"), 404},
    {BYTES("/:"), 404},
    /* trailing dots and spaces, which Windows cuts */
    {BYTES("/a."), 404},
    {BYTES("/a.."), 404},
    {BYTES("/a%20"), 404},
    {BYTES("/a.txt%20"), 404},
    {BYTES("/a.txt."), 404},
    {BYTES("/a.txt.%20"), 404},
    {BYTES("/a./b"), 404},
    {BYTES("/a%20/b"), 404},
    {BYTES("/a%2e"), 404},
    {BYTES("/index.html./"), 404},
    /* what Windows forbids in names */
    {BYTES("/a*"), 404},
    {BYTES("/a%3f"), 404},
    {BYTES("/a<b"), 404},
    {BYTES("/a%3Eb"), 404},
    {BYTES("/a\"b"), 404},
    {BYTES("/a|b"), 404},
    /* forms of targets */
    {BYTES(""), 400},
    {BYTES("a"), 400},
    {BYTES("*"), 400},
    {BYTES("?a"), 400},
    {BYTES("example.org:443"), 400},
    {BYTES("http://"), 400},
    {BYTES("http:///etc/passwd"), 400},
    {BYTES("http:/a"), 400},
    {BYTES("file:///etc/passwd"), 400},
    {BYTES("https://example.org/a"), 400},
    {BYTES("http://a@b/c"), 400},
    {BYTES("http://a:b/c"), 400},
    {BYTES("http://a\\b/c"), 400},
    {BYTES("http://a%2fb"), 0}, /* an encoded name; the path is empty */
};

static int resolve(const char *target, size_t length, char *path, size_t size)
{
    char *copy = exact(target, length);
    HTTP_TEXT given = {copy, length};

    memset(path, 'x', size);
    int status = HttpResolvePath(given, path, size);
    discard(copy);
    return status;
}

START_TEST(no_way_out)
{
    char path[300];
    int status = resolve(escapes[_i].target, escapes[_i].length, path, sizeof(path));

    ck_assert_msg(status == escapes[_i].status, "%s: expected %d, got %d", show(escapes[_i].target, escapes[_i].length),
                  escapes[_i].status, status);
    ck_assert_msg(status == 0 || path[0] == '\0', "%s: a path is left behind", escapes[_i].target);
}
END_TEST

static const char *const devices[] = {
    "con",       "prn",         "aux",         "nul",       "conin$",    "conout$",   "clock$",    "com0",
    "com1",      "com2",        "com3",        "com4",      "com5",      "com6",      "com7",      "com8",
    "com9",      "lpt0",        "lpt1",        "lpt2",      "lpt3",      "lpt4",      "lpt5",      "lpt6",
    "lpt7",      "lpt8",        "lpt9",        "com%C2%B9", "com%C2%B2", "com%C2%B3", "lpt%C2%B9", "lpt%C2%B2",
    "lpt%C2%B3", "com\xC2\xB9", "lpt\xC2\xB3", "%63on",     "nu%6c",
};

/* Each device, in every mixture of cases, with every ending, alone, as a folder and in a folder. */
START_TEST(devices_are_no_files)
{
    static const char *const endings[] = {"", ".txt", ".", ".a.b", "%20.txt", "%20%20.html", ".tar.gz", "%20"};
    static const char *const places[] = {"/%s%s", "/a/%s%s", "/%s%s/a", "/a/%s%s/", "http://a/%s%s", "/%s%s?q"};
    const char *device = devices[_i];
    char name[40], target[200], path[300];

    for (unsigned cases = 0; cases < 64; cases++) {
        size_t i = 0, bit = 0;
        for (; device[i] != '\0'; i++) { /* the letters of an encoding change case as well: that must not matter */
            name[i] = (cases >> (bit++ % 6) & 1) != 0 ? (char)toupper((unsigned char)device[i]) : device[i];
        }
        name[i] = '\0';
        for (int j = 0; j < COUNT(endings); j++) {
            for (int k = 0; k < COUNT(places); k++) {
                int length = snprintf(target, sizeof(target), places[k], name, endings[j]);
                int status = resolve(target, (size_t)length, path, sizeof(path));
                require(status == 404, "%s: expected 404, got %d", target, status);
            }
        }
    }
}
END_TEST

/* One byte, as it is and encoded, alone and within a name: only harmless ones may come through, unchanged. */
START_TEST(every_byte)
{
    for (int byte = 0; byte < 256; byte++) {
        char raw[] = {'/', 'a', (char)byte, 'b'}, encoded[20], path[300];
        int length = sprintf(encoded, "/a%%%02Xb", byte);
        int control = byte < 32 || byte == 127, forbidden = byte != 0 && strchr("<>:\"|?*", byte) != NULL;

        int status = resolve(encoded, (size_t)length, path, sizeof(path));
        int expected = control || byte > 127 || byte == '/' || byte == '\\' ? 400 : forbidden ? 404 : 0;
        require(status == expected, "%s: expected %d, got %d", encoded, expected, status);
        ck_assert(status != 0 || (path[0] == 'a' && path[1] == (char)byte && path[2] == 'b' && path[3] == '\0'));

        status = resolve(raw, sizeof(raw), path, sizeof(path));
        expected = byte == '/' || byte == '?' ? 0 : byte == ' ' || byte == '#' || byte == '%' ? 400 : expected;
        require(status == expected, "%s: expected %d, got %d", show(raw, sizeof(raw)), expected, status);
    }
}
END_TEST

/* All sequences of two bytes above 127, and all of three that begin as three should: as UTF-8's definition has them. */
START_TEST(utf8_is_as_defined)
{
    char target[4] = {'/', 0, 0, 0}, path[300];

    for (unsigned code = 0; code < 0x4000; code++) {
        unsigned first = 0x80 | code >> 7, second = 0x80 | (code & 0x7F);
        target[1] = (char)first;
        target[2] = (char)second;
        int sound = first >= 0xC2 && first <= 0xDF && second <= 0xBF;
        require(resolve(target, 3, path, sizeof(path)) == (sound ? 0 : 400), "%s", show(target, 3));
    }
    for (unsigned code = 0; code < 0x10000; code++) { /* E0 to EF, and 12 bits */
        unsigned point = (code >> 12) << 12 | (code & 0xFFF);
        target[1] = (char)(0xE0 | code >> 12);
        target[2] = (char)(0x80 | (code >> 6 & 0x3F));
        target[3] = (char)(0x80 | (code & 0x3F));
        int sound = point >= 0x800 && (point < 0xD800 || point > 0xDFFF);
        require(resolve(target, 4, path, sizeof(path)) == (sound ? 0 : 400), "U+%04X", point);
    }
}
END_TEST

/* Whatever random pieces give: no part of a path that is let through goes up, or is a device, or is empty. */
START_TEST(random_targets)
{
    static const char *const pieces[] = {"/",      "/",      ".",   "..",   "%2e",  "%2f", "%5c", "\\",
                                         "a",      "con",    "NUL", ".txt", "%20",  " ",   ":",   "%00",
                                         "%c0%ae", "%C3%A9", "?",   "%",    "com1", "%25", "$"};

    for (uint64_t seed = 1; seed <= 20000; seed++) {
        uint64_t random = seed * 0x9E3779B97F4A7C15u;
        char target[200] = "/", path[300];
        for (size_t i = below(&random, 12); i > 0; i--) {
            strcat(target, pieces[below(&random, COUNT(pieces))]);
        }
        if (resolve(target, strlen(target), path, sizeof(path)) != 0) {
            continue;
        }
        require(path[0] != '\0' && strpbrk(path, "\\:*?\"<>|") == NULL, "%s: %s", target, path);
        for (char *part = path, *end; part != NULL; part = end) {
            end = strchr(part, '/');
            if (end != NULL) {
                *end++ = '\0';
            }
            require(part[0] != '\0' && strspn(part, ". ") < strlen(part), "%s: part \"%s\"", target, part);
            require(strchr(". ", part[strlen(part) - 1]) == NULL, "%s: part \"%s\"", target, part);
            part[strcspn(part, ".")] = '\0';
            require(strcmp(part, "con") != 0 && strcmp(part, "NUL") != 0 && strcmp(part, "com1") != 0, "%s", target);
        }
    }
}
END_TEST

TCase *escape_tests(void)
{
    TCase *tcase = tcase_create("escape");

    tcase_add_checked_fixture(tcase, NULL, discard_all);
    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, no_way_out, 0, COUNT(escapes));
    tcase_add_loop_test(tcase, devices_are_no_files, 0, COUNT(devices));
    tcase_add_test(tcase, every_byte);
    tcase_add_test(tcase, utf8_is_as_defined);
    tcase_add_test(tcase, random_targets);
    return tcase;
}
