//! A fleet of simulated routers: each sends what the daemon makes of a recording, from an address of its own, under a name
//! of its own, at whole multiples of an interval.

pub(crate) mod recording;
pub(crate) mod router;
pub(crate) mod rows;
pub(crate) mod sender;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use recording::Recording;
use router::Router;
use rows::Sent;
use sender::Sender;

/// What a fleet is to do.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    /// How many routers.
    pub(crate) routers: u32,
    /// The first router's address; the others' follow it.
    pub(crate) first_address: Ipv4Addr,
    /// A directory of `tests/recordings`, or one that `record` has written.
    pub(crate) recording: PathBuf,
    /// From one snapshot to the next, in seconds.
    pub(crate) interval: u64,
    /// How many snapshots each router sends.
    pub(crate) snapshots: u64,
    /// Within which time after an instant the routers begin to send, one after the other: clocks and ways differ.
    pub(crate) spread: Duration,
    pub(crate) pace: Pace,
    /// Where they send: routers in turn, if there are several.
    pub(crate) receivers: Vec<SocketAddr>,
}

/// How fast it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each instant at its time.
    Real,
    /// All instants at once. They have passed when it begins.
    Fast,
}

impl Fleet {
    /// Sends all of it, and says what that was. `snapshots` is how many instants of `interval` have been sent so far.
    pub(crate) fn run(&self, snapshots: &AtomicU64) -> Sent {
        let recording = Recording::load(&self.recording, self.interval);
        let routers: Vec<Router> = (0..self.routers).map(|number| self.router(number, &recording)).collect();
        Sender::new(self, &recording, &routers).run(snapshots)
    }

    fn router(&self, number: u32, recording: &Recording) -> Router {
        let address = Ipv4Addr::from(u32::from(self.first_address) + number);
        let receiver = self.receivers[number as usize % self.receivers.len()];
        // Each is somewhere else in the recording.
        let place = recording.snapshots() * u64::from(number) / u64::from(self.routers);
        Router::new(&format!("router-{number:04}"), address, receiver, place)
    }
}

/// A recording of this repository.
pub(crate) fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name)
}
