#!/usr/bin/env bash
# check.sh   makes the students' archive, twice, and works with it in an empty folder as a student would
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
passed=0 failed=0 said=

check() { # check TEXT COMMAND...
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1${said:+; it said: $said}"
    fi
}

# A make that is not this one's child: no jobs, no variables of ours.
student() { said=$(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u LAB NO_INSTALL=1 make "$@" 2>&1); }
says() { grep -qE "$1" <<<"$said"; }
never_says() { ! says "$1"; }
ends_with() { # STATUS COMMAND...
    "${@:2}"
    [ $? = "$1" ]
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash "$here/release.sh" write "$work" test >/dev/null || exit
mkdir "$work/again" && (umask 077 && TZ=Asia/Tokyo bash "$here/release.sh" write "$work/again" test >/dev/null)
check 'the same tree gives the same bytes' cmp "$work/iocp-labs-test.tar.gz" "$work/again/iocp-labs-test.tar.gz"
said=$(bash "$here/release.sh" write "$work" '../x' 2>&1)
check 'a version that is no name' says '^release: VERSION names'
said=
cd "$work" && tar -xzf iocp-labs-test.tar.gz && cd iocp-labs-test || exit

# Nothing that gives answers away. That the search finds something is seen by searching the solutions.
bash "$here/release.sh" secrets >"$work/secrets"
check 'there is something to hide' test "$(wc -l <"$work/secrets")" -gt 100
found() { find "$1" -type f -exec sed 's/^[ \t]*//; s/[ \t]*$//' {} + | LC_ALL=C grep -xFf "$work/secrets"; }
check 'the search would find it' test "$(found "$top/solutions" | sort -u | wc -l)" = "$(wc -l <"$work/secrets")"
said=$(found . | head -n 5)
check 'no line of a solution' test -z "$said"
said=$(grep -rnE '/\* LAB [0-9.]+ [{}]' . | grep -v '\.md:' | head -n 5)
check 'no mark' test -z "$said"
said=$(find . -name '*.mutant' -o -name '*.variation' -o -path './solutions*' -o -path '*attack*' | head -n 5)
check 'no solutions, mutants or attacks' test -z "$said"
said=$(grep -o '](\([^)#:]*\))' README.md | tr -d '()]' | while read -r file; do [ -e "$file" ] || echo "$file"; done)
check 'the README leads somewhere' test -z "$said"

# What this machine has built of the same sources is built already. (Flags and paths are the same; make looks at times.)
student help
check 'make help' says 'make check .*LAB=3'
check 'make help offers what is there' never_says '[Ss]olution|SOLUTION|mutant|attack|bench|diff|starters|fuzz|release|test-servers'
verbs=$(grep -oE '^  make [a-z0-9_.-]+' <<<"$said" | cut -d' ' -f4)
check 'there are verbs' test "$(wc -w <<<"$verbs")" -ge 10
for verb in $verbs; do
    case $verb in run | trace | check | watch | test) continue ;; esac # these ask for a lab first, or list much
    student -n "$verb"
    check "make $verb can be made" never_says 'No rule|Error'
done
for verb in diff mutants attacks bench; do
    student "$verb" FROM=1 TO=2
    check "make $verb says that it is not here" says "make $verb: .*students"
done
student run
check 'make run asks which lab' says 'which lab\? there are: LAB=1-blocking'
student check LAB=1 SOLUTION=1
check 'SOLUTION=1 says that it is not here' says 'SOLUTION=1 .*does not have'

student docs
check 'make docs: the book' says 'build/docs/html/index.html'

# One lab from nothing, with all that it stands on, and one task of it judged.
task=$(grep -m1 -oE '^1\.[1-9][0-9]*' labs/01-blocking/points)
check 'make check LAB=1: a starter has not all points' ends_with 2 student -j2 check LAB=1 TASK="$task"
said=$(tail -n 12 <<<"$said")
check 'it says what to do next' says '^next: task 1\.'
check 'and the sum' says '^0 of [1-9][0-9.]* points'
said=
check 'only what is asked for was built' test ! -e build/linux/labs/02-overlapped/server
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
