/**
 * @file host.h
 * What the port needs of the machine below it, and nothing else.
 *
 * Everything above this header is written against these functions alone: no descriptor number, errno value, epoll or
 * futex appears there. A second host (simulated network, virtual time) can stand beside this one.
 *
 * Contract:
 *   - Failures are NTSTATUS values (status.h), because that is what an OVERLAPPED carries on Windows.
 *   - A host_file is an open socket or file. The caller guarantees that it is not closed while a call uses it.
 *   - No call blocks but those whose name or comment says so.
 *   - Times are nanoseconds; a timeout of HOST_FOREVER never ends.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define HOST_FOREVER UINT64_MAX
/** "No such file." */
#define HOST_NONE (-1)

typedef int host_file;

/** A piece of memory to fill or to send. */
typedef struct host_buffer {
    void *data;
    size_t length;
} host_buffer;

/** @name Clock
 * @{ */
uint64_t host_now(void);        /**< ns since some start; never goes back */
uint64_t host_wall_clock(void); /**< 100 ns steps since 1601-01-01 UTC, as a FILETIME counts */
/** @} */

/** @name Sleeping and waking: a thread sleeps on a word as long as it has the value it saw
 * @{ */
/** Blocks while *word == seen, for at most timeout ns; may return early without a reason. */
void host_sleep_on(const uint32_t *word, uint32_t seen, uint64_t timeout);
/** Wakes up to count sleepers. The word may already be gone: only its address is used. */
void host_wake(const uint32_t *word, uint32_t count);
void host_pause(uint64_t ns); /**< blocks for that long */
void host_yield(void);
/** @} */

/** @name Threads, processors, process
 * @{ */
/** Starts a detached thread. stack_size 0 means the default. @return false when the system has no more */
bool host_thread_start(void (*run)(void *), void *argument, size_t stack_size);
_Noreturn void host_thread_exit(void);
/** Calls forget(value) when the calling thread ends. One value a thread. */
void host_thread_at_exit(void (*forget)(void *), void *value);
unsigned host_processors(void);
size_t host_page_size(void);
uint32_t host_process_id(void);
_Noreturn void host_process_exit(unsigned code);
_Noreturn void host_process_quit(unsigned code); /**< without any further ado */
void host_at_exit(void (*function)(void));       /**< called when the process exits, but not when it quits */
const char *host_environment(const char *name);
/** @} */

/** @name Polling: which of many files became ready. Edge-triggered: each change is told once.
 * @{ */
enum { HOST_READABLE = 1, HOST_WRITABLE = 2, HOST_HANGUP = 4 };
typedef struct host_event {
    uint64_t cookie;
    unsigned ready; /**< HOST_READABLE … */
} host_event;
#define HOST_POLL_WAKE UINT64_MAX /**< the cookie of an event that only host_poll_wake made */

typedef struct host_poll host_poll;
host_poll *host_poll_create(void);
void host_poll_destroy(host_poll *poll);
/** Watches a file for both directions from now on; what is ready already is told too. */
uint32_t host_poll_add(host_poll *poll, host_file file, uint64_t cookie);
void host_poll_remove(host_poll *poll, host_file file);
/** Blocks until something is ready, at most timeout ns. @return events written, 0 after the timeout */
int host_poll_wait(host_poll *poll, host_event *events, int capacity, uint64_t timeout);
/** Makes the present or next host_poll_wait return. */
void host_poll_wake(host_poll *poll);
/** @} */

/** @name Sockets. Addresses are in Winsock's layout, with Winsock's family numbers.
 * @{ */
enum { HOST_ADDRESS_SIZE = 28 };
typedef struct host_address {
    uint32_t length; /**< bytes used: 16 for IPv4, 28 for IPv6, 0 for none */
    uint8_t bytes[HOST_ADDRESS_SIZE];
} host_address;

enum {
    HOST_RECV_PEEK = 1,
    HOST_RECV_OOB = 2,
    HOST_RECV_WAITALL = 4,
    HOST_RECV_STREAM = 8, /**< a byte stream: nothing can be truncated, and a simpler call will do */
    HOST_RECV_TRUNCATED = 16
};

uint32_t host_socket(int family, int type, int protocol, host_file *file);
void host_socket_close(host_file file);
uint32_t host_bind(host_file file, const host_address *address);
uint32_t host_listen(host_file file, int backlog);
uint32_t host_accept(host_file file, host_file *accepted, host_address *remote);
/** Starts to connect. @return STATUS_WOULD_BLOCK while it goes on; host_connect_result tells how it ended */
uint32_t host_connect(host_file file, const host_address *address);
uint32_t host_connect_result(host_file file);
/** @param flags in: HOST_RECV_…; out: HOST_RECV_TRUNCATED when a datagram was longer than the buffers */
uint32_t host_receive(host_file file, const host_buffer *buffers, unsigned count, unsigned *flags, size_t *bytes,
                      host_address *from);
uint32_t host_send(host_file file, const host_buffer *buffers, unsigned count, bool out_of_band, size_t *bytes,
                   const host_address *to);
/** Sends part of a file; *offset moves on. */
uint32_t host_send_file(host_file socket, host_file file, uint64_t *offset, size_t length, size_t *bytes);
/** @param how 0 receiving, 1 sending, 2 both */
uint32_t host_shutdown(host_file file, int how);
/** Ends a connection so that the descriptor can connect again. */
uint32_t host_disconnect(host_file file);
uint32_t host_local_address(host_file file, host_address *address);
uint32_t host_remote_address(host_file file, host_address *address);
uint32_t host_bytes_waiting(host_file file, size_t *bytes);

typedef enum host_option {
    HOST_OPTION_KEEPALIVE,
    HOST_OPTION_BROADCAST,
    HOST_OPTION_SEND_BUFFER,
    HOST_OPTION_RECEIVE_BUFFER,
    HOST_OPTION_NO_DELAY,
    HOST_OPTION_LINGER, /**< -1 off, else seconds */
    HOST_OPTION_V6_ONLY,
    HOST_OPTION_TYPE,     /**< read only */
    HOST_OPTION_ERROR,    /**< read only; an NTSTATUS, cleared by reading */
    HOST_OPTION_LISTENING /**< read only */
} host_option;
uint32_t host_option_set(host_file file, host_option option, int value);
uint32_t host_option_get(host_file file, host_option option, int *value);

typedef struct host_wait_entry {
    host_file file;
    unsigned wanted; /**< HOST_READABLE … */
    unsigned ready;
} host_wait_entry;
/** Blocks until one of a few files is ready. @return how many are; 0 after the timeout */
int host_wait_ready(host_wait_entry *entries, unsigned count, uint64_t timeout);
/** A bell: a file for host_wait_ready that is readable from when it is rung until it is hushed. */
uint32_t host_bell_create(host_file *bell);
void host_bell_ring(host_file bell);
void host_bell_hush(host_file bell);
/** Makes every host_wait_ready on this socket return: used when it is closed under a blocked call. */
void host_interrupt(host_file file);
/** @} */

/** @name Names
 * @{ */
typedef struct host_resolved {
    host_address address;
    int type; /**< SOCK_STREAM or SOCK_DGRAM */
    int protocol;
} host_resolved;
/**
 * Looks a name up; may block. @return how many results were written, or a negative WSA error.
 * @param name NULL for the wildcard (passive) or loopback address
 */
int host_resolve(const char *name, const char *service, int family, int type, bool passive, bool numeric,
                 host_resolved *results, int capacity);
bool host_name(char *name, size_t size);
bool host_text_to_address(int family, const char *text, void *bytes);
bool host_address_to_text(int family, const void *bytes, char *text, size_t size);
/** @} */

/** @name Files
 * @{ */
enum { HOST_OPEN_READ = 1, HOST_OPEN_WRITE = 2, HOST_OPEN_CREATE = 4, HOST_OPEN_NEW = 8, HOST_OPEN_TRUNCATE = 16 };
typedef struct host_file_information {
    uint64_t size;                       /**< of a regular file, else 0 */
    uint64_t created, accessed, written; /**< as FILETIME counts */
    uint64_t index;
    uint32_t volume;
    uint32_t links;
    bool directory, read_only, regular, terminal, pipe;
} host_file_information;

uint32_t host_file_open(const char *path, unsigned how, host_file *file);
void host_file_close(host_file file);
/** Reads at an offset. @param may_block false: give STATUS_WOULD_BLOCK rather than wait for the disk */
uint32_t host_file_read(host_file file, void *data, size_t length, uint64_t offset, bool may_block, size_t *bytes);
uint32_t host_file_write(host_file file, const void *data, size_t length, uint64_t offset, size_t *bytes);
/** Reads or writes a stream that has no offsets (terminal, pipe); may block. */
uint32_t host_stream_read(host_file file, void *data, size_t length, size_t *bytes);
uint32_t host_stream_write(host_file file, const void *data, size_t length, size_t *bytes);
uint32_t host_file_information_get(host_file file, host_file_information *information);
uint32_t host_path_information(const char *path, host_file_information *information);
uint32_t host_file_truncate(host_file file, uint64_t size);
uint32_t host_file_flush(host_file file);
uint32_t host_path_delete(const char *path);
uint32_t host_path_rename(const char *from, const char *to, bool replace);
uint32_t host_directory_create(const char *path);
uint32_t host_directory_remove(const char *path);
bool host_current_directory(char *path, size_t size);
/** Standard input, output or error. @param number 0 to 2 */
host_file host_standard_stream(int number);
/** @} */

/** @name Memory
 * @{ */
void *host_memory_reserve(void *at, size_t size);
bool host_memory_commit(void *at, size_t size, bool writable, bool readable);
bool host_memory_decommit(void *at, size_t size);
void host_memory_release(void *at, size_t size);
/** The calling thread's stack, or two NULLs. */
void host_stack(const char **low, const char **high);
/** How large a block of malloc is. */
size_t host_allocated_size(void *block);
/** Whether the address sanitizer, if it is there, knows that some of this memory may not be used. */
bool host_poisoned(const void *memory, size_t size);
void *host_memory_map(host_file file, uint64_t offset, size_t size, bool writable, bool copy);
/** @} */

/** @name Console and diagnostics
 * @{ */
/** From now on signal is called, perhaps from a signal handler, with 0 for Ctrl-C and 1 for a request to terminate. */
void host_console_listen(void (*signal)(int event));
/** Opens a file for lines that are added at its end. @param keep what is in it stays */
host_file host_log_open(const char *path, bool keep);
void host_log_write(host_file file, const char *text, size_t length);
/** Names a code address as "module+0xoffset", which addr2line understands. */
void host_code_name(const void *address, char *text, size_t size);
/** Names the line of a call by its return address: "function at file.c:12", where addr2line is at hand and the program
 *  has debug information; otherwise as host_code_name does. Starts a process: slow. */
void host_code_line(const void *address, char *text, size_t size);
void host_error_output(const char *text);
_Noreturn void host_abort(void);
/** @} */

#endif
