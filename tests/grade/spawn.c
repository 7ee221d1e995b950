/* The server under test as a child process: see spawn.h. */
#include "spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cause.h"
#include "clock.h"
#include "fence.h"
#include "points.h"
#include "site.h"
#include "story.h"

enum { READ_LIMIT = 64 * 1024 * 1024 };

RUN run;
SERVER server;

const char *server_path(const char *path, char *text, size_t size)
{
    snprintf(text, size, "%s%s", run.wine && path[0] == '/' ? "Z:" : "", path);
    return text;
}

char *read_text(const char *path, size_t *length)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = file >= 0 && fstat(file, &info) == 0 && info.st_size > 0 ? (size_t)info.st_size : 0;
    size_t used = 0;
    if (size > READ_LIMIT)
        size = READ_LIMIT;
    char *text = malloc(size + 1);
    while (used < size) {
        ssize_t got = read(file, text + used, size - used);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    if (file >= 0)
        close(file);
    text[used] = 0;
    if (length)
        *length = used;
    return text;
}

/* --- in the child, between fork and exec: system calls only ------------------------------------------------------- */

void leave_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0) {
        ioctl(terminal, TIOCNOTTY);
        close(terminal);
    }
    setpgid(0, 0);
}

static void __attribute__((noreturn)) become(const SERVER *s, char *const *arguments, pid_t parent)
{
    sigset_t none;
    int nothing = open("/dev/null", O_RDONLY);
    int out = open(s->out, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    int err = open(s->err, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(nothing, 0);
    dup2(out, 1);
    dup2(err, 2);
    leave_terminal();
    fence_enter(run.folder);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user would have undone it */
    if (getppid() != parent)          /* it died before the line above */
        _exit(127);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fence_exec(arguments);
    dprintf(2, "cannot start %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

/* Adds to what the user already asks of a sanitizer. */
static void sanitizer_options(const char *variable, const char *ours)
{
    const char *theirs = getenv(variable);
    char all[1024];
    snprintf(all, sizeof all, "%s%s%s", ours, theirs ? ":" : "", theirs ? theirs : "");
    setenv(variable, all, 1);
}

static void set_environment(const SERVER *s)
{
    static int done;
    if (!done) {
        sanitizer_options("ASAN_OPTIONS", "exitcode=99:detect_leaks=1");
        sanitizer_options("TSAN_OPTIONS", "exitcode=98:halt_on_error=0:atexit_sleep_ms=20");
        sanitizer_options("UBSAN_OPTIONS", "print_stacktrace=1");
        done = 1;
    }
    if (run.wine)
        setenv("WINEDEBUG", "-all", 0);
    else if (run.journal)
        setenv("WIN32_JOURNAL", s->journal, 1);
    else
        unsetenv("WIN32_JOURNAL");
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

/* What the server is doing now, for a failure's report. */
static void describe_server(char *text, size_t size)
{
    size_t used = 0;
    if (!server.pid && !server.ended)
        return;
    if (!server_has_ended(&server))
        used = (size_t)snprintf(text, size, "still running, port %d", server.port);
    else if (WIFEXITED(server.status))
        used = (size_t)snprintf(text, size, "has exited with %d", WEXITSTATUS(server.status));
    else
        used = (size_t)snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(server.status),
                                strsignal(WTERMSIG(server.status)));
    char *err = read_text(server.err, NULL);
    const char *report = cause_report_in(err); /* there is no room for all; what matters must be in it */
    if (*err && used < size)
        snprintf(text + used, size - used, "; its stderr:\n%s%s", report && report > err ? "…\n" : "",
                 report ? report : err);
    free(err);
}

static void start(SERVER *s)
{
    fflush(NULL);
    pid_t parent = getpid();
    s->starts++;
    s->ended = 0;
    s->pid = fork();
    if (s->pid == 0)
        become(s, s->arguments, parent);
    if (s->pid < 0) {
        s->pid = 0;
        story_fail("a new process", "fork: %s", strerror(errno));
    }
}

void server_spawn(SERVER *s, const char *const *arguments)
{
    static int started;
    char shown[STORY_LINE] = "";
    int count = 0;
    *s = (SERVER){0};
    snprintf(s->out, sizeof s->out, "%s/stdout.%d", run.folder, started);
    snprintf(s->err, sizeof s->err, "%s/stderr.%d", run.folder, started);
    snprintf(s->journal, sizeof s->journal, "%s/journal.%d", run.folder, started++);
    if (run.wine)
        s->arguments[count++] = "wine";
    s->arguments[count++] = (char *)run.program;
    for (int i = 0; arguments[i] && i < MAX_ARGUMENTS; i++) {
        size_t used = strlen(shown);
        snprintf(shown + used, sizeof shown - used, " %s", arguments[i]);
        s->arguments[count++] = strdup(arguments[i]); /* kept for another start, until the test's process ends */
    }
    story_step("start the server:%s", shown);
    story_ask_server = describe_server;
    set_environment(s);
    start(s);
}

/* The port in "listening on http://127.0.0.1:PORT/", or 0 while the line has not come. */
static int port_said(const SERVER *s)
{
    char *text = read_text(s->out, NULL);
    int port = 0, end = 0;
    if (strchr(text, '\n') && (sscanf(text, "listening on http://127.0.0.1:%d/%n", &port, &end) != 1 || !end ||
                               (text[end] != '\n' && strncmp(text + end, "\r\n", 2) != 0)))
        story_fail("on stdout, first of all: listening on http://127.0.0.1:PORT/", "%.400s", text);
    free(text);
    return port;
}

void server_await_line(SERVER *s)
{
    int came = WAIT_UNTIL((s->port = port_said(s)) != 0 || server_has_ended(s), 2 * PATIENCE);
    if (!s->port)
        s->port = port_said(s);
    if (s->port <= 0 || s->port > 65535) {
        story_fail("the server says where it listens, within 10 seconds", "%s",
                   came ? "it ended" : "nothing on stdout (is stdout flushed after the line?)");
    }
    if (!run.wine && !fence_owns_port(s->pid, s->port)) {
        int port = s->port;
        EXPECT(!server_has_ended(s), "the server lives on and listens", "it named port %d and has ended", port);
        story_fail("the server listens on the port that it names",
                   "port %d is not its own, or nobody listens there: was listen called?", port);
    }
    story_step("it listens on port %d", s->port);
}

void serve(const char *options)
{
    const char *arguments[MAX_ARGUMENTS + 1] = {"--port", "0", "--root"};
    char root[SERVER_PATH], uploads[SERVER_PATH], copy[1000];
    int count = 3;
    site_build();
    arguments[count++] = server_path(site.root, root, sizeof root);
    arguments[count++] = "--uploads";
    arguments[count++] = server_path(site.uploads, uploads, sizeof uploads);
    snprintf(copy, sizeof copy, "%s", options);
    for (char *rest = copy, *word; count < MAX_ARGUMENTS && (word = strtok_r(NULL, " ", &rest));)
        arguments[count++] = word;
    arguments[count] = NULL;
    server_spawn(&server, arguments);
    server_await_line(&server);
}

void serve_with_faults(const char *faults, const char *options)
{
    story_step("let it meet with faults: WIN32_FAULTS='%s'", faults);
    setenv("WIN32_FAULTS", faults, 1);
    serve(options);
    unsetenv("WIN32_FAULTS");
}

/* --- watching and ending ------------------------------------------------------------------------------------------ */

static int is_empty(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_size == 0;
}

/*
 * Once in some thousand starts Wine 8 ends a program with 1 before its first instruction, without a word. (Seen with a
 * server whose option was wrong: it always says so, and exits with 2.) Who does it each time does it himself.
 */
static int wine_has_not_begun(const SERVER *s)
{
    enum { MOST_STARTS = 3 };
    return run.wine && s->starts < MOST_STARTS && WIFEXITED(s->status) && WEXITSTATUS(s->status) == 1 &&
           is_empty(s->out) && is_empty(s->err);
}

int server_has_ended(SERVER *s)
{
    siginfo_t info = {0};
    if (!s->pid || s->ended || waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || !info.si_pid)
        return s->ended;
    kill(-s->pid, SIGKILL); /* what it started; as long as it is not reaped, the number cannot be another's */
    s->ended = waitpid(s->pid, &s->status, 0) == s->pid;
    if (s->ended && wine_has_not_begun(s)) {
        story_step("Wine ended it with 1, and it had not said a word: start it once more");
        start(s);
    }
    return s->ended;
}

int server_wait(SERVER *s, int milliseconds)
{
    if (!WAIT_UNTIL(server_has_ended(s), milliseconds))
        return -1;
    return WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 128 + WTERMSIG(s->status);
}

void server_signal(SERVER *s, int signal)
{
    story_step("send the server %s", signal == SIGINT ? "Ctrl-C (SIGINT)" : strsignal(signal));
    if (s->pid && !server_has_ended(s))
        kill(s->pid, signal);
}

void server_expect_alive(SERVER *s)
{
    EXPECT(!server_has_ended(s), "the server lives on", "it has ended");
}

void server_expect_no_report(const SERVER *s)
{
    char *err = read_text(s->err, NULL), place[CAUSE_TEXT];
    const char *found = cause_report_in(err);
    while (found && cause_report_is_leak(found, place) && points_forgive(run.test, place)) {
        snprintf(story->left, sizeof story->left, "%.*s", STORY_LINE - 1, place);
        found = cause_report_in(found + strcspn(found, "\n"));
    }
    EXPECT(!found, "no report from a sanitizer or the verifier", "%.1200s", found);
    free(err);
}

void server_fail_running(void)
{
    char expected[80];
    snprintf(expected, sizeof expected, "exit within %g seconds of Ctrl-C", (double)stretched(ENDING) / 1000);
    story_fail(expected, "it is still running: in gdb, `thread apply all bt` shows where its threads wait");
}

void server_expect_clean_end(SERVER *s)
{
    int code = server_wait(s, ENDING);
    if (code < 0)
        server_fail_running(); /* it is killed when that has been told, as whatever a failed test leaves */
    server_expect_no_report(s);
    EXPECT(code == 0, "exit code 0 after Ctrl-C", code > 128 ? "killed by signal %d" : "exit code %d",
           code > 128 ? code - 128 : code);
    s->pid = 0;
}

void server_stop(SERVER *s)
{
    if (!s->pid)
        return;
    EXPECT(!server_has_ended(s), "the server runs until Ctrl-C", "it has ended before");
    server_signal(s, SIGINT);
    server_expect_clean_end(s);
}

void server_kill(SERVER *s)
{
    if (!s->pid)
        return;
    kill(-s->pid, SIGKILL);
    kill(s->pid, SIGKILL);
    if (!s->ended && waitpid(s->pid, &s->status, 0) == s->pid)
        s->ended = 1;
    s->pid = 0;
}

/* Entries of a folder of /proc. */
static int count_entries(const SERVER *s, const char *folder)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)s->pid, folder);
    fence_look(1);
    DIR *list = opendir(path);
    for (struct dirent *entry; list && (entry = readdir(list));)
        count += entry->d_name[0] != '.';
    if (list)
        closedir(list);
    fence_look(0);
    return count;
}

int server_threads(const SERVER *s)
{
    return count_entries(s, "task");
}

int server_descriptors(const SERVER *s)
{
    return count_entries(s, "fd");
}

size_t server_memory(const SERVER *s)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)s->pid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        story_fail("a server that runs", "%s cannot be read", path);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}
