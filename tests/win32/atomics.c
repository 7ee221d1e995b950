/*
 * atomics.c - Interlocked functions and lists.
 */
#include "kit.h"

CASE(atomics_return_what_the_documentation_says)
{
    volatile LONG value = 5;
    volatile LONG64 wide = 0x100000000LL;
    void *volatile pointer = NULL;
    int a, b;
    EXPECT_EQ(6, InterlockedIncrement(&value));  /* the new value */
    EXPECT_EQ(5, InterlockedDecrement(&value));  /* the new value */
    EXPECT_EQ(5, InterlockedExchange(&value, 8)); /* the old one, and so below */
    EXPECT_EQ(8, InterlockedExchangeAdd(&value, -3));
    EXPECT_EQ(5, InterlockedCompareExchange(&value, 9, 4));
    EXPECT_EQ(5, InterlockedCompareExchange(&value, 9, 5));
    EXPECT_EQ(9, InterlockedOr(&value, 6));
    EXPECT_EQ(15, InterlockedAnd(&value, 3));
    EXPECT_EQ(3, InterlockedXor(&value, 1));
    EXPECT_EQ(2, value);
    EXPECT_EQ(0x100000001LL, InterlockedIncrement64(&wide));
    EXPECT_EQ(0x100000000LL, InterlockedDecrement64(&wide));
    EXPECT_EQ(0x100000000LL, InterlockedExchangeAdd64(&wide, 5));
    EXPECT_EQ(0x100000005LL, InterlockedCompareExchange64(&wide, 1, 0x100000005LL));
    EXPECT_EQ(1, InterlockedExchange64(&wide, 2));
    EXPECT_PTR(NULL, InterlockedExchangePointer(&pointer, &a));
    EXPECT_PTR(&a, InterlockedCompareExchangePointer(&pointer, &b, &b));
    EXPECT_PTR(&a, InterlockedCompareExchangePointer(&pointer, &b, &a));
    EXPECT_PTR(&b, pointer);
}

CASE(atomics_wrap_around)
{
    volatile LONG value = 0x7FFFFFFF;
    EXPECT_EQ(-0x7FFFFFFF - 1, InterlockedIncrement(&value));
    EXPECT_EQ(0x7FFFFFFF, InterlockedDecrement(&value));
}

enum { THREADS = 8, TIMES = 20000, MOVING_MS = 250 };

static volatile LONG shared_count;
static volatile LONG64 shared_sum;

static DWORD WINAPI count_up(void *argument)
{
    (void)argument;
    for (int i = 0; i < TIMES; i++) {
        InterlockedIncrement(&shared_count);
        InterlockedExchangeAdd64(&shared_sum, 1000000007LL);
    }
    return 0;
}

CASE(atomics_count_right_from_eight_threads)
{
    HANDLE threads[THREADS];
    store(&shared_count, 0);
    InterlockedExchange64(&shared_sum, 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(count_up, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        join_thread(threads[i]);
    }
    EXPECT_EQ(THREADS * TIMES, load(&shared_count));
    EXPECT_EQ(1000000007LL * THREADS * TIMES, InterlockedExchangeAdd64(&shared_sum, 0));
}

/* ---- lists ---- */

typedef struct ITEM {
    SLIST_ENTRY entry; /* first, so that an entry is its item */
    volatile LONG owner;
    int number;
} ITEM;

typedef struct LIST {
    SLIST_HEADER *head;
    volatile LONG taken_twice;
} LIST;

/* Both must lie at multiples of MEMORY_ALLOCATION_ALIGNMENT; malloc does not promise it everywhere, VirtualAlloc does. */
static void *aligned_memory(size_t size)
{
    void *memory = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    REQUIRE(memory != NULL);
    return memory;
}

static SLIST_HEADER *new_list(void)
{
    SLIST_HEADER *head = aligned_memory(sizeof *head);
    InitializeSListHead(head);
    return head;
}

static ITEM *new_items(int count)
{
    ITEM *items;
    EXPECT_EQ(0, sizeof *items % MEMORY_ALLOCATION_ALIGNMENT);
    items = aligned_memory((size_t)count * sizeof *items);
    for (int i = 0; i < count; i++) {
        items[i].number = i;
    }
    return items;
}

CASE(atomics_a_list_is_last_in_first_out)
{
    SLIST_HEADER *head = new_list();
    ITEM *items = new_items(3);
    SLIST_ENTRY *entry;
    EXPECT_PTR(NULL, InterlockedPopEntrySList(head));
    EXPECT_EQ(0, QueryDepthSList(head));
    EXPECT_PTR(NULL, InterlockedPushEntrySList(head, &items[0].entry)); /* what was first before */
    EXPECT_PTR(&items[0], InterlockedPushEntrySList(head, &items[1].entry));
    EXPECT_PTR(&items[1], InterlockedPushEntrySList(head, &items[2].entry));
    EXPECT_EQ(3, QueryDepthSList(head));
    EXPECT_PTR(&items[2], InterlockedPopEntrySList(head));
    entry = InterlockedFlushSList(head);
    EXPECT_PTR(&items[1], entry);
    EXPECT_PTR(&items[0], entry->Next);
    EXPECT_PTR(NULL, entry->Next->Next);
    EXPECT_EQ(0, QueryDepthSList(head));
    EXPECT_PTR(NULL, InterlockedFlushSList(head));
    VirtualFree(items, 0, MEM_RELEASE);
    VirtualFree(head, 0, MEM_RELEASE);
}

/* The loop checks with as little as possible, so that most of its time is spent where two threads can meet. */
static ITEM *pop_own(LIST *list)
{
    ITEM *item = (ITEM *)InterlockedPopEntrySList(list->head);
    if (item && InterlockedExchange(&item->owner, 1) != 0) {
        InterlockedIncrement(&list->taken_twice);
    }
    return item;
}

static void push_own(LIST *list, ITEM *item)
{
    if (item) {
        InterlockedExchange(&item->owner, 0);
        InterlockedPushEntrySList(list->head, &item->entry);
    }
}

/* Takes two and gives them back the other way round: then the first item is often the same as before and the second is
   not, which a list that compares only its first pointer does not notice. */
static DWORD WINAPI pop_and_push(void *argument)
{
    LIST *list = argument;
    ULONGLONG end = GetTickCount64() + MOVING_MS; /* by the clock: the threads must overlap, however fast they are */
    DWORD moved = 0;
    while (GetTickCount64() < end) {
        for (int i = 0; i < 500; i++) {
            ITEM *first = pop_own(list), *second = pop_own(list);
            push_own(list, first);
            push_own(list, second);
            moved += first != NULL;
        }
    }
    return moved;
}

CASE(atomics_a_list_loses_nothing_among_eight_threads)
{
    enum { ITEMS = 2 }; /* few, so that the same item often comes back under a thread that looks at it */
    LIST list = {0};
    ITEM *items = new_items(ITEMS), *item;
    HANDLE threads[THREADS];
    int seen[ITEMS] = {0};
    DWORD moved = 0;
    list.head = new_list();
    for (int i = 0; i < ITEMS; i++) {
        InterlockedPushEntrySList(list.head, &items[i].entry);
    }
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(pop_and_push, &list);
    }
    for (int i = 0; i < THREADS; i++) {
        moved += join_thread(threads[i]);
    }
    EXPECT(moved > 0);
    EXPECT_EQ(0, load(&list.taken_twice));
    EXPECT_EQ(ITEMS, QueryDepthSList(list.head));
    while ((item = (ITEM *)InterlockedPopEntrySList(list.head)) != NULL) {
        seen[item->number]++;
    }
    for (int i = 0; i < ITEMS; i++) {
        EXPECT_EQ(1, seen[i]);
    }
    VirtualFree(items, 0, MEM_RELEASE);
    VirtualFree(list.head, 0, MEM_RELEASE);
}

const TEST_CASE atomics_cases[] = {
    TEST(atomics_return_what_the_documentation_says),
    TEST(atomics_wrap_around),
    TEST(atomics_count_right_from_eight_threads),
    TEST(atomics_a_list_is_last_in_first_out),
    TEST(atomics_a_list_loses_nothing_among_eight_threads),
    END_OF_CASES,
};
