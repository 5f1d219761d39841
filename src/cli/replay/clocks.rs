//! Which clocks are due at the instants of a recording.

use crate::config::Interval;
use crate::measurements::DueClocks;

/// Knows which multiple of the interval was last reported.
#[derive(Debug)]
pub(super) struct RecordedClocks {
    /// In seconds.
    interval: u64,
    reported: Option<u64>,
}

impl RecordedClocks {
    /// Nothing was reported yet.
    pub(super) fn new(interval: Interval) -> Self {
        Self { interval: interval.duration().as_secs().max(1), reported: None }
    }

    /// Which clocks are due at `instant` (seconds since 1970), and how many snapshots of the interval's are missing before.
    ///
    /// A recording need not have the multiples of the interval: the first instant behind each stands for it. The very first
    /// stands for one as well, so that even a single instant gives all that there is.
    pub(super) fn due(&mut self, instant: u64) -> (DueClocks, u64) {
        let multiple = instant / self.interval;
        let passed = self.reported.map_or(1, |reported| multiple.saturating_sub(reported));
        if passed == 0 {
            return (DueClocks::TrafficOnly, 0);
        }
        self.reported = Some(multiple);
        (DueClocks::Both, passed - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is due at each instant: `None` for traffic alone, else how many snapshots are missing.
    fn due(instants: &[u64]) -> Vec<Option<u64>> {
        let mut clocks = RecordedClocks::new(Interval::default());
        let due = instants.iter().map(|instant| clocks.due(*instant));
        due.map(|(due, missed)| (due == DueClocks::Both).then_some(missed)).collect()
    }

    #[test]
    fn both_once_in_each_interval() {
        let both = Some(0);
        assert_eq!(due(&[0, 10, 20, 30, 40, 60]), [both, None, None, both, None, both]);
        assert_eq!(due(&[14, 21, 28, 35, 42, 63]), [both, None, None, both, None, both]);
        assert_eq!(due(&[30, 60, 61, 150, 151]), [both, both, None, Some(2), None]);
        assert_eq!(due(&[7, 7, 6]), [both, None, None]);
    }
}
