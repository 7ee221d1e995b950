/**
 * @file slim.c
 * Slim reader/writer locks.
 *
 * State is everything: a writer's bit or the number of readers, and two bits that tell that readers or writers may be
 * asleep on the word. A reader does not enter past a waiting writer, so readers that come without end cannot keep a
 * writer out. The last one to leave clears both bits and wakes: all, when readers sleep; otherwise one writer. A writer
 * that slept enters with the writers' bit set, because others may still be asleep.
 *
 * Nothing of the lock is touched after the operation that frees it: its next owner may free its memory.
 */
#include "../host/host.h"
#include "../journal/journal.h"
#include "../verifier/verifier.h"
#include "thread.h"

#define WRITER 0x80000000u
#define WRITERS_SLEEP 0x40000000u
#define READERS_SLEEP 0x20000000u
#define READERS 0x1fffffffu
#define HELD (WRITER | READERS)

#define SPINS 100
#define EVERYBODY 0x7fffffffu

static bool change(PSRWLOCK lock, uint32_t *seen, uint32_t next)
{
    return __atomic_compare_exchange_n(&lock->State, seen, next, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static uint32_t look(PSRWLOCK lock)
{
    return __atomic_load_n(&lock->State, __ATOMIC_RELAXED);
}

/* @param keep the writers' bit, for a writer that slept */
static bool try_exclusive(PSRWLOCK lock, uint32_t keep)
{
    for (uint32_t seen = look(lock); !(seen & HELD);)
        if (change(lock, &seen, seen | WRITER | keep))
            return true;
    return false;
}

static bool try_shared(PSRWLOCK lock)
{
    for (uint32_t seen = look(lock); !(seen & (WRITER | WRITERS_SLEEP));)
        if (change(lock, &seen, seen + 1))
            return true;
    return false;
}

static bool try_either(PSRWLOCK lock, bool exclusive, uint32_t keep)
{
    return exclusive ? try_exclusive(lock, keep) : try_shared(lock);
}

static void wake(PSRWLOCK lock, uint32_t state)
{
    if (state & READERS_SLEEP)
        host_wake(&lock->State, EVERYBODY);
    else if (state & WRITERS_SLEEP)
        host_wake(&lock->State, 1);
}

static void acquire_slowly(PSRWLOCK lock, bool exclusive)
{
    const uint32_t barrier = exclusive ? HELD : WRITER | WRITERS_SLEEP;
    const uint32_t mark = exclusive ? WRITERS_SLEEP : READERS_SLEEP;
    for (int i = 0; i < SPINS; i++) {
        if (try_either(lock, exclusive, 0))
            return;
        YieldProcessor();
    }
    block_enter();
    while (!try_either(lock, exclusive, WRITERS_SLEEP)) {
        uint32_t seen = look(lock);
        if ((seen & barrier) && change(lock, &seen, seen | mark))
            host_sleep_on(&lock->State, seen | mark, HOST_FOREVER);
    }
    block_leave();
}

void WINAPI InitializeSRWLock(PSRWLOCK SRWLock)
{
    *SRWLock = (SRWLOCK)SRWLOCK_INIT;
}

void WINAPI AcquireSRWLockExclusive(PSRWLOCK SRWLock)
{
    if (!try_exclusive(SRWLock, 0)) {
        JOURNAL_CALL("AcquireSRWLockExclusive", SRWLock, NULL, 0);
        acquire_slowly(SRWLock, true);
        JOURNAL_WOKE(0, 0);
    }
    if (verifier_on())
        verifier_locked(SRWLock, "AcquireSRWLockExclusive", __builtin_return_address(0));
}

void WINAPI AcquireSRWLockShared(PSRWLOCK SRWLock)
{
    if (!try_shared(SRWLock)) {
        JOURNAL_CALL("AcquireSRWLockShared", SRWLock, NULL, 0);
        acquire_slowly(SRWLock, false);
        JOURNAL_WOKE(0, 0);
    }
    if (verifier_on())
        verifier_locked(SRWLock, "AcquireSRWLockShared", __builtin_return_address(0));
}

BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK SRWLock)
{
    bool locked = try_exclusive(SRWLock, 0);
    if (locked && verifier_on())
        verifier_locked(SRWLock, "TryAcquireSRWLockExclusive", __builtin_return_address(0));
    return locked;
}

BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK SRWLock)
{
    bool locked = try_shared(SRWLock);
    if (locked && verifier_on())
        verifier_locked(SRWLock, "TryAcquireSRWLockShared", __builtin_return_address(0));
    return locked;
}

void WINAPI ReleaseSRWLockExclusive(PSRWLOCK SRWLock)
{
    if (verifier_on())
        verifier_unlocked(SRWLock);
    wake(SRWLock, __atomic_exchange_n(&SRWLock->State, 0, __ATOMIC_RELEASE));
}

void WINAPI ReleaseSRWLockShared(PSRWLOCK SRWLock)
{
    if (verifier_on())
        verifier_unlocked(SRWLock);
    uint32_t seen = look(SRWLock);
    while (!change(SRWLock, &seen, (seen & READERS) == 1 ? 0 : seen - 1)) {
    }
    if ((seen & READERS) == 1)
        wake(SRWLock, seen);
}
