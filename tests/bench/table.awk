# table.awk -v table=FILE -v short=FILE notes   what bench.sh noted, as tables in Markdown: all of it, and a few columns
#
# A server's figure is the median of its turns. A ratio is taken within a round, so that both were measured at the same
# time; the table shows the median of the ratios, and the smallest and the largest.

function sorted(v, n,   i, j, x) {
    for (i = 2; i <= n; i++) {
        x = v[i]
        for (j = i - 1; j > 0 && v[j] > x; j--) v[j + 1] = v[j]
        v[j + 1] = x
    }
}
function median(v, n) {
    if (!n) return 0
    sorted(v, n)
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
# 12,345: the digits in groups
function grouped(x,   s, out) {
    s = sprintf("%.0f", x)
    while (length(s) > 3) { out = "," substr(s, length(s) - 2) out; s = substr(s, 1, length(s) - 3) }
    return s out
}
# The median of one column of a server's turns; what = rate, cpu, switches or threads
function of(kind, name, what,   r, v) {
    for (r = 1; r <= turns[kind, name]; r++) v[r] = note[kind, name, r, what]
    return median(v, turns[kind, name])
}
function ratio(kind, name,   r, v, n, m, range) {
    for (r = 1; r <= turns[kind, name]; r++)
        if (note[kind, names[1], r, "rate"]) v[++n] = note[kind, name, r, "rate"] / note[kind, names[1], r, "rate"]
    if (!n) return "-"
    m = median(v, n)
    return sprintf("%.2f (%.2f-%.2f)", m, v[1], v[n])
}
# Bytes for one more idle connection: the slope of the line through all steps (least squares).
function slope(name,   i, n, sx, sy, sxx, sxy) {
    n = steps[name]
    for (i = 1; i <= n; i++) {
        sx += at[name, i]; sy += bytes[name, i]; sxx += at[name, i] ^ 2; sxy += at[name, i] * bytes[name, i]
    }
    return n > 1 && n * sxx != sx ^ 2 ? (n * sxy - sx * sy) / (n * sxx - sx ^ 2) : -1
}
# The smallest and largest slope between neighbouring steps: how straight the line is.
function spread(name,   i, s, low, high) {
    for (i = 2; i <= steps[name]; i++) {
        s = (bytes[name, i] - bytes[name, i - 1]) / (at[name, i] - at[name, i - 1])
        if (i == 2 || s < low) low = s
        if (i == 2 || s > high) high = s
    }
    return steps[name] > 1 ? grouped(low) "-" grouped(high) : "-"
}
function idle_bytes(name) { return slope(name) >= 0 ? grouped(slope(name)) : "-" }
# A column, where calls were counted.
function calls_each(name) { return !said["by"] ? "" : requests[name] ? sprintf(" %.2f |", calls[name] / requests[name]) : " - |" }

# The first server's name, short.
function first(   s) { s = title[names[1]]; sub(/[ ,].*/, "", s); return s }

function aim(what, figure, reached) { printf "| %s | %s: %s |\n", what, figure, reached ? "reached" : "missed" >table }

$1 == "title" { names[++count] = $2; title[$2] = $0; sub(/^title [^ ]+ /, "", title[$2]) }
$1 == "machine" || $1 == "versions" { said[$1] = $0; sub(/^[a-z]+ /, "", said[$1]) }
$1 == "before" || $1 == "by" { said[$1] = $2 }
$1 == "plan" { rounds = $2; seconds = $3; connections["small"] = $4; connections["large"] = $5 }
$1 == "idle" { i = ++steps[$2]; at[$2, i] = $3; bytes[$2, i] = $4; threads[$2, i] = $5 }
$1 == "calls" { requests[$2] = $3; calls[$2] = $4 }
# small|large name hz requests microseconds bytes ticks switches threads connect read write status timeout
$1 == "small" || $1 == "large" {
    any[$1] = 1
    r = ++turns[$1, $2]
    note[$1, $2, r, "rate"] = $4 / $5 * 1e6
    note[$1, $2, r, "cpu"] = $4 ? $7 / $3 * 1e6 / $4 : 0
    note[$1, $2, r, "switches"] = $4 ? $8 * 1000 / $4 : 0
    note[$1, $2, r, "threads"] = $9
    for (i = 10; i <= 14; i++) wrong[$2] += $i
    all += $4
    body = $1 == "small" ? 1024 : 1048576
    if ($6 < $4 * body) { wrong[$2]++ } # answers without their bytes
}

END {
    printf "%s. %d rounds of %d s of each server, in turn; load average before the run %s. %s.\n\n",
        said["machine"], rounds, seconds, said["before"], said["versions"] >table

    busy = said["before"] > said["machine"] / 2 # processors
    if (busy)
        print "**The machine was busy with other work before this began.** On a busy machine a server with more threads" \
            " gets more\nof the time, so rates and ratios say little here; the other columns hardly depend on it.\n" >table
    printf "A file of 1 KiB, %d connections that stay:\n\n", connections["small"] >table
    print "| server | requests/s | to " first() " | CPU µs each | switches per 1000 | threads |" (said["by"] ? " system calls each |" : "") >table
    print "|---|---:|---:|---:|---:|---:|" (said["by"] ? "---:|" : "") >table
    for (i = 1; i <= count; i++) {
        n = names[i]
        if (turns["small", n])
            printf "| %s | %s | %s | %.1f | %s | %d |%s\n", title[n], grouped(of("small", n, "rate")), ratio("small", n),
                of("small", n, "cpu"), grouped(of("small", n, "switches")), of("small", n, "threads"), calls_each(n) >table
    }
    printf "\nA file of 1 MiB, %d connections that stay:\n\n", connections["large"] >table
    print "| server | MiB/s | to " first() " | CPU µs each | switches per 1000 | threads |" >table
    print "|---|---:|---:|---:|---:|---:|" >table
    for (i = 1; i <= count; i++) {
        n = names[i]
        if (turns["large", n])
            printf "| %s | %s | %s | %s | %s | %d |\n", title[n], grouped(of("large", n, "rate")), ratio("large", n),
                grouped(of("large", n, "cpu")), grouped(of("large", n, "switches")), of("large", n, "threads") >table
    }
    for (i = 1; i <= count && !idle; i++) idle = steps[names[i]]
    if (idle) {
        print "\nConnections that made one request and are idle since:\n" >table
        print "| server | from - to | bytes for each more | between the steps | threads |" >table
        print "|---|---:|---:|---:|---:|" >table
        for (i = 1; i <= count; i++) {
            n = names[i]
            if (steps[n])
                printf "| %s | %s - %s | %s | %s | %s |\n", title[n], grouped(at[n, 1]), grouped(at[n, steps[n]]),
                    idle_bytes(n), spread(n), grouped(threads[n, steps[n]]) >table
        }
    }
    printf "\n" >table
    for (i = 1; i <= count; i++)
        if (wrong[names[i]]) {
            printf "Not all was well: %s gave %d errors (socket errors, timeouts, answers that are not 2xx or lack bytes).\n",
                title[names[i]], wrong[names[i]] >table
            bad = 1
        }
    if (!bad) printf "All %s answers were 2xx with all their bytes; no socket errors.\n", grouped(all) >table
    if (said["by"]) printf "System calls were counted by %s in a turn of their own.\n", said["by"] >table

    hot = "05-hot"
    if (turns["small", hot] && turns["small", "nginx"]) {
        print "\n| what stage 05 was designed for | this run |\n|---|---|" >table
        aim("less processor time for a hot small file than nginx with its file cache",
            sprintf("%.1f µs, nginx %.1f", of("small", hot, "cpu"), of("small", "nginx", "cpu")),
            of("small", hot, "cpu") < of("small", "nginx", "cpu"))
        if (requests[hot])
            aim("two system calls for it, and a share of a wait", sprintf("%.2f", calls[hot] / requests[hot]),
                calls[hot] < 3 * requests[hot])
        if (steps[hot] > 1) aim("under 280 bytes of user memory for an idle connection", idle_bytes(hot), slope(hot) < 280)
    }

    print "| server | requests/s, 1 KiB | CPU µs each | threads | MiB/s, 1 MiB | bytes an idle connection |" >short
    print "|---|---:|---:|---:|---:|---:|" >short
    for (i = 1; i <= count; i++) {
        n = names[i]
        if (turns["small", n])
            printf "| %s | %s | %.1f | %d | %s | %s |\n", title[n], grouped(of("small", n, "rate")), of("small", n, "cpu"),
                of("small", n, "threads"), turns["large", n] ? grouped(of("large", n, "rate")) : "-", idle_bytes(n) >short
    }
    printf "\n%s; wrk and the server share it. Medians of %d alternating turns of %d s.%s\n", said["machine"], rounds, seconds,
        busy ? "\nThe machine was busy with other work: the rates say little, the other columns hardly depend on it." : "" >short
}
