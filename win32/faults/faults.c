/**
 * @file faults.c
 * What the port asks: does this fail, is it shorter, does it wait?
 */
#include "faults.h"

#include <stdio.h>
#include <stdlib.h>

#include "hold.h"
#include "quota.h"
#include "rules.h"

enum { CROWD_NS = 2000000, INSIST_MS = 5 };
#define NS_PER_MS 1000000u

static bool counting; /* resources; set before anybody watches */

static void report(void)
{
    const char *path = host_environment("WIN32_REPORT");
    char line[256];
    quota_report(line, sizeof line);
    if (strcmp(path, "-") == 0) {
        host_error_output("win32: ");
        host_error_output(line);
        return;
    }
    host_file file = host_log_open(path, true);
    if (file != HOST_NONE)
        host_log_write(file, line, strlen(line));
    else
        host_error_output("win32: the file that WIN32_REPORT names cannot be written\n");
}

/* "@FILE": the file's text, else the text itself. @return NULL when the file cannot be read; freed never */
static const char *scenario_text(const char *given)
{
    enum { MOST = 65536 };
    if (*given != '@')
        return given;
    char *text = malloc(MOST);
    host_file file;
    size_t used = 0, got = 0;
    if (!text || host_file_open(given + 1, HOST_OPEN_READ, &file) != STATUS_SUCCESS)
        return NULL;
    while (used < MOST - 1 && host_file_read(file, text + used, MOST - 1 - used, used, true, &got) == STATUS_SUCCESS &&
           got)
        used += got;
    text[used] = 0;
    return text;
}

static _Noreturn void give_up(const char *why)
{
    host_error_output(why);
    host_process_quit(2);
}

bool faults_start(void)
{
    const char *given = host_environment("WIN32_FAULTS"), *seed = host_environment("WIN32_SEED");
    const char *wants_report = host_environment("WIN32_REPORT");
    char wrong[2048];
    if (given && *given) {
        const char *text = scenario_text(given);
        if (!text)
            give_up("win32: WIN32_FAULTS: the file after @ cannot be read\n");
        else if (!rules_parse(text, seed ? strtoull(seed, NULL, 10) : 1, wrong, sizeof wrong))
            give_up(wrong);
    }
    for (rule *r = rules_first(RULE_QUOTA); r; r = rules_next(r)) {
        quota_limits(r->nonpaged, r->locked);
        counting = true;
    }
    if (wants_report && *wants_report) {
        counting = true;
        host_at_exit(report);
    }
    for (int kind = 0; kind < RULE_KINDS; kind++)
        if (rules_first((rule_kind)kind))
            return true;
    return counting;
}

DWORD faults_error(const char *function)
{
    DWORD error = 0;
    for (rule *r = rules_first(RULE_FAIL); r && function; r = rules_next(r))
        if (strcmp(r->function, function) == 0 && rule_strikes(r) && !error)
            error = (DWORD)r->error;
    return error;
}

/* Makes the buffers of a record shorter. */
static void trim(op *record, size_t most)
{
    for (unsigned i = 0; i < record->count; i++) {
        host_buffer *buffer = &op_buffers(record)[i];
        buffer->length = buffer->length < most ? buffer->length : most;
        most -= buffer->length;
    }
}

static size_t total(op *record)
{
    size_t sum = 0;
    for (unsigned i = 0; i < record->count; i++)
        sum += op_buffers(record)[i].length;
    return sum;
}

static void shorten(op *record, rule_kind kind)
{
    size_t length = total(record);
    rule *r = length > 1 ? rules_strike(kind) : NULL;
    if (r)
        trim(record, 1 + rule_random(r, length - 1));
}

static void shape(op *record, bool overlapped)
{
    rule *r;
    switch (record->kind) {
    case OP_SEND:
        shorten(record, RULE_SHORT_SEND);
        if (overlapped && total(record) && rules_strike(RULE_ZERO_SEND))
            trim(record, 0);
        break;
    case OP_RECEIVE:
        r = record->flags & HOST_RECV_WAITALL ? NULL : rules_strike(RULE_RECEIVE);
        if (r)
            trim(record, r->max);
        break;
    case OP_FILE_WRITE:
        shorten(record, RULE_SHORT_WRITE);
        break;
    default:
        break;
    }
}

uint32_t faults_begin(op *record, bool overlapped, bool stream)
{
    DWORD error = faults_error(watch_now.name);
    if (error)
        return STATUS_OF_ERROR(error);
    if (stream)
        shape(record, overlapped);
    if (!counting || !overlapped)
        return STATUS_SUCCESS;
    if (!quota_take_operation(record))
        return STATUS_OF_ERROR(record->kind < OP_FILE_READ ? WSAENOBUFS : ERROR_NO_SYSTEM_RESOURCES);
    record->flags |= OP_FLAG_COUNTED;
    return STATUS_SUCCESS;
}

void faults_end(op *record)
{
    if (record->flags & OP_FLAG_COUNTED)
        quota_give_operation(record);
    record->flags &= (uint8_t)~OP_FLAG_COUNTED;
}

bool faults_pend(void)
{
    return rules_strike(RULE_PENDING);
}

uint64_t faults_insist(void)
{
    rule *r = rules_strike(RULE_IMMEDIATE);
    return r ? (r->ms ? r->ms : INSIST_MS) * NS_PER_MS : 0;
}

uint64_t faults_linger(void)
{
    rule *r = rules_strike(RULE_SLOW_RETURN);
    return r ? (r->ms ? r->ms : INSIST_MS) * NS_PER_MS : 0;
}

DWORD faults_first_data(DWORD length)
{
    rule *r = length ? rules_strike(RULE_RECEIVE) : NULL;
    return r && r->max < length ? (DWORD)r->max : length;
}

uint32_t faults_close_status(void)
{
    static const uint16_t errors[] = {ERROR_OPERATION_ABORTED, ERROR_NETNAME_DELETED, ERROR_CONNECTION_ABORTED};
    rule *r = rules_strike(RULE_CLOSE_ERROR);
    if (!r)
        return STATUS_CANCELLED;
    return STATUS_OF_ERROR(*r->function == 'r' ? errors[rule_random(r, 3)] : strtoul(r->function, NULL, 10));
}

bool faults_connect(uint32_t *counted, uint32_t bytes)
{
    if (!counting || *counted)
        return true;
    if (!quota_take_pool(bytes))
        return false;
    *counted = bytes;
    quota_count_connection(1);
    return true;
}

void faults_disconnect(uint32_t *counted)
{
    if (!*counted)
        return;
    quota_give_pool(*counted);
    quota_count_connection(-1);
    *counted = 0;
}

/* When the storm breaks: its time begins with the first accept that it gathers. */
static uint64_t storm_end(rule *storm)
{
    uint64_t now = host_now(), end = __atomic_load_n(&storm->until, __ATOMIC_RELAXED);
    if (now < end)
        return end;
    uint64_t next = now + storm->ms * NS_PER_MS;
    bool first = __atomic_compare_exchange_n(&storm->until, &end, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return first ? next : end;
}

bool faults_hold(port *p, op *packet)
{
    if (packet->flags & (OP_FLAG_POSTED | OP_FLAG_HELD))
        return false;
    rule *storm = packet->kind == OP_ACCEPT ? rules_strike(RULE_STORM) : NULL;
    if (storm)
        return hold_until(p, packet, storm_end(storm));
    rule *delay = rules_strike(RULE_DELAY);
    if (delay)
        return hold_until(p, packet, host_now() + delay->ms * NS_PER_MS);
    rule *shuffle = rules_strike(RULE_SHUFFLE);
    if (!shuffle || !hold_until(p, packet, host_now() + rule_random(shuffle, CROWD_NS)))
        return false;
    hold_crowd((unsigned)shuffle->window, rule_random(shuffle, UINT64_MAX));
    return true;
}

unsigned faults_processors(void)
{
    rule *r = faults_on() ? rules_first(RULE_PROCESSORS) : NULL;
    return r ? (unsigned)strtoul(r->function, NULL, 10) : host_processors();
}

bool faults_recycle(void)
{
    return rules_first(RULE_RECYCLE);
}
