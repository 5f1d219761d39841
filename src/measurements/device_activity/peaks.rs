//! The most there was within a day.

use std::time::Duration;

const HOUR: u64 = 3600;
/// A day, the hour that goes on included.
const HOURS: usize = 24;
/// From when on a peak is one.
const KNOWN_AFTER: Duration = Duration::from_secs(HOUR);

/// The highest value of each of the last 24 hours. A hundred bytes and a few.
#[derive(Clone, Copy, Debug)]
pub(super) struct HourlyMaxima {
    maxima: [f32; HOURS],
    /// The hour since boot of the last value.
    hour: u64,
    /// When the first value was taken, in time since boot.
    begun: Duration,
}

impl HourlyMaxima {
    /// Nothing yet, at `boot` (time since boot).
    pub(super) const fn new(boot: Duration) -> Self {
        Self { maxima: [0.0; HOURS], hour: boot.as_secs() / HOUR, begun: boot }
    }

    /// One more value, at `boot`.
    pub(super) fn note(&mut self, value: f64, boot: Duration) {
        let hour = boot.as_secs() / HOUR;
        let passed = usize::try_from(hour.saturating_sub(self.hour)).unwrap_or(HOURS).min(HOURS);
        // The hour that goes on is the first.
        self.maxima.rotate_right(passed % HOURS);
        self.maxima.iter_mut().take(passed).for_each(|maximum| *maximum = 0.0);
        self.hour = hour;
        #[expect(clippy::cast_possible_truncation, reason = "one part in 16 million is lost")]
        let value = value as f32;
        if let Some(now) = self.maxima.first_mut() {
            *now = now.max(value);
        }
    }

    /// The highest so far; `None` if there was nothing.
    pub(super) fn so_far(&self) -> Option<f64> {
        let peak = self.maxima.iter().copied().fold(0.0, f32::max);
        (peak > 0.0).then(|| peak.into())
    }

    /// The highest; `None` in the first hour.
    pub(super) fn peak(&self, boot: Duration) -> Option<f64> {
        self.so_far().filter(|_| boot.saturating_sub(self.begun) >= KNOWN_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_known_after_an_hour_and_forgotten_after_a_day() {
        let hours = |hours: f64| Duration::from_secs_f64(hours * 3600.0);
        let mut maxima = HourlyMaxima::new(hours(1.5));
        maxima.note(9.0, hours(1.5));
        maxima.note(4.0, hours(2.4));
        assert_eq!((maxima.peak(hours(2.4)), maxima.so_far()), (None, Some(9.0)));
        for (hour, expected) in [(2.5, 9.0), (3.0, 9.0), (24.9, 9.0), (25.1, 4.0), (26.0, 3.0), (100.0, 3.0)]
        {
            maxima.note(3.0, hours(hour));
            assert_eq!(maxima.peak(hours(hour)), Some(expected), "{hour}");
        }
        assert_eq!(HourlyMaxima::new(hours(0.0)).peak(hours(5.0)), None, "nothing ever moved");
    }
}
