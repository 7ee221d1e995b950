/**
 * @file linux.h
 * What the files of the Linux host share with each other, and with nobody else.
 */
#ifndef LINUX_H
#define LINUX_H

#include <signal.h>
#include <sys/socket.h>

#include "../host.h"

/** The NTSTATUS for an errno value. */
uint32_t linux_status(int error);

/** Translates between Winsock's layout of an address and the system's. @return bytes, 0 when it cannot be */
socklen_t linux_address_in(const host_address *address, struct sockaddr_storage *storage);
void linux_address_out(const struct sockaddr_storage *storage, socklen_t length, host_address *address);
int linux_family_in(int family);
int linux_family_out(int family);

/** SIGINT and SIGTERM: what the console stands for. Threads that the port starts keep them blocked. */
sigset_t linux_console_signals(void);

#endif
