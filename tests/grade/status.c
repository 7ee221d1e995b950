/* What a server of stage 05 tells of itself: see status.h. */
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "story.h"

enum { TELLS_NO_STEPS = 1000000 };

CLIENT *status_watcher(void)
{
    CLIENT *c = client_open();
    c->number = TELLS_NO_STEPS;
    return c;
}

/* What stands behind "name": and perhaps an opening brace. */
static const char *value_of(const char *text, const char *name, size_t length, const char *brace)
{
    char key[64];
    snprintf(key, sizeof key, "\"%.*s\": %s", (int)length, name, brace);
    const char *found = strstr(text, key);
    return found ? found + strlen(key) : NULL;
}

long long status_now(CLIENT *watcher, const char *name)
{
    RESPONSE *r = expect_status(get(watcher, "/status"), 200);
    const char *dot = strchr(name, '.'), *text = (char *)r->body;
    if (dot)
        text = value_of(text, name, (size_t)(dot - name), "{");
    const char *end = text && dot ? strchr(text, '}') : NULL;
    if (text)
        text = value_of(text, dot ? dot + 1 : name, strlen(dot ? dot + 1 : name), "");
    if (end && text > end)
        text = NULL;
    if (!text)
        response_fail(r, "\"%s\" with a number", name);
    long long number = atoll(text);
    free(r->body);
    free(r->head);
    free(r);
    return number;
}

static int is_at_rest(CLIENT *watcher)
{
    return status_now(watcher, "connections") == 1 && status_now(watcher, "large_buffers.in_use") == 0 &&
           status_now(watcher, "small_buffers.in_use") <= 1 && status_now(watcher, "large_buffers.waiting") == 0 &&
           status_now(watcher, "small_buffers.waiting") == 0 && status_now(watcher, "paused") == 0;
}

void status_await_rest(CLIENT *watcher)
{
    if (!WAIT_UNTIL(is_at_rest(watcher), 2 * PATIENCE))
        response_fail(get(watcher, "/status"),
                      "nothing left when all clients have gone: 1 connection, 1 small buffer, nobody who waits");
}
