/*
 * Stage 05: work that blocks has threads of its own. The test makes it block for as long as it likes: it takes the lock
 * under which SQLite writes (WAL_WRITE_LOCK, byte 120 of the data base's -shm file), as another program might.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "fence.h"
#include "journal.h"
#include "site.h"
#include "spawn.h"
#include "status.h"
#include "story.h"
#include "suite.h"

#define NO_SQLITE "the .exe is built without SQLite"

enum { WRITE_LOCK = 120, THREADS = 4, SIGNERS = 12 };

static void serve_guestbook(const char *options)
{
    char all[SERVER_PATH + 200], folder[SERVER_PATH];
    site_build();
    snprintf(all, sizeof all, "--guestbook %s/book.db %s", server_path(site.uploads, folder, sizeof folder), options);
    serve(all);
}

/* Begins to sign, with a number for a name. */
static void sign(CLIENT *c, int number)
{
    char body[64];
    int length = snprintf(body, sizeof body, "name=visitor%d&text=Hello", number);
    char request[300];
    int whole = snprintf(request, sizeof request,
                         "POST /guestbook HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                         "Content-Length: %d\r\n\r\n%s",
                         length, body);
    client_try_send(c, request, (size_t)whole, PATIENCE);
}

static int is_in_book(const char *json, int number)
{
    char name[40];
    snprintf(name, sizeof name, "\"visitor%d\"", number);
    return strstr(json, name) != NULL;
}

static const char *read_book(void)
{
    return (const char *)expect_status(get(client_open(), "/guestbook.json"), 200)->body;
}

/* Takes SQLite's lock for writers. The file is there once somebody has signed, and goes when nobody uses it. */
static int hold_the_book(void)
{
    char path[SERVER_PATH];
    struct stat held, there;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = WRITE_LOCK, .l_len = 1};
    CLIENT *c = client_open();
    snprintf(path, sizeof path, "%s/book.db-shm", site.uploads);
    for (int i = 0; i < 20; i++) {
        sign(c, 1000 + i);
        expect_status(response(c), 303);
        fence_look(1); /* the file is the server's */
        int file = open(path, O_RDWR | O_CLOEXEC);
        fence_look(0);
        if (file >= 0 && fcntl(file, F_SETLKW, &lock) == 0 && fstat(file, &held) == 0 && stat(path, &there) == 0 &&
            held.st_ino == there.st_ino)
            return file;
        close(file);
    }
    story_fail("a data base in WAL mode, whose lock the test can hold", "no %s", path);
}

START_TEST(pool_grows_and_shrinks)
{
    CLIENT *c[SIGNERS];
    serve_guestbook("--business 4");
    CLIENT *watcher = status_watcher();
    EXPECT(status_now(watcher, "business.threads") == 0, "no thread while there is nothing to do", "%lld",
           status_now(watcher, "business.threads"));
    int book = hold_the_book();
    story_step("the test holds the lock of the data base; %d visitors sign", SIGNERS);
    for (int i = 0; i < SIGNERS; i++)
        sign(c[i] = client_open(), i);
    EXPECT(WAIT_UNTIL(status_now(watcher, "business.threads") == THREADS &&
                          status_now(watcher, "business.queued") == SIGNERS - THREADS,
                      PATIENCE),
           "4 threads that wait, as --business 4 says, and 8 jobs behind them", "%lld threads, %lld jobs in the queue",
           status_now(watcher, "business.threads"), status_now(watcher, "business.queued"));
    for (int i = 0; i < 10; i++) { /* workers of the port are free */
        expect_served();
        expect_file(expect_status(get(client_open(), "/page.html"), 200), "page.html");
    }
    for (int i = 0; i < SIGNERS; i++)
        EXPECT(client_receive(c[i], 0) < 0, "no answer to who signs before the entry is kept", "one for visitor %d", i);
    close(book);
    for (int i = 0; i < SIGNERS; i++)
        expect_status(response(c[i]), 303);
    const char *json = read_book();
    for (int i = 0; i < SIGNERS; i++)
        EXPECT(is_in_book(json, i), "every entry that was answered with 303", "visitor %d is missing", i);
    EXPECT(WAIT_UNTIL(status_now(watcher, "business.threads") == 0, 2 * PATIENCE), "no thread a while later", "%lld",
           status_now(watcher, "business.threads"));
    EXPECT(status_now(watcher, "business.high_water") == THREADS, "never more threads than --business 4 says", "%lld",
           status_now(watcher, "business.high_water"));
}
END_TEST

static int waits_for_a_job(void)
{
    return journal_count(journal_read(), "call", "SleepConditionVariable*");
}

/* Forty jobs lie in the queue: a thread that has done one takes the next, and does not go to sleep in between. */
START_TEST(no_sleep_while_jobs_wait)
{
    enum { MANY = 40 };
    CLIENT *c[MANY];
    run.journal = 1;
    serve_guestbook("--business 4");
    run.journal = 0;
    CLIENT *watcher = status_watcher();
    int book = hold_the_book();
    for (int i = 0; i < MANY; i++)
        sign(c[i] = client_open(), i);
    EXPECT(WAIT_UNTIL(status_now(watcher, "business.queued") == MANY - THREADS, PATIENCE),
           "36 jobs behind the 4 that wait for the data base", "%lld", status_now(watcher, "business.queued"));
    int before = waits_for_a_job();
    close(book);
    for (int i = 0; i < MANY; i++)
        expect_status(response(c[i]), 303);
    EXPECT(waits_for_a_job() - before < MANY / 2,
           "threads that sleep when the queue is empty, and not before: a few calls of SleepConditionVariableSRW",
           "%d for %d jobs that all lay in the queue", waits_for_a_job() - before, MANY);
}
END_TEST

/* Ctrl-C while everybody signs. What was answered is kept; what was not may be, but only once. */
START_TEST(stop_while_they_sign)
{
    enum { ROUNDS = 8, LAST = 5 };
    CLIENT *c[SIGNERS];
    int answered[SIGNERS * ROUNDS] = {0};
    serve_guestbook("--drain 30 --business 4");
    for (int i = 0; i < SIGNERS; i++)
        c[i] = client_open();
    for (int round = 0; round <= LAST; round++) {
        for (int i = 0; i < SIGNERS; i++)
            sign(c[i], round * SIGNERS + i);
        if (round == LAST)
            server_signal(&server, SIGINT);
        for (int i = 0; i < SIGNERS; i++) {
            RESPONSE *r = response_try(c[i], 0, 2 * PATIENCE);
            if (r->heard == HEARD_CUT || r->heard == HEARD_LATE)
                response_fail(r, "an answer, or the end of the connection before it");
            answered[round * SIGNERS + i] = r->heard == HEARD_WHOLE && r->status == 303;
            EXPECT(answered[round * SIGNERS + i] || round == LAST, "303 for everybody who signs before Ctrl-C", "%d",
                   r->status);
        }
    }
    client_close_all();
    server_expect_clean_end(&server);
    serve_guestbook("");
    const char *json = read_book();
    for (int i = 0; i < SIGNERS * (LAST + 1); i++)
        EXPECT(is_in_book(json, i) || !answered[i], "every entry that was answered with 303", "visitor %d is missing",
               i);
}
END_TEST

void business_topic(void)
{
    topic("business", "work that blocks, in threads of its own");
    test_for(pool_grows_and_shrinks, FROM(5), NO_SQLITE,
             "A worker that waits for a data base keeps everybody waiting; a thread for each query would be as bad.");
    test_for(no_sleep_while_jobs_wait, FROM(5), NO_SQLITE,
             "A condition variable has no memory: who sleeps without a look at the queue sleeps beside its work.");
    test_for(stop_while_they_sign, FROM(5), NO_SQLITE,
             "A visitor who was told that the entry is kept must find it there after a restart.");
}
