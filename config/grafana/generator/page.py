"""A dashboard as a page: what is chosen at its top, its rows, and its JSON."""

import json

from grafana_foundation_sdk.builders import dashboard as of_dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

# Later versions carry it over; with a later number they would take older ways of saying for new ones.
SCHEMA = 37
# The oldest one that knows every look that is used.
GRAFANA = "9.4.0"
NAMES = {
    "influxdb": "InfluxDB",
    "prometheus": "Prometheus",
    "stat": "Stat",
    "table": "Table",
    "timeseries": "Time series",
    "state-timeline": "State timeline",
}


class Page:
    """Rows of panels from the top to the bottom, each 24 wide."""

    def __init__(self, source, name, title, help_text, span="now-6h", device=None):
        self.source = source
        self.builder = of_dashboard.Dashboard(title).uid(f"conntrack-{name}{source.SUFFIX}")
        self.builder.description(" ".join(help_text.split())).tags([source.TAG]).time(span, "now").refresh("30s")
        self.builder.editable().timezone("browser").tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        self.builder.fiscal_year_start_month(0).live_now(False).week_start("").version(1)
        link = of_dashboard.DashboardLink("Other pages").type(dashboard.DashboardLinkType.DASHBOARDS)
        self.builder.link(link.tags([source.TAG]).include_vars(True).keep_time(True).as_dropdown(False))
        for variable in source.variables(device, name):
            self.builder.with_variable(variable)
        self.annotation = source.annotation(device)
        self.top, self.panels, self.title = 0, 0, None

    def heading(self, title):
        """Above the next line, if there is one to come."""
        self.title = title

    def _heading(self, title):
        row = of_dashboard.Row(title).id(self._next()).grid_pos(dashboard.GridPos(h=1, w=24, x=0, y=self.top))
        self.builder.with_row(row)
        self.top += 1

    def line(self, height, *panels):
        """Panels beside each other; those that the source has nothing for are None. A pair is a panel and its share."""
        pairs = [panel if isinstance(panel, tuple) else (panel, 1) for panel in panels if panel is not None]
        pairs = [(panel, share) for panel, share in pairs if panel is not None]
        if not pairs:
            return
        if self.title:
            self._heading(self.title)
            self.title = None
        whole, left, done = sum(share for _, share in pairs), 0, 0
        for panel, share in pairs:
            done += share
            right = round(24 * done / whole)
            self.builder.with_panel(
                panel.id(self._next())
                .datasource(self.source.SOURCE)
                .grid_pos(dashboard.GridPos(h=height, w=right - left, x=left, y=self.top))
            )
            left = right
        self.top += height

    def _next(self):
        self.panels += 1
        return self.panels

    def json(self):
        whole = plain(self.builder.build())
        kinds = sorted({panel["type"] for panel in whole["panels"]} - {"row"})
        own = {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True}
        own |= {"iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"}
        required = [{"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA}]
        kind = self.source.KIND
        required += [{"type": "datasource", "id": kind, "name": NAMES[kind], "version": "1.0.0"}]
        required += [{"type": "panel", "id": kind, "name": NAMES[kind], "version": ""} for kind in kinds]
        whole |= {"id": None, "schemaVersion": SCHEMA, "__elements": {}, "__inputs": [], "__requires": required}
        whole["annotations"] = {"list": [own, self.annotation]}
        for variable in whole["templating"]["list"]:
            # Those of another kind of variable, which the model writes for all.
            for key in ("auto", "auto_count", "auto_min"):
                variable.pop(key, None)
        return text(whole)


def plain(built):
    return json.loads(JSONEncoder().encode(built))


def text(value):
    """With sorted keys, so that a diff can be read."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def text_box(name, label, help_text, value):
    option = dashboard.VariableOption(selected=True, text=value, value=value)
    box = of_dashboard.TextBoxVariable(name).label(label).description(help_text).default_value(value)
    return box.current(option).options([option]).hide(dashboard.VariableHide.DONT_HIDE)


def source_variable(kind, help_text):
    variable = of_dashboard.DatasourceVariable("datasource").label("Data source").description(help_text)
    return variable.type(kind).multi(False).include_all(False)


def choice(source, name, label, help_text, query):
    """One of what a query finds in the chosen time."""
    variable = of_dashboard.QueryVariable(name).label(label).datasource(source).query(query)
    variable.description(f"{help_text}; those that were seen in the chosen time").sort(
        dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC
    )
    return variable.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED).multi(False).include_all(False)


def device_variable(source, query, device):
    """The devices to choose from: several, or one."""
    if device == "one":
        return choice(source, "device", "Device", "The device shown", query)
    variable = choice(source, "device", "Device", "The devices shown", query).multi(True).include_all(True)
    everything = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])
    return variable.all_value(".*").current(everything)
