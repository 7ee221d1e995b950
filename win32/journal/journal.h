/**
 * @file journal.h
 * The journal: one line an event, when WIN32_JOURNAL names a file; otherwise the price is one load a call.
 *
 * A line is a list of name=value pairs, in this order:
 *
 *     time=0.001234 thread=3 call=WSARecv handle=0x104 overlapped=0x7f20 bytes=48 error=0 from=server+0x1a2b
 *
 *   - time: seconds since the first line;
 *   - thread: as GetCurrentThreadId tells it;
 *   - what happened: call (a function was entered, bytes is what it asks for), fail (it failed at once: no packet will
 *     come), pending (it is out), complete (an operation ended), dequeue (a thread took the packet), no-packet
 *     (GetQueuedCompletionStatus came back without one: error is 258 when the time was over, 735 when the port was
 *     closed under the thread, 6 for no such port), woke (a function in which the thread may have waited lets it go on;
 *     error is what it returns or sets), thread-start, thread-end; its value names the function or operation;
 *   - handle, overlapped: 0 when there is none;
 *   - error: as GetLastError would tell it;
 *   - from: module and offset of the caller, as addr2line wants it, spaces in the name written as _; only for call.
 *
 * A call stands before everything that follows from it. Lines are whole and in the order of time.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "../watch/watch.h"

/** Opens the file that WIN32_JOURNAL names. @return whether a journal is kept */
bool journal_start(void);
void journal_write(const char *kind, const char *name, HANDLE handle, const void *overlapped, uint64_t bytes,
                   DWORD error, const void *caller);
void journal_waits(HANDLE handle, const void *overlapped, uint64_t bytes);
void journal_woke(uint64_t bytes, DWORD error);

static inline bool journal_on(void)
{
    return watch_by(WATCH_JOURNAL);
}

/** A function of the API was entered: for the journal and for every other watcher. Used in that function itself, so
 *  that the return address is the program's. */
#define JOURNAL_CALL(Name, Handle, Overlapped, Bytes)                                                                  \
    do {                                                                                                               \
        if (watch_on())                                                                                                \
            watch_enter((Name), (HANDLE)(uintptr_t)(Handle), (Overlapped), (Bytes), __builtin_return_address(0),       \
                        WATCH_FRAME);                                                                                  \
    } while (0)

/** A function announced itself with WATCH_CALL, and now it has to wait: it gets a line after all. */
#define JOURNAL_WAITS(Handle, Overlapped, Bytes)                                                                       \
    do {                                                                                                               \
        if (journal_on())                                                                                              \
            journal_waits((HANDLE)(uintptr_t)(Handle), (Overlapped), (Bytes));                                         \
    } while (0)

/** The function that the thread is in has waited, or may have, and goes on. */
#define JOURNAL_WOKE(Bytes, Error)                                                                                     \
    do {                                                                                                               \
        if (journal_on())                                                                                              \
            journal_woke((Bytes), (Error));                                                                            \
    } while (0)

/** Something happened. */
#define JOURNAL_EVENT(Kind, Name, Handle, Overlapped, Bytes, Error)                                                    \
    do {                                                                                                               \
        if (journal_on())                                                                                              \
            journal_write((Kind), (Name), (HANDLE)(uintptr_t)(Handle), (Overlapped), (Bytes), (Error), NULL);          \
    } while (0)

#endif
