/**
 * @file map.c
 * Open addressing with linear steps; at most half full.
 */
#include "map.h"

#include <stdlib.h>

#include "memory.h"

static uint32_t place(const map *m, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t i = (uint32_t)(hash >> 32) & (m->room - 1);
    while (m->values[i] && m->keys[i] != key)
        i = (i + 1) & (m->room - 1);
    return i;
}

uint32_t map_get(const map *m, uint64_t key)
{
    return m->room ? m->values[place(m, key)] - 1 : UINT32_MAX;
}

static void resize(map *m)
{
    map wider = {.room = m->room ? m->room * 2 : 64, .count = m->count};
    wider.keys = zeros(wider.room, sizeof *wider.keys);
    wider.values = zeros(wider.room, sizeof *wider.values);
    for (uint32_t i = 0; i < m->room; i++) {
        if (m->values[i]) {
            uint32_t to = place(&wider, m->keys[i]);
            wider.keys[to] = m->keys[i];
            wider.values[to] = m->values[i];
        }
    }
    map_free(m);
    *m = wider;
}

void map_set(map *m, uint64_t key, uint32_t value)
{
    if (m->count * 2 >= m->room)
        resize(m);
    uint32_t i = place(m, key);
    m->count += !m->values[i];
    m->keys[i] = key;
    m->values[i] = value + 1;
}

void map_free(map *m)
{
    free(m->keys);
    free(m->values);
    *m = (map){0};
}
