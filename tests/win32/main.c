/*
 * main.c - the table of tables.
 */
#include "case.h"

extern const TEST_CASE ports_cases[];
extern const TEST_CASE waiters_cases[];
extern const TEST_CASE room_cases[];
extern const TEST_CASE completions_cases[];
extern const TEST_CASE cancel_cases[];
extern const TEST_CASE streams_cases[];
extern const TEST_CASE datagrams_cases[];
extern const TEST_CASE packets_cases[];
extern const TEST_CASE blocking_cases[];
extern const TEST_CASE polling_cases[];
extern const TEST_CASE events_cases[];
extern const TEST_CASE results_cases[];
extern const TEST_CASE files_cases[];
extern const TEST_CASE names_cases[];

static const TEST_CASE *const tables[] = {
    ports_cases,
    waiters_cases,
    room_cases,
    completions_cases,
    cancel_cases,
    streams_cases,
    datagrams_cases,
    packets_cases,
    blocking_cases,
    polling_cases,
    events_cases,
    results_cases,
    files_cases,
    names_cases,
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
