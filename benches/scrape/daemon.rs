//! The real daemon on a table, one tick a second: its memory, and what a tick costs one who slept in between; beside it a
//! table that is read and thrown away by one who slept as well.

use std::fs;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::ours::{discard_dump, discard_text};
use crate::table::{Measured, Table};
use crate::{median, own};

/// How many ticks are waited for.
const TICKS: usize = 12;

/// What was seen.
#[derive(Default)]
pub(crate) struct Figures {
    /// How it read the table at last.
    pub(crate) source: String,
    /// The most memory that it held, in KiB.
    pub(crate) peak: u64,
    /// What of its memory is its own, in KiB.
    pub(crate) anonymous: u64,
    /// Processor time of a tick, in µs.
    pub(crate) tick: f64,
    /// Processor time of the same table from the same source, read and thrown away, in µs.
    pub(crate) discarded: f64,
}

/// Killed when dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail if it has ended by itself, which the ticks have shown then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn watch(table: &Table, measured: Measured) -> Figures {
    let config = table.file("conntrack-exporter.toml");
    fs::write(&config, table.configuration("auto", measured)).expect("the configuration");
    silence(table.telegraf());
    let mut command = Command::new(env!("CARGO_BIN_EXE_conntrack-exporter"));
    command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let daemon = Daemon(command.spawn().expect("the daemon"));
    let (mut used, mut discarded, mut source) = (Vec::new(), Vec::new(), String::new());
    for _ in 0..TICKS {
        source = next_tick(table.telegraf());
        // It has gone to sleep by then, and its next tick is far.
        sleep(Duration::from_millis(300));
        used.push(processor_time(daemon.0.id()));
        discarded.push(own(if source == "netlink" { discard_dump } else { discard_text }));
    }
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.0.id())).expect("the daemon's status");
    // The first tick also meets everybody for the first time.
    let ticks = used.windows(2).skip(1).map(|pair| match pair {
        [before, after] => after.saturating_sub(*before).as_secs_f64() * 1e6,
        _ => 0.0,
    });
    Figures {
        source,
        peak: kib(&status, "VmHWM"),
        anonymous: kib(&status, "RssAnon"),
        tick: median(ticks.collect()),
        discarded: median(discarded),
    }
}

/// What came from others before is of no interest.
fn silence(socket: &UdpSocket) {
    socket.set_nonblocking(true).expect("a socket");
    while socket.recv(&mut [0; 2048]).is_ok() {}
    socket.set_nonblocking(false).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout above zero");
}

/// Waits for the last line of a snapshot; gives how the table was read.
fn next_tick(socket: &UdpSocket) -> String {
    let mut datagram = [0; 2048];
    loop {
        let length = socket.recv(&mut datagram).expect("a datagram within ten seconds");
        let text = String::from_utf8_lossy(datagram.get(..length).unwrap_or_default()).into_owned();
        if let Some(source) = field(&text, "source") {
            return source.trim_matches('"').to_owned();
        }
    }
}

/// What the process has used until now.
fn processor_time(id: u32) -> Duration {
    let statistics = fs::read_to_string(format!("/proc/{id}/schedstat")).expect("the daemon's times");
    let time = statistics.split_ascii_whitespace().next().and_then(|time| time.parse().ok());
    Duration::from_nanos(time.expect("a time"))
}

/// A field of the exporter's line about itself.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with("conntrack_exporter,"))?;
    let begin = line.find(&format!("{name}="))? + name.len() + 1;
    line.get(begin..)?.split([',', ' ']).next()
}

fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|figure| figure.parse().ok()).unwrap_or_default()
}
