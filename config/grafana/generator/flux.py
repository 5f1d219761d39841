"""Queries in Flux, by a few shapes.

What InfluxDB can do while it reads (a filter, then one aggregate for each series
and window) it does fast: a week of 25 devices in 30 ms. Then one row for each series
and window is left, and `pivot` makes a column of each series, in another 20 ms.
`union`, `join`, a second `aggregateWindow`, or a `group` by time would each take
seconds for these rows, so no graph has one.

A window is `v.windowPeriod`, which Grafana makes of the graph's width, and never
shorter than the exporter's interval (look.py). Windows without a point are rows
without a value, so that a line ends where nothing came.
"""

from textwrap import indent

ONE_OF_DEVICE = 'r.device_name =~ /^${device:regex}$/'


def quoted(names, column):
    return " or ".join(f'r.{column} == "{name}"' for name in names)


def points(measurement, *fields, where=(), start="v.timeRangeStart", stop="v.timeRangeStop"):
    """The points of a measurement in the chosen time, or in another one."""
    named = quoted(fields, "_field")
    named = f"({named})" if len(fields) > 1 else named
    lines = [
        'from(bucket: "${bucket}")',
        f"  |> range(start: {start}, stop: {stop})",
        f'  |> filter(fn: (r) => r._measurement == "{measurement}" and {named})',
    ]
    lines += [f"  |> filter(fn: (r) => {condition})" for condition in where]
    return "\n".join(lines)


def windows(function, every="v.windowPeriod", empty="true"):
    return f'  |> aggregateWindow(every: {every}, fn: {function}, createEmpty: {empty}, timeSrc: "_start")'


def columns(*tags):
    """A column for each series: its name is the field's and the tags', with _ between, so that no device called
    like a column of another kind can be taken for that.

    They come in the order of their names. Where two series have one name, as when a device got another address, the
    higher value stays: it comes last.
    """
    names = ", ".join(f'"{tag}"' for tag in ("_field", *tags))
    return stacked(
        "  |> group()",
        f'  |> sort(columns: [{names}, "_value"])',
        f'  |> pivot(rowKey: ["_time"], columnKey: [{names}], valueColumn: "_value")',
        '  |> sort(columns: ["_time"])',
    )


def stacked(*parts):
    return "\n".join(part for part in parts if part)


def value(expression):
    return f"  |> map(fn: (r) => ({{r with _value: {expression}}}))" if expression else ""


def each(function, measurement, *fields, by=("device_name",), where=(ONE_OF_DEVICE,), of=None):
    """`function` of each window of each series; `of` makes something of that."""
    return stacked(points(measurement, *fields, where=where), windows(function), value(of), columns(*by))


def added(measurement, *fields, by=("device_name",), where=(ONE_OF_DEVICE,), times="1.0"):
    """What was added in each whole window, per second; one that has only begun would show too little."""
    return stacked(
        WHOLE,
        f"times = {times} / seconds",
        "",
        points(measurement, *fields, where=where, **WHOLE_RANGE),
        windows("sum"),
        value("float(v: r._value) * times"),
        columns(*by),
    )


WHOLE = """\
import "date"

// Whole windows alone: of one that has only begun the rate would be too low.
begin = date.truncate(t: v.timeRangeStart, unit: v.windowPeriod)
end = date.truncate(t: v.timeRangeStop, unit: v.windowPeriod)
// Reckoned here: for each row it would take longer than all the rest.
seconds = float(v: int(v: v.windowPeriod)) / 1000000000.0"""
WHOLE_RANGE = {"start": "begin", "stop": "if end > begin then end else v.timeRangeStop"}


def mean_of_snapshots(measurement, field, by=("device_name",), where=(ONE_OF_DEVICE,)):
    """The mean of each whole window: the sum ÷ how many snapshots are taken in it.

    Not the mean of the points: a series has one only while there is something of it, and means on top of each other
    must be the mean of all.
    """
    return added(measurement, field, by=by, where=where, times="${interval}.0")


def opened_by_device():
    """Connections opened per second, of TCP and UDP together."""
    where = (ONE_OF_DEVICE, 'r.protocol == "tcp" or r.protocol == "udp"')
    return stacked(
        WHOLE,
        "",
        points("connection_rate", "opened", where=where, **WHOLE_RANGE),
        windows("sum"),
        "  |> group()",
        '  |> pivot(rowKey: ["_time", "device_name"], columnKey: ["protocol"], valueColumn: "_value")',
        "  |> map(fn: (r) => ({",
        "    _time: r._time,",
        '    _field: "opened",',
        "    device_name: r.device_name,",
        "    _value:",
        "      if exists r.tcp and exists r.udp then float(v: r.tcp + r.udp) / seconds",
        "      else if exists r.tcp then float(v: r.tcp) / seconds",
        "      else float(v: r.udp) / seconds,",
        "  }))",
        columns("device_name"),
    )


NEWEST = """\
import "date"

// The newest snapshot: that of the exporter's last line, if it came within three intervals.
seconds = if ${interval} < 30 then 90 else ${interval} * 3
newest = from(bucket: "${bucket}")
  |> range(start: duration(v: seconds * -1000000000), stop: 5m)
  |> filter(fn: (r) => r._measurement == "conntrack_exporter" and r._field == "sequence")
  |> last()
  |> group()
  |> max(column: "_time")
  |> findColumn(fn: (key) => true, column: "_time")
taken = if length(arr: newest) > 0 then newest[0] else now()
"""


def now(measurement, *fields, where=(ONE_OF_DEVICE,)):
    """The points of the newest snapshot. Without timestamps of their own its lines came just before the last."""
    return points(
        measurement,
        *fields,
        where=where,
        start="date.sub(d: 500ms, from: taken)",
        stop="date.add(d: 1ns, to: taken)",
    )


def now_of(measurement, *fields, where=(ONE_OF_DEVICE,), rest=""):
    return NEWEST + "\n" + now(measurement, *fields, where=where) + "\n" + indent(rest, "  ")


def rises(measurement, *fields, where=()):
    """By how much counters rose, from the last of one window to the last of the next; a fall is a new start, from 0."""
    return stacked(
        'import "date"',
        "",
        "// A window more, so that the first one shown has one before it.",
        points(measurement, *fields, where=where, start="date.sub(d: v.windowPeriod, from: v.timeRangeStart)"),
        windows("last", empty="false"),
        "  |> difference(nonNegative: true, initialZero: true)",
        "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)",
        columns(),
    )
