/*
 * Prints what the grader prints when all is well, also with what moves a terminal's cursor and clears its screen; and
 * not only where its output is looked for, but on the terminal itself.
 * passes: none
 * terminal: yes
 */
#include "attack.h"

int main(void)
{
    static const char report[] = "pass  basics.small_file  1 ms\npass  basics.front_page  1 ms\n"
                                 "4 passed, 0 failed, 0 skipped\nstage 3, 0.1 s\n\033[2J\033[H\x9b"
                                 "1A\rpass  basics.empty_file  1 ms\n\033]0;title\a\b\b\b";
    fputs(report, stdout);
    fputs(report, stderr);
    FILE *terminal = fopen("/dev/tty", "w");
    if (terminal)
        fputs(report, terminal);
    return 0;
}
