/*
 * storm.c - ten thousand requests under every fault: does each get its answer, whole and right, or a clean end?
 *
 *     storm [--requests N] [--clients N] [--only TEXT] SERVER...
 *
 * Each SERVER is started once for each row of the table below, with that fault and with the verifier watching. It must
 * answer, live, and at the end leave nothing behind: exit 0 after Ctrl-C, no word on stderr, no report. See load.h for
 * what is asked and what counts as an answer.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

/* What a fault may cost a request: nothing; its connection; or the answer says that it cannot be done, or that the file
 * (which cannot be opened) is not there. */
enum { WHOLE, MAY_END, MAY_REFUSE };

static const struct fault {
    const char *rules;
    int costs;
    const char *server; /* only those with this in their path; NULL: all */
} faults[] = {
    {"", WHOLE, NULL},
    {"fail WSARecv error=10054 every=5; fail recv error=10054 every=5", MAY_END, NULL},
    {"fail WSASend error=10054 every=5; fail send error=10054 every=5", MAY_END, NULL},
    {"fail WSARecv error=10055 p=0.1; fail WSASend error=10055 p=0.1", MAY_END, NULL},
    {"fail CreateFile error=2 every=5", MAY_REFUSE, NULL},
    {"fail ReadFile error=1117 every=7", MAY_REFUSE, NULL},
    {"fail WriteFile error=112 every=3", MAY_REFUSE, NULL},
    {"fail accept error=10054 every=2; fail AcceptEx error=10054 every=2", MAY_END, NULL},
    {"fail WSASocket error=10055 every=3; fail socket error=10055 every=3", MAY_END, NULL},
    {"fail DisconnectEx error=10057 every=2", MAY_END, NULL},
    {"fail CreateThread error=8 every=3", MAY_END, "/01-"}, /* the others need theirs to begin with */
    {"fail GetQueuedCompletionStatus error=258 every=3; fail GetQueuedCompletionStatusEx error=258 every=3", WHOLE,
     NULL},
    {"short send p=0.5", WHOLE, NULL},
    {"zero send p=0.1", MAY_END, NULL},
    {"short write p=0.5", WHOLE, NULL},
    {"receive max=1 p=0.9", WHOLE, NULL},
    {"immediate p=0.2 ms=1", WHOLE, NULL},
    {"slow return p=0.2 ms=1", WHOLE, NULL},
    {"pending p=0.5", WHOLE, NULL},
    {"shuffle window=8", WHOLE, NULL},
    {"delay ms=2 p=0.2", WHOLE, NULL},
    {"storm ms=5", WHOLE, NULL},
    {"recycle", WHOLE, NULL},
    {"close-error random", WHOLE, NULL},
    {"quota nonpaged=80000", MAY_REFUSE, NULL},
    {"quota locked=400000", MAY_REFUSE, NULL},
    {"processors 40", WHOLE, NULL},
};
enum { FAULTS = sizeof faults / sizeof faults[0] };

static unsigned requests = 10000, client_count = 40;
static const char *only = "";
static char folder[256];
static unsigned passed, failed;

/* --- the server --------------------------------------------------------------------------------------------------- */

typedef struct SERVER {
    pid_t pid;
    int port;
    const char *name;
} SERVER;

static const char *path_of(const char *name)
{
    static char path[320];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void become(const char *program, const char *rules)
{
    char root[320], uploads[320];
    snprintf(root, sizeof root, "%s/root", folder);
    snprintf(uploads, sizeof uploads, "%s/uploads", folder);
    setenv("WIN32_VERIFIER", "1", 1);
    setenv("WIN32_VERIFIER_LOG", path_of("reports"), 1);
    setenv("WIN32_FAULTS", rules, 1);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(open(path_of("stdout"), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open(path_of("stderr"), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    execl(program, program, "--port", "0", "--root", root, "--uploads", uploads, (char *)NULL);
    _exit(127);
}

static size_t text_of(const char *name, char *text, size_t size)
{
    FILE *file = fopen(path_of(name), "r");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    text[length] = 0;
    if (file)
        fclose(file);
    return length;
}

static void breathe(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static bool server_start(SERVER *s, const char *program, const char *rules)
{
    char said[200];
    *s = (SERVER){.name = program};
    unlink(path_of("stdout"));
    unlink(path_of("reports"));
    fflush(NULL);
    s->pid = fork();
    if (s->pid == 0)
        become(program, rules);
    for (int i = 0; s->pid > 0 && i < 20000; i++) {
        if (text_of("stdout", said, sizeof said) && sscanf(said, "listening on http://127.0.0.1:%d/", &s->port) == 1)
            return true;
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
            return false;
        breathe();
    }
    return false;
}

/* Ctrl-C, and everything that must hold of its end. @return NULL, or what does not */
static const char *server_end(SERVER *s)
{
    static char why[1200], text[1000];
    int status = 0, waited = 0;
    kill(s->pid, SIGINT);
    while (waitpid(s->pid, &status, WNOHANG) == 0 && waited++ < 40000)
        breathe();
    if (waited > 40000) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, &status, 0);
        return "it does not end after Ctrl-C";
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        text_of("stderr", text, sizeof text);
        snprintf(why, sizeof why, "it ended with %s %d: %s", WIFEXITED(status) ? "exit code" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), text);
        return why;
    }
    if (text_of("reports", text, sizeof text)) {
        snprintf(why, sizeof why, "the verifier reports\n%s", text);
        return why;
    }
    if (text_of("stderr", text, sizeof text)) {
        snprintf(why, sizeof why, "it complains: %s", text);
        return why;
    }
    return NULL;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const char *check(const struct fault *fault, const TALLY *tally, const char *end)
{
    static char why[300];
    if (tally->wrong) {
        snprintf(why, sizeof why, "%u wrong, the first: %s", tally->wrong, tally->first_wrong);
        return why;
    }
    if (tally->answered < requests / 8)
        return "hardly any request was answered";
    if (fault->costs == WHOLE && tally->ended)
        return "connections ended, although nothing failed that they need";
    return end;
}

static void run(const char *program, const struct fault *fault, unsigned seed)
{
    SERVER server;
    TALLY tally = {0};
    struct timespec before, after;
    const char *why = "it does not start";
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (server_start(&server, program, fault->rules)) {
        LOAD load = {.port = server.port,
                     .requests = requests,
                     .clients = client_count,
                     .seed = seed,
                     .folder = folder,
                     .may_refuse = fault->costs == MAY_REFUSE};
        tally = load_run(&load);
        why = check(fault, &tally, server_end(&server));
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    printf("  %-48.48s %8u %7u %7u %6u %7.1f  %s\n", *fault->rules ? fault->rules : "(no fault)", tally.answered,
           tally.refused, tally.ended, tally.cut, seconds, why ? "FAILED" : "");
    if (why)
        printf("    %s: %s\n", fault->rules, why);
    fflush(stdout);
    *(why ? &failed : &passed) += 1;
}

static bool read_options(int count, char **arguments, int *first)
{
    for (*first = 1; *first + 1 < count && arguments[*first][0] == '-'; *first += 2) {
        const char *name = arguments[*first], *value = arguments[*first + 1];
        if (strcmp(name, "--requests") == 0 && atoi(value) > 0)
            requests = (unsigned)atoi(value);
        else if (strcmp(name, "--clients") == 0 && atoi(value) > 0 && atoi(value) <= 256)
            client_count = (unsigned)atoi(value);
        else if (strcmp(name, "--only") == 0)
            only = value;
        else
            return false;
    }
    return *first < count;
}

int main(int count, char **arguments)
{
    int first;
    const char *temporary = getenv("TMPDIR");
    if (!read_options(count, arguments, &first)) {
        fputs("usage: storm [--requests N] [--clients 1..256] [--only TEXT] SERVER...\n", stderr);
        return 2;
    }
    snprintf(folder, sizeof folder, "%.200s/storm.XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder) || !load_site(folder)) {
        perror(folder);
        return 2;
    }
    for (int i = first; i < count; i++) {
        printf("%s, %u requests for each fault\n  %-48s %8s %7s %7s %6s %7s\n", arguments[i], requests, "fault",
               "answered", "refused", "ended", "cut", "seconds");
        for (unsigned k = 0; k < FAULTS; k++)
            if (strstr(faults[k].rules, only) && (!faults[k].server || strstr(arguments[i], faults[k].server)))
                run(arguments[i], &faults[k], k + 1);
    }
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "storm: %s is left\n", folder);
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
