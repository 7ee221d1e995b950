/*
 * Start-up, Ctrl-C and shutdown.
 *
 * The main thread starts all others and then does two small things: it waits for Ctrl-C, and between whiles it looks
 * for clients that are late. The order of the shutdown is the point of this file; see ServerStop.
 */
#include "server.h"
#include "todo.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How often a shutdown looks whether the last connection is gone, in milliseconds. */
#define DRAIN_INTERVAL 10u

/* Global because a console handler gets no parameter. */
static SERVER_CONFIG Config;

void ErrMsg(const char *What, DWORD Error)
{
    char Text[256];
    DWORD Length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, Error, 0, Text,
                                  sizeof(Text), NULL);

    while (Length > 0 && ((unsigned char)Text[Length - 1] <= ' ' || Text[Length - 1] == '.')) {
        Length--; /* the system's texts end in a full stop and CR LF */
    }
    UserMsg("%s: %.*s%serror %lu", What, (int)Length, Text, Length > 0 ? ", " : "", (unsigned long)Error);
}

void UserMsg(const char *Format, ...)
{
    char Text[1024];
    va_list Arguments;

    va_start(Arguments, Format);
    vsnprintf(Text, sizeof(Text), Format, Arguments);
    va_end(Arguments);
    fprintf(stderr, "server: %s\n", Text); /* one call, so that messages of two threads do not mix */
}

/* Runs in a thread that the system makes for it. */
static BOOL WINAPI ConsoleHandler(DWORD Event)
{
    static volatile LONG Times;

    if (Event != CTRL_C_EVENT && Event != CTRL_BREAK_EVENT) {
        return FALSE;
    }
    InterlockedExchange(InterlockedIncrement(&Times) == 1 ? &Config.Stopping : &Config.Aborting, TRUE);
    SetEvent(Config.StopEvent);
    return TRUE;
}

/* Makes the port and the workers that wait on it. */
static BOOL WorkersStart(void)
{
    SYSTEM_INFO System;
    DWORD Wanted;

    /* TODO 3.1: Make the port. Without it the server cannot start: say why (ErrMsg). */
    /* stub */
    TodoServe(TODO("3.1"), INVALID_SOCKET, Config.ServerPort, &Config.Stopping);
    return FALSE;
    /* end of stub */
    /*
     * TODO 3.3: ThreadsPerCPU workers for each processor (GetSystemInfo), but no more than one
     * WaitForMultipleObjects can wait for.
     */
    /* stub */
    (void)System;
    Wanted = 1;
    /* end of stub */
    while (Config.WorkerCount < Wanted) {
        HANDLE Thread = CreateThread(NULL, 0, CompletionPortThread, &Config, 0, NULL);

        if (Thread == NULL) {
            ErrMsg("cannot start a thread", GetLastError());
            return FALSE;
        }
        Config.Workers[Config.WorkerCount++] = Thread;
    }
    return TRUE;
}

/* Starts everything, in the order in which each part needs the one before. ServerStop undoes any beginning of it. */
static BOOL ServerStart(void)
{
    WSADATA Data;
    int Error = WSAStartup(MAKEWORD(2, 2), &Data);

    if (Error != 0) {
        ErrMsg("cannot start Winsock", (DWORD)Error);
        return FALSE;
    }
    Config.StopEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (Config.StopEvent == NULL || !SetConsoleCtrlHandler(ConsoleHandler, TRUE)) {
        ErrMsg("cannot wait for Ctrl-C", GetLastError());
        return FALSE;
    }
    if (!WorkersStart()) {
        return FALSE;
    }
    Config.ListenSocket = SocketCreate(&Config);
    if (Config.ListenSocket == INVALID_SOCKET) {
        return FALSE;
    }
    Config.ListenThread = CreateThread(NULL, 0, SocketListenThread, &Config, 0, NULL);
    if (Config.ListenThread == NULL) {
        ErrMsg("cannot start a thread", GetLastError());
        return FALSE;
    }
    return TRUE;
}

/* Waits until the last connection is closed. After the deadline it cancels what is still in flight. */
static void ConnectionsDrain(void)
{
    ULONGLONG Deadline = GetTickCount64() + Config.DrainTimeout * 1000ull;

    while (FlagIsSet(&Config.Connections)) {
        ULONGLONG Now = GetTickCount64();

        if (Now >= Deadline) {
            InterlockedExchange(&Config.Aborting, TRUE);
        }
        if (Now >= Deadline + SHUTDOWN_TIMEOUT) {
            UserMsg("a connection does not end");
            break;
        }
        ConnectionSweep(&Config);
        Sleep(DRAIN_INTERVAL);
    }
}

/*
 * Ends everything, in the order that keeps every promise to a client and frees nothing that is in use:
 *   1. no new connections: closing the listening socket wakes the listen thread out of accept
 *   2. the connections there are come to their end, or to their deadline
 *   3. no operation is in flight any more: one IO_THREAD_SHUTDOWN for each worker, which takes exactly one
 *   4. the port is closed after the last thread that waits on it has ended
 */
static void ServerStop(void)
{
    InterlockedExchange(&Config.Stopping, TRUE);
    /*
     * TODO 3.5: Let nobody in any more, then wait for the listen thread and close its handle. Either may not exist,
     * when the start failed.
     */
    ConnectionsDrain();
    /*
     * TODO 3.5: Post one IO_THREAD_SHUTDOWN for each worker, wait for all of them (SHUTDOWN_TIMEOUT; say so when one
     * does not end), and close their handles. Then, and not before, close the port. Any of these may be missing,
     * when the start failed.
     */
    /* stub */
    if (Config.ListenThread != NULL) {
        TodoExit(TODO("3.5"));
    }
    /* end of stub */
    SetConsoleCtrlHandler(ConsoleHandler, FALSE);
    CloseHandle(Config.StopEvent);
    WSACleanup();
}

int main(int ArgumentCount, char **Arguments)
{
    int ExitCode = OptionsRead(&Config, ArgumentCount, Arguments);

    if (ExitCode >= 0) {
        return ExitCode;
    }
    ExitCode = 2;
    Config.ListenSocket = INVALID_SOCKET;
    InitializeSRWLock(&Config.Lock);
    if (ServerStart()) {
        printf("listening on http://127.0.0.1:%u/\n", (unsigned)GetLocalAddress(Config.ListenSocket));
        fflush(stdout);
        /* TODO 3.4: Wait for Ctrl-C, and meanwhile sweep the connections every SWEEP_INTERVAL. */
        /* stub */
        WaitForSingleObject(Config.StopEvent, INFINITE);
        /* end of stub */
        ExitCode = 0;
    }
    ServerStop();
    return ExitCode;
}
