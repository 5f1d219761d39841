//! A bucket of the real InfluxDB read back: of what was written it is known what is missing.
#![expect(clippy::indexing_slicing, reason = "what is not in a JSON value is null")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::connections::at;
use crate::exporter::PROGRAM;
use crate::household::Household;
use crate::influx::{BUCKET, Influx, ORGANISATION};
use crate::namespace::Namespace;
use crate::place::Place;

const TOKEN: &str = "a-token-of-the-tests";
const DAY: u64 = 86_400;
/// From one snapshot to the next, and from one look at the traffic to the next, in seconds.
const INTERVAL: u64 = 60;
const LOOK: u64 = 20;
/// So many snapshots of each router, half of them before a midnight, the first of the other half at it.
const SNAPSHOTS: u64 = 20;
/// Which of them is the first after a restart, in the attic.
const RESTARTED: u64 = 15;
const ROWS: u64 = 4;

/// The command, at a server in a namespace of its own.
pub(crate) struct Audit<'a> {
    pub(crate) place: &'a Place,
    pub(crate) config: PathBuf,
    pub(crate) token: PathBuf,
    pub(crate) url: String,
}

impl Audit<'_> {
    /// Its exit code, and what it has said; never the token.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(&self.config).args(["audit", "--influx", &self.url]);
        command.args(["--org", ORGANISATION, "--bucket", BUCKET, "--token-file"]).arg(&self.token);
        command.args(arguments).stdin(Stdio::null());
        let Output { status, stdout, stderr } =
            self.place.enter(|| command.output()).expect("the program that was built");
        let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        assert!(!stdout.contains(TOKEN) && !stderr.contains(TOKEN), "the token: {stdout}{stderr}");
        (status.code(), stdout, stderr)
    }

    /// What it says to programs, and its exit code.
    pub(crate) fn json(&self) -> (Option<i32>, Value) {
        let (code, stdout, stderr) = self.run(&["--since", "3d", "--json"]);
        (code, serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}")))
    }
}

/// What two routers have written around a midnight of the past.
struct Written {
    midnight: u64,
}

impl Written {
    /// Around yesterday's first instant: both days are over.
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set").as_secs();
        Self { midnight: (now / DAY - 1) * DAY }
    }

    fn at(&self, index: u64) -> u64 {
        self.midnight + index * INTERVAL - SNAPSHOTS / 2 * INTERVAL
    }

    fn day(&self, after: u64) -> String {
        let time = UNIX_EPOCH + std::time::Duration::from_secs(self.midnight + after * DAY - DAY);
        humantime::format_rfc3339_seconds(time).to_string()[..10].to_owned()
    }

    /// The exporter's point about itself.
    fn point(&self, tags: &str, restarted: u64, index: u64) -> String {
        let first = if index < restarted { 0 } else { restarted };
        let (sequence, started) = (index - first + 1, self.at(first) - INTERVAL / 2);
        format!(
            "conntrack_exporter,{tags} sequence={sequence}i,started={started}i,points={ROWS}i,traffic_sequence={}i,\
             sampling_ns={}i {}\n",
            sequence * (INTERVAL / LOOK),
            LOOK * 1_000_000_000,
            self.at(index)
        )
    }

    /// Rows of one snapshot.
    fn rows(&self, tags: &str, count: u64, index: u64) -> String {
        (0..count).fold(String::new(), |mut text, row| {
            let _ = writeln!(
                text,
                "connection_state,device_name=d{row},protocol=tcp{tags},state=ESTABLISHED count=1i {}",
                self.at(index)
            );
            text
        })
    }

    /// What the router in the attic has sent. Its numbers 5 and 6 are lost before midnight, 11 at it, and 1 of its second
    /// start; rows of two snapshots, and those of one look at the traffic.
    fn attic(&self) -> String {
        let mut text = String::new();
        for index in 0..SNAPSHOTS {
            if ![4, 5, 10, RESTARTED].contains(&index) {
                text += &self.point("host=OpenWrt,router=attic", RESTARTED, index);
            }
            let lost = [(8, 1), (12, 3)].into_iter().find_map(|(of, rows)| (of == index).then_some(rows));
            text += &self.rows(",router=attic", ROWS - lost.unwrap_or(0), index);
            for look in (0..INTERVAL / LOOK).filter(|look| (index, *look) != (17, 1)) {
                let at = self.at(index) - look * LOOK;
                let _ = writeln!(
                    text,
                    "bandwidth,device_name=d0,direction=rx,protocol=HTTPS,router=attic bytes=5i {at}"
                );
            }
        }
        text
    }

    /// What a router without a name has sent by two ways, of which one has lost a snapshot.
    fn gateway(&self) -> String {
        let mut text = String::new();
        for index in 0..SNAPSHOTS {
            if index != 3 {
                text += &self.point("host=gw", SNAPSHOTS, index);
            }
            text += &self.point("host=gw,output=influxdb", SNAPSHOTS, index);
            text += &self.rows("", ROWS, index);
        }
        text
    }

    /// What was lost of both.
    fn lost(&self) -> String {
        let lost =
            [4, 5, 10, RESTARTED].map(|index| self.point("host=OpenWrt,router=attic", RESTARTED, index));
        let rows = [8, 12].map(|index| self.rows(",router=attic", ROWS, index));
        lost.concat() + &rows.concat() + &self.point("host=gw", SNAPSHOTS, 3)
    }
}

#[test]
fn what_is_missing_in_a_bucket_is_told_to_the_number() {
    let home = Household::new("audit");
    let place = Place::Inside(Namespace::new("audit", "receiver"));
    let mut influx = Influx::new(&place, &home.file(""), at("127.0.0.1", 8086), TOKEN);
    let audit = Audit {
        place: &place,
        config: file(&home.file("audit.toml"), ""),
        token: file(&home.file("audit.token"), TOKEN),
        url: "http://127.0.0.1:8086".to_owned(),
    };
    let (code, stdout, stderr) = audit.run(&[]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("the bucket has no snapshot of that time"), "{stderr}");

    let written = Written::new();
    influx.write(&place, &(written.attic() + &written.gateway()));
    // Whatever is written twice is there once.
    influx.write(&place, &written.gateway());
    insist_on_figures(&audit, &written);
    insist_on_table(&audit, &written);

    influx.write(&place, &written.lost());
    let (code, whole) = audit.json();
    assert_eq!((code, &whole["snapshots_missing"], &whole["rows_missing"]), (Some(0), &json!(0), &json!(0)));
    let (code, table, _) = audit.run(&["--since", "3d"]);
    assert!(code == Some(0) && table.contains("\nNothing is missing.\n"), "{table}");

    insist_on_why_not(&audit, &home);
    influx.stop();
    let (code, stdout, stderr) = audit.run(&[]);
    assert_eq!((code, stdout.as_str()), (Some(69), ""), "{stderr}");
    assert!(stderr.contains("http://127.0.0.1:8086 can't be asked: "), "{stderr}");
}

/// Writes a file that root alone may read.
fn file(path: &Path, text: &str) -> PathBuf {
    fs::write(path, text).expect("writing a file");
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("its mode");
    path.to_path_buf()
}

fn insist_on_figures(audit: &Audit<'_>, written: &Written) {
    let (code, report) = audit.json();
    assert_eq!(code, Some(1), "{report:#}");
    let of = ["snapshots_missing", "rows_missing", "points_not_understood"];
    assert_eq!(of.map(|figure| &report[figure]), [&json!(5), &json!(4), &json!(0)]);
    let day = |after, figures: [u64; 4]| {
        let [snapshots, snapshots_missing, rows, rows_missing] = figures;
        json!({
            "day": written.day(after), "snapshots": snapshots, "snapshots_missing": snapshots_missing,
            "snapshots_unstamped": 0, "rows": rows, "rows_missing": rows_missing,
        })
    };
    let with = |mut day: Value, looks: u64, missing: u64| {
        day["looks"] = json!(looks);
        day["looks_missing_at_most"] = json!(missing);
        day
    };
    let expected = [
        ("gw", None, vec![day(0, [9, 1, 36, 0]), day(1, [10, 0, 40, 0])]),
        ("gw", Some("influxdb"), vec![day(0, [10, 0, 40, 0]), day(1, [10, 0, 40, 0])]),
        ("attic", None, vec![with(day(0, [8, 2, 31, 1]), 27, 0), with(day(1, [8, 2, 29, 3]), 24, 1)]),
    ];
    let routers = report["routers"].as_array().expect("routers");
    let told = routers.iter().map(|router| {
        let output = router.get("output").and_then(Value::as_str);
        (router["router"].as_str().expect("a name"), output, router["days"].as_array().expect("days").clone())
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let hosts: BTreeSet<_> = routers.iter().filter_map(|router| router["host"].as_str()).collect();
    assert_eq!(hosts, BTreeSet::from(["OpenWrt", "gw"]));
}

fn insist_on_table(audit: &Audit<'_>, written: &Written) {
    let (code, table, stderr) = audit.run(&["--since", "3d"]);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    let [before, after] = [0, 1].map(|day| written.day(day));
    let expected = format!(
        "\
ROUTER  OUTPUT    DAY (UTC)   SNAPSHOTS  MISSING  ROWS  MISSING  LOOKS  MISSING
gw      -         {before}          9        1    36        0      -        -
gw      -         {after}         10        0    40        0      -        -
gw      influxdb  {before}         10        0    40        0      -        -
gw      influxdb  {after}         10        0    40        0      -        -
attic   -         {before}          8        2    31        1     27        0
attic   -         {after}          8        2    29        3     24      ≤ 1

Missing: 5 snapshots, and 4 rows of snapshots that are there.
"
    );
    assert!(table.starts_with(&expected), "{table}");
}

/// What can't be asked at all, and with what exit code.
fn insist_on_why_not(audit: &Audit<'_>, home: &Household) {
    let wrong = file(&home.file("wrong.token"), "another-token");
    let refused = Audit { token: wrong, config: audit.config.clone(), url: audit.url.clone(), ..*audit };
    let (code, stdout, stderr) = refused.run(&[]);
    assert_eq!((code, stdout.as_str()), (Some(69), ""), "{stderr}");
    assert!(stderr.contains("401 Unauthorized") && !stderr.contains("another-token"), "{stderr}");
    let config = file(&home.file("bad.toml"), "interval = \"soon\"\n");
    let (code, stdout, stderr) = Audit { config, ..refused }.run(&[]);
    assert_eq!((code, stdout.as_str()), (Some(78), ""), "{stderr}");
}
