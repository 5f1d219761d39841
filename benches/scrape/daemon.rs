//! The real daemon on a table, one tick a second: its memory, and what a tick costs one who slept in between.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::median;
use crate::table::Table;

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

pub(crate) fn watch(table: &Table) -> Figures {
    let socket = table.telegraf();
    let mut datagram = [0; 2048];
    // What came from others before is of no interest.
    socket.set_nonblocking(true).expect("a socket");
    while socket.recv(&mut datagram).is_ok() {}
    socket.set_nonblocking(false).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout above zero");

    let config = table.file("conntrack-exporter.toml");
    fs::write(&config, table.configuration("auto")).expect("the configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_conntrack-exporter"));
    command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let daemon = Daemon(command.spawn().expect("the daemon"));
    let (mut used, mut source) = (Vec::new(), String::new());
    while used.len() < TICKS {
        let length = socket.recv(&mut datagram).expect("a datagram within ten seconds");
        let text = String::from_utf8_lossy(datagram.get(..length).unwrap_or_default()).into_owned();
        if let Some(time) = field(&text, "cpu_ns") {
            used.push(time.trim_end_matches('i').parse().map(Duration::from_nanos).expect("a time"));
            field(&text, "source").unwrap_or_default().trim_matches('"').clone_into(&mut source);
        }
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
    }
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
