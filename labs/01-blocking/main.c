/*
 * Start-up, Ctrl-C and shutdown.
 *
 * The main thread starts the listen thread and then waits for Ctrl-C. The order of the shutdown is the point of this
 * file; see ServerStop.
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
    /*
     * TODO 1.7: While there are connections (Config.Connections), sweep and sleep DRAIN_INTERVAL. After
     * Config.DrainTimeout seconds set Config.Aborting; another SHUTDOWN_TIMEOUT later give up, and say so.
     */
    /* stub */
    if (Config.ListenThread != NULL) {
        TodoExit(TODO("1.7"));
    }
    /* end of stub */
}

/*
 * Ends everything, in the order that keeps every promise to a client and frees nothing that is in use:
 *   1. no new connections: closing the listening socket wakes the listen thread out of accept
 *   2. the connections there are come to their end, or to their deadline
 *   3. the threads of the connections have ended with them
 */
static void ServerStop(void)
{
    InterlockedExchange(&Config.Stopping, TRUE);
    /*
     * TODO 1.7: Let nobody in any more, then wait for the listen thread and close its handle. Either may not exist,
     * when the start failed.
     */
    ConnectionsDrain();
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
        WaitForSingleObject(Config.StopEvent, INFINITE);
        ExitCode = 0;
    }
    ServerStop();
    return ExitCode;
}
