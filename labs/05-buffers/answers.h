/**
 * @file answers.h
 * How an answer leaves, and the memory of one request.
 *
 * Bytes are not gathered in one place to be sent. A WSASend takes a list of pieces, and each piece lies where it came to
 * be: the header behind the request, a file in the memory that all who ask for it share, a body in the buffers that it
 * was read into.
 *
 * A file that is not in memory leaves by the shortest way for so many bytes: a small one through the request's own
 * buffer, a longer one as a flow through large ones (order.h), with --transmit by TransmitFile.
 *
 * A request begins in a small buffer. If that is too little it is exchanged, once, for a large one; a body may need more
 * of these, and gets them all at once (buffers.h says why).
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "buffers.h"

/** The longest body that POST /echo takes, in bytes; a longer one is 413. It is kept in memory. */
#define ECHO_LIMIT (1024u * 1024u)
/** The most buffers that an answer from memory leaves from: its header, and the largest echo. */
#define PIECES (2 + ECHO_LIMIT / BUFFER_LARGE)

/* answers.c */
/** Puts bytes behind those that the next write sends. */
void PieceAdd(OVERLAPPED_EX *Context, char *Data, DWORD Length);
/** Takes what was sent off the pieces of the next write. @return bytes that are left */
DWORD PiecesSent(OVERLAPPED_EX *Context, DWORD Bytes);
/** Answers with a text, if there is room for it behind the header. @return FALSE otherwise */
BOOL AnswerShort(OVERLAPPED_EX *Context, const char *ContentType, const char *Text, DWORD Length);
/** Answers with the text that has been written into Context->Chain. */
void AnswerText(OVERLAPPED_EX *Context, int Status, const char *ContentType);
/** POST /echo: the whole body has come. It lies in the buffers that it came into, and leaves from there. */
void AnswerEcho(OVERLAPPED_EX *Context);
/** The header is laid, and FileBytes bytes of a file are to follow. */
void AnswerFileBytes(OVERLAPPED_EX *Context);

/* memory.c */
/** Makes a buffer the one that the request is read into. */
void BufferUse(OVERLAPPED_EX *Context, BUFFER *Buffer);
/** Reads into the first spare buffer from now on. */
void BufferReady(OVERLAPPED_EX *Context);
/** Exchanges the request's small buffer for the first spare one. */
void BufferGrow(OVERLAPPED_EX *Context);
/** The buffer is full, or there is none, and more of the request is to come: finds room for it. */
void BufferMore(OVERLAPPED_EX *Context);
/** Gives the buffer back if there is nothing in it. */
void BufferLeave(OVERLAPPED_EX *Context);
/** Gives back what AcceptEx filled, if it is still there. */
void RoomGive(OVERLAPPED_EX *Context);
/** Removes Count bytes from the buffer's start. */
void BufferDrop(OVERLAPPED_EX *Context, DWORD Count);

#endif
