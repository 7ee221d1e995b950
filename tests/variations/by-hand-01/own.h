/*
 * A server for lab 01 by another hand: written from the handout alone, and built otherwise than the solution. Each client
 * has a thread that talks to it from top to bottom (talk.c); sockets do not block, and the thread waits in select, a
 * moment at a time, so that it can look at flags and clocks in between (wire.c). Nobody is ever cancelled from outside.
 */
#ifndef OWN_H
#define OWN_H

#include <winsock2.h>
#include <windows.h>

#include "http/http.h"

typedef struct SETTINGS {
    DWORD port, workers, buffer, header_seconds, idle_seconds, drain_seconds;
    const char *root, *uploads;
    BOOL trace;
} SETTINGS;

extern SETTINGS settings;
extern volatile LONG stopping, aborting, clients;

typedef struct CLIENT {
    SOCKET socket;
    char *in; /* what has come and is not used up */
    size_t size, used;
    BOOL silent; /* no byte of the next request has come */
    HTTP_METHOD method;
    int minor;
    BOOL stays;
} CLIENT;

typedef enum HEARD { HEARD_BYTES, HEARD_END, HEARD_LATE } HEARD;

/* wire.c */
void complain(const char *format, ...);
HEARD hear(CLIENT *c, size_t most, ULONGLONG until);
BOOL say(CLIENT *c, const char *bytes, size_t length);
void drop(CLIENT *c, size_t count);
BOOL grow(CLIENT *c);
void trace(const char *what, DWORD bytes, const char *format, ...);
ULONGLONG after(DWORD seconds);

/* talk.c */
DWORD WINAPI talk(LPVOID client);

/* store.c: what a request for a file, or with one, means; nonzero: the connection may go on */
BOOL give_file(CLIENT *c, const HTTP_REQUEST *request, const char *name);
BOOL take_file(CLIENT *c, HTTP_BODY *body, const char *name);
BOOL answer(CLIENT *c, int status, const char *allow, const char *location);
HEARD body_more(CLIENT *c, HTTP_BODY *body, int *status, BOOL (*taker)(void *, const char *, size_t), void *with);

#endif
