/**
 * @file engine.h
 * What the two files of topic `engine` share.
 */
#ifndef GRADE_ENGINE_H
#define GRADE_ENGINE_H

#include "journal.h"

/** A bit of everything that a server does, then Ctrl-C, then the journal of it all. */
JOURNAL *work_and_stop(const char *options);

/** Adds the tests of the completion port to the topic (test_engine_port.c). */
void engine_port_tests(void);

#endif
