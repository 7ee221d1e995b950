#!/usr/bin/env bash
# strangers.sh [--wine] BUILD   does the verifier tell right programs from wrong ones? Prints a line for each run.
# Right programs must end with 0 and without a word, whatever faults there are. Of a planted mistake (table.txt) the
# first report must be of the rule that the table names, and one of that rule must name exactly the lines that its
# source marks with "here:" and the number.
set -u
[ "$1" = --wine ] && wine=1 && shift
build=$1
sources=$(realpath "${0%/*}")
programs=(echo proxy copier batch events datagrams workpool slab mixed closing)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit
ulimit -c 0
export TSAN_OPTIONS="${TSAN_OPTIONS-} atexit_sleep_ms=0" # it would wait a second for races at the end
passed=0 failed=0

verdict() { # verdict STATUS PROGRAM EXPECTED REPORTED LINES
    local word=ok
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)) word=FAILED; fi
    printf '%-26s %-24s %-24s %-6s %s\n' "$2" "$3" "$4" "$5" "$word"
    [ "$1" = 0 ] || sed 's/^/    /' said
}

right() { # right LABEL COMMAND...: nothing may be said
    local label=$1 status reported
    shift
    timeout 120 "$@" >said 2>&1
    status=$?
    reported=$(sed -nE 's/^win32 verifier: [a-z]*: ([a-z-]*):.*/\1/p' said | head -n 1)
    [ $status = 0 ] || echo "exit status $status" >>said
    [ $status = 0 ] && [ ! -s said ]
    verdict $? "$label" nothing "${reported:-nothing}" -
}

if [ -n "${wine-}" ]; then
    for program in "${programs[@]}"; do
        right "$program.exe" "${WINE:-wine}" "$build/windows/tests/strangers/$program.exe"
    done
    echo "$passed passed, $failed failed, 0 skipped"
    [ $failed = 0 ]
    exit
fi

# Every program natively under each of these, and under one of them with each sanitizer. None lets a call fail or a send
# end short: those would be other programs.
faults=('' 'shuffle window=4; delay ms=1 p=0.2' 'pending; delay ms=1 p=0.1' 'recycle; immediate p=0.3 ms=1' 'receive max=50; close-error random')

printf '%-26s %-24s %-24s %-6s\n' program expected reported lines
for program in "${programs[@]}"; do
    for number in "${!faults[@]}"; do
        name=$program${number/#/+}
        WIN32_VERIFIER=$((1 + (number == 2))) WIN32_FAULTS=${faults[number]} right "${name%+0}" "$build/linux/tests/strangers/$program"
    done
    for target in address thread; do
        WIN32_VERIFIER=1 WIN32_FAULTS=${faults[1]} right "$program+1, $target" "$build/linux-$target/tests/strangers/$program"
    done
done

wrong() { # wrong NUMBER PROGRAM RULE FAULTS
    local marked found first lines=no
    marked=$(grep -nE "here:( [0-9]+)* $1( |\$)" "$sources/$2.c" | sed "s/^\([0-9]*\):.*/$2.c:\1/" | sort -u | paste -sd' ')
    WIN32_VERIFIER=1 WIN32_FAULTS=$4 timeout 60 "$build/linux/tests/strangers/$2-$1" >said 2>&1
    first=$(sed -nE 's/^win32 verifier: [a-z]*: ([a-z-]*):.*/\1/p' said | head -n 1)
    rm -f report.*
    awk -v rule=": $3: " '/^win32 verifier: / { number++; wanted = index($0, rule) } wanted { print > "report." number }' said
    for report in report.*; do
        found=$(grep -oE ' at [a-z]+\.[ch]:[0-9]+' "$report" 2>/dev/null | cut -c5- | sort -u | paste -sd' ')
        [ -n "$marked" ] && [ "$found" = "$marked" ] && lines=yes
    done
    [ $lines = yes ] || echo "marked: $marked" >>said
    [ "$first" = "$3" ] && [ $lines = yes ]
    verdict $? "$2, mistake $1" "$3" "${first:-nothing}" $lines
}

while read -r number program rule faults; do
    case $number in [0-9]*) wrong "$number" "$program" "$rule" "$faults" ;; esac
done <"$sources/table.txt"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
