//! Which way of reading the table: the one that the configuration names, or the cheaper of those that are permitted.

use std::fmt;
use std::time::Duration;

use nix::sys::utsname::uname;
use serde::{Deserialize, Serialize};
use tracing::info;

use super::{Gauges, TableError};

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

/// `source`: how the table is to be read.
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

    /// The only source that is allowed, if there is only one.
    pub const fn only(self) -> Option<TableBackend> {
        match self {
            Self::Auto => None,
            Self::Procfs => Some(TableBackend::Procfs),
            Self::Netlink => Some(TableBackend::Netlink),
        }
    }
}

/// How long netlink is left alone once it was refused: asking for a kernel module that isn't there starts a process.
const LEFT_ALONE: Duration = Duration::from_hours(1);

/// Chooses, and remembers what was refused.
#[derive(Debug)]
pub(super) struct BackendChooser {
    choice: BackendChoice,
    costs: Costs,
    /// The one read last.
    current: TableBackend,
    /// Whether an incomplete reading was begun a second time within this tick.
    again: bool,
    /// What the other source said, if it was refused within this tick.
    refused: Option<String>,
    /// Since when netlink is left alone, in time since boot.
    without_netlink: Option<Duration>,
    /// It was said that one source stands in for the other.
    said: bool,
}

impl BackendChooser {
    pub(super) fn new(choice: BackendChoice) -> Self {
        let current = choice.only().unwrap_or_default();
        let costs = Costs::of_this_kernel();
        Self { choice, costs, current, again: false, refused: None, without_netlink: None, said: false }
    }

    /// The source read last, or about to be.
    pub(super) const fn current(&self) -> TableBackend {
        self.current
    }

    /// Chooses for a reading at `boot` (time since boot) of a table of this size.
    pub(super) fn choose(&mut self, gauges: Gauges, boot: Duration) -> TableBackend {
        (self.again, self.refused) = (false, None);
        self.without_netlink = self.without_netlink.filter(|since| boot.saturating_sub(*since) < LEFT_ALONE);
        self.current = match self.choice.only() {
            Some(only) => only,
            None if self.without_netlink.is_some() => TableBackend::Procfs,
            None => self.costs.cheaper(gauges, self.current),
        };
        self.current
    }

    /// What to read now that a reading has failed: the same once more, the other one, or nothing.
    pub(super) fn after(&mut self, error: &TableError, boot: Duration) -> Option<TableBackend> {
        if !error.is_lasting() {
            let again = error.from == TableBackend::Netlink && !std::mem::replace(&mut self.again, true);
            return again.then_some(self.current);
        }
        if self.choice.only().is_some() {
            return None;
        }
        let other = error.from.other();
        let left_alone = other == TableBackend::Netlink && self.without_netlink.is_some();
        if error.from == TableBackend::Netlink {
            self.without_netlink = Some(boot);
        }
        if left_alone || self.refused.replace(error.to_string()).is_some() {
            return None;
        }
        self.current = other;
        Some(other)
    }

    /// Takes note that the current source could be read; says it once if it stands in for the other.
    pub(super) fn succeeded(&mut self) {
        if let Some(why) = self.refused.as_ref().filter(|_| !self.said) {
            info!("{why}; the table is read by {} instead", self.current);
        }
        self.said = self.refused.is_some() || self.without_netlink.is_some();
    }
}

/// What readings cost, parsing included: so much for each entry, and for each bucket of the kernel's hash table, used
/// or not. The figures are nanoseconds of one x86 machine, and only their proportions matter. Where an entry costs both
/// ways alike, as `benches/RESULTS.md` has it of another, the choice is a matter of some per cent; a wrong one would
/// matter in large empty hash tables and on kernels whose text is quadratic, and there the proportions are clear.
#[derive(Clone, Copy, Debug)]
struct Costs {
    /// Before Linux 6.16 every `read()` of the text walks the hash table again from its first bucket.
    text_walks_again: bool,
}

impl Costs {
    const NETLINK_ENTRY: u64 = 850;
    const NETLINK_BUCKET: u64 = 18;
    const TEXT_ENTRY: u64 = 1200;
    const TEXT_BUCKET: u64 = 1;
    /// How many entries one `read()` gives: a page of text. On the average it walks half of the table in vain.
    const ENTRIES_OF_A_READ: u64 = 25;
    const FIRST_LINEAR_TEXT: (u32, u32) = (6, 16);

    fn of_this_kernel() -> Self {
        let release = uname().ok().and_then(|names| version(names.release().to_str()?));
        Self { text_walks_again: release.is_none_or(|release| release < Self::FIRST_LINEAR_TEXT) }
    }

    /// The cheaper source for this table. The current one keeps its place until the other saves a tenth.
    fn cheaper(self, gauges: Gauges, current: TableBackend) -> TableBackend {
        let (entries, buckets) = (gauges.count.unwrap_or(0), gauges.buckets.unwrap_or(0));
        let (here, there) = (self.of(current, entries, buckets), self.of(current.other(), entries, buckets));
        if there < here - here / 10 { current.other() } else { current }
    }

    const fn of(self, source: TableBackend, entries: u64, buckets: u64) -> u64 {
        let (entry, bucket, walks) = match source {
            TableBackend::Netlink => (Self::NETLINK_ENTRY, Self::NETLINK_BUCKET, 1),
            TableBackend::Procfs if self.text_walks_again => {
                (Self::TEXT_ENTRY, Self::TEXT_BUCKET, 1 + entries / Self::ENTRIES_OF_A_READ / 2)
            }
            TableBackend::Procfs => (Self::TEXT_ENTRY, Self::TEXT_BUCKET, 1),
        };
        let walked = buckets.saturating_mul(bucket).saturating_mul(walks);
        entries.saturating_mul(entry).saturating_add(walked)
    }
}

/// Major and minor number of a kernel's release, such as `5.4.211` or `6.16-rc1`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|char: char| !char.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use std::io;

    use nix::libc;

    use super::*;
    use crate::netlink::Incomplete;

    const LINEAR: Costs = Costs { text_walks_again: false };
    const OLD: Costs = Costs { text_walks_again: true };

    fn gauges(count: u64, buckets: u64) -> Gauges {
        Gauges { count: Some(count), max: None, buckets: Some(buckets) }
    }

    fn chooser(choice: BackendChoice) -> BackendChooser {
        BackendChooser { costs: LINEAR, ..BackendChooser::new(choice) }
    }

    fn failed(from: TableBackend, errno: i32) -> TableError {
        incomplete(from, io::Error::from_raw_os_error(errno))
    }

    fn incomplete(from: TableBackend, source: io::Error) -> TableError {
        TableError { from, path: "/proc/net/nf_conntrack".into(), live: true, source }
    }

    const FULL: Gauges = Gauges { count: Some(16_000), max: None, buckets: Some(16_384) };
    const SPARSE: Gauges = Gauges { count: Some(1_000), max: None, buckets: Some(262_144) };
    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn versions() {
        for (release, expected) in [
            ("5.4.211", Some((5, 4))),
            ("6.16.0-rc1", Some((6, 16))),
            ("6.18.44-fc", Some((6, 18))),
            ("6.16-rc1", Some((6, 16))),
            ("6.6+", Some((6, 6))),
            ("6", None),
            ("", None),
            ("six.one", None),
            ("99999999999.1", None),
        ] {
            assert_eq!(version(release), expected, "{release}");
        }
    }

    #[test]
    fn the_cheaper_one_of_a_table() {
        for (costs, table, expected) in [
            (LINEAR, FULL, TableBackend::Netlink),
            (LINEAR, SPARSE, TableBackend::Procfs),
            (LINEAR, gauges(300, 16_384), TableBackend::Procfs),
            (LINEAR, gauges(3_000, 16_384), TableBackend::Netlink),
            (LINEAR, gauges(0, 0), TableBackend::Procfs),
            (OLD, FULL, TableBackend::Netlink),
            (OLD, SPARSE, TableBackend::Netlink),
            (OLD, gauges(20, 16_384), TableBackend::Procfs),
        ] {
            assert_eq!(costs.cheaper(table, TableBackend::Procfs), expected, "{costs:?} {table:?}");
        }
    }

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
    fn what_is_refused_is_left_alone_for_an_hour() {
        let mut chooser = chooser(BackendChoice::Auto);
        assert_eq!(chooser.choose(FULL, NOW), TableBackend::Netlink);
        assert_eq!(
            chooser.after(&failed(TableBackend::Netlink, libc::EPERM), NOW),
            Some(TableBackend::Procfs)
        );
        chooser.succeeded();
        assert_eq!(chooser.choose(FULL, NOW + LEFT_ALONE / 2), TableBackend::Procfs);
        chooser.succeeded();
        assert_eq!(chooser.choose(FULL, NOW + LEFT_ALONE), TableBackend::Netlink);
        chooser.succeeded();
        assert_eq!(chooser.choose(FULL, NOW + LEFT_ALONE), TableBackend::Netlink);
        // A module that goes in mid-run, and comes back.
        let gone = failed(TableBackend::Netlink, libc::EINVAL);
        assert_eq!(chooser.after(&gone, NOW + LEFT_ALONE), Some(TableBackend::Procfs));
        assert_eq!(chooser.choose(FULL, NOW + LEFT_ALONE * 2), TableBackend::Netlink);
    }

    #[test]
    fn where_neither_can_be_read_the_text_is_tried_at_every_tick() {
        let mut chooser = chooser(BackendChoice::Auto);
        let (no_netlink, no_text) =
            (failed(TableBackend::Netlink, libc::EPERM), failed(TableBackend::Procfs, libc::EACCES));
        assert_eq!(chooser.choose(FULL, NOW), TableBackend::Netlink);
        assert_eq!(chooser.after(&no_netlink, NOW), Some(TableBackend::Procfs));
        assert_eq!(chooser.after(&no_text, NOW), None);
        assert_eq!(chooser.choose(FULL, NOW), TableBackend::Procfs);
        assert_eq!(chooser.after(&no_text, NOW), None);
        chooser.choose(SPARSE, NOW);
        chooser.succeeded();
        assert_eq!(chooser.choose(SPARSE, NOW), TableBackend::Procfs);
        // A table for which the text is the cheaper one.
        let mut chooser = self::chooser(BackendChoice::Auto);
        assert_eq!(chooser.choose(SPARSE, NOW), TableBackend::Procfs);
        assert_eq!(chooser.after(&no_text, NOW), Some(TableBackend::Netlink));
        assert_eq!(chooser.after(&no_netlink, NOW), None);
        for _ in 0..3 {
            assert_eq!(chooser.choose(SPARSE, NOW), TableBackend::Procfs);
            assert_eq!(chooser.after(&no_text, NOW), None, "netlink is left alone");
        }
    }

    #[test]
    fn without_the_text_messages_serve() {
        let mut chooser = chooser(BackendChoice::Auto);
        for _ in 0..3 {
            chooser.choose(gauges(0, 0), NOW);
            if chooser.current() == TableBackend::Procfs {
                assert_eq!(
                    chooser.after(&failed(TableBackend::Procfs, libc::ENOENT), NOW),
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
                incomplete(TableBackend::Netlink, Incomplete::Interrupted.into()),
                incomplete(TableBackend::Netlink, Incomplete::Cut.into()),
                failed(TableBackend::Netlink, libc::ENOBUFS),
            ] {
                assert_eq!(chooser.choose(FULL, NOW), TableBackend::Netlink);
                assert_eq!(chooser.after(&incomplete, NOW), Some(TableBackend::Netlink), "{incomplete}");
                assert_eq!(chooser.after(&incomplete, NOW), None, "{incomplete}");
            }
        }
        let mut chooser = chooser(BackendChoice::Auto);
        chooser.choose(FULL, NOW);
        chooser.after(&failed(TableBackend::Netlink, libc::ENOBUFS), NOW);
        let refused = failed(TableBackend::Netlink, libc::EPERM);
        assert_eq!(chooser.after(&refused, NOW), Some(TableBackend::Procfs), "the right was lost meanwhile");
    }

    #[test]
    fn what_is_named_is_not_replaced() {
        for (choice, from) in
            [(BackendChoice::Procfs, TableBackend::Procfs), (BackendChoice::Netlink, TableBackend::Netlink)]
        {
            for table in [FULL, SPARSE] {
                let mut chooser = chooser(choice);
                assert_eq!(chooser.choose(table, NOW), from);
                assert_eq!(chooser.after(&failed(from, libc::EACCES), NOW), None);
                assert_eq!(chooser.choose(table, NOW), from);
            }
        }
    }
}
