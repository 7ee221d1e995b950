/*
 * actors.c - threads that do what a case tells them.
 */
#include "actors.h"

static DWORD WINAPI act(void *argument)
{
    ACTOR *me = argument;
    for (;;) {
        ULONGLONG give_up = GetTickCount64() + 2ULL * limit_ms(); /* not to spin for ever when its case failed */
        LONG command;
        PACKET packet;
        while ((command = InterlockedExchange(&me->command, NO_COMMAND)) == NO_COMMAND) {
            if (GetTickCount64() > give_up) {
                return 1;
            }
        }
        switch (command) {
        case TAKE:
            packet = take(me->port);
            REQUIRE(packet.ok);
            me->last_bytes = packet.bytes;
            InterlockedIncrement(&me->taken);
            break;
        case BLOCK:
            me->block(me);
            InterlockedIncrement(&me->woken);
            break;
        default:
            return 0;
        }
    }
}

void hire(ACTOR *actor, HANDLE port)
{
    memset(actor, 0, sizeof *actor);
    actor->port = port;
    actor->thread = start_thread(act, actor);
}

void tell(ACTOR *actor, LONG command)
{
    WAIT_UNTIL(load(&actor->command) == NO_COMMAND);
    store(&actor->command, command);
}

void post_packet(HANDLE port, DWORD bytes)
{
    REQUIRE(PostQueuedCompletionStatus(port, bytes, 0, NULL));
}

void give(ACTOR *actor)
{
    LONG before = load(&actor->taken);
    tell(actor, TAKE);
    post_packet(actor->port, 0);
    WAIT_UNTIL(load(&actor->taken) == before + 1);
}

LONG total_taken(ACTOR *actors, int count)
{
    LONG total = 0;
    for (int i = 0; i < count; i++) {
        total += load(&actors[i].taken);
    }
    return total;
}

void dismiss(ACTOR *actors, int count)
{
    for (int i = 0; i < count; i++) {
        tell(&actors[i], LEAVE);
        post_packet(actors[i].port, 0);
    }
    for (int i = 0; i < count; i++) {
        join_thread(actors[i].thread);
    }
}
