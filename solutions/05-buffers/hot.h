/**
 * @file hot.h
 * Hot files: those that are asked for again and again stay in memory (--hot KB).
 *
 * A file of up to HOT_LARGEST bytes that is asked for is read into memory of its own, where all who ask for it share it:
 * each answer holds a reference, sends from there, and nobody copies. The table holds one more; so a file that has
 * changed can be dropped at once, and its memory goes with the last answer that still sends it.
 *
 * Files change. A file in memory is compared with the disk (size, time of the last change) at every request: one call,
 * where opening, looking, reading and closing would be five, and no answer is out of date. With --hot-age MS the last
 * look is good for so long, and so an answer may be that old. What that saves is small: measured on Linux on the port,
 * three system calls a request and 12.2 us of processor time became two and 10.8; without --hot there are eight, and 16.6.
 * (A change that leaves the size and comes within the same tick of the disk's clock is not seen, here and elsewhere.)
 */
#ifndef HOT_H
#define HOT_H

#include "../../http/http.h"
#include "buffers.h"

typedef struct HOT_FILE HOT_FILE;

/** Lets files be kept in memory from now on. */
void HotStart(SERVER_CONFIG *Config);
/** Looks for a file in memory, into Context->Hot. @return FALSE when it has to be opened */
BOOL HotFind(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts);
/** Makes memory for an open file, into Context->Hot, if it is worth it. @return whether it is to be read there */
BOOL HotBegin(OVERLAPPED_EX *Context, const char *Name, const HTTP_FILE *Facts);
/** The file is in Context->Hot: from now on others find it. */
void HotPublish(OVERLAPPED_EX *Context);
/** Where the file's bytes are, or are to be. */
char *HotData(const HOT_FILE *Hot);
/** Lets go of Context->Hot. */
void HotGive(OVERLAPPED_EX *Context);
void HotStop(void);
/** A file's last reference went: frees its memory. */
void HotFree(BUFFER *Body);
/** What /status tells of the files in memory. */
void HotCount(LONGLONG *FileCount, LONGLONG *ByteCount);

#endif
