/**
 * @file log.h
 * The log: a thread of its own, and the only one that writes the file (--log FILE).
 *
 * Workers that write to one file would have to wait for each other, and for the disk. Instead each puts a line into a
 * queue, which is one exchange and no lock, and goes on. The queue is an interlocked list, which gives its entries
 * last in, first out; the thread takes them all at once and turns them around.
 *
 *   - The thread sleeps while the queue is empty. The first line wakes it; then it lets more come for LOG_DELAY, so that
 *     under load many lines are written by one WriteFile and a worker has to wake it only now and then.
 *   - Two blocks: while one is being written (overlapped), the other is filled.
 *   - The disk may take a part of a block; then the rest is written. When Windows is short of something the thread, which
 *     nobody waits for, sleeps a little and tries again with a page (failure.h says why).
 *   - At the end: the workers have ended, so no line can come any more; the thread empties the queue, waits for the last
 *     write, and ends. Nothing is dropped. A line is lost only when there is no memory for it or the disk refuses it;
 *     both are counted.
 *
 * A line has the combined format, which most tools for logs read:
 *     127.0.0.1 - - [21/Nov/2026:10:00:30 +0000] "GET /index.html HTTP/1.1" 200 5678 "referer" "user agent"
 * Quotes, backslashes and what is not printable are written as `\xHH`: a client cannot make lines of its own.
 */
#ifndef LOG_H
#define LOG_H

#include "../../http/http.h"
#include "buffers.h"

/** Bytes of text in an entry of the pool; a longer line gets memory of its own. */
#define LOG_TEXT 424u
/** The longest line that can be. */
#define LOG_LINE (4u * (HTTP_MAX_HEADER + LOG_TEXT))

/** A line on its way. */
typedef struct LOG_ENTRY {
    SLIST_ENTRY Link; /**< first */
    BOOL OwnMemory;
    ULONG Client;
    int Status;
    int MinorVersion;
    ULONGLONG HeaderBytes;
    ULONGLONG SentBytes;
    LONGLONG Time;
    DWORD Method, Target, Referer, Agent; /**< lengths of what stands in Text, one after the other */
    char Text[LOG_TEXT];
} LOG_ENTRY;

/* log.c */
/** Opens the log and starts its thread. @return FALSE after a message */
BOOL LogStart(SERVER_CONFIG *Config);
/** Begins a request's line, with what the client said. @param Request NULL when it could not be read */
void LogRequest(OVERLAPPED_EX *Context, const HTTP_REQUEST *Request);
/** Notes what the request is answered with. */
void LogStatus(OVERLAPPED_EX *Context, int Status, size_t HeaderBytes);
/** Hands a request's line to the thread: the answer is over, well or not. */
void LogAnswer(OVERLAPPED_EX *Context);
/** Lets the thread write all that there is, and waits for it. */
void LogStop(void);
/** What /status tells of the log. @param Queued lines that are not yet written */
void LogCount(LONGLONG *Written, LONGLONG *Queued, LONGLONG *Lost);

/* logline.c */
/** Writes an entry as a line. @param At room for LOG_LINE bytes @return how many it takes */
DWORD LogFormat(char *At, const LOG_ENTRY *Entry);

#endif
