//! One film, pass by pass: whether it stands still for longer than it is wont to.

use std::time::Duration;

use crate::alerts::config;
use crate::history::Interval;
use crate::history::statistics::mean;

/// A place of the history that covers less takes in the next pass as well.
const COMPLETE: Duration = Duration::from_millis(9500);
/// Connections fell if they are fewer by this share of them, and by so many.
const FELL_BY: (f64, f64) = (1.0 / 3.0, 2.0);

/// How it has been since the device was found to play a film.
#[derive(Clone, Debug)]
pub(super) struct Spell {
    /// Since when it plays, in time since boot.
    since: Duration,
    /// Up to when it was looked at, in time since boot.
    seen: Duration,
    /// The longest pause so far, those left out that were stalls: segments are fetched in bursts.
    longest: Duration,
    /// That next to nothing comes in.
    pause: Option<Departure>,
    /// That there are twice the connections, and no more comes in.
    crowd: Option<Departure>,
}

/// A time in which it is not as it was.
#[derive(Clone, Copy, Debug)]
struct Departure {
    before: Figures,
    /// How long the first pass of it was.
    first: Duration,
    /// How long it has lasted.
    lasted: Duration,
    /// Whether it was found to be a stall.
    is_stall: bool,
}

/// How it was in some time, or is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    /// Bits received in a second.
    pub(super) rx: f64,
    /// Connections that are ESTABLISHED or ACTIVE.
    pub(super) connections: f64,
}

/// How it stands at a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    /// For how long it has been stalling.
    pub(super) stalled: Duration,
    /// Above which time that is more than a pause.
    pub(super) limit: Duration,
    pub(super) before: Figures,
    pub(super) now: Figures,
}

impl Figures {
    fn of(interval: &Interval) -> Option<Self> {
        Some(Self { rx: interval.rx_bits_per_second()?, connections: interval.connections.into() })
    }

    /// The means over the time before the interval at `place`.
    fn before(intervals: &[Interval], place: usize, window: Duration) -> Option<Self> {
        let earlier = intervals.get(..place)?;
        let end = earlier.last()?.boot;
        let is_within = |interval: &&Interval| end.saturating_sub(interval.boot) < window;
        let within = || earlier.iter().rev().take_while(is_within).copied();
        let connections = mean(within(), |interval| Some(interval.connections.into()))?;
        Some(Self { rx: mean(within(), Interval::rx_bits_per_second)?, connections })
    }

    fn fell_or_doubled(self, before: Self) -> bool {
        let (share, count) = FELL_BY;
        let fell = before.connections - self.connections >= (share * before.connections).max(count);
        fell || self.connections >= 2.0 * before.connections
    }
}

impl Standing {
    /// Whether it is a stall.
    pub(super) fn is_stall(&self) -> bool {
        self.stalled > self.limit
    }
}

impl Spell {
    /// A film that begins at an instant, in time since boot.
    pub(super) const fn new(since: Duration) -> Self {
        Self { since, seen: since, longest: Duration::ZERO, pause: None, crowd: None }
    }

    /// How far back the passes are wanted by [`Spell::walk`] at `now`, in time since boot.
    pub(super) fn wanted(&self, now: Duration, config: &config::Buffering) -> Duration {
        // One pass more: it is told apart from the others where it begins, rather than where it ends.
        now.saturating_sub(self.seen) + config.after.duration() + 2 * COMPLETE
    }

    /// Goes through the passes that weren't seen yet, the oldest first. Gives the worst of them, or the last where none is
    /// a stall; `None` if nothing is known.
    pub(super) fn walk(&mut self, intervals: &[Interval], config: &config::Buffering) -> Option<Standing> {
        let mut worst: Option<Standing> = None;
        for (place, interval) in intervals.iter().enumerate() {
            if interval.boot <= self.seen || interval.covered < COMPLETE {
                continue;
            }
            self.seen = interval.boot;
            let standing = self.pass(intervals, place, config);
            let is_worse =
                |worst: &Standing| !worst.is_stall() || standing.is_some_and(|it| it.stalled > worst.stalled);
            if standing.is_some() && worst.as_ref().is_none_or(is_worse) {
                worst = standing;
            }
        }
        worst
    }

    fn pass(&mut self, intervals: &[Interval], place: usize, config: &config::Buffering) -> Option<Standing> {
        let (interval, window) = (intervals.get(place)?, config.after.duration());
        let figures = Figures::of(interval).zip(Figures::before(intervals, place, window));
        let Some((now, before)) = figures else {
            (self.pause, self.crowd) = (None, None);
            return None;
        };
        let stalled_share = config.stalled_percent.get() / 100.0;
        let crowded = config.connections.get();
        let pause =
            Departure::carry_on(self.pause, before, interval, |before| now.rx < stalled_share * before.rx);
        let crowd = Departure::carry_on(self.crowd, before, interval, |before| {
            now.connections >= crowded.max(2.0 * before.connections) && now.rx <= before.rx
        });
        if let (Some(over), None) = (self.pause, pause)
            && !over.is_stall
        {
            self.longest = self.longest.max(over.lasted);
        }
        (self.pause, self.crowd) = (pause, crowd);
        let is_judged = interval.boot.saturating_sub(self.since) >= window;
        Some(if is_judged {
            self.judge(before, now)
        } else {
            Standing { before, now, ..Standing::default() }
        })
    }

    fn judge(&mut self, before: Figures, now: Figures) -> Standing {
        let none = Standing { limit: 2 * self.longest, before, now, ..Standing::default() };
        let pause = self.pause.as_mut().filter(|pause| now.fell_or_doubled(pause.before));
        let of_pause = pause.map(|pause| {
            // Two passes in a row are more than the first of them.
            let limit = (2 * self.longest).max(pause.first);
            pause.is_stall |= pause.lasted > limit;
            Standing { stalled: pause.lasted, limit, before: pause.before, now }
        });
        let crowd = self.crowd.as_ref();
        let of_crowd = crowd.map(|crowd| Standing {
            stalled: crowd.lasted,
            before: crowd.before,
            limit: Duration::ZERO,
            now,
        });
        of_pause.filter(Standing::is_stall).or(of_crowd).or(of_pause).unwrap_or(none)
    }
}

impl Departure {
    /// What becomes of it with one more pass: it begins, lasts or is over. While it lasts, it is measured by what was
    /// before it.
    fn carry_on(
        so_far: Option<Self>,
        before: Figures,
        pass: &Interval,
        departs: impl Fn(Figures) -> bool,
    ) -> Option<Self> {
        let new = Self { before, first: pass.covered, lasted: Duration::ZERO, is_stall: false };
        let it = so_far.unwrap_or(new);
        departs(it.before).then(|| Self { lasted: it.lasted + pass.covered, ..it })
    }
}
