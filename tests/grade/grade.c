/*
 * grade: judges a server of any stage from outside, over loopback TCP.
 *
 *     grade --stage N [--filter TEXT]... [--points TABLE [--task N.M] [--sources FOLDER]] [--jobs N] [--list] [--quiet]
 *           [--keep] [--wine] [--server] PATH
 *
 * A PATH that ends in .exe is run through wine.
 *
 * Each test starts the server afresh as a child process (spawn.c), talks to it (client.c, response.c) and ends it. The
 * tests run side by side (pool.c); the sum is made here, from what was seen. Exit code: 0 all passed, 1 some failed,
 * 2 the run itself could not be done.
 */
#include <fcntl.h>
#include <getopt.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fence.h"
#include "points.h"
#include "pool.h"
#include "report.h"
#include "site.h"
#include "spawn.h"

enum { MAX_FILTERS = 256 };

static const char *filters[MAX_FILTERS];
static const char *points, *task, *sources;
static int filter_count, jobs, list_only, quiet, keep;
static int all_passed, all_failed, all_skipped;

static void __attribute__((noreturn)) usage(const char *complaint)
{
    fprintf(stderr,
            "grade: %s\n"
            "usage: grade --stage 1..5 [--filter TEXT]... [--jobs N] [--list] [--quiet] [--keep] [--wine] "
            "[--points TABLE [--task N.M] [--sources FOLDER]] [--server] PATH\n",
            complaint);
    exit(2);
}

static void read_options(int count, char **arguments)
{
    enum { SERVER_OPTION = 1, STAGE_OPTION, FILTER_OPTION, JOBS_OPTION, POINTS_OPTION, TASK_OPTION, SOURCES_OPTION };
    static const struct option options[] = {
        {"server", required_argument, NULL, SERVER_OPTION},
        {"stage", required_argument, NULL, STAGE_OPTION},
        {"filter", required_argument, NULL, FILTER_OPTION},
        {"jobs", required_argument, NULL, JOBS_OPTION},
        {"points", required_argument, NULL, POINTS_OPTION},
        {"task", required_argument, NULL, TASK_OPTION},
        {"sources", required_argument, NULL, SOURCES_OPTION},
        {"wine", no_argument, &run.wine, 1},
        {"list", no_argument, &list_only, 1},
        {"quiet", no_argument, &quiet, 1},
        {"keep", no_argument, &keep, 1},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case SERVER_OPTION:
            run.program = realpath(optarg, NULL);
            break;
        case STAGE_OPTION:
            run.stage = atoi(optarg);
            break;
        case FILTER_OPTION:
            if (filter_count < MAX_FILTERS)
                filters[filter_count++] = optarg;
            break;
        case JOBS_OPTION:
            jobs = atoi(optarg);
            break;
        case POINTS_OPTION:
            points = optarg;
            break;
        case TASK_OPTION:
            task = optarg;
            break;
        case SOURCES_OPTION:
            sources = optarg;
            break;
        case 0:
            break;
        default:
            usage("what is asked for?");
        }
    }
    if (!run.program && optind < count)
        run.program = realpath(arguments[optind++], NULL);
    if (optind < count)
        usage("what is asked for?");
    if (!list_only && (!run.program || access(run.program, R_OK) != 0))
        usage("which server? PATH must name its program");
    if (run.program && strlen(run.program) > 4 && !strcmp(run.program + strlen(run.program) - 4, ".exe"))
        run.wine = 1;
    if (run.stage < 1 || run.stage > 5) {
        if (!list_only)
            usage("--stage must be 1 to 5");
        run.stage = 0;
    }
    if (points)
        points_read(points, task);
    else if (task)
        usage("--task needs --points, which tells what belongs to it");
}

/* A test is wanted when the stage has it, the task too, and a filter, if there is one, occurs in "topic.name". */
static int is_wanted(const TEST *test)
{
    char name[200];
    if (run.stage && !(test->stages & STAGE(run.stage)))
        return 0;
    snprintf(name, sizeof name, "%s.%s", test->topic, test->test->name);
    if (points_leave_out(name))
        return 0;
    for (int i = 0; i < filter_count; i++)
        if (strstr(name, filters[i]))
            return 1;
    return filter_count == 0;
}

static void list_tests(const TEST *tests, int count)
{
    for (int i = 0; i < count; i++)
        if (is_wanted(&tests[i]))
            printf("%s.%s\t%s%s%s\n", tests[i].topic, tests[i].test->name, tests[i].why,
                   tests[i].not_wine ? " [not under Wine: " : "", tests[i].not_wine ? tests[i].not_wine : "");
}

/* A program that was built with a sanitizer carries its name. */
static int has_sanitizer(const char *path)
{
    int found = 0, file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file >= 0 && fstat(file, &info) == 0 && info.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            found = memmem(bytes, (size_t)info.st_size, "__asan_init", 11) != NULL ||
                    memmem(bytes, (size_t)info.st_size, "__tsan_init", 11) != NULL;
            munmap(bytes, (size_t)info.st_size);
        }
    }
    if (file >= 0)
        close(file);
    return found;
}

/* A deadline that passed because nobody got a processor is no fault of the server: whoever reads of it should know. */
static void tell_of_load(void)
{
    enum { MUCH = 6 }; /* for each processor; the tests themselves are less, as most of them wait */
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    double load = 0;
    if (getloadavg(&load, 1) == 1 && load > MUCH * processors)
        printf("---   the machine is busy (load %.0f, %d processors), and deadlines may have passed for that alone;\n"
               "---   CK_TIMEOUT_MULTIPLIER=4 in front of the command stretches them\n",
               load, processors);
}

/*
 * One Windows process that stays for the whole run, so that Wine's server and services are started once and not for
 * each test. It ends with the pipe that is its stdin. Returns its pid.
 */
static pid_t keep_wine_up(void)
{
    int in[2], out[2];
    char line[64];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return 0;
    setenv("WINEDEBUG", "-all", 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2);
        leave_terminal();
        execlp("wine", "wine", "cmd", "/q", "/k", "echo ready", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    struct pollfd ready = {.fd = out[0], .events = POLLIN}; /* a new prefix takes some ten seconds */
    if (poll(&ready, 1, (int)stretched(60000)) != 1 || read(out[0], line, sizeof line) <= 0) {
        fputs("grade: wine does not run\n", stderr);
        exit(2);
    }
    return pid;
}

/*
 * Where the run's folder goes: TMPDIR when it is set, else memory when there is plenty, else /tmp. Every test lays out
 * a site of its own, and a disk's file system is slow at making a file after many were deleted: ext4 looks at each of
 * the inodes that it gave back a moment ago.
 */
static const char *work_place(void)
{
    enum { PLENTY = 4 }; /* GiB; a test that goes wild is stopped at 1 (fence.c) */
    const char *told = getenv("TMPDIR");
    struct statfs memory;
    if (told && *told)
        return told;
    if (statfs("/dev/shm", &memory) == 0 && memory.f_type == TMPFS_MAGIC && access("/dev/shm", W_OK) == 0 &&
        (uint64_t)memory.f_bavail * (uint64_t)memory.f_bsize >= (uint64_t)PLENTY << 30)
        return "/dev/shm";
    return "/tmp";
}

static void tell(const RESULT *result)
{
    all_passed += result->story->outcome == OUTCOME_PASSED;
    all_failed += result->story->outcome == OUTCOME_FAILED;
    all_skipped += result->story->outcome == OUTCOME_SKIPPED;
    if (!quiet || result->story->outcome == OUTCOME_FAILED)
        report_test(result);
}

int main(int count, char **arguments)
{
    char folder[sizeof run.folder / 2];
    int test_count, wanted = 0;
    int64_t started = now_ms();
    read_options(count, arguments);
    TEST *tests = all_tests(&test_count);
    if (list_only) {
        list_tests(tests, test_count);
        return 0;
    }
    RESULT *results = calloc((size_t)test_count, sizeof *results);
    for (int i = 0; i < test_count; i++)
        if (is_wanted(&tests[i]))
            results[wanted++].test = &tests[i];
    if (!wanted)
        usage("no test has that name");
    snprintf(folder, sizeof folder, "%.80s/grade.XXXXXX", work_place());
    if (!mkdtemp(folder)) {
        perror(folder);
        return 2;
    }
    run.sanitized = has_sanitizer(run.program);
    if (jobs <= 0) { /* most tests wait most of the time; those of a single task may all do so at once */
        int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
        jobs = (run.sanitized || run.wine ? 2 : task && wanted <= 12 * processors ? 12 : 5) * processors;
    }
    if (run.sanitized || run.wine)
        stretch_time(2);
    pid_t keeper = run.wine ? keep_wine_up() : 0;
    if (!run.wine) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        fence_begin(run.program, folder);
    }
    int interrupted = pool_run(results, wanted, jobs, folder, keep, tell);
    if (keeper)
        kill(keeper, SIGKILL);
    if (keep && all_failed)
        printf("what the failed tests left is in %s\n", folder);
    else
        delete_tree(folder);
    if (interrupted)
        return 2;
    int bad = report_sum(results, wanted);
    if (bad)
        tell_of_load();
    printf("stage %d, %.1f s\n", run.stage, (double)(now_ms() - started) / 1000);
    if (points)
        points_sum(results, wanted, run.stage, sources);
    return bad ? 1 : 0;
}
