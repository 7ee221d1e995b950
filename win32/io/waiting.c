/*
 * waiting.c - calls without an OVERLAPPED that wait for a socket, and CancelIoEx, which ends their waiting.
 *
 * A thread that waits for a descriptor can be woken by another descriptor alone. A bell does for everybody who waits: who
 * cancels rings it, all look whether they were meant, and the last of them hushes it. That wakes some in vain, but
 * cancelling is rare, and a bell for each thread would cost each thread a descriptor. Nobody begins to wait for a bell
 * that rings already, so there are two.
 */
#include "../object/thread.h"
#include "socket.h"

enum { BELLS = 2, SHORT_NS = 1000000 };

typedef struct bell {
    host_file file;
    uint32_t listeners; /* threads that wait */
    bool made, rung;    /* made by the first who listens; rung until the last who listened has gone */
} bell;

/* Guards what follows. Taken with a socket's lock held; nothing else is taken with it held. */
static lock bell_lock;
static bell bells[BELLS];

/* @return a bell to listen to; NULL when all are ringing, or no descriptor is left for one */
static bell *listen_begins(void)
{
    bell *quiet = NULL;
    lock_acquire(&bell_lock);
    for (int i = BELLS - 1; i >= 0; i--)
        if (!bells[i].rung)
            quiet = &bells[i];
    if (quiet && !quiet->made)
        quiet->made = host_bell_create(&quiet->file) == STATUS_SUCCESS;
    if (quiet && !quiet->made)
        quiet = NULL;
    if (quiet)
        quiet->listeners++;
    lock_release(&bell_lock);
    return quiet;
}

static void listen_ends(bell *heard)
{
    lock_acquire(&bell_lock);
    if (--heard->listeners == 0 && heard->rung) {
        host_bell_hush(heard->file);
        heard->rung = false;
    }
    lock_release(&bell_lock);
}

bool socket_wait(socket_object *s, host_wait_entry *entry, uint64_t timeout)
{
    host_wait_entry entries[2];
    unsigned count = 0;
    bell *listening = listen_begins();
    if (listening)
        entries[count++] = (host_wait_entry){.file = listening->file, .wanted = HOST_READABLE};
    else if (timeout > SHORT_NS)
        timeout = SHORT_NS; /* it will look again */
    if (entry)
        entries[count++] = *entry;
    s->blocked++;
    lock_release(&s->device.lock);
    block_enter();
    host_wait_ready(entries, count, timeout);
    block_leave();
    if (listening)
        listen_ends(listening);
    lock_acquire(&s->device.lock);
    s->blocked--;
    return entry && entries[count - 1].ready;
}

unsigned socket_wait_cancel(socket_object *s)
{
    if (!s->blocked)
        return 0;
    s->cancels++;
    lock_acquire(&bell_lock);
    for (int i = 0; i < BELLS; i++) {
        if (bells[i].listeners && !bells[i].rung) {
            bells[i].rung = true;
            host_bell_ring(bells[i].file);
        }
    }
    lock_release(&bell_lock);
    return s->blocked;
}
