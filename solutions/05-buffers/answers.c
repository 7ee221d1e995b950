/*
 * The memory of one request: the buffer that it comes into, and the pieces that its answer leaves in.
 *
 * Bytes are not gathered in one place to be sent. A WSASend takes a list of pieces, and each piece lies where it came to
 * be: the header behind the request, a file in the memory that all who ask for it share, a body in the buffers that it
 * was read into.
 */
#include "server.h"

#include <string.h>

void PieceAdd(OVERLAPPED_EX *Context, char *Data, DWORD Length)
{
    if (Length > 0) {
        Context->WsaBuf[Context->WsaCount].buf = Data;
        Context->WsaBuf[Context->WsaCount].len = Length;
        Context->WsaCount++;
    }
}

DWORD PiecesSent(OVERLAPPED_EX *Context, DWORD Bytes)
{
    DWORD Whole = 0;
    DWORD Left = 0;

    while (Whole < Context->WsaCount && Bytes >= Context->WsaBuf[Whole].len) {
        Bytes -= Context->WsaBuf[Whole++].len;
    }
    Context->WsaCount -= Whole;
    memmove(Context->WsaBuf, Context->WsaBuf + Whole, Context->WsaCount * sizeof(Context->WsaBuf[0]));
    if (Context->WsaCount > 0) {
        Context->WsaBuf[0].buf += Bytes;
        Context->WsaBuf[0].len -= Bytes;
    }
    for (DWORD i = 0; i < Context->WsaCount; i++) {
        Left += Context->WsaBuf[i].len;
    }
    return Left;
}

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
