#!/usr/bin/env bash
# check.sh BUILD   does the bench count right? No figure of this machine is judged, only what becomes of given ones;
# and idle.c, which must see memory grow and answers that are wrong. Needs neither wrk nor nginx.
set -u
here=$(cd "${0%/*}" && pwd)
build=$1
passed=0 failed=0
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid"' EXIT

check() { # check TEXT COMMAND...
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
    fi
}
says() { grep -qF -- "$2" "$1" || { echo "no '$2' in $1:" && cat "$1" && return 1; }; }

# Three rounds. The ratios of B to A are 2, 0.5 and 1; B's rates 2000, 1000, 4000; A sent 6 bad answers.
cat >notes <<'END'
title a A
title b B x
machine 2 processors
before 0.5
versions v
plan 3 1 60 16
idle a 100 1000 1
idle a 200 3000 1
idle a 300 5000 7
idle b 15 10240 2
idle b 30 20480 2
idle b 45 40960 2
small a 100 1000 1000000 1024000 10 500 4 0 0 0 0 0
small b 100 2000 1000000 2048000 40 500 4 0 0 0 0 0
small a 100 2000 1000000 2048000 20 500 4 0 1 2 3 0
small b 100 1000 1000000 1024000 20 500 6 0 0 0 0 0
small a 100 4000 1000000 4096000 40 500 4 0 0 0 0 0
small b 100 12000 3000000 12288000 240 6000 4 0 0 0 0 0
large b 100 10 1000000 10485760 1 20 4 0 0 0 0 0
calls b 1000 2500
by perf
END
awk -v table=table.md -v short=short.md -f "$here/table.awk" notes
check 'rates, ratios and costs are medians' says table.md '| B x | 2,000 | 1.00 (0.50-2.00) | 200.0 | 500 | 4 | 2.50 |'
check 'the first is its own measure' says table.md '| A | 2,000 | 1.00 (1.00-1.00) | 100.0 | 250 | 4 | - |'
check 'large files have a table' says table.md '| B x | 10 | - | 1,000 | 2,000 | 4 |'
check 'idle connections: a straight line' says table.md '| A | 100 - 300 | 20 | 20-20 | 7 |'
check 'idle connections: a bent line' says table.md '| B x | 15 - 45 | 1,024 | 683-1,365 | 2 |'
check 'wrong answers are said' says table.md 'A gave 6 errors'
check 'nobody else is blamed' test "$(grep -c 'gave .* errors' table.md)" = 1
check 'the short table' says short.md '| B x | 2,000 | 200.0 | 4 | 10 | 1,024 |'
check 'a quiet machine needs no warning' test "$(cat table.md short.md | grep -c 'busy')" = 0
sed -i 's/^before.*/before 1.5/; s/ 0 1 2 3 0$/ 0 0 0 0 0/' notes
awk -v table=table.md -v short=short.md -f "$here/table.awk" notes
check 'a busy machine is told' test "$(cat table.md short.md | grep -c 'machine was busy')" = 2
check 'all well is said' says table.md 'All 22,010 answers were 2xx'
sed -i 's/ 12288000 / 12287999 /' notes
awk -v table=table.md -v short=short.md -f "$here/table.awk" notes
check 'a missing byte is an error' says table.md 'B x gave 1 errors'

sed -i '/^by/d; /^calls/d' notes
awk -v table=table.md -v short=short.md -f "$here/table.awk" notes
check 'no column for what was not counted' says table.md '| A | 2,000 | 1.00 (1.00-1.00) | 100.0 | 250 | 4 |'
check 'nor its head' test "$(grep -c 'system calls' table.md)" = 0

check 'aims are for those who take part' test "$(grep -c 'designed for' table.md)" = 0
sed 's/ a / nginx /; s/ b / 05-hot /' notes >aims
awk -v table=table.md -v short=short.md -f "$here/table.awk" aims
check 'an aim that was missed' says table.md '| 200.0 µs, nginx 100.0: missed |'
sed -i 's/ 40960 2$/ 20490 2/; s/^small 05-hot 100 \([0-9]* [0-9]* [0-9]*\) [0-9]*/small 05-hot 100 \1 1/' aims
echo 'calls 05-hot 1000 2390' >>aims
awk -v table=table.md -v short=short.md -f "$here/table.awk" aims
check 'an aim that was reached' says table.md 'nginx 100.0: reached |'
check 'system calls are an aim' says table.md '| 2.39: reached |'
check 'memory is an aim' says table.md '| 342: missed |'

# A page keeps what stands around the table, however often it is published.
printf '%s\n' before '<!-- bench -->' old '<!-- end of bench -->' after >page.md
bash "$here/publish.sh" page.md short.md && cp page.md once.md && bash "$here/publish.sh" page.md short.md
check 'the table is in the page' says page.md '| B x | 2,000'
check 'what was there is gone' test "$(grep -cx old page.md)" = 0
check 'the rest is kept' test "$(sed -n '1p;$p' page.md | tr '\n' ' ')" = 'before after '
check 'twice is once' cmp -s page.md once.md
printf 'no place\n' >other.md
check 'a page without a place is refused' test "$(bash "$here/publish.sh" other.md short.md 2>&1 | grep -c 'needs one line')" = 1
check 'and is left as it was' test "$(cat other.md)" = 'no place'
for page in README.md docs/bench.md; do
    cp "$here/../../$page" copy.md
    check "$page has a place for the table" bash "$here/publish.sh" copy.md short.md
done

# A server of the kit: sees its memory grow, its threads, and an answer that is none.
mkdir root && printf 'hello' >root/a.txt
server=("$build"/linux/solutions/01-*/server) # a thread for each connection
"${server[0]}" --port 0 --root root >server.log 2>&1 &
server_pid=$!
for ((tries = 0; tries < 400; tries++)); do
    port=$(sed -nE 's|^listening on http://.*:([0-9]+)/.*|\1|p' server.log 2>/dev/null)
    if [ -n "$port" ]; then break; fi
    sleep 0.05
done
check 'idle counts' "$build/linux/tests/bench/idle" "$port" /a.txt 5,25 $server_pid >idle.out
cat idle.out
# shellcheck disable=SC2016 # the dollars are awk's
check 'each connection has its thread and its memory' \
    awk 'NR == 1 { n = $1; b = $2; t = $3 } END { exit !(NR == 2 && n == 5 && $1 == 25 && $2 > b && $3 - t == 20) }' idle.out
check 'idle refuses an answer that is no 200' \
    test "$("$build/linux/tests/bench/idle" "$port" /none.txt 1 $server_pid 2>&1)" = 'idle: connection 1, /none.txt: the answer is not a 200 with a Content-Length'
check 'idle needs a process to look at' \
    test "$("$build/linux/tests/bench/idle" "$port" /a.txt 1 999999999 2>&1)" = 'idle: the server is gone, or its /proc/PID/smaps cannot be read'
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
