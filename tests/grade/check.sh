#!/usr/bin/env bash
# Judges one lab: builds a folder, runs the tests of its stage, and counts the points of labs/NN-.../points.
#
#     LAB=3 [TASK=3.2] [SOLUTION=1] [DIR=path] [TARGET=windows] [SAN=address|thread] [QUIET=1] tests/grade/check.sh
#
# The points come from what the judge saw, never from what the server says. Natively the verifier watches the server
# (docs/verifier.md; WIN32_VERIFIER= switches it off). QUIET shows failures and the sum alone. Exit status: 0 only with all
# points that were asked for, 1 otherwise, 2 when it cannot be told what is to be judged.
set -u
cd "$(dirname "$0")/../.." || exit 2

die() {
    echo "check: $*" >&2
    exit 2
}

fail() {
    echo "check: $*" >&2
    exit 1
}

lab=${LAB:-} task=${TASK:-} folder=
case "$lab" in [1-5]) ;; *) die "which lab? make check LAB=3, and TASK=3.2 for one task" ;; esac
solution=$(echo solutions/0"$lab"-*)
[ -z "${SOLUTION:-}" ] || [ -d "$solution" ] || die "SOLUTION=1 judges the reference solution, which this copy does not have"
name=$(basename "$(echo labs/0"$lab"-*)")
points=labs/$name/points
target=${TARGET:-linux}
case "${SAN:-}" in
'') ;;
address | thread) target=linux-$SAN ;;
*) die "SAN is address or thread, not '$SAN'" ;;
esac
case "$target" in
linux | linux-address | linux-thread) exe= ;;
windows) exe=.exe ;;
*) die "TARGET is linux or windows, not '$target'" ;;
esac
if [ -n "${SAN:-}" ] && [ "${TARGET:-linux}" != linux ]; then
    die "the sanitizers watch native servers: SAN and TARGET=$TARGET do not go together"
fi
table=()
[ ! -f "$points" ] || table=(--points "$points" ${task:+--task "$task"})
if [ -n "$task" ] && ! grep -q "^$task	" "$points" 2>/dev/null; then
    die "lab $lab has no task '$task'; it has:$(grep -o '^[0-9.]*' "$points" 2>/dev/null | sort -uV | sed 's/^/ /' | tr -d '\n')"
fi
[ "$target" = windows ] || export WIN32_VERIFIER="${WIN32_VERIFIER-1}"

# Sources can keep a compiler busy for ever, or make it take all memory.
build() {
    (ulimit -v 16000000 && exec timeout --foreground -k 5 "${BUILD_SECONDS:-600}" make -s "$@")
}

# What is judged: your lab, the solution, or any folder. A folder from elsewhere is copied two levels below the top, as
# deep as the labs are, so that it finds http/.
if [ -n "${DIR:-}" ]; then
    [ -d "$DIR" ] || die "DIR names the folder with your server; there is no folder '$DIR'"
    compgen -G "$DIR/*.c" >/dev/null || die "there is no C file in '$DIR'"
    folder=build/submission
    rm -rf $folder && mkdir -p $folder && cp "$DIR"/*.[ch] $folder/
    server=build/$target/submission/server$exe
    mkdir -p "build/$target/submission"
    build SUBMISSION=1 "$server" || fail "'$DIR' does not build"
else
    folder=labs/$name
    [ -z "${SOLUTION:-}" ] || folder=$solution
    compgen -G "$folder/*.c" >/dev/null || die "there is no lab $lab in labs/ yet"
    server=build/$target/$folder/server$exe
    build "$server" || fail "$folder does not build"
fi
make -s build/linux/tests/grade/grade || die "the judge does not build"

[ ${#table[@]} = 0 ] || table+=(--sources "$folder")
build/linux/tests/grade/grade --stage "$lab" ${table[@]+"${table[@]}"} ${QUIET:+--quiet} "$PWD/$server"
