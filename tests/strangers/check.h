/**
 * @file
 * What the programs of this folder share: a check that ends the program, the first steps with sockets, and bytes that
 * tell from where in which stream they came. All else is each program's own, as each has a style of its own.
 *
 * Define BUG to a number and the mistake of that number is planted; the lines that a report must name bear a comment
 * with the word here, a colon and the number. Without BUG a program is right, and nothing may be said of it.
 */
#ifndef STRANGERS_CHECK_H
#define STRANGERS_CHECK_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef BUG
#define BUG 0
#endif

/** How long is waited for what must come; a planted mistake may wait in vain, and should not keep the runner. */
#define PATIENCE (BUG ? 1000u : 60000u)

#define CHECK(Condition)                                                                                               \
    do {                                                                                                               \
        if (!(Condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s (last error %lu)\n", __FILE__, __LINE__, #Condition,                    \
                    (unsigned long)GetLastError());                                                                    \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/** What others change with Interlocked calls is read with one too. */
static inline LONG Peek(LONG volatile *Value)
{
    return InterlockedCompareExchange(Value, 0, 0);
}

static inline void NetBegin(void)
{
    WSADATA Data;
    CHECK(WSAStartup(MAKEWORD(2, 2), &Data) == 0);
}

/** Pieces go at once: the programs count rounds, and none is to wait for an acknowledgement. */
static inline void NoDelay(SOCKET s)
{
    BOOL Yes = TRUE;
    CHECK(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (char *)&Yes, sizeof Yes) == 0);
}

static inline struct sockaddr_in Loopback(u_short Port)
{
    struct sockaddr_in Address;
    memset(&Address, 0, sizeof Address);
    Address.sin_family = AF_INET;
    Address.sin_port = htons(Port);
    Address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return Address;
}

static inline SOCKET TcpSocket(void)
{
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    CHECK(s != INVALID_SOCKET);
    return s;
}

/** Binds to a port that the system picks, and tells which. */
static inline u_short BindAny(SOCKET s)
{
    struct sockaddr_in Address = Loopback(0);
    int Size = sizeof Address;
    CHECK(bind(s, (struct sockaddr *)&Address, Size) == 0);
    CHECK(getsockname(s, (struct sockaddr *)&Address, &Size) == 0);
    return ntohs(Address.sin_port);
}

static inline SOCKET Listener(u_short *Port)
{
    SOCKET s = TcpSocket();
    *Port = BindAny(s);
    CHECK(listen(s, SOMAXCONN) == 0);
    return s;
}

static inline SOCKET Dial(u_short Port)
{
    SOCKET s = TcpSocket();
    struct sockaddr_in Address = Loopback(Port);
    DWORD Milliseconds = PATIENCE;
    CHECK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&Milliseconds, sizeof Milliseconds) == 0);
    NoDelay(s);
    CHECK(connect(s, (struct sockaddr *)&Address, sizeof Address) == 0);
    return s;
}

/** Two connected sockets. */
static inline void SocketPair(SOCKET *Near, SOCKET *Far)
{
    u_short Port;
    SOCKET Door = Listener(&Port);
    *Near = Dial(Port);
    *Far = accept(Door, NULL, NULL);
    CHECK(*Far != INVALID_SOCKET);
    NoDelay(*Far);
    CHECK(closesocket(Door) == 0);
}

/** Blocking; FALSE when the other side closed or nothing came in time. */
static inline BOOL SendAll(SOCKET s, const char *Data, int Length)
{
    for (int Done = 0, Sent; Done < Length; Done += Sent) {
        Sent = send(s, Data + Done, Length - Done, 0);
        if (Sent <= 0)
            return FALSE;
    }
    return TRUE;
}

static inline BOOL ReceiveAll(SOCKET s, char *Data, int Length)
{
    for (int Done = 0, Came; Done < Length; Done += Came) {
        Came = recv(s, Data + Done, Length - Done, 0);
        if (Came <= 0)
            return FALSE;
    }
    return TRUE;
}

/** The byte at an offset of a stream. */
static inline char ByteAt(unsigned Stream, unsigned Offset)
{
    unsigned x = (Stream + 1) * 2654435761u ^ Offset * 40503u;
    return (char)((x >> 13) ^ x);
}

static inline void FillFrom(char *Data, unsigned Length, unsigned Stream, unsigned Offset)
{
    for (unsigned i = 0; i < Length; i++)
        Data[i] = ByteAt(Stream, Offset + i);
}

static inline BOOL IsFrom(const char *Data, unsigned Length, unsigned Stream, unsigned Offset)
{
    for (unsigned i = 0; i < Length; i++) {
        if (Data[i] != ByteAt(Stream, Offset + i))
            return FALSE;
    }
    return TRUE;
}

static inline HANDLE Spawn(LPTHREAD_START_ROUTINE Start, void *Argument)
{
    HANDLE Thread = CreateThread(NULL, 0, Start, Argument, 0, NULL);
    CHECK(Thread != NULL);
    return Thread;
}

static inline void Join(HANDLE Thread)
{
    CHECK(WaitForSingleObject(Thread, PATIENCE + 10000) == WAIT_OBJECT_0);
    CHECK(CloseHandle(Thread));
}

#endif
