/**
 * @file client.h
 * A TCP client that does exactly what it is told: whole requests or single bytes, half-closes, resets, slow reading.
 *
 * - Every call has a deadline and fails the test when it passes; the try_… and poll_… forms report instead.
 * - Sockets are non-blocking underneath; a test may hold a thousand clients.
 * - Clients and responses are never freed: a test is a process of its own and short-lived. Clients that a test leaves
 *   open are closed before its server is stopped.
 */
#ifndef GRADE_CLIENT_H
#define GRADE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

typedef enum PEER {
    PEER_OPEN,   /**< more may come */
    PEER_CLOSED, /**< it said that nothing more comes (FIN) */
    PEER_RESET   /**< it cut the connection, or refused it (RST) */
} PEER;

typedef struct CLIENT {
    struct CLIENT *older; /**< list of all clients */
    int fd;               /**< -1 once closed */
    int number;           /**< for the story; 1 is the first */
    PEER peer;
    unsigned char *in; /**< received and not yet taken: in[taken … length) */
    size_t taken, length, capacity;
    char said[2048]; /**< the first bytes sent since the last response was taken */
    size_t said_length;
    int said_done; /**< a response was taken: the next bytes sent begin a new request */
} CLIENT;

/** Connects to the server that serve() started. */
CLIENT *client_open(void);

/** Connects to a port. @param receive_buffer bytes, or 0 for the system's size */
CLIENT *client_connect(int port, int receive_buffer);

/** Begins to connect, without waiting. @return NULL when it is refused at once */
CLIENT *client_begin(int port);

/** Sends text, formatted. */
void client_say(CLIENT *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Sends bytes. */
void client_send(CLIENT *c, const void *bytes, size_t length);

/** Sends bytes one by one, each in a packet of its own. */
void client_send_slowly(CLIENT *c, const void *bytes, size_t length);

/** Sends what the peer takes, up to the deadline or until it closes. @return bytes sent */
size_t client_try_send(CLIENT *c, const void *bytes, size_t length, int milliseconds);

/** Sends `length` bytes of the pattern from an offset on, whatever the length. */
void client_send_pattern(CLIENT *c, uint64_t offset, uint64_t length);

/**
 * Receives something more into in[].
 * @return bytes; 0 when the peer has closed or reset (see c->peer); -1 when nothing came in time
 */
long client_receive(CLIENT *c, int milliseconds);

/** Receives until at least `length` bytes lie in in[]. @return nonzero when they do */
int client_await(CLIENT *c, size_t length, int milliseconds);

/** Says that no more will be sent (FIN); receiving goes on. */
void client_half_close(CLIENT *c);

/** Closes in order. */
void client_close(CLIENT *c);

/** Cuts the connection (RST). */
void client_reset(CLIENT *c);

/** Closes all clients that are still open. */
void client_close_all(void);

/** Waits until the server's system has acknowledged every byte sent. */
void client_await_delivery(CLIENT *c);

/** Nonzero when the port refuses connections. */
int port_refuses(int port);

/** A port of which nobody listens, held open: the returned descriptor listens on it. */
int hold_port(int *port);

#endif
