/*
 * extensions.h - Microsoft's extension functions, found the way that programs find them, and an accept to post.
 */
#ifndef EXTENSIONS_H
#define EXTENSIONS_H

#include "kit.h"

/** The functions; a NULL member is one that this Winsock does not have. */
typedef struct EXTENSIONS {
    LPFN_ACCEPTEX accept;
    LPFN_GETACCEPTEXSOCKADDRS addresses;
    LPFN_CONNECTEX connect;
    LPFN_DISCONNECTEX disconnect;
    LPFN_TRANSMITFILE transmit_file;
    LPFN_TRANSMITPACKETS transmit_packets;
    LPFN_WSARECVMSG receive_message;
} EXTENSIONS;

EXTENSIONS find_extensions(void);

/** The least that each of the two address areas must have. */
#define ADDRESS_AREA ((DWORD)(sizeof(struct sockaddr_in) + 16))
#define FIRST_DATA 64

/** An accept that is out: its socket, its buffer (data, local address, remote address). */
typedef struct ACCEPT {
    OVERLAPPED overlapped; /* first, so that a packet's OVERLAPPED * is the accept's */
    SOCKET socket;
    char buffer[FIRST_DATA + 2 * (sizeof(struct sockaddr_in) + 16)];
} ACCEPT;

/** Posts an accept with a new socket. @param data bytes of first data to wait for, up to FIRST_DATA */
void post_accept(const EXTENSIONS *ex, SOCKET listener, ACCEPT *accept, DWORD data);
/** The same, with the socket that `accept` has already. */
void post_accept_again(const EXTENSIONS *ex, SOCKET listener, ACCEPT *accept, DWORD data);
/** Makes an accepted socket an ordinary one. */
void update_accept_context(SOCKET accepted, SOCKET listener);
/** A listener on a new port, with this key. */
SOCKET listener_on_port(struct sockaddr_in *address, HANDLE *port, ULONG_PTR key);

#endif
