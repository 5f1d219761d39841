//! Weeks of a device whose use has a rhythm, and hours in which it is used more than usual.

use conntrack_exporter::conntrack::flow::Flow;

use super::device::{DeviceLife, Profile};
use super::{DAY, STEP};

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
    excess: Option<Excess>,
    now: u64,
}

impl Excess {
    /// Whether it is now, in seconds.
    pub(crate) const fn is_at(&self, second: u64) -> bool {
        let begins = self.day * DAY + self.hour * 3_600;
        second >= begins && second < begins + self.hours * 3_600
    }
}

impl Habit {
    /// For how many days it is made for: more than two weeks, so that something can be learned and then seen.
    pub(crate) const DAYS: u64 = 17;

    /// The device of this number, and what is more than usual, if anything is.
    pub(crate) fn new(device: usize, profile: Profile, seed: u64, excess: Option<Excess>) -> Self {
        let life = DeviceLife::new(device, profile, seed);
        let beyond = DeviceLife::new(device, profile, seed ^ 0xbe70);
        Self { life, beyond, excess, now: 0 }
    }

    /// Lives on until this second, which is included.
    pub(crate) fn live_until(&mut self, second: u64) {
        while self.now < second {
            self.now += STEP;
            self.life.pass(self.now);
            self.beyond.connections.pass(self.now);
            if let Some(excess) = self.excess.filter(|excess| excess.is_at(self.now)) {
                self.exceed(excess.percent);
            }
        }
    }

    /// More is begun as long as it is less than it should be.
    fn exceed(&mut self, percent: usize) {
        let wanted = self.usual() * percent / 100;
        for _ in self.beyond.connections.count(self.now)..wanted {
            self.beyond.open_one(self.now);
        }
    }

    /// How many connections there would be without the excess.
    pub(crate) fn usual(&self) -> usize {
        self.life.connections.count(self.now)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.usual() + self.beyond.connections.count(self.now)
    }

    pub(crate) fn table(&self) -> Vec<Flow> {
        self.life.connections.flows(self.now).chain(self.beyond.connections.flows(self.now)).collect()
    }
}
