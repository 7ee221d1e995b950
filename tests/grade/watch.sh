#!/usr/bin/env bash
# Judges a lab again whenever one of its files is saved. Takes what check.sh takes:
#
#     LAB=3 [TASK=3.2] [SOLUTION=1] [DIR=path] [TARGET=windows] [SAN=address|thread] tests/grade/watch.sh
#
# Shows failures and the sum. Changes are told by inotifywait where it is installed; otherwise, or with WATCH=poll, the
# files are looked at twice a second. Ctrl-C ends it.
set -u
cd "$(dirname "$0")/../.." || exit 2

case "${LAB:-}" in
[1-5]) ;;
*)
    echo "watch: which lab? make watch LAB=3, and TASK=3.2 for one task" >&2
    exit 2
    ;;
esac
folder=${DIR:-$(echo "labs/0$LAB"-*)}
[ -z "${SOLUTION:-}" ] || folder=$(echo "solutions/0$LAB"-*)
watched=("$folder" http)

# One line for each file: its name, size and time. Two of these differ when anything was saved, made or deleted. An editor
# may write a file anew under the same name, so the names alone would not do.
state() {
    find "${watched[@]}" -maxdepth 1 -type f \( -name '*.[ch]' -o -name points \) -printf '%p %s %T@ %i\n' 2>/dev/null | sort
}

# Waits until the files are no longer as they were before the check that has just ended.
await_change() {
    while [ "$(state)" = "$1" ]; do
        if [ "${WATCH:-}" != poll ] && command -v inotifywait >/dev/null; then
            # Not for ever: a file may have been saved between the look at it and this.
            inotifywait -qq -t 2 -e close_write,moved_to,moved_from,create,delete "${watched[@]}" || [ $? = 2 ] || sleep 0.5
        else
            sleep 0.5
        fi
    done
}

trap 'echo; exit 0' INT TERM
while :; do
    before=$(state)
    [ ! -t 1 ] || printf '\033[H\033[2J'
    QUIET=1 bash tests/grade/check.sh
    [ $? != 2 ] || exit 2
    printf '\n-- %s: waiting for a file of %s to be saved; Ctrl-C ends this\n' "$(date +%T)" "$folder"
    await_change "$before"
done
