/**
 * @file lock.c
 * What a contended lock does.
 */
#include "lock.h"

#include "../host/host.h"

void lock_wait(lock *l)
{
    /* The holder is usually about to leave; two cores make a short spin cheaper than a sleep. */
    for (int i = 0; i < 100; i++) {
        if (__atomic_load_n(&l->word, __ATOMIC_RELAXED) == 0 && lock_try(l))
            return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
        host_sleep_on(&l->word, 2, HOST_FOREVER);
}

void lock_wake(lock *l)
{
    host_wake(&l->word, 1);
}
