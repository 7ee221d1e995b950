/**
 * @file memory.c
 * VirtualAlloc and its companions.
 *
 * Every reservation is listed with the protection of each of its pages (0: only reserved), because Windows answers by
 * that: committing outside a reservation, releasing anything but a whole one, or protecting a page that is not
 * committed fails with ERROR_INVALID_ADDRESS.
 */
#include "../faults/faults.h"
#include "../host/host.h"
#include "lock.h"
#include "../verifier/verifier.h"
#include "thread.h"

#define GRANULARITY ((size_t)0x10000)
#define ADDRESS_SPACE ((size_t)1 << 47)

typedef struct region {
    struct region *next;
    uintptr_t base;
    size_t size;          /* whole pages */
    uint8_t protection[]; /* PAGE_… of each page */
} region;

/* Guards the list and the regions in it, and is held over the host's calls, so that no two of them mix in one region.
 * None of those waits for another thread. */
static lock regions_lock;
static region *regions;

static size_t page_size(void)
{
    static size_t known;
    size_t size = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!size) {
        size = host_page_size();
        __atomic_store_n(&known, size, __ATOMIC_RELAXED);
    }
    return size;
}

static uintptr_t round_down(uintptr_t value, size_t to)
{
    return value & ~(uintptr_t)(to - 1);
}

static uintptr_t round_up(uintptr_t value, size_t to)
{
    return round_down(value + to - 1, to);
}

static bool known_protection(DWORD protect)
{
    return protect == PAGE_NOACCESS || protect == PAGE_READONLY || protect == PAGE_READWRITE;
}

/* The region that holds all of [start, end). Called with the lock held. */
static region *region_of(uintptr_t start, uintptr_t end)
{
    for (region *r = regions; r; r = r->next)
        if (start >= r->base && start < r->base + r->size)
            return end <= r->base + r->size ? r : NULL;
    return NULL;
}

static uint8_t *pages(region *r, uintptr_t start)
{
    return &r->protection[(start - r->base) / page_size()];
}

/* Address space that starts at a multiple of the granularity, which is coarser than the host's. */
static void *reserve_aligned(size_t size)
{
    size_t whole = size + GRANULARITY - page_size();
    char *got = host_memory_reserve(NULL, whole);
    if (!got)
        return NULL;
    char *base = (char *)round_up((uintptr_t)got, GRANULARITY);
    if (base > got)
        host_memory_release(got, (size_t)(base - got));
    if (got + whole > base + size)
        host_memory_release(base + size, (size_t)(got + whole - (base + size)));
    return base;
}

/* Called with the lock held. */
static DWORD reserve(uintptr_t *start, uintptr_t end)
{
    uintptr_t at = round_down(*start, GRANULARITY);
    size_t size = end - at;
    /* The space first: a size that no machine has fails there, before there is a list of its pages. */
    void *base = at ? host_memory_reserve((void *)at, size) : reserve_aligned(size);
    if (!base)
        return at ? ERROR_INVALID_ADDRESS : ERROR_NOT_ENOUGH_MEMORY;
    region *r = calloc(1, sizeof *r + size / page_size());
    if (!r) {
        host_memory_release(base, size);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    r->base = (uintptr_t)base;
    r->size = size;
    r->next = regions;
    regions = r;
    *start = r->base;
    return ERROR_SUCCESS;
}

/* Called with the lock held. */
static DWORD protect(uintptr_t start, uintptr_t end, DWORD protection)
{
    region *r = region_of(start, end);
    if (!r)
        return ERROR_INVALID_ADDRESS;
    if (!host_memory_commit((void *)start, end - start, protection == PAGE_READWRITE, protection != PAGE_NOACCESS))
        return ERROR_NOT_ENOUGH_MEMORY;
    memset(pages(r, start), (int)protection, (end - start) / page_size());
    return ERROR_SUCCESS;
}

LPVOID WINAPI VirtualAlloc(LPVOID lpAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect)
{
    uintptr_t start = round_down((uintptr_t)lpAddress, page_size());
    uintptr_t end = round_up((uintptr_t)lpAddress + dwSize, page_size());
    bool reserving = flAllocationType & MEM_RESERVE || (flAllocationType & MEM_COMMIT && !lpAddress);
    DWORD error = ERROR_SUCCESS;
    FAULTS_MAY_FAIL("VirtualAlloc", NULL);
    if (!dwSize || dwSize > ADDRESS_SPACE || end <= start || !known_protection(flProtect) ||
        !(flAllocationType & (MEM_RESERVE | MEM_COMMIT | MEM_RESET)))
        error = ERROR_INVALID_PARAMETER;
    if (!error) {
        lock_acquire(&regions_lock);
        size_t size = end - start;
        if (reserving) {
            error = reserve(&start, end);
            end = start && !lpAddress ? start + size : end;
        }
        if (!error && flAllocationType & MEM_COMMIT)
            error = protect(start, end, flProtect);
        lock_release(&regions_lock);
    }
    if (!error)
        return (LPVOID)start;
    SetLastError(error);
    return NULL;
}

/* Called with the lock held. */
static DWORD release(uintptr_t base)
{
    region **link = &regions, *r;
    while ((r = *link) != NULL && r->base != base)
        link = &r->next;
    if (!r)
        return ERROR_INVALID_ADDRESS;
    if (verifier_on() && !verifier_may_free((const void *)r->base, r->size))
        return ERROR_SUCCESS;
    *link = r->next;
    host_memory_release((void *)r->base, r->size);
    free(r);
    return ERROR_SUCCESS;
}

/* Called with the lock held. A size of 0 means the whole region, and then the address must be its base. */
static DWORD decommit(uintptr_t address, size_t size)
{
    uintptr_t start = round_down(address, page_size()), end = round_up(address + size, page_size());
    region *r = region_of(start, start);
    if (!r || (!size && address != r->base))
        return ERROR_INVALID_ADDRESS;
    if (!size)
        end = r->base + r->size;
    if (end > r->base + r->size || end < start)
        return ERROR_INVALID_PARAMETER;
    if (verifier_on() && !verifier_may_free((const void *)start, end - start))
        return ERROR_SUCCESS;
    if (!host_memory_decommit((void *)start, end - start))
        return ERROR_NOT_ENOUGH_MEMORY;
    memset(pages(r, start), 0, (end - start) / page_size());
    return ERROR_SUCCESS;
}

BOOL WINAPI VirtualFree(LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType)
{
    DWORD error;
    WATCH_CALL("VirtualFree");
    lock_acquire(&regions_lock);
    if (dwFreeType == MEM_RELEASE && !dwSize)
        error = release((uintptr_t)lpAddress);
    else if (dwFreeType == MEM_DECOMMIT)
        error = decommit((uintptr_t)lpAddress, dwSize);
    else
        error = ERROR_INVALID_PARAMETER;
    lock_release(&regions_lock);
    return error ? fail(error) : TRUE;
}

BOOL WINAPI VirtualProtect(LPVOID lpAddress, SIZE_T dwSize, DWORD flNewProtect, PDWORD lpflOldProtect)
{
    uintptr_t start = round_down((uintptr_t)lpAddress, page_size());
    uintptr_t end = round_up((uintptr_t)lpAddress + dwSize, page_size());
    if (!lpflOldProtect)
        return fail(ERROR_NOACCESS);
    if (!dwSize || !known_protection(flNewProtect))
        return fail(ERROR_INVALID_PARAMETER);
    lock_acquire(&regions_lock);
    region *r = region_of(start, end);
    DWORD error = ERROR_INVALID_ADDRESS;
    /* Every page must be committed. */
    if (r && !memchr(pages(r, start), 0, (end - start) / page_size())) {
        DWORD before = *pages(r, start);
        error = protect(start, end, flNewProtect);
        if (!error)
            *lpflOldProtect = before;
    }
    lock_release(&regions_lock);
    return error ? fail(error) : TRUE;
}
