/* The command line: what is wrong is said in one line, and the exit code is 2. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "client.h"
#include "expect.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "story.h"
#include "suite.h"

/* Runs the server with these arguments and nothing else; it must refuse them. */
static void refused(const char *const *arguments)
{
    server_spawn(&server, arguments);
    int code = server_wait(&server, 2 * PATIENCE);
    char *err = read_text(server.err, NULL), *out = read_text(server.out, NULL);
    char *end = strchr(err, '\n');
    EXPECT(code != -1, "exit code 2", "it runs");
    EXPECT(code == 2, "exit code 2", "exit code %d", code);
    EXPECT(end && end > err && !end[1], "one line on stderr that says what is wrong", *err ? "%.600s" : "nothing%s",
           err);
    EXPECT(!*out, "nothing on stdout", "%.600s", out);
    server.pid = 0;
    free(err);
    free(out);
}

static const char *root(void)
{
    static char text[SERVER_PATH];
    site_build();
    return server_path(site.root, text, sizeof text);
}

START_TEST(unknown_option)
{
    refused((const char *[]){"--root", root(), "--speed", "11", NULL});
    refused((const char *[]){"--root", root(), "-x", NULL});
    refused((const char *[]){"--root", root(), "--Port", "0", NULL});
    refused((const char *[]){"--root", root(), "stray", NULL});
    refused((const char *[]){"--root", root(), "", NULL});
}
END_TEST

START_TEST(missing_value)
{
    refused((const char *[]){"--root", root(), "--port", NULL});
    refused((const char *[]){"--port", "0", "--root", NULL});
    refused((const char *[]){"--root", root(), "--port", "0", "--uploads", NULL});
    refused((const char *[]){"--root", root(), "--buffer", NULL});
}
END_TEST

START_TEST(bad_port)
{
    static const char *const ports[] = {"65536", "99999", "-1", "http", "80x", "", " 80", "+80", "4294967376", "0x50"};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        refused((const char *[]){"--root", root(), "--port", ports[i], NULL});
}
END_TEST

START_TEST(bad_numbers)
{
    refused((const char *[]){"--root", root(), "--port", "0", "--threads-per-cpu", "0", NULL});
    refused((const char *[]){"--root", root(), "--port", "0", "--threads-per-cpu", "many", NULL});
    refused((const char *[]){"--root", root(), "--port", "0", "--buffer", "0", NULL});
    refused((const char *[]){"--root", root(), "--port", "0", "--buffer", "48k", NULL});
    refused((const char *[]){"--root", root(), "--port", "0", "--buffer", "99999999999", NULL});
}
END_TEST

START_TEST(bad_root)
{
    char missing[SERVER_PATH * 2], file[SERVER_PATH * 2];
    snprintf(missing, sizeof missing, "%s/no-such-folder", root());
    snprintf(file, sizeof file, "%s/small.txt", root());
    refused((const char *[]){"--port", "0", "--root", missing, NULL});
    refused((const char *[]){"--port", "0", "--root", file, NULL});
    refused((const char *[]){"--port", "0", "--root", "", NULL});
}
END_TEST

START_TEST(bad_uploads)
{
    char missing[SERVER_PATH * 2], file[SERVER_PATH * 2];
    snprintf(missing, sizeof missing, "%s/no-such-folder", root());
    snprintf(file, sizeof file, "%s/small.txt", root());
    refused((const char *[]){"--port", "0", "--root", root(), "--uploads", missing, NULL});
    refused((const char *[]){"--port", "0", "--root", root(), "--uploads", file, NULL});
}
END_TEST

START_TEST(port_in_use)
{
    char port[16];
    int number, held = hold_port(&number);
    snprintf(port, sizeof port, "%d", number);
    refused((const char *[]){"--port", port, "--root", root(), NULL});
    close(held);
}
END_TEST

START_TEST(two_servers_on_one_port)
{
    char port[16];
    SERVER first;
    serve("");
    first = server;
    snprintf(port, sizeof port, "%d", first.port);
    refused((const char *[]){"--port", port, "--root", root(), NULL});
    server = first;
    expect_served();
}
END_TEST

START_TEST(option_order)
{
    const char *arguments[] = {"--trace",           "--buffer", "512",    "--root", root(),
                               "--threads-per-cpu", "1",        "--port", "0",      NULL};
    server_spawn(&server, arguments);
    server_await_line(&server);
    expect_served();
}
END_TEST

START_TEST(root_with_a_slash)
{
    char with_slash[SERVER_PATH * 2];
    snprintf(with_slash, sizeof with_slash, "%s/", root());
    server_spawn(&server, (const char *[]){"--port", "0", "--root", with_slash, NULL});
    server_await_line(&server);
    expect_served();
}
END_TEST

/* A port that nobody has, below those that the system hands out to others. */
static int quiet_port(void)
{
    return 10000 + (int)((unsigned)getpid() * 2654435761u % 20000u);
}

/* Nonzero when a connection to another of this machine's addresses is taken. */
static int listens_everywhere(int port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int taken = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return taken;
}

/* That it answers is enough: what it answers may be left to a later task, and is a matter of other tests. */
START_TEST(listens_where_told)
{
    char port[16];
    /* The other way round it is another port, from 4096 to 32767, below those that the system gives to clients: with one
     * of these a server that swaps the bytes might fail to listen, and the report would not say why. */
    for (int tries = 0, number = (quiet_port() & ~128) | 16; tries < 3; tries++, number += 256) {
        number ^= number >> 8 == (number & 255);
        snprintf(port, sizeof port, "%d", number);
        if (!port_refuses(number))
            continue;
        server_spawn(&server, (const char *[]){"--port", port, "--root", root(), NULL});
        server_await_line(&server);
        EXPECT(server.port == number, "the port that --port named", "port %d%s", server.port,
               server.port == ntohs((uint16_t)number) ? ": the same two bytes the other way round, so look for htons"
                                                      : "");
        CLIENT *c = client_open();
        RESPONSE *r = ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        if (r->body && strstr((char *)r->body, "TODO 1.1,"))
            response_fail(r, "an answer through a socket of the server's own");
        EXPECT(!listens_everywhere(number), "it listens on 127.0.0.1 and no other address (INADDR_LOOPBACK)",
               "a connection to 127.0.0.2 is taken");
        return;
    }
    story_skip("three ports tried, all in use");
}
END_TEST

/* How often an option was set that the journal writes as this number, to another value than 0. */
static int times_set(const JOURNAL *journal, uint64_t option)
{
    int count = 0;
    for (int i = 0; i < journal->count; i++) {
        const EVENT *call = &journal->events[i];
        count += event_is(call, "call", "setsockopt") && call->bytes == option && call->overlapped;
    }
    return count;
}

/* On the listening socket, from which the others inherit, or on each of those. */
START_TEST(socket_options)
{
    enum { NO_DELAY = 6 << 16 | 1 };                  /* IPPROTO_TCP, TCP_NODELAY */
    const uint64_t reuse_address = 0xffffu << 16 | 4; /* SOL_SOCKET, SO_REUSEADDR */
    serve_with_journal("");
    ask(client_open(), "GET /small.txt HTTP/1.1\r\nHost: test\r\n\r\n"); /* what it answers is for other tests */
    const JOURNAL *journal = journal_read();
    EXPECT(times_set(journal, NO_DELAY), "TCP_NODELAY is set",
           "no setsockopt that sets it, for the listening socket or another");
    EXPECT(!times_set(journal, reuse_address), "SO_REUSEADDR is left as it is", "it is set");
}
END_TEST

/* Connections that the server closed first are still remembered by the system (TIME_WAIT) when it starts again. */
START_TEST(restart_on_the_same_port)
{
    char port[16];
    server_spawn(&server, (const char *[]){"--port", "0", "--root", root(), NULL});
    server_await_line(&server);
    server_stop(&server);
    for (int tries = 0, number = quiet_port(); tries < 3; tries++, number += 7) {
        snprintf(port, sizeof port, "%d", number);
        const char *arguments[] = {"--port", port, "--root", root(), NULL};
        if (!port_refuses(number))
            continue;
        server_spawn(&server, arguments);
        server_await_line(&server);
        EXPECT(server.port == number, "the port that --port named", "port %d", server.port);
        CLIENT *c = client_open();
        expect_status(ask(c, "GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"), 200);
        expect_closed(c);
        server_stop(&server);
        server_spawn(&server, arguments);
        server_await_line(&server);
        expect_served();
        return;
    }
    story_skip("three ports tried, all in use");
}
END_TEST

void options_topic(void)
{
    topic("options", "the command line");
    test(unknown_option, "A mistyped option that is ignored is a server that does something else than asked.");
    test(missing_value, "An option at the end of the line has no value to read.");
    test(bad_port, "atoi makes 0 of http, and 14464 of 80000.");
    test(bad_numbers, "No thread, or a buffer of nothing, is no server.");
    test(bad_root, "Better one line now than 404 for everything later.");
    test(bad_uploads, "Better one line now than a failed upload later.");
    test(port_in_use, "The commonest mistake of all deserves a clear line.");
    test_for(listens_where_told, STAGE(1), NULL, "Port and address are told in network byte order, the highest first.");
    test(two_servers_on_one_port, "SO_REUSEADDR on Windows lets two servers share a port, and clients reach either.");
    test_for(socket_options, ALL_STAGES, NO_JOURNAL,
             "A last small piece that waits for a receipt is slow, and a port that two servers share is nobody's.");
    test(option_order, "Options come in any order.");
    test(root_with_a_slash, "Shells complete folder names with a slash.");
    test(restart_on_the_same_port, "After a restart the old connections' last traces must not keep the port.");
}
