//! The pages for VictoriaMetrics and for Prometheus: every query on the real servers.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::connections::at;
use crate::grafana::{Dashboard, Expression, SECOND, View};
use crate::http::ask;
use crate::live::now;
use crate::namespace::Namespace;
use crate::past::Directory;
use crate::shapes::Picked;
use crate::store::Store;
use crate::wait::until;
use crate::week::{line, week};
use crate::weeks::kept;

const PORT: u16 = 8428;
const HOUR: i64 = 3600;

/// The step of a graph, in seconds.
const STEP: i64 = 60;

/// What is empty as long as nothing is wrong.
const WHAT_IS_WRONG: [&str; 1] = ["What is wrong now"];

/// A value of a series: its labels, when, and what.
pub(crate) struct Sample {
    pub(crate) labels: Value,
    pub(crate) at: i64,
    pub(crate) value: f64,
}

/// Asks a server of this kind; an answer that isn't a success is a failure.
pub(crate) fn samples(stream: TcpStream, path: &str, query: &str) -> Vec<Sample> {
    let answer =
        ask(stream, &format!("GET /api/v1/{path}query={}", escaped(query)), "", "").expect("an answer");
    let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    assert_eq!(json.get("status"), Some(&"success".into()), "{query}: {}", answer.body);
    let series = json.pointer("/data/result").and_then(Value::as_array).cloned().unwrap_or_default();
    series.iter().flat_map(of_series).collect()
}

fn of_series(series: &Value) -> Vec<Sample> {
    let labels = series.get("metric").cloned().unwrap_or_default();
    let several = series.get("values").and_then(Value::as_array).cloned();
    let values = several.unwrap_or_else(|| series.get("value").cloned().into_iter().collect());
    let sample = |pair: &Value| {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        let at = pair.get(0)?.as_f64()? as i64;
        Some(Sample { labels: labels.clone(), at, value: pair.get(1)?.as_str()?.parse().ok()? })
    };
    values.iter().filter_map(sample).collect()
}

/// As it is written in an address.
fn escaped(query: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric();
    query
        .bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// VictoriaMetrics; killed when dropped.
struct Victoria {
    child: Child,
    place: Namespace,
}

impl Victoria {
    fn start(test: &str, directory: &Path) -> Self {
        let place = Namespace::new(test, "victoria");
        let mut command = Command::new("victoria-metrics");
        command.arg(format!("-storageDataPath={}", directory.join("victoria").display()));
        command.arg(format!("-httpListenAddr=127.0.0.1:{PORT}")).arg("-search.latencyOffset=0s");
        // One point in each interval, as Grafana's data source is told by the panels.
        command.arg("-search.minStalenessInterval=1m").arg("-retentionPeriod=1y");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = place.spawn(&mut command);
        let victoria = Self { child, place };
        until("VictoriaMetrics that listens", || victoria.connect().ok().map(drop));
        victoria
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        self.place.enter(|| TcpStream::connect::<SocketAddr>(at("127.0.0.1", PORT)))
    }

    fn samples(&self, path: &str, query: &str) -> Vec<Sample> {
        samples(self.connect().expect("a connection"), path, query)
    }

    fn write(&self, lines: &str) {
        let answer = ask(self.connect().expect("a connection"), "POST /write?precision=s", "", lines);
        assert_eq!(answer.expect("an answer").status, 204);
        ask(self.connect().expect("a connection"), "GET /internal/force_flush", "", "").expect("an answer");
    }
}

impl Drop for Victoria {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// The last hours of a household's evening: in the database, and plainly.
fn evening(victoria: &Victoria, stop: i64, hours: i64) -> Store {
    let (mut lines, mut points) = (String::new(), Vec::new());
    for point in week(stop, 1).flatten().filter(|point| point.at >= stop - hours * HOUR) {
        line(&point, &mut lines);
        points.push(point);
    }
    victoria.write(&lines);
    kept(points, |_| true)
}

#[test]
fn the_pages_for_victoria_metrics_are_right() {
    let directory =
        Directory(std::env::temp_dir().join(format!("conntrack-exporter-{}-promql", std::process::id())));
    let victoria = Victoria::start("promql", &directory.0);
    let seconds = i64::try_from(now() / 1000).expect("a time");
    // A film is on at this time of the first day.
    let midnight = seconds - seconds.rem_euclid(24 * HOUR);
    let stop = midnight - 2 * HOUR;
    let store = evening(&victoria, stop, 4);
    // The server moves other times than whole steps to whole ones.
    let newest = stop - STEP;
    for page in ["overview", "device"] {
        for Expression { title, text, is_of_now } in
            Dashboard::read(&format!("victoriametrics/{page}.json")).expressions(STEP)
        {
            let path = if is_of_now {
                format!("query?time={newest}&")
            } else {
                format!("query_range?start={}&end={newest}&step={STEP}&", newest - 2 * HOUR)
            };
            let found = victoria.samples(&path, &text);
            let may_be_empty = WHAT_IS_WRONG.contains(&title.as_str()) || text.contains("firing");
            assert!(may_be_empty || !found.is_empty(), "{page}: {title}: nothing by {text}");
            if let Some(expected) = expected(&store, &title, newest) {
                insist_on(&found, &expected, &format!("{page}: {title}: {text}"));
            }
        }
    }
}

/// What a query must return, by device, if it is one of those that are looked at closely; of a graph, of its last step.
fn expected(store: &Store, title: &str, newest: i64) -> Option<Vec<(String, f64)>> {
    let at = i128::from(newest) * SECOND;
    let view = View::new(newest - STEP + 1, newest + 1, STEP).every(30);
    let of = |measurement: &str, field: &str| {
        let label = |tags: &crate::store::Tags| tags.get("device_name").cloned().unwrap_or_default();
        Picked::new(store, &view, [measurement, field], |_| true, label)
    };
    let sum = |values: Vec<(String, f64)>| vec![(String::new(), values.iter().map(|(_, value)| value).sum())];
    let here = |measurement, field| -> Vec<(String, f64)> {
        of(measurement, field)
            .at(Some(at))
            .into_iter()
            .map(|(label, value)| (label, value.number()))
            .collect()
    };
    let within = |measurement, field| -> Vec<(String, f64)> {
        of(measurement, field).within().into_iter().map(|(label, _, value)| (label, value.number())).collect()
    };
    Some(match title {
        "Open connections" => sum(here("device_traffic", "connections")),
        "Download now" => sum(here("device_traffic", "rx_bits_per_second")),
        "Upload now" => sum(here("device_traffic", "tx_bits_per_second")),
        "Open connections by device" => folded(within("device_traffic", "connections"), f64::max),
        "Download by device" => {
            by_second(folded(within("device_traffic", "rx_bytes"), |one, other| one + other))
        }
        "Upload by device" => {
            by_second(folded(within("device_traffic", "tx_bytes"), |one, other| one + other))
        }
        "What everybody is doing" => folded(within("device_activity", "code"), |_, last| last),
        _ => return None,
    })
}

fn folded(values: Vec<(String, f64)>, fold: impl Fn(f64, f64) -> f64) -> Vec<(String, f64)> {
    let mut folded: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
    for (label, value) in values {
        folded.entry(label).and_modify(|known| *known = fold(*known, value)).or_insert(value);
    }
    folded.into_iter().collect()
}

fn by_second(bytes: Vec<(String, f64)>) -> Vec<(String, f64)> {
    let seconds = crate::oracle::exact(STEP);
    bytes.into_iter().map(|(label, bytes)| (label, bytes * 8.0 / seconds)).collect()
}

fn insist_on(found: &[Sample], expected: &[(String, f64)], what: &str) {
    let last = found.iter().map(|sample| sample.at).max().unwrap_or_default();
    let name = |sample: &Sample| {
        sample.labels.get("device_name").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut found: Vec<(String, f64)> =
        found.iter().filter(|sample| sample.at == last).map(|sample| (name(sample), sample.value)).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut expected = expected.to_vec();
    expected.sort_by(|(one, _), (other, _)| one.cmp(other));
    let same = found.len() == expected.len()
        && found.iter().zip(&expected).all(|((name, value), (other, expected))| {
            name == other && (value - expected).abs() <= 1e-9 * expected.abs().max(1.0)
        });
    assert!(same, "{what}: {found:?}, but should {expected:?}");
}
