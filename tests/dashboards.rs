//! The dashboards and the panel as files: what Grafana would refuse or warn of, and what makes a diff hard to read.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// The pages that the generator makes: folder, file, and how the identifier ends.
const PAGES: [(&str, &str, &str); 8] = [
    ("influxdb", "overview", ""),
    ("influxdb", "streaming", ""),
    ("influxdb", "device", ""),
    ("influxdb", "router", ""),
    ("prometheus", "overview", "-prometheus"),
    ("prometheus", "device", "-prometheus"),
    ("victoriametrics", "overview", "-victoriametrics"),
    ("victoriametrics", "device", "-victoriametrics"),
];

const PANEL: &str = "panels/connection-states.json";

/// Beside those of config/grafana: the dashboard of many routers.
const FLEET: &str = "../fleet/vmagent/dashboard.json";

/// Kinds of panels that Grafana 9.4 has and later ones still have.
const KINDS: [&str; 5] = ["row", "stat", "state-timeline", "table", "timeseries"];

/// Units of Grafana's that are used.
const UNITS: [&str; 12] =
    ["bps", "bytes", "cps", "none", "ns", "percent", "percentunit", "s", "short", "string", "µs", "Mbits"];

fn text_of(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(file: &str) -> Value {
    serde_json::from_str(&text_of(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every page: its file, its name, and what it holds.
fn pages() -> Vec<(String, &'static str, Value)> {
    let page = |(folder, name, _): (&str, _, _)| {
        let file = format!("{folder}/{name}.json");
        let held = read(&file);
        (file, name, held)
    };
    PAGES.into_iter().map(page).collect()
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
    let pages = pages().into_iter().map(|(file, ..)| file);
    for file in pages.chain([PANEL.to_owned(), FLEET.to_owned()]) {
        // Sorted keys, two spaces: serde_json's maps are in order.
        let text = text_of(&file);
        let pretty = serde_json::to_string_pretty(&read(&file)).unwrap() + "\n";
        assert!(text == pretty, "{file}: sort its keys and indent by two spaces");
    }
}

#[test]
fn nothing_is_of_a_certain_installation() {
    let identifiers = PAGES.map(|(_, name, suffix)| format!("conntrack-{name}{suffix}"));
    let pages = pages().into_iter().map(|(file, _, page)| (file, page)).zip(identifiers);
    let fleet = ((FLEET.to_owned(), read(FLEET)), "conntrack-fleet".to_owned());
    for ((file, dashboard), uid) in pages.chain([fleet]) {
        assert_eq!(at(&dashboard, "/id"), &Value::Null);
        let inputs = at(&dashboard, "/__inputs");
        assert_eq!(inputs, &Value::Array(Vec::new()), "provisioning doesn't replace inputs");
        assert_eq!(text(&dashboard, "/uid"), uid);
        walk(&dashboard, "", &mut |path, object| {
            if let Some(uid) = object.get("datasource").filter(|source| !source.is_null()) {
                let uid = text(uid, "/uid");
                assert!(
                    ["${datasource}", "-- Grafana --"].contains(&uid),
                    "{file}: {path}: the data source is {uid}"
                );
            }
        });
    }
    // Without a source of its own it would show what Grafana makes up.
    assert_eq!(text(&read(PANEL), "/datasource/uid"), "conntrack-influxdb", "that of the provisioning");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana/provisioning/datasources/conntrack.yaml");
    assert!(fs::read_to_string(path).unwrap().contains("uid: conntrack-influxdb\n"));
}

#[test]
fn what_is_required_is_what_is_used() {
    for (file, _, dashboard) in pages() {
        let list = at(&dashboard, "/__requires").as_array().unwrap();
        let required: BTreeSet<(&str, &str)> =
            list.iter().map(|it| (text(it, "/type"), text(it, "/id"))).collect();
        assert_eq!(required.len(), list.len(), "each once");
        let kinds = panels(&dashboard).iter().map(|panel| text(panel, "/type")).filter(|kind| *kind != "row");
        let mut used: BTreeSet<(&str, &str)> = kinds.map(|kind| ("panel", kind)).collect();
        let source = if file.starts_with("influxdb/") { "influxdb" } else { "prometheus" };
        used.extend([("grafana", "grafana"), ("datasource", source)]);
        assert_eq!(required, used, "{file}");
        let grafana = list.iter().find(|it| text(it, "/id") == "grafana").unwrap();
        assert_eq!(text(grafana, "/version"), "9.4.0");
        assert_eq!(number(&dashboard, "/schemaVersion"), 37, "that of Grafana 9.4: later ones carry it over");
    }
}

#[test]
fn every_panel_is_whole() {
    for (file, _, dashboard) in pages() {
        let mut ids = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = format!("{file}: {}", text(panel, "/title"));
            assert!(ids.insert(number(panel, "/id")), "{title}: its id is another's");
            let kind = text(panel, "/type");
            assert!(KINDS.contains(&kind), "{title} is a {kind}");
            if kind != "row" {
                check_panel(panel, &title);
            }
        }
    }
    check_panel(&read(PANEL), "the panel alone");
}

fn check_panel(panel: &Value, title: &str) {
    assert!(text(panel, "/description").len() > 60, "{title}: how is it read?");
    let unit = text(panel, "/fieldConfig/defaults/unit");
    assert!(UNITS.contains(&unit), "{title}: {unit}");
    let targets = at(panel, "/targets").as_array().unwrap();
    let names: BTreeSet<&str> = targets.iter().map(|target| text(target, "/refId")).collect();
    assert_eq!((names.len(), targets.is_empty()), (targets.len(), false), "{title}: targets");
    let steps = at(panel, "/fieldConfig/defaults/thresholds/steps").as_array().unwrap();
    let values: Vec<Option<f64>> = steps.iter().map(|step| at(step, "/value").as_f64()).collect();
    assert!(values.is_sorted() && values.first() == Some(&None), "{title}: thresholds {values:?}");
    // What an empty cell shows must not be taken for a sentence about the panel.
    let empty = panel.pointer("/fieldConfig/defaults/noValue").and_then(Value::as_str).unwrap_or_default();
    let is_table = text(panel, "/type") == "table";
    assert!(
        !is_table || ["·", "Nothing is wrong", "Nothing was wrong"].contains(&empty),
        "{title}: {empty:?} in empty cells"
    );
}

#[test]
fn panels_stand_in_rows_without_overlaps() {
    for (file, _, dashboard) in pages() {
        let mut taken: BTreeMap<(i64, i64), &str> = BTreeMap::new();
        let mut last = 0;
        for panel in panels(&dashboard) {
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| number(panel, &format!("/gridPos/{side}")));
            let title = text(panel, "/title");
            assert!(x >= 0 && w > 0 && h > 0 && x + w <= 24, "{file}: {title} leaves the grid");
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert_eq!(taken.insert(cell, title), None, "{file}: {title} overlaps at {cell:?}");
            }
            if text(panel, "/type") == "row" {
                assert!(y >= last, "{file}: {title} is above the end of the row before it");
            }
            last = last.max(y + h);
        }
        let empty =
            (0..last).flat_map(|y| (0..24).map(move |x| (x, y))).find(|cell| !taken.contains_key(cell));
        assert_eq!(empty, None, "{file}: a hole in the grid");
    }
}

#[test]
fn variables_have_the_defaults_that_the_listings_have() {
    for (file, name, dashboard) in pages() {
        let list = at(&dashboard, "/templating/list").as_array().unwrap();
        let variables: BTreeMap<&str, &Value> = list.iter().map(|it| (text(it, "/name"), it)).collect();
        assert_eq!(list.len(), variables.len());
        assert_eq!(text(variables["datasource"], "/type"), "datasource");
        assert_eq!(text(variables["interval"], "/current/value"), "30");
        if let Some(bucket) = variables.get("bucket") {
            assert_eq!(text(bucket, "/current/value"), "network");
        }
        if let Some(device) = variables.get("device") {
            let many = Value::from(name != "device");
            assert_eq!((at(device, "/multi"), at(device, "/includeAll")), (&many, &many), "{file}");
        }
        for variable in list {
            assert!(!text(variable, "/description").is_empty() && !text(variable, "/label").is_empty());
        }
        walk(&dashboard, "", &mut |path, object| {
            let queries =
                ["query", "expr"].into_iter().filter_map(|key| object.get(key).and_then(Value::as_str));
            for query in queries.flat_map(|it| it.split("${").skip(1)) {
                let (used, _) = query.split_once('}').unwrap();
                let used = used.split(':').next().unwrap();
                assert!(variables.contains_key(used), "{file}: {path}: the variable {used}");
            }
        });
    }
}

#[test]
fn alerts_are_marked_in_every_graph() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alerts.md");
    let document = fs::read_to_string(path).unwrap();
    for (file, name, dashboard) in pages() {
        let list = at(&dashboard, "/annotations/list").as_array().unwrap();
        let names: Vec<&str> = list.iter().map(|annotation| text(annotation, "/name")).collect();
        assert_eq!(names, ["Annotations & Alerts", "Alerts"], "{file}");
        let alerts = &list[1];
        assert_eq!((at(alerts, "/enable"), at(alerts, "/hide")), (&true.into(), &false.into()));
        assert_eq!(text(alerts, "/datasource/uid"), "${datasource}");
        if !file.starts_with("influxdb/") {
            continue;
        }
        // What is documented is this query, without the dashboard's variables.
        let query = text(alerts, "/target/query").replace("${bucket}", "network");
        let chosen = "  |> filter(fn: (r) => r.device_name =~ /^${device:regex}$/)\n";
        assert_eq!(query.contains(chosen), name != "router", "the choice of devices holds for alerts too");
        assert!(document.contains(&format!("```flux\n{}\n```\n", query.replace(chosen, ""))));
    }
}

#[test]
fn the_panel_is_as_promised() {
    let panel = read(PANEL);
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
    assert!(text(&panel, "/description").contains("two and a half days"), "more points than Grafana takes");
}

#[test]
fn the_bands_of_the_table_are_those_of_the_readme() {
    let dashboard = read("influxdb/overview.json");
    let devices = panels(&dashboard).iter().find(|panel| text(panel, "/title") == "Devices").unwrap();
    let overrides = at(devices, "/fieldConfig/overrides").as_array().unwrap();
    let open = overrides.iter().find(|it| text(it, "/matcher/options") == "Open").unwrap();
    let properties = at(open, "/properties").as_array().unwrap();
    let thresholds = properties.iter().find(|it| text(it, "/id") == "thresholds").unwrap();
    let steps = at(thresholds, "/value/steps").as_array().unwrap();
    let bands: Vec<_> = steps.iter().filter_map(|step| at(step, "/value").as_i64()).collect();
    assert_eq!(bands, [5, 20, 50, 100]);
    assert!(text(devices, "/description").contains("Above 100: look into it"));
}

#[test]
fn a_device_leads_to_its_own_page() {
    for (file, _, dashboard) in pages().into_iter().filter(|(_, name, _)| *name == "overview") {
        let devices = panels(&dashboard).iter().find(|panel| text(panel, "/title") == "Devices").unwrap();
        let mut links = Vec::new();
        walk(devices, "", &mut |_, object| {
            links.extend(object.get("url").and_then(Value::as_str).map(str::to_owned));
        });
        let [link] = &links[..] else { panic!("{file}: {links:?}") };
        let uid = text(&dashboard, "/uid").replace("overview", "device");
        // Names are anything: as they are they would end the link's parameter.
        assert!(
            link.starts_with(&format!("/d/{uid}?var-device=${{__value.raw:percentencode}}&")),
            "{file}: {link}"
        );
    }
}
