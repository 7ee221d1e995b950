/*
 * A hostile client: a handful of connections, each with something to say (its script) and a way to go. At every step one
 * of them, drawn at random, goes on a little: some bytes are said, or some heard, or that was it. So every phase of a
 * request meets every kind of pause and every kind of end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../grade/client.h"
#include "../grade/clock.h"
#include "../grade/site.h"
#include "../grade/spawn.h"
#include "../grade/story.h"
#include "clients.h"
#include "random.h"

enum { SLOTS = 10, LONGEST = 300000 };

typedef struct SLOT {
    CLIENT *client; /* NULL: free */
    char *script;
    size_t length, said;
    unsigned pace;     /* bytes to say at a time, at most */
    unsigned hearing;  /* of so many steps one hears; 0: none */
    unsigned patience; /* steps until it goes */
} SLOT;

/* --- what is said ------------------------------------------------------------------------------------------------- */

static const char *const targets[] = {
    "/",       "/small.txt",     "/page.html",     "/megabyte.bin", "/kept3.bin", "/nothing", "/guestbook",
    "/status", "/../secret.txt", "/%2e%2e/x",      "/folder",       "/empty.txt", "/%00",     "/CON",
    "*",       "http://test/",   "/kept5.bin?q=1", "/\xFF"};

static const char *const fields[] = {"Range: bytes=100-5000\r\n",
                                     "Range: bytes=-1\r\n",
                                     "Range: bytes=999999999-\r\n",
                                     "Range: bytes=5-2\r\n",
                                     "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n",
                                     "If-None-Match: \"x\", W/\"y\"\r\n",
                                     "Connection: close\r\n",
                                     "Connection: keep-alive, close\r\n",
                                     "Expect: 100-continue\r\n",
                                     "Transfer-Encoding: chunked\r\n",
                                     "Content-Length: 10\r\n",
                                     "Content-Length: -1\r\n",
                                     "Transfer-Encoding : chunked\r\n",
                                     "no colon\r\n",
                                     "\r\n",
                                     "Host: test\r\n"};

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "get", "OPTIONS", "\x01"};

#define ANY(r, list) (list)[draw(r, (unsigned)(sizeof(list) / sizeof *(list)))]

static size_t say_request(RANDOM *r, char *to)
{
    size_t used = (size_t)sprintf(to, "%s %s HTTP/1.%u\r\nHost: test\r\n", draw(r, 3) ? "GET" : ANY(r, methods),
                                  ANY(r, targets), draw(r, 8) ? 1 : draw(r, 3));
    for (unsigned i = draw(r, 4); i > 0; i--)
        used += (size_t)sprintf(to + used, "%s", ANY(r, fields));
    return used + (size_t)sprintf(to + used, "\r\n");
}

static size_t say_upload(RANDOM *r, char *to)
{
    unsigned length = draw(r, 200000), sent = draw(r, 3) ? draw(r, length + 1) : length;
    size_t used = (size_t)sprintf(to, "PUT /hostile%u.bin HTTP/1.1\r\nHost: test\r\nContent-Length: %u\r\n\r\n",
                                  draw(r, 4), length);
    pattern_fill(to + used, 0, sent);
    return used + sent;
}

static size_t say_body(RANDOM *r, char *to)
{
    static const char *const bodies[] = {
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloooo",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\nshort",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: test\r\n\r\n",
        "POST /guestbook HTTP/1.1\r\nHost: test\r\nContent-Length: 25\r\n\r\nname=hostile&text=%00%3Cb",
        "POST /guestbook HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n&&==",
        "POST /guestbook HTTP/1.1\r\nHost: test\r\nContent-Length: 16000\r\n\r\nname="};
    return (size_t)sprintf(to, "%s", ANY(r, bodies));
}

static size_t say_nonsense(RANDOM *r, char *to)
{
    size_t length = 1 + draw(r, 3000);
    for (size_t i = 0; i < length; i++)
        to[i] = (char)draw(r, 256);
    return length;
}

static size_t say_endless_header(RANDOM *r, char *to)
{
    size_t used = (size_t)sprintf(to, "GET / HTTP/1.1\r\nHost: test\r\n"), length = draw(r, 120000);
    while (used < length)
        used += (size_t)sprintf(to + used, "X-Field-%zu: %0*u\r\n", used, 1 + (int)draw(r, 400), draw(r, 1000));
    return used;
}

static size_t say_pipeline(RANDOM *r, char *to)
{
    size_t used = 0;
    for (unsigned i = 1 + draw(r, 20); i > 0; i--)
        used += say_request(r, to + used);
    return used;
}

static size_t write_script(RANDOM *r, char *to)
{
    switch (draw(r, 8)) {
    case 0:
        return say_upload(r, to);
    case 1:
        return say_body(r, to);
    case 2:
        return say_nonsense(r, to);
    case 3:
        return say_endless_header(r, to);
    case 4:
        return 0; /* says nothing at all */
    case 5:
        return say_request(r, to);
    default:
        return say_pipeline(r, to);
    }
}

/* --- how it is said ----------------------------------------------------------------------------------------------- */

static void arrive(RANDOM *r, SLOT *slot)
{
    static const unsigned paces[] = {1, 7, 100, 5000, LONGEST};
    *slot = (SLOT){.script = malloc(2 * LONGEST)};
    slot->client = client_connect(server.port, draw(r, 3) ? 0 : 4096);
    slot->client->number = 1000000; /* tells no steps */
    slot->length = write_script(r, slot->script);
    if (slot->length && draw(r, 3) == 0)
        slot->length = 1 + draw(r, (unsigned)slot->length); /* half of it */
    slot->pace = ANY(r, paces);
    slot->hearing = draw(r, 5);
    slot->patience = 1 + draw(r, draw(r, 4) ? 60 : 1500);
}

static void leave(RANDOM *r, SLOT *slot)
{
    CLIENT *c = slot->client;
    if (draw(r, 2))
        client_reset(c);
    else
        client_close(c);
    free(c->in);
    c->in = NULL;
    c->taken = c->length = c->capacity = 0;
    free(slot->script);
    slot->client = NULL;
}

/* One step. Returns 0 when that was it. */
static int go_on(RANDOM *r, SLOT *slot)
{
    CLIENT *c = slot->client;
    if (slot->patience-- == 0 || c->peer != PEER_OPEN)
        return 0;
    if (slot->said < slot->length) {
        size_t now = 1 + draw(r, slot->pace), left = slot->length - slot->said;
        slot->said += client_try_send(c, slot->script + slot->said, now < left ? now : left, 0);
        if (slot->said == slot->length && draw(r, 6) == 0)
            client_half_close(c);
    }
    if (slot->hearing && draw(r, slot->hearing) == 0) {
        client_receive(c, 0);
        c->taken = c->length; /* nobody looks at it */
    }
    return 1;
}

void hostile(uint64_t seed, int number, int64_t until, TALLY *tally)
{
    SLOT slots[SLOTS] = {0};
    RANDOM r;
    random_begin(&r, seed, 100 + (uint64_t)number);
    while (now_ms() < until) {
        SLOT *slot = &slots[draw(&r, SLOTS)];
        if (!slot->client) {
            arrive(&r, slot);
            __atomic_fetch_add(&tally->hostilities, 1, __ATOMIC_RELAXED);
        } else if (!go_on(&r, slot)) {
            leave(&r, slot);
        }
        if (draw(&r, 16) == 0)
            breathe();
    }
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].client)
            leave(&r, &slots[i]);
}
