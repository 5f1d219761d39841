//! The most connections in every hour of the last day.

use std::time::Duration;

/// How many hours are remembered.
const KEPT: usize = 24;

/// The peaks of the hour that goes on and of the 23 before it, by time since boot.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    /// By the hour since boot, modulo 24.
    peaks: [u32; KEPT],
    /// The hour that goes on.
    hour: u64,
}

impl Day {
    /// Since it was last told there were no more than `most` connections; now is `boot` (time since boot).
    pub(super) fn note(&mut self, boot: Duration, most: u32) {
        let hour = boot.as_secs() / 3600;
        let passed = hour.saturating_sub(self.hour).min(KEPT as u64);
        self.hour = hour;
        for begun in (0..passed).filter_map(|ago| place(hour - ago)) {
            self.peaks.get_mut(begun).into_iter().for_each(|peak| *peak = 0);
        }
        if let Some(peak) = place(hour).and_then(|place| self.peaks.get_mut(place)) {
            *peak = most.max(*peak);
        }
    }

    /// The most in 23 hours and what has passed of this one.
    pub(super) fn peak(&self) -> u32 {
        self.peaks.iter().copied().max().unwrap_or_default()
    }
}

fn place(hour: u64) -> Option<usize> {
    usize::try_from(hour % KEPT as u64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_remembered_for_a_day() {
        let mut day = Day::default();
        let mut note = |minutes: u64, most: u32| {
            day.note(Duration::from_mins(minutes), most);
            day.peak()
        };
        assert_eq!((note(3, 7), note(4, 90), note(59, 8)), (7, 90, 90));
        assert_eq!((note(600, 60), note(601, 5)), (90, 90));
        assert_eq!(note(23 * 60 + 59, 5), 90);
        assert_eq!(note(24 * 60, 5), 60, "the hour of the peak is 24 hours ago");
        assert_eq!(note(33 * 60 + 59, 5), 60);
        assert_eq!(note(34 * 60, 5), 5);
        assert_eq!(note(1_000_000, 1), 1, "nothing was told for long");
    }
}
