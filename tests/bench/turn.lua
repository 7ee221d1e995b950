-- turn.lua   what wrk notes about one turn: its own counts, and what the server spent meanwhile
--
-- BENCH_PIDS are the server's processes; one line is appended to BENCH_OUT, behind the words of BENCH_TURN:
--     requests microseconds bytes ticks switches threads connect-errors read-errors write-errors bad-status timeouts
-- (ticks of processor time, context switches of both kinds).
-- wrk calls setup before it connects and done while its connections are still open, so that a thread that lives as long
-- as its connection is counted too. Neither function runs during the load.

local before

-- The fields of /proc/PID/stat from the third on: a program's name, the second, may hold spaces.
local function ticks(pid)
    local file = io.open("/proc/" .. pid .. "/stat")
    if not file then return 0 end
    local sum, n = 0, 2
    for field in file:read("*a"):gsub(".*%) ", ""):gmatch("%S+") do
        n = n + 1
        if n == 14 or n == 15 then sum = sum + tonumber(field) end -- user and system time
    end
    file:close()
    return sum
end

-- What the server has spent since it started.
local function spent()
    local sum = { ticks = 0, switches = 0, threads = 0 }
    for pid in os.getenv("BENCH_PIDS"):gmatch("%d+") do
        local status = io.popen("cat /proc/" .. pid .. "/task/*/status 2>/dev/null")
        for line in status:lines() do
            local count = line:match("ctxt_switches:%s*(%d+)")
            if count then sum.switches = sum.switches + tonumber(count) end
            if line:find("^Pid:") then sum.threads = sum.threads + 1 end
        end
        status:close()
        sum.ticks = sum.ticks + ticks(pid)
    end
    return sum
end

function setup()
    before = before or spent()
end

function done(summary)
    local after, errors = spent(), summary.errors
    local out = assert(io.open(os.getenv("BENCH_OUT"), "a"))
    out:write(string.format("%s %d %d %d %d %d %d %d %d %d %d %d\n", os.getenv("BENCH_TURN"),
        summary.requests, summary.duration, summary.bytes,
        after.ticks - before.ticks, after.switches - before.switches, after.threads,
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
    out:close()
end
