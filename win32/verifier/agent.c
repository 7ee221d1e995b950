/**
 * @file agent.c
 * The verifier's threads.
 */
#include "agent.h"

#include <stdlib.h>

#include "../host/host.h"
#include "../object/lock.h"

static lock guard;
static agent *agents; /* guarded by it */
static _Thread_local agent *self;

void verifier_lock(void)
{
    lock_acquire(&guard);
}

void verifier_unlock(void)
{
    lock_release(&guard);
}

static void join(agent *a)
{
    a->thread = GetCurrentThreadId();
    host_stack(&a->stack_low, &a->stack_high);
    verifier_lock();
    a->next = agents;
    agents = a;
    verifier_unlock();
}

agent *agent_self(void)
{
    if (self)
        return self;
    self = calloc(1, sizeof *self);
    if (self) {
        join(self); /* with self set: it may call the API */
    } else {
        host_error_output("win32: out of memory for the verifier\n");
        host_process_quit(3);
    }
    return self;
}

agent *agent_of(DWORD thread)
{
    agent *a = agents;
    while (a && a->thread != thread)
        a = a->next;
    return a;
}

void agent_end(void)
{
    for (agent **link = &agents; *link; link = &(*link)->next) {
        if (*link == self) {
            *link = self->next;
            free(self);
            self = NULL;
            return;
        }
    }
}

bool name_is_one_of(const char *name, const char *const *names)
{
    while (name && *names && strcmp(name, *names) != 0)
        names++;
    return name && *names;
}

site site_now(void)
{
    if (!watch_now.name) /* one of the port's own threads */
        return (site){.name = NULL};
    return (site){.name = watch_now.name, .caller = watch_now.caller, .thread = agent_self()->thread};
}
