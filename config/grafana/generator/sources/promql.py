"""What is the same for Prometheus and for VictoriaMetrics, which are asked by the same kind of data source."""

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from ..page import choice, device_variable, source_variable, text_box

KIND = "prometheus"
LINK_VARIABLES = "&${interval:queryparam}"
SOURCE = DataSourceRef(type_val=KIND, uid="${datasource}")
CHOSEN = '{device_name=~"$device"}'

# What the columns of tables of labels and values are called.
COLUMNS = {
    "device_name": "Device",
    "rule": "Rule",
    "severity": "Severity",
    "destination": "Where",
    "service": "Service",
}
# Of the parts of the table of devices.
DEVICES = {"Value #A": "Down", "Value #B": "Up", "Value #C": "Open", "Value #D": "Doing", "Value #E": "Alerts"}
REFS = "ABCDEF"


def chosen(*conditions):
    return "{" + ",".join(['device_name=~"$device"', *conditions]) + "}"


def over_time(*expressions):
    return [target(ref, expression).range() for ref, expression in zip(REFS, expressions)]


def once(*expressions):
    """One value for each series, now."""
    return [target(ref, expression).instant() for ref, expression in zip(REFS, expressions)]


def rows(*expressions):
    return [query.format(PromQueryFormat.TABLE) for query in once(*expressions)]


def target(ref, expression):
    return prometheus.Dataquery().ref_id(ref).expr(" ".join(expression.split())).datasource(SOURCE)


def what(expression, name, label="what"):
    """Gives what has no labels one."""
    return f'label_replace({expression}, "{label}", "{name}", "", "")'


def variables_of(metric, kind):
    source = source_variable(KIND, f"The {kind} that holds the figures")
    interval = text_box("interval", "Seconds between snapshots", INTERVAL_HELP, "30")

    def variables(device, _):
        query = {"query": f"label_values({metric}, device_name)", "refId": "Devices"}
        return [source, device_variable(SOURCE, query, device), interval]

    return variables


INTERVAL_HELP = "The exporter's interval, or what is between two scrapes if that is longer: 30, unless yours is another"


def annotation_of(metric):
    def annotation(_):
        return {
            "datasource": {"type": KIND, "uid": "${datasource}"},
            "enable": True,
            "hide": False,
            "iconColor": "red",
            "name": "Alerts",
            "expr": f"{metric}{CHOSEN} == 1",
            "step": "60s",
            "titleFormat": "{{rule}} of {{device_name}}",
            "textFormat": "{{severity}}",
            "tagKeys": "device_name,rule,severity",
        }

    return annotation


def nothing(*_):
    """What can't be told here: the panel is left out."""
    return None
