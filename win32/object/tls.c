/**
 * @file tls.c
 * Thread-local storage by index.
 *
 * Each thread has an array of values; an index is a place in all of them. TlsAlloc promises that a new index reads
 * NULL in every thread, also where an earlier owner of the index left something: so a value counts only together with
 * the number that the index had when it was set.
 */
#include "lock.h"
#include "thread.h"

enum { INDEXES = 64 }; /* Windows' TLS_MINIMUM_AVAILABLE */

static struct {
    lock lock;
    uint32_t numbers[INDEXES]; /* changed under lock, read by anyone: odd while allocated */
} table;

static _Thread_local struct {
    LPVOID value;
    uint32_t number;
} values[INDEXES];

/* The number of an index, or 0 when it is not allocated. */
static uint32_t number_of(DWORD index)
{
    uint32_t number = index < INDEXES ? __atomic_load_n(&table.numbers[index], __ATOMIC_ACQUIRE) : 0;
    return number & 1 ? number : 0;
}

DWORD WINAPI TlsAlloc(void)
{
    DWORD index = 0;
    lock_acquire(&table.lock);
    while (index < INDEXES && number_of(index))
        index++;
    if (index < INDEXES)
        __atomic_store_n(&table.numbers[index], table.numbers[index] + 1, __ATOMIC_RELEASE);
    lock_release(&table.lock);
    if (index < INDEXES)
        return index;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return TLS_OUT_OF_INDEXES;
}

BOOL WINAPI TlsFree(DWORD dwTlsIndex)
{
    lock_acquire(&table.lock);
    bool allocated = number_of(dwTlsIndex) != 0;
    if (allocated)
        __atomic_store_n(&table.numbers[dwTlsIndex], table.numbers[dwTlsIndex] + 1, __ATOMIC_RELEASE);
    lock_release(&table.lock);
    return allocated ? TRUE : fail(ERROR_INVALID_PARAMETER);
}

LPVOID WINAPI TlsGetValue(DWORD dwTlsIndex)
{
    uint32_t number = number_of(dwTlsIndex);
    LPVOID value = number && values[dwTlsIndex].number == number ? values[dwTlsIndex].value : NULL;
    if (value)
        last_error_reset("TlsGetValue", __builtin_return_address(0));
    else
        SetLastError(number ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER); /* tells a NULL that was set from a failure */
    return value;
}

BOOL WINAPI TlsSetValue(DWORD dwTlsIndex, LPVOID lpTlsValue)
{
    uint32_t number = number_of(dwTlsIndex);
    if (!number)
        return fail(ERROR_INVALID_PARAMETER);
    values[dwTlsIndex].value = lpTlsValue;
    values[dwTlsIndex].number = number;
    return TRUE;
}
