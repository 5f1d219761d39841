//! Weeks of a device whose use has a rhythm, and hours in which it is used more than usual.

use conntrack_exporter::conntrack::flow::Flow;

use super::device::{DeviceLife, Profile};
use super::{DAY, STEP};

/// In how many other weeks of the same device it is looked at what is usual.
const OTHER_WEEKS: u64 = 12;

/// More than usual: on a day (0: the first) from an hour on, for so many hours, by so many of a hundred.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excess {
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) hours: u64,
    pub(crate) percent: usize,
}

/// A device, at some second since `super::START`.
pub(crate) struct Habit {
    life: DeviceLife,
    /// What is beyond the usual, which moves nothing of that.
    beyond: DeviceLife,
    /// When that is, and how many connections it has.
    excess: Option<(Excess, usize)>,
    now: u64,
}

impl Excess {
    const fn begins(&self) -> u64 {
        self.day * DAY + self.hour * 3_600
    }

    /// Whether it is now, in seconds.
    pub(crate) const fn is_at(&self, second: u64) -> bool {
        second >= self.begins() && second < self.begins() + self.hours * 3_600
    }

    /// How many connections are usual at these hours of the week: the mean of other weeks of the same device.
    fn usual(&self, life: &DeviceLife) -> usize {
        let of_the_week = Self { day: self.day % 7, ..*self };
        let ends = of_the_week.begins() + self.hours * 3_600;
        let mut counts = Vec::new();
        for week in 0..OTHER_WEEKS {
            let mut other = life.in_another_week(week);
            for now in (STEP..ends).step_by(30) {
                other.pass(now);
                counts.extend(of_the_week.is_at(now).then(|| other.connections.count(now)));
            }
        }
        counts.iter().sum::<usize>() / counts.len().max(1)
    }
}

impl Habit {
    /// For how many days it is made: more than two weeks, so that something can be learned and then seen.
    pub(crate) const DAYS: u64 = 17;

    /// The device of this number, and what is more than usual, if anything is.
    pub(crate) fn new(device: usize, profile: Profile, seed: u64, excess: Option<Excess>) -> Self {
        let life = DeviceLife::new(device, profile, seed);
        let beyond = DeviceLife::new(device, profile, seed ^ 0xbe70);
        let excess = excess.map(|excess| (excess, excess.usual(&life) * excess.percent / 100));
        Self { life, beyond, excess, now: 0 }
    }

    /// Lives on until this second, which is included.
    pub(crate) fn live_until(&mut self, second: u64) {
        while self.now < second {
            self.now += STEP;
            self.life.pass(self.now);
            self.beyond.connections.pass(self.now);
            if let Some((_, more)) = self.excess.filter(|(excess, _)| excess.is_at(self.now)) {
                // More is begun as long as it is less than it should be.
                for _ in self.beyond.connections.count(self.now)..more {
                    self.beyond.open_one(self.now);
                }
            }
        }
    }

    /// By how many connections the excess is more than usual.
    pub(crate) fn more(&self) -> usize {
        self.excess.map_or(0, |(_, more)| more)
    }

    /// How many connections there are now, and how many there would be without the excess.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let without = self.life.connections.count(self.now);
        (without + self.beyond.connections.count(self.now), without)
    }

    pub(crate) fn table(&self) -> Vec<Flow> {
        self.life.connections.flows(self.now).chain(self.beyond.connections.flows(self.now)).collect()
    }
}
