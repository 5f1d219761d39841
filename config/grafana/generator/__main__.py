"""Writes every dashboard.

usage: python -m generator DIRECTORY    run beside this folder; into config/grafana
"""

import pathlib
import sys

from .pages import device, overview, panel, router, streaming
from .sources import influxdb, prometheus, victoriametrics

PAGES = {
    "influxdb/overview.json": lambda: overview.page(influxdb),
    "influxdb/streaming.json": lambda: streaming.page(influxdb),
    "influxdb/device.json": lambda: device.page(influxdb),
    "influxdb/router.json": lambda: router.page(influxdb),
    "panels/connection-states.json": panel.connection_states,
    "prometheus/overview.json": lambda: overview.page(prometheus),
    "prometheus/device.json": lambda: device.page(prometheus),
    "victoriametrics/overview.json": lambda: overview.page(victoriametrics),
    "victoriametrics/device.json": lambda: device.page(victoriametrics),
}


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, made in PAGES.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made())


main()
