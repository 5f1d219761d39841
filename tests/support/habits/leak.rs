//! A day of a device one of whose programs opens connections and never closes them.

use conntrack_exporter::conntrack::flow::Flow;

use super::device::{DeviceLife, Profile};
use super::{DAY, STEP};
use crate::household::random::Random;

/// What leaks, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leak {
    /// Connections that are opened in an hour and never closed.
    pub(crate) per_hour: u64,
    /// Whether keep-alives hold them in the table for ever; else they leave when their time is over.
    pub(crate) kept_alive: bool,
    /// When the device is switched off and on again, in seconds; its program then begins anew.
    pub(crate) restarts: Option<u64>,
    pub(crate) seed: u64,
}

/// The device, at some second since `super::START`.
pub(crate) struct LeakingDevice {
    leak: Leak,
    life: DeviceLife,
    random: Random,
    /// Whether it leaks by a clock, and not by chance.
    is_regular: bool,
    /// From when on it leaks.
    begins: u64,
    now: u64,
}

impl Leak {
    /// How long it is looked at, in seconds.
    pub(crate) const LENGTH: u64 = DAY;
    /// When it has begun to leak at the latest.
    const BEGUN: u64 = DAY / 4;

    /// The device of this number.
    pub(crate) fn begin(self, device: usize, profile: Profile) -> LeakingDevice {
        let mut random = Random::new(self.seed << 8 | 0x1e);
        LeakingDevice {
            leak: self,
            life: DeviceLife::new(device, profile, self.seed),
            is_regular: random.one_in(2),
            begins: random.among(0..=Self::BEGUN),
            random,
            now: 0,
        }
    }
}

impl LeakingDevice {
    /// Lives on until this second, which is included.
    pub(crate) fn live_until(&mut self, second: u64) {
        while self.now < second {
            self.now += STEP;
            let (now, Leak { per_hour, kept_alive, restarts, .. }) = (self.now, self.leak);
            if restarts.is_some_and(|at| (now..now + STEP).contains(&at)) {
                self.life.restart(now);
            }
            self.life.pass(now);
            let chance = self.random.among(0..=3_599);
            let leaks = per_hour > 0
                && now >= self.begins
                && if self.is_regular { now % (3_600 / per_hour) < STEP } else { chance < per_hour * STEP };
            if leaks {
                self.life.connections.leak(now, kept_alive, &mut self.random);
            }
        }
    }

    /// From which second on it leaks.
    pub(crate) const fn begins(&self) -> u64 {
        self.begins
    }

    pub(crate) fn table(&self) -> Vec<Flow> {
        self.life.connections.flows(self.now).collect()
    }

    /// How many of the table are connections by their state.
    pub(crate) fn count(&self) -> usize {
        self.life.connections.count(self.now)
    }
}
