/* The memory of one request: the buffer that it comes into, and where a larger one comes from. */
#include "server.h"

#include <string.h>

void BufferUse(OVERLAPPED_EX *Context, BUFFER *Buffer)
{
    Context->In = Buffer;
    Context->Buffer = Buffer->Data;
    Context->BuffLen = Buffer->Size;
}

void BufferReady(OVERLAPPED_EX *Context)
{
    BufferUse(Context, ChainTake(&Context->Spare));
    NextRead(Context);
}

void BufferGrow(OVERLAPPED_EX *Context)
{
    BUFFER *Small = Context->In;
    BUFFER *Large = ChainTake(&Context->Spare);

    memcpy(Large->Data, Small->Data, Context->Used);
    BufferUse(Context, Large);
    BufferGive(Small);
    NextRead(Context);
}

/* How many large buffers a body that is kept in memory may need: all at once, see buffers.h. */
static DWORD BodyBuffers(const OVERLAPPED_EX *Context)
{
    const ULONGLONG Whole = Context->Payload + Context->Body.Remaining;

    if (Context->Body.Framing == HTTP_BODY_CHUNKED) { /* nobody knows; and one more for what follows it */
        return (DWORD)(Context->Body.Limit / BUFFER_LARGE) + 1;
    }
    return (DWORD)((Whole + BUFFER_LARGE - 1) / BUFFER_LARGE);
}

void BufferMore(OVERLAPPED_EX *Context)
{
    BUFFER_POOL *Large = &Context->Config->Large;

    if (Context->In == NULL) {
        BufferNeed(Context, &Context->Config->Small, 1, BufferReady);
        return;
    }
    if (Context->In->Pool != Large) {
        BufferNeed(Context, Large, Context->Phase == PHASE_HEADER ? 1 : BodyBuffers(Context), BufferGrow);
        return;
    }
    /* A large one, full of a body: it stays as it is, and the next takes its place. */
    Context->In->Filled = Context->Payload;
    ChainAppend(&Context->Chain, Context->In);
    Context->Used = 0;
    Context->Payload = 0;
    BufferReady(Context);
}

void BufferLeave(OVERLAPPED_EX *Context)
{
    if (Context->Used == 0) {
        BufferGive(Context->In);
        Context->In = NULL;
        Context->Buffer = NULL;
        Context->BuffLen = 0;
    }
}

void RoomGive(OVERLAPPED_EX *Context)
{
    if (Context->Room != NULL) {
        PoolGive(&Context->Config->Rooms, Context->Room);
        Context->Room = NULL;
    }
}

void BufferDrop(OVERLAPPED_EX *Context, DWORD Count)
{
    if (Count > 0) {
        memmove(Context->Buffer, Context->Buffer + Count, Context->Used - Count);
        Context->Used -= Count;
    }
}
