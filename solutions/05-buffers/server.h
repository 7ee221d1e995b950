/**
 * @file server.h
 * Stage 05: scarce memory, several operations in flight, failures, a log and a pool for what blocks.
 *
 * Four structures are handed from function to function:
 *   - SERVER_CONFIG  the server: its options, its threads, its pools
 *   - CONNECTION     a client, or a socket that waits for one; small, because most clients say nothing most of the time
 *   - OVERLAPPED_EX  a request in work: an OVERLAPPED, and behind it all that is known about the request. A connection
 *                    has one from the first byte of a request to the last of its answer
 *   - BUFFER         memory that is read into and written from, with an OVERLAPPED of its own (buffers.h)
 *
 * A request has one operation at a time, but for two cases in which it has several, each on a buffer of its own: a long
 * file that goes out, and a long upload that comes in (order.c). A completed operation decides which one comes next
 * (operations.c, server.c). Those files only set Context->IOOperation and Context->WsaBuf; they never wait. How
 * an operation is started and how its end is noticed is the engine's business, as in the earlier stages:
 *
 *     OperationBegin(Context)                  ask Windows for Context->IOOperation
 *     ...                                      wait on the completion port
 *     OperationDone(Context, Bytes, Error)     sets Context->IOOperation to the next one, or to IO_CLOSE
 *
 * Files: options.c, main.c, sockets.c, files.c, iocp.c (the engine), operations.c (what follows a completed operation),
 * server.c (what a request means), uploads.c, connections.c, trace.c, as before. What this stage adds, each with a header
 * that is its manual or a comment at its beginning:
 *
 *     5.1  buffers.h    memory that is made once: buffers.c, pool.c
 *          answers.h    what a request and its answer do with it: answers.c, memory.c
 *     5.2  idle.c       reads of no bytes
 *     5.3  order.h      several operations in flight, in order: order.c, slices.c
 *     5.4  failure.h    shortages, pauses, and the same once more: failure.c
 *     5.5  log.h        a thread that writes the log: log.c, logline.c
 *     5.6  business.h   a pool for what blocks: business.c, guestbook.c
 *     5.7  main.c       the end, with nothing in flight and nothing lost
 *     and  hot.h, status.h: files kept in memory, and counters
 */
#ifndef SERVER_H
#define SERVER_H

#include <winsock2.h>
#include <mswsock.h>
#include <windows.h>

#include "../../http/http.h"
#include "buffers.h"
#include "answers.h"
#include "business.h"
#include "failure.h"
#include "hot.h"
#include "log.h"
#include "order.h"
#include "status.h"

/** The longest upload, in bytes; a longer one is 413. It goes to a file slice by slice. */
#define UPLOAD_LIMIT (4ull * 1024u * 1024u * 1024u)
/** The longest entry of the guestbook, in bytes as it is sent. */
#define GUESTBOOK_LIMIT 16384u
/** How long a connection that the server ends is read on, so that the client sees the last answer; milliseconds. */
#define LINGER_TIMEOUT 2000u
/** How long the main thread gives threads to end, and how often it looks for late clients; milliseconds. */
#define SHUTDOWN_TIMEOUT 5000u
#define SWEEP_INTERVAL 250u
/** How long what failed for want of resources is left alone, at least; milliseconds. */
#define RETRY_PAUSE 50u
/** How many connections there may be. The limit is only on addresses: memory follows need. */
#define MOST_CONNECTIONS 65536u
/** Room for any header of an answer, one with a Location too. */
#define HEADER_SIZE (HTTP_MAX_RESPONSE_HEADER + HTTP_MAX_TARGET + 2)
/** Room for a root, a resolved target and what an upload's temporary name adds. */
#define PATH_SIZE (MAX_PATH + HTTP_MAX_TARGET + 64)

/** What AcceptEx needs for one address, in bytes, and for the two that it reports. */
#define ADDRESS_SIZE (sizeof(SOCKADDR_IN) + 16)
#define ADDRESS_ROOM (2 * ADDRESS_SIZE)
/** Bytes of first data, chosen so that a room for them and the addresses is a whole part of a page. */
#define FIRST_DATA (512 - ADDRESS_ROOM)

/** How a thread has a variable of its own. */
#ifdef _MSC_VER
#define THREAD_LOCAL __declspec(thread)
#else
#define THREAD_LOCAL _Thread_local
#endif

/** Where a connection is in its conversation: what the bytes of the next completion are for. */
typedef enum PHASE {
    PHASE_HEADER, /**< a request's header is coming in */
    PHASE_UPLOAD, /**< the body of a PUT is coming in and goes to a file */
    PHASE_ECHO,   /**< the body of a POST /echo is coming in */
    PHASE_GUEST,  /**< the body of a POST /guestbook is coming in */
    PHASE_ANSWER, /**< the answer is going out */
    PHASE_LINGER  /**< the last answer went out; what still comes in is thrown away */
} PHASE;

/** What a connection is doing, as far as the main thread must know. */
typedef enum CONNECTION_STATE {
    STATE_FREE,      /**< no connection: the memory waits for one */
    STATE_ACCEPTING, /**< IO_SOCKET_ACCEPT is in flight */
    STATE_IDLE,      /**< IO_SOCKET_IDLE is in flight, and nothing else */
    STATE_BUSY,      /**< a request is in work */
    STATE_RECEIVING, /**< a flow is in work, with reads of bytes in flight on the socket and nothing else */
    STATE_PAUSED_NEW,
    STATE_PAUSED /**< what failed is tried again at the next sweep; new: at the one after that */
} CONNECTION_STATE;

/** The server. */
struct SERVER_CONFIG {
    /* Options: set before any thread exists. */
    DWORD ServerPort;
    const char *Root;
    const char *Uploads; /**< or NULL: nothing may be uploaded */
    DWORD ThreadsPerCPU;
    DWORD SockBuffLen; /**< bytes of a request's first buffer */
    DWORD Trace;
    DWORD HeaderTimeout; /**< seconds from a request's first byte to the end of its header */
    DWORD IdleTimeout;   /**< seconds without a byte: between requests, in a body, in an answer */
    DWORD Accepts;       /**< operations that wait for clients */
    DWORD FirstData;     /**< accept a client only with its first bytes */
    DWORD DrainTimeout;  /**< seconds that a shutdown gives to requests in flight */
    DWORD Buffers;       /**< small ones; for sixteen of them there is a large one */
    DWORD Reads;         /**< operations in flight that fill a flow's buffers */
    DWORD Writes;        /**< WSASends in flight on one socket */
    DWORD SendBuffer;    /**< SO_SNDBUF, or INFINITE to leave it alone */
    DWORD Hot;           /**< KB of memory for files that are asked for often */
    DWORD HotAge;        /**< milliseconds for which such a file is not compared with the disk */
    DWORD Transmit;      /**< files of so many KB and more leave by TransmitFile; 0: none */
    DWORD Business;      /**< threads for what blocks, at most */
    const char *LogName;
    const char *Guestbook; /**< name of the data base, or NULL */

    /* Set at start-up; closed by the main thread, after the threads that use them have ended. */
    SOCKET ListenSocket;
    HANDLE ListenEvent; /**< set when too few AcceptEx wait, by a worker or as FD_ACCEPT */
    LPFN_ACCEPTEX AcceptEx;
    LPFN_GETACCEPTEXSOCKADDRS GetAcceptExSockaddrs;
    LPFN_DISCONNECTEX DisconnectEx;
    LPFN_TRANSMITFILE TransmitFile;
    HANDLE ListenThread;
    HANDLE CompletionPort;
    HANDLE Workers[MAXIMUM_WAIT_OBJECTS];
    DWORD WorkerCount;
    volatile LONG WorkersBegun; /**< of these, those that have a place to count in. Interlocked access only. */
    HANDLE StopEvent;           /**< set by Ctrl-C */
    HANDLE PauseEvent;          /**< set when the first connection pauses: the main thread looks more often then */
    char *BufferBlock;          /**< all buffers */

    /* Interlocked access only. */
    volatile LONG Stopping;    /**< no new connection, no further request */
    volatile LONG Aborting;    /**< no further operation; set by the second Ctrl-C, or when the drain took too long */
    volatile LONG Accepting;   /**< places claimed by IO_SOCKET_ACCEPT operations, in flight or about to be */
    volatile LONG NoReuse;     /**< this Windows does not use a socket twice */
    volatile LONG Connections; /**< CONNECTION structures in use */
    volatile LONG Paused;      /**< of these, those that pause */
    volatile LONG Shortage;    /**< GetTickCount of the last shortage, or 0 */
    volatile LONGLONG Now;     /**< seconds since 1970, as the main thread last saw it */

    /* Each with its own rules: buffers.h. */
    BUFFER_POOL Small; /**< of SockBuffLen bytes: a request's header */
    BUFFER_POOL Large; /**< of BUFFER_LARGE bytes: long headers, bodies, files */
    POOL Requests;     /**< OVERLAPPED_EX */
    POOL Clients;      /**< CONNECTION. Lock keeps a sweep and a close apart */
    POOL Rooms;        /**< what each AcceptEx fills: many in a page, as every one of them locks its page */
    SRWLOCK Lock;      /**< no other lock but a port's is taken under it */

    /* A thread's counters, and in the first those of all threads that are no workers. */
    COUNTERS Counters[MAXIMUM_WAIT_OBJECTS + 1];
};

/**
 * A client, or a socket that waits for one. There may be very many: what a request needs is not here.
 * Its OVERLAPPED is for IO_SOCKET_ACCEPT, IO_SOCKET_IDLE and IO_PAUSE, of which one is in flight at a time.
 */
struct CONNECTION {
    OPERATION Operation;
    SOCKET Socket;          /**< changed under Config->Lock; closed after State is STATE_FREE */
    OVERLAPPED_EX *Context; /**< the request in work, or NULL; belongs to who handles a completed operation */

    /* Interlocked access only: the main thread looks at them while operations are in flight. */
    volatile LONG PendingIo; /**< operations in flight and threads at work here; freed when it gets to 0 */
    volatile LONG State;     /**< CONNECTION_STATE */
    volatile LONG Deadline;  /**< GetTickCount after which the socket operation is given up */

    ULONG Client; /**< IP address, in the order of the network */
};

/**
 * A request in work. Whoever handles its completed operation owns all fields without a note: between the start of an
 * operation and its completion that is Windows, and nobody may touch them, the buffers or the OVERLAPPED.
 */
struct OVERLAPPED_EX {
    OPERATION Operation;   /**< first, so that a completion's OVERLAPPED * is the request's address */
    SERVER_CONFIG *Config; /**< never changes */

    /* Guards Flow, Spare and the slices' fields while a flow is under way. Made once, with the memory: a thread may
     * still be leaving it when the request is over, so it outlives every request. */
    SRWLOCK Lock;
    BOOL LockMade;

    char Header[HTTP_MAX_RESPONSE_HEADER]; /**< of an answer that waits for a buffer without keeping one */

    /* From here on everything is zero when a request begins. */

    /* The queue for buffers. NextWaiting, BuffersWanted and Spare are guarded by the pool's Lock while it waits. */
    OVERLAPPED_EX *NextWaiting;
    BUFFER_POOL *BuffersFrom;
    DWORD BuffersWanted;
    void (*BuffersThen)(OVERLAPPED_EX *);

    /* The client. */
    SOCKET Socket;    /**< the connection's */
    char *Room;       /**< what AcceptEx fills: first data and addresses; or NULL */
    DWORD FirstBytes; /**< of first data */
    BOOL Readable;    /**< there is something to read, or was when somebody looked */

    /* The operation. */
    IO_OPERATION IOOperation;
    IO_OPERATION Interrupted; /**< what is tried again after IO_PAUSE */
    PHASE Phase;
    DWORD Limit;           /**< bytes in one operation after a shortage, or 0: as many as there are */
    WSABUF WsaBuf[PIECES]; /**< the bytes to fill or to send; for all but IO_SOCKET_WRITE only the first counts */
    DWORD WsaCount;

    /* The buffer: the request comes into it, the answer's header leaves from it. */
    BUFFER *In;         /**< or NULL, while nothing is in it */
    char *Buffer;       /**< its bytes */
    DWORD BuffLen;      /**< how many */
    DWORD Used;         /**< bytes at its start that are still needed; answers are laid behind them */
    DWORD RequestBytes; /**< of Used: the header of the request being answered */
    DWORD Payload;      /**< of Used: a body's bytes, decoded */

    /* More buffers. */
    BUFFER_CHAIN Spare; /**< empty */
    BUFFER_CHAIN Chain; /**< full: a body that has come so far, or an answer on its way out */

    /* The request. */
    HTTP_SCAN Scan;
    HTTP_BODY Body;
    HTTP_METHOD Method;
    int MinorVersion;
    BOOL KeepAlive;
    LOG_ENTRY *Log;      /**< its line in the log, or NULL */
    ULONGLONG SentBytes; /**< of its answer, header and all */

    /* The file that goes out or comes in. */
    HANDLE File;
    ULONGLONG FileOffset; /**< of the next slice */
    ULONGLONG FileBytes;  /**< bytes of it that are sent in all */
    ULONGLONG AcumBytes;  /**< of these, bytes read so far */
    BOOL NothingSent;     /**< the last TransmitFile failed at once */
    DWORD HeaderBytes;    /**< the answer's header, laid before the first slice; 0 for later slices */
    HOT_FILE *Hot;        /**< the file in memory, or the memory that it is read into */
    char *UploadTemp;     /**< name while it comes in, or NULL */
    char *UploadName;     /**< name when it is whole; the same allocation */
    FLOW Flow;

    /* Work that blocks. Guarded by the business pool's lock while it waits there. */
    OVERLAPPED_EX *NextJob;
    void (*Job)(OVERLAPPED_EX *, void **);
    void (*JobThen)(OVERLAPPED_EX *);
    int JobStatus;
    BOOL JobJson; /**< the guestbook as JSON */
};

/* options.c */
/** Reads the command line. @return -1 to go on, otherwise the exit code: 0 after --help, 2 after a wrong option */
int OptionsRead(SERVER_CONFIG *Config, int ArgumentCount, char **Arguments);

/* main.c */
/** Prints "server: What: the system's text for Error" to stderr. */
void ErrMsg(const char *What, DWORD Error);
/** Prints "server: " and a line made as by printf to stderr. */
void UserMsg(const char *Format, ...);

/* sockets.c */
/** Makes the socket that listens on 127.0.0.1, and finds AcceptEx and its companions. @return INVALID_SOCKET after a
 * message */
SOCKET SocketCreate(SERVER_CONFIG *Config);
/** Keeps enough sockets waiting for clients until the server stops. @param Parameter the SERVER_CONFIG */
DWORD WINAPI SocketListenThread(LPVOID Parameter);
/** Starts to fill a buffer from the socket. @return FALSE when it failed at once; GetLastError tells why */
BOOL SocketRead(OPERATION *Operation, WSABUF *Buffer);
/** Starts to send Count buffers, one after the other. @return as SocketRead */
BOOL SocketWrite(OPERATION *Operation, WSABUF *Buffers, DWORD Count);
/** Starts to send Context->WsaBuf and then a part of Context->File, by TransmitFile. @return as SocketRead */
BOOL SocketTransmit(OVERLAPPED_EX *Context);
/** Claims a place among so many operations that wait for clients, before another is started: several threads do.
 * @return FALSE when all places are taken */
BOOL SocketClaim(SERVER_CONFIG *Config, LONG Most);
/** Starts to wait for a client, in a place that was claimed, and for its first bytes if they are wanted.
 * @return as SocketRead */
BOOL SocketAccept(OVERLAPPED_EX *Context);
/** The wait for a client has ended, well or not: its place is free again. */
void SocketAccepted(OVERLAPPED_EX *Context);
/** Makes a client's socket one like others, with the options that it is to have. @return FALSE when the client is gone
 * already */
BOOL SocketUpdate(OVERLAPPED_EX *Context);
/** Finds a client's address in what AcceptEx reported. */
SOCKADDR_IN SocketClient(const OVERLAPPED_EX *Context);
/** Starts to part from the client. @return as SocketRead */
BOOL SocketDisconnect(OVERLAPPED_EX *Context);
/** @return whether DisconnectEx made the socket as new. Where it never does, nobody asks it to again. */
BOOL SocketIsNew(OVERLAPPED_EX *Context);
/** @return whether a client connected that many seconds ago or earlier, but has sent nothing. For threads that do not
 * own the connection. */
BOOL SocketIsSilent(SERVER_CONFIG *Config, CONNECTION *Connection, DWORD Seconds);
/** Makes operations that wait on the socket come back with an error. For threads that do not own the connection. */
void SocketCancel(SERVER_CONFIG *Config, CONNECTION *Connection);

/* files.c */
/** Opens a file the way this stage reads and writes files. @return INVALID_HANDLE_VALUE when it cannot */
HANDLE FileCreate(SERVER_CONFIG *Config, const char *Path, DWORD Access, DWORD Share, DWORD Disposition);
/** What HTTP wants to know of a file. */
void FileFacts(HTTP_FILE *Facts, DWORD SizeHigh, DWORD SizeLow, FILETIME Written);
/** Opens a file below the root into Context->File. @return 200, 301 for a folder, or 404 */
int FileOpen(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts);
/** Starts to fill a buffer from Context->File at Offset. @return as SocketRead */
BOOL FileRead(OVERLAPPED_EX *Context, OPERATION *Operation, ULONGLONG Offset, const WSABUF *Buffer);
/** Starts to write a buffer to Context->File at Offset. @return as SocketRead */
BOOL FileWrite(OVERLAPPED_EX *Context, OPERATION *Operation, ULONGLONG Offset, const WSABUF *Buffer);
/** Closes Context->File, if there is one. */
void FileClose(OVERLAPPED_EX *Context);

/* iocp.c */
/** Makes a completion port without devices. @return NULL when it cannot */
HANDLE CompletionPortCreate(void);
/** Lets every operation on Device complete through Port. @return FALSE when it cannot */
BOOL CompletionPortAssociateDevice(HANDLE Port, HANDLE Device, ULONG_PTR Key);
/** A worker: handles completed operations until it gets IO_THREAD_SHUTDOWN. @param Parameter the SERVER_CONFIG */
DWORD WINAPI CompletionPortThread(LPVOID Parameter);
/** Starts Context->IOOperation and lets go of the connection; the caller may not touch it any more. */
void ConnectionRun(OVERLAPPED_EX *Context);

/* operations.c */
/** Starts Context->IOOperation. @return as SocketRead */
BOOL OperationBegin(OVERLAPPED_EX *Context);
/** Handles the end of Context->IOOperation and sets the next one. @param Error 0, or why it failed */
void OperationDone(OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error);
/** Makes the next operation a read of as many bytes as the buffer has room for; a full one is exchanged first. */
void NextRead(OVERLAPPED_EX *Context);
/** Makes the next operation a read of no bytes, without a buffer: what comes will be thrown away. */
void NextLinger(OVERLAPPED_EX *Context);
/** Makes the next operation a write of bytes inside the buffer. */
void NextWrite(OVERLAPPED_EX *Context, char *Data, DWORD Length);
/** Makes the next operation a read of the file's next slice, behind the answer's header. */
void NextFileRead(OVERLAPPED_EX *Context);
/** Makes the next operation a write of Context->Payload bytes to the file. */
void NextFileWrite(OVERLAPPED_EX *Context);
/** An operation has failed: sets what is done about it. */
void OperationFailed(OVERLAPPED_EX *Context, DWORD Error);

/* server.c */
/** Finds the port that a socket is bound to. */
WORD GetLocalAddress(SOCKET Socket);
/** Begins the wait for a request, or answers the one that is in the buffer already. */
void RequestNext(OVERLAPPED_EX *Context);
/** Looks at the bytes of a request's header so far. */
void RequestRead(OVERLAPPED_EX *Context);
/** Looks at the bytes of a request's body so far. */
void RequestBody(OVERLAPPED_EX *Context);
/** The client took too long. */
void RequestTimeout(OVERLAPPED_EX *Context);
/** Answers with a status and goes on. */
void AnswerPlain(OVERLAPPED_EX *Context, int Status, const char *Location);
/** Answers with a status and ends the connection: after it nobody knows where the next request would begin. */
void AnswerRefusal(OVERLAPPED_EX *Context, int Status);
/** What every answer begins with. */
HTTP_RESPONSE ResponseFor(const OVERLAPPED_EX *Context, int Status);
/** Lays the answer's header where it goes out from, in place of the request's. @return FALSE when there is none */
BOOL AnswerLay(OVERLAPPED_EX *Context, const char *Header, size_t Length);
/** The last byte of an answer has been sent. */
void AnswerDone(OVERLAPPED_EX *Context);

/* uploads.c */
/** Opens the temporary file for an upload. @return 0, or the status to answer */
int UploadOpen(OVERLAPPED_EX *Context, const char *Name);
/** Asks for more of an upload's body: into the buffer, or into several. */
void UploadRead(OVERLAPPED_EX *Context);
/** Gives a whole upload its name. @return FALSE when that failed; the upload is gone then */
BOOL UploadCommit(OVERLAPPED_EX *Context);
/** Closes and deletes what came in of an upload, if there is one. */
void UploadDiscard(OVERLAPPED_EX *Context);

/* connections.c */
/** Makes a connection of a socket, with a request to work with. @return NULL without memory; the socket is closed then */
OVERLAPPED_EX *ConnectionOpen(SERVER_CONFIG *Config, SOCKET Socket);
/** Gives a connection a request to work with. @return FALSE without memory */
BOOL ConnectionAttach(SERVER_CONFIG *Config, CONNECTION *Connection);
/** Takes the request from a connection and gives back all that it has. */
void ConnectionDetach(SERVER_CONFIG *Config, CONNECTION *Connection);
/** Makes a connection like new, for the socket's next client. */
void ConnectionReset(OVERLAPPED_EX *Context);
/** One operation or thread less; the last closes and frees the connection. */
void ConnectionLeave(SERVER_CONFIG *Config, CONNECTION *Connection);
/** Cancels the operations of connections that are late or silent, or idle during a shutdown, or all when aborting; and
 * ends pauses. */
void ConnectionSweep(SERVER_CONFIG *Config);
/** @return how many sockets wait for first data of a client that has connected. */
LONG ConnectionsSilent(SERVER_CONFIG *Config);
/** Sets the time by which the socket operation that comes next must have ended. */
void DeadlineSet(OVERLAPPED_EX *Context, DWORD Milliseconds);
/** @return milliseconds until the deadline, 0 when it has passed */
DWORD DeadlineLeft(CONNECTION *Connection);
/** Reads a flag that other threads set. */
BOOL FlagIsSet(volatile LONG *Flag);

/* idle.c */
/** The connection has nothing to do: gives back its request and starts a read of no bytes. */
void IdleBegin(SERVER_CONFIG *Config, CONNECTION *Connection);
/** The read of no bytes has ended: there is something to read, or the client has gone. @return the request to go on
 * with, or NULL: then this thread lets go of the connection */
OVERLAPPED_EX *IdleDone(SERVER_CONFIG *Config, CONNECTION *Connection, DWORD Error);

/* trace.c */
/** Prints a completed operation to stdout, before it is handled. */
void TraceOperation(const OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error);
/** The same for an operation on a slice. */
void TraceSlice(const OVERLAPPED_EX *Context, const BUFFER *Slice, DWORD Bytes, DWORD Error);

#endif
