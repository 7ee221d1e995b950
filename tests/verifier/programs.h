/* programs.h - what the small programs share: a connected pair of sockets, a port, and taking packets. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <winsock2.h>
#include <mswsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

typedef struct PAIR {
    SOCKET Near, Far;
    HANDLE Port; /* the near end's */
} PAIR;

typedef struct PROGRAM {
    const char *Name;
    void (*Run)(void);
} PROGRAM;

/* Blocks once in every call that can. */
void BlockEverywhere(void);

extern const PROGRAM Misuses[], Errors[], Observations[];

/* Ends the program with 3 when something fails that has nothing to do with what it shows. */
void Require(int Holds, const char *What);

SOCKET ListenerCreate(struct sockaddr_in *Address);
PAIR PairOpen(void);
void PairClose(PAIR *Pair);

/* Posts a receive or a send; returns 0, WSA_IO_PENDING or the error with which it failed at once. */
int Receive(SOCKET Socket, void *Buffer, ULONG Length, OVERLAPPED *Overlapped);
int Send(SOCKET Socket, const void *Data, ULONG Length, OVERLAPPED *Overlapped);

/* Takes one packet; returns its error, 0 for a success. */
DWORD Take(HANDLE Port, DWORD *Bytes, OVERLAPPED **Overlapped);

#endif
