/*
 * case.c - runs cases one after another, each in its own thread with a deadline, and reports.
 */
#include "case.h"

#define MAXIMUM_CASES 1000
#define CASE_DEADLINE_MS 60000
#define WAIT_LIMIT_MS 20000

/* One case at a time runs; an abandoned one may still report into the counters of its successor, which is told apart by
   the file and line in the message. All fields are changed with Interlocked calls only. */
static volatile LONG failures;
static void *volatile skip_reason; /* a const char *; NULL while the case is not skipped */
static volatile LONG last_line;
static void *volatile last_file;
static HANDLE given_up; /* auto reset: a REQUIRE failed, the case is over */

typedef struct RUN {
    const TEST_CASE *cases[MAXIMUM_CASES];
    int count;
    int repeat;
    int shuffle;
    unsigned long seed;
    long passed, failed, skipped;
} RUN;

static double multiplier(void)
{
    static double value; /* set by the first call, in main, before there is a second thread */
    if (value == 0) {
        const char *text = getenv("CK_TIMEOUT_MULTIPLIER");
        value = text ? atof(text) : 1;
        if (value < 0.1 || value > 1000) {
            value = 1;
        }
    }
    return value;
}

DWORD limit_ms(void)
{
    return (DWORD)(WAIT_LIMIT_MS * multiplier());
}

int under_wine(void)
{
#ifdef __linux__
    return 0;
#else
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
#endif
}

static const char *base_name(const char *file)
{
    const char *name = file;
    for (; *file; file++) {
        if (*file == '/' || *file == '\\') {
            name = file + 1;
        }
    }
    return name;
}

/** The Interlocked calls and CreateThread take no pointer to const. */
static void *plain_pointer(const void *pointer)
{
    union {
        const void *constant;
        void *plain;
    } name = {pointer};
    return name.plain;
}

void case_at(const char *file, int line)
{
    InterlockedExchangePointer(&last_file, plain_pointer(file));
    InterlockedExchange(&last_line, line);
}

static void record_failure(int fatal)
{
    fflush(stdout);
    InterlockedIncrement(&failures);
    if (fatal) {
        SetEvent(given_up);
        Sleep(INFINITE); /* not ExitThread: other threads of the case may hold pointers into this stack */
    }
}

void case_fail(const char *file, int line, int fatal, const char *expected)
{
    DWORD error = GetLastError();
    printf("    %s:%d: expected %s (last error %lu)\n", base_name(file), line, expected, (unsigned long)error);
    record_failure(fatal);
}

void case_equal(const char *file, int line, int fatal, const char *what, long long expected, long long actual)
{
    case_at(file, line);
    if (expected != actual) {
        DWORD error = GetLastError();
        printf("    %s:%d: %s: expected %lld, came %lld (last error %lu)\n", base_name(file), line, what, expected,
               actual, (unsigned long)error);
        record_failure(fatal);
    }
}

void case_pointer(const char *file, int line, const char *what, const void *expected, const void *actual)
{
    case_at(file, line);
    if (expected != actual) {
        printf("    %s:%d: %s: expected %p, came %p\n", base_name(file), line, what, expected, actual);
        record_failure(0);
    }
}

void case_bytes(const char *file, int line, const char *what, const void *expected, const void *actual, size_t count)
{
    const unsigned char *left = expected;
    const unsigned char *right = actual;
    size_t at = 0;
    case_at(file, line);
    while (at < count && left[at] == right[at]) {
        at++;
    }
    if (at < count) {
        printf("    %s:%d: %s: byte %lu of %lu: expected 0x%02x, came 0x%02x\n", base_name(file), line, what,
               (unsigned long)at, (unsigned long)count, left[at], right[at]);
        record_failure(0);
    }
}

void case_skip(const char *why)
{
    InterlockedExchangePointer(&skip_reason, plain_pointer(why));
}

void case_note(const char *text)
{
    printf("    %s\n", text);
}

static DWORD WINAPI case_thread(void *argument)
{
    const TEST_CASE *test = argument;
    test->body();
    return 0;
}

static void run_one(RUN *run, const TEST_CASE *test)
{
    const char *verdict = "ok  ";
    ULONGLONG begin = GetTickCount64();
    const char *reason;
    HANDLE thread;

    InterlockedExchange(&failures, 0);
    InterlockedExchangePointer(&skip_reason, NULL);
    ResetEvent(given_up);
    thread = CreateThread(NULL, 0, case_thread, plain_pointer(test), 0, NULL);
    if (thread == NULL) {
        printf("    no thread for the case (last error %lu)\n", (unsigned long)GetLastError());
        InterlockedIncrement(&failures);
    } else {
        HANDLE ends[2];
        ends[0] = thread;
        ends[1] = given_up;
        if (WaitForMultipleObjects(2, ends, FALSE, (DWORD)(CASE_DEADLINE_MS * multiplier())) == WAIT_TIMEOUT) {
            const char *file = InterlockedCompareExchangePointer(&last_file, NULL, NULL);
            printf("    deadline passed; the last check reached was %s:%ld\n", file ? base_name(file) : "none",
                   (long)InterlockedCompareExchange(&last_line, 0, 0));
            InterlockedIncrement(&failures);
        }
        CloseHandle(thread);
    }
    reason = InterlockedCompareExchangePointer(&skip_reason, NULL, NULL);
    if (InterlockedCompareExchange(&failures, 0, 0) != 0) {
        verdict = "FAIL";
        run->failed++;
    } else if (reason) {
        verdict = "skip";
        run->skipped++;
    } else {
        run->passed++;
    }
    printf("%s %s (%lu ms)%s%s\n", verdict, test->name, (unsigned long)(GetTickCount64() - begin),
           reason ? ": " : "", reason ? reason : "");
    fflush(stdout);
}

static void shuffle(RUN *run, unsigned long seed)
{
    unsigned long long state = seed * 2654435761ULL + 88172645463325252ULL;
    for (int i = run->count - 1; i > 0; i--) {
        const TEST_CASE *other;
        int j;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        j = (int)(state % ((unsigned)i + 1));
        other = run->cases[i];
        run->cases[i] = run->cases[j];
        run->cases[j] = other;
    }
}

static int add_matching(RUN *run, const TEST_CASE *const *tables, const char *prefix)
{
    int found = 0;
    for (; *tables; tables++) {
        for (const TEST_CASE *test = *tables; test->name && run->count < MAXIMUM_CASES; test++) {
            if (strncmp(test->name, prefix, strlen(prefix)) == 0) {
                run->cases[run->count++] = test;
                found++;
            }
        }
    }
    return found;
}

static int read_options(RUN *run, const TEST_CASE *const *tables, int argc, char **argv, int *list)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            *list = 1;
        } else if (strcmp(argv[i], "--shuffle") == 0 && i + 1 < argc) {
            run->shuffle = 1;
            run->seed = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
            run->repeat = atoi(argv[++i]);
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "usage: conformance [--list] [--shuffle SEED] [--repeat N] [NAME or prefix...]\n");
            return 0;
        } else if (add_matching(run, tables, argv[i]) == 0) {
            fprintf(stderr, "conformance: no case is called %s\n", argv[i]);
            return 0;
        }
    }
    return 1;
}

int run_cases(const TEST_CASE *const *tables, int argc, char **argv)
{
    static RUN run; /* static: too large for a small stack */
    int list = 0;
    run.repeat = 1;
    (void)multiplier();
    given_up = CreateEventA(NULL, FALSE, FALSE, NULL);
    if (given_up == NULL) {
        return 1;
    }
    if (!read_options(&run, tables, argc, argv, &list)) {
        return 2;
    }
    if (run.count == 0) {
        add_matching(&run, tables, "");
    }
    if (list) {
        for (int i = 0; i < run.count; i++) {
            printf("%s\n", run.cases[i]->name);
        }
        return 0;
    }
    for (int round = 0; round < run.repeat; round++) {
        if (run.shuffle) {
            shuffle(&run, run.seed + (unsigned long)round);
        }
        for (int i = 0; i < run.count; i++) {
            run_one(&run, run.cases[i]);
        }
    }
    printf("%ld passed, %ld failed, %ld skipped\n", run.passed, run.failed, run.skipped);
    return run.failed == 0 ? 0 : 1;
}
