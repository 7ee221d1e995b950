/*
 * soak: keeps servers running under clients that mean them no good, and under some that do and check every byte.
 *
 *     soak [--seconds N] [--seed N] SERVER...
 *
 * All servers that are named run at the same time; the stage is read from the folder's name (…/03-iocp-pool/server).
 * In the end, for each: it never ended by itself, every answer to a well-behaved client was right, it takes no more
 * memory than after a third of the time, its descriptors and threads are back, it ends with 0 after Ctrl-C, and no
 * sanitizer has anything to say. The same seed makes the same clients; what meets what is up to the threads.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../grade/clock.h"
#include "../grade/expect.h"
#include "../grade/site.h"
#include "../grade/spawn.h"
#include "../grade/status.h"
#include "../grade/story.h"
#include "clients.h"

enum { GOOD = 2, HOSTILE = 2, CLIENTS = GOOD + HOSTILE, MOST_SERVERS = 16 };

/* Memory may grow by so much, in KB, and by a tenth, after the first third. */
enum { SLACK = 4096 };

static double seconds = 60;
static uint64_t seed = 1;

/* --- one server --------------------------------------------------------------------------------------------------- */

static void set_up(const char *path, const char *folder)
{
    const char *name = strrchr(path, '/');
    char options[SERVER_PATH + 200] = "--header-timeout 3 --idle-timeout 5 --drain 5";
    while (name && name > path && *--name != '/')
        continue;
    run.program = realpath(path, NULL);
    run.stage = name ? atoi(name + (*name == '/')) : 0;
    run.sanitized = strstr(path, "-address/") || strstr(path, "-thread/");
    snprintf(run.folder, sizeof run.folder, "%s", folder);
    if (run.stage < 1 || run.stage > 5)
        story_fail("the path of a stage's server, such as solutions/03-iocp-pool/server", "%s", path);
    if (run.sanitized)
        stretch_time(2);
    site_build();
    for (unsigned i = 0; i < KEPT_FILES; i++) {
        char file[32];
        snprintf(file, sizeof file, "kept%u.bin", i + 1);
        site_add_pattern(file, kept_sizes[i]);
    }
    if (run.stage == 5)
        snprintf(options + strlen(options), sizeof options - strlen(options),
                 " --hot 256 --buffers 64 --reads 3 --log %.200s/access.log --guestbook %.200s/book.db", run.folder,
                 run.folder);
    serve(options);
}

static pid_t start_client(int number, int64_t until, TALLY *tally)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    story_context("stage %d, %s client %d, seed %llu", run.stage, number < GOOD ? "well-behaved" : "hostile", number,
                  (unsigned long long)seed);
    if (number < GOOD)
        well_behaved(seed, number, run.stage, until, tally);
    else
        hostile(seed, number, until, tally);
    exit(0);
}

static int server_lives(void)
{
    return !server_has_ended(&server);
}

/* Waits for the clients. Returns the memory that the server had after a third of the time. */
static long watch(pid_t *clients, int64_t third)
{
    long memory = 0;
    for (int left = CLIENTS; left > 0;) {
        int status;
        EXPECT(server_lives(), "a server that runs until Ctrl-C", "it has ended");
        if (!memory && now_ms() >= third)
            memory = (long)(server_memory(&server) / 1024);
        for (int i = 0; i < CLIENTS; i++)
            if (clients[i] > 0 && waitpid(clients[i], &status, WNOHANG) == clients[i]) {
                EXPECT(status == 0, "clients that get what they asked for", "client %d ended with status 0x%x", i,
                       status);
                clients[i] = 0;
                left--;
            }
        breathe();
    }
    return memory;
}

static void check_rest(int descriptors, int threads, long third)
{
    char text[200];
    /* Sockets that were made ahead, or are kept for reuse, stay open. */
    int few = descriptors + 64;
    EXPECT(WAIT_UNTIL(server_descriptors(&server) <= few, 2 * PATIENCE), "as many descriptors as at the beginning",
           "%d at first, %d at the end", descriptors, server_descriptors(&server));
    /* Stage 05's business pool needs a moment to shrink; the port's threads for files come when the disk makes them
     * wait, and stay. */
    enum { FILE_THREADS = 4 };
    EXPECT(WAIT_UNTIL(server_threads(&server) <= threads + FILE_THREADS, 2 * PATIENCE),
           "as many threads as at the beginning, but for the port's own", "%d at first, %d at the end", threads,
           server_threads(&server));
    if (run.stage == 5)
        status_await_rest(status_watcher());
    long memory = (long)(server_memory(&server) / 1024);
    snprintf(text, sizeof text, "no more memory at the end than after a third of the time, but for %d KB and a tenth",
             SLACK);
    /* The address sanitizer keeps what was freed for a while; leaks it finds by itself. */
    EXPECT(run.sanitized || memory <= third + third / 10 + SLACK, text, "%ld KB, then %ld KB", third, memory);
}

static void soak_one(const char *path, const char *folder, TALLY *tally)
{
    pid_t clients[CLIENTS];
    story_context("%s, seed %llu", path, (unsigned long long)seed);
    set_up(path, folder);
    expect_served();
    client_close_all();
    if (run.stage == 5)
        status_await_rest(status_watcher());
    client_close_all();
    int descriptors = server_descriptors(&server), threads = server_threads(&server);
    int64_t start = now_ms(), until = start + (int64_t)(seconds * 1000);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = start_client(i, until, tally);
    long third = watch(clients, start + (until - start) / 3);
    check_rest(descriptors, threads, third);
    long memory = (long)(server_memory(&server) / 1024);
    client_close_all();
    server_stop(&server);
    printf("pass  stage %d: %lld answers checked, %lld hostile connections, %ld KB then %ld KB\n", run.stage,
           tally->answers, tally->hostilities, third, memory);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static void __attribute__((noreturn)) usage(const char *complaint)
{
    fprintf(stderr, "soak: %s\nusage: soak [--seconds N] [--seed N] SERVER...\n", complaint);
    exit(2);
}

static void read_options(int count, char **arguments)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        if (option == 's')
            seconds = strtod(optarg, NULL);
        else if (option == 'r')
            seed = strtoull(optarg, NULL, 10);
        else
            usage("what is asked for?");
    }
    if (!(seconds > 0) || optind == count || count - optind > MOST_SERVERS)
        usage(optind == count ? "which server?" : "--seconds takes a number above 0; at most 16 servers");
    for (int i = optind; i < count; i++)
        if (access(arguments[i], X_OK) != 0)
            usage("a server that is named cannot be started");
}

static pid_t start_one(const char *path, const char *folder, TALLY *tally)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    soak_one(path, folder, tally);
    exit(0);
}

int main(int count, char **arguments)
{
    char top[] = "/tmp/soak.XXXXXX", folder[64];
    pid_t pids[MOST_SERVERS] = {0};
    int passed = 0, servers;
    setvbuf(stdout, NULL, _IOLBF, 0);
    read_options(count, arguments);
    servers = count - optind;
    signal(SIGPIPE, SIG_IGN);
    TALLY *tallies =
        mmap(NULL, sizeof *tallies * MOST_SERVERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tallies == MAP_FAILED || !mkdtemp(top)) {
        fprintf(stderr, "soak: no room in /tmp: %s\n", strerror(errno));
        return 2;
    }
    printf("%.0f s, seed %llu, %d well-behaved and %d hostile processes for each of %d servers\n", seconds,
           (unsigned long long)seed, GOOD, HOSTILE, servers);
    for (int i = 0; i < servers; i++) {
        snprintf(folder, sizeof folder, "%s/%d", top, i);
        if (mkdir(folder, 0755) == 0)
            pids[i] = start_one(arguments[optind + i], folder, &tallies[i]);
    }
    for (int i = 0; i < servers; i++) {
        int status;
        passed += pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status == 0;
    }
    delete_tree(top);
    printf("%d passed, %d failed, 0 skipped\n", passed, servers - passed);
    return passed == servers ? 0 : 1;
}
