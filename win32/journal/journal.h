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
 *     come), pending (it is out), complete (an operation ended), dequeue (a thread took the packet), no-packet, woke,
 *     thread-start, thread-end; its value names the function or operation;
 *   - handle, overlapped: 0 when there is none;
 *   - error: as GetLastError would tell it;
 *   - from: module and offset of the caller, as addr2line wants it; only for call.
 *
 * A call stands before everything that follows from it. Lines are whole and in the order of time.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>

#include "../include/windows.h"

/** 0: not looked yet, 1: off, 2: on. */
extern int journal_state;

void journal_start(void);
void journal_write(const char *kind, const char *name, HANDLE handle, const void *overlapped, uint64_t bytes,
                   DWORD error, const void *caller);

static inline bool journal_on(void)
{
    int state = __atomic_load_n(&journal_state, __ATOMIC_RELAXED);
    if (__builtin_expect(state == 0, 0)) {
        journal_start();
        state = __atomic_load_n(&journal_state, __ATOMIC_RELAXED);
    }
    return __builtin_expect(state == 2, 0);
}

/** A function of the API was entered. Used in that function itself, so that the return address is the program's. */
#define JOURNAL_CALL(Name, Handle, Overlapped, Bytes)                                                    \
    do {                                                                                                 \
        if (journal_on())                                                                                \
            journal_write("call", (Name), (HANDLE)(uintptr_t)(Handle), (Overlapped), (Bytes), 0,         \
                          __builtin_return_address(0));                                                  \
    } while (0)

/** Something happened. */
#define JOURNAL_EVENT(Kind, Name, Handle, Overlapped, Bytes, Error)                                            \
    do {                                                                                                       \
        if (journal_on())                                                                                      \
            journal_write((Kind), (Name), (HANDLE)(uintptr_t)(Handle), (Overlapped), (Bytes), (Error), NULL);  \
    } while (0)

#endif
