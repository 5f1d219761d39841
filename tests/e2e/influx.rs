//! The real InfluxDB 2.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::http::{Answer, ask};
use crate::place::Place;
use crate::programs::{end, program};
use crate::wait::until;

pub(crate) const ORGANISATION: &str = "home";
pub(crate) const BUCKET: &str = "network";

/// A row of an answer: column to value, without those that are empty.
pub(crate) type Row = BTreeMap<String, String>;

/// The server; killed when dropped.
pub(crate) struct Influx {
    address: SocketAddr,
    token: String,
    directory: PathBuf,
    child: Option<Child>,
}

impl Influx {
    /// Starts a new one at `place` and sets it up.
    pub(crate) fn new(place: &Place, directory: &Path, address: SocketAddr, token: &str) -> Self {
        let (token, directory) = (token.to_owned(), directory.to_path_buf());
        let mut influx = Self { address, token, directory, child: None };
        influx.start(place);
        let setup = json!({
            "username": "owner", "password": influx.token, "org": ORGANISATION, "bucket": BUCKET,
            "token": influx.token, "retentionPeriodSeconds": 0,
        });
        let answer = influx.ask(place, "POST /api/v2/setup", "", &setup.to_string());
        assert_eq!(answer.status, 201, "setting InfluxDB up: {}", answer.body);
        influx
    }

    /// Starts it, or starts it again with what it holds.
    pub(crate) fn start(&mut self, place: &Place) {
        self.run(place, &[]);
        until("InfluxDB's health", || {
            let healthy = ask(self.connect(place).ok()?, "GET /health", "", "").ok()?;
            (healthy.status == 200).then_some(())
        });
    }

    /// The same, but that it is asked by TLS, with this certificate and its key.
    pub(crate) fn start_by_tls(&mut self, place: &Place, certificate: &Path, key: &Path) {
        let files = [certificate, key].map(|file| file.to_str().expect("a path in UTF-8"));
        self.run(place, &["--tls-cert", files[0], "--tls-key", files[1]]);
        until("InfluxDB that listens", || self.connect(place).ok().map(drop));
    }

    fn run(&mut self, place: &Place, more: &[&str]) {
        let file = |name: &str| self.directory.join(name);
        let log = File::create(file("influxd.log")).expect("a file for InfluxDB's log");
        let mut command = Command::new(program("influxd"));
        command.args(["run", "--reporting-disabled", "--log-level", "warn"]);
        command.args(["--http-bind-address", &self.address.to_string()]);
        command.arg("--bolt-path").arg(file("bolt")).arg("--sqlite-path").arg(file("sqlite"));
        command.arg("--engine-path").arg(file("engine"));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        // Ctrl-C is for whoever started it, who then stops it in order.
        self.child = Some(place.spawn(command.args(more).process_group(0)));
    }

    /// Stops it in order.
    pub(crate) fn stop(&mut self) {
        // It has no handler for SIGTERM.
        end(&mut self.child, Signal::SIGINT);
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        end(&mut self.child, Signal::SIGKILL);
    }

    /// The running process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running InfluxDB").id()
    }

    /// What a query returns.
    pub(crate) fn query(&self, place: &Place, flux: &str) -> Vec<Row> {
        self.try_query(place, flux).unwrap_or_else(|why| panic!("{why}\n{flux}"))
    }

    /// What a query returns to whoever asks at this time.
    pub(crate) fn query_at(&self, place: &Place, flux: &str, now: &str) -> Vec<Row> {
        let headers = "Content-Type: application/json\r\nAccept: application/csv\r\n";
        let question = json!({ "query": flux, "type": "flux", "now": now, "dialect": { "annotations": [] } });
        let what = format!("POST /api/v2/query?org={ORGANISATION}");
        let answer = self.ask(place, &what, headers, &question.to_string());
        let rows = if answer.status == 200 { rows(&answer.body) } else { Err(answer.body) };
        rows.unwrap_or_else(|why| panic!("{why}\n{flux}"))
    }

    /// What a query returns, or what InfluxDB has against it.
    pub(crate) fn try_query(&self, place: &Place, flux: &str) -> Result<Vec<Row>, String> {
        let headers = "Content-Type: application/vnd.flux\r\nAccept: application/csv\r\n";
        let answer = self.ask(place, &format!("POST /api/v2/query?org={ORGANISATION}"), headers, flux);
        if answer.status == 200 { rows(&answer.body) } else { Err(answer.body) }
    }

    /// Writes lines whose times are in seconds.
    pub(crate) fn write(&self, place: &Place, lines: &str) {
        let what = format!("POST /api/v2/write?org={ORGANISATION}&bucket={BUCKET}&precision=s");
        let answer = self.ask(place, &what, "", lines);
        assert_eq!(answer.status, 204, "writing: {}", answer.body);
    }

    /// Takes out what was written of a measurement at one whole second.
    pub(crate) fn delete(&self, place: &Place, measurement: &str, second: u64) {
        let [start, stop] = [1, 0].map(|before| Duration::from_secs(second - before));
        let text = |since, nanos| {
            let time = std::time::UNIX_EPOCH + since + Duration::from_nanos(nanos);
            humantime::format_rfc3339_nanos(time).to_string()
        };
        let body = json!({
            "start": text(start, 1), "stop": text(stop, 1), "predicate": format!("_measurement=\"{measurement}\""),
        });
        let what = format!("POST /api/v2/delete?org={ORGANISATION}&bucket={BUCKET}");
        let answer = self.ask(place, &what, "Content-Type: application/json\r\n", &body.to_string());
        assert_eq!(answer.status, 204, "deleting: {}", answer.body);
    }

    fn ask(&self, place: &Place, what: &str, headers: &str, body: &str) -> Answer {
        let headers = format!("Authorization: Token {}\r\n{headers}", self.token);
        let stream = self.connect(place).expect("a connection to InfluxDB");
        ask(stream, what, &headers, body).expect("an answer of InfluxDB's")
    }

    fn connect(&self, place: &Place) -> std::io::Result<TcpStream> {
        let stream = place.enter(|| TcpStream::connect(self.address))?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        Ok(stream)
    }
}

impl Drop for Influx {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Reads Flux's tables out of their CSV: each begins with the names of its columns.
fn rows(csv: &str) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    let mut columns = csv::StringRecord::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        match (record.get(0), record.get(1)) {
            (Some("error"), _) => return Err(format!("an error in the midst of an answer: {csv}")),
            (Some(""), Some("result")) => columns = record,
            _ => {
                let cells = columns.iter().zip(&record).filter(|(_, value)| !value.is_empty());
                rows.push(cells.map(|(column, value)| (column.to_owned(), value.to_owned())).collect());
            }
        }
    }
    Ok(rows)
}

/// A value of a row.
pub(crate) fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).unwrap_or_else(|| panic!("no {column}: {row:?}"))
}

/// A number of a row.
pub(crate) fn number(row: &Row, column: &str) -> f64 {
    text(row, column).parse().unwrap_or_else(|error| panic!("{column} is {error}: {row:?}"))
}

/// A time of a row, in nanoseconds since 1970.
pub(crate) fn time(row: &Row, column: &str) -> i128 {
    let time = humantime::parse_rfc3339(text(row, column)).unwrap_or_else(|error| panic!("{error}: {row:?}"));
    let since = time.duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}
