#!/usr/bin/env bash
# run.sh PROGRAMS   do the verifier's rules and the faults do what their manuals say? PROGRAMS is tests/verifier's program.
# Each rule has a program that breaks it, which must be reported with the lines that are marked in its source, and one
# that comes close, of which nothing may be said. Each fault is seen in what a program prints with it and without.
set -u
programs=$(realpath "$1")
folder_of_sources=$(realpath "${0%/*}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit
passed=0 failed=0

check() { # check TEXT CONDITION-STATUS
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
        sed 's/^/    /' said
    fi
}

# Does the report name a line that carries this mark? Nothing is asked where no line is marked.
names_line() { # names_line MARK LABEL
    local lines
    lines=$(grep -nE "$1( |\$)" "$source" | cut -d: -f1 | paste -sd'|')
    [ -z "$lines" ] || grep -A3 "$rule:" said | grep -qE "^    $2: .* at ${source##*/}:($lines),"
}

# A name is bad-RULE or good-RULE, perhaps with +VARIANT behind it.
for source in "$folder_of_sources"/misuses.c "$folder_of_sources"/errors.c; do
    mapfile -t names < <(sed -n 's/^    {"\([a-z+-]*\)",.*/\1/p' "$source")
    for name in "${names[@]}"; do
        rule=${name#*-} rule=${rule%%+*} mark=${name#*-} mark=${mark/+/[+]}
        WIN32_VERIFIER=1 timeout 20 "$programs" "$name" >said 2>&1
        ended=$?
        if [ "${name%%-*}" = bad ]; then
            grep -qE "^win32 verifier: (error|warning): $rule:" said && names_line "[^T]HERE $mark" here &&
                names_line "THERE $mark" "(posted|first|closed|opened|waiting|failed|accepted|locked)"
            check "$name is reported with its lines" $?
        else
            [ $ended = 0 ] && [ ! -s said ]
            check "$name is not reported" $?
        fi
    done
done

WIN32_VERIFIER=2 timeout 20 "$programs" bad-overlapped-reused >said 2>&1
[ $? = 134 ]
check "WIN32_VERIFIER=2 aborts at the first error" $?
WIN32_VERIFIER=1 WIN32_VERIFIER_LOG=log timeout 20 "$programs" bad-handle-leaked >said 2>&1 && [ ! -s said ] && grep -q handle-leaked log
check "WIN32_VERIFIER_LOG takes the reports, and the exit code stays" $?

observe() { # observe PROGRAM FAULTS EXPECTED: what it prints without, and with the fault, as two patterns
    timeout 20 "$programs" "$1" >said 2>&1
    grep -qxE "$3" said
    check "$1 without a fault prints $3" $?
    WIN32_FAULTS=$2 timeout 20 "$programs" "$1" >said 2>&1
    grep -qxE "$4" said
    check "$1 with \"$2\" prints $4" $?
}

ten='(100 ){10}'
observe send-ten 'fail WSASend nth=3 error=10055' "$ten" '(100 ){2}error:10055 (100 ){7}'
observe send-ten 'fail WSASend every=4 error=10054; fail WSASend nth=1 error=10053' "$ten" 'error:10053 (100 ){2}error:10054 (100 ){3}error:10054 (100 ){2}'
observe send-ten 'fail WSARecv error=10055' "$ten" "$ten"
observe send-ten 'short send' "$ten" '([1-9][0-9]? ){10}'
observe send-ten 'zero send nth=2' "$ten" '100 0 (100 ){8}'
observe send-ten 'pending' "$ten" '(pending:100 ){10}'
observe receive-five 'receive max=1' '5 ' '1 '
observe slow-return 'slow return ms=2000' 'early in turn ' 'late overtaken '
observe slow-return 'slow return p=0' 'early in turn ' 'early in turn '
observe receive-early 'immediate ms=5000' 'pending:5 ' '5 '
observe order 'shuffle window=8' 'sorted early ' 'shuffled (early|late) '
observe order 'delay ms=60 p=0.5' 'sorted early ' 'shuffled late '
observe order 'delay ms=60' 'sorted early ' 'sorted late '
observe close-under 'close-error 64' '995 ' '64 '
observe close-under 'close-error 1236' '995 ' '1236 '
observe close-under 'close-error random' '995 ' '(995|64|1236) '
observe recycle 'recycle' 'other ' 'same '
observe write 'short write' '1000 ' '[1-9][0-9]?[0-9]? '
observe accept 'storm ms=2000' 'one by one ' 'together '
# A pair takes 3.5 KB, an operation 500 bytes; ten pages are 40960 bytes, and receives of no bytes lock none.
# What GetSystemInfo tells, how many bits its mask has, and how many threads a port lets run that was made with 0.
here=$(nproc)
observe processors 'processors 5' "$here $here $here " '5 5 5 '
observe processors 'processors 1' "$here $here $here " '1 1 1 '
observe many 'quota nonpaged=10584' '30 30 ' '14 0 '
observe many 'quota locked=40960' '30 30 ' '10 30 '

same_again() {
    WIN32_FAULTS='short send p=0.5' WIN32_SEED=$1 "$programs" send-ten
}
same_again 7 >said
same_again 7 >again
same_again 8 >other
{ cmp -s said again && ! cmp -s said other; }
check "the same seed gives the same run, another seed another" $?

WIN32_REPORT=peaks "$programs" many >said 2>&1
grep -qx 'peak-nonpaged-bytes=33584 peak-locked-pages=30 peak-locked-bytes=122880 peak-operations=60 peak-connections=2' peaks
check "the report tells the peaks" $?

for wrong in 'short sned' 'fail WSASnd error=1' 'fail WSASend' 'quota nonpaged=lots' 'delay ms=5 p=2' 'receive' 'processors' 'processors 0' 'processors 65' 'processors 2 p=1'; do
    WIN32_FAULTS=$wrong "$programs" recycle >said 2>&1
    { [ $? = 2 ] && [ "$(wc -l <said)" = 1 ] && grep -q "\"$wrong\".*allowed: " said; }
    check "\"$wrong\" is refused in one line" $?
done
printf '# a scenario\nfail WSASend nth=1 error=10055 # once; only once\n\n' >scenario
WIN32_FAULTS=@scenario "$programs" send-ten >said 2>&1
grep -qxE 'error:10055 (100 ){9}' said
check "a scenario can be a file" $?

# --- the journal: every call that blocks has a line at both ends, and all calls are the program's, whatever its name
cp "$programs" "a name with spaces"
WIN32_JOURNAL=journal timeout 20 "./a name with spaces" blocks >said 2>&1
check "the program that blocks everywhere ends well" $?
for call in recv send select WSAPoll connect Sleep WaitForMultipleObjects EnterCriticalSection AcquireSRWLockExclusive \
    AcquireSRWLockShared SleepConditionVariableCS SleepConditionVariableSRW InitOnceExecuteOnce WSAGetOverlappedResult; do
    began=$(grep -c " call=$call " journal) woke=$(grep -c " woke=$call " journal)
    grep -E " (call|woke)=$call " journal >said
    [ "$began" -gt 0 ] && [ "$began" = "$woke" ]
    check "$call has as many ends as beginnings: $began, $woke" $?
done
grep ' from=' journal | grep -vE '^time=[0-9.]+( [^ =]+=[^ =]+)+$' >said
[ ! -s said ]
check "a line is pairs of name and value, also when the program's name has spaces" $?
callers=$(sed -n 's/.* from=a_name_with_spaces+\(0x[0-9a-f]*\)$/\1/p' journal | sort -u |
    while read -r caller; do printf '0x%x\n' $((caller - 1)); done)
# shellcheck disable=SC2086 # one word a caller
addr2line -s -e "$programs" $callers | grep -vE '^(blocks|programs)\.c:[1-9]' >said
[ -n "$callers" ] && [ ! -s said ] && [ "$(grep -c ' call=' journal)" = "$(grep -c ' from=a_name_with_spaces+0x' journal)" ]
check "every call is the program's, none the port's own" $?

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
