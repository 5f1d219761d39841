//! Which way of reading the table: the one that the configuration names, or the cheaper of those that are permitted.

mod cost;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::info;

use super::{Gauges, TableError};
use cost::CostModel;

/// A way of reading the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableBackend {
    /// Text, `/proc/net/nf_conntrack`: works wherever there is a table.
    #[default]
    Procfs,
    /// Messages, ctnetlink: needs `CAP_NET_ADMIN` and the kernel module `nf_conntrack_netlink`.
    Netlink,
}

impl TableBackend {
    /// As `conntrack_exporter` and the configuration name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Procfs => "procfs",
            Self::Netlink => "netlink",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Procfs => Self::Netlink,
            Self::Netlink => Self::Procfs,
        }
    }
}

impl fmt::Display for TableBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The configuration's `source`: how the table is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendChoice {
    /// The cheaper of those that are permitted, at each reading.
    #[default]
    Auto,
    /// As text.
    Procfs,
    /// As messages.
    Netlink,
}

impl BackendChoice {
    /// As the configuration names it.
    pub fn name(self) -> &'static str {
        self.only().map_or("auto", TableBackend::name)
    }

    /// The only backend that is allowed, if there is only one.
    pub const fn only(self) -> Option<TableBackend> {
        match self {
            Self::Auto => None,
            Self::Procfs => Some(TableBackend::Procfs),
            Self::Netlink => Some(TableBackend::Netlink),
        }
    }
}

/// How long netlink isn't tried again once it was refused: asking for a module that isn't there starts a process.
const NETLINK_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Chooses, and remembers what was refused.
#[derive(Debug)]
pub(super) struct BackendChooser {
    choice: BackendChoice,
    costs: CostModel,
    /// The one read last.
    current: TableBackend,
    /// Whether an incomplete dump was begun a second time within this tick.
    retried: bool,
    /// What the kernel answered to the other backend, if it refused that within this tick.
    refusal: Option<String>,
    /// When netlink was refused, in time since boot; forgotten once it may be tried again.
    netlink_refused: Option<Duration>,
    /// It was logged that one backend stands in for the other.
    logged: bool,
}

impl BackendChooser {
    pub(super) fn new(choice: BackendChoice) -> Self {
        Self {
            choice,
            costs: CostModel::of_this_kernel(),
            current: choice.only().unwrap_or_default(),
            retried: false,
            refusal: None,
            netlink_refused: None,
            logged: false,
        }
    }

    /// The backend read last, or about to be.
    pub(super) const fn current(&self) -> TableBackend {
        self.current
    }

    /// Whether the running kernel's text finds its place by counting, and may leave out a live entry.
    pub(super) const fn has_counting_text(&self) -> bool {
        self.costs.quadratic_text
    }

    /// Chooses for a reading at `boot` (time since boot) of a table of this size.
    pub(super) fn choose(&mut self, gauges: Gauges, boot: Duration) -> TableBackend {
        (self.retried, self.refusal) = (false, None);
        self.netlink_refused =
            self.netlink_refused.filter(|since| boot.saturating_sub(*since) < NETLINK_RETRY_AFTER);
        self.current = match self.choice.only() {
            Some(only) => only,
            None if self.netlink_refused.is_some() => TableBackend::Procfs,
            None => self.costs.cheaper(gauges, self.current),
        };
        self.current
    }

    /// What to read now that a reading has failed: the same once more, the other one, or nothing.
    pub(super) fn after_failure(&mut self, error: &TableError, boot: Duration) -> Option<TableBackend> {
        if !error.is_lasting() {
            let retry = error.backend == TableBackend::Netlink && !std::mem::replace(&mut self.retried, true);
            return retry.then_some(self.current);
        }
        if self.choice.only().is_some() {
            return None;
        }
        let other = error.backend.other();
        let other_was_refused = other == TableBackend::Netlink && self.netlink_refused.is_some();
        if error.backend == TableBackend::Netlink {
            self.netlink_refused = Some(boot);
        }
        if other_was_refused || self.refusal.replace(error.to_string()).is_some() {
            return None;
        }
        self.current = other;
        Some(other)
    }

    /// Takes note that the current backend could be read; logs it once if that stands in for the other.
    pub(super) fn succeeded(&mut self) {
        if let Some(refusal) = self.refusal.as_ref().filter(|_| !self.logged) {
            info!("{refusal}; the table is read by {} instead", self.current);
        }
        self.logged = self.refusal.is_some() || self.netlink_refused.is_some();
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use nix::libc;

    use super::*;
    use crate::netlink::DumpError;

    fn gauges(count: u64, buckets: u64) -> Gauges {
        Gauges { count: Some(count), max: None, buckets: Some(buckets) }
    }

    fn chooser(choice: BackendChoice) -> BackendChooser {
        BackendChooser { costs: CostModel { quadratic_text: false }, ..BackendChooser::new(choice) }
    }

    fn failed(backend: TableBackend, errno: i32) -> TableError {
        incomplete(backend, io::Error::from_raw_os_error(errno))
    }

    fn incomplete(backend: TableBackend, source: io::Error) -> TableError {
        TableError { backend, path: "/proc/net/nf_conntrack".into(), live: true, source }
    }

    const FULL: Gauges = Gauges { count: Some(16_000), max: None, buckets: Some(16_384) };
    const SPARSE: Gauges = Gauges { count: Some(1_000), max: None, buckets: Some(262_144) };
    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn a_table_near_the_crossover_does_not_flap() {
        let mut chooser = chooser(BackendChoice::Auto);
        let mut changes = 0;
        for tick in 0..1_000 {
            let before = chooser.current();
            // Some four per cent up and down around the crossover.
            let count = 800 + 30 * (tick % 3) - 30;
            changes += u32::from(chooser.choose(gauges(count, 16_384), NOW) != before);
        }
        assert!(changes <= 1, "{changes}");
    }

    #[test]
    fn what_is_refused_is_not_tried_again_for_an_hour() {
        let mut chooser = chooser(BackendChoice::Auto);
        assert_eq!(chooser.choose(FULL, NOW), TableBackend::Netlink);
        assert_eq!(
            chooser.after_failure(&failed(TableBackend::Netlink, libc::EPERM), NOW),
            Some(TableBackend::Procfs)
        );
        chooser.succeeded();
        assert_eq!(chooser.choose(FULL, NOW + NETLINK_RETRY_AFTER / 2), TableBackend::Procfs);
        chooser.succeeded();
        assert_eq!(chooser.choose(FULL, NOW + NETLINK_RETRY_AFTER), TableBackend::Netlink);
        chooser.succeeded();
        assert_eq!(chooser.choose(FULL, NOW + NETLINK_RETRY_AFTER), TableBackend::Netlink);
        // A module that goes in mid-run, and comes back.
        let gone = failed(TableBackend::Netlink, libc::EINVAL);
        assert_eq!(chooser.after_failure(&gone, NOW + NETLINK_RETRY_AFTER), Some(TableBackend::Procfs));
        assert_eq!(chooser.choose(FULL, NOW + NETLINK_RETRY_AFTER * 2), TableBackend::Netlink);
    }

    #[test]
    fn where_neither_can_be_read_the_text_is_tried_at_every_tick() {
        let mut chooser = chooser(BackendChoice::Auto);
        let (no_netlink, no_text) =
            (failed(TableBackend::Netlink, libc::EPERM), failed(TableBackend::Procfs, libc::EACCES));
        assert_eq!(chooser.choose(FULL, NOW), TableBackend::Netlink);
        assert_eq!(chooser.after_failure(&no_netlink, NOW), Some(TableBackend::Procfs));
        assert_eq!(chooser.after_failure(&no_text, NOW), None);
        assert_eq!(chooser.choose(FULL, NOW), TableBackend::Procfs);
        assert_eq!(chooser.after_failure(&no_text, NOW), None);
        chooser.choose(SPARSE, NOW);
        chooser.succeeded();
        assert_eq!(chooser.choose(SPARSE, NOW), TableBackend::Procfs);
        // A table for which the text is the cheaper one.
        let mut chooser = self::chooser(BackendChoice::Auto);
        assert_eq!(chooser.choose(SPARSE, NOW), TableBackend::Procfs);
        assert_eq!(chooser.after_failure(&no_text, NOW), Some(TableBackend::Netlink));
        assert_eq!(chooser.after_failure(&no_netlink, NOW), None);
        for _ in 0..3 {
            assert_eq!(chooser.choose(SPARSE, NOW), TableBackend::Procfs);
            assert_eq!(chooser.after_failure(&no_text, NOW), None, "netlink was refused a moment ago");
        }
    }

    #[test]
    fn without_the_text_messages_serve() {
        let mut chooser = chooser(BackendChoice::Auto);
        for _ in 0..3 {
            chooser.choose(gauges(0, 0), NOW);
            if chooser.current() == TableBackend::Procfs {
                assert_eq!(
                    chooser.after_failure(&failed(TableBackend::Procfs, libc::ENOENT), NOW),
                    Some(TableBackend::Netlink)
                );
            }
            chooser.succeeded();
        }
        assert!(chooser.current() == TableBackend::Netlink);
    }

    #[test]
    fn an_incomplete_dump_is_tried_once_more_within_the_tick() {
        for choice in [BackendChoice::Auto, BackendChoice::Netlink] {
            let mut chooser = chooser(choice);
            for incomplete in [
                incomplete(TableBackend::Netlink, DumpError::Interrupted.into()),
                incomplete(TableBackend::Netlink, DumpError::Truncated.into()),
                failed(TableBackend::Netlink, libc::ENOBUFS),
            ] {
                assert_eq!(chooser.choose(FULL, NOW), TableBackend::Netlink);
                assert_eq!(
                    chooser.after_failure(&incomplete, NOW),
                    Some(TableBackend::Netlink),
                    "{incomplete}"
                );
                assert_eq!(chooser.after_failure(&incomplete, NOW), None, "{incomplete}");
            }
        }
        let mut chooser = chooser(BackendChoice::Auto);
        chooser.choose(FULL, NOW);
        chooser.after_failure(&failed(TableBackend::Netlink, libc::ENOBUFS), NOW);
        let refused = failed(TableBackend::Netlink, libc::EPERM);
        assert_eq!(
            chooser.after_failure(&refused, NOW),
            Some(TableBackend::Procfs),
            "the right was lost meanwhile"
        );
    }

    #[test]
    fn what_is_named_is_not_replaced() {
        for (choice, backend) in
            [(BackendChoice::Procfs, TableBackend::Procfs), (BackendChoice::Netlink, TableBackend::Netlink)]
        {
            for table in [FULL, SPARSE] {
                let mut chooser = chooser(choice);
                assert_eq!(chooser.choose(table, NOW), backend);
                assert_eq!(chooser.after_failure(&failed(backend, libc::EACCES), NOW), None);
                assert_eq!(chooser.choose(table, NOW), backend);
            }
        }
    }
}
