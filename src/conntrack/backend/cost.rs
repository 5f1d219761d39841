//! What it costs to read a table by each backend.

use nix::sys::utsname::uname;

use super::TableBackend;
use crate::conntrack::Gauges;

/// What readings cost, parsing included: so much for each entry, and for each bucket of the kernel's hash table, used
/// or not. The figures are nanoseconds of one x86 machine, and only their proportions matter. Where an entry costs both
/// ways alike, as `benches/RESULTS.md` has it of another, the choice is a matter of some per cent; a wrong one would
/// matter in large empty hash tables and on kernels whose text is quadratic, and there the proportions are clear.
#[derive(Clone, Copy, Debug)]
pub(super) struct CostModel {
    /// Before Linux 6.16 every `read()` of the text walks the hash table from its first bucket (`ct_get_idx()` in
    /// `nf_conntrack_standalone.c`), so the time grows with the square of the entries.
    pub(super) quadratic_text: bool,
}

impl CostModel {
    const NETLINK_ENTRY: u64 = 850;
    const NETLINK_BUCKET: u64 = 18;
    const TEXT_ENTRY: u64 = 1200;
    const TEXT_BUCKET: u64 = 1;
    /// How many entries one `read()` gives: a page of text. On the average it walks half of the table in vain.
    const ENTRIES_PER_READ: u64 = 25;
    const FIRST_LINEAR_TEXT: (u32, u32) = (6, 16);

    /// As the running kernel's release has it; one that can't be understood is taken for an old one.
    pub(super) fn of_this_kernel() -> Self {
        let release = uname().ok().and_then(|names| version(names.release().to_str()?));
        Self { quadratic_text: release.is_none_or(|release| release < Self::FIRST_LINEAR_TEXT) }
    }

    /// The cheaper backend for this table. The current one keeps its place until the other saves a tenth.
    pub(super) fn cheaper(self, gauges: Gauges, current: TableBackend) -> TableBackend {
        let (entries, buckets) = (gauges.count.unwrap_or(0), gauges.buckets.unwrap_or(0));
        let (here, there) =
            (self.cost(current, entries, buckets), self.cost(current.other(), entries, buckets));
        if there < here - here / 10 { current.other() } else { current }
    }

    /// In nanoseconds, more or less.
    const fn cost(self, backend: TableBackend, entries: u64, buckets: u64) -> u64 {
        let (entry, bucket, walks) = match backend {
            TableBackend::Netlink => (Self::NETLINK_ENTRY, Self::NETLINK_BUCKET, 1),
            TableBackend::Procfs if self.quadratic_text => {
                (Self::TEXT_ENTRY, Self::TEXT_BUCKET, 1 + entries / Self::ENTRIES_PER_READ / 2)
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
    use super::*;

    const LINEAR: CostModel = CostModel { quadratic_text: false };
    const QUADRATIC: CostModel = CostModel { quadratic_text: true };

    const FULL: Gauges = gauges(16_000, 16_384);
    const SPARSE: Gauges = gauges(1_000, 262_144);

    const fn gauges(count: u64, buckets: u64) -> Gauges {
        Gauges { count: Some(count), max: None, buckets: Some(buckets) }
    }

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
            (QUADRATIC, FULL, TableBackend::Netlink),
            (QUADRATIC, SPARSE, TableBackend::Netlink),
            (QUADRATIC, gauges(20, 16_384), TableBackend::Procfs),
        ] {
            assert_eq!(costs.cheaper(table, TableBackend::Procfs), expected, "{costs:?} {table:?}");
        }
    }
}
