#!/usr/bin/env bash
# judge-check.sh LAB...   does the judge give each of a few tests a verdict, whatever state the labs are in?
set -u
cd "$(dirname "$0")/.." || exit
passed=0 failed=0
for lab; do
    number=${lab#labs/0}
    wanted=$(build/linux/tests/grade/grade --stage "${number%%-*}" --filter basics. --list none | cut -f1 | sort)
    report=$(CK_TIMEOUT_MULTIPLIER=1 timeout 120 build/linux/tests/grade/grade --stage "${number%%-*}" --filter basics. "build/linux/$lab/server" 2>&1)
    status=$?
    seen=$(awk '/^(pass|FAIL|skip) / { sub(/:$/, "", $2); print $2 }' <<<"$report" | sort)
    if [ $status -le 1 ] && [ "$seen" = "$wanted" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $lab: the judge ended with $status; its report:"
        echo "$report"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
