/**
 * @file map.h
 * A hash table from 64-bit numbers to 32-bit numbers. Begin with all zeros; free with map_free.
 */
#ifndef TRACE_MAP_H
#define TRACE_MAP_H

#include <stdint.h>

typedef struct map {
    uint64_t *keys;
    uint32_t *values; /**< one more than the value; 0 marks a free place */
    uint32_t room;    /**< a power of two, or 0 */
    uint32_t count;
} map;

/** @return the value of a key, or UINT32_MAX when it has none */
uint32_t map_get(const map *m, uint64_t key);
/** Sets a key's value, which must be less than UINT32_MAX. */
void map_set(map *m, uint64_t key, uint32_t value);
void map_free(map *m);

#endif
