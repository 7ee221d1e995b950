/**
 * @file filter.h
 * Two rules that a process can lay on itself and its children for good, without any right: fence.h says what for.
 * Where the system has no such rules, nothing happens.
 */
#ifndef GRADE_FILTER_H
#define GRADE_FILTER_H

/** From here on nothing is written, made or removed outside a folder (Landlock). */
void filter_writes(const char *folder);

/** From here on no other process is signalled or limited (seccomp). */
void filter_signals(void);

#endif
