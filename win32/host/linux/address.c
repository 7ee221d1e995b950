/**
 * @file address.c
 * Addresses in Winsock's layout and the system's, and names.
 *
 * The two layouts agree but for the number of the IPv6 family: 23 there, 10 here.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../../include/winerror.h"

enum { WINSOCK_INET = 2, WINSOCK_INET6 = 23 };

int linux_family_in(int family)
{
    return family == WINSOCK_INET ? AF_INET : family == WINSOCK_INET6 ? AF_INET6 : family == 0 ? AF_UNSPEC : -1;
}

int linux_family_out(int family)
{
    return family == AF_INET ? WINSOCK_INET : family == AF_INET6 ? WINSOCK_INET6 : 0;
}

socklen_t linux_address_in(const host_address *address, struct sockaddr_storage *storage)
{
    uint16_t family;
    memset(storage, 0, sizeof *storage);
    if (address->length < sizeof family)
        return 0;
    memcpy(storage, address->bytes, address->length);
    memcpy(&family, address->bytes, sizeof family);
    int known = linux_family_in(family);
    storage->ss_family = (sa_family_t)known;
    if (known == AF_INET && address->length >= sizeof(struct sockaddr_in))
        return sizeof(struct sockaddr_in);
    if (known == AF_INET6 && address->length >= sizeof(struct sockaddr_in6))
        return sizeof(struct sockaddr_in6);
    return 0;
}

void linux_address_out(const struct sockaddr_storage *storage, socklen_t length, host_address *address)
{
    uint16_t family = (uint16_t)linux_family_out(storage->ss_family);
    memset(address, 0, sizeof *address);
    if (length < sizeof family || !family)
        return;
    address->length = length < HOST_ADDRESS_SIZE ? length : HOST_ADDRESS_SIZE;
    memcpy(address->bytes, storage, address->length);
    memcpy(address->bytes, &family, sizeof family);
}

static int resolve_error(int error)
{
    switch (error) {
    case EAI_AGAIN:
        return -WSATRY_AGAIN;
    case EAI_FAMILY:
        return -WSAEAFNOSUPPORT;
    case EAI_MEMORY:
        return -WSA_NOT_ENOUGH_MEMORY;
    case EAI_SERVICE:
        return -WSATYPE_NOT_FOUND;
    case EAI_SOCKTYPE:
        return -WSAESOCKTNOSUPPORT;
    case EAI_BADFLAGS:
        return -WSAEINVAL;
    case EAI_FAIL:
        return -WSANO_RECOVERY;
    default:
        return -WSAHOST_NOT_FOUND;
    }
}

int host_resolve(const char *name, const char *service, int family, int type, bool passive, bool numeric,
                 host_resolved *results, int capacity)
{
    struct addrinfo hints = {.ai_family = linux_family_in(family),
                             .ai_socktype = type,
                             .ai_flags = (passive ? AI_PASSIVE : 0) | (numeric ? AI_NUMERICHOST : 0)};
    struct addrinfo *list = NULL;
    /* As on Windows, this name needs no file and no server (RFC 6761). */
    if (name && strcasecmp(name, "localhost") == 0)
        name = hints.ai_family == AF_INET6 ? "::1" : "127.0.0.1";
    int error = getaddrinfo(name, service, &hints, &list);
    if (error)
        return resolve_error(error);
    int count = 0;
    for (struct addrinfo *entry = list; entry && count < capacity; entry = entry->ai_next) {
        struct sockaddr_storage storage;
        if ((entry->ai_family != AF_INET && entry->ai_family != AF_INET6) || entry->ai_addrlen > sizeof storage)
            continue;
        memcpy(&storage, entry->ai_addr, entry->ai_addrlen);
        linux_address_out(&storage, entry->ai_addrlen, &results[count].address);
        results[count].type = entry->ai_socktype;
        results[count].protocol = entry->ai_protocol;
        count++;
    }
    freeaddrinfo(list);
    return count ? count : -WSAHOST_NOT_FOUND;
}

bool host_name(char *name, size_t size)
{
    return gethostname(name, size) == 0 && memchr(name, 0, size);
}

bool host_text_to_address(int family, const char *text, void *bytes)
{
    return inet_pton(linux_family_in(family), text, bytes) == 1;
}

bool host_address_to_text(int family, const void *bytes, char *text, size_t size)
{
    return inet_ntop(linux_family_in(family), bytes, text, (socklen_t)size) != NULL;
}
