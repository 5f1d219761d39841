//! A daemon that serves the household.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::http_client::{Answer, get};
use crate::sample::Sample;

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");
/// Longer than anything here takes, and shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(90);

/// A daemon on the sample household, a snapshot every second.
pub(crate) struct Served {
    child: Child,
    pub(crate) sample: Sample,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Begins to serve, with `more` lines of configuration, and waits until there was a snapshot.
    pub(crate) fn start(test: &str, more: &str) -> Self {
        let served = Self::start_without_waiting(test, more, |_| {});
        served.wait_for_a_snapshot();
        served
    }

    /// The same, after `change` has changed the household's files.
    pub(crate) fn start_without_waiting(test: &str, more: &str, change: impl FnOnce(&Sample)) -> Self {
        let sample = Sample::new(test);
        change(&sample);
        let address = free_address();
        configure(&sample, address, more);
        let mut daemon = Command::new(PROGRAM);
        daemon.arg("--config").arg(sample.config()).arg("--root").arg(sample.root()).arg("--stdout");
        let child = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, sample, address }
    }

    pub(crate) fn wait_for_a_snapshot(&self) {
        until("a snapshot", || self.get("/api/v1/status").filter(|answer| answer.status == 200));
    }

    pub(crate) fn get(&self, target: &str) -> Option<Answer> {
        get(self.address, target)
    }

    /// Asks again while it is full of others.
    pub(crate) fn json(&self, target: &str) -> serde_json::Value {
        until(target, || self.get(target).filter(|answer| answer.status == 200)).json()
    }

    /// How many snapshots there were.
    pub(crate) fn sequence(&self) -> i64 {
        self.json("/api/v1/status")["sequence"].as_i64().unwrap()
    }

    /// Waits until there were so many more.
    pub(crate) fn wait_for_snapshots(&self, count: i64) {
        let last = self.sequence() + count;
        until("more snapshots", || Some(()).filter(|()| self.sequence() >= last));
    }

    /// Has it read another configuration.
    pub(crate) fn reload(&self, address: SocketAddr, more: &str) {
        configure(&self.sample, address, more);
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGHUP).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(sample: &Sample, address: SocketAddr, more: &str) {
    // What is put off to a section's end would belong to it.
    let text = format!("interval = \"1s\"\nhttp.listen = \"{address}\"\n{more}\n");
    fs::write(sample.config(), text).unwrap();
}

/// An address at which nobody listens now.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(crate) fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        match found() {
            Some(found) => return found,
            None if begun.elapsed() > PATIENCE => panic!("{what} never came"),
            None => sleep(Duration::from_millis(20)),
        }
    }
}
