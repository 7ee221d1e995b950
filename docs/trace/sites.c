/**
 * @file sites.c
 * Runs addr2line once for many addresses.
 */
#define _POSIX_C_SOURCE 200809L
#include "sites.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* How many addresses go on one command line. */
#define BATCH 256

/* The offset of a caller in the program, if it is there. */
static bool offset_of(const char *from, const char *module, unsigned long long *offset)
{
    size_t length = strlen(module);
    char *end;
    if (strncmp(from, module, length) || strncmp(from + length, "+0x", 3))
        return false;
    *offset = strtoull(from + length + 1, &end, 16);
    return !*end && *offset;
}

static void line_end(char *line)
{
    line[strcspn(line, "\r\n")] = 0;
}

/* The answers are two lines an address: function, file:line. */
static void ask(const char *command, const uint32_t *names, uint32_t count, site *sites)
{
    char function[512], place[512];
    FILE *answer = popen(command, "r");
    for (uint32_t i = 0; answer && i < count; i++) {
        if (!fgets(function, sizeof function, answer) || !fgets(place, sizeof place, answer))
            break;
        line_end(function);
        place[strcspn(place, " \r\n")] = 0; /* "main.c:12 (discriminator 2)" */
        if (function[0] == '?')
            continue;
        snprintf(sites[names[i]].function, sizeof sites->function, "%.63s", function);
        if (place[0] != '?' && !strstr(place, ":?") && !strstr(place, ":0"))
            snprintf(sites[names[i]].place, sizeof sites->place, "%.95s", place);
    }
    if (answer)
        pclose(answer);
}

/* A word for the shell. */
static void quoted(char *to, size_t size, const char *text)
{
    size_t n = 0;
    to[n++] = '\'';
    for (; *text && n + 6 < size; text++) {
        if (*text == '\'')
            n += (size_t)snprintf(to + n, size - n, "'\\''");
        else
            to[n++] = *text;
    }
    to[n++] = '\'';
    to[n] = 0;
}

site *sites_find(const journal *j, const char *program)
{
    site *sites = zeros(j->name_count, sizeof *sites);
    const char *module = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    char command[4096 + BATCH * 24], path[4000];
    uint32_t names[BATCH], count = 0;
    size_t begin, length;
    quoted(path, sizeof path, program);
    begin = length = (size_t)snprintf(command, sizeof command, "addr2line -f -s -e %s 2>/dev/null", path);
    for (uint32_t i = 0; i <= j->name_count; i++) {
        unsigned long long offset;
        if (count && (count == BATCH || i == j->name_count)) {
            ask(command, names, count, sites);
            count = 0;
            length = begin;
        }
        /* What a call returns to is the instruction after it: the byte before belongs to the call's line. */
        if (i < j->name_count && offset_of(j->names[i], module, &offset)) {
            length += (size_t)snprintf(command + length, sizeof command - length, " 0x%llx", offset - 1);
            names[count++] = i;
        }
    }
    return sites;
}
