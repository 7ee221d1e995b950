/* The command line, the door, and the end. */
#include "own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SETTINGS settings = {8080, 2, 8192, 10, 30, 5, ".", NULL, FALSE};
volatile LONG stopping, aborting;
static HANDLE stop;
static SOCKET door;

static BOOL WINAPI on_control(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        return FALSE;
    if (InterlockedExchange(&stopping, 1))
        InterlockedExchange(&aborting, 1);
    SetEvent(stop);
    return TRUE;
}

static BOOL number(const char *name, const char *text, DWORD least, DWORD most, DWORD *value)
{
    char *end;
    unsigned long long found = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || found < least || found > most) {
        complain("the value of %s is '%s', but must be a number from %lu to %lu", name, text, (unsigned long)least,
                 (unsigned long)most);
        return FALSE;
    }
    *value = (DWORD)found;
    return TRUE;
}

static BOOL folder(const char *path)
{
    DWORD found = GetFileAttributesA(path);
    if (found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY))
        return TRUE;
    complain("there is no folder '%s'", path);
    return FALSE;
}

static BOOL options(int count, char **list)
{
    const struct {
        const char *name;
        DWORD *value, least, most;
    } numbers[] = {{"--port", &settings.port, 0, 65535},
                   {"--threads-per-cpu", &settings.per_processor, 1, 64},
                   {"--buffer", &settings.buffer, 1, 65536},
                   {"--header-timeout", &settings.header_seconds, 1, 9999},
                   {"--idle-timeout", &settings.idle_seconds, 1, 9999},
                   {"--drain", &settings.drain_seconds, 0, 9999}};
    for (int i = 1; i < count; i++) {
        size_t n = 0;
        if (!strcmp(list[i], "--trace")) {
            settings.trace = TRUE;
            continue;
        }
        while (n < sizeof numbers / sizeof *numbers && strcmp(list[i], numbers[n].name))
            n++;
        if (n == sizeof numbers / sizeof *numbers && strcmp(list[i], "--root") && strcmp(list[i], "--uploads")) {
            complain("what is '%s'?", list[i]);
            return FALSE;
        }
        if (++i == count) {
            complain("%s needs a value", list[i - 1]);
            return FALSE;
        }
        if (n < sizeof numbers / sizeof *numbers) {
            if (!number(list[i - 1], list[i], numbers[n].least, numbers[n].most, numbers[n].value))
                return FALSE;
        } else {
            *(strcmp(list[i - 1], "--root") ? &settings.uploads : &settings.root) = list[i];
        }
    }
    return folder(settings.root) && (!settings.uploads || folder(settings.uploads));
}

static BOOL open_door(void)
{
    struct sockaddr_in address;
    int length = sizeof address;
    BOOL yes = TRUE;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((u_short)settings.port);
    door = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (door == INVALID_SOCKET || bind(door, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(door, SOMAXCONN) != 0 || getsockname(door, (struct sockaddr *)&address, &length) != 0) {
        complain("port %lu cannot be had: error %d", (unsigned long)settings.port, WSAGetLastError());
        return FALSE;
    }
    setsockopt(door, IPPROTO_TCP, TCP_NODELAY, (const char *)&yes, sizeof yes);
    printf("listening on http://127.0.0.1:%u/\n", ntohs(address.sin_port));
    fflush(stdout);
    return TRUE;
}

static DWORD WINAPI keep_door(LPVOID nothing)
{
    (void)nothing;
    while (!InterlockedCompareExchange(&stopping, 0, 0)) {
        SOCKET came = accept(door, NULL, NULL);
        if (came != INVALID_SOCKET)
            link_begin(came);
        else if (WSAGetLastError() != WSAECONNRESET)
            Sleep(5);
    }
    return 0;
}

int main(int count, char **list)
{
    WSADATA data;
    HANDLE keeper;
    ULONGLONG end;
    if (!options(count, list) || WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return 2;
    stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    SetConsoleCtrlHandler(on_control, TRUE);
    if (!ports_open() || !open_door())
        return 2;
    keeper = CreateThread(NULL, 0, keep_door, NULL, 0, NULL);
    while (WaitForSingleObject(stop, 200) == WAIT_TIMEOUT)
        links_sweep();
    closesocket(door);
    WaitForSingleObject(keeper, 5000);
    CloseHandle(keeper);
    end = GetTickCount64() + settings.drain_seconds * 1000ull;
    while (links_count()) {
        if (GetTickCount64() >= end)
            InterlockedExchange(&aborting, 1);
        if (GetTickCount64() >= end + 5000)
            break;
        links_sweep();
        Sleep(5);
    }
    ports_close();
    CloseHandle(stop);
    WSACleanup();
    return 0;
}
