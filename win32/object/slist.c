/**
 * @file slist.c
 * Interlocked singly linked lists: a stack without a lock.
 *
 * Top holds the first entry and a sequence number: an entry is aligned to 16 bytes and lies below 2^48, so 44 bits tell
 * it, and 20 are left for the number. Every change counts it up, so that a thread which was held up between looking at
 * Top and exchanging it notices when an entry left and came back meanwhile (the ABA problem).
 */
#include "object.h"

enum { SEQUENCE_BITS = 20, ALIGNMENT_BITS = 4 };

static PSLIST_ENTRY first_of(uint64_t top)
{
    return (PSLIST_ENTRY)(uintptr_t)(top >> SEQUENCE_BITS << ALIGNMENT_BITS);
}

static uint64_t next_top(uint64_t top, PSLIST_ENTRY first)
{
    uint64_t sequence = (top + 1) & ((1u << SEQUENCE_BITS) - 1);
    return (uint64_t)(uintptr_t)first >> ALIGNMENT_BITS << SEQUENCE_BITS | sequence;
}

static bool change(PSLIST_HEADER list, uint64_t *seen, uint64_t next)
{
    return __atomic_compare_exchange_n(&list->Top, seen, next, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/*
 * Next of an entry that another thread may be taking, using or even freeing at this moment: then what is read is
 * rubbish, but the exchange of Top that follows fails and the rubbish is dropped. The sanitizers cannot know that, so
 * they do not look at this one read. The memory must still be mapped: entries from the heap or from a pool that is
 * kept are fine, pages that are given back while others pop are not (Windows' kernel catches that fault; here it
 * ends the process).
 */
#define UNWATCHED __attribute__((no_sanitize("thread"), no_sanitize("address"), noinline))
UNWATCHED static PSLIST_ENTRY peek_next(const SLIST_ENTRY *entry)
{
    return *(SLIST_ENTRY *const volatile *)&entry->Next;
}

void WINAPI InitializeSListHead(PSLIST_HEADER ListHead)
{
    *ListHead = (SLIST_HEADER){0};
}

PSLIST_ENTRY WINAPI InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    uint64_t seen = __atomic_load_n(&ListHead->Top, __ATOMIC_ACQUIRE);
    __atomic_add_fetch(&ListHead->Depth, 1, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&ListEntry->Next, first_of(seen), __ATOMIC_RELAXED);
    while (!change(ListHead, &seen, next_top(seen, ListEntry)));
    return first_of(seen);
}

PSLIST_ENTRY WINAPI InterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    uint64_t seen = __atomic_load_n(&ListHead->Top, __ATOMIC_ACQUIRE);
    PSLIST_ENTRY entry;
    do {
        entry = first_of(seen);
        if (!entry)
            return NULL;
    } while (!change(ListHead, &seen, next_top(seen, peek_next(entry))));
    __atomic_sub_fetch(&ListHead->Depth, 1, __ATOMIC_RELAXED);
    return entry;
}

PSLIST_ENTRY WINAPI InterlockedFlushSList(PSLIST_HEADER ListHead)
{
    uint64_t seen = __atomic_load_n(&ListHead->Top, __ATOMIC_ACQUIRE);
    while (first_of(seen) && !change(ListHead, &seen, next_top(seen, NULL))) {
    }
    LONG count = 0;
    for (PSLIST_ENTRY entry = first_of(seen); entry; entry = entry->Next)
        count++;
    __atomic_sub_fetch(&ListHead->Depth, count, __ATOMIC_RELAXED);
    return first_of(seen);
}

USHORT WINAPI QueryDepthSList(PSLIST_HEADER ListHead)
{
    return (USHORT)__atomic_load_n(&ListHead->Depth, __ATOMIC_RELAXED);
}
