#!/usr/bin/env bash
# bench.sh ROUNDS SECONDS IDLE SERVER...   servers side by side in one run; the results are build/bench/*.md
#
# For each: a file of 1 KiB and one of 1 MiB over connections that stay, and what an idle connection costs. Turns are
# short and alternate, round by round, so that whatever else the machine does falls on all alike. The first server is
# the one that the others are compared with. IDLE is the number of idle connections, where the server holds so many.
# Nothing outside build/bench is touched. A slow server is no error; one that does not answer is.
#
# Notes for table.awk, one line each: load (turn.lua says what), idle (idle.c), calls, title.
set -eu
here=$(cd "${0%/*}" && pwd)
build=${BUILD:-$PWD/build}
solutions=$PWD/solutions
rounds=${1-} seconds=${2-} idle=${3-}
shift $(($# < 3 ? $# : 3))
servers=("$@")

# Stage 02 holds 64 connections. The same load for all.
small_connections=60 large_connections=16

fail() {
    echo "bench: $*" >&2
    exit 1
}

for number in "$rounds" "$seconds" "$idle"; do
    case $number in '' | *[!0-9]* | 0*) fail "ROUNDS, SECONDS_EACH and IDLE are whole numbers from 1; '$number' is not" ;; esac
done
[ ${#servers[@]} -gt 0 ] || fail 'no servers: bench.sh ROUNDS SECONDS IDLE SERVER...'
command -v wrk >/dev/null || fail 'wrk is missing: apt-get install wrk'

# shellcheck source-path=SCRIPTDIR
. "$here/servers.sh"
for name in "${servers[@]}"; do
    title_of "$name" >/dev/null || fail "no server is called '$name'; there are nginx, nginx-plain, lighttpd, h2o, 01 to 05, 05-hot," \
        '05-transmit, 05-sndbuf, 05-deep, and the .exe files: 03-wine to 05-wine, 05-hot-wine'
    case $name in nginx* | lighttpd | h2o) command -v "${name%-plain}" >/dev/null || fail "${name%-plain} is missing: apt-get install ${name%-plain}" ;; esac
done

ulimit -n "$(ulimit -Hn)"
if [ "$(ulimit -n)" != unlimited ] && [ "$idle" -gt $(($(ulimit -n) - 100)) ]; then idle=$(($(ulimit -n) - 100)); fi

mkdir -p "$build/bench/root" && cd "$build/bench"
rm -f ./*.log notes
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
head -c 1024 /dev/zero | tr '\0' x >root/small.txt
head -c 1048576 /dev/zero | tr '\0' x >root/large.txt

hz=$(getconf CLK_TCK)
for name in "${servers[@]}"; do echo "title $name $(title_of "$name")"; done >notes

# One turn of wrk. Adds a line to $out.
load() { # load KIND NAME FILE CONNECTIONS SECONDS
    kill -0 "${pids[$2]%% *}" 2>/dev/null || { cat "$2.log" >&2 && fail "$2 has ended"; }
    BENCH_PIDS=${pids[$2]} BENCH_OUT=$out BENCH_TURN="$1 $2 $hz" ${under:-} wrk -t 1 -c "$4" -d "$5s" --timeout 10s \
        -s "$here/turn.lua" "http://127.0.0.1:${port[$2]}/$3" >wrk.log 2>&1 || { cat wrk.log >&2 && fail "wrk against $2"; }
}

# How many idle connections a server gets, in four steps.
steps() { # steps NAME
    local most=$idle
    case $1 in
    01*) most=1000 ;; # a thread for each
    02*) most=$small_connections ;;
    lighttpd) most=$(($(ulimit -n) / 2 - 100)) ;; # it keeps a descriptor for a file with each
    esac
    if [ "$most" -gt "$idle" ]; then most=$idle; fi
    printf '%s\n' $(((most + 3) / 4)) $(((most + 1) / 2)) $(((most * 3 + 3) / 4)) "$most" | uniq | paste -sd ,
}

# Each fresh: memory that a load left behind would serve the first connections.
idle_connections() {
    local name
    for name in "${servers[@]}"; do
        case $name in *-plain | *-wine | *-transmit | *-sndbuf | *-deep) continue ;; esac
        start "$name"
        # shellcheck disable=SC2086 # several processes
        "$build/linux/tests/bench/idle" "${port[$name]}" /small.txt "$(steps "$name")" ${pids[$name]} >idle.out ||
            fail "$name, idle connections"
        sed "s/^/idle $name /" idle.out >>notes
        stop "$name"
        printf '.'
    done
}

# How many system calls a request takes. They are counted in a turn of their own: by perf, which costs little, or else
# by strace, which slows the server so much that it waits less often. Where neither may look, there is no such column.
calls_by() {
    if perf stat -e raw_syscalls:sys_enter true >/dev/null 2>&1; then
        echo perf
    elif strace -o /dev/null true 2>/dev/null; then
        echo strace
    fi
}

# Connections cost calls too; a turn with few requests, as on a busy machine, would count those.
count_calls() { # count_calls NAME
    local out=calls.turn requests try
    for ((try = 0; try < 5; try++)); do
        rm -f calls.turn
        "calls_$by" "$1"
        requests=$(awk '{ print $4 }' calls.turn)
        if [ "$requests" -ge $((50 * small_connections)) ]; then
            sed "s/^/calls $1 $requests /" calls.out >>notes
            return
        fi
    done
}

calls_perf() { # calls_perf NAME: perf attaches to the server before it starts wrk
    local list=${pids[$1]% }
    under="perf stat -x : -o perf.out -e raw_syscalls:sys_enter -p ${list// /,}" load call "$1" small.txt $small_connections 1
    sed -n 's/:.*raw_syscalls.*//p' perf.out >calls.out
}

calls_strace() { # calls_strace NAME
    local list=${pids[$1]% } watch
    strace -f -c -o strace.out -p "${list// /,}" 2>/dev/null &
    watch=$!
    while kill -0 $watch 2>/dev/null && untraced "$1"; do sleep 0.05; done
    load call "$1" small.txt $small_connections 1
    kill -INT $watch 2>/dev/null || :
    wait $watch || :
    awk '$1 ~ /^[0-9.]+$/ && $NF != "total" { sum += $4 } END { print sum + 0 }' strace.out >calls.out
}

untraced() { # untraced NAME: has it a thread that strace has not reached?
    local pid
    for pid in ${pids[$1]}; do
        if cat "/proc/$pid/task/"*/status 2>/dev/null | grep -q '^TracerPid:[[:space:]]*0$'; then return 0; fi
    done
    return 1
}

runs() { # runs KIND NAME: what a variant changes only for files, or in memory, is not loaded with everything
    case $1$2 in small*-transmit | small*-sndbuf | small*-deep | large*-hot* | largenginx-plain) [ -n "${ALL:-}" ] ;; esac
}

rounds_of() { # rounds_of KIND CONNECTIONS SECONDS
    local round name out=notes
    for ((round = 0; round < rounds; round++)); do
        for name in "${servers[@]}"; do
            if runs "$1" "$name"; then load "$1" "$name" "$1.txt" "$2" "$3"; fi
        done
        printf '.'
    done
}

{
    echo "machine $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r | cut -d . -f 1,2)"
    echo "before $(cut -d ' ' -f 1 /proc/loadavg)"
    echo "versions wrk $(wrk -v 2>&1 | sed -nE 's/^wrk (debian\/)?([0-9.]+).*/\2/p'), $(nginx -v 2>&1 | sed 's/.*: //')"
    echo "plan $rounds $seconds $small_connections $large_connections"
} >>notes

printf 'idle connections '
idle_connections
for name in "${servers[@]}"; do start "$name"; done
for name in "${servers[@]}"; do # each answers as it should, and is warm
    for file in small large; do
        # shellcheck disable=SC2086 # several processes
        "$build/linux/tests/bench/idle" "${port[$name]}" "/$file.txt" 1 ${pids[$name]} >/dev/null || fail "$name: a wrong answer"
    done
    out=/dev/null load warm "$name" small.txt $small_connections 1
done
printf '\n1 KiB '
rounds_of small $small_connections "$seconds"
printf '\n1 MiB '
rounds_of large $large_connections $(((seconds + 1) / 2))
by=$(calls_by)
case "${servers[*]}" in *-wine*) by= ;; esac # an .exe shares a process with others for its calls: Wine's server
if [ -n "$by" ]; then
    printf '\nsystem calls '
    echo "by $by" >>notes
    for name in "${servers[@]}"; do if runs small "$name"; then count_calls "$name"; fi; done
fi
printf '\n\n'

awk -v table=table.md -v short=readme.md -f "$here/table.awk" notes
cat table.md
