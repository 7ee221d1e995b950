/*
 * Pools of equal items: connections, requests, lines of the log.
 *
 * Addresses for all items are reserved at the start, which costs nothing; memory is put behind them when they are first
 * needed, 64 KB at a time. Nothing is ever given back to Windows before the end. So an item's address stays good for
 * reading even after the item was freed, which InterlockedPopEntrySList asks for.
 */
#include "server.h"

/* Memory is committed in steps of this, which is what VirtualAlloc hands out addresses in. */
#define POOL_STEP 65536u

BOOL PoolCreate(POOL *Pool, DWORD ItemSize, DWORD Limit)
{
    const DWORD Alignment = MEMORY_ALLOCATION_ALIGNMENT;

    InitializeSListHead(&Pool->Free);
    InitializeSRWLock(&Pool->Lock);
    Pool->Stride = (ItemSize + Alignment - 1) / Alignment * Alignment;
    Pool->Limit = Limit;
    Pool->Block = VirtualAlloc(NULL, (SIZE_T)Pool->Stride * Limit + POOL_STEP, MEM_RESERVE, PAGE_READWRITE);
    return Pool->Block != NULL;
}

void PoolDestroy(POOL *Pool)
{
    if (Pool->Block != NULL) {
        VirtualFree(Pool->Block, 0, MEM_RELEASE);
        Pool->Block = NULL;
    }
}

void *PoolItem(POOL *Pool, LONG Index)
{
    return Pool->Block + (SIZE_T)Pool->Stride * (SIZE_T)Index;
}

void CountUp(volatile LONG *InUse, volatile LONG *HighWater)
{
    LONG Now = InterlockedIncrement(InUse);
    LONG Most = InterlockedCompareExchange(HighWater, 0, 0);

    while (Now > Most) {
        LONG Seen = InterlockedCompareExchange(HighWater, Now, Most);

        if (Seen == Most) {
            return;
        }
        Most = Seen;
    }
}

/* Makes items, as many as fit one step. @return one of them, or NULL */
static void *PoolGrow(POOL *Pool)
{
    void *Item;
    LONG First;

    AcquireSRWLockExclusive(&Pool->Lock);
    First = InterlockedCompareExchange(&Pool->Made, 0, 0);
    Item = InterlockedPopEntrySList(&Pool->Free); /* somebody else may have been here first */
    if (Item == NULL && First < (LONG)Pool->Limit) {
        LONG Count = (LONG)(POOL_STEP / Pool->Stride) + 1;

        Count = First + Count > (LONG)Pool->Limit ? (LONG)Pool->Limit - First : Count;
        if (VirtualAlloc(PoolItem(Pool, First), (SIZE_T)Pool->Stride * (SIZE_T)Count, MEM_COMMIT, PAGE_READWRITE) !=
            NULL) {
            Item = PoolItem(Pool, First);
            for (LONG i = First + Count - 1; i > First; i--) {
                InterlockedPushEntrySList(&Pool->Free, PoolItem(Pool, i));
            }
            InterlockedExchangeAdd(&Pool->Made, Count);
        }
    }
    ReleaseSRWLockExclusive(&Pool->Lock);
    return Item;
}

void *PoolTake(POOL *Pool)
{
    void *Item = InterlockedPopEntrySList(&Pool->Free);

    if (Item == NULL) {
        Item = PoolGrow(Pool);
    }
    if (Item != NULL) {
        CountUp(&Pool->InUse, &Pool->HighWater);
    }
    return Item;
}

void PoolGive(POOL *Pool, void *Item)
{
    InterlockedDecrement(&Pool->InUse);
    InterlockedPushEntrySList(&Pool->Free, Item);
}
