/**
 * @file heap.c
 * The process heap and its older names, on malloc, so that the sanitizers and valgrind see every block.
 *
 * A block starts with its size, which HeapReAlloc needs to zero what it adds. Handing a block to free(), or what malloc
 * gave to HeapFree, is therefore an error that shows here as it does on Windows.
 */
#include "../faults/faults.h"
#include "../verifier/verifier.h"
#include "thread.h"

/* Not a multiple of 4, so it is no object's handle. */
#define PROCESS_HEAP ((HANDLE)(ULONG_PTR)0x10001)

typedef union header {
    size_t size;
    max_align_t alignment;
} header;

static void *allocate(size_t size, bool zero)
{
    header *block = NULL;
    if (size <= SIZE_MAX - sizeof *block)
        block = zero ? calloc(1, sizeof *block + size) : malloc(sizeof *block + size);
    if (!block) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    block->size = size;
    return block + 1;
}

HANDLE WINAPI GetProcessHeap(void)
{
    return PROCESS_HEAP;
}

LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes)
{
    FAULTS_MAY_FAIL("HeapAlloc", NULL);
    if (hHeap != PROCESS_HEAP) {
        SetLastError(ERROR_INVALID_HANDLE);
        return NULL;
    }
    return allocate(dwBytes, dwFlags & HEAP_ZERO_MEMORY);
}

LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes)
{
    if (hHeap != PROCESS_HEAP || !lpMem || dwBytes > SIZE_MAX - sizeof(header)) {
        SetLastError(hHeap != PROCESS_HEAP ? ERROR_INVALID_HANDLE : ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    header *old = (header *)lpMem - 1;
    size_t before = old->size;
    header *block = realloc(old, sizeof *old + dwBytes);
    if (!block) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL; /* the old block stays the program's */
    }
    block->size = dwBytes;
    if (dwBytes > before && dwFlags & HEAP_ZERO_MEMORY)
        memset((char *)(block + 1) + before, 0, dwBytes - before);
    return block + 1;
}

BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem)
{
    (void)dwFlags;
    WATCH_CALL("HeapFree");
    if (hHeap != PROCESS_HEAP)
        return fail(ERROR_INVALID_HANDLE);
    if (lpMem && verifier_on() && !verifier_may_free(lpMem, ((header *)lpMem - 1)->size))
        return TRUE;
    if (lpMem)
        free((header *)lpMem - 1);
    return TRUE;
}

HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes)
{
    return allocate(uBytes, uFlags & LMEM_ZEROINIT);
}

HLOCAL WINAPI LocalFree(HLOCAL hMem)
{
    WATCH_PASS("LocalFree");
    HeapFree(PROCESS_HEAP, 0, hMem);
    return NULL;
}
