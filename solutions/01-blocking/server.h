/**
 * @file server.h
 * Stage 01: a thread for each connection, and calls that block.
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
 *     OperationBegin(Context)                  do Context->IOOperation
 *     ...                                      in this stage the call itself waits until it is done
 *     OperationDone(Context, Bytes, Error)     sets Context->IOOperation to the next one, or to IO_CLOSE
 *
 * Files: options.c, main.c, sockets.c, files.c, threads.c (the engine), operations.c (what follows a completed
 * operation), server.c (what a request means), uploads.c, connections.c (list, buffers, deadlines), trace.c.
 */
#ifndef SERVER_H
#define SERVER_H

#include <winsock2.h>
#include <windows.h>

#include "../../http/http.h"

/** The longest body that POST /echo takes, in bytes; a longer one is 413. It is kept in memory. */
#define ECHO_LIMIT (1024u * 1024u)
/** The longest upload, in bytes; a longer one is 413. It goes to a file slice by slice. */
#define UPLOAD_LIMIT (4ull * 1024u * 1024u * 1024u)
/** How long a connection that the server ends is read on, so that the client sees the last answer; milliseconds. */
#define LINGER_TIMEOUT 2000u
/** How long the main thread gives threads to end; milliseconds. */
#define SHUTDOWN_TIMEOUT 5000u
/** Room for a root, a resolved target and what an upload's temporary name adds. */
#define PATH_SIZE (MAX_PATH + HTTP_MAX_TARGET + 64)

/** What is asked of Windows for a connection, or has just been completed. */
typedef enum IO_OPERATION {
    IO_THREAD_SHUTDOWN, /**< no connection at all: the thread that gets it ends */
    IO_SOCKET_READ,
    IO_SOCKET_WRITE,
    IO_FILE_READ,
    IO_FILE_WRITE,
    IO_CLOSE /**< nothing more to do: the connection is closed */
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
    DWORD ThreadsPerCPU; /**< of no use before stage 03 */
    DWORD SockBuffLen;   /**< bytes of a connection's first buffer */
    DWORD Trace;
    DWORD HeaderTimeout; /**< seconds from a request's first byte to the end of its header */
    DWORD IdleTimeout;   /**< seconds without a byte: between requests, in a body, in an answer */
    DWORD DrainTimeout;  /**< seconds that a shutdown gives to requests in flight */

    /* Set at start-up; closed by the main thread, after the threads that use them have ended. */
    SOCKET ListenSocket; /**< closed while the listen thread waits on it: that is what wakes the thread */
    HANDLE ListenThread;
    HANDLE StopEvent; /**< set by Ctrl-C */

    /* Interlocked access only. */
    volatile LONG Stopping;    /**< no new connection, no further request */
    volatile LONG Aborting;    /**< no further operation; set by the second Ctrl-C, or when the drain took too long */
    volatile LONG Connections; /**< OVERLAPPED_EX structures that exist */

    /* Guarded by Lock, the only lock beside the trace's own; neither is taken while the other is held. */
    SRWLOCK Lock;
    OVERLAPPED_EX *First; /**< the connections, newest first */
} SERVER_CONFIG;

/**
 * A connection. Its thread owns all fields without a note.
 */
struct OVERLAPPED_EX {
    OVERLAPPED Overlapped; /**< tells ReadFile and WriteFile the place in the file; later stages need it for more */
    SERVER_CONFIG *Config; /**< never changes */
    SOCKET Socket;         /**< never changes; closed after the connection left the list */

    /* Guarded by Config->Lock. */
    OVERLAPPED_EX *Next;
    OVERLAPPED_EX *Previous;

    /* Interlocked access only: the main thread looks at them. */
    volatile LONG Idle;         /**< waiting for a request's first byte */
    volatile LONGLONG Deadline; /**< GetTickCount64 after which the socket operation is given up */

    /* The operation. */
    IO_OPERATION IOOperation;
    PHASE Phase;
    DWORD Bytes;   /**< how many it moved */
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
/** Makes the socket that listens on 127.0.0.1. @return INVALID_SOCKET after a message */
SOCKET SocketCreate(SERVER_CONFIG *Config);
/** Accepts connections until the listening socket is closed. @param Parameter the SERVER_CONFIG */
DWORD WINAPI SocketListenThread(LPVOID Parameter);
/** Fills Context->WsaBuf from the socket, as far as bytes come. @return FALSE when it failed; GetLastError tells why */
BOOL SocketRead(OVERLAPPED_EX *Context);
/** Sends Context->WsaBuf. @return as SocketRead */
BOOL SocketWrite(OVERLAPPED_EX *Context);
/** Makes an operation that waits on the socket come back with an error. For threads that do not own Context. */
void SocketCancel(OVERLAPPED_EX *Context);

/* files.c */
/** Opens a file the way this stage reads and writes files. @return INVALID_HANDLE_VALUE when it cannot */
HANDLE FileCreate(SERVER_CONFIG *Config, const char *Path, DWORD Access, DWORD Share, DWORD Disposition);
/** Opens a file below the root into Context->File. @return 200, 301 for a folder, or 404 */
int FileOpen(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts);
/** Fills Context->WsaBuf from Context->FileOffset. @return as SocketRead */
BOOL FileRead(OVERLAPPED_EX *Context);
/** Writes Context->WsaBuf at Context->FileOffset. @return as SocketRead */
BOOL FileWrite(OVERLAPPED_EX *Context);
/** Closes Context->File, if there is one. */
void FileClose(OVERLAPPED_EX *Context);

/* threads.c */
/** Serves one connection until its end. @param Parameter the OVERLAPPED_EX */
DWORD WINAPI ConnectionThread(LPVOID Parameter);

/* operations.c */
/** Does Context->IOOperation. @return as SocketRead */
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
/** Closes and frees a connection. No operation may be in flight. */
void ConnectionClose(OVERLAPPED_EX *Context);
/**
 * Cancels the operations of connections that are idle during a shutdown, or all when aborting. Not of those that are
 * late: the call that they wait in has a timeout (SocketTimeout), and whom SocketCancel has met reads no more.
 */
void ConnectionSweep(SERVER_CONFIG *Config);
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
