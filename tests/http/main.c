/* Runs the unit tests of http/. Check's own variables choose among them: CK_RUN_CASE=path, CK_FORK=no, … */
#include "suite.h"

#include <unistd.h>

int main(void)
{
    TCase *(*const cases[])(void) = {scan_tests,   request_tests, smuggling_tests, body_tests,     path_tests,
                                     escape_tests, select_tests,  date_tests,      response_tests, text_tests};
    Suite *suite = suite_create("http");

    for (int i = 0; i < COUNT(cases); i++) {
        suite_add_tcase(suite, cases[i]());
    }
    SRunner *runner = srunner_create(suite);
#ifdef __SANITIZE_ADDRESS__
    /* In one process, for each would look for leaks at its end: 10 s instead of 1. Check's time limits need fork. */
    srunner_set_fork_status(runner, CK_NOFORK);
    alarm(300);
#endif
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
