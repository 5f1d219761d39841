"""What InfluxDB 2 is asked, in Flux."""

from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from .. import flux
from ..flux import NEWEST, ONE_OF_DEVICE, now, now_of, points
from ..page import choice, device_variable, source_variable, text_box

KIND = "influxdb"
SUFFIX = ""
LINK_VARIABLES = "&${bucket:queryparam}&${interval:queryparam}"
TAG = "conntrack"
# Columns are called by the queries.
RENAMED = {}
SOURCE = DataSourceRef(type_val="influxdb", uid="${datasource}")

# Those that a page of several devices, or of one, is about.
CHOSEN = (ONE_OF_DEVICE,)


class Query(variants.Dataquery):
    """A query, and a builder of itself; `renamed` says how columns are called, by a pattern and what to make of it."""

    def __init__(self, query, ref_id="A"):
        self.query, self.ref_id, self.renamed = query, ref_id, None

    def build(self):
        return self

    def to_json(self):
        return {"datasource": {"type": KIND, "uid": "${datasource}"}, "query": self.query, "refId": self.ref_id}


def queries(*texts):
    return [Query(text.strip("\n"), ref) for text, ref in zip(texts, "ABCDEF")]


# Steps of what is reckoned row by row, which takes 30 µs for each: of many devices, and of one.
FEW, SOME = 90, 240


def graph(text, pattern, name="$1", points=None):
    """A query of columns; what of a column's name Grafana is to call it, and in how many steps."""
    [query] = queries(text)
    query.renamed = (pattern, name)
    if points:
        query.points = points
    return [query]


def fields(text, points=None, **names):
    """A query of columns that are fields alone, each with its name."""
    renamed = "".join(f'if column == "{field}" then "{name}" else ' for field, name in names.items())
    [query] = queries(f"{text}\n  |> rename(fn: (column) => {renamed}column)")
    if points:
        query.points = points
    return [query]


def variables(device, page):
    source = source_variable(KIND, "The InfluxDB that holds the measurements; its query language is Flux")
    bucket = text_box("bucket", "Bucket", "The bucket that Telegraf writes to", "network")
    interval = text_box("interval", "Seconds between snapshots", "The exporter's interval: 30, unless its configuration says otherwise", "30")
    if device == "router":
        return [source, bucket, choice(SOURCE, "host", "Router", "The router shown", ROUTERS), interval]
    least = text_box("min", "Smallest count of streaming devices", LEAST_HELP, "5")
    return [source, bucket, device_variable(SOURCE, DEVICES, device), interval, *([least] if page == "streaming" else [])]


LEAST_HELP = "Connection States shows a device while it has more connections than this; no other panel goes by it"


# Not by the index of tags, which knows whole days only.
DEVICES = "\n".join(
    [
        points("connection_state", "count"),
        "  |> last()",
        "  |> group()",
        '  |> distinct(column: "device_name")',
        '  |> sort(columns: ["_value"])',
    ]
)


ROUTERS = "\n".join(
    [
        points("conntrack_exporter", "sequence"),
        "  |> last()",
        "  |> group()",
        '  |> distinct(column: "host")',
        '  |> sort(columns: ["_value"])',
    ]
)


def annotation(device):
    """Beginnings and ends of alerts."""
    query = f"""\
import "date"

// Six minutes more, so that an alert that fired before is known to go on.
from(bucket: "${{bucket}}")
  |> range(start: date.sub(d: 6m, from: v.timeRangeStart), stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "connection_alert")
{f"  |> filter(fn: (r) => {ONE_OF_DEVICE}){chr(10)}" if device != "router" else ""}\
  |> filter(fn: (r) => r._field == "firing" or r._field == "message" or r._field == "since")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  // One alert has one beginning. Of the points that say that it fires, the first counts.
  |> group(columns: ["host", "device_name", "rule", "severity", "since"])
  |> sort(columns: ["_time", "firing"])
  |> stateCount(fn: (r) => r.firing == 1, column: "told")
  |> filter(fn: (r) => r.told <= 1 and r._time >= v.timeRangeStart)
  |> group()
  |> sort(columns: ["_time", "device_name", "rule", "firing"])
  |> map(fn: (r) => ({{
    time: r._time,
    title: r.rule + " of " + r.device_name + (if r.firing == 1 then " begins" else " is over"),
    text: r.message,
    tags: r.device_name + "," + r.rule + "," + r.severity,
  }}))"""
    source = {"type": KIND, "uid": "${datasource}"}
    target = {"datasource": source, "query": query, "refId": "Alerts"}
    return {"datasource": source, "enable": True, "hide": False, "iconColor": "red", "name": "Alerts", "target": target}


# Now, at the newest snapshot.


def open_now():
    return queries(now_of("device_traffic", "connections", rest="|> group()\n|> sum()\n|> keep(columns: [\"_value\"])"))


def rate_now(direction):
    return queries(now_of("device_traffic", f"{direction}_bits_per_second", rest="|> group()\n|> sum()\n|> keep(columns: [\"_value\"])"))


def online_now():
    # It is told every five minutes.
    told = points("device", "online", where=CHOSEN, start="-11m", stop="5m")
    return queries(f"{told}\n  |> last()\n  |> group()\n  |> sum()\n  |> keep(columns: [\"_value\"])")


def full_now():
    return queries(now_of("conntrack", "fill_ratio", where=(), rest="|> group()\n|> max()\n|> keep(columns: [\"_value\"])"))


def alerts_now():
    # One without a point for six minutes is over.
    told = points("connection_alert", "firing", where=CHOSEN, start="-6m", stop="5m")
    return queries(f"{told}\n  |> last()\n  |> group()\n  |> sum()\n  |> keep(columns: [\"_value\"])")


def age_of_data():
    seen = points("conntrack_exporter", "sequence", start="-7d", stop="5m")
    return queries(
        f"""\
{seen}
  |> last()
  |> group()
  |> max(column: "_time")
  |> map(fn: (r) => ({{_value: float(v: int(v: now()) - int(v: r._time)) / 1000000000.0}}))"""
    )


def devices_now():
    """A table in four parts, which Grafana puts together by the column Device."""
    traffic = (
        NEWEST
        + "\n"
        + now("device_traffic", "rx_bits_per_second", "tx_bits_per_second", "connections", where=CHOSEN)
        + """
  |> toFloat()
  |> group()
  |> pivot(rowKey: ["device_name"], columnKey: ["_field"], valueColumn: "_value")
  |> map(fn: (r) => ({
    Device: r.device_name,
    Down: if exists r.rx_bits_per_second then r.rx_bits_per_second else 0.0,
    Up: if exists r.tx_bits_per_second then r.tx_bits_per_second else 0.0,
    Open: r.connections,
  }))"""
    )
    doing = (
        NEWEST
        + "\n"
        + now("device_activity", "code", "why", where=CHOSEN)
        + """
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> map(fn: (r) => ({Device: r.device_name, Doing: r.code, Why: r.why}))"""
    )
    return queries(traffic, doing, spark(), firing_by_device())


def spark():
    """The download of the chosen time in 20 signs, each of which stands for ten times (from 1 Mbit/s on, three) more."""
    return (
        "whole = (int(v: v.timeRangeStop) - int(v: v.timeRangeStart)) / 20 / 1000000000 + 1\n"
        + "every = duration(v: 1000000000 * (if whole > ${interval} then whole else ${interval}))\n\n"
        + points("device_traffic", "rx_bits_per_second", where=CHOSEN)
        + """
  |> aggregateWindow(every: every, fn: mean, createEmpty: true, timeSrc: "_start")
  |> map(fn: (r) => ({r with sign:
    if not exists r._value then " "
    else if r._value < 10000.0 then "▁"
    else if r._value < 100000.0 then "▂"
    else if r._value < 1000000.0 then "▃"
    else if r._value < 3000000.0 then "▄"
    else if r._value < 10000000.0 then "▅"
    else if r._value < 30000000.0 then "▆"
    else if r._value < 100000000.0 then "▇"
    else "█"}))
  |> group(columns: ["device_name"])
  |> reduce(identity: {line: ""}, fn: (r, accumulator) => ({line: accumulator.line + r.sign}))
  |> group()
  |> map(fn: (r) => ({Device: r.device_name, Download: r.line}))"""
    )


def firing_by_device():
    return (
        points("connection_alert", "firing", where=CHOSEN, start="-6m", stop="5m")
        + """
  |> last()
  |> group(columns: ["device_name"])
  |> sum()
  |> group()
  |> filter(fn: (r) => r._value > 0)
  |> map(fn: (r) => ({Device: r.device_name, Alerts: r._value}))"""
    )


def firing_now():
    return queries(
        points("connection_alert", "firing", "message", "since", where=CHOSEN, start="-6m", stop="5m")
        + """
  |> last()
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> filter(fn: (r) => r.firing == 1)
  |> map(fn: (r) => ({
    Device: r.device_name,
    What: r.message,
    Rule: r.rule,
    Severity: r.severity,
    Since: if exists r.since then time(v: r.since * 1000000000) else r._time,
  }))
  |> sort(columns: ["Severity", "Device", "Rule"])"""
    )


# Over time.


def connections():
    return graph(flux.each("max", "device_traffic", "connections"), "^connections_(.*)$")


def streaming_connections():
    """Of the devices that have more than the smallest count at all, with gaps where they have not."""
    return graph(
        f"""\
import "regexp"
import "strings"

all = {points("device_traffic", "connections", where=CHOSEN)}
shown = all
  |> max()
  |> filter(fn: (r) => r._value > ${{min}})
  |> map(fn: (r) => ({{name: regexp.quoteMeta(v: r.device_name)}}))
  |> group()
  |> findColumn(fn: (key) => true, column: "name")
these = regexp.compile(v: "^(" + strings.joinStr(arr: shown, v: "|") + ")$")

all
  |> filter(fn: (r) => r.device_name =~ these)
{flux.windows("max")}
  // There is no r.none, which makes a gap of it.
  |> map(fn: (r) => ({{r with _value: if r._value > ${{min}} then r._value else r.none}}))
{flux.columns("device_name")}""",
        "^connections_(.*)$",
    )


def traffic_parts(direction):
    """Bits per second by device, of which all together are the line's."""
    field = f"{direction}_bytes"
    return graph(flux.added("device_traffic", field, times="8.0"), f"^{field}_(.*)$", points=FEW)


def activity():
    return graph(flux.each("last", "device_activity", "code"), "^code_(.*)$")


def traffic_highest(direction):
    field = f"{direction}_bits_per_second"
    return graph(flux.each("max", "device_traffic", field), f"^{field}_(.*)$")


def per_connection():
    field = "bits_per_second_per_connection"
    return graph(flux.each("max", "device_traffic", field), f"^{field}_(.*)$")


def opened():
    return graph(flux.opened_by_device(), "^opened_(.*)$", points=FEW)


def buffering():
    where = (*CHOSEN, 'r.rule == "buffering"')
    return graph(flux.each("max", "connection_alert", "firing", where=where), "^firing_(.*)$")


# One device.


def states():
    by = ("protocol", "state")
    return graph(flux.mean_of_snapshots("connection_state", "count", by=by), "^count_([^_]*)_(.*)$", "$1 $2", SOME)


def opened_and_closed():
    text = flux.added("connection_rate", "opened", "closed", by=("protocol",))
    return graph(text, "^(opened|closed)_(.*)$", "$1 $2", SOME)


def unanswered():
    text = flux.added("connection_rate", "unreplied", by=("protocol",), times="60.0")
    return graph(text, "^unreplied_(.*)$", points=SOME)


def traffic_both():
    text = flux.added("device_traffic", "rx_bytes", "tx_bytes", by=(), times="8.0")
    return fields(text, points=SOME, rx_bytes="down", tx_bytes="up")


def services(direction):
    where = (*CHOSEN, f'r.direction == "{direction}"')
    text = flux.added("bandwidth", "bytes", by=("protocol",), where=where, times="8.0")
    return graph(text, "^bytes_(.*)$", points=SOME)


def hosts():
    return fields(flux.each("max", "device_traffic", "remote_hosts", by=()), remote_hosts="hosts")


def top_host():
    return fields(flux.each("mean", "device_traffic", "top_host_share", by=()), top_host_share="busiest")


def destinations():
    parts = [
        points("destination", f"{direction}_bytes", where=CHOSEN)
        + f"""
  |> sum()
  |> group(columns: ["destination", "service"])
  |> sum()
  |> group()
  |> map(fn: (r) => ({{Where: r.destination, Service: r.service, {name}: r._value}}))"""
        for direction, name in [("rx", "Down"), ("tx", "Up")]
    ]
    return queries(*parts)


def against_normal():
    names = {"average_15m": "mean of 15 minutes", "peak_1h": "most in an hour", "normal_peak": "its normal"}
    return fields(flux.each("max", "connection_trend", *names, by=()), **names)


def idle_entries():
    names = {"idle_entries": "nothing for ten minutes"}
    return fields(flux.each("max", "connection_trend", *names, by=()), **names)


def growth():
    names = {"growth_per_hour": "an hour"}
    return fields(flux.each("last", "connection_trend", *names, by=()), **names)


def doing_now():
    return queries(now_of("device_activity", "code", rest="|> group()\n|> last()\n|> keep(columns: [\"_value\"])"))


def why_now():
    return queries(now_of("device_activity", "why", rest="|> group()\n|> last()\n|> map(fn: (r) => ({Why: r._value}))"))


def normal_now():
    return queries(now_of("connection_trend", "normal_peak", rest="|> group()\n|> max()\n|> keep(columns: [\"_value\"])"))


def inventory():
    return queries(
        points("device", "ip", "mac", "device_type", "named_by", "first_seen", "last_seen", "online", where=CHOSEN)
        + """
  |> last()
  |> group(columns: ["device_name", "_field"])
  |> last()
  |> toString()
  |> group()
  |> pivot(rowKey: ["device_name"], columnKey: ["_field"], valueColumn: "_value")
  |> map(fn: (r) => ({
    Device: r.device_name,
    Address: r.ip,
    MAC: r.mac,
    Type: r.device_type,
    "Named by": r.named_by,
    "First seen": time(v: int(v: r.first_seen) * 1000000000),
    "Last seen": time(v: int(v: r.last_seen) * 1000000000),
    Online: if r.online == "1" then "yes" else "no",
  }))"""
    )


def alerts_of_the_time():
    return queries(
        points("connection_alert", "firing", "message", "since", where=CHOSEN)
        + """
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group(columns: ["device_name", "rule", "severity", "since"])
  |> sort(columns: ["_time"])
  |> last(column: "_time")
  |> group()
  |> map(fn: (r) => ({
    Since: time(v: r.since * 1000000000),
    Device: r.device_name,
    What: r.message,
    Rule: r.rule,
    Severity: r.severity,
    Told: r._time,
  }))
  |> sort(columns: ["Since"], desc: true)"""
    )
