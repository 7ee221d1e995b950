#!/usr/bin/env bash
# steps.sh STAGE [FILTER...]    for example: 03-iocp-pool engine. basics.
#
# Which tests does each task turn green? Builds the starter with no task done, with the first done, with the first two,
# and so on, grades each, and prints a line a test: the task with which it turns green for good, or - if it is green in
# the starter already, or ? if it never is. Then it names the rows of the lab's table of points that say otherwise: a test
# belongs to the task that turns it green, or to N.0 (what was there before), and one that is green in the starter earns
# nothing. As in `make check` the verifier watches. Takes some minutes; run it after changes of marks, stubs or tests.
set -u
cd "$(dirname "$0")/.." || exit
stage=$1
shift
lab=${stage%%-*}
lab=${lab#0}
work=build/steps/$stage
make -s build/linux/labs/starter build/linux/http/libhttp.a build/linux/win32/libwin32.a build/linux/tests/grade/grade || exit
export WIN32_VERIFIER="${WIN32_VERIFIER-1}"
filters=()
for filter; do filters+=(--filter "$filter"); done
sqlite=() # the guestbook, as the Makefile has it
if [ -f "solutions/$stage/guestbook.c" ] && pkg-config --exists sqlite3 2>/dev/null; then
    read -ra sqlite <<<"-DHAVE_SQLITE $(pkg-config --libs sqlite3)"
fi
tasks=$(grep -ohE "LAB $lab\.[0-9]+ \{" "solutions/$stage"/*.c | cut -d' ' -f2 | sort -u -V)
rm -rf "$work"
for done in "$lab.0" $tasks; do
    mkdir -p "$work/$done"
    build/linux/labs/starter --done "$done" "$work/$done" "solutions/$stage"/*.[ch] && cp labs/todo.[ch] "$work/$done" || exit
    ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror -O1 -g -pthread -Iwin32/include -I. "-Isolutions/$stage" \
        "$work/$done"/*.c build/linux/http/libhttp.a build/linux/win32/libwin32.a "${sqlite[@]}" -o "$work/$done/server" || exit
    build/linux/tests/grade/grade --stage "$lab" "${filters[@]}" "$work/$done/server" >"$work/$done.log" 2>&1
    echo "$done: $(tail -n 1 "$work/$done.log")" >&2
done
logs=("$work/$lab.0.log")
for done in $tasks; do logs+=("$work/$done.log"); done
logs=()
for done in "$lab.0" $tasks; do logs+=("$work/$done.log"); done
awk '
    FNR == 1 { n++; split(FILENAME, part, "/"); name[n] = part[4]; sub(/\.log$/, "", name[n]) }
    /^pass / { pass[n, $2] = 1 }
    /^(pass|FAIL) / { if (!($2 in seen)) { seen[$2]; order[++count] = $2 } }
    END {
        for (i = 1; i <= count; i++) {
            first = ""
            for (k = n; k >= 1 && ((k, order[i]) in pass); k--) first = name[k]
            print (first == "" ? "?" : first ~ /\.0$/ ? "-" : first) "\t" order[i]
        }
    }' "${logs[@]}" >"$work/steps"
cat "$work/steps"
[ ! -f "labs/$stage/points" ] || awk -F '\t' -v given="$lab.0" '
    FNR == NR { green[$2] = $1; next }
    /^#/ || NF < 5 || !($2 in green) { next }
    green[$2] == "?" { print "never green: " $2; bad = 1; next }
    green[$2] == "-" && $3 > 0 { print "green in the starter, and worth " $3 ": " $2; bad = 1; next }
    $1 != given && $1 != green[$2] { print "belongs to " $1 ", turns green with " green[$2] ": " $2; bad = 1 }
    END { exit bad }' "$work/steps" "labs/$stage/points" >&2
