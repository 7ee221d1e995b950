/**
 * @file faults.h
 * Faults: what can go wrong with a call or an operation, made to happen on purpose.
 *
 * WIN32_FAULTS is a scenario: rules, separated by semicolons or, in the file that "@FILE" names, one a line; "#" begins
 * a comment. WIN32_SEED chooses the random stream. docs/faults.md is the manual; rules.c has the grammar.
 *
 *   - Each rule draws from a stream of its own, which its place in the scenario and the seed determine: its decision
 *     about the Nth event that it looks at is the same in every run.
 *   - WIN32_REPORT=FILE ("-": standard error) writes at exit how much of Windows' scarce resources was in use at most.
 *   - Every function below is asked only when faults_on(), but faults_processors.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "../io/io.h"
#include "../watch/watch.h"

/** Reads the environment. A scenario that makes no sense ends the process with 2. @return whether there is work */
bool faults_start(void);

static inline bool faults_on(void)
{
    return watch_by(WATCH_FAULTS);
}

/** An error by number as a status: status_to_error and status_to_winsock both give the number back. */
#define STATUS_OF_ERROR(Error) (STATUS_CHOSEN | (uint32_t)(Error))

/** @name Calls that fail
 * @{ */
/** Whether this call of a function is to fail. @return the error, or 0 */
DWORD faults_error(const char *function);

/** The same for use as a statement of the API's functions: returns Failure with the last error set. */
#define FAULTS_MAY_FAIL(Function, Failure)                  \
    do {                                                    \
        DWORD fault = faults_on() ? faults_error(Function) : 0; \
        if (fault) {                                        \
            SetLastError(fault);                            \
            return Failure;                                 \
        }                                                   \
    } while (0)
/** @} */

/** @name Operations
 * @{ */
/**
 * An operation is about to be tried: the call that thread is in may fail, its buffers may become shorter, and its
 * resources are counted.
 * @param overlapped false for a blocking call, which pins nothing
 * @return the status with which it fails at once, or STATUS_SUCCESS
 */
uint32_t faults_begin(op *record, bool overlapped, bool stream);
/** It failed or ended: what faults_begin counted is free again. */
void faults_end(op *record);
/** Whether an operation that ended at once is to be told as pending. */
bool faults_pend(void);
/** How long, in ns, an operation that cannot go on is to be waited for, so that it ends at once; 0: not at all. */
uint64_t faults_insist(void);
/** How long, in ns, a call whose operation ended at once stays before it returns, while its packet goes its way. */
uint64_t faults_linger(void);
/** How much of the first data an accept may take. */
DWORD faults_first_data(DWORD length);
/** How an operation ends whose socket is closed under it. */
uint32_t faults_close_status(void);
/** @} */

/** @name Connections: what they take of the non-paged pool
 * @{ */
enum { FAULTS_CONNECTED = 2048, FAULTS_ACCEPTED = 1536, FAULTS_OPERATION = 500 };
/** Counts a connection. @param counted where the socket remembers it @return false: past the quota, nothing counted */
bool faults_connect(uint32_t *counted, uint32_t bytes);
void faults_disconnect(uint32_t *counted);
/** @} */

/** How many processors the program is to see: those of the machine, or what a rule says. May be asked at any time. */
unsigned faults_processors(void);

/** @name Packets and handles
 * @{ */
/** Keeps a packet back for a while, or for others to pass it. @return false: it goes its way now */
bool faults_hold(port *p, op *packet);
/** Whether a closed handle's number is to be given to the next object. */
bool faults_recycle(void);
/** @} */

#endif
