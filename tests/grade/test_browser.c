/* What a browser does with a page: several connections at a time, kept alive, files of all sizes, and then again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

enum { FILES = 20, CONNECTIONS = 6 }; /* browsers open six for one host */

static char names[FILES][24];
static size_t sizes[FILES];
static char *etags[FILES], *dates[FILES];

/* A page's files: from nothing to half a megabyte. */
static void add_files(void)
{
    static const char *const endings[] = {"css", "js", "png", "jpg", "svg"};
    for (int i = 0; i < FILES; i++) {
        snprintf(names[i], sizeof names[i], "part%d.%s", i, endings[i % 5]);
        sizes[i] = i == 7 ? 0 : i % 6 == 0 ? 400000 + (size_t)i : (size_t)i * 977 + 13;
        site_add_pattern(names[i], sizes[i]);
    }
}

static const char browser_fields[] =
    "Host: test\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: image/avif,image/webp,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nReferer: http://test/\r\nPriority: u=2\r\n";

static void ask_for(CLIENT *c, int file, int again)
{
    if (!again)
        client_say(c, "GET /%s HTTP/1.1\r\n%s\r\n", names[file], browser_fields);
    else if (etags[file])
        client_say(c, "GET /%s HTTP/1.1\r\n%sIf-None-Match: %s\r\n\r\n", names[file], browser_fields, etags[file]);
    else
        client_say(c, "GET /%s HTTP/1.1\r\n%sIf-Modified-Since: %s\r\n\r\n", names[file], browser_fields, dates[file]);
}

static void hear(CLIENT *c, int file, int again, int changed)
{
    RESPONSE *r = response(c);
    if (again && file != changed) {
        expect_status(r, 304);
        return;
    }
    expect_pattern(expect_status(r, 200), 0, sizes[file]);
    etags[file] = response_field(r, "ETag");
    dates[file] = response_field(r, "Last-Modified");
    EXPECT(etags[file] || dates[file], "ETag or Last-Modified, so that a browser can ask whether it changed",
           "neither");
}

/* Each connection asks for its next file as soon as it has the one before. */
static void load(CLIENT **c, int again, int changed)
{
    int asked[CONNECTIONS], next = 0;
    for (int i = 0; i < CONNECTIONS; i++)
        ask_for(c[i], asked[i] = next++, again);
    for (int heard = 0; heard < FILES; heard++) {
        int i = heard % CONNECTIONS; /* with 20 files and 6 connections each has one under way until the last round */
        hear(c[i], asked[i], again, changed);
        if (next < FILES)
            ask_for(c[i], asked[i] = next++, again);
    }
}

START_TEST(a_page_and_its_files)
{
    CLIENT *c[CONNECTIONS];
    serve("");
    add_files();
    for (int visit = 0; visit < 3; visit++) {
        c[0] = client_open();
        expect_text(expect_status(get(c[0], "/"), 200), INDEX_TEXT);
        for (int i = 1; i < CONNECTIONS; i++)
            c[i] = client_open();
        load(c, 0, -1);
        load(c, 1, -1); /* the reload button */
        sizes[5] += 10; /* somebody works on the page */
        site_add_pattern(names[5], sizes[5]);
        load(c, 1, 5);
        for (int i = 0; i < CONNECTIONS; i++)
            client_close(c[i]);
    }
}
END_TEST

/* Four tabs of it, and one that was closed in the middle. */
START_TEST(several_tabs)
{
    enum { TABS = 4 };
    CLIENT *c[TABS][CONNECTIONS];
    serve("");
    add_files();
    for (int tab = 0; tab < TABS; tab++)
        for (int i = 0; i < CONNECTIONS; i++)
            c[tab][i] = client_open();
    for (int tab = 0; tab < TABS; tab++)
        for (int i = 0; i < CONNECTIONS; i++)
            ask_for(c[tab][i], (tab * 5 + i) % FILES, 0);
    for (int i = 0; i < CONNECTIONS; i++)
        client_close(c[1][i]); /* with whatever has come and was not read */
    for (int tab = 0; tab < TABS; tab++)
        for (int i = 0; i < CONNECTIONS && tab != 1; i++)
            hear(c[tab][i], (tab * 5 + i) % FILES, 0, -1);
    for (int tab = 0; tab < TABS; tab++)
        if (tab != 1)
            load(c[tab], 0, -1);
}
END_TEST

void browser_topic(void)
{
    topic("browser", "a page and its files, as a browser asks for them");
    test(a_page_and_its_files, "Six connections, twenty files, and 304 for what has not changed.");
    test(several_tabs, "A tab that is closed must not disturb the others.");
}
