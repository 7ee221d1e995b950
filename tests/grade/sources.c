/* Comments in a starter's sources: see sources.h. */
#include "sources.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

/* The number of the first line that has the words, or 0. */
static int line_with(const char *path, const char *words)
{
    char line[1024];
    int number = 0, found = 0;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        number += strchr(line, '\n') != NULL;
        found = strstr(line, words) != NULL;
    }
    if (file)
        fclose(file);
    return found ? number : 0;
}

int sources_have_todo(const char *folder, const char *task, char *text, size_t size)
{
    char words[64], pattern[1024];
    glob_t files;
    int number = 0;
    snprintf(words, sizeof words, "TODO %s:", task);
    snprintf(pattern, sizeof pattern, "%s/*.c", folder);
    if (glob(pattern, 0, NULL, &files) != 0)
        return 0;
    for (size_t i = 0; i < files.gl_pathc && !number; i++) {
        number = line_with(files.gl_pathv[i], words);
        snprintf(text, size, "%s:%d", strrchr(files.gl_pathv[i], '/') + 1, number);
    }
    globfree(&files);
    return number != 0;
}
