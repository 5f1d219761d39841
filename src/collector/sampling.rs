//! How often the table is passed over: as often as is wanted, unless that costs too much.

use std::time::Duration;

use tracing::{info, warn};

use crate::edge_log::EdgeLog;

/// A pass may take one part in so many of one processor: 3 %.
const ONE_PART_IN: f64 = 100.0 / 3.0;
/// How long passes are rare once one has cost more.
const PAUSE: Duration = Duration::from_mins(10);

/// The time from one pass to the next.
#[derive(Debug)]
pub(super) struct Sampling {
    /// What is wanted: `traffic.interval`, or `interval` where nobody needs more.
    wanted: Duration,
    /// `interval`.
    interval: Duration,
    /// Until when passes are as rare as `interval`, in time since boot.
    rare_until: Option<Duration>,
    /// Whether there was a pass: the first has more to read than the others.
    begun: bool,
    log: EdgeLog,
}

impl Sampling {
    /// Passes every `wanted`, which divides `interval`.
    pub(super) fn new(wanted: Duration, interval: Duration) -> Self {
        Self { wanted, interval, rare_until: None, begun: false, log: EdgeLog::default() }
    }

    /// Takes over other times, if they are others.
    pub(super) fn reconfigure(&mut self, wanted: Duration, interval: Duration) {
        if (self.wanted, self.interval) != (wanted, interval) {
            *self = Self::new(wanted, interval);
        }
    }

    /// The time from one pass to the next, as it is now.
    pub(super) fn pass_interval(&self) -> Duration {
        if self.rare_until.is_some() { self.interval } else { self.wanted }
    }

    /// A pass at `boot` (time since boot) has taken `cpu` of processor time.
    pub(super) fn note(&mut self, cpu: Duration, boot: Duration) {
        let is_first = !std::mem::replace(&mut self.begun, true);
        let is_pause = self.rare_until.is_some_and(|until| boot < until);
        if is_first || is_pause || self.wanted == self.interval {
            return;
        }
        // At the pace that is wanted, which it may not have now.
        let share = cpu.as_secs_f64() / self.wanted.as_secs_f64();
        if share * ONE_PART_IN > 1.0 {
            self.rare_until = Some(boot + PAUSE);
            if self.log.begins() {
                let (wanted, interval) = (self.wanted.as_secs(), self.interval.as_secs());
                warn!(
                    "a look at the table every {wanted} s takes {:.1} % of a processor, more than 3 %: for ten minutes at a \
                     time there is one every {interval} s",
                    share * 100.0
                );
            }
        } else {
            self.rare_until = None;
            if self.log.ends() {
                info!("the table is looked at every {} s again", self.wanted.as_secs());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Duration = Duration::from_secs(10);
    const INTERVAL: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(3600 + seconds)
    }

    #[test]
    fn a_pass_that_costs_more_than_three_per_cent_makes_them_rare_for_ten_minutes() {
        let mut sampling = Sampling::new(WANTED, INTERVAL);
        sampling.note(Duration::from_secs(5), at(0));
        assert_eq!(sampling.pass_interval(), WANTED, "the first has more to read");
        sampling.note(Duration::from_millis(299), at(10));
        assert_eq!(sampling.pass_interval(), WANTED);
        sampling.note(Duration::from_millis(301), at(20));
        assert_eq!(sampling.pass_interval(), INTERVAL);
        for second in (50..620).step_by(30) {
            sampling.note(Duration::from_millis(1), at(second));
            assert_eq!(sampling.pass_interval(), INTERVAL, "{second}");
        }
        sampling.note(Duration::from_millis(301), at(620));
        assert_eq!(sampling.pass_interval(), INTERVAL, "it would cost as much again");
        sampling.note(Duration::from_millis(299), at(1220));
        assert_eq!(sampling.pass_interval(), WANTED);
    }

    #[test]
    fn where_passes_are_as_rare_as_the_interval_nothing_can_be_saved() {
        let mut sampling = Sampling::new(INTERVAL, INTERVAL);
        sampling.note(Duration::from_secs(20), at(0));
        sampling.note(Duration::from_secs(20), at(30));
        assert_eq!(sampling.pass_interval(), INTERVAL);
        sampling.reconfigure(WANTED, INTERVAL);
        assert_eq!(sampling.pass_interval(), WANTED);
    }
}
