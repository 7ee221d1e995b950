/**
 * @file section.c
 * Critical sections.
 *
 * State is the lock: 0 free, 1 held, 2 held and somebody may sleep on it. The fast way in and out is one atomic
 * operation; a thread that has to sleep gives its place on its completion port to another meanwhile, as a wait on
 * Windows does. Nobody queues: whoever comes first after a release has it, as on Windows since Vista.
 */
#include "../host/host.h"
#include "../journal/journal.h"
#include "../verifier/verifier.h"
#include "thread.h"

/* Tries before sleeping when the program named no spin count: sections are short, and a sleep costs two system calls. */
#define DEFAULT_SPIN 100u

void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
    InitializeCriticalSectionEx(lpCriticalSection, 0, 0);
}

BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount)
{
    return InitializeCriticalSectionEx(lpCriticalSection, dwSpinCount, 0);
}

BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount, DWORD Flags)
{
    (void)Flags;
    *lpCriticalSection = (CRITICAL_SECTION){.SpinCount = dwSpinCount & 0x00ffffffu}; /* the top byte is for flags */
    return TRUE;
}

static bool try_state(LPCRITICAL_SECTION section)
{
    uint32_t free = 0;
    return __atomic_compare_exchange_n(&section->State, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void contend(LPCRITICAL_SECTION section)
{
    DWORD spins = section->SpinCount ? section->SpinCount : DEFAULT_SPIN;
    for (DWORD i = 0; i < spins; i++) {
        if (__atomic_load_n(&section->State, __ATOMIC_RELAXED) == 0 && try_state(section))
            return;
        YieldProcessor();
    }
    block_enter();
    /* Taking it as 2 is right even for the last sleeper: it costs one wake too many, never one too few. */
    while (__atomic_exchange_n(&section->State, 2, __ATOMIC_ACQUIRE) != 0)
        host_sleep_on(&section->State, 2, HOST_FOREVER);
    block_leave();
}

/* Only the owner ever finds its own identifier here, so the look needs no order. */
static bool is_mine(const CRITICAL_SECTION *section, DWORD me)
{
    return __atomic_load_n(&section->OwningThread, __ATOMIC_RELAXED) == me;
}

static void own(LPCRITICAL_SECTION section, DWORD me)
{
    __atomic_store_n(&section->OwningThread, me, __ATOMIC_RELAXED);
    section->RecursionCount = 1;
}

void WINAPI EnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
    DWORD me = GetCurrentThreadId();
    if (is_mine(lpCriticalSection, me)) {
        lpCriticalSection->RecursionCount++;
        return;
    }
    if (!try_state(lpCriticalSection)) {
        JOURNAL_CALL("EnterCriticalSection", lpCriticalSection, NULL, 0);
        contend(lpCriticalSection);
        JOURNAL_WOKE(0, 0);
    }
    own(lpCriticalSection, me);
    if (verifier_on())
        verifier_locked(lpCriticalSection, "EnterCriticalSection", __builtin_return_address(0));
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
    DWORD me = GetCurrentThreadId();
    if (is_mine(lpCriticalSection, me)) {
        lpCriticalSection->RecursionCount++;
        return TRUE;
    }
    if (!try_state(lpCriticalSection))
        return FALSE;
    own(lpCriticalSection, me);
    if (verifier_on())
        verifier_locked(lpCriticalSection, "TryEnterCriticalSection", __builtin_return_address(0));
    return TRUE;
}

void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
    if (--lpCriticalSection->RecursionCount > 0)
        return;
    if (verifier_on())
        verifier_unlocked(lpCriticalSection);
    __atomic_store_n(&lpCriticalSection->OwningThread, 0, __ATOMIC_RELAXED);
    /* From the exchange on the section may be gone: whoever enters next may delete it. Waking uses its address only. */
    if (__atomic_exchange_n(&lpCriticalSection->State, 0, __ATOMIC_RELEASE) == 2)
        host_wake(&lpCriticalSection->State, 1);
}

void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
    *lpCriticalSection = (CRITICAL_SECTION){0};
}
