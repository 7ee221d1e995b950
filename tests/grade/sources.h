/**
 * @file sources.h
 * What the sources of a server say of its tasks: a starter has a comment "TODO 3.3: …" wherever something is to be written.
 */
#ifndef GRADE_SOURCES_H
#define GRADE_SOURCES_H

#include <stddef.h>

/**
 * Finds the first such comment of a task.
 * @param text set to its place, "main.c:97"
 * @return nonzero when there is one
 */
int sources_have_todo(const char *folder, const char *task, char *text, size_t size);

#endif
