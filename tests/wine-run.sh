#!/usr/bin/env bash
# wine-run.sh COMMAND...   runs a part of the tests under a wineserver of its own, which stays from its begin to its end
#
# Debian's wineserver goes with its last program. A program that starts just then finds its folder gone, and ends with 1
# without a word; so it is told to stay. And wineserver 8 was seen to corrupt its heap, so no part leaves its own to the
# next. It stays in the foreground: a daemon has a session of its own, and Linux may keep a small session from the
# processors for seconds while others are busy. Parts that run side by side (make -j) take turns.
set -u
here=$(cd "$(dirname "$0")" && pwd)
exec 9>"$WINEPREFIX/turn"
flock 9
bash "$here/wine-end.sh" 9>&-
for try in 1 2 3 4 5 6 7 8 9; do
    wineserver -f -p300 9>&- >"$WINEPREFIX/wineserver.log" 2>&1 &
    for ((look = 0; look < 50; look++)); do
        wineserver -k0 2>/dev/null && break 2 # one that has begun can be sent signal 0
        sleep 0.1
    done
    echo "wineserver does not start (try $try)" >&2
done
"$@" 9>&-
status=$?
bash "$here/wine-end.sh" 9>&-
sed 's/^/wineserver said: /' "$WINEPREFIX/wineserver.log" # nothing, if all is well
exit $status
