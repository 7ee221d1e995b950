/*
 * site.c - writes the two files of the sample site that are too large to keep in the repository.
 *
 *     site walkthrough FILE   a page of exactly 189,853 bytes, the size of the file in the course's walk-through: it
 *                             lists the slices in which a server sends it, for several buffer sizes
 *     site offsets FILE       32 MiB of 16-byte lines, each the decimal offset of its own first byte, so that any
 *                             piece of a download shows where it belongs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 189853L
#define HEADER_SIZE 90L /* of the response, laid into the buffer before the first slice */
#define OFFSETS_SIZE (32L * 1024 * 1024)

static const char PageHead[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Slice by slice</title>\n"
    "<link rel=\"icon\" href=\"images/icon.png\" type=\"image/png\">\n"
    "<link rel=\"stylesheet\" href=\"style.css\">\n"
    "</head>\n"
    "<body>\n"
    "<nav>\n"
    "  <a href=\"/\">Home</a>\n"
    "  <a href=\"threads.html\">Threads</a>\n"
    "  <a href=\"buffers.html\">Buffers</a>\n"
    "  <a href=\"shutdown.html\">Shutdown</a>\n"
    "  <a href=\"walkthrough.html\">Slices</a>\n"
    "  <a href=\"r%C3%A9sum%C3%A9.html\">Résumé</a>\n"
    "</nav>\n"
    "\n"
    "<main>\n"
    "<h1>Slice by slice</h1>\n"
    "<p>This page is 189,853 bytes long, more than a server should hold in memory for one\n"
    "reader. So it reads a slice into the buffer that it has, sends it, and when the send\n"
    "has completed reads the next one into the same buffer. The first slice is shorter:\n"
    "the response's header, here of 90 bytes, is laid before it. Below, the journey of this\n"
    "very page through buffers of several sizes.</p>\n";

static const char PageFoot[] = "</main>\n"
                               "\n"
                               "<footer>\n"
                               "<p>The sample site of IOCP Labs. Your own server sent you this page.</p>\n"
                               "</footer>\n"
                               "</body>\n"
                               "</html>\n";

/* Writes one table; Buffer is the buffer's size. */
static void WriteTable(FILE *File, long Buffer)
{
    long Sent = 0;
    long Room = Buffer - HEADER_SIZE;

    fprintf(File, "<h2>A buffer of %ld bytes</h2>\n<table>\n<tr><th>slice<th>first byte<th>bytes<th>sent so far\n",
            Buffer);
    for (long Slice = 1; Sent < PAGE_SIZE; Slice++) {
        long Bytes = PAGE_SIZE - Sent < Room ? PAGE_SIZE - Sent : Room;

        fprintf(File, "<tr><td>%ld<td>%ld<td>%ld<td>%ld of %ld\n", Slice, Sent, Bytes, Sent + Bytes, PAGE_SIZE);
        Sent += Bytes;
        Room = Buffer;
    }
    fputs("</table>\n", File);
}

/* As many tables as fit; a comment fills what is left. */
static int WriteWalkthrough(FILE *File)
{
    static const long Buffers[] = {65536, 16384, 4096, 2048, 1536, 1024, 768, 512, 384, 256, 192};
    static const char CommentOpen[] = "<!-- To make up the size:\n";
    static const char CommentClose[] = "-->\n";
    const long Around = (long)(strlen(CommentOpen) + strlen(CommentClose) + strlen(PageFoot));
    long Left;

    fputs(PageHead, File);
    for (size_t Index = 0; Index < sizeof(Buffers) / sizeof(Buffers[0]); Index++) {
        WriteTable(File, Buffers[Index]);
    }
    fputs(CommentOpen, File);
    Left = PAGE_SIZE - ftell(File) + (long)strlen(CommentOpen) - Around;
    if (Left < 0) {
        fprintf(stderr, "site: the page is %ld bytes too long\n", -Left);
        return 1;
    }
    for (; Left > 0; Left--) {
        fputc(Left % 100 == 1 ? '\n' : '.', File);
    }
    fputs(CommentClose, File);
    fputs(PageFoot, File);
    return 0;
}

static int WriteOffsets(FILE *File)
{
    for (long Offset = 0; Offset < OFFSETS_SIZE; Offset += 16) {
        fprintf(File, "%015ld\n", Offset);
    }
    return 0;
}

int main(int Count, char **Arguments)
{
    FILE *File = NULL;
    int Status = 2;

    if (Count == 3 && (File = fopen(Arguments[2], "wb")) != NULL) {
        if (strcmp(Arguments[1], "walkthrough") == 0) {
            Status = WriteWalkthrough(File);
        } else if (strcmp(Arguments[1], "offsets") == 0) {
            Status = WriteOffsets(File);
        }
        if (fclose(File) != 0) {
            Status = 1;
        }
    }
    if (Status != 0) {
        fprintf(stderr, "usage: site walkthrough|offsets FILE\n");
    }
    return Status;
}
