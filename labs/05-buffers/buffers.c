/*
 * Buffers: one block of memory, two sizes, and a queue for those who find none free. The manual is buffers.h.
 */
#include "server.h"
#include "todo.h"

#include <string.h>

_Static_assert(sizeof(BUFFER) % MEMORY_ALLOCATION_ALIGNMENT == 0, "a descriptor must be a good entry of an SList");

/* --- the block ---------------------------------------------------------------------------------------------------- */

static DWORD PageSize(void)
{
    SYSTEM_INFO System;

    GetSystemInfo(&System);
    return System.dwPageSize;
}

/*
 * The distance from one buffer to the next: a whole part of a page, or whole pages. So a buffer of up to a page lies in
 * one page, and a longer one in as few as its length allows.
 */
static DWORD BufferStride(DWORD Size, DWORD Page)
{
    DWORD Stride = Page;

    /* TODO 5.1: Halve a page for as long as the buffer still fits; a longer buffer takes whole pages. */
    /* stub */
    Stride = (Size + Page - 1) / Page * Page;
    /* end of stub */
    return Stride;
}

/* Cuts buffers from Data, with descriptors from At on. @return the first descriptor behind those */
static BUFFER *PoolCut(BUFFER_POOL *Pool, char *Data, BUFFER *At, DWORD Stride, DWORD Size, DWORD Count)
{
    InitializeSListHead(&Pool->Free);
    InitializeSRWLock(&Pool->Lock);
    Pool->Size = Size;
    Pool->Count = Count;
    for (DWORD i = 0; i < Count; i++, At++, Data += Stride) {
        At->Operation.Owner = OWNER_BUFFER;
        At->Pool = Pool;
        At->Data = Data;
        At->Size = Size;
        InterlockedPushEntrySList(&Pool->Free, (PSLIST_ENTRY)(void *)At);
    }
    return At;
}

BOOL BuffersCreate(SERVER_CONFIG *Config, DWORD SmallSize, DWORD SmallCount, DWORD LargeCount)
{
    const DWORD Page = PageSize();
    const DWORD SmallStride = BufferStride(SmallSize + BUFFER_TAIL, Page);
    const DWORD LargeStride = BufferStride(BUFFER_LARGE + BUFFER_TAIL, Page);
    SIZE_T Small = ((SIZE_T)SmallStride * SmallCount + Page - 1) / Page * Page;
    SIZE_T Large = (SIZE_T)LargeStride * LargeCount;
    BUFFER *Descriptor;

    /* TODO 5.1: Get one block of memory for all: the small buffers, the large ones, and behind them the descriptors. */
    /* stub */
    Config->BufferBlock = NULL;
    TodoServe(TODO("5.1"), INVALID_SOCKET, Config->ServerPort, &Config->Stopping);
    /* end of stub */
    if (Config->BufferBlock == NULL) {
        return FALSE;
    }
    Descriptor = (BUFFER *)(void *)(Config->BufferBlock + Small + Large);
    Descriptor = PoolCut(&Config->Small, Config->BufferBlock, Descriptor, SmallStride, SmallSize, SmallCount);
    PoolCut(&Config->Large, Config->BufferBlock + Small, Descriptor, LargeStride, BUFFER_LARGE, LargeCount);
    return TRUE;
}

void BuffersDestroy(SERVER_CONFIG *Config)
{
    if (Config->BufferBlock != NULL) {
        VirtualFree(Config->BufferBlock, 0, MEM_RELEASE);
        Config->BufferBlock = NULL;
    }
}

/* --- taking and giving back --------------------------------------------------------------------------------------- */

/* Takes a buffer if there is one, whoever waits. */
static BUFFER *BufferTake(BUFFER_POOL *Pool)
{
    BUFFER *Buffer = NULL;

    /*
     * TODO 5.1: Take a descriptor from the free list, which needs no lock. It is in use now, by you alone, and empty.
     * The link of the free list lies where its OVERLAPPED is.
     */
    /* stub */
    (void)Pool;
    /* end of stub */
    return Buffer;
}

BUFFER *BufferTry(BUFFER_POOL *Pool)
{
    /* Who comes now does not overtake those who wait. */
    return FlagIsSet(&Pool->Waiting) ? NULL : BufferTake(Pool);
}

void BufferKeep(BUFFER *Buffer)
{
    InterlockedIncrement(&Buffer->References);
}

/*
 * Lets the first of the queue collect what is free, and sends it on when it has all; then the next. Called with the
 * lock held. Nobody but the first collects, so two that want several cannot keep them from each other.
 */
static void QueueServe(BUFFER_POOL *Pool, BOOL Abort)
{
    /*
     * TODO 5.1: While somebody waits: take buffers into the first one's Spare until it has as many as it asked for
     * (BuffersWanted), then take it out of the queue and post its packet. Stop when there is no buffer left. With
     * Abort everybody is sent on.
     */
    /* stub */
    (void)Pool;
    (void)Abort;
    /* end of stub */
}

void BufferGive(BUFFER *Buffer)
{
    BUFFER_POOL *Pool;

    if (Buffer == NULL || InterlockedDecrement(&Buffer->References) > 0) {
        return;
    }
    Pool = Buffer->Pool;
    if (Pool == NULL) { /* not a buffer of ours, but a file in memory */
        HotFree(Buffer);
        return;
    }
    /*
     * TODO 5.1: Put the descriptor back on the free list. If somebody waits (look only after that), serve the queue
     * under its lock.
     */
}

void BufferNeed(OVERLAPPED_EX *Context, BUFFER_POOL *Pool, DWORD Count, void (*Then)(OVERLAPPED_EX *))
{
    BUFFER_CHAIN Taken = {NULL, NULL};
    DWORD Left = Count;

    /*
     * TODO 5.1: Take Count buffers, put them into Context->Spare and call Then. If there are too few, keep none: who
     * holds some while it waits for more may wait for one who does the same. Note what is wanted, and wait.
     */
    /* stub */
    (void)Pool;
    (void)Left;
    TodoAnswer(TODO("5.1"), Context->Socket);
    Context->IOOperation = IO_CLOSE;
    return;
    /* end of stub */
    while (Taken.First != NULL) {
        ChainAppend(&Context->Spare, ChainTake(&Taken));
    }
    Then(Context);
}

BOOL BufferWait(OVERLAPPED_EX *Context)
{
    BUFFER_POOL *Pool = Context->BuffersFrom;

    Context->NextWaiting = NULL;
    AcquireSRWLockExclusive(&Pool->Lock);
    if (Pool->First == NULL) {
        Pool->First = Context;
    } else {
        Pool->Last->NextWaiting = Context;
    }
    Pool->Last = Context;
    /*
     * First say that somebody waits, then look again. BufferGive does it the other way round. So either this finds the
     * buffer that has just come back, or who gave it back finds this one waiting.
     */
    InterlockedIncrement(&Pool->Waiting);
    QueueServe(Pool, FALSE);
    ReleaseSRWLockExclusive(&Pool->Lock);
    return TRUE;
}

void BuffersAbort(BUFFER_POOL *Pool)
{
    AcquireSRWLockExclusive(&Pool->Lock);
    QueueServe(Pool, TRUE);
    ReleaseSRWLockExclusive(&Pool->Lock);
}

/* --- chains ------------------------------------------------------------------------------------------------------- */

void ChainAppend(BUFFER_CHAIN *Chain, BUFFER *Buffer)
{
    Buffer->Next = NULL;
    Buffer->Previous = Chain->Last;
    *(Chain->Last != NULL ? &Chain->Last->Next : &Chain->First) = Buffer;
    Chain->Last = Buffer;
}

void ChainInsert(BUFFER_CHAIN *Chain, BUFFER *Buffer)
{
    BUFFER *Before = Chain->Last;

    /* Most come in order, so the search begins at the end. The difference stays right when the numbers wrap around. */
    while (Before != NULL && (LONG)(Buffer->Operation.Number - Before->Operation.Number) < 0) {
        Before = Before->Previous;
    }
    Buffer->Previous = Before;
    Buffer->Next = Before != NULL ? Before->Next : Chain->First;
    *(Before != NULL ? &Before->Next : &Chain->First) = Buffer;
    *(Buffer->Next != NULL ? &Buffer->Next->Previous : &Chain->Last) = Buffer;
}

BUFFER *ChainTake(BUFFER_CHAIN *Chain)
{
    BUFFER *Buffer = Chain->First;

    if (Buffer != NULL) {
        Chain->First = Buffer->Next;
        *(Chain->First != NULL ? &Chain->First->Previous : &Chain->Last) = NULL;
        Buffer->Next = NULL;
    }
    return Buffer;
}

void ChainGive(BUFFER_CHAIN *Chain)
{
    for (BUFFER *Buffer; (Buffer = ChainTake(Chain)) != NULL;) {
        BufferGive(Buffer);
    }
}
