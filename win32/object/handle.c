/**
 * @file handle.c
 * The handle table.
 *
 * A handle has 32 significant bits, as on 64-bit Windows: 18 for the entry, 11 for the generation, and the two low
 * bits clear. An entry's word holds generation, "closed" and the count of references, so that looking a handle up
 * is one compare-and-exchange and needs no lock.
 */
#include "object.h"

#include <stdlib.h>

#include "../faults/faults.h"
#include "../host/host.h"
#include "../verifier/verifier.h"
#include "lock.h"

enum { INDEX_BITS = 18, CHUNK_BITS = 10, CHUNK = 1 << CHUNK_BITS, CHUNKS = 1 << (INDEX_BITS - CHUNK_BITS) };
#define GENERATIONS 0x7ffu

/* The word of an entry: the generation above, then this bit, then the references. */
#define CLOSED 0x80000000u
#define REFERENCES 0x7fffffffu

struct entry {
    uint64_t word;
    union {
        object *object;   /* while there are references */
        uint32_t next;    /* while free: the next free entry */
    };
};

static struct {
    struct entry *chunks[CHUNKS]; /* written once each, under the lock; read by anyone */
    lock lock;
    /* Guarded by lock: entries that were never used, and the queue of free ones. First freed is first reused, so that
     * a stale handle is recognised for as long as possible. */
    uint32_t used, first_free, last_free;
} table = {.used = 1};

static struct entry *entry_at(uint32_t index)
{
    struct entry *chunk = __atomic_load_n(&table.chunks[index >> CHUNK_BITS], __ATOMIC_ACQUIRE);
    return chunk ? &chunk[index & (CHUNK - 1)] : NULL;
}

static uint32_t handle_number(uint32_t index, uint64_t word)
{
    return ((uint32_t)(word >> 32) & GENERATIONS) << (INDEX_BITS + 2) | index << 2;
}

/* An entry for a new object, or 0. Called with the lock held. */
static uint32_t allocate(void)
{
    uint32_t index = table.first_free;
    if (index) {
        table.first_free = entry_at(index)->next;
        if (!table.first_free)
            table.last_free = 0;
        return index;
    }
    index = table.used;
    if (index >> INDEX_BITS)
        return 0;
    if (!table.chunks[index >> CHUNK_BITS]) {
        struct entry *chunk = calloc(CHUNK, sizeof *chunk);
        if (!chunk)
            return 0;
        __atomic_store_n(&table.chunks[index >> CHUNK_BITS], chunk, __ATOMIC_RELEASE);
    }
    table.used++;
    return index;
}

HANDLE object_open(object *o, const object_type *type)
{
    lock_acquire(&table.lock);
    uint32_t index = allocate();
    lock_release(&table.lock);
    if (!index)
        return NULL;
    struct entry *entry = entry_at(index);
    uint64_t word = __atomic_load_n(&entry->word, __ATOMIC_RELAXED);
    o->type = type;
    o->handle = handle_number(index, word);
    entry->object = o;
    if (verifier_on())
        verifier_opened(o);
    __atomic_store_n(&entry->word, (word & ~(uint64_t)0xffffffffu) | 1, __ATOMIC_RELEASE);
    return object_handle(o);
}

static struct entry *entry_of(HANDLE handle)
{
    uintptr_t number = (uintptr_t)handle;
    if (number >> 31 || number & 3)
        return NULL;
    uint32_t index = (uint32_t)(number >> 2) & ((1u << INDEX_BITS) - 1);
    return index ? entry_at(index) : NULL;
}

static bool is_open(uint64_t word, HANDLE handle)
{
    return !(word & CLOSED) && (word & REFERENCES) &&
           ((uint32_t)(word >> 32) & GENERATIONS) == (uint32_t)((uintptr_t)handle >> (INDEX_BITS + 2));
}

static inline object *look_up(HANDLE handle, unsigned kinds)
{
    struct entry *entry = entry_of(handle);
    if (!entry)
        return NULL;
    uint64_t word = __atomic_load_n(&entry->word, __ATOMIC_RELAXED);
    do {
        if (!is_open(word, handle))
            return NULL;
    } while (!__atomic_compare_exchange_n(&entry->word, &word, word + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    object *o = entry->object;
    if (o->type->kind & kinds)
        return o;
    object_release(o);
    return NULL;
}

object *object_find_if_open(HANDLE handle, unsigned kinds)
{
    return look_up(handle, kinds);
}

object *object_find(HANDLE handle, unsigned kinds)
{
    object *o = look_up(handle, kinds);
    if (!o && verifier_on())
        verifier_stale(handle);
    return o;
}

void object_keep(object *o)
{
    __atomic_add_fetch(&entry_of(object_handle(o))->word, 1, __ATOMIC_RELAXED);
}

bool object_try_keep(object *o)
{
    struct entry *entry = entry_of(object_handle(o));
    uint64_t word = __atomic_load_n(&entry->word, __ATOMIC_RELAXED);
    do {
        if (!(word & REFERENCES))
            return false;
    } while (!__atomic_compare_exchange_n(&entry->word, &word, word + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* Not inlined: giving a reference back is frequent, and giving the last one is not. */
__attribute__((noinline)) static void recycle(uint32_t index, struct entry *entry)
{
    bool at_once = faults_on() && faults_recycle();
    lock_acquire(&table.lock);
    /* The next generation, closed and without references: every handle to the old one is stale from here on. */
    uint64_t generation = ((__atomic_load_n(&entry->word, __ATOMIC_RELAXED) >> 32) + !at_once) & GENERATIONS;
    __atomic_store_n(&entry->word, generation << 32 | CLOSED, __ATOMIC_RELAXED);
    if (at_once) {
        entry->next = table.first_free;
        table.first_free = index;
        table.last_free = table.last_free ? table.last_free : index;
    } else {
        entry->next = 0;
        *(table.last_free ? &entry_at(table.last_free)->next : &table.first_free) = index;
        table.last_free = index;
    }
    lock_release(&table.lock);
}

void object_release(object *o)
{
    if (!o)
        return;
    HANDLE handle = object_handle(o);
    struct entry *entry = entry_of(handle);
    if ((__atomic_sub_fetch(&entry->word, 1, __ATOMIC_ACQ_REL) & REFERENCES) != 0)
        return;
    o->type->destroy(o);
    recycle((uint32_t)((uintptr_t)handle >> 2) & ((1u << INDEX_BITS) - 1), entry);
}

bool object_close(HANDLE handle, unsigned kinds)
{
    struct entry *entry = entry_of(handle);
    object *o = object_find(handle, kinds);
    if (!o)
        return false;
    uint64_t word = __atomic_load_n(&entry->word, __ATOMIC_RELAXED);
    bool closed;
    do {
        closed = is_open(word, handle);
    } while (closed &&
             !__atomic_compare_exchange_n(&entry->word, &word, word | CLOSED, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (closed) {
        if (verifier_on())
            verifier_closed(handle);
        if (o->type->closing)
            o->type->closing(o);
        object_release(o); /* the handle's reference */
    }
    object_release(o);
    return closed;
}
