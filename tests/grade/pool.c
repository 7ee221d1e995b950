/* Runs tests side by side: see pool.h. */
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "fence.h"
#include "site.h"
#include "spawn.h"

enum { MAX_JOBS = FENCE_USERS, LOOK_INTERVAL = 250, MAX_PASSES = 500 };

typedef struct JOB {
    pid_t pid; /* 0: free */
    RESULT *result;
    int64_t started, deadline;
    int overdue, overflowed; /* killed for it */
    char folder[sizeof run.folder];
} JOB;

static JOB jobs_running[MAX_JOBS];
static sigset_t watched, before;
static int interrupted; /* by this signal, once someone has pressed Ctrl-C */

/* --- in the test's process ---------------------------------------------------------------------------------------- */

/* Whatever the test did, its server must end well: exit 0 after Ctrl-C and nothing from a sanitizer. */
static void end_server(void)
{
    if (story->outcome == OUTCOME_NONE) {
        client_close_all();
        server_stop(&server);
    } else {
        server_kill(&server);
    }
}

static void run_with_check(const TEST *test)
{
    Suite *suite = suite_create("grade");
    TCase *tcase = tcase_create(test->topic);
    tcase_add_checked_fixture(tcase, NULL, end_server);
    tcase_add_test(tcase, test->test);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* this is the fork already; and so the fixture runs after a failure */
    srunner_run_all(runner, CK_SILENT);
    if (story->outcome == OUTCOME_NONE && srunner_ntests_failed(runner) == 0)
        story->outcome = OUTCOME_PASSED;
    srunner_free(runner);
}

static void __attribute__((noreturn)) be_job(const JOB *job, pid_t parent)
{
    struct rlimit files;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    if (!run.wine)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_IGN);
    story = job->result->story;
    snprintf(run.folder, sizeof run.folder, "%s", job->folder);
    snprintf(run.test, sizeof run.test, "%s.%s", job->result->test->topic, job->result->test->test->name);
    fence_choose((int)(job - jobs_running));
    fence_give(run.folder, 1);
    run_with_check(job->result->test);
    _exit(0);
}

/* --- in the grader ------------------------------------------------------------------------------------------------ */

static void start_job(JOB *job, RESULT *result, const char *folder, int number)
{
    pid_t parent = getpid();
    *job = (JOB){.result = result, .started = now_ms()};
    job->deadline = job->started + stretched(1000 * result->test->seconds);
    snprintf(job->folder, sizeof job->folder, "%s/%d", folder, number);
    mkdir(job->folder, 0755);
    fflush(NULL);
    job->pid = fork();
    if (job->pid == 0)
        be_job(job, parent);
    if (job->pid < 0) {
        perror("grade: fork");
        exit(2);
    }
}

/* Ends a job and its server, which has a process group of its own but is set to die with the job. */
static void kill_job(const JOB *job)
{
    kill(-job->pid, SIGKILL);
    kill(job->pid, SIGKILL);
}

static int is_job(pid_t pid)
{
    for (int i = 0; i < MAX_JOBS; i++)
        if (jobs_running[i].pid == pid)
            return 1;
    return 0;
}

/* Reaps our children that are no jobs and have ended. Returns nonzero when there are others. */
static int has_strangers(void)
{
    char path[64];
    int pid, count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *list = fopen(path, "re");
    while (list && fscanf(list, "%d", &pid) == 1)
        count += !is_job(pid) && waitpid(pid, NULL, WNOHANG) != pid;
    if (list)
        fclose(list);
    return count;
}

typedef struct PROCESS {
    pid_t pid, parent;
    char state;
    char stranger; /* descends from us, and not from a job */
} PROCESS;

/* All processes that /proc shows; malloc'd. */
static PROCESS *list_processes(int *count)
{
    PROCESS *all = NULL;
    int room = 0;
    char path[300], line[600];
    DIR *list = opendir("/proc");
    *count = 0;
    for (struct dirent *entry; list && (entry = readdir(list));) {
        PROCESS next = {.pid = atoi(entry->d_name)};
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = next.pid > 0 ? fopen(path, "re") : NULL;
        char *end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL; /* the name may hold anything */
        if (file)
            fclose(file);
        if (!end || sscanf(end + 1, " %c %d", &next.state, &next.parent) != 2)
            continue;
        if (*count == room) {
            room = room ? 2 * room : 512;
            all = realloc(all, (size_t)room * sizeof *all);
        }
        all[(*count)++] = next;
    }
    if (list)
        closedir(list);
    return all;
}

static void mark_strangers(PROCESS *all, int count)
{
    for (int more = 1; more;) {
        more = 0;
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count && !all[i].stranger; j++)
                if (all[i].parent == getpid() ? !is_job(all[i].pid) : all[j].stranger && all[j].pid == all[i].parent)
                    all[i].stranger = 1, more = 1;
    }
}

/*
 * Sends a signal to our descendants that no job answers for. Returns how many of them were running: who is stopped
 * starts no other, so once there are none they can be killed for good.
 */
static int signal_strangers(int sig)
{
    int count, running = 0;
    PROCESS *all = list_processes(&count);
    mark_strangers(all, count);
    for (int i = 0; i < count; i++)
        if (all[i].stranger && all[i].state != 'Z' && all[i].state != 'X') {
            running += all[i].state != 'T';
            kill(all[i].pid, sig);
        }
    free(all);
    return running;
}

/*
 * What a server forked off and left behind has become our child: see PR_SET_CHILD_SUBREAPER in grade.c. Wine's own
 * services would look the same.
 */
static void kill_orphans(void)
{
    if (run.wine || !has_strangers())
        return;
    for (int i = 0; i < MAX_PASSES && signal_strangers(SIGSTOP); i++)
        continue;
    for (int i = 0; i < MAX_PASSES && has_strangers(); i++)
        signal_strangers(SIGKILL);
}

/*
 * A server that hangs would cost every test its whole patience. Once that is plain (nothing has passed, and a test has
 * failed by waiting; or several have, and more of them than have passed) the others wait only a little, until it shows
 * that it does answer.
 */
static void lose_patience(const RESULT *result)
{
    enum { PLAIN = 6, LITTLE = 500 };
    static int passed, late, hurried, told;
    static double full;
    passed += result->story->outcome == OUTCOME_PASSED;
    late += result->story->outcome == OUTCOME_FAILED && result->milliseconds >= stretched(PATIENCE) * 9 / 10;
    int hopeless = late > passed && (late >= PLAIN || !passed);
    if (hopeless == hurried || (!hurried && stretched(PATIENCE) <= LITTLE))
        return;
    full = hurried ? full : (double)stretched(PATIENCE);
    stretch_time(hopeless ? LITTLE / full : full / LITTLE);
    hurried = hopeless;
    if (!told++)
        printf("---   the server keeps the tests waiting; from here on they wait half a second for each answer\n");
}

static void conclude(JOB *job, int status, int keep, void (*told)(const RESULT *))
{
    STORY *told_story = job->result->story;
    if (told_story->outcome == OUTCOME_NONE) {
        told_story->outcome = OUTCOME_FAILED;
        if (job->overflowed)
            snprintf(told_story->got, STORY_TEXT, "killed: the server wrote more than a gigabyte, or too many files");
        else if (job->overdue)
            snprintf(told_story->got, STORY_TEXT, "killed after %lld s: it hung in the last step",
                     (long long)(now_ms() - job->started) / 1000);
        else if (WIFSIGNALED(status))
            snprintf(told_story->got, STORY_TEXT, "the test's own process was killed by signal %d", WTERMSIG(status));
        else
            snprintf(told_story->got, STORY_TEXT, "the test's own process ended with %d", WEXITSTATUS(status));
        snprintf(told_story->expected, STORY_TEXT, "the test runs to its end");
    }
    job->result->milliseconds = (int)(now_ms() - job->started);
    job->pid = 0;
    fence_sweep((int)(job - jobs_running));
    kill_orphans();
    if (!keep || told_story->outcome != OUTCOME_FAILED)
        delete_tree(job->folder);
    if (interrupted) /* it was killed for that, and says nothing */
        return;
    told(job->result);
    lose_patience(job->result);
}

/* Takes the ended children. */
static void reap(int keep, void (*told)(const RESULT *))
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < MAX_JOBS; i++)
            if (jobs_running[i].pid == pid)
                conclude(&jobs_running[i], status, keep, told);
}

/* Kills the jobs that are overdue, and those whose server fills the disk. */
static void end_excess(void)
{
    for (int i = 0; i < MAX_JOBS; i++) {
        JOB *job = &jobs_running[i];
        if (!job->pid || job->overdue || job->overflowed)
            continue;
        job->overdue = !ms_left(job->deadline);
        job->overflowed = fence_overflows(job->folder);
        if (job->overdue || job->overflowed)
            kill_job(job);
    }
}

/* Sleeps a moment, or until a child ends or someone presses Ctrl-C. Returns the signal of the latter, or 0. */
static int await_news(void)
{
    static int64_t next_look;
    int left = ms_left(next_look);
    int sig = sigtimedwait(&watched, NULL, &(struct timespec){left / 1000, left % 1000 * 1000000L});
    if (!ms_left(next_look)) {
        end_excess();
        next_look = now_ms() + LOOK_INTERVAL;
    }
    return sig == SIGINT || sig == SIGTERM ? sig : 0;
}

/* A test that Wine cannot carry is named and not run. Returns nonzero when that is so. */
static int is_beyond_wine(RESULT *result, void (*told)(const RESULT *))
{
    if (!run.wine || !result->test->not_wine)
        return 0;
    result->story->outcome = OUTCOME_SKIPPED;
    snprintf(result->story->reason, STORY_LINE, "%s", result->test->not_wine);
    told(result);
    return 1;
}

/* Longer tests first, so that none of them is left for the end. */
static int longer_first(const void *a, const void *b)
{
    const RESULT *const *left = a, *const *right = b;
    int order = (*right)->test->seconds - (*left)->test->seconds;
    return order ? order : *left < *right ? -1 : *left > *right;
}

/* Puts the tests in the order in which they are to start, each with a story of its own. */
static RESULT **prepare(RESULT *results, int count)
{
    STORY *stories =
        mmap(NULL, (size_t)count * sizeof *stories, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    RESULT **order = malloc((size_t)count * sizeof *order);
    if (stories == MAP_FAILED || !order) {
        perror("grade");
        exit(2);
    }
    for (int i = 0; i < count; i++) {
        results[i].story = &stories[i];
        order[i] = &results[i];
    }
    qsort(order, (size_t)count, sizeof *order, longer_first);
    return order;
}

static void kill_all_jobs(void)
{
    for (int i = 0; i < MAX_JOBS; i++)
        if (jobs_running[i].pid)
            kill_job(&jobs_running[i]);
}

int pool_run(RESULT *results, int count, int jobs, const char *folder, int keep, void (*told)(const RESULT *))
{
    RESULT **order = prepare(results, count);
    int next = 0, running;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigprocmask(SIG_BLOCK, &watched, &before);
    do {
        running = 0;
        for (int i = 0; i < jobs && i < MAX_JOBS; i++) {
            while (!jobs_running[i].pid && next < count && is_beyond_wine(order[next], told))
                next++;
            if (!jobs_running[i].pid && next < count && !interrupted) {
                start_job(&jobs_running[i], order[next], folder, next);
                next++;
            }
            running += jobs_running[i].pid != 0;
        }
        int sig = running ? await_news() : 0;
        if (sig) {
            interrupted = sig;
            kill_all_jobs();
        }
        reap(keep, told);
    } while (running);
    kill_orphans();
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(order);
    return interrupted;
}
