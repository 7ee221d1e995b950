#!/usr/bin/env bash
# site-check.sh ROOT   is the sample site whole? Every page's links lead to files, the two written files are exact.
set -u
root=$1
passed=0 failed=0

check() { # check TEXT COMMAND...
    local text=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $text"
    fi
}

links() { grep -oE '(href|src)="[^"]*"' "$1" | sed -E 's/^[a-z]+="([^"]*)"$/\1/' | sort -u; }

# A link as the server resolves it: percent-decoded, the root's index for a folder.
target() {
    local path=${1//%/\\x}
    printf -v path '%b' "$path"
    case $path in */) path=${path}index.html ;; esac
    echo "$root/${path#/}"
}

for page in "$root"/*.html; do
    check "$page begins with a doctype" grep -qm1 '^<!DOCTYPE html>$' "$page"
    while read -r link; do
        check "$page: $link leads to a file" test -f "$(target "$link")"
    done < <(links "$page")
    check "$page: every link is ASCII" test -z "$(links "$page" | LC_ALL=C grep '[^ -~]')"
done
check "walkthrough.html has 189853 bytes" test "$(wc -c <"$root/walkthrough.html")" -eq 189853
check "offsets.txt has 32 MiB" test "$(wc -c <"$root/offsets.txt")" -eq $((32 << 20))
check "a line of offsets.txt tells its place" test "$(tail -c +16777217 "$root/offsets.txt" | head -n 1)" = 000000016777216
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
