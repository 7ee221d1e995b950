/*
 * Ctrl-C at a random moment, with clients in every phase. Each moment is drawn from a number that a failure names:
 *
 *     GRADE_SEED=N       the first moment's number (1)
 *     GRADE_MOMENTS=N    how many in each of the two tests; `make moments` asks for 200 in all
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

enum { CLIENTS = 10, UPLOAD = 180000, ECHO = 40000, STALLED = 16 * MEGABYTE, DRAIN_MS = 1000 };

typedef enum PART { /* what a client does; those from HALF_REQUEST on never come to an end by themselves */
                    PAGE,
                    LARGE,
                    PIPELINE,
                    PUT,
                    POST,
                    DONE,
                    HALF_REQUEST,
                    STALLED_READER,
                    STALLED_UPLOAD,
                    PARTS
} PART;

typedef struct ACTOR {
    CLIENT *client;
    PART part;
    int number;
    uint64_t to_send, sent; /* of a body */
    int begun;              /* the header was sent */
    int64_t ended;          /* when the end of the connection was seen */
} ACTOR;

static uint64_t random_state;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13; /* xorshift: the same numbers everywhere */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

/* Sends the request's header. */
static void begin(ACTOR *actor)
{
    CLIENT *c = actor->client;
    char text[600];
    int used = 0;
    switch (actor->part) {
    case PAGE:
        used = sprintf(text, "GET /page.html HTTP/1.1\r\nHost: test\r\n\r\n");
        break;
    case LARGE:
        used = sprintf(text, "GET /megabyte.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        break;
    case PIPELINE:
        for (int i = 0; i < 5; i++)
            used += sprintf(text + used, "GET /%s HTTP/1.1\r\nHost: test\r\n\r\n", i % 2 ? "page.html" : "small.txt");
        break;
    case PUT:
    case STALLED_UPLOAD:
        used =
            sprintf(text, "PUT /new%d.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", actor->number, UPLOAD);
        actor->to_send = actor->part == PUT ? UPLOAD : UPLOAD / 2;
        break;
    case POST:
        used = sprintf(text, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", ECHO);
        actor->to_send = ECHO;
        break;
    case HALF_REQUEST:
        used = sprintf(text, "GET /small.txt HTTP/1.1\r\nHo");
        break;
    case STALLED_READER:
        used = sprintf(text, "GET /stalled.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        break;
    default:
        used = sprintf(text, "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    client_try_send(c, text, (size_t)used, PATIENCE);
    actor->begun = 1;
}

/* Goes on by one step, and never waits. Returns 0 once the connection has ended. */
static int step(ACTOR *actor)
{
    CLIENT *c = actor->client;
    if (c->peer != PEER_OPEN)
        return 0;
    if (!actor->begun) {
        begin(actor);
    } else if (actor->sent < actor->to_send) {
        unsigned char piece[20000];
        uint64_t left = actor->to_send - actor->sent;
        size_t length = left < sizeof piece ? (size_t)left : 1 + draw(sizeof piece);
        pattern_fill(piece, actor->sent, length);
        actor->sent += client_try_send(c, piece, length, 0);
    }
    if (actor->part != STALLED_READER)
        client_receive(c, 0);
    if (c->peer != PEER_OPEN)
        actor->ended = now_ms();
    return c->peer == PEER_OPEN;
}

/* What the server has to answer to an actor's nth request. */
static void check_answer(const ACTOR *actor, int n, RESPONSE *r)
{
    static char *page;
    static size_t page_length;
    if (!page)
        page = read_text(site_path("page.html"), &page_length);
    const char *text = SMALL_TEXT;
    size_t length = strlen(text);
    switch (actor->part) {
    case PUT:
        expect_status(r, 201);
        return;
    case PAGE:
        text = page, length = page_length;
        break;
    case PIPELINE:
        if (n % 2)
            text = page, length = page_length;
        break;
    case LARGE:
    case POST:
    case STALLED_READER:
        expect_status(r, 200);
        if (pattern_differs(r->body, 0, r->body_length) < r->body_length)
            response_fail(r, "the pattern; byte %zu is wrong", pattern_differs(r->body, 0, r->body_length));
        return;
    case HALF_REQUEST:
        EXPECT(r->status == 408 || r->status == 503, "no answer to half a request, or 408", "%d", r->status);
        return;
    default:
        break;
    }
    expect_status(r, 200);
    if (r->length != length || memcmp(r->body, text, r->body_length) != 0)
        response_fail(r, "the file's bytes, as far as they came");
}

/* Every answer that was begun must be whole; cut only when its client stalls or the drain was over. */
static void check_actor(ACTOR *actor, int64_t stopped)
{
    CLIENT *c = actor->client;
    for (int n = 0;; n++) {
        RESPONSE *r = response_try(c, 0, PATIENCE);
        if (!r->head_length)
            return;
        if (r->heard == HEARD_CUT && r->status && r->body)
            check_answer(actor, n, r);
        if (r->heard == HEARD_CUT && actor->part < HALF_REQUEST && actor->ended - stopped < DRAIN_MS)
            response_fail(
                r, "an answer that has begun, whole: its client reads, and it ended after %lld of %d ms of drain",
                (long long)(actor->ended - stopped), DRAIN_MS);
        if (r->heard != HEARD_WHOLE)
            return;
        check_answer(actor, n, r);
    }
}

/* An upload is there whole or not at all. */
static void check_uploads(const ACTOR *actors)
{
    const char *list = uploads_list();
    int whole = 0, names = *list != 0;
    for (const char *at = list; (at = strchr(at, ' ')); at++)
        names++;
    for (int i = 0; i < CLIENTS; i++) {
        char name[32], path[SERVER_PATH + 40];
        size_t length;
        snprintf(name, sizeof name, "new%d.bin", actors[i].number);
        unsigned char *content = upload_content(name, &length);
        EXPECT(!content || (length == UPLOAD && pattern_differs(content, 0, length) == length),
               "uploads whole or not at all", "%zu of %d bytes of %s", length, UPLOAD, name);
        whole += content != NULL;
        free(content);
        snprintf(path, sizeof path, "%s/%s", site.uploads, name);
        remove(path);
    }
    EXPECT(whole == names, "nothing but whole uploads in the folder", "%s", list);
}

static void start_server(void)
{
    if (run.wine) {
        serve("--drain 1");
        return;
    }
    setenv("WIN32_VERIFIER", "1", 1);
    serve_with_journal("--drain 1");
    unsetenv("WIN32_VERIFIER");
}

static void check_records(void)
{
    if (run.wine)
        return;
    server_expect_no_report(&server);
    JOURNAL *journal = journal_read();
    const EVENT *left = journal_unfinished(journal);
    EXPECT(!left, "every operation over before the server ends", "a %s on handle 0x%llx is still in flight", left->name,
           (unsigned long long)left->handle);
    free(journal->events);
    free(journal);
}

static int all_have_ended(ACTOR *actors)
{
    int open = 0;
    for (int i = 0; i < CLIENTS; i++)
        open += step(&actors[i]);
    return open == 0;
}

/* One start, one load, one Ctrl-C. Clients do one of the first so many parts. */
static void one_moment(unsigned seed, unsigned parts)
{
    ACTOR actors[CLIENTS];
    story_context("moment %u (GRADE_SEED=%u GRADE_MOMENTS=1 for it alone)", seed, seed);
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (int i = 0; i < 8; i++)
        draw(2);
    start_server();
    site_add_sparse("stalled.bin", STALLED, STALLED);
    for (int i = 0; i < CLIENTS; i++) {
        actors[i] = (ACTOR){.part = (PART)draw(parts), .number = i};
        actors[i].client = client_connect(server.port, actors[i].part == STALLED_READER ? 4096 : 0);
        actors[i].client->number += 1000; /* they tell no steps */
    }
    for (unsigned steps = draw(draw(2) ? 20 : 200); steps > 0; steps--)
        step(&actors[draw(CLIENTS)]);
    int64_t stopped = now_ms();
    server_signal(&server, SIGINT);
    WAIT_UNTIL(all_have_ended(actors) || server_has_ended(&server), 3 * PATIENCE);
    server_expect_clean_end(&server);
    for (int i = 0; i < CLIENTS; i++)
        check_actor(&actors[i], stopped);
    check_uploads(actors);
    check_records();
    for (int i = 0; i < CLIENTS; i++) {
        client_close(actors[i].client);
        free(actors[i].client->in);
        actors[i].client->in = NULL;
        actors[i].client->taken = actors[i].client->length = actors[i].client->capacity = 0;
    }
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);
    return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* Moments are many, and each stands for the others: native runs take twice as many as the slow ones. */
static void moments(unsigned parts, unsigned usual)
{
    unsigned first = number_from("GRADE_SEED", 1),
             count = number_from("GRADE_MOMENTS", run.sanitized || run.wine ? usual / 2 : usual);
    for (unsigned i = 0; i < count; i++)
        one_moment(first + i, parts);
    story_context(NULL);
}

START_TEST(ctrl_c_at_any_moment)
{
    moments(HALF_REQUEST, 6);
}
END_TEST

/* Each such moment lasts as long as the drain, for somebody never reads or never ends his request. */
START_TEST(ctrl_c_when_some_stall)
{
    moments(PARTS, 4);
}
END_TEST

static void moments_test(TEST *test)
{
    test->stages = FROM(5);
    test->seconds = 60 + 3 * (int)number_from("GRADE_MOMENTS", 0);
}

void moments_topic(void)
{
    topic("moments", "Ctrl-C at random moments");
    moments_test(
        test(ctrl_c_at_any_moment, "Operations are in flight in every state, and nobody chose the moment with care."));
    moments_test(test(ctrl_c_when_some_stall, "A client that never comes to an end must not keep the others from it."));
}
