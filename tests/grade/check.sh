#!/usr/bin/env bash
# Judges one lab: builds a folder, runs the tests of its stage, and counts the points of labs/NN-.../points.
#
#     LAB=3 [TASK=3.2] [SOLUTION=1] [DIR=path] [TARGET=windows] [SAN=address|thread] tests/grade/check.sh
#
# The points come from what the judge saw: lines of the suite itself, never of the server. Exit status: 0 only with all
# points that were asked for, 1 otherwise, 2 when the run itself could not be done.
set -u
cd "$(dirname "$0")/../.." || exit 2

die() {
    echo "check: $*" >&2
    exit 2
}

lab=${LAB:-} task=${TASK:-} folder=
case "$lab" in [1-5]) ;; *) die "which lab? make check LAB=3, and TASK=3.2 for one task" ;; esac
solution=$(echo solutions/0"$lab"-*)
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

# What is judged: your lab, the solution, or any folder. A folder from elsewhere is copied two levels below the top, as
# deep as the labs are, so that it finds http/.
if [ -n "${DIR:-}" ]; then
    compgen -G "$DIR/*.c" >/dev/null || die "there is no C file in '$DIR'"
    folder=build/submission
    rm -rf $folder && mkdir -p $folder && cp "$DIR"/*.[ch] $folder/
    server=build/$target/submission/server$exe
    mkdir -p "build/$target/submission"
    make -s SUBMISSION=1 "$server" || die "'$DIR' does not build"
else
    folder=labs/$name
    [ -z "${SOLUTION:-}" ] || folder=$solution
    compgen -G "$folder/*.c" >/dev/null || die "there is no lab $lab in labs/ yet"
    server=build/$target/$folder/server$exe
    make -s "$server" || die "$folder does not build"
fi
make -s build/linux/tests/grade/grade || die "the judge does not build"

filters=()
if [ -n "$task" ] && [ ! -f "$points" ]; then
    echo "$points is not there yet, so no test belongs to task $task alone: all tests of lab $lab are run"
elif [ -n "$task" ]; then
    while IFS= read -r test; do filters+=(--filter "$test"); done < <(awk -F '\t' -v t="$task" '$1 == t { print $2 }' "$points")
    [ ${#filters[@]} -gt 0 ] || die "lab $lab has no task $task; it has: $(awk -F '\t' '/^[0-9]/ { print $1 }' "$points" | sort -u | tr '\n' ' ')"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
build/linux/tests/grade/grade --stage "$lab" ${filters[@]+"${filters[@]}"} "$PWD/$server" | tee "$log"
status=${PIPESTATUS[0]}
[ -f "$points" ] || exit "$status"

# The sum: a line a task, then what to do next. Only lines that begin with a verdict are the judge's.
awk -F '\t' -v only="$task" -v handout="labs/$name/README.md" '
    FNR == NR { if (match($0, /^(pass|FAIL|skip) +[a-z_0-9.]+/)) { split($0, word, / +/); verdict[word[2]] = word[1] } next }
    /^#/ || NF < 5 || (only != "" && $1 != only) { next }
    { if (!($1 in full)) order[++tasks] = $1
      full[$1] += $3
      if (verdict[$2] == "pass" || verdict[$2] == "skip") earned[$1] += $3
      else if (next_test == "") { next_test = $2; next_task = $1; hint = $4; section = $5 } }
    END { print ""
          for (i = 1; i <= tasks; i++) { printf "task %-5s %3d of %3d points\n", order[i], earned[order[i]], full[order[i]]
                                         sum += earned[order[i]]; all += full[order[i]] }
          printf "%d of %d points\n", sum, all
          if (next_test != "") printf "\nnext: task %s, test %s\n      %s\n      read: %s, %s\n", next_task, next_test, hint, handout, section
          exit sum != all }' "$log" "$points"
