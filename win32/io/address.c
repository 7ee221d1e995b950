/**
 * @file address.c
 * Addresses as programs give and want them.
 */
#include "socket.h"

bool address_from_program(const struct sockaddr *name, int length, host_address *address)
{
    size_t needed = !name || length < (int)sizeof(u_short)   ? 0
                    : name->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                    : name->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                  : (size_t)length;
    if (!needed || (size_t)length < needed || needed > HOST_ADDRESS_SIZE)
        return false;
    *address = (host_address){.length = (uint32_t)needed};
    memcpy(address->bytes, name, needed);
    return true;
}

bool address_to_program(const host_address *address, struct sockaddr *name, int *length)
{
    int room = *length;
    bool fits = room >= (int)address->length;
    if (room > 0)
        memcpy(name, address->bytes, fits ? address->length : (size_t)room);
    *length = (int)address->length;
    return fits;
}
