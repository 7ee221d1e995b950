/**
 * @file memory.c
 * See memory.h.
 */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

static void *checked(void *memory)
{
    if (!memory) {
        fprintf(stderr, "trace: out of memory\n");
        exit(2);
    }
    return memory;
}

void *grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? *room * 2 : 64;
    return checked(realloc(array, *room * size));
}

void *zeros(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size));
}
