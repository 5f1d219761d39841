//! Snapshots with instants of the past: made by the library out of a table that we write, sent by UDP.
//!
//! So every interval can be looked at without waiting for it, and devices can be called anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::{Config, Timestamps};
use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;
use conntrack_exporter::snapshot::timestamp;

use crate::grafana::{Dashboard, PAGES, View};
use crate::influx::text;
use crate::live::{insist_on, stored};
use crate::namespace::Namespace;
use crate::oracle::Truth;
use crate::place::Place;
use crate::programs::shipped;
use crate::records::Record;
use crate::servers::{Servers, TELEGRAF_PORT};
use crate::snapshot::Counts;
use crate::store::Store;
use crate::wait::until;

/// What devices call themselves, and what they are called then. The last one is longer than a name may be. The first has
/// the address 192.168.8.120.
pub(crate) const CALLED: [(&str, &str); 12] = [
    ("laptop", "laptop"),
    ("Living Room TV", "Living Room TV"),
    ("a,b=c \"d\"", "a,b=c \"d\""),
    ("pc,state=NONE count=99i", "pc,state=NONE count=99i"),
    ("tail\\", "tail_"),
    ("${bucket} $__all", "${bucket} $__all"),
    ("a|b.*/(c)[d]{2}?^$", "a|b.*/(c)[d]{2}?^$"),
    ("new\\nline\x1b[31m\u{2028}", "new_nline_[31m_"),
    ("\u{202e}vt \u{1f4fa} \u{e9}'`;--", "_vt \u{1f4fa} \u{e9}'`;--"),
    ("#comment", "#comment"),
    ("192.168.8.99", "192.168.8.99-000030"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", CUT),
];
const CUT: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// How many entries of which protocol and state a device has at a step. No two devices are equally busy, the first two
/// leave and come back, and states come and go.
fn entries(device: usize, step: i64) -> Vec<(&'static str, &'static str, i64)> {
    let number = i64::try_from(device).expect("a small number");
    if device < 2 && (3..6).contains(&step) {
        return Vec::new();
    }
    let mut entries = vec![
        ("tcp", "ESTABLISHED", 7 * number + 3 + (step * 5 + number) % 4),
        ("udp", "ACTIVE", 1 + step % 3),
        ("tcp", "TIME_WAIT", (number + step) % 4),
        ("udp", "UNREPLIED", 2),
    ];
    if step % 4 == number % 4 {
        entries.extend([("tcp", "CLOSE_WAIT", 2), ("tcp", "SYN_SENT", number + 1), ("icmp", "ACTIVE", 1)]);
    }
    entries.retain(|(_, _, count)| *count > 0);
    entries
}

/// A router's files, and what observes them.
pub(crate) struct Replay {
    root: PathBuf,
    collector: Collector,
    ledger: Ledger,
    last: Counts,
}

impl Replay {
    /// Files of the sample household, with leases of ours; `settings` is its configuration.
    pub(crate) fn new(directory: &Path, settings: &str, started: i64) -> Self {
        let root = directory.join("root");
        copy(&shipped("examples/household/root"), &root);
        // Nothing but our leases shall give names.
        fs::remove_dir_all(root.join("etc")).expect("the household's own names");
        fs::remove_file(root.join("ip-neigh")).expect("the household's neighbours");
        let mut leases = String::new();
        for (device, (name, _)) in CALLED.iter().enumerate() {
            let _ = writeln!(leases, "0 02:00:00:00:00:{0} 192.168.8.1{0} {name} *", 20 + device);
        }
        fs::write(root.join("tmp/dhcp.leases"), leases).expect("writing leases");
        let config = Config::parse(settings).expect("a configuration");
        let started = u64::try_from(started).expect("after 1970");
        let collector = Collector::new(config, &Root::replay(&root), started);
        Self { collector, ledger: Ledger::default(), root, last: Counts::new() }
    }

    /// Writes the table of a step.
    fn table(&self, step: i64) -> Counts {
        let (mut table, mut now) = (String::new(), Counts::new());
        let mut port = 1024;
        for (device, (_, name)) in CALLED.iter().enumerate() {
            for (protocol, state, count) in entries(device, step) {
                for _ in 0..count {
                    port += 1;
                    table += &line(20 + device, protocol, state, port);
                }
                now.insert(((*name).into(), protocol.into(), state.into()), count);
            }
        }
        self.write(&table);
        now
    }

    /// Writes a table.
    pub(crate) fn write(&self, table: &str) {
        fs::write(self.root.join("proc/net/nf_conntrack"), table).expect("writing the table");
    }

    /// Takes the snapshot of a step; says what it holds, zeros included.
    pub(crate) fn take(&mut self, step: i64, at: Option<i64>) -> (Counts, Lines) {
        let mut counts = self.table(step);
        for key in std::mem::take(&mut self.last).into_keys() {
            counts.entry(key).or_insert(0);
        }
        self.last = counts.iter().filter(|(_, count)| **count > 0).map(|(key, _)| (key.clone(), 0)).collect();
        let boot = 3600 + u64::try_from(step).expect("a step");
        let lines = self.snapshot(boot, at, DueClocks::Both);
        (counts, lines)
    }

    /// Takes the snapshot of the table as it was written, so many seconds after boot.
    pub(crate) fn snapshot(&mut self, boot: u64, at: Option<i64>, due: DueClocks) -> Lines {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let instant = at.map(|at| Duration::from_secs(u64::try_from(at).expect("after 1970")));
        let timestamp = instant.and_then(|instant| timestamp(Timestamps::Always, instant, true));
        let moment = Moment { boot: Duration::from_secs(boot), timestamp, wall: instant, due };
        let snapshot = runtime.block_on(self.collector.snapshot(&moment)).expect("a table that can be read");
        let points = self.ledger.complete(&snapshot);
        self.ledger.confirm(&snapshot, &points, |_| true, false);
        let mut lines = Lines::default();
        lines.write(&points, timestamp);
        lines
    }
}

/// An entry as the kernel prints it, of the device 192.168.8.1xx.
pub(crate) fn line(device: usize, protocol: &str, state: &str, port: u32) -> String {
    let (there, back) =
        (format!("src=192.168.8.1{device} dst=198.51.100.7"), "src=198.51.100.7 dst=203.0.113.10");
    let (to, from) = (format!("sport={port} dport=443"), format!("sport=443 dport={port}"));
    let unreplied = if state == "UNREPLIED" { "[UNREPLIED] " } else { "" };
    match protocol {
        "tcp" => format!("ipv4     2 tcp      6 99 {state} {there} {to} {back} {from} mark=0 use=2\n"),
        "udp" => format!("ipv4     2 udp      17 99 {there} {to} {unreplied}{back} {from} mark=0 use=2\n"),
        _ => format!(
            "ipv4     2 icmp     1 29 {there} type=8 code=0 id={port} {back} type=0 code=0 id={port} mark=0 use=2\n"
        ),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("making a directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copying a file");
        }
    }
}

/// Sends lines to Telegraf as the daemon does; says how many were not lost.
pub(crate) fn send(servers: &Servers, lines: &Lines, lose: impl Fn(usize) -> bool) -> usize {
    let socket = servers.place.enter(|| UdpSocket::bind("127.0.0.1:0")).expect("a socket");
    let mut sent = 0;
    for (number, (lines, datagram)) in lines.datagrams(1432).enumerate() {
        if !lose(number) {
            socket.send_to(datagram, ("127.0.0.1", TELEGRAF_PORT)).expect("Telegraf's socket");
            sent += lines.len();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    sent
}

/// The servers, in a namespace of their own.
pub(crate) fn alone(test: &str) -> (Servers, Directory) {
    let path = std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
    let directory = Directory(path);
    let place = Place::Inside(Namespace::new(test, "receiver"));
    (Servers::new(place, &directory.0), directory)
}

/// A directory for files; gone when dropped.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits until so many snapshots have come through.
pub(crate) fn await_snapshots(servers: &Servers, count: usize) -> Vec<Record> {
    until("the last snapshot in the database", || {
        Some(Record::all(servers)).filter(|records| records.len() >= count)
    });
    // The fields of one point can be read before those of the next are written.
    std::thread::sleep(Duration::from_millis(300));
    Record::all(servers)
}

/// Sends `count` snapshots that lie `interval` apart, the last one just over, one of which is lost and one maimed.
fn replayed(test: &str, interval: i64, count: i64) {
    let (servers, directory) = alone(test);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let newest = i64::try_from(now).expect("a time") / interval * interval;
    let first = newest - (count - 1) * interval;
    let mut replay = Replay::new(&directory.0, &format!("interval = \"{interval}s\""), first - 7);
    let mut truth = Truth::new(BTreeMap::new());
    let mut sent = 0;
    for step in 0..count {
        let at = first + step * interval;
        let (mut counts, lines) = replay.take(step, Some(at));
        if step == 7 {
            continue;
        }
        if step == 8 {
            truth.lost.insert(at, 1);
        }
        sent += send(&servers, &lines, |number| step == 9 && number == 0);
        if step == 9 {
            let (_, first_datagram) = lines.datagrams(1432).next().expect("a datagram");
            let gone = crate::lines::parse(first_datagram).expect("lines");
            for line in &gone {
                counts.remove(
                    &["device_name", "protocol", "state"]
                        .map(|tag| line.tags.get(tag).cloned().unwrap_or_default())
                        .into(),
                );
            }
            truth.missing.insert(at, i64::try_from(gone.len()).expect("a few lines"));
        }
        truth.snapshots.insert(at, counts);
    }
    await_snapshots(&servers, truth.snapshots.len());
    insist_on(&stored(&servers), &truth.snapshots);
    look(&servers, &truth, interval);
    each_name_is_one_device(&servers, &truth, View::new(first, newest + 1, 60).every(interval));
    servers.insist_on_gathered(sent);
    servers.insist_on_no_error();
}

/// Every zoom: all in windows of many widths, a part that begins and ends between snapshots, and one snapshot alone.
pub(crate) fn look(servers: &Servers, truth: &Truth, interval: i64) {
    let (Some(first), Some(last)) = (truth.snapshots.keys().next(), truth.snapshots.keys().last()) else {
        panic!("no snapshots");
    };
    let (first, last) = (*first, *last);
    let middle = first + (last - first) / 2;
    let store = Store::read(servers);
    let views = [
        View::new(first - 5, last + 1, 1),
        View::new(first - interval, last + interval, interval),
        View::new(first, last + 1, interval * 3),
        View::new(first + interval / 2 + 1, middle, 20),
        View::new(middle, last + 1, (last - first) * 2 / 5),
        View::new(last, last + 1, 1),
    ];
    for view in views {
        truth.check(servers, &store, &view.every(interval), &PAGES);
    }
}

/// Every name arrives as one device, exactly as cleaned, and can be chosen alone.
fn each_name_is_one_device(servers: &Servers, truth: &Truth, view: View) {
    let dashboard = Dashboard::page("overview");
    let devices = servers.query(&dashboard.put_in(&dashboard.devices(), &view));
    let devices: Vec<&str> = devices.iter().map(|row| text(row, "_value")).collect();
    let mut expected = CALLED.map(|(_, name)| name).to_vec();
    expected.sort_unstable();
    assert_eq!(devices, expected, "the devices to choose from");
    let store = Store::read(servers);
    for name in CALLED.map(|(_, name)| name) {
        truth.check(servers, &store, &view.clone().of(&[name]), &["device"]);
    }
    let several = CALLED.map(|(_, name)| name);
    truth.check(servers, &store, &view.of(several.get(3..9).expect("some")), &["overview", "streaming"]);
}

#[test]
fn every_query_is_right_at_1_s() {
    replayed("past-1s", 1, 40);
}

#[test]
fn every_query_is_right_at_10_s() {
    replayed("past-10s", 10, 40);
}

#[test]
fn every_query_is_right_at_5_min() {
    replayed("past-5m", 300, 40);
}

#[test]
fn every_query_is_right_at_1_h() {
    replayed("past-1h", 3600, 40);
}
