#!/usr/bin/env bash
# coverage.sh      whether every classic bug has a mutant in every stage, and every mutant still applies
#
# Prints a table, the bugs by the stages: how many mutants there are, or a dash where the file classic says why there
# cannot be one, and below it those reasons. A hole in the table is a failure, and so is a reason where there is a
# mutant, a number that is none of the twenty, a test that the grader does not have, and a patch that does not apply.
# Nothing is built and nothing is run, so this is what to do first after a change of solutions/.
set -u
cd "$(dirname "$0")/../.." || exit 2
tests=$(mktemp)
trap 'rm -f "$tests"' EXIT
sed -nE 's/^ *(TEST \*[a-z_]+ = )?test(_for)?\(([a-z0-9_]+),.*/\3/p; s/^ {8}([a-z0-9_]+), (FROM|ALL_|STAGE).*/\1/p' tests/grade/test_*.c >"$tests"

awk -F '|' '
    FILENAME ~ /classic$/ {
        if (/^#/) next
        if (NF == 2) { name[$1] = $2; next }
        n = split($2, stage, " ")
        for (i = 1; i <= n; i++) reason[$1, stage[i] + 0] = $3
        reasons = reasons sprintf("  %2d in %-11s %s\n", $1, $2 ":", $3)
        next
    }
    FILENAME !~ /mutant$/ { known[$1] = 1; next }
    FNR == 1 { bug = ""; files++ }
    /^bug: / { bug = substr($0, 6) + 0; if (!(bug in name)) bad(FILENAME ": there is no classic bug " bug) }
    /^stages: / {
        n = split(substr($0, 9), stage, " ")
        all += n
        for (i = 1; i <= n && bug != ""; i++) count[bug, stage[i] + 0]++
    }
    /^test(@[0-9 ]+)?: / { test = $0; sub(/.*\./, "", test); if (!(test in known)) bad(FILENAME ": the grader has no test " test) }
    function bad(why) { print why; failed++ }
    END {
        print "  the classic bugs                                                          01 02 03 04 05"
        for (b = 1; b <= 20; b++) {
            line = sprintf("  %2d %-70s", b, name[b])
            for (s = 1; s <= 5; s++) {
                line = line sprintf(" %2s", count[b, s] ? count[b, s] : (b, s) in reason ? "-" : "?")
                if (!count[b, s] && !((b, s) in reason)) bad("classic bug " b " has no mutant in stage " s ", and no reason why")
                if (count[b, s] && (b, s) in reason) bad("classic bug " b " cannot be in stage " s ", says the file classic, but is")
                cells++
            }
            print line
        }
        printf "%s", reasons
        if (files < 50) bad("fifty mutants are promised, there are " files)
        printf "%d mutants, tried in %d places\n", files, all
        printf "%d passed, %d failed, 0 skipped\n", cells - (failed < cells ? failed : cells), failed
        exit failed > 0
    }' "$tests" tests/mutants/classic tests/mutants/*.mutant
status=$?
bash tests/mutants/mutants.sh --apply-only || status=1
exit $status
