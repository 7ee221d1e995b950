#!/usr/bin/env bash
# steady.sh [--times N] [--jobs N] [--lanes N] [STAGE]...      a verdict that differs once is a wrong verdict
#
# Lets the grader judge the five solutions N times (200), the whole grade each time, with both processors busy: as many
# grades side by side as --lanes says (2), --jobs tests at a time in each (4), and a loop that spins for each processor.
# The solutions are right, so every test must pass (or be skipped) in every round.
#
# A verdict that differs is told at once, and the log of that grade stays in build/steady/. The report is a table of the
# tests that ever failed, and last "N passed, N failed, N skipped", counted in grades. Ctrl-C ends it with the report
# of the rounds so far.
set -u
times=200 jobs=4 lanes=2 stages=()
while [ $# -gt 0 ]; do
    case $1 in
    --times) times=$2 && shift ;;
    --jobs) jobs=$2 && shift ;;
    --lanes) lanes=$2 && shift ;;
    [1-5]) stages+=("$1") ;;
    *) echo "steady: what is '$1'? A stage is a number from 1 to 5" >&2 && exit 2 ;;
    esac
    shift
done
case $times$jobs$lanes in *[!0-9]*) echo "steady: TIMES, JOBS and LANES are numbers" >&2 && exit 2 ;; esac
if [ ${#stages[@]} = 0 ]; then stages=(1 2 3 4 5); fi
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$BUILD/steady
rm -rf "$work" && mkdir -p "$work" || exit 2

# What is judged must not change while it is judged: somebody may go on working here.
cp "$BUILD/linux/tests/grade/grade" "$BUILD/linux/tests/grade/allocations.so" "$work/" || exit 2
for stage in "${stages[@]}"; do cp "$BUILD"/linux/solutions/0"$stage"-*/server "$work/server-$stage" || exit 2; done

spinners=()
for ((i = 0; i < $(nproc); i++)); do
    nice -n 15 sh -c 'while :; do :; done' &
    spinners+=($!)
done
report() {
    trap '' INT TERM
    kill "${spinners[@]}" 2>/dev/null
    local passed failed
    wait
    passed=$(cat "$work"/*.verdict 2>/dev/null | grep -c '^steady')
    failed=$(cat "$work"/*.verdict 2>/dev/null | grep -c '^differs')
    cat "$work"/*.tests 2>/dev/null | sort | uniq -c | sort -rn |
        awk -v n=$((passed + failed)) 'NR == 1 { print "failed  test" } { printf "%6d  stage %s %s\n", $1, $2, $3 }'
    echo "$passed passed, $failed failed, 0 skipped"
    rm -f "$work/grade" "$work/allocations.so" "$work"/server-*
    [ "$failed" = 0 ]
    exit
}
trap 'echo "ended by a signal in round $round" && report' INT TERM

# $1 round, $2 stage
judge() {
    local log=$work/$2-$1
    "$work/grade" --stage "$2" --jobs "$jobs" --quiet "$work/server-$2" >"$log.log" 2>&1
    case $? in
    0) echo steady >"$log.verdict" && rm "$log.log" ;;
    *)
        echo differs >"$log.verdict"
        sed -n "s/^failed: /$2 /p" "$log.log" >"$log.tests"
        echo "round $1, stage $2: $(sed -n 's/^failed: //p' "$log.log" | tr '\n' ' ') see $log.log"
        ;;
    esac
}

for ((round = 1; round <= times; round++)); do
    for stage in "${stages[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge $((lanes + ${#spinners[@]})) ]; do wait -n; done
        judge $round "$stage" &
    done
    if ((round % 10 == 0)); then echo "round $round of $times is under way"; fi
done
while [ "$(jobs -rp | wc -l)" -gt ${#spinners[@]} ]; do wait -n; done
report
