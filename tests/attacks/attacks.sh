#!/usr/bin/env bash
# attacks.sh [NAME]...   lets the grader judge every attack, and looks at what comes of it; see attack.h
#
# Of every attack must hold: the run ends in time; each of its tests has one verdict; those pass that should, and no
# other; nothing of it is left running; the report holds nothing that a terminal would obey; the prey is as it was.
# The environment: BUILD. Several attacks run side by side.
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../../build}
grade=${GRADE:-$BUILD/linux/tests/grade/grade} # GRADE=: another one, to see that the attacks are real
at_once=4 limit=60 # seconds; an attack that is held off takes a few
usual='basics.small_file basics.front_page basics.empty_file basics.long_page'
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

value() { sed -n "s/^ \* $2: //p" "$here/$1.c"; } # NAME KEY: what the attack's first comment says

lines() { tr -s ' ' '\n' | grep . | sort; }

# Processes that were started with this attack's mark in their environment.
left_running() {
    local file found=
    for file in /proc/[0-9]*/environ; do
        if tr '\0' '\n' 2>/dev/null <"$file" | grep -q "^ATTACK_PREY=$1\$"; then found="$found ${file//[^0-9]/}"; fi
    done 2>/dev/null
    echo "$found"
}

# The points table of a run of the grader, as check.sh reads it: names of tests with a verdict.
verdicts() { awk -v want="$1" '/^(pass|FAIL|skip) +[a-z_0-9.]+/ && (want == "" || $1 == want) { sub(/:$/, "", $2); print $2 }' "$2" | sort; }

one() { # NAME: writes what is wrong to $scratch/NAME.wrong and a line of the table to $scratch/NAME.line
    local name=$1 folder=$scratch/$1 wrong=$scratch/$1.wrong report=$scratch/$1.report status began tests wanted passes filters=() test left
    mkdir -p "$folder" && echo 'as it was' >"$folder/prey" && : >"$wrong"
    tests=$(value "$name" tests)
    tests=$(lines <<<"${tests:-$usual}")
    passes=$(value "$name" passes)
    if [ "$(id -u)" != 0 ] && [ -n "$(value "$name" user-passes)" ]; then passes=$(value "$name" user-passes); fi
    case $passes in
    all) wanted=$tests ;;
    none) wanted= ;;
    *) wanted=$(lines <<<"$passes") ;;
    esac
    for test in $tests; do filters+=(--filter "$test"); done

    began=${EPOCHREALTIME/[.,]/}
    local judge=("$grade" --stage 3 --jobs 4 "${filters[@]}" "$BUILD/linux/tests/attacks/$name")
    export ATTACK_PREY=$folder/prey CK_TIMEOUT_MULTIPLIER
    CK_TIMEOUT_MULTIPLIER=$(value "$name" patience | grep . || echo 2)
    if [ "$(value "$name" terminal)" = yes ]; then # the report goes to a file: nobody has reason to write to the terminal
        timeout -k 5 $limit script -qec "$(printf '%q ' "${judge[@]}") >$(printf %q "$report") 2>&1" /dev/null </dev/null >"$folder.terminal"
    else
        timeout -k 5 $limit "${judge[@]}" >"$report" 2>&1
    fi
    status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - began) / 100000))
    {
        [ "$status" = $((1 - ($(wc -w <<<"$wanted") == $(wc -w <<<"$tests")))) ] || echo "the grader's exit status is $status"
        [ "$(verdicts '' "$report")" = "$tests" ] || echo "not one verdict for each of: $tests"
        [ "$(verdicts pass "$report")" = "$wanted" ] || echo "should pass: ${wanted:-none}; did: $(verdicts pass "$report")"
        grep -q "^$(wc -w <<<"$wanted") passed, " "$report" || echo "the sum is not that of the passed tests"
        left=$(left_running "$folder/prey")
        # shellcheck disable=SC2086 # they are words
        [ -z "$left" ] || { echo "left running:$left" && kill -KILL $left; }
        [ "$(cat "$folder/prey")" = 'as it was' ] && [ "$(ls "$folder")" = prey ] || echo 'the prey was changed'
        ! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$report" || echo 'the report holds control characters'
        [ ! -s "$folder.terminal" ] || echo "the terminal was written to: $(tr -dc ' -~' <"$folder.terminal")"
        ! grep -q BREACH "$report" || grep -m1 BREACH "$report"
        grep -qF -e "$(value "$name" says)" "$report" || echo "the report does not say: $(value "$name" says)"
    } >"$wrong" 2>&1
    printf '  %-20s %2d of %2d tests passed  %3d.%d s  %s\n' "$name" "$(verdicts pass "$report" | wc -w)" "$(wc -w <<<"$tests")" \
        $((took / 10)) $((took % 10)) "$([ -s "$wrong" ] && echo 'NOT AS IT SHOULD BE' || echo 'as it should be')" >"$scratch/$name.line"
}

names=()
for file in "$here"/*.c; do
    name=$(basename "$file" .c)
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || [[ $name == *"$1"* ]] || continue
    names+=("$name")
done
for name in ${names[@]+"${names[@]}"}; do
    while [ "$(jobs -rp | wc -l)" -ge $at_once ]; do wait -n; done
    one "$name" &
done
wait
passed=0 failed=0
for name in ${names[@]+"${names[@]}"}; do
    cat "$scratch/$name.line"
    if [ -s "$scratch/$name.wrong" ]; then
        failed=$((failed + 1))
        sed 's/^/      /' "$scratch/$name.wrong"
        tail -n 40 "$scratch/$name.report" | LC_ALL=C tr -d '\000-\011\013-\037' | sed 's/^/      | /'
    else
        passed=$((passed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed != 0 ]
