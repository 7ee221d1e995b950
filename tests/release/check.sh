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

BUILD=${BUILD:-$top/build} # where this machine's objects lie
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash "$here/release.sh" write "$work" test >/dev/null || exit
mkdir "$work/again" && (umask 077 && TZ=Asia/Tokyo bash "$here/release.sh" write "$work/again" test >/dev/null)
check 'the same tree gives the same bytes' cmp "$work/iocp-labs-test.tar.gz" "$work/again/iocp-labs-test.tar.gz"
said=$(bash "$here/release.sh" write "$work" '../x' 2>&1)
check 'a version that is no name' says '^release: VERSION names'
said=
mkdir "$work/all"
LABS='1 2 3' bash "$here/release.sh" write "$work" test >/dev/null
said=$(LABS='1 6' bash "$here/release.sh" write "$work" test 2>&1)
check 'a lab that is none' says "^release: LABS names labs .*'6'"
said=
tar -xzf "$work/iocp-labs-test.tar.gz" -C "$work/all" --strip-components=1 || exit
cd "$work" && tar -xzf iocp-labs-test-labs-1-2-3.tar.gz && cd iocp-labs-test-labs-1-2-3 || exit

# The archive of a few labs is the other one without sources of the rest, and holds none of the answers that those show.
said=$(diff -rq . ../all | grep -vxE 'Only in ../all/labs/0[45]-[a-z]+: [a-z]+\.[ch]|Files ./VERSION and ../all/VERSION differ')
check 'LABS: what is left out are sources' test -z "$said"
check 'LABS: labs 1 to 3' test "$(echo labs/*/main.c)" = "$(cd ../all && echo labs/0[123]-*/main.c)"
# Nothing that gives answers away. That the search finds something is seen by searching the solutions.
LABS='1 2 3' bash "$here/release.sh" secrets >"$work/secrets-123"
bash "$here/release.sh" secrets >"$work/secrets"
check 'there is something to hide' test "$(wc -l <"$work/secrets")" -gt 100
found() { find "$1" -type f -exec sed 's/^[ \t]*//; s/[ \t]*$//' {} + | LC_ALL=C grep -axFf "$2"; }
check 'the search would find it' test "$(found "$top/solutions" "$work/secrets" | sort -u | wc -l)" = "$(wc -l <"$work/secrets")"
said=$(found ../all "$work/secrets" | head -n 5)
check 'no line of a solution' test -z "$said"
check 'LABS: there is more to hide' test "$(found ../all "$work/secrets-123" | wc -l)" -gt 10
said=$(found . "$work/secrets-123" | head -n 5)
check 'LABS: no line of a solution' test -z "$said"
said=$(grep -rnE '/\* LAB [0-9.]+ [{}]' ../all | grep -v '\.md:' | head -n 5)
check 'no mark' test -z "$said"
said=$(find ../all -name '*.mutant' -o -name '*.variation' -o -path '../all/solutions*' -o -path '*attack*' | head -n 5)
check 'no solutions, mutants or attacks' test -z "$said"
said=$(grep -o '](\([^)#:]*\))' README.md | tr -d '()]' | while read -r file; do [ -e "$file" ] || echo "$file"; done)
check 'the README leads somewhere' test -z "$said"
said=$(cd "$top" && for folder in tests/*/; do [ -e "$work/all/$folder" ] || grep -q "\`$(basename "$folder")/\`" docs/building.md || echo "$folder"; done)
check 'docs/building.md names what is not here' test -z "$said"

# Nothing here needs another file than the archive has: the objects of what is given are this machine's, to save time, and
# make sees by what each was made from whether that is all there.
mkdir -p build/linux/tests && cp -r "$BUILD/linux/http" "$BUILD/linux/win32" build/linux/ && cp -r "$BUILD/linux/tests/grade" build/linux/tests/
find build -type f ! -name '*.[od]' -delete
cp "$BUILD/linux/flags" build/linux/ && touch -d @0 build/linux/flags

student help
check 'make help' says 'make check .*LAB=3'
check 'make help offers what is there' never_says '[Ss]olution|SOLUTION|STAGE|mutant|attack|bench|diff|starters|fuzz|release|test-servers'
check 'make help: a lab must be named' never_says '(run|trace) .*\[LAB'
verbs=$(grep -oE '^  make [a-z0-9_.-]+' <<<"$said" | cut -d' ' -f4 | grep -vxE 'run|trace|check|watch|storm|test') # these ask for a lab first, or list much
check 'there are verbs' test "$(wc -w <<<"$verbs")" -ge 10
# shellcheck disable=SC2086 # they are words
student -nk $verbs
check 'each of them can be made' never_says 'No rule|Error'
absent='diff mutants attacks bench starters steps variations steady soak cost test-servers fuzz moments release'
# shellcheck disable=SC2086
student -k $absent
for verb in $absent; do
    check "make $verb says that it is not here" says "make $verb: .*students"
done
student run
check 'make run asks which lab' says 'which lab\? there are: LAB=1 LAB=2 LAB=3$'
student run LAB=4
check 'a lab that is not here' says 'which lab\? there are: LAB=1 LAB=2 LAB=3$'
student check LAB=4
check 'nor to be judged' says "no lab 4"
student check LAB=1 SOLUTION=1
check 'SOLUTION=1 says that it is not here' says 'SOLUTION=1 .*does not have'

student docs
check 'make docs: the book' says 'build/docs/html/index.html'

# One lab with all that it stands on, and one task of it judged.
task=$(grep -m1 -oE '^1\.[1-9][0-9]*' labs/01-blocking/points)
check 'make check LAB=1: a starter has not all points' ends_with 2 student -j2 check LAB=1 TASK="$task"
said=$(tail -n 12 <<<"$said")
check 'it says what to do next' says '^next: write TODO 1\.'
check 'and the sum' says '^0 of [1-9][0-9.]* points'
said=
check 'only what is asked for was built' test ! -e build/linux/labs/02-overlapped/server
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
