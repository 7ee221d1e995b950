#!/usr/bin/env bash
# run.sh PART COMMAND...   runs one part of the tests in an empty folder, times it, keeps its output, notes its counts
# run.sh --begin PART...   forgets earlier results of these parts
# run.sh --sum PART...     adds up; fails unless every part ran and passed
#
# A program's counts are what it prints itself: Check's "…%: Checks: 12, Failures: 0, Errors: 0" or a line
# "12 passed, 0 failed, 3 skipped". A program that prints neither is one test, judged by its exit status.
set -u
results=${BUILD:-$PWD/build}/test
stretch=${CK_TIMEOUT_MULTIPLIER:-1}
limit=${PART_SECONDS:-$((200 + 100 * ${stretch%%.*}))} # for one part; reached only by what hangs

microseconds() { echo "${EPOCHREALTIME/[.,]/}"; }
seconds() { printf '%d.%01d s' $(($1 / 1000000)) $(($1 % 1000000 / 100000)); }

# Reads a log; prints "passed failed skipped", nothing where the log has no counts.
counts() {
    sed -nE -e 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+).*/check \1 \2 \3/p' \
        -e 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped.*/plain \1 \2 \3/p' "$1" |
        {
            passed=0 failed=0 skipped=0 any=
            while read -r kind a b c; do
                any=1
                if [ "$kind" = check ]; then
                    passed=$((passed + a - b - c)) failed=$((failed + b + c))
                else
                    passed=$((passed + a)) failed=$((failed + b)) skipped=$((skipped + c))
                fi
            done
            [ -z "$any" ] || echo "$passed $failed $skipped"
        }
}

run() {
    local part=$1 log=$results/$1.log work=$results/$1.work begin status passed failed skipped took
    shift
    rm -rf "$work" && mkdir -p "$work" || exit
    begin=$(microseconds)
    (cd "$work" && exec timeout -k 10 "$limit" "$@") >"$log" 2>&1 </dev/null
    status=$?
    if [ $status = 124 ]; then echo "still running after $limit s, and ended"; fi >>"$log"
    took=$(($(microseconds) - begin))
    read -r passed failed skipped <<<"$(counts "$log")"
    if [ -z "$passed" ]; then passed=$((status == 0)) failed=0 skipped=0; fi
    if [ $status != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
    echo "$passed $failed $skipped $took" >"$results/$part.result"
    printf '  %-28s %5d passed %3d failed %3d skipped %10s\n' "$part" "$passed" "$failed" "$skipped" "$(seconds $took)"
    if [ "$failed" != 0 ]; then
        printf '%s\n' "--- $part: exit status $status; the end of $log:"
        # What failed further up, with the lines around it.
        head -n -80 "$log" | grep -aE -B3 -A12 '^(FAIL|not ok)' | head -n 60 || :
        printf '%s\n' "$(tail -n 80 "$log")" "--- end of $part"
        exit 1
    fi
    rm -rf "$work"
}

sum() {
    local first=$1 part passed=0 failed=0 skipped=0 p f s took absent=
    for part; do
        if [ -e "$results/$part.result" ]; then
            read -r p f s took <"$results/$part.result"
            passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        else
            absent="$absent $part" failed=$((failed + 1))
        fi
    done
    echo "longest:$(for part; do
        sed "s/.* / /; s/$/ $part/" "$results/$part.result" 2>/dev/null
    done | sort -rn | head -n 5 | while read -r took part; do printf '  %s %s' "$part" "$(seconds "$took")"; done)"
    if [ -n "$absent" ]; then echo "not run, because something before it failed:$absent"; fi
    took=$(($(microseconds) - $(cat "$results/$first.begun")))
    echo "$passed passed, $failed failed, $skipped skipped in $(seconds $took)"
    [ $failed = 0 ]
}

case $1 in
--begin)
    shift
    mkdir -p "$results" && cd "$results" && rm -f "${@/%/.result}" && microseconds >"$1.begun"
    ;;
--sum)
    shift
    sum "$@"
    ;;
*) run "$@" ;;
esac
