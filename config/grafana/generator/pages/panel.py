"""The one panel, for dashboards that people have already."""

from grafana_foundation_sdk.models import common, dashboard

from .. import look
from ..page import plain, text
from ..sources.influxdb import Query

# That of the provisioned data source: without one Grafana would make up data, and look as if all were well.
SOURCE = dashboard.DataSourceRef(type_val="influxdb", uid="conntrack-influxdb")

QUERY = """\
from(bucket: "network")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "connection_state")
  |> filter(fn: (r) => r.state == "ESTABLISHED" or r.state == "ACTIVE")
  |> group(columns: ["device_name"])
  |> aggregateWindow(every: 30s, fn: sum, createEmpty: false)
  |> filter(fn: (r) => r._value > 5)"""


def connection_states():
    panel = look.graph(
        "Connection States (Streaming Devices)",
        """Connections that carry something, per device: TCP in state ESTABLISHED and everything else that was answered
        (ACTIVE). 1 to 5: minimal. 5 to 20: light use or streaming. 20 to 50: moderate. 50 to 100: heavy. Above 100:
        look into it. A stream holds a few connections for a long time; a download or a torrent client opens many.
        This query sums in windows of 30 s, which is right at the exporter's default interval of 30 s only; at another
        interval write that one for 30s. It has a point for each of them: beyond two and a half days Grafana shows a
        part alone.""",
        [Query(QUERY)],
        bands=((None, "green"), (100, "red")),
        smooth=True,
    )
    panel.display_name(look.DEVICE).legend(look.legend(calcs=())).interval("").fill_opacity(10)
    panel.no_value("No device has more than 5 connections")
    panel.id(7).datasource(SOURCE).grid_pos(dashboard.GridPos(h=8, w=12, x=12, y=42))
    built = plain(panel.build())
    built["targets"][0].pop("datasource")
    return text(built)
