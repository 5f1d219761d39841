//! A household that is made up: devices that do what people's do, and their router's table of it, second by second. The same
//! from the same seed, on every machine.

mod activity;
mod backup;
mod browsing;
mod call;
pub(crate) mod device;
pub(crate) mod files;
mod film;
pub(crate) mod random;
mod reconnecting;
pub(crate) mod router;
mod scan;
pub(crate) mod scenario;
mod standby;
pub(crate) mod tally;
mod torrent;

use std::net::Ipv4Addr;

use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::measurements::Moved;

use activity::Activity;
use device::Device;
use random::Random;
use router::{Party, Router};
use scenario::{LineBreak, Plan, START, Scenario};
use tally::Tally;

/// For how many seconds the household has lived when its recording begins.
const BEFORE: u64 = 300;
/// What the program calls the router.
const ROUTER: &str = "router";

pub(crate) struct Household {
    /// Names of the owners; the last is the router.
    names: Vec<String>,
    router: Router,
    doings: Vec<Doing>,
    line_breaks: Vec<LineBreak>,
}

/// What one device does.
struct Doing {
    party: Party,
    plan: Plan,
    activity: Box<dyn Activity>,
    /// One of its own, so that what is added moves nothing else.
    random: Random,
}

impl Household {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let devices = &scenario.devices;
        let mut names: Vec<String> = devices.iter().map(|device| device.name.clone()).collect();
        names.push(ROUTER.to_owned());
        let plans = devices
            .iter()
            .enumerate()
            .flat_map(|(owner, device)| device.does.iter().map(move |plan| (owner, plan)));
        let doings = plans.enumerate().map(|(number, (owner, plan))| Doing {
            party: Party { owner, address: address(owner) },
            plan: *plan,
            activity: activity::of(plan.what),
            random: Random::new(scenario.seed << 16 | number as u64),
        });
        let doings = doings.collect();
        let counters = [scenario.zeroed_every, scenario.written_back_every];
        let router = Router::new(START - BEFORE, names.len(), counters);
        Self { router, names, doings, line_breaks: scenario.line_breaks.clone() }
    }

    /// Lives on until `instant`, in seconds since 1970, that second included.
    pub(crate) fn live_until(&mut self, instant: u64) {
        while self.router.now < instant {
            self.router.pass_a_second();
            let cut_off = self.cut_off();
            let router_owner = self.names.len() - 1;
            self.doings.iter_mut().for_each(|doing| doing.second(&mut self.router, router_owner, cut_off));
        }
    }

    /// For how many seconds the line has been broken, if it is.
    fn cut_off(&self) -> Option<u64> {
        let now = self.router.now.checked_sub(START)?;
        let broken =
            self.line_breaks.iter().find(|line_break| (line_break.from..line_break.to).contains(&now))?;
        Some(now - broken.from)
    }

    /// The table as it is now.
    pub(crate) fn table(&self) -> Vec<Flow> {
        self.router.table()
    }

    /// The owners' names: those of the devices and the router's.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// What really was so far, in the order of the names.
    pub(crate) fn tallies(&self) -> &[Tally] {
        &self.router.tallies
    }

    /// How often another program has set counters to zero so far.
    pub(crate) const fn zeroings(&self) -> u64 {
        self.router.zeroings
    }

    /// What the WAN's interface counts.
    pub(crate) const fn wan(&self) -> Moved {
        self.router.wan
    }
}

impl Doing {
    fn second(&mut self, router: &mut Router, router_owner: usize, cut_off: Option<u64>) {
        let now = router.now;
        let mut device = Device { router, random: &mut self.random, party: self.party, router_owner };
        let begins = self.plan.from.map_or(0, |from| START + from);
        let ends = self.plan.to.map_or(u64::MAX, |to| START + to);
        if now == ends {
            self.activity.end(&mut device);
        } else if (begins..ends).contains(&now) {
            match cut_off {
                Some(seconds) => self.activity.cut_off(&mut device, seconds),
                None => self.activity.second(&mut device),
            }
        }
    }
}

/// The address of the device of this number.
pub(crate) fn address(device: usize) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 8, u8::try_from(20 + device).unwrap())
}
