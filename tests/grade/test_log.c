/* Stage 05: the access log. A line for every request that was answered, whole, whatever else goes on. */
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

enum { CLIENTS = 12, PIPELINED = 6, ROUNDS = 16, MOST = CLIENTS * PIPELINED * ROUNDS };

/* The combined format: who, when, "the request", status, bytes, "from where", "with what". */
static const char combined[] =
    "^([0-9.]+) - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\\] "
    "\"([^\"\\]|\\\\x[0-9A-F]{2})*\" ([0-9]{3}) ([0-9]+) \"([^\"]*)\" \"([^\"]*)\"$";

/* What a request was answered with, by its number. */
static struct {
    int status; /* 0: no whole answer was heard */
    unsigned long long bytes;
    int lines; /* in the log */
} answers[MOST];

static void serve_logged(char *path, size_t size)
{
    char options[SERVER_PATH + 32], told[SERVER_PATH];
    site_build();
    snprintf(path, size, "%s/access.log", site.uploads);
    snprintf(options, sizeof options, "--drain 30 --log %s", server_path(path, told, sizeof told));
    serve(options);
}

static int number_of(int client, int round, int place)
{
    return (round * CLIENTS + client) * PIPELINED + place;
}

/* Several requests at a time. Each has its number in its target, so that its line can be found. */
static void say_round(CLIENT **c, int round)
{
    static const char *const names[] = {"small.txt", "page.html", "nothing.txt", "style.css", "megabyte.bin"};
    for (int i = 0; i < CLIENTS; i++) {
        char text[PIPELINED * 200];
        size_t used = 0;
        for (int place = 0; place < PIPELINED; place++) {
            int number = number_of(i, round, place);
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     "GET /%s?n=%d HTTP/1.1\r\nHost: test\r\nUser-Agent: client %d\r\n"
                                     "Referer: http://test/%s\r\n\r\n",
                                     names[number % 23 ? number % 4 : 4], number, i, number % 5 ? "" : "a\"b\\c");
        }
        if (c[i]->peer == PEER_OPEN)
            client_try_send(c[i], text, used, PATIENCE);
    }
}

/* Returns how many were answered whole. */
static int hear_round(CLIENT **c, int round)
{
    int whole = 0;
    for (int i = 0; i < CLIENTS; i++)
        for (int place = 0; place < PIPELINED; place++) {
            RESPONSE *r = response_try(c[i], 0, 2 * PATIENCE);
            if (r->heard == HEARD_LATE || r->heard == HEARD_CUT)
                response_fail(r, "whole answers, or the end of the connection between two of them");
            if (r->heard == HEARD_NOTHING)
                break;
            answers[number_of(i, round, place)].status = r->status;
            answers[number_of(i, round, place)].bytes = r->body_length;
            free(r->body);
            whole++;
        }
    return whole;
}

/* Holds the lines against the answers. Returns how many there are. */
static int read_log(const char *path)
{
    regex_t format;
    size_t length;
    int count = 0;
    char *text = read_text(path, &length), *rest = text;
    regcomp(&format, combined, REG_EXTENDED | REG_NOSUB);
    EXPECT(length && text[length - 1] == '\n', "a last line that is whole", "a log of %zu bytes", length);
    for (char *line; (line = strsep(&rest, "\n")) && rest; count++) {
        char *query = strstr(line, "?n="), *end = strstr(line, "\" ");
        EXPECT(regexec(&format, line, 0, NULL, 0) == 0,
               "lines as 127.0.0.1 - - [21/Nov/2026:10:00:30 +0000] \"GET / HTTP/1.1\" 200 57 \"referer\" \"agent\"",
               "line %d: %.600s", count + 1, line);
        int number = query ? atoi(query + 3) : -1, status = 0;
        unsigned long long bytes = 0;
        EXPECT(number >= 0 && number < MOST && sscanf(end + 2, "%d %llu", &status, &bytes) == 2,
               "the line of one of the requests", "line %d: %.600s", count + 1, line);
        EXPECT(++answers[number].lines == 1, "one line for each request", "a second one: %.600s", line);
        EXPECT(answers[number].status == status && answers[number].bytes == bytes,
               "the status and the bytes of body that the client got", "it got %d and %llu, the line is: %.600s",
               answers[number].status, answers[number].bytes, line);
    }
    regfree(&format);
    free(text);
    return count;
}

START_TEST(a_line_for_every_answer)
{
    CLIENT *c[CLIENTS];
    char path[SERVER_PATH];
    int rounds = run.wine || run.sanitized ? 8 : ROUNDS, whole = 0;
    serve_logged(path, sizeof path);
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = client_open();
        c[i]->number += 1000; /* they tell no steps */
    }
    story_step("%d clients send %d times %d requests; Ctrl-C comes while the last ones are under way", CLIENTS, rounds,
               PIPELINED);
    for (int round = 0; round < rounds; round++) {
        say_round(c, round);
        if (round == rounds - 1)
            server_signal(&server, SIGINT);
        int now = hear_round(c, round);
        EXPECT(now == CLIENTS * PIPELINED || round == rounds - 1, "an answer to each request before Ctrl-C", "%d of %d",
               now, CLIENTS * PIPELINED);
        whole += now;
    }
    client_close_all();
    server_expect_clean_end(&server);
    int lines = read_log(path);
    EXPECT(lines == whole, "as many lines in the log as there were answers", "%d lines, %d answers", lines, whole);
}
END_TEST

/* Returns how many whole lines the log has. */
static int count_lines(const char *path)
{
    char *text = read_text(path, NULL);
    int count = 0;
    for (char *at = text; (at = strchr(at, '\n')); at++)
        count++;
    free(text);
    return count;
}

START_TEST(lines_come_meanwhile)
{
    enum { COUNT = 200 };
    char path[SERVER_PATH];
    int number = 0;
    serve_logged(path, sizeof path);
    CLIENT *c = client_open();
    for (int i = 0; i < COUNT; i++) {
        char target[40];
        snprintf(target, sizeof target, "/small.txt?n=%d", i);
        expect_status(get(c, target), 200);
    }
    EXPECT(WAIT_UNTIL(count_lines(path) >= COUNT, PATIENCE), "200 lines, soon after the answers", "%d lines",
           count_lines(path));
    char *text = read_text(path, NULL);
    for (char *at = text; (at = strstr(at, "?n=")); at++, number++)
        EXPECT(atoi(at + 3) == number, "the lines of one connection in the order of its answers",
               "that of request %d where that of %d should be", atoi(at + 3), number);
    EXPECT(number == COUNT, "one line for each of 200 requests", "%d", number);
    free(text);
}
END_TEST

START_TEST(a_second_run_adds)
{
    char path[SERVER_PATH];
    size_t length;
    for (int i = 0; i < 3; i++) {
        serve_logged(path, sizeof path);
        expect_status(get(client_open(), "/small.txt?n=0"), 200);
        client_close_all();
        server_stop(&server);
        char *text = read_text(path, &length);
        int lines = count_lines(path);
        EXPECT(lines == i + 1, "the lines of earlier runs, and behind them the new one", "%d lines:\n%.600s", lines,
               text);
        free(text);
    }
}
END_TEST

/* What a client says stays inside its quotes. */
START_TEST(no_line_of_a_clients_own)
{
    char path[SERVER_PATH];
    size_t length;
    serve_logged(path, sizeof path);
    CLIENT *c = client_open();
    client_say(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nUser-Agent: a\" 200 5 \"-\" \"b\tc\xC3\xBC\r\n\r\n");
    expect_status(response(c), 200);
    client_say(c, "GET /a%%0A127.0.0.1%%20-%%20- HTTP/1.1\r\nHost: test\r\nReferer: \\x22\\\r\n\r\n");
    RESPONSE *r = response(c);
    EXPECT(r->status == 404 || r->status == 400, "404 or 400", "%d", r->status);
    client_close_all();
    server_stop(&server);
    char *text = read_text(path, &length), *rest = text;
    regex_t format;
    int count = 0;
    regcomp(&format, combined, REG_EXTENDED | REG_NOSUB);
    for (char *line; (line = strsep(&rest, "\n")) && rest; count++)
        EXPECT(regexec(&format, line, 0, NULL, 0) == 0, "lines of the combined format", "%.600s", line);
    EXPECT(count == 2, "two lines for two requests", "%d", count);
}
END_TEST

void log_topic(void)
{
    topic("log", "a line for every request");
    test(a_line_for_every_answer, "One thread writes the log; what the workers gave it is written before it ends.")
        ->stages = FROM(5);
    test(lines_come_meanwhile, "Who watches a server reads its log while it runs.")->stages = FROM(5);
    test(a_second_run_adds, "A restart is no reason to lose yesterday's lines.")->stages = FROM(5);
    test(no_line_of_a_clients_own, "Who reads the log believes it: no client may write in it what it likes.")->stages =
        FROM(5);
}
