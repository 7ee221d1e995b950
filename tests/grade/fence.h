/**
 * @file fence.h
 * What keeps a server away from its judge. A submission may be wrong, hostile, or both by accident.
 *
 * - It inherits nothing but descriptors 0, 1 and 2: the judge's memory, and with it every outcome, is out of its reach.
 * - Where the judge is root, each of the tests that run side by side has a user of its own for its server: it may read
 *   its root and add files, but neither signal, trace nor overwrite anything that is not its own.
 * - It may signal no process but itself, nor have the system do so (seccomp: also for users, and in containers).
 * - It may write nowhere but below its test's folder (Landlock, where the kernel has it).
 * - It gains no rights by running other programs; nobody but root can trace the judge's processes or open their files
 *   in /proc; memory, threads, processes and the size of a file are bounded; when memory runs out it goes first.
 * - What it leaves behind is killed when its test is over, however it hides.
 *
 * All this is for native servers. An .exe has Wine between it and the system, which needs its own services.
 * Out of scope is what a submission does to the compiler; what it writes into its own journal, which is kept by the port
 * in the server's process; and a user's own files where there is no Landlock: any program of that user may change them.
 */
#ifndef GRADE_FENCE_H
#define GRADE_FENCE_H

#include <sys/types.h>

enum { FENCE_USERS = 64 }; /* tests side by side */

/**
 * In the grader, once: shuts its own processes off and, as root, takes a block of users.
 * @param folder of the run; must be reachable by every user
 */
void fence_begin(const char *program, const char *folder);

/** In a test's process: its server will be this one of the users. */
void fence_choose(int user);

/** Nonzero when servers are another user than the grader. */
int fence_has_users(void);

/** Lets the server add files to a folder (1) or own it (2). */
void fence_give(const char *path, int how);

/** Between fork and exec, in the server to be: it keeps only descriptors 0, 1 and 2, and what it may do is bounded. */
void fence_enter(const char *folder);

/** Starts the program that fence_begin was told of; returns only when that fails. */
void fence_exec(char *const *arguments);

/** Looks at /proc with the server's rights (1), which a root without all capabilities needs, or again its own (0). */
void fence_look(int as_server);

/** Kills every process of this one of the users. */
void fence_sweep(int user);

/** Nonzero when the port is listened on by this process itself, or when the system does not tell. */
int fence_owns_port(pid_t pid, int port);

/** Nonzero when a folder holds more than a test ever needs. */
int fence_overflows(const char *folder);

#endif
