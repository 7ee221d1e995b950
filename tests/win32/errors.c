/*
 * errors.c - the last error and its texts, start and clean-up of Winsock, console control handlers.
 */
#include "kit.h"

#include <signal.h>

CASE(errors_winsock_and_win32_share_one_cell)
{
    SetLastError(10038);
    EXPECT_EQ(10038, WSAGetLastError());
    WSASetLastError(5);
    EXPECT_ERROR(5);
}

CASE(errors_are_not_touched_by_success)
{
    HANDLE event, port;
    event = CreateEventA(NULL, TRUE, FALSE, NULL); /* creating sets 0, so that "exists already" can be told apart */
    SetLastError(UNTOUCHED_ERROR);
    SetEvent(event);
    WaitForSingleObject(event, 0);
    ResetEvent(event);
    WaitForSingleObject(event, 0);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    PostQueuedCompletionStatus(port, 0, 0, NULL);
    CloseHandle(port);
    CloseHandle(event);
    EXPECT_ERROR(UNTOUCHED_ERROR);
}

static void expect_texts(const DWORD *codes, int count)
{
    for (int i = 0; i < count; i++) {
        char text[512] = "";
        DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, codes[i], 0, text,
                                      sizeof text, NULL);
        EXPECT_EQ(0, length > 2 ? 0 : codes[i]); /* shows the code that has no text */
        EXPECT_EQ(strlen(text), length);
        EXPECT(length <= 2 || strcmp(text + length - 2, "\r\n") == 0);
    }
}

CASE(errors_have_texts)
{
    static const DWORD codes[] = {0, 2, 3, 5, 6, 32, 38, 64, 80, 87, 183, 995, 997, 1168, 1236};
    expect_texts(codes, (int)(sizeof codes / sizeof *codes));
}

CASE(errors_of_winsock_and_the_timeout_have_texts)
{
    static const DWORD codes[] = {258, 10004, 10022, 10035, 10038, 10048, 10054, 10055, 10057, 10060, 10061, 10093};
    WINE_DIFFERS("has no texts for WAIT_TIMEOUT and most errors of Winsock");
    expect_texts(codes, (int)(sizeof codes / sizeof *codes));
}

CASE(errors_texts_can_be_allocated)
{
    char *text = NULL;
    DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                      FORMAT_MESSAGE_ALLOCATE_BUFFER,
                                  NULL, ERROR_FILE_NOT_FOUND, 0, (char *)&text, 0, NULL);
    EXPECT(length > 2);
    REQUIRE(text != NULL);
    EXPECT_EQ(strlen(text), length);
    EXPECT(LocalFree(text) == NULL);
}

CASE(errors_texts_can_be_one_line)
{
    char text[512] = "";
    DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                      FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                  NULL, ERROR_ACCESS_DENIED, 0, text, sizeof text, NULL);
    EXPECT(length > 2);
    EXPECT(strchr(text, '\n') == NULL);
}

CASE(errors_texts_may_be_missing_or_too_long)
{
    char text[512];
    SetLastError(0);
    EXPECT_EQ(0, FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 0x2FFFFFFF, 0, text,
                                sizeof text, NULL));
    EXPECT_ERROR(ERROR_MR_MID_NOT_FOUND);
    SetLastError(0);
    EXPECT_EQ(0, FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_FILE_NOT_FOUND,
                                0, text, 4, NULL));
    EXPECT_ERROR(ERROR_INSUFFICIENT_BUFFER);
}

/* ---- start and end of Winsock; main has started it once for all cases ---- */

CASE(startup_is_counted_and_nothing_works_without)
{
    WSADATA data;
    SOCKET s;
    memset(&data, 0, sizeof data);
    EXPECT_EQ(0, WSAStartup(MAKEWORD(2, 2), &data));
    EXPECT_EQ(MAKEWORD(2, 2), data.wVersion);
    EXPECT_EQ(0, WSACleanup());
    s = socket(AF_INET, SOCK_STREAM, 0); /* main's start still counts */
    EXPECT(s != INVALID_SOCKET);
    closesocket(s);
    EXPECT_EQ(0, WSACleanup());
    s = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(INVALID_SOCKET, s);
    EXPECT_EQ(WSANOTINITIALISED, WSAGetLastError());
    EXPECT_EQ(SOCKET_ERROR, WSACleanup());
    EXPECT_EQ(WSANOTINITIALISED, WSAGetLastError());
    REQUIRE_EQ(0, WSAStartup(MAKEWORD(2, 2), &data));
    s = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(s != INVALID_SOCKET);
    closesocket(s);
}

CASE(startup_agrees_on_a_version)
{
    WSADATA data;
    EXPECT_EQ(0, WSAStartup(MAKEWORD(1, 1), &data));
    EXPECT_EQ(MAKEWORD(1, 1), data.wVersion);
    EXPECT_EQ(MAKEWORD(2, 2), data.wHighVersion);
    EXPECT_EQ(0, WSACleanup());
    EXPECT_EQ(0, WSAStartup(MAKEWORD(9, 9), &data)); /* more than there is: the highest */
    EXPECT_EQ(MAKEWORD(2, 2), data.wVersion);
    EXPECT_EQ(0, WSACleanup());
    EXPECT_EQ(WSAVERNOTSUPPORTED, WSAStartup(0, &data));
}

/* ---- the console ---- */

static volatile LONG first_calls, second_calls;

static BOOL WINAPI first_handler(DWORD event)
{
    if (event == CTRL_C_EVENT) {
        InterlockedIncrement(&first_calls);
        return TRUE;
    }
    return FALSE;
}

static BOOL WINAPI second_handler(DWORD event)
{
    (void)event;
    InterlockedIncrement(&second_calls);
    return FALSE; /* let the one before it decide */
}

CASE(console_handlers_come_and_go)
{
    EXPECT(SetConsoleCtrlHandler(first_handler, TRUE));
    EXPECT(SetConsoleCtrlHandler(second_handler, TRUE));
    EXPECT(SetConsoleCtrlHandler(first_handler, FALSE));
    EXPECT(SetConsoleCtrlHandler(second_handler, FALSE));
    SetLastError(0);
    EXPECT(!SetConsoleCtrlHandler(first_handler, FALSE));
    EXPECT_ERROR(ERROR_INVALID_PARAMETER);
}

#ifdef __linux__
int kill(int process, int number); /* strict C11 hides it; raise() would reach one thread, not the process */
#endif

CASE(console_an_interrupt_asks_the_handlers_last_added_first)
{
    store(&first_calls, 0);
    store(&second_calls, 0);
#ifdef __linux__
    EXPECT(SetConsoleCtrlHandler(first_handler, TRUE));
    EXPECT(SetConsoleCtrlHandler(second_handler, TRUE));
    EXPECT_EQ(0, kill((int)GetCurrentProcessId(), SIGINT));
    WAIT_UNTIL(load(&first_calls) == 1);
    EXPECT_EQ(1, load(&second_calls));
    EXPECT(SetConsoleCtrlHandler(second_handler, FALSE));
    EXPECT_EQ(0, kill((int)GetCurrentProcessId(), SIGINT));
    WAIT_UNTIL(load(&first_calls) == 2);
    EXPECT_EQ(1, load(&second_calls));
    EXPECT(SetConsoleCtrlHandler(first_handler, FALSE));
#else
    /* A program on Windows can only interrupt a whole group of processes, the one that runs the tests included. */
    case_skip("an interrupt cannot be sent to this process alone");
#endif
}

const TEST_CASE errors_cases[] = {
    TEST(errors_winsock_and_win32_share_one_cell),
    TEST(errors_are_not_touched_by_success),
    TEST(errors_have_texts),
    TEST(errors_of_winsock_and_the_timeout_have_texts),
    TEST(errors_texts_can_be_allocated),
    TEST(errors_texts_can_be_one_line),
    TEST(errors_texts_may_be_missing_or_too_long),
    TEST(startup_is_counted_and_nothing_works_without),
    TEST(startup_agrees_on_a_version),
    TEST(console_handlers_come_and_go),
    TEST(console_an_interrupt_asks_the_handlers_last_added_first),
    END_OF_CASES,
};
