/* How an answer leaves: from memory, from a file, and in which pieces. What there is to choose from says answers.h. */
#include "server.h"

#include <string.h>

/* --- pieces ------------------------------------------------------------------------------------------------------- */

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

/* --- answers from memory ------------------------------------------------------------------------------------------ */

/* The header of an answer from memory. Its body follows as pieces. */
static BOOL AnswerBegin(OVERLAPPED_EX *Context, int Status, const char *ContentType, ULONGLONG ContentLength)
{
    HTTP_RESPONSE Response = ResponseFor(Context, Status);
    char Header[HEADER_SIZE];
    size_t Length;

    Response.ContentType = ContentType;
    Response.ContentLength = ContentLength;
    Length = HttpWriteHeader(&Response, Header, sizeof(Header));
    LogStatus(Context, Status, Length);
    if (!AnswerLay(Context, Header, Length)) {
        return FALSE;
    }
    Context->Phase = PHASE_ANSWER;
    NextWrite(Context, Context->Buffer + Context->Used, (DWORD)Length);
    return TRUE;
}

static ULONGLONG ChainBytes(const OVERLAPPED_EX *Context)
{
    ULONGLONG Bytes = 0;

    for (const BUFFER *Buffer = Context->Chain.First; Buffer != NULL; Buffer = Buffer->Next) {
        Bytes += Buffer->Filled;
    }
    return Bytes;
}

static void ChainPieces(OVERLAPPED_EX *Context)
{
    for (BUFFER *Buffer = Context->Chain.First; Buffer != NULL; Buffer = Buffer->Next) {
        PieceAdd(Context, Buffer->Data + Buffer->Start, Buffer->Filled);
    }
}

void AnswerEcho(OVERLAPPED_EX *Context)
{
    if (AnswerBegin(Context, 200, "application/octet-stream", ChainBytes(Context) + Context->Payload)) {
        ChainPieces(Context);
        PieceAdd(Context, Context->Buffer, Context->Payload);
    }
}

BOOL AnswerShort(OVERLAPPED_EX *Context, const char *ContentType, const char *Text, DWORD Length)
{
    char *Body;

    if (Context->Used - Context->RequestBytes + HTTP_MAX_RESPONSE_HEADER + Length > Context->BuffLen + BUFFER_TAIL) {
        return FALSE;
    }
    if (AnswerBegin(Context, 200, ContentType, Length) && Context->Method != HTTP_HEAD) {
        Body = Context->WsaBuf[0].buf + Context->WsaBuf[0].len;
        memcpy(Body, Text, Length);
        PieceAdd(Context, Body, Length);
    }
    return TRUE;
}

void AnswerText(OVERLAPPED_EX *Context, int Status, const char *ContentType)
{
    if (AnswerBegin(Context, Status, ContentType, ChainBytes(Context)) && Context->Method != HTTP_HEAD) {
        ChainPieces(Context);
    }
}

/* --- answers from files ------------------------------------------------------------------------------------------- */

/* A large buffer is there, in which the file leaves slice by slice, with others if there are any. */
static void AnswerFlow(OVERLAPPED_EX *Context)
{
    FlowBegin(Context, IO_FILE_READ, IO_SOCKET_WRITE, Context->FileBytes);
}

void AnswerFileBytes(OVERLAPPED_EX *Context)
{
    const ULONGLONG Transmit = Context->Config->Transmit * 1024ull;
    char *Header = Context->Buffer + Context->Used;

    if (Context->File == INVALID_HANDLE_VALUE && Context->FileBytes > 0) { /* it is in memory */
        NextWrite(Context, Header, Context->HeaderBytes);
        PieceAdd(Context, HotData(Context->Hot) + Context->FileOffset, (DWORD)Context->FileBytes);
    } else if (Context->FileBytes == 0) {
        NextWrite(Context, Header, Context->HeaderBytes);
    } else if (Context->Hot != NULL ||
               Context->FileBytes <= Context->BuffLen + BUFFER_TAIL - Context->Used - Context->HeaderBytes) {
        NextFileRead(Context);
    } else if (Transmit != 0 && Context->FileBytes >= Transmit) {
        NextWrite(Context, Header, Context->HeaderBytes);
        Context->IOOperation = IO_TRANSMIT;
    } else {
        /* Many may have to wait for a large buffer, behind slow clients. They keep no small one from the others. */
        memcpy(Context->Header, Header, Context->HeaderBytes);
        BufferLeave(Context);
        BufferNeed(Context, &Context->Config->Large, 1, AnswerFlow);
    }
}
