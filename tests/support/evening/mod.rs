//! An evening at home, made up from causes: one device does something in spells, others are there, and everybody shares the
//! line. It knows what is really done at each second. The same from the same seed, on every machine.
//!
//! Nothing here looks at how the program judges what it sees. Where the figures come from: README.md.

mod activity;
mod browsing;
mod call;
mod cloud_gaming;
mod download;
mod game;
mod host;
pub(crate) mod kind;
pub(crate) mod line;
mod music;
mod plan;
pub(crate) mod player;
mod short_videos;
mod standby;
mod stream;
mod streams;
mod torrent;
mod upload;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::measurements::Moved;

use crate::household::device::Device;
use crate::household::random::Random;
use crate::household::router::{Party, Router};
use crate::household::scenario::START;
use crate::household::{address, files};
use activity::Activity;
use host::Host;
use kind::{Class, Kind};
use line::{Both, Line, MEGABIT};
use plan::{Plan, Spell};
use standby::Standby;
use streams::Streams;

/// For how many seconds the household has lived when its recording begins.
const BEFORE: u64 = 600;
/// What the program calls the router.
const ROUTER: &str = "router";
/// The network that new versions come from, and the bits of its prefix.
pub(crate) const UPDATE_NETWORK: (Ipv4Addr, u8) = (Ipv4Addr::new(192, 0, 2, 0), 24);

/// An evening. Seconds are counted from the recording's first instant on, which is `START` since 1970.
pub(crate) struct Evening {
    line: Line,
    length: u64,
    /// Names of the owners: the device in question, others, and the router.
    names: Vec<String>,
    router: Router,
    streams: Streams,
    actors: Vec<Actor>,
    links: Vec<Both>,
    random: Random,
}

/// A device.
struct Actor {
    party: Party,
    plan: Plan,
    standby: Option<Standby>,
    doing: Option<Box<dyn Activity>>,
    /// One of its own, so that what another does moves nothing of it.
    random: Random,
}

impl Evening {
    pub(crate) fn new(kind: Kind, seed: u64, line: Line) -> Self {
        // The same people, whatever line they have.
        let seed = seed << 24 | (kind as u64) << 16;
        let mut random = Random::new(seed);
        let (plans, length) = plan::plans(kind, &mut random);
        let mut names: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
        names.push(ROUTER.to_owned());
        let mut links: Vec<Both> = plans.iter().map(|plan| link(plan, &mut random)).collect();
        links.push(line.capacity());
        let actors = plans.into_iter().zip(0_usize..).map(|(plan, owner)| Actor {
            party: Party { owner, address: address(owner) },
            plan,
            standby: None,
            doing: None,
            random: Random::new(seed | (owner as u64 + 1)),
        });
        let actors = actors.collect();
        let router = Router::new(START - BEFORE, names.len(), [None, None]);
        // Two of three routers' network cards have GRO.
        let streams = Streams::new(Random::new(seed | 0xff), !random.one_in(3));
        Self { line, length, names, router, streams, actors, links, random }
    }

    /// Lives on until this second, which is included.
    pub(crate) fn live_until(&mut self, second: u64) {
        while self.router.now < START + second {
            self.pass_a_second();
        }
    }

    fn pass_a_second(&mut self) {
        self.router.pass_a_second();
        let before = self.router.wan;
        let router_owner = self.names.len() - 1;
        for actor in &mut self.actors {
            actor.second(&mut self.router, &mut self.streams, self.line, router_owner);
        }
        // Names, knocks and greetings have passed already; the line carries the rest, and never quite what was sold.
        let passed = wan_bytes(self.router.wan).without(wan_bytes(before));
        let capacity = self.line.capacity().percent(self.random.among(94..=99)).without(passed);
        // Radio is not the same in every second either.
        let links: Vec<Both> =
            self.links.iter().map(|link| link.percent(self.random.among(80..=100))).collect();
        self.streams.pass_a_second(&mut self.router, capacity, &links);
    }

    /// The table as it is now.
    pub(crate) fn table(&self) -> Vec<Flow> {
        self.router.table()
    }

    /// The name of the device in question.
    pub(crate) fn device(&self) -> &str {
        &self.names[0]
    }

    /// The owners' names: the device in question, others, and the router.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// What the device in question really does in this second.
    pub(crate) fn truth(&self, second: u64) -> Class {
        self.actors[0].spell(second).map_or(Class::Idle, |spell| spell.kind.class())
    }

    /// When it begins to do something else, in seconds.
    pub(crate) fn changes(&self) -> Vec<u64> {
        self.actors[0].plan.spells.iter().flat_map(|spell| [spell.from, spell.to]).collect()
    }

    /// What another device does meanwhile, and in which seconds.
    pub(crate) fn meanwhile(&self) -> Option<(&str, Kind, u64, u64)> {
        let mut plans = self.actors.iter().skip(1).map(|actor| &actor.plan);
        let (name, spell) = plans.find_map(|plan| Some((&*plan.name, plan.spells.first()?)))?;
        Some((name, spell.kind, spell.from, spell.to))
    }

    /// How long the recording is, in seconds.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// What the WAN's interface counts.
    pub(crate) const fn wan(&self) -> Moved {
        self.router.wan
    }

    /// What each owner has really received and sent so far, in the order of the names, as the table counts.
    pub(crate) fn moved(&self) -> Vec<Moved> {
        self.router.tallies.iter().map(|tally| tally.moved).collect()
    }

    /// Writes the files that stay as they are.
    pub(crate) fn write_standing(&self, root: &Path) -> io::Result<()> {
        files::write_standing_of(root, &self.names)
    }

    /// Writes the interfaces' counters as they are now.
    pub(crate) fn write_counters(&self, root: &Path) -> io::Result<()> {
        files::write_counters_of(root, self.router.wan)
    }
}

impl Actor {
    fn spell(&self, second: u64) -> Option<Spell> {
        self.plan.spells.iter().copied().find(|spell| (spell.from..spell.to).contains(&second))
    }

    fn second(&mut self, router: &mut Router, streams: &mut Streams, line: Line, router_owner: usize) {
        let spell = router.now.checked_sub(START).and_then(|second| self.spell(second));
        let Self { party, random, plan, standby, doing, .. } = self;
        let device = Device { router, random, party: *party, router_owner };
        let host = &mut Host { device, streams, line };
        standby.get_or_insert_with(|| Standby::begin(plan.gear, host)).second(host);
        match spell {
            Some(spell) => {
                if doing.is_none() {
                    *doing = activity::of(spell.kind, host);
                }
                if let Some(doing) = doing {
                    doing.second(host);
                }
            }
            None => doing.take().into_iter().for_each(|mut doing| doing.end(host)),
        }
    }
}

/// What a device's own link carries.
fn link(plan: &Plan, random: &mut Random) -> Both {
    let (least, most) = plan.gear.link_megabits();
    Both::each(random.among(least..=most) * MEGABIT)
}

fn wan_bytes(wan: Moved) -> Both {
    Both { down: wan.rx.bytes, up: wan.tx.bytes }
}
