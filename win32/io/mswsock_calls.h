/**
 * @file mswsock_calls.h
 * The extension functions that programs reach through WSAIoctl alone.
 */
#ifndef MSWSOCK_CALLS_H
#define MSWSOCK_CALLS_H

#include "../include/mswsock.h"

BOOL PASCAL connect_ex(SOCKET s, const struct sockaddr *name, int namelen, PVOID lpSendBuffer, DWORD dwSendDataLength,
                       LPDWORD lpdwBytesSent, LPOVERLAPPED lpOverlapped);
BOOL PASCAL disconnect_ex(SOCKET s, LPOVERLAPPED lpOverlapped, DWORD dwFlags, DWORD dwReserved);
BOOL PASCAL transmit_packets(SOCKET hSocket, LPTRANSMIT_PACKETS_ELEMENT lpPacketArray, DWORD nElementCount,
                             DWORD nSendSize, LPOVERLAPPED lpOverlapped, DWORD dwFlags);

/** Turns the end of a start into what the extension functions return. */
BOOL overlapped_answer(uint32_t status, DWORD bytes, LPDWORD done);

#endif
