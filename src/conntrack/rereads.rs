//! When a reading of the table's text that fell short is worth another.
//!
//! The kernel hands the text out in pieces, and finds its place again at each `read()` by counting entries from the
//! first bucket of its hash table (`ct_get_idx()` in `nf_conntrack_standalone.c`, before Linux 6.16). Where one of
//! those counted has gone meanwhile, a live one behind it is passed over; `ct_seq_show()` even removes expired entries
//! itself while it prints the others. A second reading right after the first meets fewer of these, and so more of the
//! live ones.
//!
//! Only the text of the running kernel is like that: [`Table::can_skip_entries`](super::Table::can_skip_entries).

use std::time::Duration;

/// This many missing entries are nothing unusual: connections begin and end while the table is read.
const MISSING_AT_MOST: u64 = 16;
/// Nor is one in so many of all.
const MISSING_ONE_IN: u64 = 100;
/// How long no further reading is tried once one has shown that it doesn't help. `nf_conntrack_count` is then simply
/// higher than what is printed: an entry counts from its allocation on (`__nf_conntrack_alloc()`), before its first
/// packet is through, and a dying one until its last user lets go of it.
const PAUSE: Duration = Duration::from_mins(10);

/// Says whether to read again, and remembers whether that has helped.
///
/// ```
/// # use std::time::Duration;
/// # use conntrack_exporter::conntrack::rereads::Rereads;
/// let (mut rereads, boot) = (Rereads::default(), Duration::from_secs(90));
/// assert!(rereads.wants_another(900, Some(1000), boot));
/// assert!(rereads.note(900, 980, 1000, boot), "the second one is fuller");
/// assert_eq!(rereads.total(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Rereads {
    total: u64,
    /// When a second reading was last found not to help, in time since boot.
    futile: Option<Duration>,
}

impl Rereads {
    /// Whether a reading that gave `read` entries (those that could not be understood are among them) is worth another.
    /// `count` is `nf_conntrack_count` where the kernel tells it, and `boot` the time since boot.
    pub fn wants_another(&self, read: u64, count: Option<u64>, boot: Duration) -> bool {
        let pausing = self.futile.is_some_and(|since| boot.saturating_sub(since) < PAUSE);
        !pausing && count.is_some_and(|count| fell_short(read, count))
    }

    /// Takes note of a second reading, for which [`wants_another`](Self::wants_another) had asked: `first` and `second`
    /// are the entries that each gave, and one that failed gave none. Whether the second is the fuller one, to be kept.
    pub fn note(&mut self, first: u64, second: u64, count: u64, boot: Duration) -> bool {
        self.total += 1;
        let (missing, gained) = (count.saturating_sub(first), second.saturating_sub(first));
        self.futile = (gained < missing.div_ceil(2)).then_some(boot);
        second > first
    }

    /// How often the table was read again so far.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

const fn fell_short(read: u64, count: u64) -> bool {
    let missing = count.saturating_sub(read);
    missing > MISSING_AT_MOST && missing > count / MISSING_ONE_IN
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_hours(1);

    #[test]
    fn more_than_one_per_cent_and_more_than_16_must_be_missing() {
        for (read, count, expected) in [
            (1000, Some(1000), false),
            (1000, Some(900), false),
            (84, Some(100), false),
            (83, Some(100), true),
            (0, Some(16), false),
            (0, Some(17), true),
            (1683, Some(1700), false),
            (1682, Some(1700), true),
            (9900, Some(10_000), false),
            (9899, Some(10_000), true),
            (0, None, false),
            (0, Some(0), false),
            (0, Some(u64::MAX), true),
            (u64::MAX, Some(u64::MAX), false),
        ] {
            assert_eq!(Rereads::default().wants_another(read, count, NOW), expected, "{read} of {count:?}");
        }
    }

    #[test]
    fn the_fuller_reading_is_kept() {
        for (first, second, expected) in
            [(900, 1000, true), (900, 901, true), (900, 900, false), (900, 800, false), (900, 0, false)]
        {
            assert_eq!(Rereads::default().note(first, second, 1000, NOW), expected, "{first} and {second}");
        }
    }

    #[test]
    fn a_second_reading_that_gives_less_than_half_of_what_was_missing_is_the_last_for_ten_minutes() {
        for (first, second, helped) in [
            (900, 1000, true),
            (900, 1100, true),
            (900, 950, true),
            (900, 949, false),
            (901, 951, true),
            (901, 950, false),
            (900, 900, false),
            (900, 0, false),
        ] {
            let mut rereads = Rereads::default();
            rereads.note(first, second, 1000, NOW);
            let wants = |after: u64| rereads.wants_another(900, Some(1000), NOW + Duration::from_secs(after));
            assert_eq!(wants(0), helped, "{first} and {second}");
            assert_eq!(wants(599), helped, "{first} and {second}");
            assert!(wants(600), "{first} and {second}");
        }
    }

    #[test]
    fn a_second_reading_that_helps_after_the_pause_ends_it() {
        let mut rereads = Rereads::default();
        rereads.note(900, 900, 1000, NOW);
        let later = NOW + PAUSE;
        assert!(rereads.wants_another(900, Some(1000), later));
        rereads.note(900, 1000, 1000, later);
        assert!(rereads.wants_another(900, Some(1000), later));
        rereads.note(900, 900, 1000, later);
        assert!(!rereads.wants_another(900, Some(1000), later));
    }

    #[test]
    fn every_second_reading_counts() {
        let mut rereads = Rereads::default();
        assert_eq!(rereads.total(), 0);
        rereads.note(900, 1000, 1000, NOW);
        rereads.note(900, 900, 1000, NOW);
        assert_eq!(rereads.total(), 2);
        assert!(!rereads.wants_another(0, Some(1000), NOW));
        assert_eq!(rereads.total(), 2, "asking is none");
    }

    proptest! {
        #[test]
        fn no_figures_make_it_panic(read: u64, second: u64, count: u64, now: u32, later: u32) {
            let mut rereads = Rereads::default();
            let (now, later) = (Duration::from_secs(now.into()), Duration::from_secs(later.into()));
            rereads.wants_another(read, Some(count), now);
            rereads.note(read, second, count, now);
            rereads.wants_another(read, Some(count), later);
        }
    }
}
