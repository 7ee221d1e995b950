/**
 * @file windef.h
 * The basic types of Win32, with the sizes that they have on 64-bit Windows.
 *
 * Windows is LLP64: long has 32 bits there and 64 here. So LONG and DWORD are int-sized on this side, and a program
 * that prints a DWORD casts it to unsigned long first, which is right in both worlds.
 */
#ifndef WIN32_WINDEF_H
#define WIN32_WINDEF_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0602
#endif

#define WINAPI
#define WSAAPI
#define APIENTRY
#define CALLBACK
#define PASCAL
#define FAR
#define NEAR
#ifndef __stdcall
#define __stdcall
#define __cdecl
#endif
#define VOID void
#define CONST const
#define WINBOOL BOOL

/* Source annotations: read by Microsoft's analyser, nothing to a compiler. */
#define _In_
#define _In_opt_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_
#define IN
#define OUT
#define OPTIONAL
#define UNREFERENCED_PARAMETER(P) ((void)(P))

typedef int BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned char UCHAR, *PUCHAR;
typedef unsigned char BOOLEAN, *PBOOLEAN;
typedef char CHAR, *PCHAR;
typedef short SHORT, *PSHORT;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef unsigned short USHORT, *PUSHORT;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT;
typedef int32_t LONG, *PLONG, *LPLONG;
typedef uint32_t ULONG, *PULONG;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef int64_t LONGLONG, LONG64, INT64, *PLONGLONG, *PLONG64;
typedef uint64_t ULONGLONG, DWORDLONG, DWORD64, ULONG64, UINT64, *PULONGLONG;
typedef int32_t INT32;
typedef uint32_t UINT32;
typedef intptr_t LONG_PTR, INT_PTR, *PLONG_PTR;
typedef uintptr_t ULONG_PTR, DWORD_PTR, UINT_PTR, *PULONG_PTR, *PDWORD_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef ptrdiff_t SSIZE_T;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID, *PCVOID;
typedef char *LPSTR, *PSTR, *LPTSTR, *PTSTR;
typedef const char *LPCSTR, *PCSTR, *LPCTSTR, *PCTSTR;
typedef char TCHAR, TBYTE;
typedef wchar_t WCHAR, *LPWSTR, *PWSTR;
typedef const wchar_t *LPCWSTR;
typedef LONG NTSTATUS;

/**
 * A handle: an entry of the handle table and a generation, never a descriptor and never a pointer.
 * A handle that was closed is recognised even after its entry serves another object.
 */
typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef HANDLE HINSTANCE, HMODULE, HWND, HLOCAL, HGLOBAL;

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef MAX_PATH
#define MAX_PATH 260
#endif
#define INFINITE 0xFFFFFFFFu
#define MAXDWORD 0xFFFFFFFFu
#define MAXLONG 0x7FFFFFFF

#define TEXT(Quote) Quote
#define _T(Quote) Quote

#define LOBYTE(W) ((BYTE)((DWORD_PTR)(W)&0xff))
#define HIBYTE(W) ((BYTE)(((DWORD_PTR)(W) >> 8) & 0xff))
#define LOWORD(L) ((WORD)((DWORD_PTR)(L)&0xffff))
#define HIWORD(L) ((WORD)(((DWORD_PTR)(L) >> 16) & 0xffff))
#define MAKEWORD(Low, High) ((WORD)((BYTE)(Low) | (WORD)((WORD)(BYTE)(High) << 8)))
#define MAKELONG(Low, High) ((LONG)((WORD)(Low) | (DWORD)((DWORD)(WORD)(High) << 16)))

/** How many elements an array has. */
#define ARRAYSIZE(A) (sizeof(A) / sizeof((A)[0]))
#define CONTAINING_RECORD(Address, Type, Field) ((Type *)((PCHAR)(Address)-offsetof(Type, Field)))

#define CopyMemory(To, From, Bytes) memcpy((To), (From), (Bytes))
#define MoveMemory(To, From, Bytes) memmove((To), (From), (Bytes))
#define FillMemory(To, Bytes, Value) memset((To), (Value), (Bytes))
#define ZeroMemory(To, Bytes) memset((To), 0, (Bytes))
#define SecureZeroMemory(To, Bytes) memset((To), 0, (Bytes))

typedef union _LARGE_INTEGER {
    struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

/** 100-nanosecond steps since 1601-01-01 UTC. */
typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SYSTEMTIME {
    WORD wYear;
    WORD wMonth;
    WORD wDayOfWeek;
    WORD wDay;
    WORD wHour;
    WORD wMinute;
    WORD wSecond;
    WORD wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

/**
 * One overlapped operation. From the call that starts it to its completion it belongs to the system: it may not be
 * moved, reused or freed. A low bit of 1 in hEvent suppresses the completion packet (the event is still set).
 */
typedef struct _OVERLAPPED {
    ULONG_PTR Internal;     /**< an NTSTATUS: STATUS_PENDING while the operation is out */
    ULONG_PTR InternalHigh; /**< bytes transferred */
    union {
        struct {
            DWORD Offset;
            DWORD OffsetHigh;
        };
        PVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

typedef struct _OVERLAPPED_ENTRY {
    ULONG_PTR lpCompletionKey;
    LPOVERLAPPED lpOverlapped;
    ULONG_PTR Internal;
    DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY, *LPOVERLAPPED_ENTRY;

#define HasOverlappedIoCompleted(Overlapped) (((DWORD)(Overlapped)->Internal) != STATUS_PENDING)

#endif
