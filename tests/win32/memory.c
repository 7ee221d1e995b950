/*
 * memory.c - VirtualAlloc, heaps, what the machine says of itself, clocks.
 */
#include "kit.h"

static int all_zero(const unsigned char *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (from[i] != 0) {
            return 0;
        }
    }
    return 1;
}

CASE(memory_arraysize_counts_elements)
{
    static const char text[] = "four";
    OVERLAPPED pairs[3][2];
    enum { COUNT = ARRAYSIZE(pairs) }; /* a constant */
    EXPECT_EQ(5, ARRAYSIZE(text));
    EXPECT_EQ(3, COUNT);
    EXPECT_EQ(2, ARRAYSIZE(pairs[0]));
    EXPECT_EQ(sizeof(size_t), sizeof ARRAYSIZE(text));
}

CASE(memory_the_system_describes_itself)
{
    SYSTEM_INFO system;
    memset(&system, 0, sizeof system);
    GetSystemInfo(&system);
    EXPECT_EQ(4096, system.dwPageSize);
    EXPECT_EQ(65536, system.dwAllocationGranularity);
    EXPECT(system.dwNumberOfProcessors >= 1);
    EXPECT(system.dwActiveProcessorMask != 0);
    EXPECT(system.lpMinimumApplicationAddress < system.lpMaximumApplicationAddress);
}

CASE(memory_allocations_are_aligned_and_zeroed)
{
    static const size_t sizes[] = {1, 4096, 5000, 1024 * 1024};
    for (int i = 0; i < 4; i++) {
        unsigned char *block = VirtualAlloc(NULL, sizes[i], MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        REQUIRE(block != NULL);
        EXPECT_EQ(0, (ULONG_PTR)block % 65536);
        EXPECT(all_zero(block, (sizes[i] + 4095) / 4096 * 4096));
        memset(block, 0xAA, (sizes[i] + 4095) / 4096 * 4096);
        EXPECT(VirtualFree(block, 0, MEM_RELEASE));
    }
}

CASE(memory_commit_alone_reserves_too)
{
    unsigned char *block = VirtualAlloc(NULL, 100, MEM_COMMIT, PAGE_READWRITE);
    REQUIRE(block != NULL);
    block[4095] = 1;
    EXPECT(VirtualFree(block, 0, MEM_RELEASE));
}

CASE(memory_is_reserved_first_and_committed_in_parts)
{
    enum { SIZE = 1024 * 1024 };
    unsigned char *block = VirtualAlloc(NULL, SIZE, MEM_RESERVE, PAGE_NOACCESS);
    REQUIRE(block != NULL);
    EXPECT_PTR(block + 8192, VirtualAlloc(block + 8192, 4096, MEM_COMMIT, PAGE_READWRITE));
    EXPECT(all_zero(block + 8192, 4096));
    block[8192] = 7;
    EXPECT_PTR(block + 8192, VirtualAlloc(block + 8192, 8192, MEM_COMMIT, PAGE_READWRITE)); /* again is no harm */
    EXPECT_EQ(7, block[8192]);
    EXPECT(VirtualFree(block + 8192, 4096, MEM_DECOMMIT));
    EXPECT_PTR(block + 8192, VirtualAlloc(block + 8192, 4096, MEM_COMMIT, PAGE_READWRITE));
    EXPECT_EQ(0, block[8192]); /* a new page */
    EXPECT(VirtualFree(block, 0, MEM_RELEASE));
}

CASE(memory_is_released_whole_or_not)
{
    unsigned char *block = VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    REQUIRE(block != NULL);
    SetLastError(0);
    EXPECT(!VirtualFree(block, 4096, MEM_RELEASE)); /* a size, where none may be */
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
    block[0] = 1;
    EXPECT(VirtualFree(block, 0, MEM_RELEASE));
    SetLastError(0);
    EXPECT(!VirtualFree(NULL, 0, MEM_RELEASE));
    EXPECT(GetLastError() != 0);
    SetLastError(0);
    EXPECT_PTR(NULL, VirtualAlloc(NULL, 0, MEM_COMMIT, PAGE_READWRITE));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
}

CASE(memory_protection_can_change)
{
    unsigned char *block = VirtualAlloc(NULL, 8192, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD before = 0;
    REQUIRE(block != NULL);
    block[0] = 5;
    EXPECT(VirtualProtect(block, 4096, PAGE_READONLY, &before));
    EXPECT_EQ(PAGE_READWRITE, before);
    EXPECT_EQ(5, block[0]);
    EXPECT(VirtualProtect(block, 4096, PAGE_READWRITE, &before));
    EXPECT_EQ(PAGE_READONLY, before);
    block[0] = 6;
    EXPECT(VirtualFree(block, 0, MEM_RELEASE));
}

CASE(memory_heaps_allocate_grow_and_free)
{
    HANDLE heap = GetProcessHeap();
    unsigned char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    REQUIRE(block != NULL);
    EXPECT(all_zero(block, 100));
    memset(block, 3, 100);
    block = HeapReAlloc(heap, 0, block, 100000);
    REQUIRE(block != NULL);
    EXPECT_EQ(3, block[99]);
    EXPECT(HeapFree(heap, 0, block));
    EXPECT(HeapFree(heap, 0, NULL));
}

CASE(clocks_never_go_back)
{
    LARGE_INTEGER frequency, before, after;
    ULONGLONG ticks = GetTickCount64();
    EXPECT(QueryPerformanceFrequency(&frequency));
    EXPECT(frequency.QuadPart >= 1000000);
    EXPECT(QueryPerformanceCounter(&before));
    for (int i = 0; i < 10000; i++) {
        ULONGLONG now = GetTickCount64();
        QueryPerformanceCounter(&after);
        if (now < ticks || after.QuadPart < before.QuadPart) {
            EXPECT(now >= ticks);
            EXPECT(after.QuadPart >= before.QuadPart);
            break;
        }
        ticks = now;
        before = after;
    }
}

CASE(clocks_agree_about_a_sleep)
{
    LARGE_INTEGER frequency, before, after;
    ULONGLONG begin = GetTickCount64(), ticks;
    double counted;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&before);
    Sleep(60);
    ticks = GetTickCount64() - begin;
    QueryPerformanceCounter(&after);
    counted = 1000.0 * (double)(after.QuadPart - before.QuadPart) / (double)frequency.QuadPart;
    EXPECT(ticks + 16 >= 60);
    EXPECT(counted > 44);
    EXPECT(counted + 32 > (double)ticks);
    EXPECT(GetTickCount() - (DWORD)begin >= ticks); /* the same clock, its lower half */
}

CASE(clocks_know_the_date)
{
    FILETIME file_time, precise;
    SYSTEMTIME now, same;
    ULARGE_INTEGER a, b;
    GetSystemTimeAsFileTime(&file_time);
    GetSystemTimePreciseAsFileTime(&precise);
    a.LowPart = file_time.dwLowDateTime;
    a.HighPart = file_time.dwHighDateTime;
    b.LowPart = precise.dwLowDateTime;
    b.HighPart = precise.dwHighDateTime;
    EXPECT(b.QuadPart + 10 * 1000 * 1000 > a.QuadPart);
    GetSystemTime(&now);
    EXPECT(now.wYear >= 2024 && now.wYear < 2200);
    a.QuadPart = 133485408000000000ULL; /* midnight of 1 January 2024, a Monday */
    file_time.dwLowDateTime = a.LowPart;
    file_time.dwHighDateTime = a.HighPart;
    EXPECT(FileTimeToSystemTime(&file_time, &same));
    EXPECT_EQ(2024, same.wYear);
    EXPECT_EQ(1, same.wMonth);
    EXPECT_EQ(1, same.wDay);
    EXPECT_EQ(1, same.wDayOfWeek);
    EXPECT_EQ(0, same.wHour);
}

const TEST_CASE memory_cases[] = {
    TEST(memory_arraysize_counts_elements),
    TEST(memory_the_system_describes_itself),
    TEST(memory_allocations_are_aligned_and_zeroed),
    TEST(memory_commit_alone_reserves_too),
    TEST(memory_is_reserved_first_and_committed_in_parts),
    TEST(memory_is_released_whole_or_not),
    TEST(memory_protection_can_change),
    TEST(memory_heaps_allocate_grow_and_free),
    TEST(clocks_never_go_back),
    TEST(clocks_agree_about_a_sleep),
    TEST(clocks_know_the_date),
    END_OF_CASES,
};
