/* What comes back: see response.h. */
#include "response.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "escape.h"
#include "story.h"

enum { HEAD_LIMIT = 65536, BODY_LIMIT = 1 << 30 };

static void __attribute__((noreturn)) malformed(const RESPONSE *r, const char *rule)
{
    char text[STORY_TEXT - 100];
    story_sent(r->client->said, r->client->said_length);
    story_fail(rule, "%s", escape(text, sizeof text, r->head, r->head_length));
}

char *response_field(const RESPONSE *r, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = strstr(r->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
        const char *text = line + 2;
        if (strncasecmp(text, name, length) != 0 || text[length] != ':')
            continue;
        text += length + 1;
        text += strspn(text, " \t"); /* blanks around a value are not part of it (RFC 9110, 5.5) */
        size_t end = strcspn(text, "\r");
        while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
            end--;
        return strndup(text, end);
    }
    return NULL;
}

/* How often a field occurs. */
static int field_count(const RESPONSE *r, const char *name)
{
    size_t length = strlen(name);
    int count = 0;
    for (const char *line = strstr(r->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n"))
        count += strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':';
    return count;
}

static void check_lines(const RESPONSE *r)
{
    for (size_t i = 0; i < r->head_length; i++) {
        if (r->head[i] == '\n' && (i == 0 || r->head[i - 1] != '\r'))
            malformed(r, "header lines end in CR LF");
        if (r->head[i] == 0)
            malformed(r, "no NUL in a header");
    }
    for (const char *line = strstr(r->head, "\r\n") + 2; *line != '\r'; line = strstr(line, "\r\n") + 2) {
        size_t name = strcspn(line, ":\r ");
        if (!name || line[name] != ':')
            malformed(r, "every header line is Name: value");
    }
}

static int may_have_body(const RESPONSE *r)
{
    return r->status >= 200 && r->status != 204 && r->status != 304;
}

static void parse_head(RESPONSE *r)
{
    int used = 0;
    if (sscanf(r->head, "HTTP/1.%1d %3d %n", &r->minor, &r->status, &used) != 2 || used != 13 || r->status < 100)
        malformed(r, "a status line such as HTTP/1.1 200 OK");
    check_lines(r);
    if (!may_have_body(r))
        return;
    if (field_count(r, "Content-Length") != 1)
        malformed(r, "exactly one Content-Length");
    char *length = response_field(r, "Content-Length"), *end;
    r->length = strtoull(length, &end, 10);
    if (!isdigit((unsigned char)*length) || *end)
        malformed(r, "a decimal Content-Length");
    free(length);
}

/* Bytes of the header that has come, blank line included; 0 while its end is missing. */
static size_t head_end(const CLIENT *c)
{
    if (c->taken == c->length)
        return 0;
    const unsigned char *start = c->in + c->taken;
    const unsigned char *end = memmem(start, c->length - c->taken, "\r\n\r\n", 4);
    return end ? (size_t)(end - start) + 4 : 0;
}

/* Receives the header. Returns nonzero when it is whole and parsed. */
static int take_head(RESPONSE *r, int patience)
{
    CLIENT *c = r->client;
    size_t end;
    while (!(end = head_end(c))) {
        long got = c->length - c->taken > HEAD_LIMIT ? 0 : client_receive(c, patience);
        if (got <= 0) {
            size_t come = c->length - c->taken;
            r->heard = got < 0 ? HEARD_LATE : come ? HEARD_CUT : HEARD_NOTHING;
            r->head = strndup(c->in ? (char *)c->in + c->taken : "", come);
            r->head_length = come;
            return 0;
        }
    }
    r->head = malloc(end + 1);
    memcpy(r->head, c->in + c->taken, end);
    r->head[end] = 0;
    r->head_length = end;
    c->taken += end;
    parse_head(r);
    return 1;
}

static void take_body(RESPONSE *r, int patience)
{
    CLIENT *c = r->client;
    if (r->length > BODY_LIMIT)
        malformed(r, "a Content-Length that fits what was asked for");
    r->body = malloc((size_t)r->length + 1);
    while (r->body_length < r->length) {
        size_t come = c->length - c->taken, want = (size_t)r->length - r->body_length;
        if (come > want)
            come = want;
        if (come) {
            memcpy(r->body + r->body_length, c->in + c->taken, come);
            c->taken += come;
            r->body_length += come;
            continue;
        }
        long got = client_receive(c, patience);
        if (got <= 0) {
            r->heard = got < 0 ? HEARD_LATE : HEARD_CUT;
            break;
        }
    }
    r->body[r->body_length] = 0;
}

/* @param patience milliseconds that may pass between two arrivals; the test's own limit bounds the whole */
static RESPONSE *read_response(CLIENT *c, int with_body, int patience)
{
    RESPONSE *r = calloc(1, sizeof *r);
    r->client = c;
    if (take_head(r, patience) && with_body && may_have_body(r))
        take_body(r, patience);
    c->said_done = 1;
    if (c->number <= 40)
        story_step("client %d hears %.*s%s", c->number, (int)strcspn(r->head, "\r\n"), r->head,
                   r->heard == HEARD_WHOLE     ? ""
                   : r->heard == HEARD_NOTHING ? "nothing, and the connection ends"
                   : r->heard == HEARD_CUT     ? "… and the connection ends inside"
                                               : "… and then nothing more");
    return r;
}

static RESPONSE *must_be_whole(RESPONSE *r)
{
    static const char *const what[] = {
        [HEARD_NOTHING] = "the connection was closed without an answer",
        [HEARD_CUT] = "the connection ended inside the response",
        [HEARD_LATE] = "no (more) answer within the deadline",
    };
    char text[600];
    if (r->heard == HEARD_WHOLE)
        return r;
    story_sent(r->client->said, r->client->said_length);
    story_fail("a whole response", "%s%s; %zu bytes of header, %zu of %llu bytes of body: \"%s\"", what[r->heard],
               r->client->peer == PEER_RESET ? " (reset)" : "", r->head_length, r->body_length,
               (unsigned long long)r->length, escape(text, sizeof text, r->head, r->head_length));
}

RESPONSE *response_try(CLIENT *c, int is_head, int milliseconds)
{
    return read_response(c, !is_head, milliseconds);
}

RESPONSE *response(CLIENT *c)
{
    return must_be_whole(read_response(c, 1, PATIENCE));
}

RESPONSE *response_to_head(CLIENT *c)
{
    return must_be_whole(read_response(c, 0, PATIENCE));
}

RESPONSE *response_head(CLIENT *c)
{
    return must_be_whole(read_response(c, 0, PATIENCE));
}

RESPONSE *ask(CLIENT *c, const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    int is_head = strncmp(text, "HEAD ", 5) == 0;
    client_send(c, text, (size_t)length);
    free(text);
    return must_be_whole(read_response(c, !is_head, PATIENCE));
}

RESPONSE *get(CLIENT *c, const char *target)
{
    return ask(c, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", target);
}
