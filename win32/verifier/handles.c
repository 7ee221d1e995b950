/**
 * @file handles.c
 * The verifier's side of the handle table.
 */
#include "handles.h"

#include <stdlib.h>

enum { INDEX_BITS = 18, CHUNK_BITS = 8, CHUNK = 1 << CHUNK_BITS, CHUNKS = 1 << (INDEX_BITS - CHUNK_BITS) };

static handle_record *chunks[CHUNKS];

handle_record *handle_at(HANDLE handle)
{
    uintptr_t number = (uintptr_t)handle;
    uint32_t index = (uint32_t)(number >> 2) & ((1u << INDEX_BITS) - 1);
    if (number >> 31 || number & 3 || !index)
        return NULL;
    handle_record **chunk = &chunks[index >> CHUNK_BITS];
    if (!*chunk)
        *chunk = calloc(CHUNK, sizeof **chunk);
    return *chunk ? &(*chunk)[index & (CHUNK - 1)] : NULL;
}

handle_record *handle_of(HANDLE handle)
{
    handle_record *r = handle_at(handle);
    return r && r->handle == (uint32_t)(uintptr_t)handle ? r : NULL;
}

void handles_each(void (*visit)(handle_record *r))
{
    for (unsigned i = 0; i < CHUNKS; i++)
        for (unsigned k = 0; chunks[i] && k < CHUNK; k++)
            visit(&chunks[i][k]);
}

const char *handle_kind(unsigned kind)
{
    switch (kind) {
    case OBJECT_PORT:
        return "completion port";
    case OBJECT_SOCKET:
        return "socket";
    case OBJECT_FILE:
        return "file";
    case OBJECT_EVENT:
        return "event";
    case OBJECT_SEMAPHORE:
        return "semaphore";
    case OBJECT_MUTEX:
        return "mutex";
    case OBJECT_THREAD:
        return "thread";
    default:
        return "file mapping";
    }
}
