/**
 * @file ws2tcpip.h
 * IPv6 addresses and name resolution.
 */
#ifndef WIN32_WS2TCPIP_H
#define WIN32_WS2TCPIP_H

#include "winsock2.h"

typedef struct in6_addr {
    union {
        u_char Byte[16];
        u_short Word[8];
    } u;
} IN6_ADDR, *PIN6_ADDR;

typedef struct sockaddr_in6 {
    short sin6_family;
    u_short sin6_port;
    ULONG sin6_flowinfo;
    struct in6_addr sin6_addr;
    ULONG sin6_scope_id;
} SOCKADDR_IN6, *PSOCKADDR_IN6, *LPSOCKADDR_IN6;

#define INET_ADDRSTRLEN 22
#define INET6_ADDRSTRLEN 65
#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#define NI_NUMERICHOST 0x02
#define NI_NUMERICSERV 0x08
#define AI_PASSIVE 0x01
#define AI_CANONNAME 0x02
#define AI_NUMERICHOST 0x04
#define AI_NUMERICSERV 0x08
#define EAI_AGAIN WSATRY_AGAIN
#define EAI_BADFLAGS WSAEINVAL
#define EAI_FAIL WSANO_RECOVERY
#define EAI_FAMILY WSAEAFNOSUPPORT
#define EAI_MEMORY WSA_NOT_ENOUGH_MEMORY
#define EAI_NONAME WSAHOST_NOT_FOUND
#define EAI_SERVICE WSATYPE_NOT_FOUND
#define EAI_SOCKTYPE WSAESOCKTNOSUPPORT

typedef int socklen_t_win32;
#define socklen_t socklen_t_win32

typedef struct addrinfo {
    int ai_flags;
    int ai_family;
    int ai_socktype;
    int ai_protocol;
    size_t ai_addrlen;
    char *ai_canonname;
    struct sockaddr *ai_addr;
    struct addrinfo *ai_next;
} ADDRINFOA, *PADDRINFOA;
typedef ADDRINFOA ADDRINFO, *LPADDRINFO;

#define getaddrinfo win32_getaddrinfo
#define freeaddrinfo win32_freeaddrinfo
#define getnameinfo win32_getnameinfo
#define inet_pton win32_inet_pton
#define inet_ntop win32_inet_ntop
#define GetAddrInfoA win32_getaddrinfo
#define FreeAddrInfoA win32_freeaddrinfo
#define InetPtonA win32_inet_pton
#define InetNtopA win32_inet_ntop

INT WSAAPI getaddrinfo(const char *pNodeName, const char *pServiceName, const ADDRINFOA *pHints,
                       PADDRINFOA *ppResult);
void WSAAPI freeaddrinfo(PADDRINFOA pAddrInfo);
INT WSAAPI getnameinfo(const struct sockaddr *pSockaddr, socklen_t SockaddrLength, char *pNodeBuffer,
                       DWORD NodeBufferSize, char *pServiceBuffer, DWORD ServiceBufferSize, INT Flags);
INT WSAAPI inet_pton(INT Family, const char *pszAddrString, void *pAddrBuf);
const char *WSAAPI inet_ntop(INT Family, const void *pAddr, char *pStringBuf, size_t StringBufSize);
const char *gai_strerrorA(int ecode);
#define gai_strerror gai_strerrorA

#endif
