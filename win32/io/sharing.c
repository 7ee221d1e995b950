/**
 * @file sharing.c
 * The table of open files.
 *
 * Each open file has one entry with counts, as Windows' SHARE_ACCESS has: so a file that thousands have open costs an
 * open no more than one that nobody has. An entry lives as long as one of its handles, and then waits for the next
 * file: opening is a part of every request, and so makes do without the heap.
 */
#include "sharing.h"

#include <stdbool.h>
#include <stdlib.h>

#include "../object/lock.h"

enum { BUCKETS = 1024, COUNT_BITS = 21 };

/* Three counts in one word: of reading, writing and deleting, from the lowest bits up. */
typedef uint64_t counts;
#define ALL_MODES (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

typedef struct shared_file {
    struct shared_file *next; /* in its bucket, or among the spare ones */
    uint64_t index;
    uint32_t volume;
    uint32_t opens;
    counts having;  /* handles that read, write, delete */
    counts letting; /* handles that let others do it */
} shared_file;

/* Guards everything below. Nothing but the heap is called with it held. */
static lock table_lock;
static shared_file *buckets[BUCKETS];
static shared_file *spare;
static uint32_t open_files; /* entries; written under the lock, read without it to see that there are none */

/* One in the count of each of these modes. */
static counts ones(DWORD modes)
{
    return (modes & FILE_SHARE_READ) | (counts)(modes & FILE_SHARE_WRITE) << (COUNT_BITS - 1) |
           (counts)(modes & FILE_SHARE_DELETE) << (2 * COUNT_BITS - 2);
}

/* All bits of the counts of these modes. */
static counts whole(DWORD modes)
{
    return ones(modes) * (((counts)1 << COUNT_BITS) - 1);
}

static shared_file **bucket_of(uint64_t index, uint32_t volume)
{
    uint64_t hash = (index ^ (uint64_t)volume << 40) * 0x9e3779b97f4a7c15u;
    return &buckets[hash >> 54];
}

/* Called with the lock held. */
static shared_file *find(const host_file_information *information)
{
    shared_file *file = *bucket_of(information->index, information->volume);
    while (file && (file->index != information->index || file->volume != information->volume))
        file = file->next;
    return file;
}

/* Called with the lock held. */
static bool conflicts(const shared_file *file, share_mode mode)
{
    counts refusing = file->opens * ones(ALL_MODES) - file->letting;
    return (refusing & whole(mode.access)) || (file->having & whole(~mode.share));
}

/* Called with the lock held. */
static shared_file *make(const host_file_information *information)
{
    shared_file *file = spare, **bucket = bucket_of(information->index, information->volume);
    if (file)
        spare = file->next;
    else if (!(file = malloc(sizeof *file)))
        return NULL;
    *file = (shared_file){.next = *bucket, .index = information->index, .volume = information->volume};
    *bucket = file;
    __atomic_store_n(&open_files, open_files + 1, __ATOMIC_RELAXED);
    return file;
}

DWORD sharing_enter(const host_file_information *information, share_mode mode, DWORD besides, shared_file **file)
{
    DWORD error = ERROR_SUCCESS;
    *file = NULL;
    if (!(mode.access | besides) || !information->regular)
        return ERROR_SUCCESS;
    lock_acquire(&table_lock);
    shared_file *found = find(information);
    if (found && conflicts(found, (share_mode){mode.access | besides, mode.share})) {
        error = ERROR_SHARING_VIOLATION;
    } else if (mode.access && !found && !(found = make(information))) {
        error = ERROR_NOT_ENOUGH_MEMORY;
    } else if (mode.access) {
        found->opens++;
        found->having += ones(mode.access);
        found->letting += ones(mode.share);
        *file = found;
    }
    lock_release(&table_lock);
    return error;
}

void sharing_leave(shared_file *file, share_mode mode)
{
    if (!file)
        return;
    lock_acquire(&table_lock);
    file->having -= ones(mode.access);
    file->letting -= ones(mode.share);
    if (--file->opens == 0) {
        shared_file **link = bucket_of(file->index, file->volume);
        while (*link != file)
            link = &(*link)->next;
        *link = file->next;
        file->next = spare;
        spare = file;
        __atomic_store_n(&open_files, open_files - 1, __ATOMIC_RELAXED);
    }
    lock_release(&table_lock);
}

/* The facts of a path whose file might be open. @return false when it surely is not */
static bool may_be_open(const char *path, host_file_information *information)
{
    return __atomic_load_n(&open_files, __ATOMIC_RELAXED) && host_path_information(path, information) == STATUS_SUCCESS;
}

DWORD sharing_may_delete(const char *path)
{
    host_file_information information;
    if (!may_be_open(path, &information))
        return ERROR_SUCCESS;
    lock_acquire(&table_lock);
    const shared_file *file = find(&information);
    bool refused = file && conflicts(file, (share_mode){FILE_SHARE_DELETE, ~0u});
    lock_release(&table_lock);
    return refused ? ERROR_SHARING_VIOLATION : ERROR_SUCCESS;
}

DWORD sharing_may_replace(const char *from, const char *path)
{
    host_file_information information, source;
    if (!may_be_open(path, &information))
        return ERROR_SUCCESS;
    lock_acquire(&table_lock);
    bool open = find(&information) != NULL;
    lock_release(&table_lock);
    if (!open)
        return ERROR_SUCCESS;
    /* A file that gets the name it has replaces nothing. */
    bool itself = host_path_information(from, &source) == STATUS_SUCCESS && source.index == information.index &&
                  source.volume == information.volume;
    return itself ? ERROR_SUCCESS : ERROR_ACCESS_DENIED;
}
