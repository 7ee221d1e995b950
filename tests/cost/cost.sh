#!/usr/bin/env bash
# cost.sh ASK SERVER UNWATCHED-SERVER   what do the journal, the faults and the verifier cost a request?
#
# Counts the instructions of a server's own code for a request, as the difference of two runs under valgrind, so that
# start and end do not count: with everything off, built without any of it (-DWATCH_NONE), and with the verifier on.
set -u
ask=$1 server=$2 unwatched=$3
few=${FEW:-2000} many=${MANY:-6000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/root" "$folder/uploads"
head -c 1024 /dev/zero | tr '\0' x >"$folder/root/small.txt"

# The instructions of one run. $1 server, $2 requests; the environment is the server's.
instructions() {
    local pid port='' i
    : >"$folder/said"
    valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-file="$folder/count" "$1" --port 0 \
        --root "$folder/root" --uploads "$folder/uploads" >"$folder/said" 2>"$folder/complaints" &
    pid=$!
    for ((i = 0; i < 600 && ${#port} == 0; i++)); do
        sleep 0.1
        port=$(sed -n 's,^listening on http://127.0.0.1:\([0-9]*\)/.*,\1,p' "$folder/said")
    done
    "$ask" "$port" "$2" >&2 || { kill "$pid" && return 1; }
    kill -INT "$pid"
    wait "$pid"
    sed -n 's/.*I *refs: *//p' "$folder/count" | tr -d ,
}

# $1 server: the instructions of one request, in tenths
request() {
    local less more
    less=$(instructions "$1" "$few") && more=$(instructions "$1" "$many") || exit 1
    echo $(((more - less) * 10 / (many - few)))
}

# Rounds alternate; the least of each counts, as whatever disturbs only adds.
least() { [ -z "$1" ] || [ "$2" -lt "$1" ] && echo "$2" || echo "$1"; }
off='' without='' verifier=''
for ((round = 0; round < ${ROUNDS:-2}; round++)); do
    off=$(least "$off" "$(request "$server")")
    without=$(least "$without" "$(request "$unwatched")")
    verifier=$(least "$verifier" "$(WIN32_VERIFIER=1 request "$server")")
done
awk -v off="$off" -v without="$without" -v verifier="$verifier" 'BEGIN {
    printf "%-42s %10s\n", "instructions for a request", ""
    printf "%-42s %10.0f\n", "built without journal, faults, verifier", without / 10
    printf "%-42s %10.0f   %+.2f %%   (wanted: within 1 %%)\n", "everything off", off / 10, (off / without - 1) * 100
    printf "%-42s %10.0f   %.2f times   (wanted: under 3)\n", "verifier on", verifier / 10, verifier / off
    exit !(off <= without * 1.01 && verifier < 3 * off) }'
