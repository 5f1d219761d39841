//! A household under the daemon's eyes, and what it has told so far.

use std::path::PathBuf;
use std::time::Instant;

use nix::sys::signal::Signal;

use super::TELEGRAF;
use super::sums::{Sums, Turnover, roomy};
use super::table::{ByDevice, by_the_kernel};
use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::household::Household;
use crate::snapshot::{Receiver, Snapshot, now};
use crate::wait::{PATIENCE, until};

/// A daemon that looks every second, and what it said.
pub(crate) struct Watched {
    pub(crate) home: Household,
    pub(crate) exporter: Exporter,
    config: PathBuf,
    receiver: Receiver,
    /// What its points add up to.
    pub(crate) sums: Sums,
}

impl Watched {
    /// Waits for the first snapshot, from which all is measured.
    pub(crate) fn new(home: Household, source: &str) -> Self {
        let receiver = roomy(&home.router, at(TELEGRAF, 8094));
        let config = configure(&home, &at(TELEGRAF, 8094).to_string(), &from(source));
        let exporter = Exporter::start(&home, &config);
        let mut watched = Self { home, exporter, config, receiver, sums: Sums::default() };
        watched.next();
        watched
    }

    /// The next snapshot.
    pub(crate) fn next(&mut self) -> Snapshot {
        let snapshot = self.receiver.next();
        self.sums.add(snapshot.lines());
        snapshot
    }

    /// The first snapshot that was taken from now on.
    pub(crate) fn fresh(&mut self) -> Snapshot {
        let now = now();
        loop {
            let snapshot = self.next();
            if snapshot.instant() >= now {
                return snapshot;
            }
        }
    }

    /// Waits until the points add up to something.
    fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: not told: {:#?}", self.sums);
            self.next();
        }
    }

    /// Waits until the points add up to what the kernel has counted, and says what that is.
    pub(crate) fn expect_all(&mut self) -> ByDevice {
        self.expect_beyond(&ByDevice::new())
    }

    /// The same where counters have begun anew after so much was told. The last packets of a connection arrive after the
    /// call that caused them has returned.
    pub(crate) fn expect_beyond(&mut self, told: &ByDevice) -> ByDevice {
        let all = |watched: &Self| {
            let mut all = by_the_kernel(&watched.home.router);
            for (device, carried) in told {
                *all.entry(device.clone()).or_default() += *carried;
            }
            all
        };
        self.until("what the kernel has counted", |watched| watched.sums.say(&all(watched)));
        self.sums.moved()
    }

    /// Waits until this was opened and closed, and insists that the next snapshots tell of no more.
    pub(crate) fn expect_turnover(&mut self, expected: &[(&str, &str, Turnover)]) {
        let told = |watched: &Self| {
            let lively =
                watched.sums.turnover.iter().filter(|(_, turnover)| **turnover != Turnover::default());
            let told = lively.map(|((device, protocol), turnover)| (&**device, &**protocol, *turnover));
            told.eq(expected.iter().copied())
        };
        self.until(&format!("{expected:?}"), told);
        self.next();
        self.next();
        assert!(told(self), "{expected:?} and more: {:?}", self.sums.turnover);
    }

    /// Has the daemon read its configuration again, with another source.
    pub(crate) fn reload(&mut self, source: &str) {
        configure(&self.home, &at(TELEGRAF, 8094).to_string(), &from(source));
        let said = || self.exporter.output().matches("configuration read again").count();
        let before = said();
        self.exporter.signal(Signal::SIGHUP);
        until("the reload in the log", || (said() > before).then_some(()));
    }

    /// Ends the daemon and starts another, of which nothing is known yet.
    pub(crate) fn restart(&mut self) {
        self.exporter.signal(Signal::SIGTERM);
        self.exporter.insist_on_a_good_end();
        self.exporter = Exporter::start(&self.home, &self.config);
    }
}

fn from(source: &str) -> String {
    format!("source = \"{source}\"")
}
