"""What tools/schemas compares: the dashboards with Grafana's own model of them,
and what the compose file means with what is there.

usage: schemas.py fill COMPOSE.yaml .env                      variables put in
       schemas.py types DIRECTORY DIRECTORY-OF-DASHBOARDS          as TypeScript that says what they are
       schemas.py check COMPOSE.json DIRECTORY-OF-DASHBOARDS
"""

import json
import pathlib
import re
import sys

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

# Written by an export for an import; no part of a dashboard.
OF_THE_EXPORT = {"__elements", "__inputs", "__requires"}


def lost(before, after, path=""):
    """What a passage through the model has lost or changed."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from lost(value, after[key], f"{path}/{key}")
            elif value not in (None, [], {}, ""):
                yield f"{path}/{key} is unknown"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{path}/{place}")
    elif before != after:
        yield f"{path} was {before!r} and is {after!r}"


def through(model, value):
    return json.loads(JSONEncoder().encode(model.from_json(value)))


def without_queries_of_annotations(whole):
    """The model knows what Grafana's own annotations ask for; what another data source is asked is that one's."""
    for annotation in whole["annotations"]["list"]:
        if annotation["datasource"]["type"] != "grafana":
            for key in ("target", "expr", "step", "tagKeys", "textFormat", "titleFormat"):
                annotation.pop(key, None)
    return whole


def pages(directory):
    """Every dashboard, without what an export adds: its name and what it holds."""
    folders = ("influxdb", "prometheus", "victoriametrics")
    files = [file for folder in folders for file in sorted(directory.glob(f"{folder}/*.json"))]
    for file in (*files, directory.parent / "fleet/vmagent/dashboard.json"):
        whole = json.loads(file.read_text())
        whole = {key: value for key, value in whole.items() if key not in OF_THE_EXPORT}
        yield f"{file.parent.name}/{file.name}", without_queries_of_annotations(whole)


def panels(directory):
    for file in sorted(directory.glob("panels/*.json")):
        yield f"{file.parent.name}/{file.name}", json.loads(file.read_text())


def dashboards(directory):
    for name, whole in pages(directory):
        yield from lost(whole, through(dashboard.Dashboard, whole), name)
    for name, panel in panels(directory):
        yield from lost(panel, through(dashboard.Panel, panel), name)


def types(into, directory):
    """As TypeScript, of which the compiler says whether each value has its type."""
    kinds = {"DashboardFile": pages, "PanelFile": panels}
    for kind, found in kinds.items():
        for name, value in found(directory):
            text = f"import type {{ {kind} }} from './schemas.js';\nexport default {json.dumps(value, indent=1)} satisfies {kind};\n"
            (into / f"{name.replace('/', '-')}.ts").write_text(text)


def compose(project):
    services = project["services"]
    if set(services) != {"grafana", "influxdb", "telegraf"}:
        yield f"other services: {sorted(services)}"
    for name, service in services.items():
        _, _, version = service["image"].partition(":")
        if version.count(".") != 2:
            yield f"{name}: {service['image']} is no pinned version"
        if "healthcheck" not in service:
            yield f"{name} has no health check"
        for port in service["ports"]:
            if not port.get("host_ip"):
                yield f"{name}: port {port['published']} is open to everybody"
        for volume in service["volumes"]:
            if volume["type"] == "bind" and not pathlib.Path(volume["source"]).exists():
                yield f"{name}: {volume['source']} is not there"
            if volume["type"] == "bind" and not volume.get("read_only"):
                yield f"{name}: {volume['source']} could be written to"
    yield from provisioning(services["grafana"])
    tokens = {service["environment"].get("INFLUX_TOKEN") for service in services.values()} - {None}
    tokens.add(services["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"])
    if len(tokens) != 1 or len(tokens.pop()) < 32:
        yield "the token is not one, or too short"


def provisioning(grafana):
    """Whether Grafana finds in its container what its provisioning speaks of."""
    binds = {volume["target"]: pathlib.Path(volume["source"]) for volume in grafana["volumes"] if volume["type"] == "bind"}
    directory = binds["/etc/grafana/provisioning"]
    own = binds["/etc/grafana/provisioning/datasources/conntrack.yaml"].read_text()
    sources = (directory / "datasources/conntrack.yaml").read_text()
    for name in re.findall(r"\$\{(\w+)\}", sources):
        if name not in grafana["environment"]:
            yield f"grafana: its data source needs {name}"
    [source] = yaml.safe_load(sources)["datasources"]
    if yaml.safe_load(own)["datasources"] != [source | {"isDefault": True}]:
        yield "grafana: the data source of the containers is another than that of the provisioning, or not the default"
    alerting = yaml.safe_load((directory / "alerting/conntrack.yaml").read_text())
    for rule in (rule for group in alerting["groups"] for rule in group["rules"]):
        asked = {query["datasourceUid"] for query in rule["data"]} - {"__expr__"}
        if asked != {source["uid"]}:
            yield f"grafana: {rule['title']} asks {asked}"
    if (source["type"], source["jsonData"]["version"]) != ("influxdb", "Flux"):
        yield "grafana: the data source is not InfluxDB with Flux"
    provider = yaml.safe_load((directory / "dashboards/conntrack.yaml").read_text())["providers"][0]
    if provider["options"]["path"] not in binds:
        yield f"grafana: no dashboards are mounted at {provider['options']['path']}"


def fill(text, env):
    """Puts variables in as Compose does; without a value or a default one is an error."""
    lines = [line for line in env.splitlines() if line and not line.startswith("#")]
    values = dict(line.split("=", 1) for line in lines)

    def value(found):
        name, kind, rest = found.groups()
        if name in values:
            return values[name]
        if kind == ":-":
            return rest
        sys.exit(f"schemas: {name} is not in .env and has no default")

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)


def check(project, directory):
    found = [*compose(project), *dashboards(directory)]
    for problem in found:
        print(f"schemas: {problem}", file=sys.stderr)
    if found:
        sys.exit(1)
    print("schemas: the compose file and the dashboards are as their formats want them")


def main():
    what, one, other = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    if what == "fill":
        print(fill(one.read_text(), other.read_text()), end="")
    elif what == "types":
        types(one, other)
    else:
        check(json.loads(one.read_text()), other)


main()
