#!/usr/bin/env bash
# http.sh SERVER ROUNDS SECONDS FOLDER   (whole seconds) the server beside nginx: keep-alive requests for a file of 1 KiB
#
# wrk with 64 connections loads each in turn, round by round, so that whatever else the machine does falls on both.
# nginx runs as many workers as there are processors, with its file cache on. Nothing outside FOLDER is touched.
set -eu
server=$(realpath "$1") rounds=$2 seconds=$3
mkdir -p "$4/root" && cd "$4"
path=$PATH:/usr/sbin

stop() {
    for process in ${server_pid:-} ${nginx_pid:-}; do kill "$process" 2>/dev/null || :; done
    wait
}
trap stop EXIT

head -c 1024 /dev/zero | tr '\0' x >root/1k.txt

# Prints the first group that the pattern finds in a file, waiting up to ten seconds for it.
await() { # await FILE SED-EXPRESSION
    local found tries
    for ((tries = 0; tries < 200; tries++)); do
        found=$(sed -nE "$2" "$1" 2>/dev/null | head -n 1)
        if [ -n "$found" ]; then
            echo "$found"
            return
        fi
        sleep 0.05
    done
    echo "http.sh: no answer in $1:" >&2
    cat "$1" >&2
    return 1
}

"$server" --port 0 --root root >server.log 2>&1 &
server_pid=$!
server_url=$(await server.log 's|^listening on (http://.*/)$|\1|p')1k.txt

# nginx cannot pick a port of its own: tries some.
cat >nginx.conf.in <<'END'
daemon off;
worker_processes auto;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=1000;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
    server { listen 127.0.0.1:PORT; root ROOT; }
}
END
for port in 18080 18181 18282 18383 18484; do
    sed "s|PORT|$port|; s|ROOT|$PWD/root|" nginx.conf.in >nginx.conf
    PATH=$path nginx -e stderr -p "$PWD/" -c nginx.conf >nginx.log 2>&1 &
    nginx_pid=$!
    for ((tries = 0; tries < 100; tries++)); do
        if ! kill -0 $nginx_pid 2>/dev/null; then break; fi
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && [ -s nginx.pid ]; then break 2; fi
        sleep 0.05
    done
    nginx_pid=
done
[ -n "$nginx_pid" ] || { cat nginx.log >&2 && exit 1; }
nginx_url=http://127.0.0.1:$port/1k.txt

# CPU time of a process and of its children that still run, in clock ticks.
ticks() { # ticks PID
    local pid sum=0 fields
    for pid in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        fields=$(sed 's/.*) //' "/proc/$pid/stat")
        # shellcheck disable=SC2086
        set -- $fields
        sum=$((sum + ${12} + ${13}))
    done
    echo $sum
}

load() { # load NAME PID URL: one turn; appends "rate cpu-microseconds" to NAME.turns
    local before requests errors
    before=$(ticks "$2")
    wrk -t 1 -c 64 -d "${seconds}s" "$3" >"$1.wrk" || { cat "$1.wrk" >&2 && exit 1; }
    requests=$(sed -nE 's/^ *([0-9]+) requests in .*/\1/p' "$1.wrk")
    errors=$(grep -E 'Socket errors|Non-2xx' "$1.wrk") && echo "  $1: $errors"
    awk -v t=$(($(ticks "$2") - before)) -v hz="$(getconf CLK_TCK)" -v n="$requests" \
        '/^Requests\/sec:/ { print $2, t / hz * 1e6 / n }' "$1.wrk" >>"$1.turns"
}

rm -f server.turns nginx.turns
for ((round = 0; round < rounds; round++)); do
    load nginx "$nginx_pid" "$nginx_url"
    load server "$server_pid" "$server_url"
done

echo "HTTP: $(basename "$(dirname "$server")") beside nginx, 1 KiB, 64 connections, $rounds rounds of $seconds s"
paste -d ' ' nginx.turns server.turns | awk '
    function median(v, n,   i, j, x) {
        for (i = 2; i <= n; i++) { x = v[i]; for (j = i - 1; j > 0 && v[j] > x; j--) v[j + 1] = v[j]; v[j + 1] = x }
        return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    }
    { n++; a[n] = $1; ac[n] = $2; b[n] = $3; bc[n] = $4; ratio[n] = $3 / $1 }
    END {
        printf "  %-12s %12s %14s %24s\n", "server", "requests/s", "CPU us each", "ratio to nginx"
        printf "  %-12s %12.0f %14.1f\n", "nginx", median(a, n), median(ac, n)
        m = median(ratio, n)
        printf "  %-12s %12.0f %14.1f %14.2f (%.2f - %.2f)\n", "this", median(b, n), median(bc, n), m, ratio[1], ratio[n]
    }'
