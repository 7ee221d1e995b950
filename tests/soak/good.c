/* A well-behaved client that checks every byte: see clients.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../grade/clock.h"
#include "../grade/expect.h"
#include "../grade/site.h"
#include "../grade/spawn.h"
#include "../grade/story.h"
#include "clients.h"
#include "random.h"

enum { CONNECTIONS = 3, ECHO_MOST = 100000, PUT_MOST = 150000, RESTED = 2000 };

const unsigned kept_sizes[KEPT_FILES] = {1, 999, 3494, 70001, 600000};

typedef struct CONVERSATION {
    CLIENT *client;
    int64_t last; /* when it was last used */
} CONVERSATION;

static void drop(RESPONSE *r)
{
    free(r->body);
    free(r->head);
    free(r);
}

static void part(CONVERSATION *with)
{
    if (!with->client)
        return;
    client_close(with->client);
    free(with->client->in);
    with->client->in = NULL;
    with->client->taken = with->client->length = with->client->capacity = 0;
    with->client = NULL;
}

/* A connection that may be used: one that has rested for long may be ended by the server at any moment. */
static CLIENT *meet(CONVERSATION *with)
{
    if (with->client && (now_ms() - with->last > RESTED || with->client->peer != PEER_OPEN))
        part(with);
    if (!with->client) {
        with->client = client_open();
        with->client->number = 1000000; /* tells no steps */
    }
    with->last = now_ms();
    return with->client;
}

static void fetch(CLIENT *c, unsigned file)
{
    client_say(c, "GET /kept%u.bin HTTP/1.1\r\nHost: test\r\n\r\n", file + 1);
    RESPONSE *r = expect_status(response(c), 200);
    expect_pattern(r, 0, kept_sizes[file]);
    drop(r);
}

static void fetch_part(RANDOM *random, CLIENT *c, unsigned file)
{
    unsigned from = draw(random, kept_sizes[file]), to = from + draw(random, kept_sizes[file] - from);
    client_say(c, "GET /kept%u.bin HTTP/1.1\r\nHost: test\r\nRange: bytes=%u-%u\r\n\r\n", file + 1, from, to);
    RESPONSE *r = expect_status(response(c), 206);
    expect_pattern(r, from, to - from + 1);
    drop(r);
}

static void fetch_if_changed(CLIENT *c, unsigned file)
{
    client_say(c, "HEAD /kept%u.bin HTTP/1.1\r\nHost: test\r\n\r\n", file + 1);
    RESPONSE *r = expect_status(response_to_head(c), 200);
    char *tag = response_field(r, "ETag");
    EXPECT(tag, "an ETag", "none");
    client_say(c, "GET /kept%u.bin HTTP/1.1\r\nHost: test\r\nIf-None-Match: %s\r\n\r\n", file + 1, tag);
    drop(r);
    free(tag);
    drop(expect_status(response(c), 304));
}

static void hear_echo(RANDOM *random, CLIENT *c)
{
    unsigned length = draw(random, ECHO_MOST), offset = draw(random, 1000);
    client_say(c, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %u\r\n\r\n", length);
    client_send_pattern(c, offset, length);
    RESPONSE *r = expect_status(response(c), 200);
    expect_pattern(r, offset, length);
    drop(r);
}

static void leave_a_file(RANDOM *random, CLIENT *c, int number)
{
    unsigned length = draw(random, PUT_MOST), offset = draw(random, 1000);
    char name[32];
    size_t kept = 0;
    snprintf(name, sizeof name, "good%d.bin", number);
    client_say(c, "PUT /%s HTTP/1.1\r\nHost: test\r\nContent-Length: %u\r\n\r\n", name, length);
    client_send_pattern(c, offset, length);
    drop(expect_status(response(c), 201));
    unsigned char *content = upload_content(name, &kept);
    EXPECT(content && kept == length && pattern_differs(content, offset, kept) == kept, "the upload as it was sent",
           "%zu of %u bytes, the first wrong one at %zu", kept, length,
           content ? pattern_differs(content, offset, kept) : 0);
    free(content);
}

static void ask_many(RANDOM *random, CLIENT *c)
{
    unsigned files[8], count = 1 + draw(random, 8);
    for (unsigned i = 0; i < count; i++) {
        files[i] = draw(random, 4);
        client_say(c, "GET /kept%u.bin HTTP/1.1\r\nHost: test\r\n\r\n", files[i] + 1);
    }
    for (unsigned i = 0; i < count; i++) {
        RESPONSE *r = expect_status(response(c), 200);
        expect_pattern(r, 0, kept_sizes[files[i]]);
        drop(r);
    }
}

/* 303 and 200 where there is a guestbook, 501 or 404 where there is none. */
static void sign_the_book(CLIENT *c, int stage)
{
    static const char entry[] = "name=good&text=hello";
    if (stage < 5)
        return;
    client_say(c, "POST /guestbook HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n%s", sizeof entry - 1, entry);
    RESPONSE *r = response(c);
    if (r->status != 303 && r->status != 501)
        response_fail(r, "303, or 501 from a server without SQLite");
    drop(r);
}

static void do_something(RANDOM *random, CONVERSATION *with, int number, int stage)
{
    CLIENT *c = meet(with);
    unsigned file = draw(random, KEPT_FILES);
    switch (draw(random, 9)) {
    case 0:
        fetch_part(random, c, file);
        break;
    case 1:
        fetch_if_changed(c, file);
        break;
    case 2:
        hear_echo(random, c);
        break;
    case 3:
        leave_a_file(random, c, number);
        break;
    case 4:
        ask_many(random, c);
        break;
    case 5:
        sign_the_book(c, stage);
        break;
    case 6:
        drop(expect_status(get(c, "/nothing.txt"), 404));
        break;
    default:
        fetch(c, file);
    }
    if (with->client->peer != PEER_OPEN || draw(random, 10) == 0)
        part(with);
}

void well_behaved(uint64_t seed, int number, int stage, int64_t until, TALLY *tally)
{
    CONVERSATION with[CONNECTIONS] = {0};
    RANDOM random;
    random_begin(&random, seed, (uint64_t)number);
    while (now_ms() < until) {
        do_something(&random, &with[draw(&random, CONNECTIONS)], number, stage);
        __atomic_fetch_add(&tally->answers, 1, __ATOMIC_RELAXED);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        part(&with[i]);
}
