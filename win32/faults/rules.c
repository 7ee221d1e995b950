/**
 * @file rules.c
 * The grammar of scenarios.
 */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rule *rules, **rules_end = &rules; /* made before anybody watches, only counted in afterwards */

#define CERTAIN ((uint64_t)1 << 32)

/* What may stand after "fail": the functions that ask whether they are to fail. */
static const char functions[] = " AcceptEx ConnectEx CreateEvent CreateFile CreateIoCompletionPort CreateThread "
                                "DisconnectEx GetQueuedCompletionStatus GetQueuedCompletionStatusEx HeapAlloc "
                                "PostQueuedCompletionStatus ReadFile TransmitFile TransmitPackets VirtualAlloc WSARecv "
                                "WSARecvFrom WSARecvMsg WSASend WSASendTo WSASocket WriteFile accept connect recv "
                                "recvfrom send sendto socket ";

static const struct shape {
    const char *verb, *object; /* object: the second word; NULL for none, "" for a function's name, "#" for a number */
    rule_kind kind;
    const char *keys; /* allowed, each between spaces; a required one is in capitals in the help alone */
    const char *required;
    const char *help;
} shapes[] = {
    {"fail", "", RULE_FAIL, " nth every p error ", "error", "fail FUNCTION error=N [nth=N | every=N] [p=0..1]"},
    {"short", "send", RULE_SHORT_SEND, " nth every p ", NULL, "short send [nth=N | every=N] [p=0..1]"},
    {"short", "write", RULE_SHORT_WRITE, " nth every p ", NULL, "short write [nth=N | every=N] [p=0..1]"},
    {"zero", "send", RULE_ZERO_SEND, " nth every p ", NULL, "zero send [nth=N | every=N] [p=0..1]"},
    {"receive", NULL, RULE_RECEIVE, " max p ", "max", "receive max=BYTES [p=0..1]"},
    {"immediate", NULL, RULE_IMMEDIATE, " p ms ", NULL, "immediate [p=0..1] [ms=N]"},
    {"slow", "return", RULE_SLOW_RETURN, " p ms ", NULL, "slow return [p=0..1] [ms=N]"},
    {"pending", NULL, RULE_PENDING, " p ", NULL, "pending [p=0..1]"},
    {"shuffle", NULL, RULE_SHUFFLE, " window ", "window", "shuffle window=N"},
    {"delay", NULL, RULE_DELAY, " ms p ", "ms", "delay ms=N [p=0..1]"},
    {"storm", NULL, RULE_STORM, " ms ", "ms", "storm ms=N"},
    {"recycle", NULL, RULE_RECYCLE, " ", NULL, "recycle"},
    {"close-error", "995", RULE_CLOSE_ERROR, " ", NULL, "close-error 995|64|1236|random"},
    {"close-error", "64", RULE_CLOSE_ERROR, " ", NULL, NULL},
    {"close-error", "1236", RULE_CLOSE_ERROR, " ", NULL, NULL},
    {"close-error", "random", RULE_CLOSE_ERROR, " ", NULL, NULL},
    {"quota", NULL, RULE_QUOTA, " nonpaged locked ", "nonpaged|locked", "quota nonpaged=BYTES | quota locked=BYTES"},
    {"processors", "#", RULE_PROCESSORS, " ", NULL, "processors 1..64"},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static bool has_word(const char *list, const char *word)
{
    char spaced[48];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return strlen(word) + 2 < sizeof spaced && strstr(list, spaced);
}

static bool number(const char *text, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

/* Whether a second word is what a rule wants. */
static bool fits(const char *object, const char *wanted)
{
    uint64_t value;
    if (*wanted == '#') /* a processor group has no more */
        return number(object, &value) && value >= 1 && value <= 64;
    return *wanted ? strcmp(object, wanted) == 0 : has_word(functions, object);
}

static const struct shape *shape_of(const char *verb, const char *object)
{
    for (int i = 0; i < SHAPES; i++) {
        const struct shape *s = &shapes[i];
        if (strcmp(verb, s->verb) == 0 && (!s->object || (object && fits(object, s->object))))
            return s;
    }
    return NULL;
}

static bool probability(const char *text, uint64_t *value)
{
    char *end;
    double p = strtod(text, &end);
    *value = (uint64_t)(p * (double)CERTAIN);
    return *text && !*end && p >= 0 && p <= 1;
}

/* name=value into its field. */
static bool set(rule *r, const struct shape *s, const char *name, const char *value)
{
    uint64_t *const fields[] = {&r->nth, &r->every, &r->error, &r->max, &r->window, &r->ms, &r->nonpaged, &r->locked};
    static const char *const names[] = {"nth", "every", "error", "max", "window", "ms", "nonpaged", "locked"};
    if (!has_word(s->keys, name))
        return false;
    if (strcmp(name, "p") == 0)
        return probability(value, &r->chance);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return number(value, fields[i]) && *fields[i] > 0 && (fields[i] != &r->error || *fields[i] < 65536);
    return false;
}

/* Why a rule is wrong: the rule, and what may stand there. @param verb its first word, or "" */
static bool refuse(const char *text, const char *verb, char *wrong, size_t size)
{
    char allowed[1024];
    size_t used = 0;
    bool known = false;
    for (int i = 0; i < SHAPES; i++)
        known |= strcmp(verb, shapes[i].verb) == 0;
    for (int i = 0; i < SHAPES; i++)
        if (shapes[i].help && (!known || strcmp(verb, shapes[i].verb) == 0) && used < sizeof allowed)
            used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", used ? "; " : "", shapes[i].help);
    bool fail = known && strcmp(verb, "fail") == 0;
    snprintf(wrong, size, "win32: WIN32_FAULTS: the rule \"%s\" is wrong; allowed: %s%s%s\n", text, allowed,
             fail ? "; functions:" : "", fail ? functions : "");
    return false;
}

static rule *rule_add(rule_kind kind, uint64_t seed, unsigned place)
{
    rule *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->kind = kind;
    r->chance = CERTAIN;
    r->stream = seed * 0x9e3779b97f4a7c15u + place * 0xd1342543de82ef95u;
    *rules_end = r;
    rules_end = &r->next;
    return r;
}

/* One rule; text is taken apart. */
static bool parse_rule(char *text, uint64_t seed, unsigned place, char *wrong, size_t size)
{
    char whole[160], *rest = text, *words[8];
    int count = 0;
    snprintf(whole, sizeof whole, "%s", text);
    for (char *word; (word = strtok_r(rest, " \t\r", &rest)) != NULL;) {
        if (count == 8)
            return refuse(whole, words[0], wrong, size);
        words[count++] = word;
    }
    if (count == 0)
        return true;
    const struct shape *s = shape_of(words[0], count > 1 ? words[1] : NULL);
    rule *r = s ? rule_add(s->kind, seed, place) : NULL;
    if (!r)
        return refuse(whole, words[0], wrong, size);
    if (s->object)
        snprintf(r->function, sizeof r->function, "%s", words[1]);
    bool enough = !s->required;
    for (int i = s->object ? 2 : 1; i < count; i++) {
        char *equals = strchr(words[i], '=');
        if (equals)
            *equals = 0;
        if (!equals || !set(r, s, words[i], equals + 1))
            return refuse(whole, words[0], wrong, size);
        enough |= s->required && strstr(s->required, words[i]);
    }
    return enough || refuse(whole, words[0], wrong, size);
}

bool rules_parse(const char *text, uint64_t seed, char *wrong, size_t size)
{
    unsigned place = 0;
    while (*text) {
        char one[256];
        size_t length = strcspn(text, ";\n"), used = strcspn(text, "#;\n");
        if (used >= sizeof one)
            return refuse("(longer than 255 characters)", "", wrong, size);
        memcpy(one, text, used);
        one[used] = 0;
        /* A comment goes to the end of the line, semicolons included. */
        if (text[used] == '#')
            length = strcspn(text, "\n");
        text += length + (text[length] != 0);
        if (!parse_rule(one + strspn(one, " \t\r"), seed, place++, wrong, size))
            return false;
    }
    return true;
}

rule *rules_first(rule_kind kind)
{
    rule *r = rules;
    while (r && r->kind != kind)
        r = r->next;
    return r;
}

rule *rules_next(const rule *r)
{
    rule_kind kind = r->kind;
    rule *next = r->next;
    while (next && next->kind != kind)
        next = next->next;
    return next;
}

/* splitmix64: a number for each place of a stream, in whatever order they are asked for. */
static uint64_t at(uint64_t stream, uint64_t place)
{
    uint64_t z = stream + place * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

bool rule_strikes(rule *r)
{
    uint64_t event = __atomic_add_fetch(&r->events, 1, __ATOMIC_RELAXED);
    if ((r->nth && event != r->nth) || (r->every && event % r->every != 0))
        return false;
    return at(r->stream, event) >> 32 < r->chance;
}

rule *rules_strike(rule_kind kind)
{
    rule *struck = NULL;
    /* Every rule counts every event, also behind one that strikes: so rules do not change each other. */
    for (rule *r = rules_first(kind); r; r = rules_next(r))
        if (rule_strikes(r) && !struck)
            struck = r;
    return struck;
}

uint64_t rule_random(rule *r, uint64_t limit)
{
    return limit ? at(~r->stream, __atomic_load_n(&r->events, __ATOMIC_RELAXED)) % limit : 0;
}
