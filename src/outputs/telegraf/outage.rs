//! When sending begins to fail, and when it works again.

use std::time::Duration;

use super::silence::Silence;

/// It must have been quiet for so long before it works again. That a machine of the LAN is dead, the kernel says only
/// after three attempts to find it, a second each (`neigh_timer_handler`), and then of all that waited for it at once.
const QUIET_AT_LEAST: Duration = Duration::from_secs(10);

/// Whether something of late has been refused: like an `EdgeLog` of what ends only after a silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outage {
    /// Since the last refusal; none if there is no outage.
    silence: Option<Silence>,
}

impl Outage {
    /// Whether it has begun and not ended.
    pub(super) const fn is_present(self) -> bool {
        self.silence.is_some()
    }

    /// Something was refused by the snapshot at `boot` (time since boot); true if that was not so before.
    pub(super) fn begins(&mut self, boot: Duration) -> bool {
        self.silence.replace(Silence::since(boot)).is_none()
    }

    /// Nothing was refused by the snapshot at `boot` (time since boot); true if that ends an outage.
    pub(super) fn ends(&mut self, boot: Duration) -> bool {
        self.silence.take_if(|silence| silence.goes_on(boot, QUIET_AT_LEAST)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said after each snapshot: `b`egins, `e`nds, or nothing; `x` is a snapshot of which something was
    /// refused. Between them are so many seconds.
    fn said(snapshots: &str, seconds: u64) -> String {
        let mut outage = Outage::default();
        let mut say = |(number, snapshot)| {
            let boot = Duration::from_secs(seconds * number);
            match snapshot {
                'x' if outage.begins(boot) => 'b',
                '.' if outage.ends(boot) => 'e',
                _ => '.',
            }
        };
        (0..).zip(snapshots.chars()).map(&mut say).collect()
    }

    #[test]
    fn an_outage_ends_when_nothing_was_refused_of_three_snapshots_in_a_row() {
        for (snapshots, expected) in [
            ("......", "......"),
            ("x...x", "b..eb"),
            ("xxxx......", "b.....e..."),
            // Whoever limits the rate of what it refuses lets one or two pass in silence.
            ("x.x.x..x..x.x...", "b..............e"),
            ("..x..", "..b.."),
        ] {
            assert_eq!(said(snapshots, 30), expected, "{snapshots}");
        }
    }

    #[test]
    fn snapshots_that_come_fast_do_not_end_it_within_ten_seconds() {
        // A machine of the LAN that is dead, at a snapshot a second.
        assert_eq!(said("..x...x...x...x..........", 1), "..b.....................e", "the tenth in silence");
        assert_eq!(said("x......", 4), "b..e...", "three are twelve seconds");
    }

    #[test]
    fn it_is_present_until_it_ends() {
        let mut outage = Outage::default();
        assert!(!outage.is_present());
        outage.begins(Duration::ZERO);
        for seconds in [5, 9] {
            assert!(!outage.ends(Duration::from_secs(seconds)) && outage.is_present());
        }
        assert!(outage.ends(Duration::from_secs(10)) && !outage.is_present());
        assert!(!outage.ends(Duration::from_secs(20)), "once");
    }
}
