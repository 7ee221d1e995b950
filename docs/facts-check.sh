#!/usr/bin/env bash
# facts-check.sh CONFORMANCE   is docs/facts.md whole? Every fact has its section with its tests, every statement its
# source, and every test that the page names exists in the conformance suite (a name may end in *).
set -u
page=${0%/*}/facts.md
cases=$("$1" --list) || exit
passed=0 failed=0

check() { # check TEXT COMMAND...
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
    fi
}

# Is there a line in $cases that this name, perhaps with a *, fits?
exists() { grep -qE "^${1//\*/.*}$" <<<"$cases"; }

set -f # the names may hold a *
# shellcheck disable=SC2016 # the backquotes are the page's
names=$(grep -oE '`fact_[A-Za-z0-9_]+[*]?`' "$page" | tr -d '`')
for name in $names; do check "no case is called $name" exists "$name"; done
for number in $(seq 21); do
    check "fact $number has no section" grep -qE "^### $number\. " "$page"
    section=$(sed -nE "/^### $number\. /,/^##/p" "$page")
    check "fact $number has neither a test nor a reason why not" \
        grep -qE "\`fact_0?${number}_|No test:" <<<"$section"
    check "fact $number has a statement without its source" \
        test "$(grep -c '^- ' <<<"$section")" = "$(grep -cE '^- .*\((D|W|R|E)(, (D|W|R|E))*\)' <<<"$(sed -E ':a;N;$!ba;s/\n  +/ /g' <<<"$section")")"
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
