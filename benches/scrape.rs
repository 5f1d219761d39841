//! The whole scrape of a real table against a reading of it that throws everything away, in one run; and what the
//! daemon holds of memory. Needs root: the table is filled through ctnetlink, in a network namespace of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that can't run says so by a panic")]

#[path = "../tests/support/fill.rs"]
mod fill;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use conntrack_exporter::config::Config;
use conntrack_exporter::daemon::snapshot::Observer;
use conntrack_exporter::root::Root;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::geteuid;

const TABLE: &str = "/proc/net/nf_conntrack";
const MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";
const ROUNDS: usize = 15;
const SIZES: [u32; 3] = [1_000, 16_384, 65_536];

fn main() {
    if !geteuid().is_root() {
        println!(
            "scrape: needs root, to fill a table in a network namespace of its own; nothing was measured"
        );
        return;
    }
    // The limit is the machine's, and can be set from its first namespace only.
    let home = File::open("/proc/self/ns/net").expect("this namespace");
    let raised = raise_limit();
    println!("processor time (user + system) in µs, medians of {ROUNDS} interleaved rounds; memory in KiB");
    println!(
        "{:>8} {:>12} {:>12} {:>7} {:>12} {:>12}",
        "entries", "discarded", "scrape", "ratio", "daemon peak", "anonymous"
    );
    for entries in SIZES {
        // A namespace with an empty table; the one before goes when nobody uses it any more.
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
        fill::fill(0..entries).expect("entries in the table");
        let (floor, ours) = compare(entries);
        let (peak, anonymous) = memory();
        println!("{entries:>8} {floor:>12.0} {ours:>12.0} {:>7.3} {peak:>12} {anonymous:>12}", ours / floor);
    }
    if let Some(before) = raised {
        setns(&home, CloneFlags::CLONE_NEWNET).expect("back in the first namespace");
        fs::write(MAX, before).expect("the limit can be put back");
    }
}

/// Makes room for the largest table; gives what was allowed before, if that was less.
fn raise_limit() -> Option<String> {
    let allowed = fs::read_to_string(MAX).expect("the limit can be read");
    if allowed.trim().parse::<u32>().unwrap() >= 100_000 {
        return None;
    }
    fs::write(MAX, "100000").expect("the limit can be raised");
    Some(allowed)
}

/// The medians of reading the table for nothing and of taking a snapshot of it, in µs of processor time.
fn compare(entries: u32) -> (f64, f64) {
    let mut observer = Observer::new(Config::default(), &Root::live(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut floors, mut scrapes) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let floor = cost(discard);
        let scrape = cost(|| {
            let boot = Duration::from_secs(round as u64);
            let points = runtime.block_on(observer.snapshot(boot, true)).expect("a snapshot");
            assert!(format!("{points:?}").contains(&format!("(\"entries_read\", Integer({entries}))")));
        });
        // The first round warms up.
        if round > 0 {
            floors.push(floor);
            scrapes.push(scrape);
        }
    }
    (median(floors), median(scrapes))
}

fn discard() {
    let (mut file, mut buffer) = (File::open(TABLE).expect("the table"), [0; 16 * 1024]);
    while file.read(&mut buffer).expect("the table") > 0 {
        black_box(&buffer);
    }
}

fn cost(work: impl FnOnce()) -> f64 {
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
        let micros = |time: TimeVal| 1e6 * whole(time.tv_sec()) + whole(time.tv_usec());
        micros(usage.user_time()) + micros(usage.system_time())
    };
    let before = used();
    work();
    used() - before
}

/// Exact for every time that a benchmark takes.
fn whole(figure: i64) -> f64 {
    f64::from(i32::try_from(figure).unwrap_or(i32::MAX))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The peak of the daemon's memory and what of it is its own, in KiB, after a few snapshots of this table.
fn memory() -> (u64, u64) {
    let config = std::env::temp_dir().join(format!("conntrack-exporter-bench-{}.toml", std::process::id()));
    fs::write(&config, "interval = \"1s\"\n").unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_conntrack-exporter"))
        .arg("--config")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the daemon");
    std::thread::sleep(Duration::from_secs(4));
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("the daemon's status");
    daemon.kill().expect("the daemon ends");
    daemon.wait().expect("the daemon ends");
    fs::remove_file(config).unwrap();
    let figure = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_ascii_whitespace().nth(1).and_then(|figure| figure.parse().ok()).unwrap_or_default()
    };
    (figure("VmHWM"), figure("RssAnon"))
}
