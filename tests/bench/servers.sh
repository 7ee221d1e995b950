# shellcheck shell=bash
# servers.sh   starts and ends the servers that are compared; for bench.sh, in whose folder everything happens
#
# A server has a short name. After `start NAME`: port[NAME] and pids[NAME], all its processes, the first one first.
# Reads $build, $solutions and $idle of bench.sh.
# shellcheck disable=SC2154
# Stages are asked for any free port. nginx, lighttpd and h2o cannot pick one: they try some.

# shellcheck disable=SC2034 # bench.sh reads port
declare -A port pids
export PATH=$PATH:/usr/sbin

# What a reader sees; fails for an unknown name. A stage is named by its number, and stage 05 has variants: 05-hot. An
# .exe under Wine has -wine at its end.
title_of() { # title_of NAME
    local options exe=
    case $1 in
    nginx) echo 'nginx, file cache' ;;
    nginx-plain) echo 'nginx, no file cache' ;;
    lighttpd | h2o) echo "$1" ;;
    *)
        options=$(options_of "$1") && [ -n "$(stage_of "$1")" ] || return 1
        case $1 in *-wine) exe=.exe ;; esac
        echo "$(stage_of "$1")$exe${options:+ $options}"
        ;;
    esac
}

stage_of() { (cd "$solutions" && find . -maxdepth 1 -name "${1%%-*}-*" | sed 's|^./||'); }

options_of() { # options_of NAME
    case ${1%-wine} in
    0[1-5]) ;;
    05-hot) echo '--hot 1024 --hot-age 1000' ;;
    05-transmit) echo '--transmit 1' ;;
    05-sndbuf) echo '--sndbuf 0' ;;
    05-deep) echo '--reads 4 --writes 4' ;;
    *) return 1 ;;
    esac
}

# Prints the first group that the pattern finds in a file, waiting up to twenty seconds for it.
await() { # await FILE SED-EXPRESSION
    local found tries
    for ((tries = 0; tries < 400; tries++)); do
        found=$(sed -nE "$2" "$1" 2>/dev/null | head -n 1)
        if [ -n "$found" ]; then
            echo "$found"
            return
        fi
        sleep 0.05
    done
    echo "bench: a server did not start. In $PWD/$1:" >&2
    cat "$1" >&2
    return 1
}

# Idle connections stay as long as the bench wants them.
start_stage() { # start_stage NAME
    local stage program runner=
    stage=$(stage_of "$1")
    program=$build/linux/solutions/$stage/server
    case $1 in *-wine) program=$build/windows/solutions/$stage/server.exe runner=wine ;; esac
    rm -f "$1.log" # an earlier start said its port there
    # shellcheck disable=SC2046 # options are words
    $runner "$program" --port 0 --root root --idle-timeout 3600 $(options_of "$1") >"$1.log" 2>&1 &
    pids[$1]=$!
    port[$1]=$(await "$1.log" 's|^listening on http://.*:([0-9]+)/.*$|\1|p')
    # What Wine does for a program, it does in its own server.
    case $1 in *-wine) pids[$1]="${pids[$1]} $(wineserver_pid)" ;; esac
}

wineserver_pid() {
    local process
    for process in /proc/[0-9]*; do
        case $(readlink "$process/exe" 2>/dev/null) in */wineserver*) ;; *) continue ;; esac
        if grep -qzxF "WINEPREFIX=$WINEPREFIX" "$process/environ" 2>/dev/null; then echo "${process#/proc/}"; fi
    done
}

# The settings of the others: as many workers as processors, no log, no end of a connection after some requests, and
# for the file what each does best. A line of a template may name PORT, ROOT, NAME, CPUS, MOST (connections) and FILES
# (descriptors). nginx and h2o would give up root's rights, and might then not reach the folder.
template() { # template NAME
    if [ "$(id -u)" = 0 ]; then
        case $1 in
        nginx*) echo 'user root root;' ;;
        h2o) echo 'user: root' ;;
        esac
    fi
    case $1 in
    nginx*)
        cat <<'END'
daemon off;
worker_processes auto;
worker_rlimit_nofile MOST;
pid NAME.pid;
error_log stderr warn;
events { worker_connections MOST; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    open_file_cache max=1000;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
    server { listen 127.0.0.1:PORT reuseport; root ROOT; }
}
END
        ;;
    lighttpd)
        cat <<'END'
server.document-root = "ROOT"
server.bind = "127.0.0.1"
server.port = PORT
server.pid-file = "NAME.pid"
server.max-worker = CPUS
server.max-fds = FILES
server.max-connections = MOST
server.max-keep-alive-idle = 3600
server.max-keep-alive-requests = 65535
END
        ;;
    h2o)
        cat <<'END'
listen: {host: 127.0.0.1, port: PORT}
pid-file: NAME.pid
num-threads: CPUS
max-connections: MOST
http1-request-timeout: 3600
hosts: {default: {paths: {/: {file.dir: ROOT}}}}
END
        ;;
    esac
}

start_other() { # start_other NAME
    local try most=$((idle + 1000)) number command
    for ((try = 0; try < 20; try++)); do
        number=$((20000 + RANDOM % 10000))
        template "$1" | sed "s|PORT|$number|; s|ROOT|$PWD/root|; s|NAME|$1|; s|MOST|$most|; s|FILES|$(ulimit -n)|; s|CPUS|$(nproc)|" \
            >"$1.conf"
        case $1 in
        nginx-plain) sed -i '/open_file_cache/d' "$1.conf" && command="nginx -e stderr -p $PWD/ -c $1.conf" ;;
        nginx) command="nginx -e stderr -p $PWD/ -c $1.conf" ;;
        lighttpd) command="lighttpd -D -f $1.conf" ;;
        h2o) command="h2o -c $1.conf" ;;
        esac
        rm -f "$1.pid"
        # shellcheck disable=SC2086 # a command and its words
        setsid $command >"$1.log" 2>&1 & # lighttpd ends its whole group of processes: not this one
        pids[$1]=$!
        # The file with its number is written when it has the port.
        while kill -0 "${pids[$1]}" 2>/dev/null; do
            if [ -s "$1.pid" ] && (exec 3<>"/dev/tcp/127.0.0.1/$number") 2>/dev/null; then
                port[$1]=$number
                add_workers "$1"
                return
            fi
            sleep 0.05
        done
    done
    echo "bench: $1 did not start. In $PWD/$1.log:" >&2
    cat "$1.log" >&2
    return 1
}

# Processes come and go meanwhile; their files may be gone when they are opened.
children_of() { # children_of PID
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/.*\) /, ""); if ($2 == parent) print pid }'
}

# nginx and lighttpd have their workers a moment after their port.
add_workers() { # add_workers NAME
    local main=${pids[$1]} workers='' tries
    for ((tries = 0; tries < 40; tries++)); do
        workers=$(children_of "$main" | tr '\n' ' ')
        case $1 in nginx* | lighttpd) [ "$(wc -w <<<"$workers")" -lt "$(nproc)" ] || break ;; *) break ;; esac
        sleep 0.05
    done
    pids[$1]="$main $workers"
}

start() {
    case $1 in
    nginx* | lighttpd | h2o) start_other "$1" ;;
    *) start_stage "$1" ;;
    esac
}

# The processes of nginx end with their master; Wine's own server stays for the other programs.
stop() { # stop NAME
    local main=${pids[$1]%% *}
    unset "pids[$1]"
    kill "$main" 2>/dev/null || :
    wait "$main" 2>/dev/null || :
}

stop_all() {
    local name
    for name in "${!pids[@]}"; do kill "${pids[$name]%% *}" 2>/dev/null || :; done
    wait
}
