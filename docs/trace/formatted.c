/**
 * @file formatted.c
 * formatted FILE: whether a file keeps the rules of the Trace Event Format (format.h). Exit 1 and one line when not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format.h"

int main(int count, char **arguments)
{
    char why[300];
    FILE *file = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (!file) {
        fputs("usage: formatted FILE\n", stderr);
        return 2;
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file), events = -1;
    rewind(file);
    char *text = size > 0 ? malloc((size_t)size + 1) : NULL;
    if (text && fread(text, 1, (size_t)size, file) == (size_t)size) {
        text[size] = 0;
        events = format_check(text, why, sizeof why);
    } else {
        snprintf(why, sizeof why, "the file cannot be read");
    }
    fclose(file);
    free(text);
    if (events < 0)
        fprintf(stderr, "%s: %s\n", arguments[1], why);
    else
        printf("%ld events\n", events);
    return events < 0;
}
