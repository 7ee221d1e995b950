/*
 * Answers for the parts of the server that are not written yet. Nothing here is an example: it serves one client at a
 * time, with calls that block.
 */
#include "todo.h"

#include <stdio.h>
#include <string.h>

/* @return whether the socket has something to read, or a client to accept, before so many milliseconds have passed */
static BOOL SocketIsReady(SOCKET Socket, long Milliseconds)
{
    struct timeval Time = {Milliseconds / 1000, Milliseconds % 1000 * 1000};
    fd_set Set;

    Set.fd_count = 1;
    Set.fd_array[0] = Socket;
    return select(0, &Set, NULL, NULL, &Time) == 1;
}

/* Answers with 501 and takes what the client still sends, or the reset for what is left unread might overtake the answer. */
static void Answer501(const char *Todo, SOCKET Socket)
{
    char Body[512];
    char Answer[1024];
    int Length = snprintf(Body, sizeof(Body),
                          "This part of the server is for you to write:\n\n    %s\n\n"
                          "The handout, README.md in the same folder, tells under the same number how.\n",
                          Todo);

    Length = snprintf(Answer, sizeof(Answer),
                      "HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                      Length, Body);
    send(Socket, Answer, Length, 0);
    shutdown(Socket, SD_SEND);
    for (int Reads = 0; Reads < 1000 && SocketIsReady(Socket, 1000); Reads++) {
        if (recv(Socket, Answer, sizeof(Answer), 0) <= 0) {
            break;
        }
    }
}

int TodoAnswer(const char *Todo, SOCKET Socket)
{
    fprintf(stderr, "server: %s: until it is written the answer is 501\n", Todo);
    Answer501(Todo, Socket);
    WSASetLastError(WSAECONNABORTED);
    return SOCKET_ERROR;
}

static SOCKET ListenerMake(DWORD Port)
{
    SOCKET Listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKADDR_IN Address;
    int Length = sizeof(Address);

    memset(&Address, 0, sizeof(Address));
    Address.sin_family = AF_INET;
    Address.sin_port = htons((WORD)Port);
    Address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (Listener == INVALID_SOCKET || bind(Listener, (const SOCKADDR *)&Address, sizeof(Address)) != 0 ||
        listen(Listener, SOMAXCONN) != 0 || getsockname(Listener, (SOCKADDR *)&Address, &Length) != 0) {
        fprintf(stderr, "server: no port to answer on: error %d\n", WSAGetLastError());
        if (Listener != INVALID_SOCKET) {
            closesocket(Listener);
        }
        return INVALID_SOCKET;
    }
    printf("listening on http://127.0.0.1:%u/\n", (unsigned)ntohs(Address.sin_port));
    fflush(stdout);
    return Listener;
}

SOCKET TodoServe(const char *Todo, SOCKET Listener, DWORD Port, volatile LONG *Stopping)
{
    BOOL Made = Listener == INVALID_SOCKET;

    fprintf(stderr, "server: %s: until it is written every request is answered with 501\n", Todo);
    if (Made) {
        Listener = ListenerMake(Port);
    }
    while (Listener != INVALID_SOCKET && InterlockedCompareExchange(Stopping, 0, 0) == 0) {
        SOCKET Socket = SocketIsReady(Listener, 100) ? accept(Listener, NULL, NULL) : INVALID_SOCKET;

        if (Socket != INVALID_SOCKET) {
            Answer501(Todo, Socket);
            closesocket(Socket);
        }
    }
    if (Made && Listener != INVALID_SOCKET) {
        closesocket(Listener);
        fprintf(stderr, "server: %s: until it is written the server ends as if it had failed\n", Todo);
    }
    return INVALID_SOCKET;
}

void TodoExit(const char *Todo)
{
    fprintf(stderr, "server: %s: until it is written the server just ends\n", Todo);
    ExitProcess(0);
}
