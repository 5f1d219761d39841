//! Between ticks the daemon sleeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::fill::fill;
use crate::household::Household;
use crate::namespace::require;
use crate::snapshot::Receiver;
use crate::wait::until;

/// How long nothing is to happen, and at which intervals something does.
const IDLE: Duration = Duration::from_secs(7);
const INTERVAL: Duration = Duration::from_secs(30);

/// The system calls of a process, as strace tells them.
struct Trace {
    strace: Child,
    file: PathBuf,
}

impl Trace {
    fn of(home: &Household, exporter: &Exporter) -> Self {
        require("strace", "strace");
        let file = home.file("trace");
        let mut command = Command::new("strace");
        command.arg("-f").arg("-o").arg(&file).arg("-p").arg(exporter.pid().to_string());
        let strace = command.stderr(Stdio::null()).spawn().expect("strace");
        Self { strace, file }
    }

    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // Both fail if it has ended, which is all right.
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

#[test]
fn between_ticks_it_sleeps() {
    let home = Household::new("idle");
    home.router.enter(|| fill(0..200)).expect("room in the table");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    for (source, reading) in [("procfs", "/proc/net/nf_conntrack"), ("netlink", "NETLINK_NETFILTER")] {
        let settings = format!("source = \"{source}\"");
        let config = configure(&home, &telegraf.to_string(), &settings);
        let exporter = Exporter::start(&home, &config);
        receiver.fresh();
        let trace = Trace::of(&home, &exporter);
        let of_a_tick = until("a tick in the trace", || {
            Some(trace.calls()).filter(|calls| calls.iter().any(|call| call.contains(reading)))
        });
        assert!(!of_a_tick.is_empty());

        seldom(&config);
        exporter.signal(Signal::SIGHUP);
        until("the new interval", || exporter.output().contains("configuration read again").then_some(()));
        let (before, begun) = (rest(&trace), Instant::now());
        until("time that passes", || (begun.elapsed() > IDLE).then_some(()));
        let calls = trace.calls();
        let idle = calls.get(before..).unwrap_or_default();
        println!("{source}: {} system calls in {IDLE:?} without a tick: {idle:#?}", idle.len());
        assert!(idle.len() <= 5, "{source}: {idle:#?}");
        exporter.end(Signal::SIGTERM);
    }
}

/// Changes the interval of a configuration.
fn seldom(config: &Path) {
    let text = fs::read_to_string(config).expect("the configuration");
    let interval = format!("interval = \"{}s\"", INTERVAL.as_secs());
    let seldom = text.replace("interval = \"1s\"", &interval);
    assert_ne!(text, seldom);
    fs::write(config, format!("{seldom}[traffic]\n{interval}\n")).expect("the configuration");
}

/// Waits until nothing has been called for a second and no whole multiple of the interval is near. Says how many calls
/// there were before.
fn rest(trace: &Trace) -> usize {
    let (mut calls, mut since) = (0, Instant::now());
    until("time without ticks", || {
        let now = trace.calls().len();
        if now != calls {
            (calls, since) = (now, Instant::now());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        let after_tick = now.as_secs() % INTERVAL.as_secs();
        let ahead = after_tick >= 1 && after_tick + IDLE.as_secs() + 2 <= INTERVAL.as_secs();
        (since.elapsed() > Duration::from_secs(1) && ahead).then_some(calls)
    })
}
