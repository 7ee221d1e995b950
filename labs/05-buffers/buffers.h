/**
 * @file buffers.h
 * Memory for operations, all of it made once: buffers in one block, and pools of equal items.
 *
 * Why not malloc? Windows locks the pages of every buffer that an operation uses, for as long as it is in flight. Two
 * buffers that share a page lock it once; one buffer that begins in the middle of a page may lock one page too many.
 * So there is one block from VirtualAlloc, and each buffer lies in it so that it touches as few pages as it can:
 *
 *     | small | small | small | … |      large, 17 pages      |      large, 17 pages      | … | descriptors |
 *       a whole part of a page each        (or whole pages)
 *
 *   - BUFFER       a descriptor: the memory as a whole, the part of it that is filled, links, a count of references.
 *                  Descriptors are handed from function to function; the bytes stay where they are.
 *   - BUFFER_CHAIN descriptors in a row
 *   - BUFFER_POOL  all buffers of one size. Who finds it empty waits in a queue (BufferNeed) and goes on when others
 *                  have given enough back: the limit makes the server slower, never wrong.
 *   - POOL         items that are no buffers: connections, requests, lines of the log
 *
 * Free buffers and items are interlocked singly linked lists: taking and giving back is one exchange and no lock.
 *
 * Who waits for buffers may hold small ones, and wants large ones all at once. So no two connections can wait for
 * each other: those that have what they need go on, and give back.
 */
#ifndef BUFFERS_H
#define BUFFERS_H

#include <winsock2.h>
#include <windows.h>

typedef struct CONNECTION CONNECTION;
typedef struct OVERLAPPED_EX OVERLAPPED_EX;
typedef struct SERVER_CONFIG SERVER_CONFIG;
typedef struct BUFFER_POOL BUFFER_POOL;

/** What is asked of Windows for a connection, or has just been completed. */
typedef enum IO_OPERATION {
    IO_THREAD_SHUTDOWN, /**< no connection at all: the thread that gets it ends */
    IO_SOCKET_READ,
    IO_SOCKET_WRITE,
    IO_FILE_READ,
    IO_FILE_WRITE,
    IO_SOCKET_ACCEPT,     /**< the socket waits for a client */
    IO_SOCKET_DISCONNECT, /**< the socket parts from its client, to wait for another */
    IO_SOCKET_IDLE,       /**< a read of no bytes: the client has nothing to say for now (idle.c) */
    IO_TRANSMIT,          /**< Windows sends a part of a file by itself */
    IO_FLOW,              /**< several operations, each on a buffer of its own (order.c) */
    IO_BUFFER,            /**< others are to give buffers back (buffers.c) */
    IO_PAUSE,             /**< a little later the same again (failure.c) */
    IO_BUSINESS,          /**< a thread that may wait is at work (business.c) */
    IO_CLOSE              /**< nothing more to do: the connection is closed */
} IO_OPERATION;

/** How many there are, for counting. */
#define IO_OPERATIONS (IO_CLOSE + 1)

/** What an OVERLAPPED is a part of. */
typedef enum OPERATION_OWNER { OWNER_CONNECTION, OWNER_REQUEST, OWNER_BUFFER } OPERATION_OWNER;

/** What every operation begins with, whatever it is a part of: a packet of the port leads here. */
typedef struct OPERATION {
    OVERLAPPED Overlapped; /**< first, so that its address is also that of all that follows */
    CONNECTION *Connection;
    OPERATION_OWNER Owner;
    DWORD Number; /**< place in the order, where several are in flight */
} OPERATION;

/** A buffer's descriptor. Whoever has it owns it; in flight that is Windows. */
typedef struct BUFFER BUFFER;
struct BUFFER {
    OPERATION Operation; /**< what the buffer is in flight for; a free buffer's link lies here */

    /* The whole: never changes. */
    BUFFER_POOL *Pool; /**< or NULL: memory of its own (hot.c) */
    char *Data;
    DWORD Size; /**< bytes to fill; BUFFER_TAIL more lie behind them */

    /* The part that is filled, or is to be filled. */
    DWORD Start;              /**< of its first byte */
    DWORD Filled;             /**< bytes */
    DWORD Wanted;             /**< bytes that the read in flight has room for */
    ULONGLONG Offset;         /**< in the file */
    IO_OPERATION IOOperation; /**< the buffer's part in a flow */

    volatile LONG References; /**< given back when the last one goes. Interlocked access only. */

    /* In a chain. */
    BUFFER *Next;
    BUFFER *Previous;
};

/** Descriptors in a row. All zero is an empty one. */
typedef struct BUFFER_CHAIN {
    BUFFER *First;
    BUFFER *Last;
} BUFFER_CHAIN;

/** All buffers of one size. */
struct BUFFER_POOL {
    SLIST_HEADER Free;

    /* Interlocked access only. */
    volatile LONG InUse;
    volatile LONG HighWater; /**< the most that were ever in use */
    volatile LONG Waiting;   /**< connections in the queue */

    /* Never change. */
    DWORD Count;
    DWORD Size; /**< bytes that a buffer of it can take */

    /* The queue. Guarded by Lock, under which packets are posted and no other lock is taken. */
    SRWLOCK Lock;
    OVERLAPPED_EX *First; /**< the longest to wait, who collects what is given back */
    OVERLAPPED_EX *Last;
};

/** Bytes behind every buffer for an answer's header, so that one never lacks the room. */
#define BUFFER_TAIL 512u
/** Bytes of a large buffer: the longest header fits. */
#define BUFFER_LARGE 65536u

/** Items of one size that are made when they are first needed and never given back to Windows. */
typedef struct POOL {
    SLIST_HEADER Free;

    /* Interlocked access only. */
    volatile LONG Made;
    volatile LONG InUse;
    volatile LONG HighWater;

    /* Never change. */
    char *Block; /**< addresses for Limit items; memory behind those that were made */
    DWORD Stride;
    DWORD Limit;

    SRWLOCK Lock; /**< held while items are made */
} POOL;

/* buffers.c */
/** Makes both pools of buffers in one block. @return FALSE without memory; GetLastError tells why */
BOOL BuffersCreate(SERVER_CONFIG *Config, DWORD SmallSize, DWORD SmallCount, DWORD LargeCount);
/** Gives the block back. No buffer may be in use. */
void BuffersDestroy(SERVER_CONFIG *Config);
/** Takes a buffer if there is one that nobody waits for. @return NULL otherwise */
BUFFER *BufferTry(BUFFER_POOL *Pool);
/** One more reference to a buffer. */
void BufferKeep(BUFFER *Buffer);
/** One reference less; with the last the buffer is free, and goes to who waits for one. NULL is allowed. */
void BufferGive(BUFFER *Buffer);
/**
 * Gets Count buffers into Context->Spare, then calls Then. Without enough of them Context->IOOperation becomes
 * IO_BUFFER, and Then is called when others have given enough back. Count may not exceed the pool's.
 */
void BufferNeed(OVERLAPPED_EX *Context, BUFFER_POOL *Pool, DWORD Count, void (*Then)(OVERLAPPED_EX *));
/** Starts to wait for what BufferNeed did not get. @return TRUE: a packet will come */
BOOL BufferWait(OVERLAPPED_EX *Context);
/** Sends everybody who waits on with what there is: the server gives up. */
void BuffersAbort(BUFFER_POOL *Pool);
/** Puts a buffer behind the others. */
void ChainAppend(BUFFER_CHAIN *Chain, BUFFER *Buffer);
/** Puts a buffer where its number belongs. */
void ChainInsert(BUFFER_CHAIN *Chain, BUFFER *Buffer);
/** Takes the first buffer. @return NULL when there is none */
BUFFER *ChainTake(BUFFER_CHAIN *Chain);
/** Gives all buffers back. */
void ChainGive(BUFFER_CHAIN *Chain);

/* pool.c */
/** Makes a pool without items. @return FALSE without addresses; GetLastError tells why */
BOOL PoolCreate(POOL *Pool, DWORD ItemSize, DWORD Limit);
void PoolDestroy(POOL *Pool);
/** Takes an item. A new one is all zero; a used one is as it was given back, but for its first pointer's worth. @return
 * NULL when Limit items are in use, or without memory */
void *PoolTake(POOL *Pool);
/** Gives an item back. */
void PoolGive(POOL *Pool, void *Item);
/** The items from 0 to Made - 1, free ones too. */
void *PoolItem(POOL *Pool, LONG Index);
/** Counts one more in use and remembers the most. */
void CountUp(volatile LONG *InUse, volatile LONG *HighWater);

#endif
