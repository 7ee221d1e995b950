/**
 * @file system.c
 * What a program asks about the machine, the time and its own process.
 */
#include "../faults/faults.h"
#include "../host/host.h"
#include "../verifier/verifier.h"
#include "thread.h"

/* Windows' performance counter runs at 10 MHz on present machines, and programs have come to see that figure. */
#define COUNTER_HZ 10000000
#define NS_PER_COUNT 100u
#define STEPS_PER_SECOND 10000000u
#define STEPS_PER_DAY (86400u * (uint64_t)STEPS_PER_SECOND)

#if defined(__aarch64__)
#define ARCHITECTURE PROCESSOR_ARCHITECTURE_ARM64
#else
#define ARCHITECTURE PROCESSOR_ARCHITECTURE_AMD64
#endif

void WINAPI GetSystemInfo(LPSYSTEM_INFO lpSystemInfo)
{
    unsigned count = faults_processors();
    *lpSystemInfo = (SYSTEM_INFO){
        .wProcessorArchitecture = ARCHITECTURE,
        .dwPageSize = (DWORD)host_page_size(),
        .lpMinimumApplicationAddress = (LPVOID)(ULONG_PTR)0x10000,
        .lpMaximumApplicationAddress = (LPVOID)(ULONG_PTR)0x7ffffffeffff,
        .dwActiveProcessorMask = count < 64 ? ((DWORD_PTR)1 << count) - 1 : ~(DWORD_PTR)0,
        .dwNumberOfProcessors = count,
        .dwProcessorType = 8664,
        .dwAllocationGranularity = 0x10000,
    };
}

ULONGLONG WINAPI GetTickCount64(void)
{
    return host_now() / 1000000u;
}

DWORD WINAPI GetTickCount(void)
{
    return (DWORD)GetTickCount64();
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *lpPerformanceCount)
{
    lpPerformanceCount->QuadPart = (LONGLONG)(host_now() / NS_PER_COUNT);
    return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *lpFrequency)
{
    lpFrequency->QuadPart = COUNTER_HZ;
    return TRUE;
}

static FILETIME to_filetime(uint64_t steps)
{
    return (FILETIME){.dwLowDateTime = (DWORD)steps, .dwHighDateTime = (DWORD)(steps >> 32)};
}

static uint64_t from_filetime(const FILETIME *time)
{
    return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

void WINAPI GetSystemTimeAsFileTime(LPFILETIME lpSystemTimeAsFileTime)
{
    *lpSystemTimeAsFileTime = to_filetime(host_wall_clock());
}

void WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME lpSystemTimeAsFileTime)
{
    GetSystemTimeAsFileTime(lpSystemTimeAsFileTime);
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29u : days[month - 1];
}

/* Fills in the date that is so many days after 1601-01-01, which was a Monday and begins a cycle of 400 years. */
static void date_from_days(uint64_t days, LPSYSTEMTIME time)
{
    unsigned year = 1601 + 400 * (unsigned)(days / 146097), left = (unsigned)(days % 146097), month = 1;
    for (; left >= (is_leap(year) ? 366u : 365u); year++)
        left -= is_leap(year) ? 366u : 365u;
    for (; left >= days_in(year, month); month++)
        left -= days_in(year, month);
    time->wYear = (WORD)year;
    time->wMonth = (WORD)month;
    time->wDay = (WORD)(left + 1);
    time->wDayOfWeek = (WORD)((days + 1) % 7);
}

BOOL WINAPI FileTimeToSystemTime(const FILETIME *lpFileTime, LPSYSTEMTIME lpSystemTime)
{
    uint64_t steps = from_filetime(lpFileTime);
    if (steps >> 63)
        return fail(ERROR_INVALID_PARAMETER);
    date_from_days(steps / STEPS_PER_DAY, lpSystemTime);
    unsigned milliseconds = (unsigned)(steps % STEPS_PER_DAY / (STEPS_PER_SECOND / 1000));
    lpSystemTime->wHour = (WORD)(milliseconds / 3600000);
    lpSystemTime->wMinute = (WORD)(milliseconds / 60000 % 60);
    lpSystemTime->wSecond = (WORD)(milliseconds / 1000 % 60);
    lpSystemTime->wMilliseconds = (WORD)(milliseconds % 1000);
    return TRUE;
}

void WINAPI GetSystemTime(LPSYSTEMTIME lpSystemTime)
{
    FILETIME now = to_filetime(host_wall_clock());
    FileTimeToSystemTime(&now, lpSystemTime);
}

LONG WINAPI CompareFileTime(const FILETIME *lpFileTime1, const FILETIME *lpFileTime2)
{
    uint64_t first = from_filetime(lpFileTime1), second = from_filetime(lpFileTime2);
    return (first > second) - (first < second);
}

DWORD WINAPI GetEnvironmentVariableA(LPCSTR lpName, LPSTR lpBuffer, DWORD nSize)
{
    const char *value = lpName ? host_environment(lpName) : NULL;
    if (!value) {
        SetLastError(ERROR_ENVVAR_NOT_FOUND);
        return 0;
    }
    size_t length = strlen(value);
    if (length >= nSize)
        return (DWORD)length + 1; /* what it takes, with the end; no error */
    memcpy(lpBuffer, value, length + 1);
    return (DWORD)length;
}

void WINAPI OutputDebugStringA(LPCSTR lpOutputString)
{
    if (lpOutputString)
        host_error_output(lpOutputString);
}

DWORD WINAPI GetCurrentProcessId(void)
{
    return host_process_id();
}

void WINAPI ExitProcess(UINT uExitCode)
{
    if (verifier_on())
        verifier_quit();
    host_process_exit(uExitCode);
}
