/**
 * @file memory.h
 * Memory, or the end of the program: this tool has nothing to save.
 */
#ifndef TRACE_MEMORY_H
#define TRACE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/** Room for one more element in an array of count. @return the array, perhaps at another place */
void *grow(void *array, uint32_t count, uint32_t *room, size_t size);

/** An array of zeros; room for one even when count is 0. */
void *zeros(size_t count, size_t size);

#endif
