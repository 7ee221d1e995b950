/*
 * A library for LD_PRELOAD that counts how often a program asks for memory: malloc, calloc, realloc and their
 * relatives, and mmap. The count is the first eight bytes of the file that GRADE_ALLOCATIONS names, mapped, so that the
 * test can read it while the server runs. Native servers without a sanitizer only.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, under the names that it exports for such libraries. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Atomic uint64_t before_start; /* until the file is mapped */
static _Atomic uint64_t *_Atomic counter;

static void count(void)
{
    _Atomic uint64_t *mapped = atomic_load_explicit(&counter, memory_order_acquire);
    atomic_fetch_add_explicit(mapped ? mapped : &before_start, 1, memory_order_relaxed);
}

static void *map(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

static void __attribute__((constructor)) start(void)
{
    const char *name = getenv("GRADE_ALLOCATIONS");
    int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = map(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED)
        return;
    atomic_store(&counter, (_Atomic uint64_t *)mapped);
    atomic_fetch_add((_Atomic uint64_t *)mapped, atomic_load(&before_start));
}

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    count();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    count();
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : 12; /* ENOMEM */
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    count();
    return map(address, length, protection, flags, file, offset);
}
