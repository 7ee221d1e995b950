/* The files that the server under test serves: see site.h. */
#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fence.h"
#include "spawn.h"
#include "story.h"

SITE site;

unsigned char pattern_at(uint64_t offset)
{
    /* Each eight bytes are a number's hash: cheap, and any shift, loss or swap is seen at once. */
    uint64_t mixed = (offset >> 3) * UINT64_C(0x9E3779B97F4A7C15);
    mixed ^= mixed >> 29;
    return (unsigned char)(mixed >> (offset & 7) * 8);
}

void pattern_fill(void *bytes, uint64_t offset, size_t length)
{
    unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++)
        byte[i] = pattern_at(offset + i);
}

size_t pattern_differs(const void *bytes, uint64_t offset, size_t length)
{
    const unsigned char *byte = bytes;
    size_t i = 0;
    while (i < length && byte[i] == pattern_at(offset + i))
        i++;
    return i;
}

const char *site_path(const char *name)
{
    static char paths[4][SERVER_PATH * 2];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", site.root, name);
    return path;
}

static void write_all(int file, const void *bytes, size_t length, off_t offset, const char *name)
{
    if (file < 0 || pwrite(file, bytes, length, offset) != (ssize_t)length)
        story_fail("the test's own files can be written", "%s: %s", name, strerror(errno));
}

/* What was written, newest first: never freed, as a test's process is short-lived. */
typedef struct WRITTEN {
    struct WRITTEN *older;
    const char *name;
    size_t length;
    unsigned char bytes[];
} WRITTEN;
static WRITTEN *written;

static void remember(const char *name, const void *bytes, size_t length)
{
    WRITTEN *w = malloc(sizeof *w + length);
    w->older = written;
    w->name = strdup(name);
    w->length = length;
    memcpy(w->bytes, bytes, length);
    written = w;
}

const unsigned char *site_content(const char *name, size_t *length)
{
    const WRITTEN *w = written;
    while (w && strcmp(w->name, name) != 0)
        w = w->older;
    *length = w ? w->length : 0;
    return w ? w->bytes : NULL;
}

void site_add(const char *name, const void *bytes, size_t length)
{
    if (length <= MEGABYTE)
        remember(name, bytes, length);
    int file = open(site_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    write_all(file, bytes, length, 0, name);
    close(file);
}

void site_add_pattern(const char *name, size_t length)
{
    char *bytes = malloc(length + 1);
    pattern_fill(bytes, 0, length);
    site_add(name, bytes, length);
    free(bytes);
}

void site_add_sparse(const char *name, uint64_t size, size_t ends)
{
    char *bytes = malloc(ends + 1);
    int file = open(site_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, (off_t)size) != 0)
        story_fail("the test's own files can be written", "%s: %s", name, strerror(errno));
    pattern_fill(bytes, 0, ends);
    write_all(file, bytes, ends, 0, name);
    pattern_fill(bytes, size - ends, ends);
    write_all(file, bytes, ends, (off_t)(size - ends), name);
    close(file);
    free(bytes);
}

static void add_text(const char *name, const char *text)
{
    site_add(name, text, strlen(text));
}

/* Readable lines, so that --trace and a browser show something; exactly PAGE_SIZE_SEED bytes. */
static void add_page(void)
{
    char *text = malloc(PAGE_SIZE_SEED + 100);
    size_t used = (size_t)sprintf(text, "<!doctype html>\n<title>A long page</title>\n<pre>\n");
    for (int line = 1; used < PAGE_SIZE_SEED; line++)
        used += (size_t)sprintf(text + used, "line %d of a page that leaves in many slices\n", line);
    site_add("page.html", text, PAGE_SIZE_SEED);
    free(text);
}

static void add_deep(void)
{
    char name[] = "a/b/c/d/e/f/g/h/i/j";
    for (char *slash = name; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        mkdir(site_path(name), 0755);
    }
    mkdir(site_path(name), 0755);
    add_text(DEEP_TARGET, "deep\n");
}

/* Where only Windows takes a name for something else a server that forgets to refuse it would pass: here is bait. */
static void add_bait(void)
{
    static const char *const names[] = {
        "CON",
        "con",
        "NUL",
        "nul.txt",
        "PRN",
        "AUX",
        "COM1",
        "COM1.txt",
        "LPT1",
        "folder/CON",
        "nul ",
        "CONIN$",
        "small.txt.",
        "small.txt..",
        "small.txt ",
        "folder ",
        "small.txt::$DATA",
        "small.txt:stream",
        "c:windows",
        "..\\secret.txt",
        "folder\\index.html",
        "*.txt",
        "small?.txt",
        "small.t?t",
        "<small>",
        "small.txt|",
        "\"small.txt\"",
        "small.txt\x7F",
        "small\x09.txt",
        "small\ntxt",
        "%2e%2e",
        "...",
        NULL,
    };
    for (int i = 0; !run.wine && names[i]; i++)
        add_text(names[i], SECRET_TEXT);
}

void site_build(void)
{
    char secret[sizeof site.root + 16];
    if (site.built)
        return;
    site.built = 1;
    snprintf(site.root, sizeof site.root, "%s/root", run.folder);
    snprintf(site.uploads, sizeof site.uploads, "%s/uploads", run.folder);
    mkdir(site.root, 0755);
    mkdir(site.uploads, 0755);
    fence_give(site.root, 1);
    fence_give(site.uploads, 2);
    mkdir(site_path("folder"), 0755);
    mkdir(site_path("bare"), 0755);
    add_text("index.html", INDEX_TEXT);
    add_text("folder/index.html", FOLDER_TEXT);
    add_text("bare/only.txt", "only\n");
    add_text("small.txt", SMALL_TEXT);
    add_text("empty.txt", "");
    add_text("style.css", "p { color: black }\n");
    add_text("script.js", "// nothing\n");
    add_text("data.json", "{}\n");
    add_text("two words.txt", "two words\n");
    add_text("gr\xC3\xBC\xC3\x9F"
             "e.txt",
             "umlaut\n");
    add_text("\xE6\x97\xA5\xE6\x9C\xAC.txt", "kanji\n");
    site_add("picture.png", "\x89PNG\r\n\x1a\n", 8);
    add_page();
    add_deep();
    add_bait();
    site_add_pattern("megabyte.bin", MEGABYTE);
    snprintf(secret, sizeof secret, "%s/../secret.txt", site.root);
    FILE *file = fopen(secret, "w");
    if (file) {
        fputs(SECRET_TEXT, file);
        fclose(file);
    }
}

const char *uploads_list(void)
{
    static char names[2000];
    size_t used = 0;
    DIR *list = opendir(site.uploads);
    names[0] = 0;
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? " " : "", entry->d_name);
    if (list)
        closedir(list);
    return names;
}

unsigned char *upload_content(const char *name, size_t *length)
{
    char path[sizeof site.uploads + 200];
    snprintf(path, sizeof path, "%s/%s", site.uploads, name);
    return access(path, F_OK) == 0 ? (unsigned char *)read_text(path, length) : NULL;
}

static int delete_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path), 0;
}

void delete_tree(const char *folder)
{
    nftw(folder, delete_entry, 16, FTW_DEPTH | FTW_PHYS);
}
