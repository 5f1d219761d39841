//! Snapshots that are written straight to a server that acknowledges them: whatever happens on the way, every one of
//! them arrives, once; where there was no room for them, as many are missing as the figures say.

mod audit;
mod disks;
mod outages;
mod servers;
mod tls;

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen};
use crate::device::Device;
use crate::exporter::Exporter;
use crate::household::{Household, INTERNET};
use crate::influx::{BUCKET, Influx, ORGANISATION, Row, number, text, time};
use crate::place::Place;

/// Whom the daemon becomes.
const NOBODY: u32 = 65534;
const TOKEN: &str = "a-token-of-the-tests";
const PORT: u16 = 8086;

/// How long InfluxDB is away, in seconds, and how often the power is cut; `make fleet-test` has larger numbers.
fn outage() -> Duration {
    Duration::from_secs(from_environment("SPOOL_OUTAGE", 60))
}

fn cuts() -> u64 {
    from_environment("SPOOL_CUTS", 20)
}

fn from_environment(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |number| number.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A household that takes a snapshot every second and writes it to an InfluxDB in its LAN.
struct Road {
    influx: Influx,
    place: Place,
    /// Where InfluxDB is, as the exporter is told.
    address: String,
    config: PathBuf,
    exporter: Option<Exporter>,
    /// How many snapshots of each run the spool has taken.
    accepted: Vec<usize>,
    /// A connection that is there all the time, so that there is something to count.
    _open: (TcpStream, TcpStream),
    home: Household,
}

impl Road {
    /// `more` is what the configuration says besides.
    fn new(test: &str, more: &str) -> Self {
        let home = Household::new(test);
        let receiver = Device::plug(&home, test, "receiver", 94);
        let address = receiver.v4();
        let (place, directory) = (Place::Inside(receiver.host), home.file(""));
        let influx = Influx::new(&place, &directory, at(&address, PORT), TOKEN);
        let config = home.file("conntrack-exporter.toml");
        let server = listen(&home.internet, at(INTERNET, 443));
        let open = established(&home.laptop, at(INTERNET, 443), &server);
        let road =
            Self { influx, place, address, config, exporter: None, accepted: Vec::new(), _open: open, home };
        road.configure(&format!("http://{}:{PORT}", road.address), more);
        road
    }

    fn configure(&self, url: &str, more: &str) {
        let (leases, token) = (self.home.leases(), self.home.file("token"));
        fs::write(&token, TOKEN).expect("writing the token");
        fs::set_permissions(&token, Permissions::from_mode(0o644)).expect("its mode");
        let text = format!(
            "interval = \"1s\"\ntimestamps = \"always\"\ntraffic.interval = \"1s\"\ndevices.leases = [\"{}\"]\n\
             log.level = \"debug\"\ninfluxdb.url = \"{url}\"\ninfluxdb.org = \"{ORGANISATION}\"\n\
             influxdb.bucket = \"{BUCKET}\"\ninfluxdb.token_file = \"{}\"\n{more}\n",
            leases.display(),
            token.display()
        );
        fs::write(&self.config, text).expect("writing the configuration");
    }

    /// A directory as the daemon's user may write to it.
    fn directory(home: &Household, name: &str) -> PathBuf {
        let directory = home.file(name);
        fs::create_dir_all(&directory).expect("a directory");
        fs::set_permissions(&directory, Permissions::from_mode(0o700)).expect("its mode");
        chown(&directory, Some(NOBODY), Some(0)).expect("its owner");
        directory
    }

    fn start(&mut self) {
        self.exporter = Some(Exporter::start(&self.home, &self.config));
    }

    fn exporter(&self) -> &Exporter {
        self.exporter.as_ref().expect("a running exporter")
    }

    /// How many snapshots this run has handed to the spool.
    fn taken_in(&self) -> usize {
        self.exporter().output().matches(" in the spool").count()
    }

    /// Waits until this run has taken in so many more.
    fn ticks(&self, count: usize) {
        let wanted = self.taken_in() + count;
        await_patiently("more snapshots", || self.taken_in() >= wanted);
    }

    /// Waits for so long, and for the snapshot after that.
    fn pass(&self, time: Duration) {
        let begun = Instant::now();
        await_patiently("time", || begun.elapsed() >= time);
        self.ticks(1);
    }

    /// Waits until the exporter has said something.
    fn await_said(&self, part: &str) {
        await_patiently(part, || {
            let exporter = self.exporter();
            exporter.output().contains(part) || exporter.errors().contains(part)
        });
    }

    /// Ends the exporter by a signal.
    fn end(&mut self, signal: Signal) {
        let exporter = self.exporter.take().expect("a running exporter");
        if signal == Signal::SIGKILL {
            exporter.signal(signal);
            let output = exporter.output();
            // Which waits for its end.
            drop(exporter);
            self.accepted.push(output.matches(" in the spool").count());
        } else {
            self.accepted.push(exporter.output().matches(" in the spool").count());
            exporter.end(signal);
        }
    }

    /// Waits until nothing is left to be sent, by what the exporter says of itself from now on.
    fn drain(&self) {
        let wanted = i64::try_from(self.taken_in()).expect("a few");
        await_patiently("an empty spool", || {
            let newest = self.records().pop();
            newest.is_some_and(|newest| newest.sequence > wanted && newest.waiting == 0)
        });
    }

    /// What the exporter says of itself in each snapshot that has arrived, in order of time.
    fn records(&self) -> Vec<Record> {
        let rows = self.query(RECORDS);
        rows.iter().filter_map(Record::whole).collect()
    }

    fn query(&self, flux: &str) -> Vec<Row> {
        self.influx.query(&self.place, flux)
    }

    /// Insists that of every run all snapshots have arrived from the first to the last that the spool has taken, each whole
    /// and once. Says how many that are.
    fn insist_on_all(&self) -> usize {
        let records = self.records();
        let runs = runs(&records);
        assert_eq!(runs.len(), self.accepted.len(), "{runs:?} of {:?}", self.accepted);
        for ((started, sequences), accepted) in runs.iter().zip(&self.accepted) {
            let expected: Vec<_> = (1..).take(sequences.len()).collect();
            assert_eq!(sequences, &expected, "gaps in the run of {started}");
            assert!(sequences.len() >= *accepted, "{started}: {} of {accepted}", sequences.len());
        }
        self.insist_on_whole(&records);
        assert!(records.iter().all(|record| record.lost == 0), "nothing was thrown out");
        records.len()
    }

    /// Insists that of each snapshot that has arrived every row is there.
    fn insist_on_whole(&self, records: &[Record]) {
        let rows = self.query(ROWS);
        let rows: BTreeMap<i128, i64> =
            rows.iter().map(|row| (time(row, "_time"), integer(row, "_value"))).collect();
        for record in records {
            assert_eq!(rows.get(&record.at), Some(&record.points), "{record:?}");
        }
        assert_eq!(rows.len(), records.len(), "rows of snapshots that say nothing of themselves");
    }
}

/// What the exporter says of itself in one snapshot.
#[derive(Debug)]
struct Record {
    at: i128,
    started: i64,
    sequence: i64,
    points: i64,
    waiting: i64,
    lost: i64,
    errors: i64,
}

impl Record {
    /// `None` of a point that InfluxDB is only just writing: some of its fields can be seen before the others.
    fn whole(row: &Row) -> Option<Self> {
        let fields = ["started", "sequence", "points", "spool_snapshots", "spool_lost", "spool_errors"];
        fields.iter().all(|field| row.contains_key(*field)).then(|| Self {
            at: time(row, "_time"),
            started: integer(row, "started"),
            sequence: integer(row, "sequence"),
            points: integer(row, "points"),
            waiting: integer(row, "spool_snapshots"),
            lost: integer(row, "spool_lost"),
            errors: integer(row, "spool_errors"),
        })
    }
}

const RECORDS: &str = r#"from(bucket: "network") |> range(start: -1h, stop: 1h)
  |> filter(fn: (r) => r._measurement == "conntrack_exporter")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") |> group() |> sort(columns: ["_time"])"#;

const ROWS: &str = r#"from(bucket: "network") |> range(start: -1h, stop: 1h)
  |> filter(fn: (r) => r._measurement == "connection_state") |> group(columns: ["_time"]) |> count() |> group()"#;

/// The numbers of the snapshots of each run, in order of their times.
fn runs(records: &[Record]) -> BTreeMap<i64, Vec<i64>> {
    let mut runs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for record in records {
        runs.entry(record.started).or_default().push(record.sequence);
    }
    runs
}

fn integer(row: &Row, column: &str) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "counts of a test")]
    let number = number(row, column) as i64;
    assert_eq!(text(row, column), number.to_string());
    number
}

/// Waits for what may take minutes: a server is away for one, and comes back by itself.
fn await_patiently(what: &str, mut is_there: impl FnMut() -> bool) {
    let (begun, patience) = (Instant::now(), outage() + Duration::from_mins(3));
    while !is_there() {
        assert!(begun.elapsed() < patience, "{what}: waited for in vain");
        std::thread::sleep(Duration::from_millis(50));
    }
}
