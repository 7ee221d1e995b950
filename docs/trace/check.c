/**
 * @file check.c
 * Tests of the tool: small journals in, what is found in them out; then journals that are broken at random.
 *
 *     check TEMPLATE-FOLDER
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check_format.h"
#include "format.h"
#include "page.h"

static unsigned passed, failures;
static const char *template_folder;

#define CHECK(Condition, ...)                                                                                          \
    do {                                                                                                               \
        if (Condition) {                                                                                               \
            passed++;                                                                                                  \
        } else {                                                                                                       \
            failures++;                                                                                                \
            printf("check.c:%d: %s: ", __LINE__, #Condition);                                                          \
            printf(__VA_ARGS__);                                                                                       \
            putchar('\n');                                                                                             \
        }                                                                                                              \
    } while (0)

/* --- helpers ------------------------------------------------------------------------------------------------------ */

static struct {
    journal j;
    model m;
    char complaints[4096];
    char *page, *events; /* as written */
} got;

static FILE *temporary(void)
{
    FILE *file = tmpfile();
    if (!file) {
        perror("tmpfile");
        exit(2);
    }
    return file;
}

static char *text_of(FILE *file)
{
    long size = ftell(file);
    char *text = calloc((size_t)size + 1, 1);
    rewind(file);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size)
        exit(2);
    fclose(file);
    return text;
}

static void forget(void)
{
    free(got.page);
    free(got.events);
    got.page = got.events = NULL;
    model_free(&got.m);
    journal_free(&got.j);
}

/* Reads a journal of so many bytes and makes its model. */
static void take_bytes(const char *text, size_t size)
{
    FILE *in = temporary(), *complaints = temporary();
    forget();
    fwrite(text, 1, size, in);
    rewind(in);
    journal_read(&got.j, in, "j", complaints);
    fclose(in);
    char *told = text_of(complaints);
    snprintf(got.complaints, sizeof got.complaints, "%s", told);
    free(told);
    if (got.j.count)
        model_make(&got.m, &got.j);
}

static void take(const char *text)
{
    take_bytes(text, strlen(text));
}

/* Writes both forms of the journal that was taken. */
static void write_forms(const char *title)
{
    page p = {.model = &got.m, .journal = &got.j, .title = title, .note = "a note", .template = template_folder};
    FILE *out = temporary();
    trace_events_write(&p, out);
    got.events = text_of(out);
    out = temporary();
    if (page_write(&p, out))
        exit(2);
    got.page = text_of(out);
}

/* Whether the events as written keep the format's rules; why not is told. */
static int events_are_right(void)
{
    char why[300];
    if (format_check(got.events, why, sizeof why) > 0)
        return 1;
    printf("%s\n", why);
    return 0;
}

static const char *name(uint32_t number)
{
    return got.j.names[number];
}

static const operation *operation_at(uint32_t i)
{
    static const operation none = {.post = NONE, .pending = NONE, .complete = NONE, .dequeue = NONE, .fail = NONE};
    return i < got.m.operation_count ? &got.m.operations[i] : &none;
}

/* Lines in few words: L(1, "call=WSARecv", 0x28, 0x7f00, 100, 0). */
static char lines[8192];
static unsigned line_time;
static void L(unsigned thread, const char *what, unsigned handle, unsigned overlapped, unsigned bytes, unsigned error)
{
    size_t length = strlen(lines);
    line_time += 10;
    snprintf(lines + length, sizeof lines - length,
             "time=0.%06u thread=%u %s handle=0x%x overlapped=0x%x bytes=%u error=%u%s\n", line_time, thread, what,
             handle, overlapped, bytes, error, strncmp(what, "call", 4) ? "" : " from=server+0x1234");
}

static void lines_begin(void)
{
    lines[0] = 0;
    line_time = 0;
}

static void lines_take(void)
{
    take(lines);
    CHECK(!got.complaints[0], "a good journal gives no complaint: %s", got.complaints);
}

/* --- a strict reader of JSON: only whether it is any -------------------------------------------------------------- */

static const char *json_value(const char *s, int depth);

static const char *json_space(const char *s)
{
    while (s && *s && strchr(" \t\r\n", *s))
        s++;
    return s;
}

static const char *json_text(const char *s)
{
    if (!s || *s++ != '"')
        return NULL;
    for (; *s != '"'; s++) {
        if ((unsigned char)*s < ' ')
            return NULL;
        if (*s == '\\') {
            s++;
            if (*s == 'u' && strspn(s + 1, "0123456789abcdefABCDEF") >= 4)
                s += 4;
            else if (!*s || !strchr("\"\\/bfnrt", *s))
                return NULL;
        }
    }
    return s + 1;
}

static const char *json_members(const char *s, char end, int depth)
{
    s = json_space(s + 1);
    if (*s == end)
        return s + 1;
    for (;;) {
        if (end == '}') {
            s = json_space(json_text(json_space(s)));
            if (!s || *s++ != ':')
                return NULL;
        }
        s = json_space(json_value(s, depth + 1));
        if (!s || (*s != ',' && *s != end))
            return NULL;
        if (*s++ == end)
            return s;
    }
}

static const char *json_value(const char *s, int depth)
{
    s = json_space(s);
    if (!s || depth > 20)
        return NULL;
    if (*s == '{' || *s == '[')
        return json_members(s, *s == '{' ? '}' : ']', depth);
    if (*s == '"')
        return json_text(s);
    size_t length = strspn(s, "-0123456789.");
    return length ? s + length : NULL;
}

static int is_json(const char *text, const char *end)
{
    const char *stop = json_space(json_value(text, 0));
    return stop && stop == end;
}

/* The data within the page. */
static int page_holds_json(const char *html)
{
    const char *begin = strstr(html, "id=\"journal\">"), *end = begin ? strstr(begin, "</script>") : NULL;
    return end && is_json(begin + 13, end);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void reads_a_line(void)
{
    take("time=12.345678 thread=3 call=WSARecv handle=0x10002c overlapped=0x7f27dc000c00 bytes=48 error=997 "
         "from=server+0x1a2b\n");
    CHECK(got.j.count == 1 && !got.j.skipped, "%s", got.complaints);
    const event *e = &got.j.events[0];
    CHECK(e->time == 12345678, "%llu", (unsigned long long)e->time);
    CHECK(got.j.threads[e->thread] == 3 && e->kind == KIND_CALL, "thread and kind");
    CHECK(!strcmp(name(e->name), "WSARecv") && !strcmp(name(e->from), "server+0x1a2b"), "names");
    CHECK(e->handle == 0x10002c && e->overlapped == 0x7f27dc000c00 && e->bytes == 48 && e->error == 997, "numbers");
    take("time=0.5 thread=1 call=CreateIoCompletionPort handle=0xffffffffffffffff overlapped=0x0 bytes=0 error=0\n");
    CHECK(got.j.count == 1 && got.j.events[0].handle == UINT64_MAX && got.j.events[0].time == 500000, "wide numbers");
}

/* Each is left out with one message that has its number; its neighbours stay. */
static void leaves_out_bad_lines(void)
{
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"", "j:2: left out, because this line does not begin with time="},
        {"hello", "j:2: left out, because this line does not begin with time="},
        {"time=x thread=1 call=a handle=0x0 overlapped=0x0 bytes=0 error=0", "does not begin with time="},
        {"time=99999999999999999999 thread=1 call=a handle=0x0 overlapped=0x0 bytes=0 error=0", "begin with time="},
        {"time=0.2 call=a handle=0x0 overlapped=0x0 bytes=0 error=0", "has no thread="},
        {"time=0.2 thread=-1 call=a handle=0x0 overlapped=0x0 bytes=0 error=0", "has no thread="},
        {"time=0.2 thread=1", "does not say what happened"},
        {"time=0.2 thread=1 call=a handle=0x0 overlapped=0x0 bytes=0", "lacks handle, overlapped, bytes or error"},
        {"time=0.2 thread=1 call=a handle=zz overlapped=0x0 bytes=0 error=0", "has a value that is not a number"},
        {"time=0.2 thread=1 call=a handle=0x0 overlapped=0x0 bytes=0 error=0 rubbish", "is not name=value"},
        {"time=0.05 thread=1 call=a handle=0x0 overlapped=0x0 bytes=0 error=0", "is earlier than the line before it"},
    };
    const char *good = "time=0.1 thread=1 call=b handle=0x0 overlapped=0x0 bytes=0 error=0\n";
    const char *last = "time=0.3 thread=1 call=c handle=0x0 overlapped=0x0 bytes=0 error=0\n";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s\n%s", good, bad[i].line, last);
        take(text);
        CHECK(got.j.count == 2 && got.j.skipped == 1, "%s: %u kept", bad[i].line, got.j.count);
        CHECK(strstr(got.complaints, bad[i].message) && strstr(got.complaints, "j:2:"), "%s: %s", bad[i].line,
              got.complaints);
        CHECK(strchr(got.complaints, '\n') == got.complaints + strlen(got.complaints) - 1, "one line: %s",
              got.complaints);
    }
    take_bytes("time=0.1 thread=1 call=b\0x\n", 27);
    CHECK(strstr(got.complaints, "has a zero byte"), "%s", got.complaints);
    take("time=0.1 thread=1 call=b handle=0x0 overlapped=0x0 bytes=0 error=0");
    CHECK(strstr(got.complaints, "j:1: left out, because this line is cut off"), "%s", got.complaints);
    take("");
    CHECK(!got.j.count && !got.complaints[0], "an empty file is no complaint");
}

static void complains_in_moderation(void)
{
    char text[400] = "";
    for (int i = 0; i < 100; i++)
        strcat(text, "x\n");
    take(text);
    unsigned count = 0;
    for (const char *c = got.complaints; *c; c++)
        count += *c == '\n';
    CHECK(count == 11 && strstr(got.complaints, "100 lines were left out"), "%s", got.complaints);
}

static void keeps_unknown_kinds(void)
{
    take("time=0.1 thread=1 verifier=reused rule=\"one at a time\" at=a.c:12 handle=0x28\n"
         "time=0.2 thread=2 quota=pool bytes=lots\n");
    CHECK(got.j.count == 2 && !got.complaints[0], "%s", got.complaints);
    const event *e = &got.j.events[0];
    CHECK(e->kind == KIND_OTHER && !strcmp(name(e->kind_name), "verifier") && !strcmp(name(e->name), "reused"),
          "names");
    CHECK(e->handle == 0 && !strcmp(name(e->extra), "rule=\"one at a time\" at=a.c:12 handle=0x28"), "%s",
          name(e->extra));
    CHECK(!strcmp(name(got.j.events[1].extra), "bytes=lots"), "%s", name(got.j.events[1].extra));
    write_forms("t");
    CHECK(strstr(got.events, "verifier reused") && strstr(got.page, "one at a time"), "they are shown");
}

/* --- operations --------------------------------------------------------------------------------------------------- */

static void follows_an_operation(void)
{
    lines_begin();
    L(1, "call=CreateIoCompletionPort", 0x28, 0xc, 0, 0); /* 0 */
    L(1, "call=WSARecv", 0x28, 0x7f00, 100, 0);           /* 1 */
    L(1, "pending=receive", 0x28, 0x7f00, 100, 0);        /* 2 */
    L(2, "call=GetQueuedCompletionStatus", 0xc, 0, 0, 0); /* 3 */
    L(3, "complete=receive", 0x28, 0x7f00, 5, 0);         /* 4 */
    L(2, "dequeue=packet", 0xc, 0x7f00, 5, 0);            /* 5 */
    L(2, "call=WSASend", 0x28, 0x7f00, 9, 0);             /* 6 */
    L(2, "complete=send", 0x28, 0x7f00, 9, 0);            /* 7 */
    L(2, "call=GetQueuedCompletionStatus", 0xc, 0, 0, 0); /* 8 */
    L(2, "dequeue=packet", 0xc, 0x7f00, 9, 0);            /* 9 */
    lines_take();
    CHECK(got.m.operation_count == 2, "%u", got.m.operation_count);
    const operation *o = operation_at(0);
    CHECK(o->post == 1 && o->pending == 2 && o->complete == 4 && o->dequeue == 5 && o->fail == NONE, "receive");
    CHECK(!strcmp(name(o->kind), "receive") && !strcmp(name(o->call), "WSARecv") && o->asked == 100 && o->moved == 5 &&
              o->port == 0xc,
          "receive's facts");
    o = operation_at(1);
    CHECK(o->post == 6 && o->pending == NONE && o->complete == 7 && o->dequeue == 9, "send, complete at once");
    CHECK(got.m.summary.in_flight_most == 1 && got.m.summary.in_flight_event == 1, "in flight");
    CHECK(got.m.summary.packet_wait == 1 && !got.m.summary.unfinished && !got.m.summary.untaken, "sums");
    CHECK(got.m.sum_count == 2, "%u kinds", got.m.sum_count);
}

static void follows_failures_and_refusals(void)
{
    lines_begin();
    L(1, "call=WSARecv", 0x28, 0x7f00, 100, 0); /* arguments refused: nothing follows */
    L(1, "call=WSARecv", 0x28, 0x7f00, 100, 0);
    L(1, "fail=receive", 0x28, 0x7f00, 0, 10054);
    L(1, "call=CancelIoEx", 0x28, 0x7f00, 0, 0);
    L(1, "call=AcceptEx", 0x20, 0x7f40, 0, 0);
    L(1, "pending=accept", 0x20, 0x7f40, 0, 0);
    L(1, "call=CancelIoEx", 0x20, 0x7f40, 0, 0);
    L(1, "complete=accept", 0x20, 0x7f40, 0, 995);
    L(1, "call=WSASend", 0x28, 0x7f80, 100, 0);
    L(1, "pending=send", 0x28, 0x7f80, 100, 0);
    lines_take();
    CHECK(got.m.operation_count == 3, "%u", got.m.operation_count);
    CHECK(operation_at(0)->post == 1 && operation_at(0)->fail == 2 && operation_at(0)->error == 10054, "failed");
    CHECK(operation_at(1)->post == 4 && operation_at(1)->complete == 7 && operation_at(1)->error == 995, "cancelled");
    CHECK(operation_at(2)->complete == NONE && got.m.summary.unfinished == 1, "still out");
    CHECK(got.m.summary.failed == 2 && got.m.summary.untaken == 0, "sums");
    CHECK(got.m.operation_of[0] == NONE && got.m.operation_of[8] == 2, "events know their operations");
}

/* Packets that were posted by hand have no OVERLAPPED: they leave in the order in which they came, port by port. */
static void follows_posted_packets(void)
{
    lines_begin();
    L(1, "call=PostQueuedCompletionStatus", 0xc, 0, 0, 0);
    L(1, "call=PostQueuedCompletionStatus", 0xd, 0, 0, 0);
    L(1, "call=PostQueuedCompletionStatus", 0xc, 0, 7, 0);
    L(2, "dequeue=packet", 0xc, 0, 0, 0);
    L(3, "dequeue=packet", 0xc, 0, 7, 0);
    lines_take();
    CHECK(operation_at(0)->dequeue == 3 && operation_at(1)->dequeue == NONE && operation_at(2)->dequeue == 4,
          "in order");
    CHECK(got.m.summary.untaken == 1 && got.m.summary.unfinished == 0 && got.m.summary.in_flight_most == 0, "sums");
}

static void knows_when_no_packet_comes(void)
{
    lines_begin();
    L(1, "call=CreateIoCompletionPort", 0x28, 0xc, 0, 0);
    L(1, "call=SetFileCompletionNotificationModes", 0x28, 0, 1, 0);
    L(1, "call=WSASend", 0x28, 0x7f00, 9, 0);
    L(1, "complete=send", 0x28, 0x7f00, 9, 0); /* skipped */
    L(1, "call=WSASend", 0x28, 0x7f00, 9, 0);
    L(1, "pending=send", 0x28, 0x7f00, 9, 0);
    L(2, "complete=send", 0x28, 0x7f00, 9, 0);
    L(2, "dequeue=packet", 0xc, 0x7f00, 9, 0);
    L(1, "call=closesocket", 0x28, 0, 0, 0);
    L(1, "call=WSASend", 0x28, 0x7f00, 9, 0); /* the handle is another one by now: no port */
    L(1, "pending=send", 0x28, 0x7f00, 9, 0);
    L(1, "complete=send", 0x28, 0x7f00, 9, 0);
    lines_take();
    CHECK(operation_at(0)->dequeue == NONE && operation_at(1)->dequeue == 7, "the packet is the second's");
    CHECK(operation_at(2)->port == 0 && got.m.summary.untaken == 0, "nobody waits for a packet");

    lines_begin();
    L(1, "call=ReadFile", 0x28, 0x7f00, 9, 0); /* without a port: an event tells of its end */
    L(1, "complete=file-read", 0x28, 0x7f00, 9, 0);
    L(1, "call=CreateIoCompletionPort", 0x28, 0xc, 0, 0);
    L(1, "call=ReadFile", 0x28, 0x7f00, 9, 0);
    L(1, "complete=file-read", 0x28, 0x7f00, 9, 0);
    L(1, "dequeue=packet", 0xc, 0x7f00, 9, 0);
    lines_take();
    CHECK(operation_at(0)->dequeue == NONE && operation_at(1)->dequeue == 5, "the packet is of the one with a port");
}

/* A program with the bug that the course warns of: the picture must still be true. */
static void follows_reused_overlapped(void)
{
    lines_begin();
    L(1, "call=CreateIoCompletionPort", 0x28, 0xc, 0, 0);
    L(1, "call=WSARecv", 0x28, 0x7f00, 1, 0);
    L(1, "pending=receive", 0x28, 0x7f00, 1, 0);
    L(1, "call=WSARecv", 0x28, 0x7f00, 2, 0);
    L(1, "pending=receive", 0x28, 0x7f00, 2, 0);
    L(2, "complete=receive", 0x28, 0x7f00, 1, 0);
    L(2, "complete=receive", 0x28, 0x7f00, 2, 0);
    L(2, "dequeue=packet", 0xc, 0x7f00, 1, 0);
    L(2, "dequeue=packet", 0xc, 0x7f00, 2, 0);
    lines_take();
    CHECK(got.m.operation_count == 2 && got.m.summary.in_flight_most == 2, "both are seen");
    CHECK(operation_at(0)->complete == 5 && operation_at(0)->dequeue == 7, "the older first");
    CHECK(operation_at(1)->complete == 6 && operation_at(1)->dequeue == 8, "then the other");
}

/* Many at a time with one OVERLAPPED, all over before it is used again. */
static void forgets_what_is_over(void)
{
    lines_begin();
    for (int i = 0; i < 12; i++) {
        L(1, "call=ReadFile", 0x28, 0x7f00, 9, 0);
        L(1, "pending=file-read", 0x28, 0x7f00, 9, 0);
    }
    for (int i = 0; i < 12; i++)
        L(1, "complete=file-read", 0x28, 0x7f00, 9, 0);
    L(1, "call=ReadFile", 0x28, 0x7f00, 9, 0);
    L(1, "complete=file-read", 0x28, 0x7f00, 9, 0);
    lines_take();
    const operation *last = operation_at(got.m.operation_count - 1);
    CHECK(last->post == 36 && last->complete == 37, "%u operations", got.m.operation_count);
}

static void begins_in_the_middle(void)
{
    lines_begin();
    L(2, "complete=teleport", 0x28, 0x7f00, 1, 0);
    L(2, "dequeue=packet", 0xc, 0x7f00, 1, 0);
    L(2, "dequeue=packet", 0xc, 0x7f40, 1, 0);
    lines_take();
    CHECK(got.m.operation_count == 1 && operation_at(0)->post == NONE && operation_at(0)->dequeue == 1, "no post");
    write_forms("t");
    CHECK(page_holds_json(got.page), "it can be written");
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

static int bar_is(const lane *l, uint32_t i, uint32_t state, uint32_t first, uint32_t last)
{
    return i < l->bar_count && l->bars[i].state == state && l->bars[i].first == first && l->bars[i].last == last;
}

static void follows_threads(void)
{
    lines_begin();
    L(1, "call=CreateThread", 0, 0, 0, 0);                /* 0 */
    L(1, "call=WaitForMultipleObjects", 4, 0, 1, 0);      /* 1 */
    L(2, "thread-start=thread", 0x10, 0, 2, 0);           /* 2 */
    L(2, "call=GetQueuedCompletionStatus", 0xc, 0, 0, 0); /* 3 */
    L(3, "thread-start=thread", 0x14, 0, 3, 0);           /* 4 */
    L(3, "call=accept", 0x20, 0, 0, 0);                   /* 5 */
    L(4, "complete=file-read", 0x28, 0x7f00, 0, 0);       /* 6 */
    L(3, "complete=accept", 0x24, 0, 0, 0);               /* 7 */
    L(3, "call=Sleep", 0, 0, 5, 0);                       /* 8 */
    L(3, "call=closesocket", 0x24, 0, 0, 0);              /* 9 */
    L(3, "thread-end=thread", 0x14, 0, 3, 0);             /* 10 */
    L(2, "no-packet=packet", 0xc, 0, 0, 258);             /* 11 */
    L(5, "thread-start=thread", 0x18, 0, 5, 0);           /* 12 */
    L(5, "call=recv", 0x24, 0, 10, 0);                    /* 13 */
    L(5, "call=send", 0x24, 0, 10, 0);                    /* 14 */
    L(6, "call=SetEvent", 4, 0, 0, 0);                    /* 15 */
    L(1, "woke=WaitForMultipleObjects", 4, 0, 1, 0);      /* 16 */
    L(1, "call=CloseHandle", 4, 0, 0, 0);                 /* 17 */
    lines_take();
    CHECK(got.m.lane_count == 6 && got.m.summary.threads == 5 && got.m.summary.system_threads == 1, "threads");
    static const uint32_t order[] = {ROLE_MAIN, ROLE_LISTEN, ROLE_WORKER, ROLE_CONNECTION, ROLE_HANDLER, ROLE_SYSTEM};
    for (uint32_t i = 0; i < 6; i++)
        CHECK(got.m.lanes[i].role == order[i], "lane %u is %s", i, lane_label(&got.m, &got.m.lanes[i]));
    const lane *l = got.m.lanes;
    CHECK(bar_is(&l[0], 0, THREAD_RUNS, 0, 1) && bar_is(&l[0], 1, THREAD_BLOCKS, 1, 16) &&
              bar_is(&l[0], 2, THREAD_RUNS, 16, 17),
          "main");
    CHECK(bar_is(&l[1], 1, THREAD_BLOCKS, 5, 7) && bar_is(&l[1], 2, THREAD_RUNS, 7, 8) &&
              bar_is(&l[1], 3, THREAD_BLOCKS, 8, 9) && bar_is(&l[1], 4, THREAD_RUNS, 9, 10) && l[1].bar_count == 5,
          "listener");
    CHECK(!strcmp(name(l[1].bars[2].kind), "accept"), "goes on from accept");
    CHECK(bar_is(&l[2], 0, THREAD_RUNS, 2, 3) && bar_is(&l[2], 1, THREAD_WAITS, 3, 11) &&
              bar_is(&l[2], 2, THREAD_RUNS, 11, 17),
          "worker");
    CHECK(bar_is(&l[3], 1, THREAD_BLOCKS, 13, 14) && bar_is(&l[3], 2, THREAD_BLOCKS, 14, 17), "connection");
    CHECK(l[5].bar_count == 0, "a system thread has no bar");
    CHECK(got.m.summary.running_most == 3 && got.m.summary.running_event == 16, "%u at once",
          got.m.summary.running_most);
    CHECK(got.m.summary.block_lane == 3, "the longest block in I/O");
}

/* Whatever the call that blocks is: from its line to the one that says that it is over. */
static void ends_blocks(void)
{
    static const char *const calls[] = {"recv",
                                        "send",
                                        "connect",
                                        "select",
                                        "WSAPoll",
                                        "Sleep",
                                        "WaitForMultipleObjects",
                                        "EnterCriticalSection",
                                        "AcquireSRWLockExclusive",
                                        "AcquireSRWLockShared",
                                        "SleepConditionVariableCS",
                                        "SleepConditionVariableSRW",
                                        "InitOnceExecuteOnce",
                                        "GetOverlappedResult",
                                        "WSAGetOverlappedResult"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char call[80], woke[80];
        snprintf(call, sizeof call, "call=%s", calls[i]);
        snprintf(woke, sizeof woke, "woke=%s", calls[i]);
        lines_begin();
        L(1, "call=CreateThread", 0, 0, 0, 0); /* 0 */
        L(1, call, 0x24, 0, 10, 0);            /* 1 */
        L(2, "thread-start=thread", 0, 0, 0, 0);
        L(1, woke, 0x24, 0, 10, 0);              /* 3 */
        L(1, "call=CloseHandle", 0x24, 0, 0, 0); /* 4 */
        lines_take();
        CHECK(bar_is(&got.m.lanes[0], 1, THREAD_BLOCKS, 1, 3) && bar_is(&got.m.lanes[0], 2, THREAD_RUNS, 3, 4), "%s",
              calls[i]);
    }
}

/* ReadFile with an OVERLAPPED on a file that was not opened for it. */
static void sees_blocking_reads(void)
{
    lines_begin();
    L(1, "call=CreateThread", 0, 0, 0, 0);
    L(2, "thread-start=thread", 0, 0, 0, 0);         /* 1 */
    L(2, "call=recv", 0x24, 0, 10, 0);               /* 2 */
    L(2, "call=ReadFile", 0x28, 0x7f00, 10, 0);      /* 3 */
    L(2, "complete=file-read", 0x28, 0x7f00, 10, 0); /* 4 */
    L(2, "call=CloseHandle", 0x28, 0, 0, 0);         /* 5 */
    L(1, "call=ReadFile", 0x28, 0x7f40, 10, 0);      /* 6 */
    L(1, "complete=file-read", 0x28, 0x7f40, 10, 0); /* 7 */
    lines_take();
    const lane *l = &got.m.lanes[1];
    CHECK(bar_is(l, 1, THREAD_BLOCKS, 2, 3) && bar_is(l, 2, THREAD_BLOCKS, 3, 4) && bar_is(l, 3, THREAD_RUNS, 4, 7),
          "held");
    CHECK(got.m.lanes[0].bar_count == 1, "a thread without blocking I/O is not");
}

static void names_equals_by_number(void)
{
    lines_begin();
    L(1, "call=CreateThread", 0, 0, 0, 0);
    L(2, "thread-start=thread", 0, 0, 0, 0);
    L(3, "thread-start=thread", 0, 0, 0, 0);
    L(3, "call=GetQueuedCompletionStatus", 0xc, 0, 0, 0);
    L(2, "call=GetQueuedCompletionStatusEx", 0xc, 0, 0, 0);
    lines_take();
    CHECK(!strcmp(lane_label(&got.m, &got.m.lanes[0]), "main"), "alone, without a number");
    CHECK(!strcmp(lane_label(&got.m, &got.m.lanes[2]), "worker 2") && got.m.lanes[2].id == 3, "with others, numbered");
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void writes_json(void)
{
    take("time=0.1 thread=1 call=a\"b\\<\x01 handle=0x0 overlapped=0x0 bytes=0 error=995\n"
         "time=0.2 thread=1 odd=</script><b> \xff\xc3 \xe2\x82\xac {{page.css}} more=\"\n");
    CHECK(got.j.count == 2, "%s", got.complaints);
    write_forms("a <b> & \"c\" {{journal}}");
    CHECK(events_are_right(), "%s", got.events);
    CHECK(page_holds_json(got.page), "the page's data");
    CHECK(strstr(got.page, "\\ufffd\\ufffd \xe2\x82\xac"), "UTF-8 stays, other bytes are replaced");
    CHECK(strstr(got.page, "<title>a &lt;b> &amp; \"c\" {{journal}}</title>"), "the title is text");
    CHECK(strstr(got.page, "ERROR_OPERATION_ABORTED") && strstr(got.events, "ERROR_OPERATION_ABORTED"),
          "errors by name");
}

/* The page needs nothing but itself. */
static void is_self_contained(void)
{
    static const char *const outside[] = {"http:", "https:", "src=", "@import", "url(", "<link", "fetch(", "import("};
    lines_begin();
    L(1, "call=CreateThread", 0, 0, 0, 0);
    lines_take();
    write_forms("t");
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        CHECK(!strstr(got.page, outside[i]), "%s", outside[i]);
    CHECK(!strstr(got.page, "{{") && strstr(got.page, "</html>"), "every part is there");
}

/* Several events in a microsecond keep their order. */
static void sets_times_apart(void)
{
    take("time=0.1 thread=1 call=a handle=0x0 overlapped=0x0 bytes=0 error=0\n"
         "time=0.1 thread=1 call=Sleep handle=0x0 overlapped=0x0 bytes=0 error=0\n"
         "time=0.1 thread=1 call=b handle=0x0 overlapped=0x0 bytes=0 error=0\n");
    write_forms("t");
    CHECK(strstr(got.events,
                 "\"name\":\"blocks in Sleep\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":100000.001,\"dur\":0.001"),
          "%s", got.events);
}

/* Slices of a thread must follow each other: Perfetto drops those that overlap. */
static int bars_follow_each_other(void)
{
    for (uint32_t i = 0; i < got.m.lane_count; i++) {
        const lane *l = &got.m.lanes[i];
        for (uint32_t k = 0; k < l->bar_count; k++)
            if (l->bars[k].first >= l->bars[k].last || l->bars[k].last >= got.j.count ||
                (k > 0 && l->bars[k - 1].last > l->bars[k].first))
                return 0;
    }
    return 1;
}

/* --- broken at random, from a seed -------------------------------------------------------------------------------- */

static uint32_t seed = 1;
static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % sides;
}

/* Two threads that use a few handles and OVERLAPPEDs in no sensible order. */
static void random_lines(void)
{
    static const char *const what[] = {"call=WSARecv",
                                       "call=WSASend",
                                       "pending=receive",
                                       "complete=receive",
                                       "complete=send",
                                       "dequeue=packet",
                                       "call=GetQueuedCompletionStatus",
                                       "no-packet=packet",
                                       "call=PostQueuedCompletionStatus",
                                       "fail=send",
                                       "thread-start=thread",
                                       "thread-end=thread",
                                       "call=accept",
                                       "complete=accept",
                                       "woke=Sleep",
                                       "call=Sleep",
                                       "call=CreateIoCompletionPort",
                                       "call=closesocket",
                                       "call=SetFileCompletionNotificationModes",
                                       "strange=thing",
                                       "call=recv",
                                       "call=ReadFile",
                                       "complete=file-read"};
    lines_begin();
    for (int i = 0; i < 60; i++)
        L(dice(3) + 1, what[dice(sizeof what / sizeof what[0])], dice(3) + 0x20, dice(3) ? dice(2) + 0x7f00 : 0,
          dice(3), dice(8) ? 0 : 64);
}

static void survives_anything(void)
{
    for (int round = 0; round < 400; round++) {
        random_lines();
        for (uint32_t i = round < 200 ? 0 : dice(40); i; i--)
            lines[dice((uint32_t)strlen(lines) - 1)] = (char)dice(256);
        take_bytes(lines, strlen(lines) - (round < 200 ? 0 : dice(30)));
        if (!got.j.count)
            continue;
        int good = bars_follow_each_other();
        if (round % 5 == 0) { /* the page is large, and this runs under sanitizers */
            write_forms("random");
            good = good && events_are_right() && page_holds_json(got.page);
        }
        CHECK(good, "round %d:\n%s", round, lines);
        if (!good)
            return;
    }
}

int main(int count, char **arguments)
{
    template_folder = count > 1 ? arguments[1] : "docs/trace";
    reads_a_line();
    leaves_out_bad_lines();
    complains_in_moderation();
    keeps_unknown_kinds();
    follows_an_operation();
    follows_failures_and_refusals();
    follows_posted_packets();
    knows_when_no_packet_comes();
    follows_reused_overlapped();
    forgets_what_is_over();
    begins_in_the_middle();
    follows_threads();
    ends_blocks();
    sees_blocking_reads();
    names_equals_by_number();
    writes_json();
    is_self_contained();
    sets_times_apart();
    survives_anything();
    format_cases(&passed, &failures);
    forget();
    printf("%u passed, %u failed, 0 skipped\n", passed, failures);
    return failures != 0;
}
