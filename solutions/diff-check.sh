#!/usr/bin/env bash
# Steps between the first stages stay small enough to be read in one sitting, and bad questions get one clear line.
set -u
cd "$(dirname "$0")/.." || exit
passed=0 failed=0

check() { # what, then a command that must succeed
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
    fi
}

small() {
    local sum
    sum=$(bash solutions/diff.sh "$1" "$2" | awk '/lines added/ { gsub(/,/, ""); print $(NF - 4) + $(NF - 1); exit }')
    echo "stage $1 to $2: ${sum:-no} lines changed"
    [ -n "$sum" ] && [ "$sum" -gt 0 ] && [ "$sum" -lt 450 ]
}

one_line() { # arguments of diff.sh that must be refused
    local text status
    text=$(bash solutions/diff.sh "$@" 2>&1)
    status=$?
    [ $status -eq 2 ] && [ "$(wc -l <<<"$text")" -eq 1 ]
}

readable() { # a task of the last stage: something is there, and it fits two screens or three
    local lines
    lines=$(bash solutions/diff.sh 4 5 "$1" | grep -c '^[-+]')
    echo "task $1: $lines lines"
    [ "$lines" -gt 10 ] && [ "$lines" -lt 150 ]
}

check '1 to 2 is one small step' small 1 2
check '2 to 3 is one small step' small 2 3
check '3 to 4 is one small step' small 3 4
for task in 5.1 5.2 5.3 5.4 5.5 5.6 5.7; do check "task $task can be read alone" readable $task; done
check 'no stages' one_line
check 'a stage that is not there' one_line 3 9
check 'a word for a stage' one_line three four
check 'a task that is not there' one_line 3 4 4.99
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
