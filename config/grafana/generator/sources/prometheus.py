"""What Prometheus is asked about what it has scraped from /metrics, in PromQL."""

from ..look import ACTIVITIES
from .promql import CHOSEN, COLUMNS, DEVICES, KIND, LINK_VARIABLES, SOURCE, annotation_of, chosen, nothing, once, over_time, rows, variables_of, what

SUFFIX = "-prometheus"
TAG = "conntrack-prometheus"
OPEN = "sum by (device_name) (conntrack_connections" + chosen('state=~"ESTABLISHED|ACTIVE"') + ")"
METRIC = {"rx": "conntrack_receive_bytes_total", "tx": "conntrack_transmit_bytes_total"}

variables = variables_of("conntrack_connections", "Prometheus")
annotation = annotation_of("conntrack_alert_firing")


def steps(expression, function="max_over_time"):
    """A function of every step of the graph, of an expression as it was at each snapshot."""
    return f"{function}(({expression})[$__interval:${{interval}}s])"


def rate(direction):
    return f"8 * sum by (device_name) (rate({METRIC[direction]}{CHOSEN}[$__rate_interval]))"


def code():
    """The label activity as the number that the panels know."""
    names = [name.replace(" ", "_") for name, _ in ACTIVITIES]
    of = [
        f'conntrack_device_activity_info{chosen(f"""activity="{name}" """.strip())} * {number}'
        for number, name in enumerate(names)
    ]
    return f"max by (device_name) ({' or '.join(of)})"


def open_now():
    return once(f"sum({OPEN})")


def rate_now(direction):
    return once(f"sum({rate(direction)})")


def online_now():
    return once(f"sum(conntrack_device_online{CHOSEN})")


def full_now():
    return once("max(conntrack_entries / conntrack_entries_limit)")


def alerts_now():
    return once(f"sum(conntrack_alert_firing{CHOSEN})")


def age_of_data():
    return once("time() - max(timestamp(conntrack_exporter_snapshots_total))")


RENAMED = {"devices": COLUMNS | DEVICES, "firing": COLUMNS}


def devices_now():
    firing = f"sum by (device_name) (conntrack_alert_firing{CHOSEN}) > 0"
    return rows(rate("rx"), rate("tx"), OPEN, code(), firing)


def firing_now():
    return rows(f"max by (device_name, rule, severity) (conntrack_alert_firing{CHOSEN}) == 1")


def connections():
    return over_time(steps(OPEN))


def traffic_parts(direction):
    return over_time(rate(direction))


def activity():
    return over_time(code())


def states():
    return over_time(steps(f"sum by (protocol, state) (conntrack_connections{CHOSEN})", "avg_over_time"))


def opened_and_closed():
    return over_time(
        *[
            what(f"sum(rate(conntrack_{name}_total{CHOSEN}[$__rate_interval]))", name, "protocol")
            for name in ("opened", "closed")
        ]
    )


def traffic_both():
    return over_time(what(f"sum({rate('rx')})", "down"), what(f"sum({rate('tx')})", "up"))


def hosts():
    return over_time(what(steps(f"max(conntrack_remote_hosts{CHOSEN})"), "hosts"))


def top_host():
    return over_time(what(steps(f"max(conntrack_top_host_ratio{CHOSEN})", "avg_over_time"), "busiest"))


def against_normal():
    return over_time(
        what(f"avg_over_time((sum({OPEN}))[15m:${{interval}}s])", "mean of 15 minutes"),
        what(f"max_over_time((sum({OPEN}))[1h:${{interval}}s])", "most in an hour"),
        what(steps(f"max(conntrack_normal_peak_connections{CHOSEN})"), "its normal"),
    )


def idle_entries():
    return over_time(what(steps(f"max(conntrack_idle_entries{CHOSEN})"), "nothing for ten minutes"))


def growth():
    return over_time(what(f"max(conntrack_growth_connections_per_hour{CHOSEN})", "an hour"))


def doing_now():
    return once(code())


def normal_now():
    return once(f"max(conntrack_normal_peak_connections{CHOSEN})")


unanswered = services = destinations = why_now = inventory = alerts_of_the_time = nothing
