/**
 * @file site.h
 * The files that the server under test serves: every test has its own copy, in its own folder.
 *
 *     root/index.html      a page                     root/folder/index.html   a folder's page
 *     root/small.txt       SMALL_TEXT                 root/bare/only.txt       a folder without a page
 *     root/empty.txt       0 bytes                    root/a/b/c/…/deep.txt    a deep folder
 *     root/page.html       189,853 bytes of text      root/grüße.txt, root/日本.txt, root/two words.txt
 *     root/megabyte.bin    PATTERN                    root/style.css, picture.png, script.js, data.json
 *     secret.txt           beside the root: must never be served
 *     root/CON, root/small.txt., root/..\secret.txt, …   SECRET_TEXT under names that Windows would take for something
 *                          else; no request may open them on any system (native runs only: Wine cannot keep them apart)
 *     uploads/             empty
 */
#ifndef GRADE_SITE_H
#define GRADE_SITE_H

#include <stddef.h>
#include <stdint.h>

#define SMALL_TEXT "What is small is answered in one piece.\n"
#define INDEX_TEXT "<!doctype html><title>Front</title><p>The front page.</p>\n"
#define FOLDER_TEXT "<!doctype html><title>Folder</title><p>The folder's page.</p>\n"
#define SECRET_TEXT "top secret: this file lies outside the root\n"
#define DEEP_TARGET "/a/b/c/d/e/f/g/h/i/j/deep.txt"
#define PAGE_SIZE_SEED 189853
#define MEGABYTE (1024 * 1024)

typedef struct SITE {
    char root[400];
    char uploads[400];
    int built;
} SITE;
extern SITE site;

/** Builds the site in the test's folder, once. */
void site_build(void);

/** Byte at an offset of the endless pattern: no stretch of it repeats, so a displaced byte shows. */
unsigned char pattern_at(uint64_t offset);

/** Fills memory with the pattern from an offset on. */
void pattern_fill(void *bytes, uint64_t offset, size_t length);

/** First offset at which bytes differ from the pattern, or length. */
size_t pattern_differs(const void *bytes, uint64_t offset, size_t length);

/** Adds a file below the root. */
void site_add(const char *name, const void *bytes, size_t length);

/** Adds a file of the pattern below the root. */
void site_add_pattern(const char *name, size_t length);

/** Adds a file below the root that is all holes but for the pattern in its first and last `ends` bytes. */
void site_add_sparse(const char *name, uint64_t size, size_t ends);

/** The path of a file below the root, in one of a few static buffers. */
const char *site_path(const char *name);

/** What the test wrote into a file below the root, whatever the server has made of it since; NULL: nothing. */
const unsigned char *site_content(const char *name, size_t *length);

/** Names in the uploads folder, separated by spaces; "" when it is empty. @return static text */
const char *uploads_list(void);

/** Content of a file in the uploads folder, malloc'd; NULL when it does not exist. */
unsigned char *upload_content(const char *name, size_t *length);

/** Deletes a folder with all that is in it. */
void delete_tree(const char *folder);

#endif
