//! The flight recorder of a daemon that runs: what it has written is replayed as what it has sent.

#![expect(clippy::unwrap_used, reason = "a test's failure is a panic")]

#[path = "support/place.rs"]
mod place;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use place::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");
/// How long a recording may take, in snapshots: a busy machine writes slowly.
const PATIENCE: usize = 120;

/// A daemon that writes its lines to standard output, and the lines that were read.
struct Daemon {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    sent: Vec<String>,
}

impl Daemon {
    fn start(root: &Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--stdout", "--root"])
            .arg(root)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, sent: Vec::new() }
    }

    /// Reads a whole snapshot.
    fn snapshot(&mut self) {
        loop {
            let line = self.lines.next().unwrap().unwrap();
            let is_last = line.starts_with("conntrack_exporter,");
            self.sent.push(line);
            if is_last {
                return;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Some connections, the later the fewer, each of which has moved so much.
fn write_table(root: &Path, look: u32) {
    let mut text = String::new();
    for port in look..40 {
        let bytes = 1000 + port * look * 100;
        writeln!(
            text,
            "ipv4     2 tcp      6 {} ESTABLISHED src=192.168.8.{} dst=198.51.100.7 sport={} dport=443 packets={look} \
             bytes={bytes} src=198.51.100.7 dst=203.0.113.10 sport=443 dport={} packets=5 bytes=900 [ASSURED] mark=0 use=2",
            7400 - look,
            port % 3 + 2,
            40_000 + port,
            40_000 + port
        )
        .unwrap();
    }
    let table = root.join("proc/net/nf_conntrack");
    fs::write(table.with_extension("new"), text).unwrap();
    fs::rename(table.with_extension("new"), table).unwrap();
}

fn write_router(root: &Path, recordings: &Path) {
    let config = format!(
        "interval = \"1s\"\ntimestamps = \"always\"\nuser = \"root\"\nrecorder.directory = \"{}\"\n\
         [system]\nnstat = \"off\"\nnetstat = false\nnet = false\ntcp_health = false\ntcp_service = false\n\
         listening_port = false\nnetwork_interface = false\n",
        recordings.display()
    );
    let addresses = "1: eth0:\n    link/ether\n    inet 203.0.113.10/24\n2: br-lan:\n    link/ether\n    inet 192.168.8.1/24\n";
    for (path, text) in [
        ("etc/conntrack-exporter.toml", config.as_str()),
        ("ip-address", addresses),
        (
            "tmp/dhcp.leases",
            "1 02:00:00:00:00:02 192.168.8.2 tv *\n1 02:00:00:00:00:03 192.168.8.3 phone *\n",
        ),
        ("proc/sys/kernel/hostname", "home\n"),
        ("proc/net/nf_conntrack", ""),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The only recording, once it is whole.
fn recording(recordings: &Path) -> Option<PathBuf> {
    let mut entries = fs::read_dir(recordings).ok()?.map(|entry| entry.unwrap().path());
    entries.find(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
}

/// The lines of each instant, without what a replay can't know: figures of the exporter itself, and what goes by the time
/// between two looks to the microsecond.
/// What tells of the exporter itself, or of more than is in the recording.
const OF_LONG_MEMORY: [&str; 5] =
    ["conntrack_exporter,", "connection_trend,", "device_activity,", "connection_alert,", "device,"];

fn by_instant<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, Vec<String>> {
    let mut instants: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.filter(|line| !OF_LONG_MEMORY.iter().any(|name| line.starts_with(name))) {
        let mut parts = line.rsplitn(3, ' ');
        let (instant, fields, series) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let whole = fields.split(',').filter(|field| field.ends_with('i')).collect::<Vec<_>>().join(",");
        instants.entry(instant.to_owned()).or_default().push(format!("{series} {whole}"));
    }
    instants
}

#[test]
fn what_a_signal_has_written_is_replayed_as_what_was_sent() {
    let place = Place::new("flight-recorder");
    let (root, recordings) = (place.path().join("root"), place.path().join("recordings"));
    write_router(&root, &recordings);
    write_table(&root, 1);
    let mut daemon = Daemon::start(&root);
    for look in 2..8 {
        daemon.snapshot();
        write_table(&root, look);
    }
    daemon.signal(Signal::SIGUSR1);
    let mut patience = 0..PATIENCE;
    let recording = loop {
        patience.next().unwrap();
        daemon.snapshot();
        if let Some(recording) = recording(&recordings) {
            break recording;
        }
    };
    daemon.signal(Signal::SIGTERM);
    let replayed = Command::new(PROGRAM).arg("replay").arg(&recording).output().unwrap();
    let replayed = String::from_utf8(replayed.stdout).unwrap();
    let (sent, replayed) = (by_instant(daemon.sent.iter().map(String::as_str)), by_instant(replayed.lines()));
    assert!(replayed.len() >= 6, "{} instants", replayed.len());
    for (instant, lines) in &replayed {
        assert_eq!(sent.get(instant), Some(lines), "{instant}");
    }
    let told =
        replayed.values().flatten().any(|line| line.starts_with("device_traffic,device_name=tv rx_bytes="));
    assert!(told, "bytes are told");
}
