/**
 * @file journal.c
 * Writing the journal.
 */
#include "journal.h"

#include <stdio.h>

#include "../host/host.h"
#include "../object/lock.h"

static struct {
    lock lock; /* guards the file, so that lines are in the order of their times */
    host_file file;
    uint64_t start;
} journal = {.file = HOST_NONE};

bool journal_start(void)
{
    const char *path = host_environment("WIN32_JOURNAL");
    journal.start = host_now();
    if (path && *path) {
        journal.file = host_log_open(path, false);
        if (journal.file == HOST_NONE)
            host_error_output("win32: the file that WIN32_JOURNAL names cannot be written; no journal is kept\n");
    }
    return journal.file != HOST_NONE;
}

void journal_write(const char *kind, const char *name, HANDLE handle, const void *overlapped, uint64_t bytes,
                   DWORD error, const void *caller)
{
    char line[512], from[128] = "";
    DWORD thread = GetCurrentThreadId();
    if (caller) {
        memcpy(from, " from=", 7);
        host_code_name(caller, from + 6, sizeof from - 6);
        for (char *c = from + 6; *c; c++)
            *c = *c == ' ' ? '_' : *c; /* pairs end at a space */
    }
    lock_acquire(&journal.lock);
    uint64_t time = (host_now() - journal.start) / 1000;
    int length = snprintf(line, sizeof line,
                          "time=%llu.%06llu thread=%u %s=%s handle=0x%llx overlapped=0x%llx bytes=%llu error=%u%s\n",
                          (unsigned long long)(time / 1000000), (unsigned long long)(time % 1000000), thread, kind,
                          name, (unsigned long long)(uintptr_t)handle, (unsigned long long)(uintptr_t)overlapped,
                          (unsigned long long)bytes, error, from);
    if (length > 0)
        host_log_write(journal.file, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    lock_release(&journal.lock);
}

void journal_waits(HANDLE handle, const void *overlapped, uint64_t bytes)
{
    watch_now.line = watch_now.name;
    watch_now.handle = handle;
    watch_now.overlapped = overlapped;
    journal_write("call", watch_now.line, handle, overlapped, bytes, 0, watch_now.caller);
}

void journal_woke(uint64_t bytes, DWORD error)
{
    if (watch_now.line)
        journal_write("woke", watch_now.line, watch_now.handle, watch_now.overlapped, bytes, error, NULL);
}
