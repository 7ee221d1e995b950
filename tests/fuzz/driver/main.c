/*
 * Runs a fuzz target without libFuzzer: first every input given, then a counted number of mutations of them. The same
 * seed, inputs and dictionary give the same runs, on every machine. It does not look at coverage: it finds less than
 * libFuzzer does, but needs nothing but a C compiler.
 *
 *     PROGRAM [--runs N] [--seed N] [--dict FILE] FILE|FOLDER...
 *
 * An input that breaks a promise is left in the file crash-SEED-RUN (run 0: it was one of the given inputs).
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { INPUT_ROOM = 8192, POOL_ROOM = 4096, WORDS_ROOM = 512 };

typedef struct {
    uint8_t *data;
    size_t size;
} INPUT;

/*
 * The inputs that mutations start from: those given, which stay, and some of the mutations, which take the place of
 * one another once there is no more room. Half the runs start from a given one, for mutations of mutations soon
 * resemble nothing.
 */
static INPUT pool[POOL_ROOM];
static size_t pool_size, given;
static INPUT words[WORDS_ROOM];
static size_t word_count;

static struct {
    uint8_t data[INPUT_ROOM];
    size_t size;
    unsigned long long run, seed;
} current;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s\n", what, name);
    exit(2);
}

static uint64_t random_state;

static size_t below(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % n;
}

/* --- inputs ------------------------------------------------------------------------------------------------------- */

static INPUT copy_of(const uint8_t *data, size_t size)
{
    INPUT copy = {malloc(size != 0 ? size : 1), size};

    if (copy.data == NULL) {
        die("out of memory", "input");
    }
    if (size != 0) {
        memcpy(copy.data, data, size);
    }
    return copy;
}

static void remember(const uint8_t *data, size_t size)
{
    size_t slot = pool_size < POOL_ROOM ? pool_size++ : given + below(POOL_ROOM - given);

    free(pool[slot].data);
    pool[slot] = copy_of(data, size);
}

static void load_file(const char *name)
{
    static uint8_t data[INPUT_ROOM];
    FILE *file = fopen(name, "rb");

    if (file == NULL || pool_size == POOL_ROOM) {
        die(file == NULL ? "cannot open" : "no room for", name);
    }
    remember(data, fread(data, 1, sizeof(data), file));
    fclose(file);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Loads a folder's files in the order of their names, for the order that a system gives is not the same everywhere. */
static void load(const char *path)
{
    DIR *folder = opendir(path);
    char *names[POOL_ROOM];
    size_t count = 0;

    if (folder == NULL) {
        load_file(path);
        return;
    }
    for (struct dirent *entry; count < POOL_ROOM && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            names[count] = malloc(strlen(path) + strlen(entry->d_name) + 2);
            if (names[count] == NULL) {
                die("out of memory", path);
            }
            sprintf(names[count++], "%s/%s", path, entry->d_name);
        }
    }
    closedir(folder);
    qsort(names, count, sizeof(names[0]), compare_names);
    for (size_t i = 0; i < count; i++) {
        load_file(names[i]);
        free(names[i]);
    }
}

/* A line of a dictionary: name="text", where \xNN, \\ and \" stand for bytes. */
static void load_word(const char *line)
{
    uint8_t word[256];
    size_t size = 0;
    const char *at = strchr(line, '"');

    if (line[0] == '#' || at == NULL || word_count == WORDS_ROOM) {
        return;
    }
    for (at++; *at != '\0' && *at != '"' && size < sizeof(word); at++) {
        unsigned byte = (unsigned char)*at;
        if (*at == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &byte) == 1) {
            at += 3;
        } else if (*at == '\\') {
            byte = (unsigned char)*++at;
        }
        word[size++] = (uint8_t)byte;
    }
    words[word_count++] = copy_of(word, size);
}

static void load_words(const char *name)
{
    char line[1024];
    FILE *file = fopen(name, "r");

    if (file == NULL) {
        die("cannot open", name);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        load_word(line);
    }
    fclose(file);
}

/* --- mutations ---------------------------------------------------------------------------------------------------- */

/* Replaces `gone` bytes at `place` by others, as far as there is room. */
static void replace(size_t place, size_t gone, const uint8_t *data, size_t size)
{
    size_t rest = current.size - place - gone;

    if (place + size + rest > INPUT_ROOM) {
        return;
    }
    memmove(current.data + place + size, current.data + place + gone, rest);
    memmove(current.data + place, data, size);
    current.size = place + size + rest;
}

static void mutate(void)
{
    static const char bytes[] = "\r\n\0 \t:;,.%/\\\"0159aFx\x7F\x80\xC0\xFF";
    size_t place = below(current.size + 1), left = current.size - place;
    size_t some = left == 0 ? 0 : 1 + below(left < 16 ? left : 16);
    uint8_t byte = below(2) ? (uint8_t)below(256) : (uint8_t)bytes[below(sizeof(bytes) - 1)];

    switch (below(7)) {
    case 0: /* another byte */
        replace(place, left != 0, &byte, 1);
        break;
    case 1: /* one byte more */
        replace(place, 0, &byte, 1);
        break;
    case 2: /* some bytes less */
        replace(place, some, &byte, 0);
        break;
    case 3: { /* some bytes twice */
        uint8_t copy[16];
        memcpy(copy, current.data + place, some);
        replace(place + some, 0, copy, some);
        break;
    }
    case 4: { /* the end of another input */
        const INPUT *other = &pool[below(pool_size)];
        size_t from = below(other->size + 1);
        replace(place, left, other->data + from, other->size - from);
        break;
    }
    case 5: /* one bit */
        if (left != 0) {
            current.data[place] ^= (uint8_t)(1u << below(8));
        }
        break;
    default: /* a word of the dictionary, put in or in the place of some bytes */
        if (word_count != 0) {
            const INPUT *word = &words[below(word_count)];
            replace(place, below(2) ? some : 0, word->data, word->size);
        }
    }
}

/* --- runs --------------------------------------------------------------------------------------------------------- */

static void save_crash(int number)
{
    char name[64];
    FILE *file;

    /* Not what a handler should call, but the process is at its end, and the input is worth the try. */
    sprintf(name, "crash-%llu-%llu", current.seed, current.run);
    file = fopen(name, "wb");
    if (file != NULL) {
        fwrite(current.data, 1, current.size, file);
        fclose(file);
    }
    fprintf(stderr, "signal %d: the input is in %s\n", number, name);
    signal(number, SIG_DFL);
    raise(number);
}

static void run_current(void)
{
    INPUT input = copy_of(current.data, current.size); /* of exactly its size */

    LLVMFuzzerTestOneInput(input.data, input.size);
    free(input.data);
}

static void take(const INPUT *input)
{
    current.size = input->size;
    memcpy(current.data, input->data, input->size);
}

static void run(unsigned long long runs)
{
    for (size_t i = 0; i < pool_size; i++) {
        take(&pool[i]);
        run_current();
    }
    for (current.run = 1; current.run <= runs; current.run++) {
        take(&pool[below(below(2) != 0 ? given : pool_size)]);
        for (size_t i = 1 + below(5); i > 0; i--) {
            mutate();
        }
        run_current();
        if (below(50) == 0 && given < POOL_ROOM) {
            remember(current.data, current.size);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned long long runs = 0;

    current.seed = 1;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && i + 1 == argc) {
            die("a value is missing after", argv[i]);
        } else if (strcmp(argv[i], "--runs") == 0) {
            runs = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            current.seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--dict") == 0) {
            load_words(argv[++i]);
        } else {
            load(argv[i]);
        }
    }
    if (pool_size == 0) {
        die("no inputs", argv[0]);
    }
    given = pool_size;
    random_state = current.seed;
    signal(SIGABRT, save_crash);
    signal(SIGSEGV, save_crash);
    run(runs);
    printf("%zu inputs and %llu mutations (seed %llu) kept every promise\n", given, runs, current.seed);
    for (size_t i = 0; i < POOL_ROOM; i++) {
        free(pool[i].data);
    }
    for (size_t i = 0; i < word_count; i++) {
        free(words[i].data);
    }
    return 0;
}
