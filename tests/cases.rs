//! Golden cases: a router's files in, line protocol out, byte for byte.
//!
//! A case is a directory `tests/cases/NN-name` with `root/` (the router's files), `config.toml`, `expected.lp`, and
//! optionally `root-2/`, `root-3/` …: files that are different 30 seconds later, 60 seconds later, and so on.
//! `make bless` writes what comes out over what was expected; the diff is to be read.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]

#[path = "support/golden.rs"]
mod golden;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::{Config, Timestamps};
use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::measurements::switches::Switches;
use conntrack_exporter::measurements::system::SystemConfig;
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;
use conntrack_exporter::snapshot::timestamp;
use golden::{OF_THE_MACHINE, STANDING, shown};
use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines};

/// The instant of the first snapshot, a whole multiple of 30 s, and the machine's time since boot then.
const WALL: Duration = Duration::from_secs(1_795_241_400);
const BOOT: Duration = Duration::from_hours(1);
const INTERVAL: Duration = Duration::from_secs(30);

#[test]
fn every_case_gives_what_is_expected() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 20, "only {} cases were found", cases.len());
    let blessing = env::var_os("BLESS").is_some();
    let mut failed = Vec::new();
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let actual = replay(case, &name);
        let expected = case.join("expected.lp");
        if blessing {
            fs::write(expected, actual).unwrap();
        } else if actual != fs::read_to_string(&expected).unwrap_or_default() {
            eprintln!("{name} gives:\n{actual}");
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "not as expected: {failed:?} (see above; `make bless` accepts)");
}

/// Takes a snapshot of every step of a case.
fn replay(case: &Path, name: &str) -> String {
    let root = env::temp_dir().join(format!("conntrack-exporter-cases-{}-{name}", std::process::id()));
    fs::create_dir_all(&root).unwrap();
    let text = fs::read_to_string(case.join("config.toml")).expect("a case has a configuration");
    let mut config = Config::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    if !text.contains("[measurements]") {
        config.measurements = Switches::only(&STANDING);
    }
    if !text.contains("[system]") {
        config.system = SystemConfig::NOTHING;
    }
    let mut collector = Collector::new(config.clone(), &Root::replay(&root), WALL.as_secs() - 60);
    let mut ledger = Ledger::default();
    let mut shown = String::new();
    for step in 0.. {
        let files = if step == 0 { case.join("root") } else { case.join(format!("root-{}", step + 1)) };
        if !files.exists() {
            break;
        }
        overlay(&files, &root, step);
        if step > 0 {
            writeln!(shown, "# {} seconds later", step * 30).unwrap();
        }
        shown += &snapshot(&mut collector, &mut ledger, config.timestamps, step);
    }
    fs::remove_dir_all(root).unwrap();
    shown
}

fn snapshot(collector: &mut Collector, ledger: &mut Ledger, timestamps: Timestamps, step: u32) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let timestamp = timestamp(timestamps, WALL + INTERVAL * step, true);
    let moment = Moment {
        boot: BOOT + INTERVAL * step,
        timestamp,
        wall: Some(WALL + INTERVAL * step),
        due: DueClocks::Both,
    };
    let snapshot = runtime.block_on(collector.snapshot(&moment)).unwrap();
    let points = ledger.complete(&snapshot);
    let mut lines = Lines::default();
    lines.write(&points, snapshot.timestamp);
    ledger.confirm(&snapshot, &points, |_| true, false);
    let text = String::from_utf8(lines.text().to_vec()).unwrap();
    check(&text, &collector.config().measurements);
    text.lines().map(|line| shown(line) + "\n").collect()
}

/// Copies a step's files over those of the steps before, each step's with a time of its own.
fn overlay(from: &Path, to: &Path, step: u32) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            overlay(&entry.path(), &target, step);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
            let modified = SystemTime::UNIX_EPOCH + WALL + INTERVAL * step;
            fs::File::options().write(true).open(&target).unwrap().set_modified(modified).unwrap();
        }
    }
}

/// What holds of every snapshot, whatever its case.
fn check(text: &str, on: &Switches) {
    let parsed: Vec<ParsedLine<'_>> = parse_lines(text).collect::<Result<_, _>>().expect("every line parses");
    assert_eq!(parsed.len(), text.lines().count(), "a line is one point");
    let states: Vec<_> = of(&parsed, "connection_state").collect();
    let mut series = BTreeMap::new();
    for line in &states {
        let tags = tags(line);
        for tag in ["device_name", "protocol", "state"] {
            assert!(tags.contains_key(tag), "{tag} is missing in {tags:?}");
        }
        let [(field, FieldValue::I64(count))] = line.field_set.as_slice() else {
            panic!("not one count: {line:?}")
        };
        assert_eq!(field.as_str(), "count");
        assert!(series.insert(tags, *count).is_none(), "two points of one series: {line:?}");
    }
    let exporters: Vec<_> = of(&parsed, "conntrack_exporter").collect();
    assert_eq!(exporters.len(), usize::from(on.is_on("conntrack_exporter")), "not one exporter");
    for exporter in exporters.into_iter().filter(|_| on.is_on("connection_state")) {
        check_exporter(exporter, &states, &series);
    }
}

/// What the exporter says of itself is what the other lines say.
fn check_exporter(
    exporter: &ParsedLine<'_>,
    states: &[&ParsedLine<'_>],
    series: &BTreeMap<BTreeMap<String, String>, i64>,
) {
    let figure = |name: &str| integer(exporter, name);
    assert_eq!(figure("points"), i64::try_from(states.len()).unwrap());
    assert_eq!(series.values().sum::<i64>(), figure("entries_read") - figure("entries_loopback"));
    let others = series.iter().filter(|(tags, _)| tags["device_name"] == "other").map(|(_, count)| count);
    assert_eq!(others.sum::<i64>(), figure("entries_unattributed") + figure("entries_overflow"));
    for name in OF_THE_MACHINE {
        assert!(figure(name) > 0, "{name}");
    }
}

fn of<'a, 'b>(lines: &'b [ParsedLine<'a>], measurement: &'b str) -> impl Iterator<Item = &'b ParsedLine<'a>> {
    lines.iter().filter(move |line| line.series.measurement == measurement)
}

fn tags(line: &ParsedLine<'_>) -> BTreeMap<String, String> {
    let tags = line.series.tag_set.iter().flatten();
    let tags: Vec<_> = tags.map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let in_order = tags.clone().into_iter().collect::<BTreeMap<_, _>>();
    assert!(in_order.clone().into_iter().eq(tags), "tags are in lexical order, each once: {line:?}");
    in_order
}

fn integer(line: &ParsedLine<'_>, name: &str) -> i64 {
    match line.field_set.iter().find(|(field, _)| field.as_str() == name) {
        Some((_, FieldValue::I64(value))) => *value,
        found => panic!("{name} is no integer: {found:?}"),
    }
}
