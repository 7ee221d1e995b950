#!/usr/bin/env bash
# mutants.sh [--variations] [--full] [--jobs N] [PATTERN]...      the grader's judge
#
# A mutant is a solution with one bug. Its file NAME.mutant says what the bug is, in which stages to try it, and which
# tests must fail with which words. A variation (NAME.variation, in tests/variations/) is a solution that is right in
# another way: no test may fail. For each file and stage this script patches the sources in a scratch folder, compiles
# what changed, links it with the objects that are there, and lets the grader judge it.
#
#     --variations  variations instead of mutants
#     --full        mutants: the whole suite, which then names all tests that fail; variations: every stage
#     PATTERN       only names that contain it: short-send, or 03 for a stage
#
# Without --full mutants run only the tests that they name, and variations only the stages marked with a plus.
#
# The form of a file:
#
#     A few lines: what is wrong, and who would do such a thing.
#     bug: 11                   its number among the classic bugs, if it is one
#     stages: 01 02 03+ 04      where to try it
#     test: slow.slow_reader    must fail; may be repeated
#     says: where it stopped    words that the report of one of these tests must have; may be repeated
#     build: linux-address      another target than linux
#     file: operations.c        which file the hunks after it change; http/… names one of that folder. Then, repeated:
#     <<<<
#     the exact text, found once in the file
#     ====
#     the text in its place
#     >>>>
#     key@03 04: …              any of these lines for some stages only; file@ means its hunks, too
#     expect: SURVIVED          the verdict, where it is not "killed": for the tests of this script itself
#
# The report is a table and, last, "N passed, N failed, N skipped". A mutant passes when it is killed by the tests that
# it names and with its words; the exit status is 0 when all passed.
# The environment: BUILD (build), COMPILE_<target> (a compiler line), as tests/mutants/mutants.mk sets them.
set -u
kind=mutant usual=killed full='' jobs='' patterns=()
while [ $# -gt 0 ]; do
    case $1 in
    --variations) kind=variation usual=right ;;
    --full) full=1 ;;
    --jobs) jobs=$2 && shift ;;
    *) patterns+=("$1") ;;
    esac
    shift
done
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 2
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
work=$BUILD/${kind}s
grade=$BUILD/linux/tests/grade/grade
# Half of the mutants make a test wait for what never comes, so more of them than processors can be looked at.
jobs=${jobs:-$((4 * $(nproc)))}
# A hang need not be waited for as long as under the other suites.
if [ "$kind" = mutant ]; then export CK_TIMEOUT_MULTIPLIER=${MUTANT_PATIENCE:-0.5}; fi

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# One line of the table; $1 is the verdict: killed, SURVIVED, …
verdict() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$(($(milliseconds) - began))" "$3" >"$scratch/verdict"; }

# Reads a file for a stage into the arrays and variables that judge uses. Fails on a malformed file.
# A hunk is an entry of each of hunk_file, hunk_old and hunk_new.
parse() {
    local line key value mode=header old='' new='' file='' keep=
    bug='' build=linux stages='' expect=$usual tests=() says=() hunk_file=() hunk_old=() hunk_new=()
    while IFS= read -r line || [ -n "$line" ]; do
        case $mode in
        old) if [ "$line" = '====' ]; then mode=new; else old+=$line$'\n'; fi ;;
        new)
            if [ "$line" != '>>>>' ]; then new+=$line$'\n' && continue; fi
            mode=header
            if [ -n "$keep" ]; then hunk_file+=("$file") hunk_old+=("${old%$'\n'}") hunk_new+=("${new%$'\n'}"); fi
            ;;
        *)
            if [ "$line" = '<<<<' ]; then mode=old old='' new='' && continue; fi
            key=${line%%: *} value=${line#*: } keep=1
            case $key in *@*) case " ${key#*@} " in *" $2 "*) ;; *) keep= ;; esac ;; esac
            case $keep${key%%@*} in
            1bug) bug=$value ;;
            1stages) stages=$value ;;
            1expect) expect=$value ;;
            1test) tests+=("$value") ;;
            1says) says+=("$value") ;;
            1build) build=$value ;;
            1file) file=$value ;;
            esac
            ;;
        esac
    done <"$1"
    [ $mode = header ] && [ -n "$stages" ]
}

# Writes the patched sources into the scratch folder. Prints why it cannot.
patch_sources() {
    local i path text rest
    for i in "${!hunk_file[@]}"; do
        path=$scratch/${hunk_file[i]}
        if [ ! -e "$path" ]; then
            mkdir -p "${path%/*}"
            case ${hunk_file[i]} in http/*) text=${hunk_file[i]} ;; *) text=$folder/${hunk_file[i]} ;; esac
            sed '/^ *\* stub:/d' "$text" >"$path" # stubs are for starters, and have lines like those around them
        fi 2>/dev/null || { echo "there is no ${hunk_file[i]}" && return 1; }
        text=$(cat "$path" && echo x) && text=${text%x} # the x keeps the last line's end
        rest=${text#*"${hunk_old[i]}"}
        if [ "$rest" = "$text" ]; then echo "${hunk_file[i]} has no longer: ${hunk_old[i]%%$'\n'*}" && return 1; fi
        if [ "${rest#*"${hunk_old[i]}"}" != "$rest" ]; then echo "twice in ${hunk_file[i]}: ${hunk_old[i]%%$'\n'*}" && return 1; fi
        printf '%s' "${text%%"${hunk_old[i]}"*}${hunk_new[i]}$rest" >"$path"
    done
}

# Links the server: changed files compiled here, the others' objects as they are; libraries last, so that a changed file
# of theirs comes before the one in the library.
build_server() {
    local built=$BUILD/$build source name compile=COMPILE_${build//-/_} changed=() objects=()
    for source in "$scratch"/*.c "$scratch"/http/*.c; do
        [ -e "$source" ] || continue
        ${!compile} -w -I. -I"$folder" -Ihttp -c -o "${source%.c}.o" "$source" || return
        changed+=("${source%.c}.o")
    done
    for source in "$folder"/*.c; do
        name=$(basename "$source" .c)
        [ -e "$scratch/$name.o" ] || objects+=("$built/$folder/$name.o")
    done
    ${!compile} -o "$scratch/server" "${changed[@]}" "${objects[@]}" "$built/http/libhttp.a" "$built/win32/libwin32.a"
}

# The part of the report that is about one test.
report_of() {
    awk -v test="$1" '/^(pass|FAIL|skip) / || /^---/ { mine = $1 == "FAIL" && $2 == test } mine' "$scratch/report"
}

# Lets the grader judge a mutant; the table's line.
judge_mutant() {
    local filters=() test word failed also='' told
    if [ -z "$full" ]; then for test in "${tests[@]}"; do filters+=(--filter "$test"); done; fi
    "$grade" --stage "$((10#$stage))" ${filters+"${filters[@]}"} --quiet "$scratch/server" >"$scratch/report" 2>&1
    failed=$(sed -n 's/^failed: //p' "$scratch/report")
    if ! grep -q '^[0-9]* passed, ' "$scratch/report"; then verdict BROKEN "$1" "the grader: $(tail -n 1 "$scratch/report")" && return; fi
    if [ -z "$failed" ]; then verdict SURVIVED "$1" "${tests[*]} passed" && return; fi
    for test in "${tests[@]}"; do
        if ! grep -qxF "$test" <<<"$failed"; then
            verdict ASTRAY "$1" "$test passed; failed: ${failed//$'\n'/ }" && return
        fi
    done
    told=$(for test in "${tests[@]}"; do report_of "$test"; done)
    for word in ${says+"${says[@]}"}; do
        if ! grep -qF -- "$word" <<<"$told"; then verdict SILENT "$1" "the report of ${tests[*]} has not: $word" && return; fi
    done
    if [ -n "$full" ]; then also=" and $(($(wc -l <<<"$failed") - ${#tests[@]})) more"; fi
    verdict killed "$1" "${tests[*]}$also"
}

judge_variation() {
    if "$grade" --stage "$((10#$stage))" --quiet "$scratch/server" >"$scratch/report" 2>&1; then
        verdict right "$1" "$(grep '^[0-9]* passed, ' "$scratch/report")"
    else
        verdict ACCUSED "$1" "$(sed -n 's/^failed: //p' "$scratch/report" | tr '\n' ' ')"
    fi
}

# $1 file, $2 stage
judge() {
    local name stage=$2 label folder why began scratch
    began=$(milliseconds)
    name=$(basename "$1" ".$kind") label="$name@$2" scratch=$work/$name@$2
    folder=$(echo solutions/"$2"-*)
    rm -rf "$scratch" && mkdir -p "$scratch" || exit 2
    parse "$1" "$2" || { verdict BROKEN "$label" "the file has not the form" && return; }
    why=$(patch_sources) || { verdict BROKEN "$label" "$why" && return; }
    build_server >"$scratch/compiler" 2>&1 || { verdict BROKEN "$label" "does not compile: $scratch/compiler" && return; }
    judge_$kind "$label"
    rm -f "$scratch/server" "$scratch"/*.o "$scratch"/http/*.o
}

# Whether a name is asked for.
wanted() {
    local pattern
    [ ${#patterns[@]} = 0 ] && return
    for pattern in "${patterns[@]}"; do case $1 in *"$pattern"*) return 0 ;; esac done
    return 1
}

list=() passed=0 failed=0
for file in tests/"${kind}s"/*."$kind"; do
    parse "$file" 00 || { echo "$file has not the form" && failed=$((failed + 1)) && continue; }
    for stage in $stages; do
        if [ $kind = variation ] && [ -z "$full" ] && [ "${stage%+}" = "$stage" ]; then continue; fi
        if wanted "$(basename "$file" .$kind)@${stage%+}"; then list+=("$file ${stage%+}"); fi
    done
done
mkdir -p "$work"
for item in ${list+"${list[@]}"}; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    judge "${item% *}" "${item##* }" &
done
wait

# Whatever did not come out as it should gets another chance, alone and with more patience: the machine may have been
# busy. A mutant that needs it often has a test that needs work, so the table tells.
for item in ${list+"${list[@]}"}; do
    file=${item% *} stage=${item##* }
    scratch=$work/$(basename "$file" .$kind)@$stage again=
    parse "$file" "$stage"
    IFS=$'\t' read -r verdict name took what <"$scratch/verdict"
    if [ "$verdict" != "$expect" ] && [ "$verdict" != BROKEN ]; then
        again=" (at first $verdict: $what)"
        if [ $kind = mutant ]; then export CK_TIMEOUT_MULTIPLIER=4; fi
        judge "$file" "$stage"
        IFS=$'\t' read -r verdict name took what <"$scratch/verdict"
    fi
    printf '  %-8s %-2s %-42s %6d ms  %s\n' "$verdict" "$bug" "$name" "$took" "$what$again"
    if [ "$verdict" = "$expect" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        grep -s -A 30 '^FAIL' "$scratch/report" | head -n 40
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
