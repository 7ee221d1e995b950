/**
 * @file server.h
 * Stage 04: connections, too, come through the completion port, onto sockets that are used again.
 *
 * Two structures are handed from function to function:
 *   - SERVER_CONFIG  the server: its options, its threads, the list of its connections
 *   - OVERLAPPED_EX  one connection: an OVERLAPPED, and behind it all that is known about the client
 *
 * A connection has one operation at a time: it reads or writes its socket, or reads or writes a file. A completed
 * operation decides which one comes next (operations.c, server.c). Those files only set Context->IOOperation and
 * Context->WsaBuf; they never wait. How an operation is started and how its end is noticed is the engine's
 * business, and the engine is what changes from stage to stage:
 *
 *     OperationBegin(Context)                  ask Windows for Context->IOOperation
 *     ...                                      wait, in this stage on the completion port
 *     OperationDone(Context, Bytes, Error)     sets Context->IOOperation to the next one, or to IO_CLOSE
 *
 * Files: options.c, main.c, sockets.c, files.c, iocp.c (the engine), operations.c (what follows a completed
 * operation), server.c (what a request means), uploads.c, connections.c (list, buffers, deadlines), trace.c.
 */
#ifndef SERVER_H
#define SERVER_H

#include <winsock2.h>
#include <mswsock.h>
#include <windows.h>

#include "../../http/http.h"

/** The longest body that POST /echo takes, in bytes; a longer one is 413. It is kept in memory. */
#define ECHO_LIMIT (1024u * 1024u)
/** The longest upload, in bytes; a longer one is 413. It goes to a file slice by slice. */
#define UPLOAD_LIMIT (4ull * 1024u * 1024u * 1024u)
/** How long a connection that the server ends is read on, so that the client sees the last answer; milliseconds. */
#define LINGER_TIMEOUT 2000u
/** How long the main thread gives threads to end, and how often it looks for late clients; milliseconds. */
#define SHUTDOWN_TIMEOUT 5000u
#define SWEEP_INTERVAL 250u
/** Room for a root, a resolved target and what an upload's temporary name adds. */
#define PATH_SIZE (MAX_PATH + HTTP_MAX_TARGET + 64)

/** What AcceptEx needs for one address, in bytes, and for the two that it reports. */
#define ADDRESS_SIZE (sizeof(SOCKADDR_IN) + 16)
#define ADDRESS_ROOM (2 * ADDRESS_SIZE)

/** What is asked of Windows for a connection, or has just been completed. */
typedef enum IO_OPERATION {
    IO_THREAD_SHUTDOWN, /**< no connection at all: the thread that gets it ends */
    IO_SOCKET_READ,
    IO_SOCKET_WRITE,
    IO_FILE_READ,
    IO_FILE_WRITE,
    IO_SOCKET_ACCEPT,     /**< the socket waits for a client */
    IO_SOCKET_DISCONNECT, /**< the socket parts from its client, to wait for another */
    IO_CLOSE              /**< nothing more to do: the connection is closed */
} IO_OPERATION;

/** Where a connection is in its conversation: what the bytes of the next completion are for. */
typedef enum PHASE {
    PHASE_HEADER, /**< a request's header is coming in */
    PHASE_UPLOAD, /**< the body of a PUT is coming in and goes to a file */
    PHASE_ECHO,   /**< the body of a POST /echo is coming in */
    PHASE_ANSWER, /**< the answer is going out */
    PHASE_LINGER  /**< the last answer went out; what still comes in is thrown away */
} PHASE;

typedef struct OVERLAPPED_EX OVERLAPPED_EX;

/** The server. */
typedef struct SERVER_CONFIG {
    /* Options: set before any thread exists. */
    DWORD ServerPort;
    const char *Root;
    const char *Uploads; /**< or NULL: nothing may be uploaded */
    DWORD ThreadsPerCPU;
    DWORD SockBuffLen; /**< bytes of a connection's first buffer */
    DWORD Trace;
    DWORD HeaderTimeout; /**< seconds from a request's first byte to the end of its header */
    DWORD IdleTimeout;   /**< seconds without a byte: between requests, in a body, in an answer */
    DWORD Accepts;       /**< operations that wait for clients */
    DWORD FirstData;     /**< accept a client only with its first bytes */
    DWORD DrainTimeout;  /**< seconds that a shutdown gives to requests in flight */

    /* Set at start-up; closed by the main thread, after the threads that use them have ended. */
    SOCKET ListenSocket;
    HANDLE ListenEvent; /**< set when too few AcceptEx wait, by a worker or as FD_ACCEPT */
    LPFN_ACCEPTEX AcceptEx;
    LPFN_GETACCEPTEXSOCKADDRS GetAcceptExSockaddrs;
    LPFN_DISCONNECTEX DisconnectEx;
    HANDLE ListenThread;
    HANDLE CompletionPort;
    HANDLE Workers[MAXIMUM_WAIT_OBJECTS];
    DWORD WorkerCount;
    HANDLE StopEvent; /**< set by Ctrl-C */

    /* Interlocked access only. */
    volatile LONG Stopping;    /**< no new connection, no further request */
    volatile LONG Aborting;    /**< no further operation; set by the second Ctrl-C, or when the drain took too long */
    volatile LONG Accepting;   /**< places claimed by IO_SOCKET_ACCEPT operations, in flight or about to be */
    volatile LONG NoReuse;     /**< this Windows does not use a socket twice */
    volatile LONG Connections; /**< OVERLAPPED_EX structures that exist */

    /* Guarded by Lock, the only lock beside the trace's own; neither is taken while the other is held. */
    SRWLOCK Lock;
    OVERLAPPED_EX *First; /**< the connections, newest first */
} SERVER_CONFIG;

/**
 * A connection. Whoever handles its completed operation owns all fields without a note: between the start of an
 * operation and its completion that is Windows, and nobody may touch them, the buffer or the OVERLAPPED.
 */
struct OVERLAPPED_EX {
    OVERLAPPED Overlapped; /**< first, so that a completion's OVERLAPPED * is the connection's address */
    SERVER_CONFIG *Config; /**< never changes */
    SOCKET Socket;         /**< never changes; closed after the connection left the list */

    /* Guarded by Config->Lock. */
    OVERLAPPED_EX *Next;
    OVERLAPPED_EX *Previous;

    /* Interlocked access only: the main thread looks at them while an operation is in flight. */
    volatile LONG PendingIo;    /**< operations in flight and threads at work here; freed when it gets to 0 */
    volatile LONG Accepting;    /**< IO_SOCKET_ACCEPT is in flight */
    volatile LONG Idle;         /**< waiting for a request's first byte */
    volatile LONGLONG Deadline; /**< GetTickCount64 after which the socket operation is given up */

    /* The client. */
    char Addresses[ADDRESS_ROOM]; /**< from AcceptEx, when there is no first data */

    /* The operation. */
    IO_OPERATION IOOperation;
    PHASE Phase;
    WSABUF WsaBuf; /**< the bytes to fill or to send, for socket and file alike; always inside Buffer */

    /* The buffer: the request comes into it, the answer leaves from it. */
    char *Buffer;
    DWORD BuffLen;      /**< bytes at Buffer; doubles when it is too small */
    DWORD Used;         /**< bytes at its start that are still needed; answers are laid behind them */
    DWORD RequestBytes; /**< of Used: the header of the request being answered */
    DWORD Payload;      /**< of Used: a body's bytes, decoded */

    /* The request. */
    HTTP_SCAN Scan;
    HTTP_BODY Body;
    HTTP_METHOD Method;
    int MinorVersion;
    BOOL KeepAlive;

    /* The file that goes out or comes in. */
    HANDLE File;
    ULONGLONG FileOffset; /**< of the next slice */
    ULONGLONG FileBytes;  /**< bytes of it that are sent in all */
    ULONGLONG AcumBytes;  /**< of these, bytes read so far */
    DWORD HeaderBytes;    /**< the answer's header, laid before the first slice; 0 for later slices */
    char *UploadTemp;     /**< name while it comes in, or NULL */
    char *UploadName;     /**< name when it is whole; the same allocation */
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
/** Starts to fill Context->WsaBuf from the socket. @return FALSE when it failed at once; GetLastError tells why */
BOOL SocketRead(OVERLAPPED_EX *Context);
/** Starts to send Context->WsaBuf. @return as SocketRead */
BOOL SocketWrite(OVERLAPPED_EX *Context);
/** Claims a place among so many operations that wait for clients, before another is started: several threads do.
 * @return FALSE when all places are taken */
BOOL SocketClaim(SERVER_CONFIG *Config, LONG Most);
/** Starts to wait for a client, in a place that was claimed, and for its first bytes if they are wanted.
 * @return as SocketRead */
BOOL SocketAccept(OVERLAPPED_EX *Context);
/** The wait for a client has ended, well or not: its place is free again. */
void SocketAccepted(OVERLAPPED_EX *Context);
/** Makes a client's socket one like others. @return FALSE when the client is gone already */
BOOL SocketUpdate(OVERLAPPED_EX *Context);
/** Finds a client's address in what AcceptEx reported. */
SOCKADDR_IN SocketClient(const OVERLAPPED_EX *Context);
/** Starts to part from the client. @return as SocketRead */
BOOL SocketDisconnect(OVERLAPPED_EX *Context);
/** @return whether DisconnectEx made the socket as new. Where it never does, nobody asks it to again. */
BOOL SocketIsNew(OVERLAPPED_EX *Context);
/** @return whether a client connected that many seconds ago or earlier, but has sent nothing. For threads that do not
 * own Context. */
BOOL SocketIsSilent(OVERLAPPED_EX *Context, DWORD Seconds);
/** Makes an operation that waits on the socket come back with an error. For threads that do not own Context. */
void SocketCancel(OVERLAPPED_EX *Context);

/* files.c */
/** Opens a file the way this stage reads and writes files. @return INVALID_HANDLE_VALUE when it cannot */
HANDLE FileCreate(SERVER_CONFIG *Config, const char *Path, DWORD Access, DWORD Share, DWORD Disposition);
/** Opens a file below the root into Context->File. @return 200, 301 for a folder, or 404 */
int FileOpen(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts);
/** Starts to fill Context->WsaBuf from Context->FileOffset. @return as SocketRead */
BOOL FileRead(OVERLAPPED_EX *Context);
/** Starts to write Context->WsaBuf at Context->FileOffset. @return as SocketRead */
BOOL FileWrite(OVERLAPPED_EX *Context);
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
/** Makes the next operation a read of as many bytes as the buffer has room for, doubling a full buffer. */
void NextRead(OVERLAPPED_EX *Context);
/** Makes the next operation a write of bytes inside the buffer. */
void NextWrite(OVERLAPPED_EX *Context, char *Data, DWORD Length);
/** Makes the next operation a read of the file's next slice, behind the answer's header. */
void NextFileRead(OVERLAPPED_EX *Context);
/** Makes the next operation a write of Context->Payload bytes to the file. */
void NextFileWrite(OVERLAPPED_EX *Context);

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
/** Answers with a status and ends the connection: after it nobody knows where the next request would begin. */
void AnswerRefusal(OVERLAPPED_EX *Context, int Status);
/** The last byte of an answer has been sent. */
void AnswerDone(OVERLAPPED_EX *Context);

/* uploads.c */
/** Opens the temporary file for an upload. @return 0, or the status to answer */
int UploadOpen(OVERLAPPED_EX *Context, const char *Name);
/** Gives a whole upload its name. @return FALSE when that failed; the upload is gone then */
BOOL UploadCommit(OVERLAPPED_EX *Context);
/** Closes and deletes what came in of an upload, if there is one. */
void UploadDiscard(OVERLAPPED_EX *Context);

/* connections.c */
/** Makes a connection of a socket and puts it on the list. @return NULL without memory; the socket is closed then */
OVERLAPPED_EX *ConnectionOpen(SERVER_CONFIG *Config, SOCKET Socket);
/** Makes a connection like new, for the socket's next client. */
void ConnectionReset(OVERLAPPED_EX *Context);
/** Closes and frees a connection. No operation may be in flight. */
void ConnectionClose(OVERLAPPED_EX *Context);
/** Cancels the operations of connections that are late or silent, or idle during a shutdown, or all when aborting. */
void ConnectionSweep(SERVER_CONFIG *Config);
/** @return how many sockets wait for first data of a client that has connected. */
LONG ConnectionsSilent(SERVER_CONFIG *Config);
/** Doubles the buffer until Room bytes are free behind Used. @return FALSE without memory; nothing changed then */
BOOL BufferReserve(OVERLAPPED_EX *Context, size_t Room);
/** Gives back what a large body has made the buffer grow beyond the largest header. */
void BufferTrim(OVERLAPPED_EX *Context);
/** Removes Count bytes from the buffer's start. */
void BufferDrop(OVERLAPPED_EX *Context, DWORD Count);
/** Sets the time by which the socket operation that comes next must have ended. */
void DeadlineSet(OVERLAPPED_EX *Context, DWORD Milliseconds);
/** @return milliseconds until the deadline, 0 when it has passed */
DWORD DeadlineLeft(OVERLAPPED_EX *Context);
/** Reads a flag that other threads set. */
BOOL FlagIsSet(volatile LONG *Flag);

/* trace.c */
/** Prints a completed operation to stdout, before it is handled. */
void TraceOperation(const OVERLAPPED_EX *Context, DWORD Bytes, DWORD Error);

#endif
