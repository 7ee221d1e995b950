/* Hot files: the table, what is dropped from it, and the comparison with the disk. What they are for says hot.h. */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* The largest file that is kept, in bytes. */
#define HOT_LARGEST 262144u
/* Places in the table. */
#define HOT_PLACES 1024u

/* A file in memory: this structure, its name, and its bytes, in one allocation. */
struct HOT_FILE {
    BUFFER Body; /* first. A descriptor of no pool; its references are the table's, and one for each answer */

    /* Never change. */
    HTTP_FILE Facts;
    SIZE_T Memory; /* bytes that it takes in all */
    char *Name;

    /* Interlocked access only. */
    volatile LONG Checked; /* GetTickCount of the last look at the disk */
    volatile LONG Used;    /* since the last search for somebody to drop */
};

static SERVER_CONFIG *Server;
static SRWLOCK Lock = SRWLOCK_INIT;    /* guards Places and Hand; no other lock is taken under it */
static HOT_FILE *Places[HOT_PLACES];   /* a file's place follows from its name; two of one place displace each other */
static DWORD Hand;                     /* where the search for somebody to drop goes on */
static volatile LONGLONG Files, Bytes; /* interlocked access only */

void HotStart(SERVER_CONFIG *Config)
{
    Server = Config;
}

static DWORD PlaceOf(const char *Name)
{
    DWORD Hash = 2166136261u;

    for (; *Name != '\0'; Name++) {
        Hash = (Hash ^ (unsigned char)*Name) * 16777619u;
    }
    return (Hash ^ Hash >> 16) % HOT_PLACES;
}

void HotFree(BUFFER *Body)
{
    HOT_FILE *Hot = CONTAINING_RECORD(Body, HOT_FILE, Body);

    InterlockedExchangeAdd64(&Bytes, -(LONGLONG)Hot->Memory);
    VirtualFree(Hot, 0, MEM_RELEASE);
}

static void HotRelease(HOT_FILE *Hot)
{
    if (Hot != NULL) {
        BufferGive(&Hot->Body);
    }
}

/* Takes a file out of the table if it is still there. */
static void HotDrop(HOT_FILE *Hot)
{
    HOT_FILE **Place = &Places[PlaceOf(Hot->Name)];
    BOOL Dropped;

    AcquireSRWLockExclusive(&Lock);
    Dropped = *Place == Hot;
    if (Dropped) {
        *Place = NULL;
    }
    ReleaseSRWLockExclusive(&Lock);
    if (Dropped) {
        InterlockedDecrement64(&Files);
        HotRelease(Hot);
    }
}

/* Whether the file on the disk is still the one in memory. */
static BOOL HotIsTrue(HOT_FILE *Hot)
{
    char Path[PATH_SIZE];
    WIN32_FILE_ATTRIBUTE_DATA Now;
    HTTP_FILE Facts;
    const LONG Age = (LONG)Server->HotAge;
    LONG Checked = InterlockedCompareExchange(&Hot->Checked, 0, 0);
    LONG Ticks = (LONG)GetTickCount();

    /* With an age one looks for all who come meanwhile. */
    if (Age > 0 && (Ticks - Checked < Age || InterlockedCompareExchange(&Hot->Checked, Ticks, Checked) != Checked)) {
        return TRUE;
    }
    snprintf(Path, sizeof(Path), "%s/%s", Server->Root, Hot->Name);
    if (!GetFileAttributesExA(Path, GetFileExInfoStandard, &Now) || (Now.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
        return FALSE;
    }
    FileFacts(&Facts, Now.nFileSizeHigh, Now.nFileSizeLow, Now.ftLastWriteTime);
    return memcmp(Facts.ETag, Hot->Facts.ETag, sizeof(Facts.ETag)) == 0 && Facts.Size == Hot->Facts.Size;
}

BOOL HotFind(OVERLAPPED_EX *Context, const char *Name, HTTP_FILE *Facts)
{
    HOT_FILE *Hot;

    if (Context->Config->Hot == 0) {
        return FALSE;
    }
    AcquireSRWLockShared(&Lock); /* readers do not wait for each other */
    Hot = Places[PlaceOf(Name)];
    if (Hot != NULL && strcmp(Hot->Name, Name) == 0) {
        BufferKeep(&Hot->Body);
    } else {
        Hot = NULL;
    }
    ReleaseSRWLockShared(&Lock);
    if (Hot == NULL) {
        InterlockedIncrement64(&CountersMine(Server)->HotMisses);
        return FALSE;
    }
    if (!HotIsTrue(Hot)) {
        HotDrop(Hot);
        HotRelease(Hot);
        return FALSE;
    }
    InterlockedIncrement64(&CountersMine(Server)->HotHits);
    InterlockedExchange(&Hot->Used, TRUE);
    *Facts = Hot->Facts;
    Context->Hot = Hot;
    return TRUE;
}

/* Drops files that nobody has asked for since the last search, until there is room. @return FALSE without any */
static BOOL HotMakeRoom(SIZE_T Wanted)
{
    const LONGLONG Limit = (LONGLONG)Server->Hot * 1024;

    for (DWORD Looked = 0; InterlockedExchangeAdd64(&Bytes, 0) + (LONGLONG)Wanted > Limit; Looked++) {
        HOT_FILE *Hot;

        if (Looked == 2 * HOT_PLACES) { /* all that is left is being sent */
            return FALSE;
        }
        AcquireSRWLockExclusive(&Lock);
        Hot = Places[Hand];
        if (Hot != NULL && InterlockedExchange(&Hot->Used, FALSE)) {
            Hot = NULL;
        }
        if (Hot != NULL) {
            Places[Hand] = NULL;
        }
        Hand = (Hand + 1) % HOT_PLACES;
        ReleaseSRWLockExclusive(&Lock);
        if (Hot != NULL) {
            InterlockedDecrement64(&Files);
            HotRelease(Hot);
        }
    }
    return TRUE;
}

BOOL HotBegin(OVERLAPPED_EX *Context, const char *Name, const HTTP_FILE *Facts)
{
    const SIZE_T NameLength = (strlen(Name) + 64) / 64 * 64;
    const SIZE_T Memory = (sizeof(HOT_FILE) + NameLength + (SIZE_T)Facts->Size + 4095) / 4096 * 4096;
    HOT_FILE *Hot;

    if (Server->Hot == 0 || Facts->Size > HOT_LARGEST || !HotMakeRoom(Memory)) {
        return FALSE;
    }
    Hot = VirtualAlloc(NULL, Memory, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (Hot == NULL) {
        return FALSE;
    }
    Hot->Facts = *Facts;
    Hot->Memory = Memory;
    Hot->Name = (char *)(Hot + 1);
    Hot->Body.Data = Hot->Name + NameLength;
    Hot->Body.Size = (DWORD)Facts->Size;
    Hot->Body.References = 1;
    Hot->Checked = (LONG)GetTickCount();
    memcpy(Hot->Name, Name, strlen(Name) + 1);
    InterlockedExchangeAdd64(&Bytes, (LONGLONG)Memory);
    Context->Hot = Hot;
    return TRUE;
}

void HotPublish(OVERLAPPED_EX *Context)
{
    HOT_FILE *Hot = Context->Hot;
    HOT_FILE **Place = &Places[PlaceOf(Hot->Name)];
    HOT_FILE *Before;

    Hot->Body.Filled = Hot->Body.Size;
    BufferKeep(&Hot->Body);
    AcquireSRWLockExclusive(&Lock);
    Before = *Place;
    *Place = Hot;
    ReleaseSRWLockExclusive(&Lock);
    if (Before == NULL) {
        InterlockedIncrement64(&Files);
    }
    HotRelease(Before);
}

char *HotData(const HOT_FILE *Hot)
{
    return Hot->Body.Data;
}

void HotGive(OVERLAPPED_EX *Context)
{
    HotRelease(Context->Hot);
    Context->Hot = NULL;
}

void HotStop(void)
{
    for (DWORD i = 0; i < HOT_PLACES; i++) {
        HotRelease(Places[i]);
        Places[i] = NULL;
    }
}

void HotCount(LONGLONG *FileCount, LONGLONG *ByteCount)
{
    *FileCount = InterlockedExchangeAdd64(&Files, 0);
    *ByteCount = InterlockedExchangeAdd64(&Bytes, 0);
}
