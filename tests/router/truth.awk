# Judges a log of the box: what its console said and what a receiver got, in the
# order in which it came. -v now=SECONDS: when the box was started.
# Exit code 1 if anything is wrong.

function wrong(text) { print "WRONG  " text; failures++ }

BEGIN {
    # What is there while the connections are held: offloaded TCP is ESTABLISHED,
    # offloaded UDP ACTIVE; the router's own is the daemon's datagrams. The second
    # summand is IPv6.
    held["laptop tcp ESTABLISHED"] = 7 + 2
    held["laptop udp ACTIVE"] = 3 + 1
    held["laptop icmp ACTIVE"] = 1
    held["Living-Room-TV tcp ESTABLISHED"] = 2 + 1
    held["Living-Room-TV udp ACTIVE"] = 1
    held["Printer tcp ESTABLISHED"] = 3
    held["Printer udp ACTIVE"] = 2
    held["Printer icmpv6 ACTIVE"] = 1
    held["router udp UNREPLIED"] = 1
    for (series in held) entries += held[series]
    idle["router udp UNREPLIED"] = 1
    # What is moved besides, received and sent: by TCP, by UDP, by TCP over IPv6.
    payload["laptop HTTPS rx"] = 20000000
    payload["laptop HTTPS tx"] = 2000000
    payload["Living-Room-TV QUIC rx"] = 2000 * 1200
    payload["Living-Room-TV QUIC tx"] = 2000 * 600
    payload["Printer HTTPS rx"] = 500000
    payload["Printer HTTPS tx"] = 5000000
    # All that devices open, those transfers among it. One of IPv6 may be opened by other, until the
    # neighbours have been asked.
    connections["tcp"] = 9 + 3 + 3 + 2
    connections["udp"] = 4 + 1 + 2 + 1
    connections["icmp"] = 1 + 1
}

{ sub(/\r$/, "") }

/^BOX: phase / { phase = $3; seen_in[phase] = 0; next }
/^BOX: WRONG/ { failures++ }
/^BOX: ok/ { checks++ }
/^BOX: figure VmHWM/ { hwm = $4 }
# Once before the transfers and once after them.
/^BOX: cable / {
    cable[$3 " rx"] = $4 - cable[$3 " rx"]
    cable[$3 " tx"] = $5 - cable[$3 " tx"]
    next
}
/^BOX: log / { next }
/^BOX: / { print substr($0, 6); next }

function tag(name, series) {
    if (!match(series, "," name "=[^,]*")) return ""
    return substr(series, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
}

function field(name, fields) {
    if (!match("," fields, "," name "=[^,]*")) return ""
    fields = substr("," fields, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
    gsub(/"/, "", fields)
    sub(/i$/, "", fields)
    return fields
}

# A time, if there is one, is that of a clock which was set.
function timed(stamp) {
    if (stamp == "") { untimed++; return }
    stamped++
    if (substr(stamp, 1, length(stamp) - 9) + 0 < now) {
        wrong("a point has an old time: " $0)
    }
}

/^  connection_state,/ {
    series = tag("device_name", $1) " " tag("protocol", $1) " " tag("state", $1)
    value = $2
    gsub(/count=|i$/, "", value)
    current[series] = value + 0
    lines++
    # Those of the end: the table's text may hide an entry for once.
    if (value + 0 != 0) total[series]++; else if (phase ~ /^end/) zeros[series]++
    timed($3)
    next
}

/^  connection_rate,/ && tag("device_name", $1) != "router" {
    opened[tag("protocol", $1)] += field("opened", $2)
    closed[tag("protocol", $1)] += field("closed", $2)
}

/^  bandwidth,/ && phase == "bytes" {
    device = tag("device_name", $1)
    direction = tag("direction", $1)
    moved[device " " tag("protocol", $1) " " direction] += field("bytes", $2)
    by_service[device " " direction] += field("bytes", $2)
}

/^  device_traffic,/ && phase == "bytes" {
    device = tag("device_name", $1)
    by_device[device " rx"] += field("rx_bytes", $2)
    by_device[device " tx"] += field("tx_bytes", $2)
}

/^  listening_port,/ {
    answers = field("process", $2)
    if (answers != "" && phase ~ /^(held-|set|bytes)/) wrong("a process, and nobody asked for it: " $0)
    if (tag("port", $1) == 9001 && tag("protocol", $1) == "tcp" && phase == "seeing") {
        answers == "traffic" && field("pid", $2) > 1 ? seeing++ : unseen++
    }
}

# Of the router itself.
/^  (nstat|netstat|net|tcp_service|listening_port|network_interface),/ {
    own[substr($1, 1, index($1, ",") - 1)]++
    timed($3)
    next
}

/^  (conntrack|connection_rate|bandwidth|device_traffic),/ { timed($3); next }

/^  conntrack_exporter,/ {
    timed($3)
    judge()
    delete current
    lines = untimed = stamped = 0
}

function judge(   sequence, series) {
    snapshots++
    seen_in[phase]++
    if (field("started", $2) == started) {
        if (field("sequence", $2) != sequence_before + 1) wrong("lost before sequence " field("sequence", $2))
    }
    started = field("started", $2)
    sequence_before = field("sequence", $2)
    if (field("points", $2) != lines + 0) wrong("points=" field("points", $2) ", and " lines + 0 " came: " $0)
    cpu = field("cpu_ns", $2)
    resident = field("resident_bytes", $2)
    if (phase == "bytes" && field("offloaded", $2) > offloaded) offloaded = field("offloaded", $2)
    # What was read before the phase began belongs to the one before.
    if (seen_in[phase] <= 3) return
    if (phase == "unset") clocked("unset")
    if (phase == "set" || phase == "ended") clocked("set")
    # The table's text comes in parts of 4 KB, and an entry that expires between two hides another
    # for once. Here the one of the daemon's datagrams before the reload expires.
    if (phase == "held-procfs" && field("entries_read", $2) < entries && !hidden++) return
    if (phase ~ /^held-/) {
        same(held)
        if (field("source", $2) != substr(phase, 6)) wrong(phase ": source is " field("source", $2))
        judged[phase]++
        tick[phase] = tick[phase] " " int(field("duration_ns", $2) / 1000)
    }
    if (phase == "ended") { same(idle); judged[phase]++ }
}

function clocked(how) {
    judged[phase]++
    if (field("clock", $2) != how) wrong(phase ": clock is " field("clock", $2))
    if (how == "unset" && stamped > 0) wrong("a time from a clock that was not set")
    if (how == "set" && untimed > 0) wrong("no time from a clock that was set")
}

function same(expected,   series) {
    for (series in expected) {
        if (current[series] != expected[series]) wrong(phase ": " series " is " current[series] + 0 ", not " expected[series])
    }
    for (series in current) {
        if (!(series in expected) && current[series] != 0) wrong(phase ": " series " is " current[series] ", not 0")
    }
}

# The kernel counts headers too: one to each segment, which is at most 72 bytes to 1428, and of what
# goes the other way an acknowledgement to each.
function transfers(   series, part, device, back, least, most, wire, off) {
    print ""
    print "transfer                      payload  by the cable  by bandwidth"
    for (series in payload) {
        split(series, part, " ")
        device = part[1] " " part[3]
        back = payload[part[1] " " part[2] " " (part[3] == "rx" ? "tx" : "rx")]
        least = payload[series]
        most = least + 0.06 * (least + back)
        wire = cable[device]
        off = wire > 0 ? (moved[series] - wire) / wire : 1
        printf "%-26s %10d %13d %13d  %+.3f %%\n", series, least, wire, moved[series], 100 * off
        if (wire < least || wire > most) wrong(series ": the cable carried " wire ", not from " least " to " most)
        if (off < -0.005 || off > 0.005) wrong(series ": bandwidth is not what the cable carried")
        if (by_device[device] != by_service[device]) wrong(device ": device_traffic says " by_device[device] ", bandwidth " by_service[device])
    }
    if (offloaded < 3) wrong("of three transfers " offloaded + 0 " were seen offloaded")
}

# Whoever opened them. An entry of UDP that is offloaded may be there when the daemon is stopped.
function rates(   protocol) {
    for (protocol in connections) {
        if (opened[protocol] != connections[protocol]) wrong(protocol ": opened " opened[protocol] + 0 ", not " connections[protocol])
    }
    if (closed["tcp"] != connections["tcp"]) wrong("tcp: closed " closed["tcp"] + 0 ", not " connections["tcp"])
}

END {
    if (phase != "end") wrong("the box stopped in phase \"" phase "\"")
    for (series in held) {
        if (series ~ /^router/) continue
        if (zeros[series] != 1) wrong(series " ended with " zeros[series] + 0 " zeros, not one")
    }
    n = split("unset held-procfs held-netlink set ended", phases, " ")
    print ""
    print "phase          snapshots judged   microseconds of a snapshot"
    for (i = 1; i <= n; i++) {
        printf "%-14s %16d  %s\n", phases[i], judged[phases[i]], tick[phases[i]]
        if (judged[phases[i]] < 2) wrong("too few snapshots in " phases[i])
    }
    print ""
    print "series                                 points over 0   zeros"
    for (series in total) printf "%-38s %13d %7d\n", series, total[series], zeros[series]
    rates()
    transfers()
    print ""
    printf "%d snapshots, resident %d bytes\n", snapshots, resident
    if (hwm == "" || hwm > 6144) wrong("VmHWM is " hwm " kB, more than 6 MiB")
    if (seeing < 2 || unseen > 0) wrong("who listens at port 9001 was told " seeing + 0 " times, and " unseen + 0 " times not")
    n = split("nstat netstat listening_port", names, " ")
    for (i = 1; i <= n; i++) {
        if (own[names[i]] < snapshots / 2) wrong(names[i] ": " own[names[i]] + 0 " lines of " snapshots " snapshots")
    }
    if (checks < 64) wrong("only " checks + 0 " checks in the box")
    printf "%d passed, %d failed\n", checks + snapshots, failures
    exit failures > 0
}
