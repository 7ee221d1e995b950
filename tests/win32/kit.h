/*
 * kit.h - what many cases need: threads, waiting for conditions, packets, pairs of connected sockets, files.
 *
 * Everything here ends the case through REQUIRE when it cannot do its work, so callers need no error paths.
 */
#ifndef KIT_H
#define KIT_H

#include "case.h"

/* ---- flags shared between threads; always through these two ---- */

LONG load(volatile LONG *value);
void store(volatile LONG *value, LONG to);

/** Polls `condition` until it holds; false after limit_ms(). */
#define WAIT_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        ULONGLONG give_up_ = GetTickCount64() + limit_ms();                                                            \
        while (!(condition) && GetTickCount64() < give_up_) {                                                          \
            Sleep(1);                                                                                                  \
        }                                                                                                              \
        REQUIRE(condition);                                                                                            \
    } while (0)
/** Expects that `condition` holds now and does not cease to hold for QUIET_MS. */
#define EXPECT_STAYS(condition)                                                                                        \
    do {                                                                                                               \
        ULONGLONG end_ = GetTickCount64() + QUIET_MS;                                                                  \
        while ((condition) && GetTickCount64() < end_) {                                                               \
            Sleep(1);                                                                                                  \
        }                                                                                                              \
        EXPECT(condition);                                                                                             \
    } while (0)

/* ---- threads ---- */

HANDLE start_thread(LPTHREAD_START_ROUTINE body, void *argument);
/** Waits for the thread, closes the handle, returns the exit code. */
DWORD join_thread(HANDLE thread);

/** A thread that waits in a call without an OVERLAPPED, and what became of the call. */
typedef struct BLOCKED {
    SOCKET socket;
    volatile LONG about_to; /**< the call comes next */
    volatile LONG done;
    int error; /**< of the call, 0 when it succeeded; to be read once it is done */
} BLOCKED;
/** @name Bodies for start_thread: a recv of one byte, an accept. The argument is a BLOCKED.
 * @{ */
DWORD WINAPI blocked_receive(void *argument);
DWORD WINAPI blocked_accept(void *argument);
/** @} */

/* ---- completion ports ---- */

/** All that one GetQueuedCompletionStatus call gave. Before the call bytes, key and error hold the UNTOUCHED values. */
typedef struct PACKET {
    BOOL ok;
    DWORD error;
    DWORD bytes;
    ULONG_PTR key;
    OVERLAPPED *overlapped;
} PACKET;

#define UNTOUCHED_BYTES 0xDEADu
#define UNTOUCHED_KEY 0xBEEFu
#define UNTOUCHED_ERROR 0xBADu

HANDLE new_port(DWORD concurrency);
void associate(HANDLE file, HANDLE port, ULONG_PTR key);
PACKET take_within(HANDLE port, DWORD milliseconds);
PACKET take(HANDLE port);
/** Takes a packet, which must be this one. */
#define EXPECT_GOOD(port, bytes_, key_, overlapped_)                                                                   \
    do {                                                                                                               \
        PACKET good_ = take(port);                                                                                     \
        EXPECT(good_.ok);                                                                                              \
        EXPECT_EQ(bytes_, good_.bytes);                                                                                \
        EXPECT_EQ(key_, good_.key);                                                                                    \
        EXPECT_PTR(overlapped_, good_.overlapped);                                                                     \
    } while (0)
#define EXPECT_BAD(port, error_, bytes_, key_, overlapped_)                                                            \
    do {                                                                                                               \
        PACKET bad_ = take(port);                                                                                      \
        EXPECT(!bad_.ok);                                                                                              \
        EXPECT_EQ(error_, bad_.error);                                                                                 \
        EXPECT_EQ(bytes_, bad_.bytes);                                                                                 \
        EXPECT_EQ(key_, bad_.key);                                                                                     \
        EXPECT_PTR(overlapped_, bad_.overlapped);                                                                      \
    } while (0)
#define EXPECT_NO_PACKET(port)                                                                                         \
    do {                                                                                                               \
        PACKET none_ = take_within(port, QUIET_MS);                                                                    \
        EXPECT(!none_.ok);                                                                                             \
        EXPECT_EQ(WAIT_TIMEOUT, none_.error);                                                                          \
        EXPECT_PTR(NULL, none_.overlapped);                                                                            \
    } while (0)

/* ---- sockets; all of them overlapped, IPv4, on the loopback address ---- */

SOCKET new_socket(int type);
struct sockaddr_in loopback(u_short port);
/** Binds to a free port of the system's choice and tells the address. */
void bind_loopback(SOCKET s, struct sockaddr_in *address);
SOCKET new_listener(struct sockaddr_in *address);
void connect_to(SOCKET s, const struct sockaddr_in *address);
/** A connected TCP pair; near is the connecting end. */
void tcp_pair(SOCKET *near_end, SOCKET *far_end);
/** A TCP pair whose near end belongs to a new port with this key. */
HANDLE tcp_pair_on_port(SOCKET *near_end, SOCKET *far_end, ULONG_PTR key);
/** Closes with a reset instead of an orderly end. */
void reset_connection(SOCKET s);
void send_all(SOCKET s, const void *data, size_t size);
void receive_all(SOCKET s, void *data, size_t size);

/** Starts an overlapped call on one buffer; returns 0 (done at once), WSA_IO_PENDING or the error. */
int start_receive(SOCKET s, void *data, size_t size, OVERLAPPED *overlapped);
int start_send(SOCKET s, const void *data, size_t size, OVERLAPPED *overlapped);
/** The same where the call must have been accepted. */
void must_receive(SOCKET s, void *data, size_t size, OVERLAPPED *overlapped);
void must_send(SOCKET s, const void *data, size_t size, OVERLAPPED *overlapped);
/** Makes an OVERLAPPED ready for its next use. */
void clear(OVERLAPPED *overlapped);

/* ---- files ---- */

/** A name in the current directory that no other file has; `name` holds at least 64 characters. */
void temporary_name(char *name);
/** Creates a file of `size` bytes, of which byte i is pattern_byte(i). */
void create_pattern_file(char *name, size_t size);
unsigned char pattern_byte(size_t at);
void fill_pattern(void *data, size_t size);
/** Opens an existing file for reading; `flags` such as FILE_FLAG_OVERLAPPED. */
HANDLE open_file(const char *name, DWORD access, DWORD flags);

/* Milliseconds of a clock that is exact: under Wine GetTickCount64 falls behind when the machine is busy. */
ULONGLONG clock_ms(void);

#endif
