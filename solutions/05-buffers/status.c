/* Counters, and the page that shows them: GET /status. How they are counted says status.h. */
#include "server.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static THREAD_LOCAL COUNTERS *Mine;

void CountersUse(COUNTERS *Counters)
{
    Mine = Counters;
}

COUNTERS *CountersMine(SERVER_CONFIG *Config)
{
    return Mine != NULL ? Mine : &Config->Counters[0];
}

void CountBegin(SERVER_CONFIG *Config, IO_OPERATION Kind)
{
    InterlockedIncrement64(&CountersMine(Config)->Begun[Kind]);
}

void CountEnd(SERVER_CONFIG *Config, IO_OPERATION Kind)
{
    InterlockedIncrement64(&CountersMine(Config)->Ended[Kind]);
}

static LONGLONG Read(volatile LONGLONG *Counter)
{
    return InterlockedCompareExchange64(Counter, 0, 0);
}

static LONG Look(volatile LONG *Counter)
{
    return InterlockedCompareExchange(Counter, 0, 0);
}

/* Adds text to a buffer, as printf does. What does not fit is left out. */
static void Print(BUFFER *Text, const char *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsnprintf(Text->Data + Text->Filled, Text->Size - Text->Filled, Format, Arguments);
    va_end(Arguments);
    if (Length > 0 && (DWORD)Length < Text->Size - Text->Filled) {
        Text->Filled += (DWORD)Length;
    }
}

/* The sum of one counter over all threads; At is where the first thread has it. */
static LONGLONG Sum(SERVER_CONFIG *Config, volatile LONGLONG *At)
{
    const size_t Offset = (size_t)((volatile char *)At - (volatile char *)&Config->Counters[0]);
    LONGLONG Total = 0;

    for (DWORD i = 0; i <= Config->WorkerCount; i++) {
        Total += Read((volatile LONGLONG *)(volatile void *)((volatile char *)&Config->Counters[i] + Offset));
    }
    return Total;
}

static void ShowOperations(SERVER_CONFIG *Config, BUFFER *Text)
{
    static const struct {
        IO_OPERATION Kind;
        const char *Name;
    } Kinds[] = {{IO_SOCKET_ACCEPT, "accept"},
                 {IO_SOCKET_IDLE, "idle"},
                 {IO_SOCKET_READ, "socket_read"},
                 {IO_SOCKET_WRITE, "socket_write"},
                 {IO_FILE_READ, "file_read"},
                 {IO_FILE_WRITE, "file_write"},
                 {IO_TRANSMIT, "transmit"},
                 {IO_SOCKET_DISCONNECT, "disconnect"},
                 {IO_FLOW, "flow"},
                 {IO_BUFFER, "buffer_wait"},
                 {IO_PAUSE, "pause"},
                 {IO_BUSINESS, "business"}};
    COUNTERS *First = &Config->Counters[0];

    for (int What = 0; What < 3; What++) {
        static const char *const Names[] = {"in_flight", "done", "shortages"};
        const char *Comma = "";

        Print(Text, "  \"%s\": {", Names[What]);
        for (size_t i = 0; i < sizeof(Kinds) / sizeof(Kinds[0]); i++) {
            IO_OPERATION Kind = Kinds[i].Kind;
            LONGLONG Ended = Sum(Config, &First->Ended[Kind]);
            LONGLONG Value = What == 0   ? Sum(Config, &First->Begun[Kind]) - Ended
                             : What == 1 ? Ended
                                         : Sum(Config, &First->Retries[Kind]);

            Print(Text, "%s\"%s\": %" PRId64, Comma, Kinds[i].Name, (int64_t)Value);
            Comma = ", ";
        }
        Print(Text, "},\n");
    }
}

static void ShowPool(BUFFER *Text, const char *Name, BUFFER_POOL *Pool)
{
    Print(Text, "  \"%s\": {\"bytes\": %lu, \"count\": %lu, \"in_use\": %ld, \"high_water\": %ld, \"waiting\": %ld},\n",
          Name, (unsigned long)Pool->Size, (unsigned long)Pool->Count, (long)Look(&Pool->InUse),
          (long)Look(&Pool->HighWater), (long)Look(&Pool->Waiting));
}

static void ShowItems(BUFFER *Text, const char *Name, POOL *Pool)
{
    Print(Text, "  \"%s\": {\"bytes\": %lu, \"made\": %ld, \"in_use\": %ld, \"high_water\": %ld},\n", Name,
          (unsigned long)Pool->Stride, (long)Look(&Pool->Made), (long)Look(&Pool->InUse), (long)Look(&Pool->HighWater));
}

static void ShowThreads(SERVER_CONFIG *Config, BUFFER *Text)
{
    Print(Text, "  \"packets\": [");
    for (DWORD i = 1; i <= Config->WorkerCount; i++) {
        Print(Text, "%s%" PRId64, i > 1 ? ", " : "", (int64_t)Read(&Config->Counters[i].Packets));
    }
    Print(Text, "],\n");
}

static void ShowParts(SERVER_CONFIG *Config, BUFFER *Text)
{
    COUNTERS *First = &Config->Counters[0];
    LONG Threads, MostThreads, Jobs;
    LONGLONG Done, Written, Queued, Lost, Files, Bytes;

    BusinessCount(&Threads, &MostThreads, &Jobs, &Done);
    LogCount(&Written, &Queued, &Lost);
    HotCount(&Files, &Bytes);
    Print(Text,
          "  \"business\": {\"threads\": %ld, \"high_water\": %ld, \"queued\": %ld, \"done\": %" PRId64 "},\n"
          "  \"log\": {\"written\": %" PRId64 ", \"queued\": %" PRId64 ", \"lost\": %" PRId64 "},\n"
          "  \"hot\": {\"files\": %" PRId64 ", \"bytes\": %" PRId64 ", \"hits\": %" PRId64 ", \"misses\": %" PRId64
          "}\n}\n",
          (long)Threads, (long)MostThreads, (long)Jobs, (int64_t)Done, (int64_t)Written, (int64_t)Queued, (int64_t)Lost,
          (int64_t)Files, (int64_t)Bytes, (int64_t)Sum(Config, &First->HotHits),
          (int64_t)Sum(Config, &First->HotMisses));
}

static void StatusPrint(SERVER_CONFIG *Config, BUFFER *Text)
{
    COUNTERS *First = &Config->Counters[0];
    const LONG Accepting = Look(&Config->Accepting);

    Print(Text, "{\n  \"connections\": %ld,\n  \"accepting\": %ld,\n  \"paused\": %ld,\n  \"requests\": %" PRId64 ",\n",
          (long)(Look(&Config->Connections) - Accepting), (long)Accepting, (long)Look(&Config->Paused),
          (int64_t)Sum(Config, &First->Requests));
    Print(Text, "  \"short_writes\": %" PRId64 ",\n  \"out_of_order\": %" PRId64 ",\n",
          (int64_t)Sum(Config, &First->Short), (int64_t)Sum(Config, &First->OutOfOrder));
    ShowOperations(Config, Text);
    ShowThreads(Config, Text);
    ShowPool(Text, "small_buffers", &Config->Small);
    ShowPool(Text, "large_buffers", &Config->Large);
    ShowItems(Text, "request_items", &Config->Requests);
    ShowItems(Text, "connection_items", &Config->Clients);
    ShowParts(Config, Text);
}

/* A large buffer is there: the request's own was too small. */
static void StatusLarge(OVERLAPPED_EX *Context)
{
    BUFFER *Text = ChainTake(&Context->Spare);

    StatusPrint(Context->Config, Text);
    ChainAppend(&Context->Chain, Text);
    AnswerText(Context, 200, "application/json");
}

void StatusShow(OVERLAPPED_EX *Context)
{
    char Room[8192];
    BUFFER Text;

    memset(&Text, 0, sizeof(Text));
    Text.Data = Room;
    Text.Size = sizeof(Room);
    StatusPrint(Context->Config, &Text);
    /* Who asks wants to know above all when buffers are scarce: so without another one if possible. */
    if (!AnswerShort(Context, "application/json", Text.Data, Text.Filled)) {
        BufferNeed(Context, &Context->Config->Large, 1, StatusLarge);
    }
}
