/**
 * @file memory.c
 * Pages and mappings.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>

void *host_memory_reserve(void *at, size_t size)
{
    void *base = mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0),
                      -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

bool host_memory_commit(void *at, size_t size, bool writable, bool readable)
{
    return mprotect(at, size, (readable ? PROT_READ : 0) | (writable ? PROT_WRITE : 0)) == 0;
}

bool host_memory_decommit(void *at, size_t size)
{
    /* Fresh pages come back as zeros, as committed pages do on Windows. */
    return mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void host_memory_release(void *at, size_t size)
{
    munmap(at, size);
}

void *host_memory_map(host_file file, uint64_t offset, size_t size, bool writable, bool copy)
{
    int flags = (copy ? MAP_PRIVATE : MAP_SHARED) | (file == HOST_NONE ? MAP_ANONYMOUS : 0);
    void *base = mmap(NULL, size, PROT_READ | (writable || copy ? PROT_WRITE : 0), flags, file, (off_t)offset);
    return base == MAP_FAILED ? NULL : base;
}

void host_stack(const char **low, const char **high)
{
    pthread_attr_t attributes;
    void *base = NULL;
    size_t size = 0;
    *low = *high = NULL;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &base, &size) == 0) {
        *low = base;
        *high = *low + size;
    }
    pthread_attr_destroy(&attributes);
}

size_t host_allocated_size(void *block)
{
    return malloc_usable_size(block);
}

extern void *__asan_region_is_poisoned(void *memory, size_t size) __attribute__((weak));

bool host_poisoned(const void *memory, size_t size)
{
    return __asan_region_is_poisoned && __asan_region_is_poisoned((void *)(uintptr_t)memory, size);
}
