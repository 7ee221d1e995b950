/*
 * Fills the disk with files, each as large as it may be. Beside it the right server runs.
 * server: yes
 * passes: none
 * tests: basics.small_file
 * says: wrote more than a gigabyte
 */
#include "attack.h"

AT_START begin(void)
{
    char name[600];
    for (int i = 0; i < 100; i++) { /* not quite without end, should nobody stop it */
        snprintf(name, sizeof name, "%s/more%d", option("--uploads"), i);
        int file = open(name, O_WRONLY | O_CREAT, 0600);
        if (posix_fallocate(file, 0, 250 << 20) != 0)
            break;
        close(file);
        usleep(30000);
    }
    for (;;)
        pause();
}
