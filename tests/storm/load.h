/**
 * @file load.h
 * Many clients in one thread: requests of every kind, and a look at each answer.
 *
 * - The site that they ask for is made by load_site: a small file, a large one, and a folder for uploads.
 * - An answer is right when its status, length and every byte are; an upload when the file is, too.
 * - A connection may end instead of answering: that is counted, and the client begins anew. What may not happen: a wrong
 *   answer, and silence.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>

typedef struct LOAD {
    int port;
    unsigned requests, clients;
    unsigned seed;
    const char *folder; /**< as given to load_site */
    bool may_refuse;    /**< 404, and a status of 500 or more, is an answer too */
} LOAD;

typedef struct TALLY {
    unsigned answered, refused, ended, cut; /**< cut: by the client, in the middle */
    unsigned wrong;
    char first_wrong[200]; /**< why; empty when none was */
} TALLY;

/** Makes root/ and uploads/ with what the clients ask for in a folder. */
bool load_site(const char *folder);

/** Sends the requests. @return what came of them */
TALLY load_run(const LOAD *load);

#endif
