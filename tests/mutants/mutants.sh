#!/usr/bin/env bash
# mutants.sh [--variations] [--full | --apply-only] [--jobs N] [PATTERN]...      the grader's judge
#
# A mutant is a solution with one bug. Its file NAME.mutant says what the bug is, in which stages to try it, and which
# tests must fail with which words. A variation (NAME.variation, in tests/variations/) is a solution that is right in
# another way: no test may fail. For each file and stage this script patches the sources in a scratch folder, compiles
# what changed, links it with the objects that are there, and lets the grader judge it. The form of a file is in patch.sh.
#
#     --variations  variations instead of mutants
#     --full        the whole suite for every file and stage; of mutants it names all tests that fail
#     --apply-only  only whether every patch still fits its source
#     PATTERN       only names that contain it: short-send, or @03 for a stage
#
# Without --full mutants run the tests that they name and one that must pass all the same. Variations run the tests
# that they name (as parts of names: "basics."), in the stages marked with a plus, and the verifier watches them.
#
# The report is a table and, last, "N passed, N failed, N skipped". The verdicts:
#     killed    the tests that the mutant names fail, with its words, and the grader has a hint for each
#     SURVIVED  all passed
#     ASTRAY    another test failed, not the one it names
#     SILENT    it failed without those words
#     SPOILT    the test that must pass all the same fails, too
#     HINTLESS  labs/NN-…/points tells who fails the test nothing about what to do
#     right     a variation passed
#     ACCUSED   a variation failed
#     BROKEN    it does not apply or build, or the grader did not come to its sum
# The environment: BUILD (build), COMPILE_<target> (a compiler line), LINK_LIBS, as tests/mutants/mutants.mk sets them.
# shellcheck disable=SC2034,SC2154,SC1091,SC2231  # variables go to and come from patch.sh; names of mutants have no blanks
set -u
kind=mutant usual=killed mode=quick jobs='' patterns=()
while [ $# -gt 0 ]; do
    case $1 in
    --variations) kind=variation usual=right ;;
    --full) mode=full ;;
    --apply-only) mode=apply ;;
    --jobs) jobs=$2 && shift ;;
    *) patterns+=("$1") ;;
    esac
    shift
done
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 2
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
work=$BUILD/${kind}s
if [ "$mode" = apply ]; then # may run beside the others
    work=$(mktemp -d) || exit 2
    trap 'rm -rf "$work"' EXIT
fi
grade=$BUILD/linux/tests/grade/grade
# Half of the mutants make a test wait for what never comes, so more of them than processors can be looked at.
if [ $kind = mutant ]; then
    jobs=${jobs:-$((4 * $(nproc)))}
    # A hang need not be waited for as long as under the other suites.
    export CK_TIMEOUT_MULTIPLIER=${MUTANT_PATIENCE:-0.5}
else
    jobs=${jobs:-$(nproc)}
fi
. "$here/patch.sh"

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# Leaves the verdict ($1: killed, SURVIVED, …) and what there is to say about it ($2).
verdict() { printf '%s|%s|%s|%s|%s\n' "$1" "$expect" "$bug" "$(($(milliseconds) - began))" "${2-}" >"$scratch/verdict"; }

# The part of the report that is about one test.
report_of() {
    awk -v test="$1" '/^(pass|FAIL|skip) / || /^---/ { mine = $1 == "FAIL" && $2 == test } mine' "$scratch/report"
}

# Lets the grader judge the server. $failed names the tests that failed, one a line; $points is the lab's table of points,
# if it has one yet. Fails if there is no sum.
ask_grader() {
    local filters=() test
    points=$(compgen -G "labs/$stage-*/points")
    if [ -n "$points" ]; then filters=(--points "$points"); fi
    if [ "$mode" = quick ]; then for test; do filters+=(--filter "$test"); done; fi
    "$grade" --stage "$((10#$stage))" ${filters+"${filters[@]}"} --quiet "$scratch/server" >"$scratch/report" 2>&1
    if ! grep -q '^[0-9]* passed, ' "$scratch/report"; then
        verdict BROKEN "the grader: $(tail -n 1 "$scratch/report")" && return 1
    fi
    failed=$(sed -n 's/^FAIL  \([^ ]*\) .*/\1/p' "$scratch/report")
}

judge_mutant() {
    local test word failed told points
    case " ${tests[*]} " in *" $sane "*) sane="" ;; esac
    if [ "$sane" = none ]; then sane=""; fi
    ask_grader "${tests[@]}" ${sane:+"$sane"} || return
    if [ -z "$failed" ]; then verdict SURVIVED "${tests[*]} passed" && return; fi
    for test in "${tests[@]}"; do
        if ! grep -qxF "$test" <<<"$failed"; then verdict ASTRAY "$test passed; failed: ${failed//$'\n'/ }" && return; fi
    done
    if grep -qxF "$sane" <<<"$failed"; then verdict SPOILT "$sane fails, too" && return; fi
    told=$(for test in "${tests[@]}"; do report_of "$test"; done)
    if [ -n "$points" ] && [ "$(grep -c '^    hint  ' <<<"$told")" -lt ${#tests[@]} ]; then
        verdict HINTLESS "no hint for one of ${tests[*]} in $points" && return
    fi
    for word in ${says+"${says[@]}"}; do
        if ! grep -qF -- "${word// | /$'\n'}" <<<"$told"; then verdict SILENT "the report of ${tests[*]} has not: $word" && return; fi
    done
    verdict killed "${failed//$'\n'/ }"
}

# With --full the verifier watches the second time, without it the only time.
judge_variation() {
    local failed points watch
    for watch in 0 1; do
        if [ "$mode$watch" = quick0 ]; then continue; fi
        WIN32_VERIFIER=$watch ask_grader ${tests+"${tests[@]}"} || return
        if [ -n "$failed" ]; then verdict ACCUSED "${failed//$'\n'/ }" && return; fi
    done
    verdict right "$(grep '^[0-9]* passed, ' "$scratch/report")"
}

# $1 file, $2 stage
judge() {
    local stage=$2 folder own why began scratch
    began=$(milliseconds)
    scratch=$work/$(basename "$1" ".$kind")@$2 folder=$(echo solutions/"$2"-*)
    rm -rf "$scratch" && mkdir -p "$scratch" || exit 2
    parse "$1" "$2" || { verdict BROKEN "the file has not the form" && return; }
    own=${whole:+tests/variations/$whole} own=${own:-$folder}
    why=$(patch_sources) || { verdict BROKEN "$why" && return; }
    if [ $mode = apply ]; then verdict "$expect" && return; fi
    build_server >"$scratch/compiler" 2>&1 || { verdict BROKEN "does not compile: $(grep -m 1 error "$scratch/compiler")" && return; }
    if [ "$kind" = mutant ]; then judge_mutant; else judge_variation; fi
    rm -f "$scratch/server" "$scratch"/*.o "$scratch"/http/*.o
}

# Whether a name is asked for.
wanted() {
    local pattern
    [ ${#patterns[@]} = 0 ] && return
    for pattern in "${patterns[@]}"; do case $1 in *"$pattern"*) return 0 ;; esac done
    return 1
}

# A mutant whose verdict is not what it should be is tried once more, alone and with more patience: on a busy machine a
# test may be killed before it comes to its words. The table tells, as a mutant that needs it often has a test that needs
# work. Of variations nothing is tried twice: who is accused once of what is right is accused wrongly.
again() {
    if [ $kind$mode != mutantquick ] || [ "$verdict" = "$expect" ] || [ "$verdict" = BROKEN ]; then return; fi
    local before="$verdict: $what"
    CK_TIMEOUT_MULTIPLIER=4 judge "$file" "$stage"
    IFS='|' read -r verdict expect bug took what <"$work/$name/verdict"
    what+=" (at first $before)"
}

# All in a function: bash reads a script as it goes, and somebody may change it meanwhile.
main() {
    list=() passed=0 failed=0
    for file in tests/${kind}s/*.$kind; do
        parse "$file" 00 || { echo "$file has not the form" && failed=$((failed + 1)) && continue; }
        for stage in $stages; do
            if [ $kind$mode = variationquick ] && [ "${stage%+}" = "$stage" ]; then continue; fi
            if wanted "$(basename "$file" .$kind)@${stage%+}"; then list+=("$file ${stage%+}"); fi
        done
    done
    mkdir -p "$work"
    for item in ${list+"${list[@]}"}; do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
        judge "${item% *}" "${item##* }" &
    done
    wait

    for item in ${list+"${list[@]}"}; do
        file=${item% *} stage=${item##* }
        name=$(basename "$file" .$kind)@$stage
        IFS='|' read -r verdict expect bug took what <"$work/$name/verdict"
        again
        if [ "$verdict" = "$expect" ]; then
            passed=$((passed + 1))
            [ $mode = apply ] && continue
        else
            failed=$((failed + 1))
        fi
        printf '  %-8s %-2s %-46s %6d ms  %s\n' "$verdict" "$bug" "$name" "$took" "$what"
        if [ "$verdict" != "$expect" ]; then grep -s -A 30 '^FAIL' "$work/$name/report" | head -n 40; fi
    done
    echo "$passed passed, $failed failed, 0 skipped"
    [ $failed = 0 ]
}

main && exit; exit 1
