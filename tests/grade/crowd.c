/* Many clients that read side by side: see crowd.h. */
#include "crowd.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "story.h"

enum { PIECE = 65536 };

typedef struct LISTENER {
    CLIENT *client;
    RESPONSE *head; /* NULL until it is whole */
    size_t done;    /* bytes of the body */
} LISTENER;

/* Takes what has come. Returns nonzero when the response is whole. */
static int take(LISTENER *one, const char *body, size_t length)
{
    CLIENT *c = one->client;
    if (!one->head) {
        if (c->length == c->taken || !memmem(c->in + c->taken, c->length - c->taken, "\r\n\r\n", 4))
            return 0;
        one->head = expect_status(response_head(c), 200);
        if (one->head->length != length)
            response_fail(one->head, "a body of %zu bytes", length);
    }
    size_t come = c->length - c->taken;
    if (come > length - one->done)
        come = length - one->done;
    for (size_t i = 0; memcmp(c->in + c->taken, body + one->done, come) != 0 && i < come; i++)
        if (c->in[c->taken + i] != (unsigned char)body[one->done + i])
            response_fail(one->head, "the file's bytes; byte %zu of the body is wrong", one->done + i);
    c->taken += come;
    one->done += come;
    return one->done == length;
}

/* Receives and takes until nothing more is there. */
static int hear(LISTENER *one, const char *body, size_t length)
{
    for (;;) {
        if (take(one, body, length))
            return 1;
        long got = client_receive(one->client, 0);
        if (got < 0)
            return 0;
        EXPECT(got > 0, "a whole answer for every client", "client %d: the connection ended after %zu bytes of body%s",
               one->client->number, one->done, one->head ? "" : ", before the answer");
    }
}

void crowd_hear(CLIENT *const *clients, int count, const void *body, size_t length)
{
    LISTENER *all = calloc((size_t)count, sizeof *all);
    struct pollfd *items = calloc((size_t)count, sizeof *items);
    int left = count;
    for (int i = 0; i < count; i++) {
        all[i].client = clients[i];
        if (clients[i]->capacity < PIECE) {
            clients[i]->capacity = PIECE;
            clients[i]->in = realloc(clients[i]->in, PIECE);
        }
        items[i] = (struct pollfd){.fd = clients[i]->fd, .events = POLLIN};
        if (take(&all[i], body, length))
            items[i].fd = -1, left--;
    }
    while (left) {
        int ready = poll(items, (nfds_t)count, (int)stretched(2 * PATIENCE));
        EXPECT(ready > 0, "something for one client at least, within 10 seconds",
               "nothing; %d of %d clients still wait", left, count);
        for (int i = 0; i < count; i++)
            if (items[i].fd >= 0 && items[i].revents && hear(&all[i], body, length)) {
                free(all[i].head->head);
                free(all[i].head);
                items[i].fd = -1;
                left--;
            }
    }
    free(items);
    free(all);
}
