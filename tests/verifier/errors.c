/*
 * errors.c - programs that read the last error too late or not at all (bad-…), and ones that come close (good-…).
 * Marks as in misuses.c.
 */
#include "programs.h"

static char Buffer[4096];

/* A socket that is not connected: sending fails with WSAENOTCONN. */
static SOCKET Unconnected(void)
{
    SOCKET Socket = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    Require(Socket != INVALID_SOCKET, "socket");
    return Socket;
}

/* --- read after a call that set it ------------------------------------------------------------------------------- */

static void BadReplaced(void)
{
    SOCKET Socket = Unconnected();
    int Sent = send(Socket, "x", 1, 0); /* THERE last-error-replaced */
    HANDLE Event = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (Sent == SOCKET_ERROR)
        Require(WSAGetLastError() == 0, "an error that is gone"); /* HERE last-error-replaced */
    CloseHandle(Event);
    closesocket(Socket);
}

static void GoodReplaced(void)
{
    SOCKET Socket = Unconnected();
    int Error = send(Socket, "x", 1, 0) == SOCKET_ERROR ? WSAGetLastError() : 0;
    HANDLE Event = CreateEventA(NULL, TRUE, FALSE, NULL);
    Require(Error == WSAENOTCONN, "the error");
    CloseHandle(Event);
    closesocket(Socket);
}

static DWORD Slot;

static void BadSlot(void)
{
    SOCKET Socket = Unconnected();
    Slot = TlsAlloc();
    TlsSetValue(Slot, &Slot);
    int Sent = send(Socket, "x", 1, 0); /* THERE last-error-replaced+slot */
    char *Name = TlsGetValue(Slot);
    if (Sent == SOCKET_ERROR && Name)
        WSAGetLastError(); /* HERE last-error-replaced+slot */
    TlsFree(Slot);
    closesocket(Socket);
}

/* TlsGetValue gives NULL: only the last error tells whether that was stored. */
static void GoodSlot(void)
{
    SOCKET Socket = Unconnected();
    Slot = TlsAlloc();
    send(Socket, "x", 1, 0);
    if (!TlsGetValue(Slot))
        Require(GetLastError() == ERROR_SUCCESS, "a slot that holds NULL");
    TlsFree(Slot);
    closesocket(Socket);
}

/* --- read after clearing up --------------------------------------------------------------------------------------- */

static void BadLate(void)
{
    SOCKET Socket = Unconnected();
    if (send(Socket, "x", 1, 0) == SOCKET_ERROR) { /* THERE last-error-late */
        closesocket(Socket);
        Require(WSAGetLastError() != 0, "an error"); /* HERE last-error-late */
    }
}

/* What a function does that reports its errors as Windows' own do: it keeps the error over the clearing up. */
static BOOL SendOrClose(SOCKET Socket)
{
    if (send(Socket, "x", 1, 0) != SOCKET_ERROR)
        return TRUE;
    int Error = WSAGetLastError();
    closesocket(Socket);
    WSASetLastError(Error);
    return FALSE;
}

static void GoodLate(void)
{
    if (!SendOrClose(Unconnected()))
        Require(WSAGetLastError() == WSAENOTCONN, "the error");
}

/* Once for the comparison, and once more for the message: the second comes too late. */
static void BadTwice(void)
{
    static OVERLAPPED Overlapped;
    SOCKET Socket = Unconnected();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0;
    int Result = WSARecv(Socket, &Whole, 1, NULL, &Flags, &Overlapped, NULL); /* THERE last-error-late+twice */
    if (Result == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING) {
        closesocket(Socket);
        WSAGetLastError(); /* HERE last-error-late+twice */
    }
}

static void GoodTwice(void)
{
    SOCKET Socket = Unconnected();
    send(Socket, "x", 1, 0);
    Require(WSAGetLastError() == WSAENOTCONN && WSAGetLastError() == WSAENOTCONN, "the error, twice");
    closesocket(Socket);
}

/* An error that nobody cares for, a close, and then another call whose error is read. */
static void GoodIgnored(void)
{
    SOCKET Socket = Unconnected(), Other = Unconnected();
    shutdown(Socket, SD_SEND);
    closesocket(Socket);
    if (send(Other, "x", 1, 0) == SOCKET_ERROR)
        Require(WSAGetLastError() == WSAENOTCONN, "the error");
    closesocket(Other);
}

/* Reads after each close, and looks at it only when that failed. */
static int Close(SOCKET Socket)
{
    int Result = closesocket(Socket), Error = WSAGetLastError();
    return Result == SOCKET_ERROR ? Error : 0;
}

static void GoodAlways(void)
{
    SOCKET Socket = Unconnected(), Other = Unconnected();
    shutdown(Socket, SD_SEND);
    Require(Close(Socket) == 0, "closesocket");
    CloseHandle(CreateEventA(NULL, TRUE, FALSE, NULL));
    Require(Close(Other) == 0, "closesocket");
}

/* --- not read at all ---------------------------------------------------------------------------------------------- */

static void PostAndWait(int Look)
{
    static OVERLAPPED Overlapped;
    PAIR Pair = PairOpen();
    WSABUF Whole = {sizeof Buffer, Buffer};
    DWORD Flags = 0, Bytes;
    ULONG_PTR Key;
    OVERLAPPED *Taken;
    shutdown(Pair.Near, SD_RECEIVE);
    int Result = WSARecv(Pair.Near, &Whole, 1, NULL, &Flags, &Overlapped, NULL); /* THERE failure-as-pending+waits */
    if (Look && Result == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING)
        PostQueuedCompletionStatus(Pair.Port, 0, 0, &Overlapped);   /* the common path is to end the connection */
    GetQueuedCompletionStatus(Pair.Port, &Bytes, &Key, &Taken, 10); /* HERE failure-as-pending+waits */
    PairClose(&Pair);
}

static void BadUnread(void)
{
    PostAndWait(0);
}

static void GoodUnread(void)
{
    PostAndWait(1);
}

const PROGRAM Errors[] = {
    {"bad-last-error-replaced", BadReplaced},
    {"good-last-error-replaced", GoodReplaced},
    {"bad-last-error-replaced+slot", BadSlot},
    {"good-last-error-replaced+slot", GoodSlot},
    {"bad-last-error-late", BadLate},
    {"good-last-error-late", GoodLate},
    {"bad-last-error-late+twice", BadTwice},
    {"good-last-error-late+twice", GoodTwice},
    {"good-last-error-late+ignored", GoodIgnored},
    {"good-last-error-late+always", GoodAlways},
    {"bad-failure-as-pending+waits", BadUnread},
    {"good-failure-as-pending+waits", GoodUnread},
    {NULL, NULL},
};
