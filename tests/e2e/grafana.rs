//! The dashboard and the panel, read out of their files; variables put in as Grafana does.

use std::fs;

use serde_json::Value;

use crate::programs::shipped;

/// In nanoseconds.
pub(crate) const SECOND: i128 = 1_000_000_000;

/// The widths of windows that Grafana rounds to, in seconds; the panels ask for a second at least.
const WIDTHS: [i64; 20] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/// What a viewer has chosen.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// From when on, in nanoseconds since 1970.
    pub(crate) start: i128,
    /// Until when, exclusively.
    pub(crate) stop: i128,
    /// The width of a window, which Grafana makes of the graph's width; no less than `interval`.
    pub(crate) window: i128,
    /// Between two snapshots of the exporter's.
    pub(crate) interval: i128,
    /// When somebody looks.
    pub(crate) now: i128,
    /// The devices chosen; none means all.
    pub(crate) devices: Vec<String>,
    /// The smallest count shown.
    pub(crate) minimum: f64,
}

impl View {
    /// All devices from `start` to `stop`, looked at then, in windows of at least `window`; all in seconds.
    pub(crate) fn new(start: i64, stop: i64, window: i64) -> Self {
        let [start, stop] = [start, stop].map(|time| i128::from(time) * SECOND);
        let view =
            Self { start, stop, window: 0, interval: SECOND, now: stop, devices: Vec::new(), minimum: 5.0 };
        view.in_windows_of(window)
    }

    /// Of an exporter with this interval, in seconds.
    pub(crate) fn every(mut self, interval: i64) -> Self {
        self.interval = i128::from(interval) * SECOND;
        let window = i64::try_from(self.window.max(self.interval) / SECOND).expect("seconds");
        self.in_windows_of(window)
    }

    fn in_windows_of(mut self, seconds: i64) -> Self {
        let window = WIDTHS.into_iter().find(|width| *width >= seconds).unwrap_or(86_400);
        self.window = i128::from(window) * SECOND;
        self
    }

    /// With these devices alone.
    pub(crate) fn of(mut self, devices: &[&str]) -> Self {
        self.devices = devices.iter().map(|&device| device.to_owned()).collect();
        self
    }

    pub(crate) fn shows(&self, device: &str) -> bool {
        self.devices.is_empty() || self.devices.iter().any(|chosen| chosen == device)
    }

    pub(crate) fn holds(&self, time: i128) -> bool {
        (self.start..self.stop).contains(&time)
    }

    /// The beginning of the window in which `time` is.
    pub(crate) fn window_of(&self, time: i128) -> i128 {
        (time - time.rem_euclid(self.window)).max(self.start)
    }

    /// The end of the window that begins then.
    pub(crate) fn end_of(&self, begin: i128) -> i128 {
        (begin - begin.rem_euclid(self.window) + self.window).min(self.stop)
    }

    /// The beginnings of all windows.
    pub(crate) fn windows(&self) -> impl Iterator<Item = i128> {
        let next = |begin: &i128| Some(self.end_of(*begin)).filter(|end| *end < self.stop);
        std::iter::successors(Some(self.start).filter(|start| *start < self.stop), next)
    }

    /// What is looked back for when somebody wants to know how it is now. Clocks may be ahead.
    pub(crate) fn recent(&self, back: i128) -> std::ops::Range<i128> {
        self.now - back..self.now + 300 * SECOND
    }
}

/// What a panel asks.
pub(crate) struct Asked {
    pub(crate) title: String,
    /// Which of its queries it is: A, B and so on.
    pub(crate) which: String,
    pub(crate) query: String,
    /// Into how many steps its graph is cut at most; a table and a figure have none.
    steps: Option<i128>,
}

impl Asked {
    /// What is looked at, in no more steps than the graph has.
    pub(crate) fn view(&self, view: &View) -> View {
        let Some(steps) = self.steps else { return view.clone() };
        let least = i64::try_from((view.stop - view.start) / steps / SECOND).expect("seconds") + 1;
        let window = i64::try_from(view.window / SECOND).expect("seconds");
        view.clone().in_windows_of(window.max(least))
    }
}

/// What a panel asks in `PromQL`.
pub(crate) struct Expression {
    pub(crate) title: String,
    pub(crate) text: String,
    /// One value for each series, not a graph.
    pub(crate) is_of_now: bool,
}

/// The dashboards for InfluxDB.
pub(crate) const PAGES: [&str; 4] = ["overview", "streaming", "device", "router"];

/// A dashboard or a panel.
pub(crate) struct Dashboard {
    json: Value,
}

impl Dashboard {
    /// Reads a file of config/grafana.
    pub(crate) fn read(file: &str) -> Self {
        let text = fs::read_to_string(shipped("config/grafana").join(file)).expect("a file of ours");
        Self { json: serde_json::from_str(&text).expect("JSON") }
    }

    /// Reads a dashboard for InfluxDB.
    pub(crate) fn page(name: &str) -> Self {
        Self::read(&format!("influxdb/{name}.json"))
    }

    /// What all of its panels ask.
    pub(crate) fn queries(&self) -> Vec<Asked> {
        let panels = self.json.get("panels").and_then(Value::as_array);
        let panels = panels.cloned().unwrap_or_else(|| vec![self.json.clone()]);
        panels.iter().flat_map(asked).collect()
    }

    /// What all of its panels ask in `PromQL`, of all devices, with steps of so many seconds.
    pub(crate) fn expressions(&self, step: i64) -> Vec<Expression> {
        let panels = self.json.get("panels").and_then(Value::as_array).into_iter().flatten();
        let targets = panels.flat_map(|panel| {
            let targets = panel.get("targets").and_then(Value::as_array).into_iter().flatten();
            targets.map(move |target| (panel, target))
        });
        let expression = |(panel, target): (&Value, &Value)| {
            let mut text = string(target, "/expr");
            let values = [
                ("$__rate_interval", format!("{}s", step.max(120))),
                ("$__interval_ms", (step * 1000).to_string()),
                ("$__interval", format!("{step}s")),
                ("$__range", "6h".to_owned()),
                ("${interval}", "30".to_owned()),
                ("$device", ".*".to_owned()),
            ];
            for (variable, value) in values {
                text = text.replace(variable, &value);
            }
            assert!(!text.contains('$'), "a variable is left: {text}");
            let is_of_now = target.get("instant") == Some(&true.into());
            Expression { title: string(panel, "/title"), text, is_of_now }
        };
        targets.map(expression).collect()
    }

    /// The query of an annotation, by its name.
    pub(crate) fn annotation(&self, name: &str) -> String {
        let list = self.json.pointer("/annotations/list").and_then(Value::as_array);
        let found =
            list.into_iter().flatten().find(|annotation| annotation.get("name") == Some(&name.into()));
        string(found.unwrap_or_else(|| panic!("no annotation {name}")), "/target/query")
    }

    /// The query of the variable of the devices.
    pub(crate) fn devices(&self) -> String {
        string(self.variable("device"), "/query")
    }

    /// Puts what was chosen into a query, and the defaults of the rest.
    pub(crate) fn put_in(&self, query: &str, view: &View) -> String {
        let mut query = query.to_owned();
        for variable in self.json.pointer("/templating/list").and_then(Value::as_array).into_iter().flatten()
        {
            let name = string(variable, "/name");
            query = match name.as_str() {
                "device" => query.replace("${device:regex}", &chosen(&view.devices, ".*")),
                "host" => query.replace("${host:regex}", ".*"),
                "min" => query.replace("${min}", &view.minimum.to_string()),
                "interval" => query.replace("${interval}", &(view.interval / SECOND).to_string()),
                "bucket" => query.replace("${bucket}", &string(variable, "/current/value")),
                _ => query,
            };
        }
        let left = query.split('$').skip(1).find(|rest| rest.starts_with(['{', '_']) || starts_word(rest));
        assert!(left.is_none() || !view.devices.is_empty(), "a variable is left: {left:?} in {query}");
        query = query.replace("v.timeRangeStart", &rfc3339(view.start));
        query = query.replace("v.timeRangeStop", &rfc3339(view.stop));
        query = query.replace("v.windowPeriod", &go_duration(view.window));
        assert!(!query.contains(" v."), "a variable of Flux's is left: {query}");
        query
    }

    fn variable(&self, name: &str) -> &Value {
        let list = self.json.pointer("/templating/list").and_then(Value::as_array);
        let found = list.into_iter().flatten().find(|variable| variable.get("name") == Some(&name.into()));
        found.unwrap_or_else(|| panic!("no variable {name}"))
    }
}

/// The queries that a document gives, in its order.
pub(crate) fn documented<const N: usize>(document: &str) -> [String; N] {
    let text = fs::read_to_string(shipped(document)).expect("a document of ours");
    let blocks = text.split("```flux\n").skip(1).filter_map(|rest| rest.split("```").next());
    let blocks: Vec<String> = blocks.map(str::to_owned).collect();
    blocks.try_into().unwrap_or_else(|blocks| panic!("not {N} queries in {document}: {blocks:?}"))
}

fn asked(panel: &Value) -> Vec<Asked> {
    let targets = panel.get("targets").and_then(Value::as_array).into_iter().flatten();
    let asked = |target| Asked {
        title: string(panel, "/title"),
        which: string(target, "/refId"),
        query: string(target, "/query"),
        steps: panel.get("maxDataPoints").and_then(Value::as_i64).map(i128::from),
    };
    targets.map(asked).collect()
}

fn string(json: &Value, pointer: &str) -> String {
    let found = json.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer}: {json}")).to_owned()
}

fn starts_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// The format `regex` of Grafana's variables.
fn chosen(values: &[String], all: &str) -> String {
    let escaped: Vec<String> = values.iter().map(|value| escaped(value)).collect();
    match escaped.as_slice() {
        [] => all.to_owned(),
        [one] => one.clone(),
        several => format!("({})", several.join("|")),
    }
}

fn escaped(value: &str) -> String {
    let special = |each: char| "\\^$*+?.()|[]{}/".contains(each);
    value.chars().flat_map(|each| special(each).then_some('\\').into_iter().chain([each])).collect()
}

/// A time as Go writes it in the format `RFC3339Nano`.
pub(crate) fn rfc3339(time: i128) -> String {
    let since = std::time::Duration::from_nanos(u64::try_from(time).expect("a time after 1970"));
    let text = humantime::format_rfc3339_nanos(std::time::UNIX_EPOCH + since).to_string();
    let text = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{text}Z")
}

/// A duration as Go's `Duration.String` writes it.
fn go_duration(time: i128) -> String {
    let seconds = time / SECOND;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}
