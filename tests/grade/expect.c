/* What a response must be: see expect.h. */
#include "expect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "escape.h"
#include "site.h"
#include "spawn.h"
#include "story.h"

void response_fail(const RESPONSE *r, const char *format, ...)
{
    char expected[STORY_TEXT], head[800], body[400];
    va_list list;
    va_start(list, format);
    vsnprintf(expected, sizeof expected, format, list);
    va_end(list);
    story_sent(r->client->said, r->client->said_length);
    escape(head, sizeof head, r->head, r->head_length);
    escape(body, sizeof body, r->body ? (char *)r->body : "", r->body_length);
    story_fail(expected, "%s%s%s", head, r->body_length ? "\nbody: " : "", body);
}

RESPONSE *expect_status(RESPONSE *r, int status)
{
    if (r->status != status)
        response_fail(r, "status %d", status);
    return r;
}

void expect_field(RESPONSE *r, const char *name, const char *value)
{
    char *found = response_field(r, name);
    /* What stands in Connection has no upper or lower case (RFC 9110, 7.6.1). */
    int (*differs)(const char *, const char *) = strcasecmp("Connection", name) ? strcmp : strcasecmp;
    if (value ? !found || differs(found, value) != 0 : found != NULL)
        response_fail(r, value ? "%s: %s" : "no field %s", name, value);
    free(found);
}

void expect_field_begins(RESPONSE *r, const char *name, const char *start)
{
    char *found = response_field(r, name);
    if (!found || strncmp(found, start, strlen(start)) != 0)
        response_fail(r, "%s: %s…", name, start);
    free(found);
}

void expect_body(RESPONSE *r, const void *bytes, size_t length)
{
    char text[300];
    if (r->body_length != length)
        response_fail(r, "a body of %zu bytes: \"%s\"", length, escape(text, sizeof text, bytes, length));
    for (size_t i = 0; i < length; i++)
        if (r->body[i] != ((const unsigned char *)bytes)[i]) {
            escape(text, sizeof text, (const char *)bytes + i, length - i);
            response_fail(r, "a body of %zu bytes; from byte %zu on: \"%s\"", length, i, text);
        }
}

void expect_text(RESPONSE *r, const char *text)
{
    expect_body(r, text, strlen(text));
}

void expect_pattern(RESPONSE *r, uint64_t offset, size_t length)
{
    if (r->body_length != length)
        response_fail(r, "%zu bytes of the pattern from %llu on", length, (unsigned long long)offset);
    size_t bad = pattern_differs(r->body, offset, length);
    if (bad < length)
        response_fail(r, "%zu bytes of the pattern; byte %zu is wrong: 0x%02X instead of 0x%02X", length, bad,
                      r->body[bad], pattern_at(offset + bad));
}

void expect_file(RESPONSE *r, const char *name)
{
    size_t length;
    const unsigned char *content = site_content(name, &length);
    EXPECT(content, "a file that the test wrote", "%s", name);
    expect_body(r, content, length);
}

uint64_t take_pattern(RESPONSE *r, uint64_t offset)
{
    CLIENT *c = r->client;
    uint64_t done = 0;
    while (done < r->length) {
        size_t come = c->length - c->taken;
        if (come > r->length - done)
            come = (size_t)(r->length - done);
        size_t bad = pattern_differs(c->in + c->taken, offset + done, come);
        if (bad < come)
            response_fail(r, "the pattern; byte %llu of the body is 0x%02X instead of 0x%02X",
                          (unsigned long long)(done + bad), c->in[c->taken + bad], pattern_at(offset + done + bad));
        c->taken += come;
        done += come;
        if (done < r->length && client_receive(c, PATIENCE) <= 0) {
            if (c->peer == PEER_OPEN)
                response_fail(r, "%llu bytes of body; %llu came, and for 5 seconds nothing more",
                              (unsigned long long)r->length, (unsigned long long)done);
            break;
        }
    }
    return done;
}

/* Waits for the end of the connection. */
static void await_end(CLIENT *c)
{
    char text[400];
    long got = c->length > c->taken ? 1 : client_receive(c, 2 * PATIENCE);
    if (!got)
        return;
    story_sent(c->said, c->said_length);
    if (got < 0)
        story_fail("the server closes the connection", "it is still open after 10 seconds");
    story_fail("the server closes the connection and sends nothing more", "it sent \"%s\"",
               escape(text, sizeof text, c->in + c->taken, c->length - c->taken));
}

void expect_closed(CLIENT *c)
{
    await_end(c);
    client_close(c);
}

void expect_closed_in_order(CLIENT *c)
{
    await_end(c);
    story_sent(c->said, c->said_length);
    EXPECT(c->peer == PEER_CLOSED, "the connection is closed in order (shutdown or close with nothing unread: FIN)",
           "it was reset (RST), which may destroy the answer on its way");
    client_close(c);
}

void expect_usable(CLIENT *c)
{
    RESPONSE *r = get(c, "/small.txt");
    expect_status(r, 200);
    expect_text(r, SMALL_TEXT);
}

void expect_served(void)
{
    CLIENT *c = client_open();
    expect_usable(c);
    client_close(c);
}

void expect_refusal(int status, const void *bytes, size_t length)
{
    CLIENT *c = client_open();
    client_send(c, bytes, length);
    RESPONSE *r = response(c);
    expect_status(r, status);
    expect_closed(c);
}
