/**
 * @file sharing.c
 * The table of open files.
 *
 * Each open file has one entry with counts, as Windows' SHARE_ACCESS has: so a file that thousands have open costs an
 * open no more than one that nobody has. An entry lives as long as one of its handles.
 */
#include "sharing.h"

#include <stdbool.h>
#include <stdlib.h>

#include "../object/lock.h"
#include "../watch/own_memory.h"

enum { BUCKETS = 1024, MODES = 3 };

typedef struct shared_file {
    struct shared_file *next;
    uint64_t index;
    uint32_t volume;
    uint32_t opens;
    uint32_t having[MODES];  /* handles that read, write, delete */
    uint32_t letting[MODES]; /* handles that let others do it */
} shared_file;

/* Guards the buckets and all entries. Nothing but the heap is called with it held. */
static lock table_lock;
static shared_file *buckets[BUCKETS];
static uint32_t open_files; /* entries; written under the lock, read without it to see that there are none */

static shared_file **bucket_of(const host_file_information *information)
{
    uint64_t hash = (information->index ^ (uint64_t)information->volume << 40) * 0x9e3779b97f4a7c15u;
    return &buckets[hash >> 54];
}

/* Called with the lock held. */
static shared_file *find(const host_file_information *information)
{
    shared_file *file = *bucket_of(information);
    while (file && (file->index != information->index || file->volume != information->volume))
        file = file->next;
    return file;
}

/* Called with the lock held. */
static bool conflicts(const shared_file *file, share_mode mode)
{
    for (unsigned i = 0; i < MODES; i++) {
        if ((mode.access >> i & 1 && file->letting[i] < file->opens) || (!(mode.share >> i & 1) && file->having[i]))
            return true;
    }
    return false;
}

/* Called with the lock held. */
static shared_file *make(const host_file_information *information)
{
    shared_file *file = calloc(1, sizeof *file), **bucket = bucket_of(information);
    if (!file)
        return NULL;
    file->index = information->index;
    file->volume = information->volume;
    file->next = *bucket;
    *bucket = file;
    __atomic_store_n(&open_files, open_files + 1, __ATOMIC_RELAXED);
    return file;
}

/* Counts a handle in or, with a step of -1, out. Called with the lock held. */
static void count(shared_file *file, share_mode mode, uint32_t step)
{
    file->opens += step;
    for (unsigned i = 0; i < MODES; i++) {
        file->having[i] += mode.access >> i & 1 ? step : 0;
        file->letting[i] += mode.share >> i & 1 ? step : 0;
    }
}

DWORD sharing_enter(const host_file_information *information, share_mode mode, DWORD besides, shared_file **file)
{
    DWORD error = ERROR_SUCCESS;
    *file = NULL;
    if (!(mode.access | besides) || !information->regular)
        return ERROR_SUCCESS;
    lock_acquire(&table_lock);
    shared_file *found = find(information);
    if (found && conflicts(found, (share_mode){mode.access | besides, mode.share}))
        error = ERROR_SHARING_VIOLATION;
    else if (!found && !(found = make(information)))
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (!error)
        count(*file = found, mode, 1);
    lock_release(&table_lock);
    return error;
}

void sharing_leave(shared_file *file, share_mode mode)
{
    if (!file)
        return;
    lock_acquire(&table_lock);
    count(file, mode, UINT32_MAX);
    bool last = file->opens == 0;
    if (last) {
        host_file_information key = {.index = file->index, .volume = file->volume};
        shared_file **link = bucket_of(&key);
        while (*link != file)
            link = &(*link)->next;
        *link = file->next;
        __atomic_store_n(&open_files, open_files - 1, __ATOMIC_RELAXED);
    }
    lock_release(&table_lock);
    if (last)
        free(file);
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
