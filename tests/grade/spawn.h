/**
 * @file spawn.h
 * The server under test as a child process: an ELF, or an .exe through wine.
 *
 * - It is told --port 0 and says on stdout where it listens.
 * - It has a session and process group of its own, default signal handling, stdin from /dev/null, and no descriptor
 *   but those three; stdout and stderr go to files. A file that it writes may not pass FILE_LIMIT.
 * - What else it may not do is said in fence.h. The port that it names must be its own.
 * - It dies with the test's process, however that ends.
 * - Ended by server_stop it must exit with 0 within the deadline, with no sanitizer report on stderr.
 *
 * Under Wine the loader becomes the Windows process: the child's pid is the one that SIGINT must reach, where Wine
 * turns it into CTRL_C_EVENT.
 */
#ifndef GRADE_SPAWN_H
#define GRADE_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

enum {
    FILE_LIMIT = 256 * 1024 * 1024,
    SERVER_PATH = 512,
    ENDING = 15000 /**< milliseconds from Ctrl-C to the end of a server, before stretching */
};

/** What all tests of a run share; filled from the command line. */
typedef struct RUN {
    const char *program; /**< absolute path of the server */
    int stage;
    int wine;                     /**< run it through wine */
    int sanitized;                /**< it was built with a sanitizer */
    int journal;                  /**< servers started from now on keep a journal */
    char folder[SERVER_PATH / 2]; /**< this test's own folder */
    char test[200];               /**< this test's name, "topic.name" */
} RUN;
extern RUN run;

enum { MAX_ARGUMENTS = 32 };

typedef struct SERVER {
    pid_t pid; /**< 0 when there is none */
    int port;
    char *arguments[MAX_ARGUMENTS + 3]; /**< what was started, the program itself included */
    int starts;                         /**< how often; under Wine it may take two */
    int ended, status;                  /**< once reaped: its wait status */
    char out[SERVER_PATH];              /**< files with what it wrote */
    char err[SERVER_PATH];
    char journal[SERVER_PATH]; /**< what WIN32_JOURNAL names when run.journal is set */
} SERVER;

/** The server that serve() started; most tests need only this one. */
extern SERVER server;

/**
 * Starts a program with exactly these arguments; does not wait for its line.
 * @param arguments NULL-terminated, without the program itself
 */
void server_spawn(SERVER *s, const char *const *arguments);

/** Waits for the line that says where it listens; fails the test when it does not come. */
void server_await_line(SERVER *s);

/**
 * Starts `server` on the test's site with more options, split at spaces ("--buffer 48 --trace"), and waits until it
 * listens. Builds the site first if the test has not.
 */
void serve(const char *options);

/** The same with faults of the Win32 port: WIN32_FAULTS (docs/faults.md). */
void serve_with_faults(const char *faults, const char *options);

/** Why a test that needs faults is not run under Wine. */
#define NO_FAULTS "faults are made by the Win32 port, which an .exe does not use"

/**
 * For the child that is to become a server: a process group of its own, and no terminal that it could write a report to.
 * Not setsid: where sessions are scheduled as groups (Linux's autogroup), some among dozens of small ones were seen to get
 * no processor for seconds, and a right server missed its deadlines.
 */
void leave_terminal(void);

/** Sends it a signal. */
void server_signal(SERVER *s, int signal);

/** Nonzero once it has ended; never waits. */
int server_has_ended(SERVER *s);

/** Waits until it has ended by itself. @return exit code, or 128 + the signal that killed it; -1: the time is over */
int server_wait(SERVER *s, int milliseconds);

/** Ctrl-C, then everything that must hold of an ended server: server_expect_clean_end. */
void server_stop(SERVER *s);

/** Waits for the end of a server that was told to stop: exit 0 in time and no sanitizer report. */
void server_expect_clean_end(SERVER *s);

/**
 * Fails the test when a sanitizer or the verifier has reported an error, whatever the exit code. What was left open and is
 * not this test's affair (points_forgive) is noted in its story.
 */
void server_expect_no_report(const SERVER *s);

/** Fails the test: Ctrl-C was long ago, and the server has not ended. */
void server_fail_running(void) __attribute__((noreturn));

/** Fails the test when the server has ended. */
void server_expect_alive(SERVER *s);

/** Ends it and whatever it started, at once. */
void server_kill(SERVER *s);

/** A path as the server must be told it: under Wine below drive Z:. */
const char *server_path(const char *path, char *text, size_t size);

/** Whole content of a file that the server wrote, up to a limit; freed by the caller, NUL-terminated. */
char *read_text(const char *path, size_t *length);

/** Number of threads (native only). */
int server_threads(const SERVER *s);

/** Bytes of memory that it has in use, as the kernel counts its pages (native only). */
size_t server_memory(const SERVER *s);

/** Number of open descriptors (native only). */
int server_descriptors(const SERVER *s);

#endif
