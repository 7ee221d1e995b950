#!/usr/bin/env bash
# seeds-check.sh GRADE CONFORMANCE   is docs/seeds.md true? Every file and every word of code that its second column names
# is there, and every test of its third column exists (a name may end in *).
set -u
page=${0%/*}/seeds.md
solutions=${0%/*}/../solutions
tests=$("$1" --list none | cut -f1 && "$2" --list) || exit
passed=0 failed=0

check() { # check TEXT COMMAND...
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
    fi
}

exists() { grep -qE "^${1//\*/.*}$" <<<"$tests"; }

# A cell of the second column: after each file come the words that stand in it.
check_code() {
    local word file=
    # shellcheck disable=SC2016 # the backquotes are the page's
    for word in $(grep -oE '`[^`]+`' <<<"$1" | tr -d '`'); do
        if [[ $word == */* ]]; then
            file=$solutions/$word
            check "there is no $word" test -f "$file"
        else
            check "$word does not stand in ${file#"$solutions/"}" grep -qw -- "$word" "$file"
        fi
    done
    check "a row names no file: $1" test -n "$file"
}

check_tests() {
    local name names
    # shellcheck disable=SC2016 # the backquotes are the page's
    names=$(grep -oE '`[a-z_]+(\.[a-z0-9_]+|_[A-Za-z0-9_]+[*]?)`' <<<"$1" | tr -d '`')
    check "a row names no test: $1" test -n "$names"
    for name in $names; do check "there is no test $name" exists "$name"; done
}

set -f # the names may hold a *
while IFS='|' read -r _ says code shown _; do
    if [ "$says" != ' the texts ' ] && [[ $says != ---* ]]; then
        check_code "$code"
        check_tests "$shown"
    fi
done < <(grep '^|' "$page")
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed -gt 100 ]
