/**
 * @file name.c
 * Names and numbers of hosts.
 */
#include <stdio.h>

#include "../object/thread.h"
#include "socket.h"

enum { MOST_RESULTS = 64 };

/* Each entry is one allocation: the entry, then its address. */
static ADDRINFOA *entry_make(const host_resolved *resolved)
{
    ADDRINFOA *entry = calloc(1, sizeof *entry + sizeof(SOCKADDR_STORAGE));
    if (!entry)
        return NULL;
    u_short family;
    memcpy(&family, resolved->address.bytes, sizeof family);
    entry->ai_family = family;
    entry->ai_socktype = resolved->type;
    entry->ai_protocol = resolved->protocol;
    entry->ai_addrlen = resolved->address.length;
    entry->ai_addr = (struct sockaddr *)(entry + 1);
    memcpy(entry->ai_addr, resolved->address.bytes, resolved->address.length);
    return entry;
}

INT WSAAPI getaddrinfo(const char *pNodeName, const char *pServiceName, const ADDRINFOA *pHints, PADDRINFOA *ppResult)
{
    host_resolved results[MOST_RESULTS];
    ADDRINFOA *first = NULL, **end = &first;
    int flags = pHints ? pHints->ai_flags : 0, error = 0;
    if (!winsock_started())
        error = WSANOTINITIALISED;
    else if (!pNodeName && !pServiceName)
        error = WSAHOST_NOT_FOUND;
    if (error) {
        SetLastError((DWORD)error);
        return error;
    }
    block_enter();
    int count = host_resolve(pNodeName, pServiceName, pHints ? pHints->ai_family : 0, pHints ? pHints->ai_socktype : 0,
                             flags & AI_PASSIVE, flags & AI_NUMERICHOST, results, MOST_RESULTS);
    block_leave();
    error = count < 0 ? -count : 0;
    for (int i = 0; i < count && !error; i++) {
        *end = entry_make(&results[i]);
        if (*end)
            end = &(*end)->ai_next;
        else
            error = WSA_NOT_ENOUGH_MEMORY;
    }
    if (error) {
        freeaddrinfo(first);
        SetLastError((DWORD)error);
        return error;
    }
    *ppResult = first;
    return 0;
}

void WSAAPI freeaddrinfo(PADDRINFOA pAddrInfo)
{
    while (pAddrInfo) {
        ADDRINFOA *next = pAddrInfo->ai_next;
        free(pAddrInfo);
        pAddrInfo = next;
    }
}

/* Numbers only: the slice makes no reverse lookups, as most servers do not. */
INT WSAAPI getnameinfo(const struct sockaddr *pSockaddr, socklen_t SockaddrLength, char *pNodeBuffer,
                       DWORD NodeBufferSize, char *pServiceBuffer, DWORD ServiceBufferSize, INT Flags)
{
    host_address address;
    (void)Flags;
    if (!address_from_program(pSockaddr, SockaddrLength, &address))
        return WSAEFAULT;
    bool six = pSockaddr->sa_family == AF_INET6;
    if (pNodeBuffer && NodeBufferSize &&
        !host_address_to_text(pSockaddr->sa_family, address.bytes + (six ? 8 : 4), pNodeBuffer, NodeBufferSize))
        return WSAEFAULT;
    u_short port;
    memcpy(&port, address.bytes + 2, sizeof port);
    if (pServiceBuffer && ServiceBufferSize)
        snprintf(pServiceBuffer, ServiceBufferSize, "%u", (unsigned)ntohs(port));
    return 0;
}

INT WSAAPI inet_pton(INT Family, const char *pszAddrString, void *pAddrBuf)
{
    if (Family != AF_INET && Family != AF_INET6) {
        SetLastError(WSAEAFNOSUPPORT);
        return -1;
    }
    if (!pszAddrString || !pAddrBuf) {
        SetLastError(WSAEFAULT);
        return -1;
    }
    return host_text_to_address(Family, pszAddrString, pAddrBuf);
}

const char *WSAAPI inet_ntop(INT Family, const void *pAddr, char *pStringBuf, size_t StringBufSize)
{
    if (Family != AF_INET && Family != AF_INET6) {
        SetLastError(WSAEAFNOSUPPORT);
        return NULL;
    }
    if (host_address_to_text(Family, pAddr, pStringBuf, StringBufSize))
        return pStringBuf;
    SetLastError(ERROR_INVALID_PARAMETER);
    return NULL;
}

ULONG WSAAPI inet_addr(const char *cp)
{
    ULONG address;
    return cp && host_text_to_address(AF_INET, cp, &address) ? address : INADDR_NONE;
}

char *WSAAPI inet_ntoa(struct in_addr in)
{
    static _Thread_local char text[16];
    host_address_to_text(AF_INET, &in, text, sizeof text);
    return text;
}

int WSAAPI gethostname(char *name, int namelen)
{
    if (namelen > 0 && host_name(name, (size_t)namelen))
        return 0;
    SetLastError(WSAEFAULT);
    return SOCKET_ERROR;
}

struct hostent *WSAAPI gethostbyname(const char *name)
{
    static _Thread_local struct {
        struct hostent entry;
        char name[256];
        char *aliases[1], *addresses[2];
        struct in_addr address;
    } found;
    host_resolved result;
    int count = host_resolve(name, NULL, AF_INET, SOCK_STREAM, false, false, &result, 1);
    if (count < 1) {
        SetLastError((DWORD)-count);
        return NULL;
    }
    memcpy(&found.address, result.address.bytes + 4, sizeof found.address);
    snprintf(found.name, sizeof found.name, "%s", name);
    found.addresses[0] = (char *)&found.address;
    found.addresses[1] = found.aliases[0] = NULL;
    found.entry = (struct hostent){found.name, found.aliases, AF_INET, sizeof found.address, found.addresses};
    return &found.entry;
}

const char *gai_strerrorA(int ecode)
{
    static _Thread_local char text[256];
    if (!FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, (DWORD)ecode, 0, text,
                        sizeof text, NULL))
        snprintf(text, sizeof text, "error %d", ecode);
    return text;
}
