#!/usr/bin/env bash
# The step from one stage to another, as a lesson: a line a file that counts, then the changes in colour.
#
#     solutions/diff.sh FROM TO [TASK]        for example: 3 4     or: 4 5 5.2
#
# The comments that mark the labs' tasks are left out, so that only code and its explanations show. With TASK only what
# changes in the functions in which the task's marks lie in TO is shown. Colour goes to a terminal, or always with COLOR=1.
set -eu
cd "$(dirname "$0")"

die() {
    echo "diff: $*" >&2
    exit 2
}

# The folder of a stage given by number: 3 -> 03-iocp-pool.
stage() {
    local found
    case "$1" in [1-9]) ;; *) die "a stage is a number from 1 to 5, not '$1': make diff FROM=3 TO=4" ;; esac
    found=$(printf '%s\n' "0$1"-*/)
    [ -d "$found" ] || die "there is no stage $1"
    echo "${found%/}"
}

# Copies a stage without its task marks; notes in FILE.tasks which lines each task's marks enclosed.
unmark() {
    local file
    mkdir -p "$2"
    for file in "$1"/*.[ch]; do
        awk -v tasks="$2/$(basename "$file").tasks" '
            /\/\* LAB [0-9]+\.[0-9]+ [{]/ { task = $0; sub(/.*LAB /, "", task); sub(/ .*/, "", task); start = kept + 1
                                           if ($0 !~ /\*\//) skip = 1; next }
            skip { if (/\*\//) skip = 0; next }
            /\/\* LAB [0-9]+\.[0-9]+ [}]/ { print task, start, kept > tasks; next }
            { print; kept++ }' "$file" > "$2/$(basename "$file")"
    done
}

# Of a unified diff, what touches the functions in which a task's marks lie: FILE.tasks has the marks' lines, the file
# itself tells where the functions begin (with their comment, after an empty line) and end (with a brace at the margin).
# A hunk that goes on beyond is cut.
only_task() {
    awk -v wanted="$1" -v tasks="$2" -v file="${2%.tasks}" '
        function out(   i, old, new) {
            for (i = 1; i <= kept; i++) { old += line[i] !~ /^[+]/; new += line[i] !~ /^-/ }
            if (changes) {
                printf "%s@@ -%d,%d +%d,%d @@\n", head, oldfirst, old, newfirst, new
                for (i = 1; i <= kept; i++) print line[i]
                head = ""
            }
            kept = changes = 0
        }
        BEGIN {
            while ((getline text < file) > 0) source[++lines] = text
            while ((getline text < tasks) > 0) {
                split(text, f, " ")
                if (f[1] != wanted) continue
                for (from = f[2]; from > 1 && !(source[from - 1] == "" && source[from] ~ /^[A-Za-z\/]/); from--);
                for (to = f[3]; to < lines && source[to] !~ /^}/; to++);
                for (; from <= to; from++) wants[from] = 1
            }
        }
        /^(---|[+][+][+]) / && !begun { head = head $0 "\n"; next }
        /^@@ / { out(); begun = 1; split($2, a, /[-,]/); split($3, b, /[+,]/); old = a[2] + 0; new = b[2] + 0; next }
        {
            if (wants[new]) {
                if (!kept) { oldfirst = old; newfirst = new }
                line[++kept] = $0
                changes += /^[-+]/
            } else out()
            old += !/^[+]/; new += !/^-/
        }
        END { out() }'
}

[ $# -ge 2 ] || die "which stages? make diff FROM=3 TO=4, and TASK=4.2 for one task's part"
from=$(stage "$1")
to=$(stage "$2")
task=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unmark "$from" "$work/$from"
unmark "$to" "$work/$to"
if [ -n "$task" ] && ! cat "$work/$to"/*.tasks 2>/dev/null | grep -q "^$task "; then
    die "stage $2 has no task $task; it has: $(cat "$work/$to"/*.tasks 2>/dev/null | cut -d' ' -f1 | sort -uV | tr '\n' ' ')"
fi
red='' green='' bold='' plain=''
if [ -t 1 ] || [ "${COLOR:-}" = 1 ]; then
    red=$'\033[31m' green=$'\033[32m' bold=$'\033[1m' plain=$'\033[0m'
fi

cd "$work"
total_added=0 total_removed=0 same=''
: > all.diff
for name in $(for file in "$from"/*.[ch] "$to"/*.[ch]; do basename "$file"; done | sort -u); do
    old=$from/$name new=$to/$name note=''
    [ -e "$old" ] || { old=/dev/null note=' (new)'; }
    [ -e "$new" ] || { new=/dev/null note=' (gone)'; }
    diff -U3 "$old" "$new" | sed 's/^\(--- [^\t]*\)\t.*/\1/; s/^\(+++ [^\t]*\)\t.*/\1/' > one.diff || :
    if [ -n "$task" ]; then
        only_task "$task" "$to/$name.tasks" < one.diff > part.diff
        mv part.diff one.diff
    fi
    if [ ! -s one.diff ]; then
        [ "$old" = /dev/null ] || [ "$new" = /dev/null ] || same="$same $name"
        continue
    fi
    added=$(grep -c '^+[^+]\|^+$' one.diff || :)
    removed=$(grep -c '^-[^-]\|^-$' one.diff || :)
    total_added=$((total_added + added)) total_removed=$((total_removed + removed))
    printf '  %-18s %s+%-4d%s %s-%-4d%s%s\n' "$name" "$green" "$added" "$plain" "$red" "$removed" "$plain" "$note"
    cat one.diff >> all.diff
done
printf '%s%s to %s%s: %d lines added, %d removed\n' "$bold" "$from" "$to" "${task:+, task $task}$plain" "$total_added" "$total_removed"
[ -n "$task" ] || printf 'the same in both:%s\n' "${same:- nothing}"
echo
awk -v red="$red" -v green="$green" -v bold="$bold" -v plain="$plain" '
    /^(---|\+\+\+) / { print bold $0 plain; next }
    /^@@/ { print bold $0 plain; next }
    /^\+/ { print green $0 plain; next }
    /^-/ { print red $0 plain; next }
    { print }' all.diff
