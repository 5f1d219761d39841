"""What was said of the devices of tools/activity-live, as tables in Markdown. Ends with 1 if nothing was seen of one.

usage: told.py DEVICES LINES BEGUN    what tests/live/devices says, what the daemon wrote, when they began (Unix seconds)
"""

import collections
import re
import statistics
import sys

# What is said before is made of less than what is looked at.
SETTLED = 150


def devices(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [line.split(maxsplit=2) for line in lines if line and not line.startswith("#")]


def points(lines, measurement, begun):
    """What a measurement said, by device: seconds since the beginning and fields. Names here hold nothing escaped."""
    found = collections.defaultdict(list)
    for line in lines:
        point = re.fullmatch(rf"{measurement},(?:\S*,)?device_name=([^, ]+)\S* (.*) (\d+)", line)
        if point and int(point[3]) / 1e9 > begun:
            fields = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)', point[2])
            at = int(point[3]) / 1e9 - begun
            found[point[1]].append((at, {key: value.strip('"') for key, value in fields}))
    return found


def figures(points, name):
    """One figure of all points that have it, once all has settled."""
    return [float(fields[name].rstrip("i")) for at, fields in points if at >= SETTLED and name in fields]


def moved(traffic):
    mean = lambda name: statistics.fmean(figures(traffic, name) or [0])
    most = lambda name: max(figures(traffic, name), default=0)
    return " | ".join([
        f"{mean('rx_bits_per_second') / 1e6:.2f} / {mean('tx_bits_per_second') / 1e6:.2f}",
        f"{most('remote_hosts'):.0f} / {most('active_connections'):.0f}",
        f"{mean('top_host_share'):.0%}".replace("%", " %"),
    ])


def by_minute(said):
    """The last of each minute."""
    minutes = {int(at // 60): fields for at, fields in said}
    words = [f"{it['activity']} {float(it['confidence']):.2f}" for _, it in sorted(minutes.items())]
    return ", ".join(words) or "nothing"


def share(said, right):
    judged = [fields["activity"] == right for at, fields in said if at >= SETTLED]
    return f"{sum(judged)} of {len(judged)}"


def main(devices_file, lines_file, begun):
    with open(lines_file, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    said, traffic = (points(lines, name, float(begun)) for name in ["device_activity", "device_traffic"])
    known = devices(devices_file)
    print(f"| Device | Right | Windows after {SETTLED} s that were | Said at the end of each minute |\n|---|---|---|---|")
    for name, right, _ in known:
        print(f"| {name} | {right} | {share(said[name], right)} | {by_minute(said[name])} |")
    print("\n| Device | What ran | Mbit/s down / up | Hosts / connections at most | Busiest host | The last reason |")
    print("|---|---|---|---|---|---|")
    for name, _, ran in known:
        why = said[name][-1][1]["why"] if said[name] else "nothing was said"
        print(f"| {name} | {ran} | {moved(traffic[name])} | {why} |")
    silent = [name for name, _, _ in known if not any(fields.get("rx_bytes", "0i") != "0i" for _, fields in traffic[name])]
    if silent:
        sys.exit(f"nothing was seen of: {', '.join(silent)}")


main(*sys.argv[1:])
