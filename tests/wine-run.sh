#!/usr/bin/env bash
# wine-run.sh COMMAND...   runs a part of the tests under a wineserver of its own, which stays from its begin to its end
#
# Debian's wineserver goes with its last program. A program that starts just then finds its folder gone, and ends with 1
# without a word; so it is told to stay. And wineserver 8 was seen to corrupt its heap, so no part leaves its own to the
# next. Parts that run side by side (make -j) take turns.
set -u
here=$(cd "$(dirname "$0")" && pwd)
exec 9>"$WINEPREFIX/turn"
flock 9
bash "$here/wine-end.sh" 9>&-
for try in 1 2 3 4 5 6 7 8 9; do
    wineserver -p300 9>&- 2>/dev/null && break
    echo "wineserver does not start (try $try)" >&2
    sleep 1
done
"$@" 9>&-
status=$?
bash "$here/wine-end.sh" 9>&-
exit $status
