/**
 * @file failure.h
 * Failures: the client is gone, or something is short.
 *
 * Every read and every write that fails comes to one place, OnConnectionError, with its kind. Most failures mean that
 * the client is gone. But WSAENOBUFS and its relatives mean that Windows had no memory to lock or no non-paged pool at
 * that moment. The connection is as good as before then: nothing was read, or nothing was sent, and nobody but this
 * server knows. To close it would be to lose a client for nothing; worse, who has only a read in flight and loses that
 * one has nothing left that keeps the connection, and it closes without anybody having meant it.
 *
 * So what failed is done again; but a little later, as trying at once makes a shortage last. In between, the connection
 * pauses: an operation like others, whose packet the main thread posts.
 *
 * What failed may have been too much at once: the pages of a large buffer may be more than Windows is ready to lock at
 * all, and then the same would fail forever. So after a shortage a request goes on modestly, with at most half as
 * many bytes in each operation, down to a page; each operation that succeeds wins a page back.
 *
 * And others may have more than their share: a read that waits for a slow client keeps pages locked for as long as that
 * takes. Outside of flows no read waits with a buffer (NextRead). The large reads of an upload do; while a shortage is
 * fresh the main thread calls them back, and they begin again with a read of no bytes.
 *
 * A write can come up short, too: the stack takes some of the bytes, or none, and says that all is well. Then what
 * is left is sent again from the byte that was reached. This is possible because one connection has one write in
 * flight, unless --writes says otherwise (order.h: what that costs).
 */
#ifndef FAILURE_H
#define FAILURE_H

#include "buffers.h"

/** What is to be done about a failed operation. */
typedef enum FAILURE {
    FAILURE_FATAL, /**< the client is gone, or nothing can be saved */
    FAILURE_LATE,  /**< cancelled, because it took too long */
    FAILURE_AGAIN, /**< cancelled by mistake: the same once more, at once */
    FAILURE_PAUSE  /**< resources were short: the same once more, a little later */
} FAILURE;

/** Whether an error says that Windows has too little of something, just now. */
BOOL ErrorIsShortage(DWORD Error);
/** Whether a shortage is fresh. */
BOOL IsScarce(SERVER_CONFIG *Config);
/** How many of so many bytes the request's next operation may have. */
DWORD Limited(const OVERLAPPED_EX *Context, DWORD Length);
/** A shortage: the request's operations get smaller. */
void LimitLess(OVERLAPPED_EX *Context);
/** An operation succeeded: they may get larger again. */
void LimitMore(OVERLAPPED_EX *Context);
/** The one place to which read errors and write errors come. @param Kind tells them apart */
FAILURE OnConnectionError(SERVER_CONFIG *Config, CONNECTION *Connection, IO_OPERATION Kind, DWORD Error);
/** Starts a pause. Its packet comes after RETRY_PAUSE or a little more. */
void PauseBegin(SERVER_CONFIG *Config, CONNECTION *Connection);
/** The main thread's part: ends a pause that has lasted. Called for each connection of a sweep. */
void PauseTick(SERVER_CONFIG *Config, CONNECTION *Connection);

#endif
