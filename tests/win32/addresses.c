/*
 * addresses.c - addresses as text, names to addresses, socket options.
 */
#include "kit.h"

static int last_error_of(int result)
{
    return result == SOCKET_ERROR ? WSAGetLastError() : 0;
}

CASE(addresses_from_text)
{
    struct in_addr four;
    struct in6_addr six;
    EXPECT_EQ(1, inet_pton(AF_INET, "127.0.0.1", &four));
    EXPECT_EQ(htonl(INADDR_LOOPBACK), four.s_addr);
    EXPECT_EQ(1, inet_pton(AF_INET6, "::1", &six));
    EXPECT_EQ(1, ((unsigned char *)&six)[15]);
    EXPECT_EQ(0, inet_pton(AF_INET, "127.0.0.256", &four));
    EXPECT_EQ(0, inet_pton(AF_INET, "127.0.0", &four));
    EXPECT_EQ(0, inet_pton(AF_INET, "127.0.0.1 ", &four));
    EXPECT_EQ(0, inet_pton(AF_INET6, "127.0.0.1", &six));
    EXPECT_EQ(-1, inet_pton(12345, "127.0.0.1", &four));
    EXPECT_EQ(WSAEAFNOSUPPORT, WSAGetLastError());
}

CASE(addresses_to_text)
{
    struct in_addr four;
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN] = "";
    four.s_addr = htonl(0xC0A80102);
    EXPECT_PTR(text, inet_ntop(AF_INET, &four, text, sizeof text));
    EXPECT_EQ(0, strcmp("192.168.1.2", text));
    memset(&six, 0, sizeof six);
    ((unsigned char *)&six)[15] = 1;
    EXPECT_PTR(text, inet_ntop(AF_INET6, &six, text, sizeof text));
    EXPECT_EQ(0, strcmp("::1", text));
    EXPECT(inet_ntop(AF_INET, &four, text, 5) == NULL);
    EXPECT(inet_ntop(12345, &four, text, sizeof text) == NULL);
    EXPECT_EQ(WSAEAFNOSUPPORT, WSAGetLastError());
}

CASE(addresses_in_network_order)
{
    unsigned char bytes[4];
    u_short port = htons(0x1234);
    u_long address = htonl(0x01020304);
    memcpy(bytes, &port, 2);
    EXPECT_EQ(0x12, bytes[0]);
    memcpy(bytes, &address, 4);
    EXPECT_EQ(1, bytes[0]);
    EXPECT_EQ(0x1234, ntohs(port));
    EXPECT_EQ(0x01020304, ntohl(address));
}

static int look_up(const char *name, const char *service, int flags, struct addrinfo **found)
{
    struct addrinfo hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    *found = NULL;
    return getaddrinfo(name, service, &hints, found);
}

static void expect_found(const char *name, const char *service, int flags, u_long address, u_short port)
{
    struct addrinfo *found;
    struct sockaddr_in in;
    REQUIRE_EQ(0, look_up(name, service, flags, &found));
    REQUIRE(found != NULL);
    EXPECT_EQ(AF_INET, found->ai_family);
    EXPECT_EQ(SOCK_STREAM, found->ai_socktype);
    REQUIRE_EQ(sizeof in, found->ai_addrlen);
    memcpy(&in, found->ai_addr, sizeof in);
    EXPECT_EQ(AF_INET, in.sin_family);
    EXPECT_EQ(htonl(address), in.sin_addr.s_addr);
    EXPECT_EQ(htons(port), in.sin_port);
    freeaddrinfo(found);
}

static int localhost_is_known(void)
{
    struct addrinfo *found;
    if (look_up("localhost", "80", 0, &found) != 0)
        return 0;
    freeaddrinfo(found);
    return 1;
}

CASE(addresses_of_numbers_and_localhost)
{
    struct addrinfo *found;
    expect_found("127.0.0.1", "8080", AI_NUMERICHOST, INADDR_LOOPBACK, 8080);
    if (localhost_is_known() || !WINE_PART_DIFFERS("this machine has no name localhost: is there an /etc/hosts?"))
        expect_found("localhost", "80", 0, INADDR_LOOPBACK, 80);
    expect_found(NULL, "81", AI_PASSIVE, INADDR_ANY, 81);
    expect_found(NULL, "82", 0, INADDR_LOOPBACK, 82);
    EXPECT_EQ(WSAHOST_NOT_FOUND, look_up("not.a.number", "80", AI_NUMERICHOST, &found));
    EXPECT(found == NULL);
}

CASE(addresses_back_to_numbers)
{
    struct sockaddr_in address = loopback(htons(8080));
    char host[64] = "", service[32] = "";
    EXPECT_EQ(0, getnameinfo((struct sockaddr *)&address, (socklen_t)sizeof address, host, sizeof host, service,
                             sizeof service, NI_NUMERICHOST | NI_NUMERICSERV));
    EXPECT_EQ(0, strcmp("127.0.0.1", host));
    EXPECT_EQ(0, strcmp("8080", service));
}

/* ---- options ---- */

static int set_and_get(SOCKET s, int level, int option, int value)
{
    int read = 0, size = (int)sizeof read; /* 0: Windows fills in only one byte of a flag */
    EXPECT_EQ(0, setsockopt(s, level, option, (const char *)&value, (int)sizeof value));
    EXPECT_EQ(0, getsockopt(s, level, option, (char *)&read, &size));
    return read;
}

CASE(options_keep_what_was_set)
{
    SOCKET s = new_socket(SOCK_STREAM);
    EXPECT_EQ(1, set_and_get(s, SOL_SOCKET, SO_KEEPALIVE, 1));
    EXPECT_EQ(0, set_and_get(s, SOL_SOCKET, SO_KEEPALIVE, 0));
    EXPECT_EQ(1, set_and_get(s, IPPROTO_TCP, TCP_NODELAY, 1));
    EXPECT_EQ(0, set_and_get(s, IPPROTO_TCP, TCP_NODELAY, 0));
    EXPECT_EQ(1, set_and_get(s, SOL_SOCKET, SO_REUSEADDR, 1));
    if (!WINE_PART_DIFFERS("buffer sizes are those of the system below, twice what was asked for")) {
        EXPECT_EQ(50000, set_and_get(s, SOL_SOCKET, SO_SNDBUF, 50000));
        EXPECT_EQ(50000, set_and_get(s, SOL_SOCKET, SO_RCVBUF, 50000));
        EXPECT_EQ(0, set_and_get(s, SOL_SOCKET, SO_SNDBUF, 0));
    }
    closesocket(s);
}

CASE(options_of_flags_may_be_one_byte)
{
    SOCKET s = new_socket(SOCK_STREAM);
    char on = 1;
    int read = 0, size = (int)sizeof read;
    EXPECT_EQ(0, setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, (int)sizeof on)); /* as many programs do */
    EXPECT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_NODELAY, (char *)&read, &size));
    EXPECT(read != 0);
    closesocket(s);
}

CASE(options_tell_kind_and_state)
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address), datagram = new_socket(SOCK_DGRAM);
    int value = 0, size = (int)sizeof value;
    EXPECT_EQ(0, getsockopt(listener, SOL_SOCKET, SO_TYPE, (char *)&value, &size));
    EXPECT_EQ(SOCK_STREAM, value);
    EXPECT_EQ(0, getsockopt(datagram, SOL_SOCKET, SO_TYPE, (char *)&value, &size));
    EXPECT_EQ(SOCK_DGRAM, value);
    value = 0;
    EXPECT_EQ(0, getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, (char *)&value, &size));
    EXPECT(value != 0);
    value = -1;
    EXPECT_EQ(0, getsockopt(listener, SOL_SOCKET, SO_ERROR, (char *)&value, &size));
    EXPECT_EQ(0, value);
    closesocket(listener);
    closesocket(datagram);
}

CASE(options_linger_has_two_halves)
{
    SOCKET s = new_socket(SOCK_STREAM);
    struct linger linger = {1, 5}, read = {0, 0};
    int size = (int)sizeof read;
    EXPECT_EQ(0, setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&linger, size));
    EXPECT_EQ(0, getsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&read, &size));
    EXPECT_EQ(4, size); /* two 16-bit numbers on Windows */
    EXPECT(read.l_onoff != 0);
    EXPECT_EQ(5, read.l_linger);
    closesocket(s);
}

CASE(options_that_do_not_exist)
{
    SOCKET s = new_socket(SOCK_STREAM);
    int value = 1, size = (int)sizeof value;
    EXPECT_EQ(WSAENOPROTOOPT, last_error_of(setsockopt(s, SOL_SOCKET, 0x7654, (const char *)&value, size)));
    EXPECT_EQ(WSAENOPROTOOPT, last_error_of(getsockopt(s, SOL_SOCKET, 0x7654, (char *)&value, &size)));
    size = 1;
    EXPECT_EQ(WSAEFAULT, last_error_of(getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&value, &size)));
    closesocket(s);
    size = (int)sizeof value;
    EXPECT_EQ(WSAENOTSOCK, last_error_of(getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&value, &size)));
}

CASE(options_exclusive_use_keeps_others_out)
{
    SOCKET s = new_socket(SOCK_STREAM), other = new_socket(SOCK_STREAM);
    struct sockaddr_in address;
    int on = 1;
    EXPECT_EQ(0, setsockopt(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, (int)sizeof on));
    bind_loopback(s, &address);
    REQUIRE_EQ(0, listen(s, 1));
    EXPECT_EQ(WSAEADDRINUSE, last_error_of(bind(other, (struct sockaddr *)&address, (int)sizeof address)));
    closesocket(s);
    closesocket(other);
}

const TEST_CASE addresses_cases[] = {
    TEST(addresses_from_text),
    TEST(addresses_to_text),
    TEST(addresses_in_network_order),
    TEST(addresses_of_numbers_and_localhost),
    TEST(addresses_back_to_numbers),
    TEST(options_keep_what_was_set),
    TEST(options_of_flags_may_be_one_byte),
    TEST(options_tell_kind_and_state),
    TEST(options_linger_has_two_halves),
    TEST(options_that_do_not_exist),
    TEST(options_exclusive_use_keeps_others_out),
    END_OF_CASES,
};
