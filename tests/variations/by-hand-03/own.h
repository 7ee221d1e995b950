/*
 * A server for lab 03 by another hand, written from the handout alone. A connection has no state but the function that
 * is to be called with the end of its operation (then). Every operation that is begun ends with a packet: one that fails at
 * once posts its own, with the error as the key.
 */
#ifndef OWN_H
#define OWN_H

#include <winsock2.h>
#include <windows.h>

#include "http/http.h"

typedef struct SETTINGS {
    DWORD port, per_processor, buffer, header_seconds, idle_seconds, drain_seconds;
    const char *root, *uploads;
    BOOL trace;
} SETTINGS;

extern SETTINGS settings;
extern volatile LONG stopping, aborting;

typedef struct LINK LINK;
typedef void NEXT(LINK *c, DWORD bytes, DWORD error);

struct LINK {
    OVERLAPPED io; /* one operation at a time */
    NEXT *then;
    volatile LONG holders; /* the operation, and who is at work here */
    LINK *older, *newer;   /* guarded by the list's lock */
    SOCKET socket;
    volatile LONGLONG until; /* read by the main thread */
    volatile LONG silent;

    char *in;
    size_t size, used;
    HTTP_SCAN scan;
    HTTP_METHOD method;
    int minor;
    BOOL stays;

    char *out; /* what is being said */
    size_t out_size, said, to_say;
    NEXT *after_saying;

    HANDLE file;
    ULONGLONG at, left, sum;
    HTTP_BODY body;
    char *text; /* of an echo */
    size_t text_length, text_size;
    const char *piece; /* of an upload */
    size_t piece_length, piece_used;
    char *part, *whole;
};

/* port.c */
BOOL ports_open(void);
void ports_close(void);
BOOL tie(HANDLE device);
void links_sweep(void);
LONG links_count(void);
void link_begin(SOCKET socket);
void read_more(LINK *c, size_t most, NEXT *then);
void say(LINK *c, NEXT *then);
void read_slice(LINK *c, char *to, DWORD length, NEXT *then);
void write_piece(LINK *c, NEXT *then);
void complain(const char *format, ...);
void trace(const char *what, DWORD bytes, const char *format, ...);
void give_time(LINK *c, ULONGLONG milliseconds);
BOOL is_late(LINK *c);
BOOL room(char **bytes, size_t *size, size_t wanted);
BOOL is_set(volatile LONG *flag);

/* speak.c */
void request_next(LINK *c);

#endif
