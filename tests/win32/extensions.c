/*
 * extensions.c - see extensions.h.
 */
#include "extensions.h"

static void find(SOCKET s, GUID id, void *function, size_t size)
{
    DWORD bytes = 0;
    memset(function, 0, size);
    WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, function, (DWORD)size, &bytes, NULL, NULL);
}

EXTENSIONS find_extensions(void)
{
    static const GUID accept_id = WSAID_ACCEPTEX, addresses_id = WSAID_GETACCEPTEXSOCKADDRS,
                      connect_id = WSAID_CONNECTEX, disconnect_id = WSAID_DISCONNECTEX,
                      transmit_file_id = WSAID_TRANSMITFILE, transmit_packets_id = WSAID_TRANSMITPACKETS,
                      receive_message_id = WSAID_WSARECVMSG;
    EXTENSIONS ex;
    SOCKET s = new_socket(SOCK_STREAM), datagrams = new_socket(SOCK_DGRAM);
    find(s, accept_id, &ex.accept, sizeof ex.accept);
    find(s, addresses_id, &ex.addresses, sizeof ex.addresses);
    find(s, connect_id, &ex.connect, sizeof ex.connect);
    find(s, disconnect_id, &ex.disconnect, sizeof ex.disconnect);
    find(s, transmit_file_id, &ex.transmit_file, sizeof ex.transmit_file);
    find(s, transmit_packets_id, &ex.transmit_packets, sizeof ex.transmit_packets);
    find(datagrams, receive_message_id, &ex.receive_message, sizeof ex.receive_message);
    closesocket(s);
    closesocket(datagrams);
    return ex;
}

void post_accept_again(const EXTENSIONS *ex, SOCKET listener, ACCEPT *accept, DWORD data)
{
    DWORD bytes = 0;
    memset(&accept->overlapped, 0, sizeof accept->overlapped);
    BOOL done = ex->accept(listener, accept->socket, accept->buffer, data, ADDRESS_AREA, ADDRESS_AREA, &bytes,
                           &accept->overlapped);
    REQUIRE(done || WSAGetLastError() == ERROR_IO_PENDING);
}

void post_accept(const EXTENSIONS *ex, SOCKET listener, ACCEPT *accept, DWORD data)
{
    accept->socket = new_socket(SOCK_STREAM);
    post_accept_again(ex, listener, accept, data);
}

void update_accept_context(SOCKET accepted, SOCKET listener)
{
    REQUIRE_EQ(0, setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&listener, sizeof listener));
}

SOCKET listener_on_port(struct sockaddr_in *address, HANDLE *port, ULONG_PTR key)
{
    SOCKET listener = new_listener(address);
    *port = new_port(0);
    associate((HANDLE)listener, *port, key);
    return listener;
}
