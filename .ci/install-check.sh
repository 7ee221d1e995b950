#!/usr/bin/env bash
# install-check.sh   does install.sh name what a bare machine lacks, in one line, and keep quiet on a whole one?
set -u
here=$(cd "${0%/*}" && pwd)
passed=0 failed=0

check() { # check TEXT COMMAND...
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1; the script said: $said"
    fi
}

# A machine that has none of the commands: a PATH without them.
mkdir -p bare
ask() { # ask ENVIRONMENT... -- VERB...
    local environment=()
    while [ "$1" != -- ]; do environment+=("$1") && shift; done
    shift
    said=$(env -u MSYSTEM NO_INSTALL=1 "${environment[@]}" /bin/sh "$here/install.sh" "$@" 2>&1)
    status=$?
}

ask PATH="$PWD/bare" -- build lint
check "a bare machine: fails" test $status -eq 1
check "a bare machine: one line to paste" test "$said" = \
    "missing; to install: sudo apt-get update && sudo apt-get install --no-install-recommends gcc cppcheck shellcheck"
ask PATH="$PWD/bare" MSYSTEM=UCRT64 MINGW_PACKAGE_PREFIX=mingw-w64-ucrt-x86_64 -- build windows format
check "MSYS2: its own names, each once" test "$said" = \
    "missing; to install: pacman -S --needed mingw-w64-ucrt-x86_64-gcc mingw-w64-ucrt-x86_64-clang-tools-extra"
ask -- no-such-verb
check "nothing is missing: succeeds" test $status -eq 0
check "nothing is missing: says nothing" test -z "$said"
said=$(grep -vE '^(#|$)' "$here/packages" | grep -vE '^(debian|msys2) +[a-z]+ +[^ ]+ +[+a-z0-9.-]+$')
check "every line of the list has four words" test -z "$said"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
