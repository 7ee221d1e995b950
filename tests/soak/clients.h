/**
 * @file clients.h
 * The two kinds of clients of a soak. Each is a process of its own, with a stream of random numbers of its own.
 */
#ifndef SOAK_CLIENTS_H
#define SOAK_CLIENTS_H

#include <stdint.h>

/** The files that a soak adds to the judge's site: "kept1.bin" … of the pattern. */
#define KEPT_FILES 5
extern const unsigned kept_sizes[KEPT_FILES];

/** What clients have done, in memory that all processes of a soak share. */
typedef struct TALLY {
    long long answers;     /**< checked to the last byte */
    long long hostilities; /**< connections of hostile clients */
} TALLY;

/**
 * Asks for things as a well-behaved client does until the time has come, and checks every byte of what it gets. Any
 * mistake of the server ends the process with 1, after a report.
 * @param number  of this client; its uploads have it in their names
 * @param stage   of the server
 */
void well_behaved(uint64_t seed, int number, int stage, int64_t until, TALLY *tally);

/**
 * Does to the server whatever comes to mind until the time has come: requests that stop anywhere, nonsense, headers
 * without end, readers that do not read, resets in every phase. It expects nothing; but a server that is gone, or takes
 * no connection, ends the process with 1.
 */
void hostile(uint64_t seed, int number, int64_t until, TALLY *tally);

#endif
