#!/usr/bin/env bash
# `make check` and `make watch` as a student uses them: what they say to a wrong question, what they are worth, and that
# saving a file is noticed.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit
work=$(mktemp -d)
watcher=
trap '[ -z "$watcher" ] || kill -KILL -- "-$watcher"; rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL # or each make in here asks for a place among those that run this
export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-1}"
passed=0 failed=0 skipped=0

check() { # check TEXT COMMAND...
    local text=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $text"
        [ ! -s "$work/out" ] || sed 's/^/    /' "$work/out"
    fi
}

judge() { env LAB= TASK= SOLUTION= DIR= TARGET= SAN= "$@" bash tests/grade/check.sh >"$work/out" 2>&1; }

# A wrong question: status 2, and one line that has all these words.
refuses() { # WORD... -- VARIABLE=VALUE...
    local words=()
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    judge "$@"
    [ $? = 2 ] && [ "$(wc -l <"$work/out")" = 1 ] || return 1
    for word in "${words[@]}"; do grep -qF -- "$word" "$work/out" || return 1; done
}

says() { # STATUS WORDS VARIABLE=VALUE...
    local status=$1 text=$2
    shift 2
    judge "$@"
    [ $? = "$status" ] && grep -qF -- "$text" "$work/out"
}

check 'no lab' refuses 'make check LAB=3' --
check 'a lab that is none' refuses 'make check LAB=3' -- LAB=9
check 'a task that is none' refuses "'1.9'" ' 1.5 ' -- LAB=1 TASK=1.9
check 'a task of another lab' refuses "'2.1'" ' 1.5 ' -- LAB=1 TASK=2.1
check 'a folder that is none' refuses /no/where -- LAB=1 DIR=/no/where
check 'a folder without a server' refuses "'docs'" -- LAB=1 DIR=docs
check 'a sanitizer that is none' refuses "'memory'" thread -- LAB=1 SAN=memory
check 'a target that is none' refuses "'mac'" windows -- LAB=1 TARGET=mac
check 'a sanitizer under Wine' refuses 'do not go together' -- LAB=1 TARGET=windows SAN=thread

lacks() { ! grep -qF -- "$1" "$work/out"; }
differ() { ! cmp -s "$1" "$2"; }

# A folder as a student has it: the solution, and then with a mistake in it.
student=$work/student
mkdir "$student" && cp solutions/01-blocking/*.[ch] "$student"
check 'the solution from elsewhere has all points' says 0 '6 of 6 points' LAB=1 TASK=1.5 DIR="$student"
sed -i 's/if (Bytes < Context->WsaBuf.len) {/if (Bytes == 0 \&\& Bytes < Context->WsaBuf.len) {/' "$student/operations.c"
check 'the mistake is in place' differ "$student/operations.c" solutions/01-blocking/operations.c
check 'a mistake costs points' says 1 ' of 6 points' LAB=1 TASK=1.5 DIR="$student"
check 'a failure has the hint of the table' grep -qF "$(grep -P '\tfaults.short_sends\t' labs/01-blocking/points | cut -f4)" "$work/out"
check 'and what to read' grep -qE '^    read +labs/01-blocking/README.md, 1\.5$' "$work/out"
check 'and what comes next' grep -qF 'next: task 1.5, test' "$work/out"
check 'the starter earns nothing' says 1 '0 of 6 points' LAB=1 TASK=1.5 DIR=labs/01-blocking

# One handle that is left open costs what its task's shutdown tests are worth, and other tasks tell of it.
cp solutions/01-blocking/*.[ch] "$student"
sed -i '/^ *CloseHandle(Config.ListenThread);/d' "$student/main.c"
check 'the handle is left open' differ "$student/main.c" solutions/01-blocking/main.c
check 'a handle left open costs points' says 1 ' points' LAB=1 TASK=1.7 DIR="$student"
check 'and not all of them' grep -qE '^[1-9][0-9.]* of [0-9]+ points$' "$work/out"
check 'it is told once' test "$(grep -c '^    got .*handle-leaked' "$work/out")" = 1
check 'and with its place' grep -qE '^      opened: CreateThread, called by ServerStart at main.c:[0-9]+$' "$work/out"
check 'another task has all its points' says 0 '6 of 6 points' LAB=1 TASK=1.5 DIR="$student"
check 'and tells of it' grep -q 'tests pass, but this is left open at the end, opened: CreateThread, called by ServerStart' "$work/out"

# A server that does not end is no server that crashed.
cp solutions/01-blocking/main.c "$student"
sed -i 's/^    ConnectionsDrain();/&\n    Sleep(INFINITE);/' "$student/main.c"
check 'the server hangs' differ "$student/main.c" solutions/01-blocking/main.c
CK_TIMEOUT_MULTIPLIER=0.3 check 'who hangs at Ctrl-C does not end' says 1 'exit within' LAB=1 TASK=1.7 DIR="$student"
check 'and is not said to have crashed' lacks 'was killed by signal'
check 'what comes next is the hint of the table' grep -qF "      $(grep -P '\tshutdown.idle\t' labs/01-blocking/points | cut -f4)" "$work/out"

# What belongs to a later task is not why a test fails.
other=$work/other && mkdir "$other"
build/linux/labs/starter --done 3.2 "$other" solutions/03-iocp-pool/*.[ch] && cp labs/todo.[ch] "$other"
check 'with 3.2 done 3.3 comes next' says 1 'next: task 3.3, test' LAB=3 TASK=3.3 DIR="$other"
check 'and the place of its TODO is told' grep -qE '^      main.c:[0-9]+ still has TODO 3.3$' "$work/out"

cp solutions/01-blocking/*.[ch] "$student"
echo 'this does not compile' >"$student/files.c"
check 'what does not build has no points' says 1 'does not build' LAB=1 TASK=1.5 DIR="$student"

# Waits until the watcher has judged so many times. Two minutes are for a crowded machine.
judged() { # TIMES
    for _ in $(seq 1200); do
        [ "$(grep -c 'waiting for a file' "$work/out")" -lt "$1" ] || return 0
        kill -0 "$watcher" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

last_run_says() { # WORDS: since the last time it waited
    tac "$work/out" | awk '/waiting for a file/ && n++ { exit } { print }' | grep -qF -- "$1"
}

# WAY is poll, or empty for inotifywait.
watches() {
    cp solutions/01-blocking/*.[ch] "$student"
    : >"$work/out"
    # A shell without a terminal lets its children ignore Ctrl-C; env undoes that.
    setsid env --default-signal=INT WATCH="$1" LAB=1 TASK=1.5 DIR="$student" bash tests/grade/watch.sh >>"$work/out" 2>&1 &
    watcher=$!
    check "watch${1:+ ($1)} judges at once" judged 1
    check "watch${1:+ ($1)} shows the sum" last_run_says '6 of 6 points'
    echo 'this does not compile' >>"$student/files.c"
    check "watch${1:+ ($1)} notices what is saved" judged 2
    check "watch${1:+ ($1)} goes on when it does not build" last_run_says 'does not build'
    cp solutions/01-blocking/files.c "$work/files.c" && mv "$work/files.c" "$student/files.c"
    check "watch${1:+ ($1)} notices a file that replaces another" judged 3
    check "watch${1:+ ($1)} shows the new sum" last_run_says '6 of 6 points'
    kill -INT -- "-$watcher"
    check "watch${1:+ ($1)} ends with 0 at Ctrl-C" wait "$watcher"
    check "watch${1:+ ($1)} leaves nothing behind" group_is_gone "$watcher"
    watcher=
}

group_is_gone() {
    for _ in $(seq 100); do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

watches poll
if command -v inotifywait >/dev/null; then
    watches ''
else
    skipped=8
    echo 'skipped: inotifywait is not installed'
fi
check 'watch wants a lab, too' test "$(LAB='' bash tests/grade/watch.sh 2>&1 | head -n 1 | cut -c 1-17)" = 'watch: which lab?'
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
