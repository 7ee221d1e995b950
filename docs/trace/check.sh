#!/usr/bin/env bash
# check.sh BUILD-FOLDER STAGE   records a real server, draws it, and asks whether the picture tells what happened
#
# With Chromium on the machine the page is opened too: it must draw without an error. Without, that is skipped.
set -u
build=$1 stage=$2
docs=$(cd "${0%/*}" && pwd)
server=$build/solutions/$stage/server
passed=0 failed=0 skipped=0

check() { # check TEXT COMMAND...
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
    fi
}

mkdir -p root
printf 'a page\n' >root/index.html
said=$("$build/docs/trace/record" --journal journal.txt --clients 3 --rounds 4 --request /index.html --request /none \
    -- "$server" --port 0 --root root)
check "every request is answered: $said" test "${said%%;*}" = \
    "3 clients, 24 requests: 12 with status 200, 12 with another, 0 without an answer"

said=$("$build/docs/trace/trace" --template "$docs" --title 'A title' --program "$server" --page page.html \
    --events events.json journal.txt 2>complaints)
check "it sums up: $said" grep -Eq '^[0-9]+ events in [0-9.]+ s; [0-9]+ threads' <<<"$said"
check "the port's journal has no line that is left out: $(head -n 3 complaints)" test ! -s complaints
check "the events keep the rules of the format: $("$build/docs/trace/formatted" events.json 2>&1)" \
    "$build/docs/trace/formatted" events.json >said.txt
check "packets find their posts: $(grep -c '"ph":"f"' events.json)" test \
    "$(grep -c '"ph":"f"' events.json)" -ge 36
if command -v addr2line >/dev/null; then
    check "callers have their line" grep -Eq '"[A-Z][A-Za-z]+","[a-z_]+\.c:[0-9]+"' page.html
else
    skipped=$((skipped + 1))
fi

"$build/docs/trace/record" --journal none.txt -- /nonexistent/server 2>said.txt
check "a server that is not there is told" test $? = 1 -a -n "$(grep 'cannot run /nonexistent/server' said.txt)"
"$build/docs/trace/trace" --template "$docs" --page none.html none.txt 2>said.txt
check "a journal that is not there is told" test $? = 2 -a -n "$(grep 'cannot read the journal' said.txt)"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -n "$browser" ]; then
    # The page notes the number of events on its root once all is drawn.
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-background-networking --disable-sync \
        --no-first-run --user-data-dir="$PWD/profile" --virtual-time-budget=5000 --dump-dom "file://$PWD/page.html" \
        >drawn.html 2>browser.log
    check "a browser draws all events" grep -q "data-ready=\"$(wc -l <journal.txt)\"" drawn.html
else
    skipped=$((skipped + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
