"""What InfluxDB 2 is asked about the router itself and the exporter, in Flux."""

from .. import flux
from ..flux import NEWEST, now, points
from .influxdb import FEW, fields, graph, queries

# The router that was chosen.
CHOSEN = ('r.host =~ /^${host:regex}$/',)


def of_host(function, measurement, field):
    return graph(flux.each(function, measurement, field, by=("host",), where=CHOSEN), f"^{field}_(.*)$")


def by_tag(function, measurement, field, tag):
    return graph(flux.each(function, measurement, field, by=(tag,), where=CHOSEN), f"^{field}_(.*)$")


def by_field(function, measurement, *names):
    return queries(flux.each(function, measurement, *names, by=(), where=CHOSEN))


# The connection table.


def full():
    return of_host("max", "conntrack", "fill_ratio")


def seconds_to_full():
    return of_host("min", "conntrack", "seconds_to_full")


def refused_by_the_table():
    return queries(flux.rises("conntrack", "drop", "early_drop", "insert_failed", "invalid", where=CHOSEN))


def budget():
    return graph(flux.mean_of_snapshots("connection_trend", "share", where=()), "^share_(.*)$", points=FEW)


# Its own TCP.

AVERAGES = {
    "retransmitted_per_second_1m": "1 minute",
    "retransmitted_per_second_5m": "5 minutes",
    "retransmitted_per_second_15m": "15 minutes",
}
TROUBLE = (
    "listen_drops_per_second",
    "listen_overflows_per_second",
    "timeouts_per_second",
    "pruned_per_second",
    "failed_per_second",
    "resets_in_per_second",
    "resets_out_per_second",
    "syn_retransmitted_per_second",
    "syncookies_per_second",
)


def sent_again():
    return fields(flux.each("max", "tcp_health", *AVERAGES, by=(), where=CHOSEN), **AVERAGES)


def sent_again_percent():
    return of_host("max", "tcp_health", "retransmitted_percent")


def trouble():
    return by_field("mean", "tcp_health", *TROUBLE)


def by_service(function, field):
    text = flux.each(function, "tcp_service", field, by=("role", "port"), where=CHOSEN)
    return graph(text, f"^{field}_([^_]*)_(.*)$", "$1 $2")


def round_trip():
    return by_service("max", "rtt_us_median")


def own_connections():
    return by_service("max", "connections")


def tcp_services():
    names = ("connections", "half_open", "time_wait", "close_wait", "rtt_us_median", "retransmitted_percent", "rwnd_limited_percent")
    return queries(
        f"""\
{NEWEST}
{now("tcp_service", *names, where=CHOSEN)}
  |> toFloat()
  |> group()
  |> pivot(rowKey: ["role", "port"], columnKey: ["_field"], valueColumn: "_value")
  |> map(fn: (r) => ({{
    Port: r.port,
    Role: r.role,
    Open: r.connections,
    "Half open": r.half_open,
    Closed: r.time_wait,
    "Close wait": r.close_wait,
    "Round trip": r.rtt_us_median,
    "Sent again": r.retransmitted_percent,
    "Waits for the other": r.rwnd_limited_percent,
  }}))"""
    )


def listeners():
    return queries(
        f"""\
{NEWEST}
{now("listening_port", "queue", "backlog", "uid", "process", "sockets", where=CHOSEN)}
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> filter(fn: (r) => r.sockets > 0)
  |> map(fn: (r) => ({{
    Port: int(v: r.port),
    Protocol: r.protocol,
    Address: r.address,
    Waiting: r.queue,
    Room: r.backlog,
    User: r.uid,
    Program: r.process,
  }}))
  |> sort(columns: ["Port", "Protocol", "Address"])"""
    )


# Interfaces.


def throughput(direction):
    return by_tag("mean", "network_interface", f"{direction}_bits_per_second", "interface")


def busy():
    return by_tag("max", "network_interface", "utilisation_percent", "interface")


def damage():
    names = ("rx_error_percent", "tx_error_percent", "rx_drop_percent", "tx_drop_percent")
    text = flux.each("max", "network_interface", *names, by=("interface",), where=CHOSEN)
    return graph(text, "^([rt]x_[a-z]*)_percent_(.*)$", "$2 $1")


def interfaces():
    names = ("up", "carrier", "speed_mbps", "mtu", "carrier_changes", "duplex", "operstate", "addresses")
    return queries(
        f"""\
{NEWEST}
{now("network_interface", *names, where=CHOSEN)}
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> map(fn: (r) => ({{
    Interface: r.interface,
    State: if r.up == 0 then "off" else if exists r.carrier and r.carrier == 0 then "no cable" else r.operstate,
    Speed: r.speed_mbps,
    Duplex: r.duplex,
    MTU: r.mtu,
    Changes: r.carrier_changes,
    Addresses: r.addresses,
  }}))
  |> sort(columns: ["Interface"])"""
    )


# The exporter.


def lost():
    return graph(
        """\
import "date"

// Two hours more, so that the first snapshot shown has one before it.
"""
        + points("conntrack_exporter", "sequence", where=CHOSEN, start="date.sub(d: 2h, from: v.timeRangeStart)")
        + """
  |> duplicate(column: "_value", as: "step")
  |> difference(columns: ["step"])
  |> filter(fn: (r) => r.step != 1)
  // Below 1: a new start, whose first is 1 unless that is lost.
  |> map(fn: (r) => ({r with _field: "lost", _value: if r.step > 1 then r.step - 1 else r._value - 1}))
  |> filter(fn: (r) => r._value > 0)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> group(columns: ["host", "_field", "_start", "_stop"])
"""
        + flux.windows("sum", empty="false")
        + "\n"
        + flux.columns("host"),
        "^lost_(.*)$",
    )


def missing():
    """In 24 steps: more of them would take long, for every row has to be counted."""
    return queries(
        f"""\
whole = duration(v: 1000000000 * ((int(v: v.timeRangeStop) - int(v: v.timeRangeStart)) / 24 / 1000000000 + 1))
every = if int(v: whole) > int(v: v.windowPeriod) then whole else v.windowPeriod
said = {points("conntrack_exporter", "points")}
{flux.windows("sum", every="every", empty="false")}
  |> map(fn: (r) => ({{_time: r._time, _value: r._value}}))
came = {points("connection_state", "count")}
{flux.windows("count", every="every", empty="false")}
  |> map(fn: (r) => ({{_time: r._time, _value: -r._value}}))

union(tables: [said, came])
  |> group(columns: ["_time"])
  |> sum()
  |> group()
  // Below 0: the exporter's own point is lost, and counts as a lost snapshot.
  |> map(fn: (r) => ({{_time: r._time, "missing rows": if r._value < 0 then 0 else r._value}}))
  |> sort(columns: ["_time"])"""
    )


def errors():
    names = ("send_errors", "ticks_skipped", "lines_unreadable", "reload_errors", "spool_lost")
    return queries(flux.rises("conntrack_exporter", *names, where=CHOSEN))


def nobody():
    return by_field("max", "conntrack_exporter", "entries_unattributed", "entries_overflow")


def coverage():
    return of_host("min", "conntrack_exporter", "coverage")


def spool():
    return of_host("max", "conntrack_exporter", "spool_snapshots")


def duration():
    return of_host("max", "conntrack_exporter", "duration_ns")


def memory():
    return of_host("max", "conntrack_exporter", "resident_bytes")


def clock():
    return of_host("last", "conntrack_exporter", "clock")


def processor():
    """The rise of what it used ÷ the rise of the snapshots, from one window's last to the next one's."""
    return graph(
        points("conntrack_exporter", "cpu_ns", "sequence", where=CHOSEN)
        + "\n"
        + flux.windows("last", empty="false")
        + """
  |> difference(nonNegative: true)
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> filter(fn: (r) => exists r.cpu_ns and exists r.sequence and r.sequence > 0)
  |> map(fn: (r) => ({_field: "cpu", host: r.host, _time: r._time, _value: float(v: r.cpu_ns) / float(v: r.sequence)}))
"""
        + flux.columns("host"),
        "^cpu_(.*)$",
    )


def senders():
    names = ("version", "source", "sequence", "started", "devices", "entries_read")
    return queries(
        points("conntrack_exporter", *names)
        + """
  |> last()
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> map(fn: (r) => ({
    Router: r.host,
    Name: if exists r.router then r.router else "",
    Version: r.version,
    Source: r.source,
    Devices: r.devices,
    Entries: r.entries_read,
    Snapshots: r.sequence,
    Started: time(v: r.started * 1000000000),
    Seen: r._time,
  }))
  |> sort(columns: ["Router"])"""
    )
