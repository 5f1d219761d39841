//! The dashboard and the panel as files: what Grafana would refuse or warn of, and what makes a diff hard to read.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// Beside those of config/grafana: the dashboard of many routers.
const FLEET: &str = "../fleet/vmagent/dashboard.json";

/// Kinds of panels that Grafana 9.4 has and later ones still have.
const KINDS: [&str; 6] = ["barchart", "row", "stat", "state-timeline", "table", "timeseries"];

/// Units of Grafana's that are used.
const UNITS: [&str; 9] =
    ["bps", "bytes", "cps", "dateTimeFromNow", "ns", "percent", "short", "string", "none"];

fn text_of(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(file: &str) -> Value {
    serde_json::from_str(&text_of(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn dashboard() -> Value {
    read("conntrack.json")
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard.get("panels").and_then(Value::as_array).expect("panels")
}

fn at<'a>(json: &'a Value, pointer: &str) -> &'a Value {
    json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}: {json}"))
}

fn text<'a>(json: &'a Value, pointer: &str) -> &'a str {
    at(json, pointer).as_str().unwrap_or_else(|| panic!("{pointer} is no text: {json}"))
}

fn number(json: &Value, pointer: &str) -> i64 {
    at(json, pointer).as_i64().unwrap_or_else(|| panic!("{pointer} is no integer: {json}"))
}

/// Calls `see` for every object, with where it is.
fn walk(json: &Value, path: &str, see: &mut impl FnMut(&str, &Map<String, Value>)) {
    match json {
        Value::Object(object) => {
            see(path, object);
            object.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"), see));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| walk(value, &format!("{path}/{place}"), see));
        }
        _ => {}
    }
}

#[test]
fn files_are_written_so_that_a_diff_can_be_read() {
    for file in ["conntrack.json", "panels/connection-states.json", FLEET] {
        // Sorted keys, two spaces: serde_json's maps are in order.
        let text = text_of(file);
        let pretty = serde_json::to_string_pretty(&read(file)).unwrap() + "\n";
        assert!(text == pretty, "{file}: sort its keys and indent by two spaces");
    }
}

#[test]
fn nothing_is_of_a_certain_installation() {
    for (file, uid) in [("conntrack.json", "conntrack-exporter"), (FLEET, "conntrack-fleet")] {
        let dashboard = read(file);
        assert_eq!(at(&dashboard, "/id"), &Value::Null);
        let inputs = at(&dashboard, "/__inputs");
        assert_eq!(inputs, &Value::Array(Vec::new()), "provisioning doesn't replace inputs");
        assert_eq!(text(&dashboard, "/uid"), uid);
        walk(&dashboard, "", &mut |path, object| {
            if let Some(uid) = object.get("datasource").filter(|source| !source.is_null()) {
                let uid = text(uid, "/uid");
                assert!(
                    ["${datasource}", "-- Grafana --"].contains(&uid),
                    "{path}: the data source is {uid}"
                );
            }
        });
    }
    walk(&read("panels/connection-states.json"), "", &mut |path, object| {
        assert!(!object.contains_key("datasource"), "{path}: the target's default is meant");
    });
}

#[test]
fn what_is_required_is_what_is_used() {
    let dashboard = dashboard();
    let list = at(&dashboard, "/__requires").as_array().unwrap();
    let required: BTreeSet<(&str, &str)> =
        list.iter().map(|it| (text(it, "/type"), text(it, "/id"))).collect();
    assert_eq!(required.len(), list.len(), "each once");
    let kinds = panels(&dashboard).iter().map(|panel| text(panel, "/type")).filter(|kind| *kind != "row");
    let mut used: BTreeSet<(&str, &str)> = kinds.map(|kind| ("panel", kind)).collect();
    used.extend([("grafana", "grafana"), ("datasource", "influxdb")]);
    assert_eq!(required, used);
    let grafana = list.iter().find(|it| text(it, "/id") == "grafana").unwrap();
    assert_eq!(text(grafana, "/version"), "9.4.0");
    assert_eq!(number(&dashboard, "/schemaVersion"), 37, "that of Grafana 9.4: later ones carry it over");
}

#[test]
fn every_panel_is_whole() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = text(panel, "/title");
        assert!(ids.insert(number(panel, "/id")), "{title}: its id is another's");
        let kind = text(panel, "/type");
        assert!(KINDS.contains(&kind), "{title} is a {kind}");
        if kind != "row" {
            check_panel(panel, title);
        }
    }
    check_panel(&read("panels/connection-states.json"), "the panel alone");
}

fn check_panel(panel: &Value, title: &str) {
    assert!(text(panel, "/description").len() > 60, "{title}: how is it read?");
    let unit = text(panel, "/fieldConfig/defaults/unit");
    assert!(UNITS.contains(&unit), "{title}: {unit}");
    let targets = at(panel, "/targets").as_array().unwrap();
    let names: BTreeSet<&str> = targets.iter().map(|target| text(target, "/refId")).collect();
    assert_eq!((names.len(), targets.is_empty()), (targets.len(), false), "{title}: targets");
    let steps = at(panel, "/fieldConfig/defaults/thresholds/steps").as_array().unwrap();
    let values: Vec<Option<i64>> = steps.iter().map(|step| at(step, "/value").as_i64()).collect();
    assert!(values.is_sorted() && values.first() == Some(&None), "{title}: thresholds {values:?}");
    for overridden in at(panel, "/fieldConfig/overrides").as_array().unwrap() {
        let column = text(overridden, "/matcher/options");
        let query = text(panel, "/targets/0/query");
        assert!(query.contains(column), "{title}: an override of {column}, which isn't there");
    }
}

#[test]
fn panels_stand_in_rows_without_overlaps() {
    let dashboard = dashboard();
    let mut taken: BTreeMap<(i64, i64), &str> = BTreeMap::new();
    let (mut rows, mut last) = (Vec::new(), 0);
    for panel in panels(&dashboard) {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| number(panel, &format!("/gridPos/{side}")));
        let title = text(panel, "/title");
        assert!(x >= 0 && w > 0 && h > 0 && x + w <= 24, "{title} leaves the grid");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert_eq!(taken.insert(cell, title), None, "{title} overlaps at {cell:?}");
        }
        if text(panel, "/type") == "row" {
            assert!(y >= last, "{title} is above the end of the row before it");
            rows.push(title);
        }
        last = last.max(y + h);
    }
    let expected = ["Now", "Streaming or downloading?", "Traffic", "States", "Protocols", "The exporter"];
    assert_eq!(rows, expected);
    let empty = (0..last).flat_map(|y| (0..24).map(move |x| (x, y))).find(|cell| !taken.contains_key(cell));
    assert_eq!(empty, None, "a hole in the grid");
}

#[test]
fn variables_have_the_defaults_that_the_listings_have() {
    let dashboard = dashboard();
    let list = at(&dashboard, "/templating/list").as_array().unwrap();
    let variables: BTreeMap<&str, &Value> = list.iter().map(|it| (text(it, "/name"), it)).collect();
    assert_eq!(list.len(), variables.len());
    assert_eq!(text(variables["datasource"], "/type"), "datasource");
    assert_eq!(text(variables["datasource"], "/query"), "influxdb");
    assert_eq!(text(variables["bucket"], "/current/value"), "network");
    assert_eq!(text(variables["min"], "/current/value"), "5");
    assert_eq!(text(variables["traffic"], "/current/value"), "10");
    let device = variables["device"];
    assert_eq!((text(device, "/type"), text(device, "/allValue")), ("query", ".*"));
    assert_eq!((at(device, "/multi"), at(device, "/includeAll")), (&true.into(), &true.into()));
    for variable in list {
        assert!(!text(variable, "/description").is_empty() && !text(variable, "/label").is_empty());
    }
    walk(&dashboard, "", &mut |path, object| {
        for query in
            object.get("query").and_then(Value::as_str).into_iter().flat_map(|it| it.split("${").skip(1))
        {
            let (used, _) = query.split_once('}').unwrap();
            let known = ["bucket", "min", "device:regex", "traffic"].contains(&used);
            assert!(known, "{path}: the variable {used}");
        }
    });
}

#[test]
fn alerts_are_marked_in_every_graph() {
    let dashboard = dashboard();
    let list = at(&dashboard, "/annotations/list").as_array().unwrap();
    let names: Vec<&str> = list.iter().map(|annotation| text(annotation, "/name")).collect();
    assert_eq!(names, ["Annotations & Alerts", "Alerts"]);
    let alerts = &list[1];
    assert_eq!((at(alerts, "/enable"), at(alerts, "/hide")), (&true.into(), &false.into()));
    assert_eq!(text(alerts, "/datasource/uid"), "${datasource}");
    // What is documented is this query, without the dashboard's variables.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alerts.md");
    let document = fs::read_to_string(path).unwrap();
    let query = text(alerts, "/target/query").replace("${bucket}", "network");
    let chosen = "  |> filter(fn: (r) => r.device_name =~ /^${device:regex}$/)\n";
    assert!(query.contains(chosen), "the choice of devices holds for alerts too");
    assert!(document.contains(&format!("```flux\n{}\n```\n", query.replace(chosen, ""))));
}

#[test]
fn the_panel_is_as_promised_and_the_dashboard_has_the_same() {
    let panel = read("panels/connection-states.json");
    assert_eq!(text(&panel, "/title"), "Connection States (Streaming Devices)");
    assert_eq!((number(&panel, "/id"), text(&panel, "/type")), (7, "timeseries"));
    assert_eq!(["x", "y", "w", "h"].map(|side| number(&panel, &format!("/gridPos/{side}"))), [12, 42, 12, 8]);
    let custom = "/fieldConfig/defaults/custom";
    assert_eq!(text(&panel, "/fieldConfig/defaults/unit"), "short");
    assert_eq!(text(&panel, &format!("{custom}/lineInterpolation")), "smooth");
    assert_eq!(number(&panel, &format!("{custom}/fillOpacity")), 10);
    assert_eq!(text(&panel, &format!("{custom}/thresholdsStyle/mode")), "line+area");
    assert_eq!(text(&panel, "/options/legend/displayMode"), "list");
    assert_eq!(text(&panel, "/options/legend/placement"), "bottom");
    let red = at(&panel, "/fieldConfig/defaults/thresholds/steps/1");
    assert_eq!((text(red, "/color"), number(red, "/value")), ("red", 100));
    assert!(text(&panel, "/description").contains("default interval of 30 s only"));

    let dashboard = dashboard();
    let mut same = panels(&dashboard).iter().find(|it| at(it, "/id") == 7).unwrap().clone();
    let query = text(&same, "/targets/0/query").replace("${bucket}", "network").replace("${min}", "5");
    *same.pointer_mut("/targets/0/query").unwrap() = query.into();
    *same.get_mut("gridPos").unwrap() = at(&panel, "/gridPos").clone();
    same.as_object_mut().unwrap().remove("datasource");
    same.pointer_mut("/targets/0").unwrap().as_object_mut().unwrap().remove("datasource");
    assert_eq!(same, panel);
}

#[test]
fn the_bands_of_the_table_are_those_of_the_readme() {
    let dashboard = dashboard();
    let now = panels(&dashboard).iter().find(|panel| text(panel, "/title") == "Devices now").unwrap();
    let steps = at(now, "/fieldConfig/defaults/thresholds/steps").as_array().unwrap();
    let bands: Vec<_> = steps.iter().filter_map(|step| at(step, "/value").as_i64()).collect();
    assert_eq!(bands, [5, 20, 50, 100]);
    assert!(text(now, "/description").contains("Above 100: look into it"));
}
