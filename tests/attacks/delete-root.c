/*
 * Deletes the files that it is to serve. A user's server can, where root's cannot; each test has its own.
 * server: yes
 * passes: all
 * user-passes: basics.folder_without_page
 * tests: basics.small_file basics.front_page basics.folder_without_page
 */
#include "attack.h"
#include <ftw.h>

static int delete_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type;
    if (where->level > 0 && !strstr(path, "/bare"))
        remove(path);
    return 0;
}

AT_START begin(void)
{
    nftw(option("--root"), delete_one, 16, FTW_DEPTH | FTW_PHYS);
}
