/**
 * @file operations.c
 * The rules about operations that are out.
 */
#include <stdio.h>

#include "flights.h"
#include "handles.h"
#include "operations.h"
#include "verifier.h"

static double ms_since(const flight *f)
{
    return (double)(host_now() - f->since) / 1e6;
}

/* An operation's history, for the end of a sentence. */
static const char *history(const flight *f, char *text, size_t size)
{
    snprintf(text, size, "%s of %zu bytes on handle 0x%x, posted %.1f ms ago, %s", op_name(f->kind), f->bytes,
             (unsigned)(uintptr_t)f->handle, ms_since(f),
             f->ended ? "ended, its packet not yet taken" : "still out");
    return text;
}

static void forget(flight *f)
{
    handle_record *r = handle_of(f->handle);
    if (r && r->out)
        r->out--;
    if (r && f->kind == OP_RECEIVE && f->bytes && r->receives)
        r->receives--;
    flight_remove(f);
}

static void check_order(handle_record *r, const flight *f)
{
    if (f->kind != OP_RECEIVE || !f->bytes)
        return;
    if (r->receives && r->received.thread != f->posted.thread && agent_self()->lock_count == 0)
        report(RULE_RECEIVES_UNORDERED, &f->posted, "other", &r->received,
               "two threads have receives out on socket 0x%x, and this one was posted without a lock held", r->handle);
    r->receives++;
    r->received = f->posted;
}

void verifier_begin(device *d, op *record)
{
    char text[160];
    agent *a = agent_self();
    verifier_lock();
    flight *f = flight_find(record->overlapped);
    handle_record *r = handle_of(object_handle(&d->base));
    unsigned again = 0;
    if (f) {
        site here = site_now();
        report(RULE_OVERLAPPED_REUSED, &here, "posted", &f->posted,
               "the OVERLAPPED %p starts a %s while the system uses it (%s)", (const void *)record->overlapped,
               op_name(record->kind), history(f, text, sizeof text));
        again = f->again + 1;
        forget(f);
    }
    f = flight_add(d, record);
    if (f) {
        f->again = again;
        if (f->stack_owner && (const char *)f->stack_lowest < watch_now.frame && a->stack_low) {
            report(RULE_STACK_RETURNED, &f->posted, NULL, NULL,
                   "the OVERLAPPED %p or its buffer lies on the stack of a function that has returned already",
                   (const void *)f->overlapped);
            f->stack_said = true;
        }
    }
    if (r && f) {
        r->out++;
        r->failed.name = NULL;
        check_order(r, f);
    }
    verifier_unlock();
}

void verifier_pending(op *record)
{
    verifier_lock();
    flight *f = flight_find(record->overlapped);
    if (f && (f->kind == OP_SEND || f->kind == OP_SEND_TO || f->kind == OP_FILE_WRITE))
        flight_sum(f);
    verifier_unlock();
}

void verifier_failed(device *d, op *record, uint32_t status)
{
    agent *a = agent_self();
    verifier_lock();
    flight *f = flight_find(record->overlapped);
    handle_record *r = handle_of(object_handle(&d->base));
    if (r && f) {
        r->failed = f->posted;
        r->failed_error = d->base.type->kind == OBJECT_SOCKET ? status_to_winsock(status) : status_to_error(status);
        a->unread.post = f->posted;
        a->unread.handle = f->handle;
        a->unread.overlapped = f->overlapped;
    }
    if (f)
        forget(f);
    verifier_unlock();
}

void verifier_posted(const OVERLAPPED *overlapped)
{
    agent *a = agent_self();
    if (overlapped && a->unread.overlapped == overlapped)
        a->unread.post.name = NULL;
}

void operations_check_unread(agent *a)
{
    if (!a->unread.post.name)
        return;
    site here = site_now();
    verifier_lock();
    handle_record *r = handle_of(a->unread.handle);
    if (r && r->open && !r->out && r->failed.name && r->failed.caller == a->unread.post.caller)
        report(RULE_FAILURE_AS_PENDING, &here, "failed", &a->unread.post,
               "%s on %s 0x%x failed at once with %u; the program did not read the error, and waits for packets with "
               "nothing out on it",
               a->unread.post.name, handle_kind(r->kind), r->handle, r->failed_error);
    verifier_unlock();
    a->unread.post.name = NULL;
}

/* What the end of an operation shows of the time in between. */
static void check_memory(flight *f)
{
    char text[160];
    site here = site_now();
    const site *now = here.name ? &here : NULL;
    if (host_poisoned(f->overlapped, sizeof *f->overlapped))
        report(RULE_OVERLAPPED_FREED, now, "posted", &f->posted, "the OVERLAPPED %p has been freed (%s)",
               (const void *)f->overlapped, history(f, text, sizeof text));
    for (unsigned i = 0; i < f->count && !f->immediate; i++) {
        if (f->buffers[i].length && host_poisoned(f->buffers[i].data, f->buffers[i].length)) {
            report(RULE_BUFFER_FREED, now, "posted", &f->posted, "the buffer %p has been freed (%s)",
                   f->buffers[i].data, history(f, text, sizeof text));
            return;
        }
    }
    if (!f->immediate && !flight_unchanged(f))
        report(RULE_BUFFER_CHANGED, now, "posted", &f->posted,
               "the data at %p changed between the post and the completion (%s)", f->buffers[0].data,
               history(f, text, sizeof text));
}

static void finish(flight *f)
{
    if (f->again)
        f->again--;
    else
        forget(f);
}

void verifier_ended(op *record, bool packet, bool immediate)
{
    verifier_lock();
    flight *f = flight_find(record->overlapped);
    if (f) {
        f->immediate = immediate;
        if (f->kind == OP_ACCEPT && !status_failed(record->status)) {
            handle_record *r = handle_of(accept_target(record));
            if (r)
                r->accepted = f->posted;
        }
        if (packet) {
            f->ended = true;
            /* Sent within the call but told as pending: until the packet it may not change all the same. */
            if (!immediate && !f->summed && (f->kind == OP_SEND || f->kind == OP_FILE_WRITE))
                flight_sum(f);
        } else {
            check_memory(f);
            finish(f);
        }
    }
    verifier_unlock();
}

void verifier_taken(op *packet)
{
    if (packet->flags & OP_FLAG_POSTED)
        return;
    verifier_lock();
    flight *f = flight_find(packet->overlapped);
    if (f) {
        check_memory(f);
        finish(f);
    }
    verifier_unlock();
}

void verifier_dropped(op *packet)
{
    char text[160];
    if (packet->flags & OP_FLAG_POSTED)
        return;
    verifier_lock();
    flight *f = flight_find(packet->overlapped);
    if (f) {
        site here = site_now();
        report(RULE_NEVER_DEQUEUED, &here, "posted", &f->posted,
               "the port is closed, and the packet of this operation is lost (%s)", history(f, text, sizeof text));
        finish(f);
    }
    verifier_unlock();
}

bool verifier_may_free(const void *memory, size_t size)
{
    char text[160];
    bool buffer;
    verifier_lock();
    flight *f = size ? flight_in(memory, size, &buffer) : NULL;
    if (f) {
        site here = site_now();
        report(buffer ? RULE_BUFFER_FREED : RULE_OVERLAPPED_FREED, &here, "posted", &f->posted,
               "%p is freed with %s inside that the system uses (%s); it is kept", memory,
               buffer ? "a buffer" : "an OVERLAPPED", history(f, text, sizeof text));
    }
    verifier_unlock();
    return !f;
}

/* The thread is in a function that was called from above its operations' frames: those frames are gone. */
void operations_check_stack(agent *a, const char *frame, bool ended)
{
    char text[160];
    verifier_lock();
    for (flight *f = a->on_stack; f; f = f->next_on_stack) {
        if (f->stack_said || (!ended && (const char *)f->stack_lowest >= frame))
            continue;
        site here = site_now();
        if (f->ended && f->immediate && f->stack_lowest != (const void *)f->overlapped)
            continue; /* the buffer is the program's again, and the OVERLAPPED lies elsewhere or further out */
        f->stack_said = true;
        report(RULE_STACK_RETURNED, &here, "posted", &f->posted,
               "the function whose stack holds %p has %s (%s)", f->stack_lowest,
               ended ? "ended with its thread" : "returned", history(f, text, sizeof text));
    }
    verifier_unlock();
}

static DWORD ending_thread; /* for the visit; guarded by the verifier's lock */

static void check_own(flight *f)
{
    char text[160];
    if (f->posted.thread == ending_thread && !f->ended && !f->with_port)
        report(RULE_THREAD_ENDED, NULL, "posted", &f->posted,
               "thread %u ended; Windows cancels its operation, which has no port (%s)", ending_thread,
               history(f, text, sizeof text));
}

void operations_check_thread(DWORD thread)
{
    ending_thread = thread;
    flights_each(check_own);
}

static void check_left(flight *f)
{
    char text[160];
    report(f->ended ? RULE_NEVER_DEQUEUED : RULE_OPERATION_OUT, NULL, "posted", &f->posted,
           "the program ends with an operation %s (%s)", f->ended ? "whose packet nobody took" : "out",
           history(f, text, sizeof text));
}

void operations_check_exit(void)
{
    flights_each(check_left);
}
