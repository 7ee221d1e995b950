/*
 * main.c - the table of tables.
 */
#include "case.h"

extern const TEST_CASE ports_cases[];
extern const TEST_CASE waiters_cases[];
extern const TEST_CASE room_cases[];
extern const TEST_CASE completions_cases[];
extern const TEST_CASE cancel_cases[];
extern const TEST_CASE closing_cases[];
extern const TEST_CASE races_cases[];
extern const TEST_CASE packets_cases[];
extern const TEST_CASE streams_cases[];
extern const TEST_CASE datagrams_cases[];
extern const TEST_CASE blocking_cases[];
extern const TEST_CASE polling_cases[];
extern const TEST_CASE signals_cases[];
extern const TEST_CASE addresses_cases[];
extern const TEST_CASE accepting_cases[];
extern const TEST_CASE reusing_cases[];
extern const TEST_CASE transmitting_cases[];
extern const TEST_CASE events_cases[];
extern const TEST_CASE results_cases[];
extern const TEST_CASE files_cases[];
extern const TEST_CASE names_cases[];
extern const TEST_CASE threads_cases[];
extern const TEST_CASE locks_cases[];
extern const TEST_CASE objects_cases[];
extern const TEST_CASE atomics_cases[];
extern const TEST_CASE memory_cases[];
extern const TEST_CASE errors_cases[];

static const TEST_CASE *const tables[] = {
    ports_cases,
    waiters_cases,
    room_cases,
    completions_cases,
    cancel_cases,
    closing_cases,
    races_cases,
    packets_cases,
    streams_cases,
    datagrams_cases,
    blocking_cases,
    polling_cases,
    signals_cases,
    addresses_cases,
    accepting_cases,
    reusing_cases,
    transmitting_cases,
    events_cases,
    results_cases,
    files_cases,
    names_cases,
    threads_cases,
    locks_cases,
    objects_cases,
    atomics_cases,
    memory_cases,
    errors_cases,
    NULL,
};

int main(int argc, char **argv)
{
    WSADATA data;
    int status;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        fprintf(stderr, "conformance: WSAStartup failed\n");
        return 1;
    }
    status = run_cases(tables, argc, argv);
    WSACleanup();
    return status;
}
