#!/usr/bin/env bash
# The starters: what students get of each solution.
#
#     starters.sh write STARTER    makes labs/NN-.../*.[ch] anew; what was there is kept in build/starters-before
#     starters.sh check STARTER    makes them elsewhere and compares; then judges their tables of points
#     starters.sh earn STAGE       the starter earns nothing: every test that is worth something is red
#     starters.sh answer TARGET... each starter answers and names its first task, built for these targets
#
# STARTER is the program made of starter.c. The servers and the grader must be built.
set -u
cd "$(dirname "$0")/.." || exit
passed=0 failed=0 skipped=0

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

# A lab is written in steps: what it does not have yet is told by name, and not judged.
skip_without() { # FILE
    [ -f "$1" ] && return 1
    skipped=$((skipped + 1))
    echo "skipped: there is no $1 yet"
}

stages() { grep -l " \* stub: " solutions/0*/*.c | cut -d/ -f2 | sort -u; } # others have no starter yet

make_one() { # STARTER STAGE FOLDER
    mkdir -p "$3" && "$1" "$3" "solutions/$2"/*.[ch] && cp labs/todo.[ch] "$3"
}

write() {
    local stage
    for stage in $(stages); do
        mkdir -p "build/starters-before/$stage"
        cp "labs/$stage"/*.[ch] "build/starters-before/$stage" 2>/dev/null
        make_one "$1" "$stage" "build/starters/$stage" || exit
        mkdir -p "labs/$stage"
        rm -f "labs/$stage"/*.[ch]
        mv "build/starters/$stage"/*.[ch] "labs/$stage"
    done
}

same() { # FOLDER FOLDER: the same sources in both
    diff <(cd "$1" && grep -n '' ./*.[ch]) <(cd "$2" && grep -n '' ./*.[ch])
}

tasks() { # numbers of the tasks of a starter, in order
    grep -ohE 'TODO [0-9]+\.[0-9]+:' "$1"/*.c | sed 's/TODO //; s/://' | sort -u -V
}

# Starts a server, asks once with bash alone, and sees whether the answer names the first task.
answers() { # STAGE TASK TARGET
    local folder line port answer status=1 program=("$PWD/build/$3/labs/$1/server")
    [ "$3" != windows ] || program=(wine "${program[0]}.exe")
    folder=$(mktemp -d)
    : >"$folder/out" # it is looked at before the server has made it
    "${program[@]}" --port 0 --root labs/site >"$folder/out" 2>"$folder/err" &
    local pid=$!
    for _ in $(seq 600); do
        line=$(head -n 1 "$folder/out" | tr -d '\r')
        if [ -n "$line" ] || ! kill -0 $pid 2>/dev/null; then break; fi
        sleep 0.1
    done
    port=${line##*:}
    if [[ $line =~ ^listening\ on\ http://127.0.0.1:[0-9]+/$ ]] && exec 5<>"/dev/tcp/127.0.0.1/${port%/}"; then
        printf 'GET / HTTP/1.1\r\nHost: check\r\n\r\n' >&5
        answer=$(timeout 20 cat <&5)
        exec 5>&-
        case $answer in 'HTTP/1.1 501 '*"TODO $2, labs/$1/"*) status=0 ;; *) echo "$answer" ;; esac
    fi
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    rm -rf "$folder"
    return $status
}

# The table of points: a row for each test of the stage, a task of this lab, a section of the handout; 100 in all.
points() { # STAGE
    local table=labs/$1/points number=${1%%-*}
    awk -F '\t' -v lab="${number#0}" '
        FILENAME ~ /README.md$/ { if (/^## [0-9]+\.[0-9]+ /) { split($0, w, " "); section[w[2]] = 1 } next }
        FILENAME == "-" { has[$1] = 1; next }
        /^[#@]/ || /^$/ { next }
        NF != 5 { print FILENAME ":" FNR ": a line has five fields, between tabs"; bad = 1; next }
        $1 !~ "^" lab "\\.[0-9]+$" { print FILENAME ":" FNR ": no task of this lab: " $1; bad = 1 }
        !($2 in has) { print FILENAME ":" FNR ": the grader has no such test for this stage: " $2; bad = 1 }
        seen[$2]++ { print FILENAME ":" FNR ": once more: " $2; bad = 1 }
        $3 !~ /^[0-9]+(\.[0-9])?$/ { print FILENAME ":" FNR ": no number of points: " $3; bad = 1 }
        length($4) < 20 { print FILENAME ":" FNR ": no hint"; bad = 1 }
        !($5 in section) { print FILENAME ":" FNR ": the handout has no section " $5; bad = 1 }
        { sum += int($3 * 10 + 0.5); worth[$1] += $3 }
        END { for (test in has) if (!(test in seen)) { print ARGV[ARGC - 1] ": no row for " test " (0 points will do)"; bad = 1 }
              for (task in worth) if (worth[task] == 0) { print ARGV[ARGC - 1] ": nothing to be earned in " task; bad = 1 }
              if (sum != 1000) { print ARGV[ARGC - 1] ": " sum / 10 " points in all, not 100"; bad = 1 } exit bad }' \
        "labs/$1/README.md" - "$table" < <(build/linux/tests/grade/grade --stage "${number#0}" --list none)
}

mark_is_refused() { # LINES: the generator must stop with one line that names the place
    local folder text status
    folder=$(mktemp -d)
    printf '%s\n' "$@" >"$folder/bad.c"
    text=$("$STARTER" "$folder" "$folder/bad.c" 2>&1)
    status=$?
    rm -rf "$folder"
    [ $status = 1 ] && [[ $text == *bad.c:* ]] && [ "$(wc -l <<<"$text")" = 1 ]
}

check_all() {
    local stage task new=build/starters/new
    rm -rf "$new"
    check 'a task that does not end' mark_is_refused '/* LAB 1.1 { Do. */' 'x'
    check 'a task that ends as another' mark_is_refused '/* LAB 1.1 { Do. */' '/* LAB 1.2 } */'
    check 'a task inside a task' mark_is_refused '/* LAB 1.1 { Do. */' '/* LAB 1.2 { Do. */'
    check 'a comment that does not end' mark_is_refused '/* LAB 1.1 { Do.' ' * stub: x;'
    check 'a mark without a number' mark_is_refused '/* LAB { Do. */'
    check 'a mark behind code' mark_is_refused 'x; /* LAB 1.1 { Do. */'
    for stage in $(stages); do
        make_one "$STARTER" "$stage" "$new/$stage"
        check "labs/$stage is what its solution gives (make starters)" same "labs/$stage" "$new/$stage"
        check "labs/$stage has no mark" test -z "$(grep -l 'LAB [0-9.]* [{}]' "labs/$stage"/*.[ch])"
        for task in $(tasks "$new/$stage"); do
            [ ! -f "labs/$stage/README.md" ] || check "labs/$stage/README.md has a section $task" grep -q "^## $task " "labs/$stage/README.md"
            [ ! -f "labs/$stage/points" ] || check "labs/$stage/points has a test for $task" grep -q "^$task	" "labs/$stage/points"
        done
        skip_without "labs/$stage/README.md"
        skip_without "labs/$stage/points" || check "labs/$stage/points is a good table" points "$stage"
        check "the server of labs/$stage answers and names the first task" answers "$stage" "${stage:1:1}.1" linux
    done
    report
}

# The judge's verdict on a starter: of the rows that are worth something none has passed.
earns_nothing() { # STAGE
    local stage=$1 lab=${1:1:1} log
    log=$(mktemp)
    # Short waits: nothing is to come, and what comes late has not been earned either.
    CK_TIMEOUT_MULTIPLIER=1 build/linux/tests/grade/grade --stage "$lab" --points "labs/$stage/points" --jobs 8 "build/linux/labs/$stage/server" >"$log" 2>&1
    [ $? = 1 ] && grep -q '^0 of 100 points' "$log" && return
    awk -F '\t' 'FNR == NR { if ($3 > 0) worth[$2] = $3; next }
        { split($0, w, / +/) } w[1] == "pass" && w[2] in worth { print w[2] " is worth " worth[w[2]] " and green in the starter" }' \
        "labs/$stage/points" "$log"
    tail -n 15 "$log"
    rm -f "$log"
    return 1
}

check_answers() { # TARGET...
    local stage target
    for target; do
        for stage in $(stages); do
            check "the server of labs/$stage, built for $target, answers and names the first task" answers "$stage" "${stage:1:1}.1" "$target"
        done
    done
    report
}

report() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed = 0 ]
}

STARTER=$2
case $1 in
write) write "$STARTER" ;;
check) check_all ;;
earn)
    check "labs/$2 earns nothing as it is" earns_nothing "$2"
    report
    ;;
answer) check_answers "${@:2}" ;;
*) exit 2 ;;
esac
