"""What VictoriaMetrics is asked that takes the exporter's lines, in MetricsQL.

A series is called measurement_field there, and a text is 0. What was added since
the point before (a delta) is summed over a step of the graph.
"""

from .promql import CHOSEN, COLUMNS, DEVICES, KIND, LINK_VARIABLES, SOURCE, annotation_of, chosen, nothing, once, over_time, rows, variables_of, what

SUFFIX = "-victoriametrics"
TAG = "conntrack-victoriametrics"
SECONDS = "($__interval_ms / 1000)"

variables = variables_of("connection_state_count", "VictoriaMetrics")
annotation = annotation_of("connection_alert_firing")


def added(metric, by="", where=CHOSEN, times=1):
    """What was added in each step, per second."""
    by = f" by ({by})" if by else ""
    return f"{times} * sum{by} (sum_over_time({metric}{where}[$__interval])) / {SECONDS}"


def mean_total(of, by):
    """The mean over the snapshots of a step; a series has a point in some of them alone."""
    snapshots = "scalar(max(count_over_time(conntrack_exporter_sequence[$__interval])))"
    return f"sum by ({by}) ({of}) / {snapshots}"


def open_now():
    return once(f"sum(device_traffic_connections{CHOSEN})")


def rate_now(direction):
    return once(f"sum(device_traffic_{direction}_bits_per_second{CHOSEN})")


def online_now():
    return once(f"sum(last_over_time(device_online{CHOSEN}[11m]))")


def full_now():
    return once("max(conntrack_fill_ratio)")


def alerts_now():
    return once(f"sum(last_over_time(connection_alert_firing{CHOSEN}[6m]))")


def age_of_data():
    return once("time() - max(tlast_over_time(conntrack_exporter_sequence[7d]))")


RENAMED = {
    "devices": COLUMNS | DEVICES,
    "firing": COLUMNS,
    "destinations": COLUMNS | {"Value #A": "Down", "Value #B": "Up"},
}


def devices_now():
    return rows(
        f"max by (device_name) (device_traffic_rx_bits_per_second{CHOSEN})",
        f"max by (device_name) (device_traffic_tx_bits_per_second{CHOSEN})",
        f"max by (device_name) (device_traffic_connections{CHOSEN})",
        f"max by (device_name) (device_activity_code{CHOSEN})",
        f"sum by (device_name) (last_over_time(connection_alert_firing{CHOSEN}[6m])) > 0",
    )


def firing_now():
    return rows(f"max by (device_name, rule, severity) (last_over_time(connection_alert_firing{CHOSEN}[6m])) == 1")


def connections():
    return over_time(f"max by (device_name) (max_over_time(device_traffic_connections{CHOSEN}[$__interval]))")


def traffic_parts(direction):
    return over_time(added(f"device_traffic_{direction}_bytes", "device_name", times=8))


def activity():
    return over_time(f"max by (device_name) (last_over_time(device_activity_code{CHOSEN}[$__interval]))")


def states():
    return over_time(mean_total(f"sum_over_time(connection_state_count{CHOSEN}[$__interval])", "protocol, state"))


def opened_and_closed():
    return over_time(*[what(added(f"connection_rate_{name}"), name, "protocol") for name in ("opened", "closed")])


def unanswered():
    return over_time(added("connection_rate_unreplied", "protocol", times=60))


def traffic_both():
    pairs = [("rx", "down"), ("tx", "up")]
    return over_time(*[what(added(f"device_traffic_{way}_bytes", times=8), name) for way, name in pairs])


def services(direction):
    return over_time(added("bandwidth_bytes", "protocol", chosen(f'direction="{direction}"'), times=8))


def hosts():
    return over_time(what(f"max(max_over_time(device_traffic_remote_hosts{CHOSEN}[$__interval]))", "hosts"))


def top_host():
    return over_time(what(f"avg(avg_over_time(device_traffic_top_host_share{CHOSEN}[$__interval]))", "busiest"))


def destinations():
    ways = ("rx", "tx")
    return rows(*[f"sum by (destination, service) (sum_over_time(destination_{way}_bytes{CHOSEN}[$__range]))" for way in ways])


def against_normal():
    fields = [("average_15m", "mean of 15 minutes"), ("peak_1h", "most in an hour"), ("normal_peak", "its normal")]
    return over_time(
        *[what(f"max(max_over_time(connection_trend_{field}{CHOSEN}[$__interval]))", name) for field, name in fields]
    )


def idle_entries():
    of = f"max(max_over_time(connection_trend_idle_entries{CHOSEN}[$__interval]))"
    return over_time(what(of, "nothing for ten minutes"))


def growth():
    return over_time(what(f"max(last_over_time(connection_trend_growth_per_hour{CHOSEN}[$__interval]))", "an hour"))


def doing_now():
    return once(f"max(device_activity_code{CHOSEN})")


def normal_now():
    return once(f"max(connection_trend_normal_peak{CHOSEN})")


why_now = inventory = alerts_of_the_time = nothing
