/*
 * programs.c NAME - runs one of the small programs that break a rule, come close to it, or show a fault.
 */
#include "programs.h"

void Require(int Holds, const char *What)
{
    if (!Holds) {
        fprintf(stdout, "%s failed: %lu\n", What, (unsigned long)GetLastError());
        fflush(stdout);
        exit(3);
    }
}

SOCKET ListenerCreate(struct sockaddr_in *Address)
{
    int Size = (int)sizeof *Address;
    SOCKET Listener = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    memset(Address, 0, sizeof *Address);
    Address->sin_family = AF_INET;
    Address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Require(bind(Listener, (struct sockaddr *)Address, Size) == 0, "bind");
    Require(listen(Listener, SOMAXCONN) == 0, "listen");
    Require(getsockname(Listener, (struct sockaddr *)Address, &Size) == 0, "getsockname");
    return Listener;
}

PAIR PairOpen(void)
{
    PAIR Pair;
    struct sockaddr_in Address;
    SOCKET Listener = ListenerCreate(&Address);
    Pair.Far = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    Require(connect(Pair.Far, (struct sockaddr *)&Address, (int)sizeof Address) == 0, "connect");
    Pair.Near = accept(Listener, NULL, NULL);
    Require(Pair.Near != INVALID_SOCKET, "accept");
    Pair.Port = CreateIoCompletionPort((HANDLE)Pair.Near, NULL, 0, 0);
    Require(Pair.Port != NULL, "CreateIoCompletionPort");
    closesocket(Listener);
    return Pair;
}

void PairClose(PAIR *Pair)
{
    closesocket(Pair->Near);
    closesocket(Pair->Far);
    CloseHandle(Pair->Port);
}

int Receive(SOCKET Socket, void *Buffer, ULONG Length, OVERLAPPED *Overlapped)
{
    WSABUF Whole;
    DWORD Flags = 0;
    Whole.buf = Buffer;
    Whole.len = Length;
    return WSARecv(Socket, &Whole, 1, NULL, &Flags, Overlapped, NULL) == 0 ? 0 : WSAGetLastError();
}

int Send(SOCKET Socket, const void *Data, ULONG Length, OVERLAPPED *Overlapped)
{
    WSABUF Whole;
    Whole.buf = (char *)(ULONG_PTR)Data;
    Whole.len = Length;
    return WSASend(Socket, &Whole, 1, NULL, 0, Overlapped, NULL) == 0 ? 0 : WSAGetLastError();
}

DWORD Take(HANDLE Port, DWORD *Bytes, OVERLAPPED **Overlapped)
{
    DWORD Moved = 0;
    ULONG_PTR Key = 0;
    OVERLAPPED *Taken = NULL;
    BOOL Good = GetQueuedCompletionStatus(Port, &Moved, &Key, &Taken, 10000);
    DWORD Error = Good ? 0 : GetLastError();
    if (Bytes)
        *Bytes = Moved;
    if (Overlapped)
        *Overlapped = Taken;
    return Error;
}

static int RunNamed(const PROGRAM *Programs, const char *Name)
{
    for (; Programs->Name; Programs++) {
        if (strcmp(Programs->Name, Name) == 0) {
            Programs->Run();
            return 1;
        }
    }
    return 0;
}

int main(int Count, char **Arguments)
{
    WSADATA Data;
    if (Count != 2)
        return 2;
    Require(WSAStartup(MAKEWORD(2, 2), &Data) == 0, "WSAStartup");
    int Found = RunNamed(Misuses, Arguments[1]) || RunNamed(Errors, Arguments[1]) || RunNamed(Observations, Arguments[1]);
    WSACleanup();
    return Found ? 0 : 2;
}
