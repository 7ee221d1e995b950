/*
 * Takes memory until there is none.
 * server: yes
 * passes: all
 */
#include "attack.h"

AT_START begin(void)
{
    enum { BLOCKS = 512 };
    const size_t size = (size_t)64 << 20;
    static void *blocks[BLOCKS];
    int count = 0;
    while (count < BLOCKS) {
        blocks[count] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (blocks[count] == MAP_FAILED)
            break;
        count++;
    }
    must_fail(count == BLOCKS, "take 32 gigabytes");
    while (count)
        munmap(blocks[--count], size);
}
