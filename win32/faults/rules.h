/**
 * @file rules.h
 * A scenario's rules, as parsed, and their random streams.
 */
#ifndef RULES_H
#define RULES_H

#include "../include/windows.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum rule_kind {
    RULE_FAIL,
    RULE_SHORT_SEND,
    RULE_SHORT_WRITE,
    RULE_ZERO_SEND,
    RULE_RECEIVE,
    RULE_IMMEDIATE,
    RULE_SLOW_RETURN,
    RULE_PENDING,
    RULE_SHUFFLE,
    RULE_DELAY,
    RULE_STORM,
    RULE_RECYCLE,
    RULE_CLOSE_ERROR,
    RULE_QUOTA,
    RULE_PROCESSORS,
    RULE_KINDS
} rule_kind;

typedef struct rule {
    struct rule *next;
    rule_kind kind;
    char function[32];
    /* 0: not given. */
    uint64_t nth, every, error, max, window, ms, nonpaged, locked;
    uint64_t chance; /* of 2 to the 32 */
    uint64_t stream; /* where its random numbers begin */
    uint64_t events; /* that it has looked at; changed atomically */
    uint64_t until;  /* a storm: when what it gathers is let go; changed atomically */
} rule;

/** Parses a scenario. @return false, with one line about the first wrong rule in wrong */
bool rules_parse(const char *text, uint64_t seed, char *wrong, size_t size);

/** The first rule of a kind, and the next of the same kind. @return NULL: none */
rule *rules_first(rule_kind kind);
rule *rules_next(const rule *r);

/** Whether the rule strikes at this event; counts it. */
bool rule_strikes(rule *r);
/** Whether any rule of the kind strikes at this event. @return that rule, or NULL */
rule *rules_strike(rule_kind kind);
/** A random number below limit from the rule's stream. */
uint64_t rule_random(rule *r, uint64_t limit);

#endif
