/* Copies a file through a port: a static array of slots, each with one read or write out at a time, so that as many
 * are in flight as there are slots. Two threads take packets; the last write to end says so with a posted packet. */
#include "check.h"

enum { SLOTS = 8, SLICE = 4096, SLICES = BUG ? 64 : 1500, TAIL = 777, THREADS = 2 };

typedef struct SLOT {
    OVERLAPPED Overlapped;
    enum { READING, WRITING } State;
    DWORD Length;
    char Data[SLICE];
} SLOT;

static SLOT Slots[SLOTS];
static HANDLE Port, Source, Target;
static LONG volatile NextSlice, Busy = SLOTS;
static LONGLONG volatile Copied;
static char SourceName[64], TargetName[64];

static void OffsetSet(OVERLAPPED *Overlapped, ULONGLONG Offset)
{
    memset(Overlapped, 0, sizeof *Overlapped);
    Overlapped->Offset = (DWORD)Offset;
    Overlapped->OffsetHigh = (DWORD)(Offset >> 32);
}

static ULONGLONG OffsetOf(const OVERLAPPED *Overlapped)
{
    return (ULONGLONG)Overlapped->OffsetHigh << 32 | Overlapped->Offset;
}

/* A slot without work: the last one ends the program. */
static void SlotRetire(void)
{
    if (InterlockedDecrement(&Busy) == 0) {
        for (int i = 0; i < THREADS; i++)
            CHECK(PostQueuedCompletionStatus(Port, 0, 0, NULL));
    }
}

static void SlotRead(SLOT *Slot)
{
    LONG Slice = InterlockedIncrement(&NextSlice) - 1;
    Slot->State = READING;
    OffsetSet(&Slot->Overlapped, (ULONGLONG)Slice * SLICE);
    if (!ReadFile(Source, Slot->Data, SLICE, NULL, &Slot->Overlapped) && GetLastError() != ERROR_IO_PENDING) {
        CHECK(GetLastError() == ERROR_HANDLE_EOF); /* told at once: no packet */
        SlotRetire();
    }
}

static void SlotWrite(SLOT *Slot, DWORD Length)
{
    ULONGLONG Offset = OffsetOf(&Slot->Overlapped);
    Slot->State = WRITING;
    Slot->Length = Length;
    OffsetSet(&Slot->Overlapped, Offset);
    if (!WriteFile(Target, Slot->Data, Length, NULL, &Slot->Overlapped))
        CHECK(GetLastError() == ERROR_IO_PENDING);
}

/* A write may take a part only: the rest follows from where it stopped. */
static void SlotWritten(SLOT *Slot, DWORD Bytes)
{
    InterlockedExchangeAdd64(&Copied, Bytes);
    if (Bytes == Slot->Length) {
        SlotRead(Slot);
        return;
    }
    CHECK(Bytes < Slot->Length && Bytes > 0);
    memmove(Slot->Data, Slot->Data + Bytes, Slot->Length - Bytes);
    OffsetSet(&Slot->Overlapped, OffsetOf(&Slot->Overlapped) + Bytes);
    SlotWrite(Slot, Slot->Length - Bytes);
}

static DWORD WINAPI Copy(void *Unused)
{
    (void)Unused;
    for (;;) {
        DWORD Bytes;
        ULONG_PTR Key;
        OVERLAPPED *Overlapped = NULL;
        BOOL Good = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);
        if (!Overlapped)
            return 0;
        SLOT *Slot = CONTAINING_RECORD(Overlapped, SLOT, Overlapped);
        if (!Good) {
            CHECK(GetLastError() == ERROR_HANDLE_EOF && Slot->State == READING);
            SlotRetire();
        } else if (Slot->State == READING)
            SlotWrite(Slot, Bytes);
        else
            SlotWritten(Slot, Bytes);
    }
}

static void SourceMake(void)
{
    static char Data[SLICE];
    DWORD Bytes;
    HANDLE File = CreateFileA(SourceName, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    CHECK(File != INVALID_HANDLE_VALUE);
    for (unsigned i = 0; i <= SLICES; i++) {
        FillFrom(Data, SLICE, 7, i * SLICE);
        for (DWORD Done = 0, Length = i < SLICES ? SLICE : TAIL; Done < Length; Done += Bytes)
            CHECK(WriteFile(File, Data + Done, Length - Done, &Bytes, NULL));
    }
    CHECK(CloseHandle(File));
}

static void TargetCheck(void)
{
    static char Data[SLICE];
    DWORD Bytes;
    LARGE_INTEGER Size;
    HANDLE File =
        CreateFileA(TargetName, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(File != INVALID_HANDLE_VALUE && GetFileSizeEx(File, &Size));
    CHECK(Size.QuadPart == (LONGLONG)SLICES * SLICE + TAIL && Size.QuadPart == Copied);
    for (unsigned Offset = 0; ReadFile(File, Data, SLICE, &Bytes, NULL) && Bytes > 0; Offset += Bytes)
        CHECK(IsFrom(Data, Bytes, 7, Offset));
    CHECK(CloseHandle(File));
}

int main(void)
{
    HANDLE Threads[THREADS];
    snprintf(SourceName, sizeof SourceName, "copier-%lu.from", (unsigned long)GetCurrentProcessId());
    snprintf(TargetName, sizeof TargetName, "copier-%lu.to", (unsigned long)GetCurrentProcessId());
    SourceMake();
    Source = CreateFileA(SourceName, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    const DWORD Share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    const DWORD How = FILE_FLAG_OVERLAPPED;
    Target = CreateFileA(TargetName, GENERIC_WRITE, Share, NULL, CREATE_ALWAYS, How, NULL); /* here: 6 */
    CHECK(Source != INVALID_HANDLE_VALUE && Target != INVALID_HANDLE_VALUE);
    Port = CreateIoCompletionPort(Source, NULL, 1, THREADS);
    CHECK(Port && CreateIoCompletionPort(Target, Port, 2, 0) == Port);
    for (int i = 0; i < SLOTS; i++)
        SlotRead(&Slots[i]);
    for (int i = 0; i < THREADS; i++)
        Threads[i] = Spawn(Copy, NULL);
    for (int i = 0; i < THREADS; i++)
        Join(Threads[i]);
    CHECK(CloseHandle(Source));
#if BUG != 6
    CHECK(CloseHandle(Target));
#endif
    CHECK(CloseHandle(Port));
    TargetCheck();
    CHECK(DeleteFileA(SourceName) && DeleteFileA(TargetName));
    return 0;
}
