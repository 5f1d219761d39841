//! Which name each device ends up with, so that no two share one and none can be taken by a claim.
//!
//! A claim that clashes gets the device's last three octets behind it; where that clashes as well, the device goes by
//! its MAC (or DUID). Both last as long as the claim does: a name never changes because somebody else's disappeared.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::name::Name;
use super::{Device, Held, Key};

/// How many contested names are remembered; a household has a handful.
const CONTESTED_AT_MOST: usize = 4096;

/// What a device calls itself, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) name: Name,
    /// The reading in which the device first made this claim.
    since: u64,
    level: Level,
}

/// How far a claim had to be told apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Plain,
    Suffixed,
    /// Not even the suffix tells it apart.
    Identity,
}

impl Claim {
    /// A claim first made in the reading `since`.
    pub(super) const fn new(name: Name, since: u64) -> Self {
        Self { name, since, level: Level::Plain }
    }

    fn at_least(&mut self, level: Level) {
        self.level = self.level.max(level);
    }
}

/// What is known of names beyond the devices themselves.
#[derive(Debug)]
pub(super) struct Naming {
    /// Folded names that no claim may have.
    reserved: Vec<Box<str>>,
    /// Folded names that several claimed, each with the reading in which that was first seen. Who claimed one
    /// before that keeps it plain; who claims it later never gets it.
    contested: HashMap<Box<str>, u64>,
}

impl Naming {
    /// Names with `router` for the router itself.
    pub(super) fn new(router: &Name) -> Self {
        let reserved = vec!["router".into(), "other".into(), router.folded()];
        Self { reserved, contested: HashMap::new() }
    }

    /// The router goes by another name from now on.
    pub(super) fn reserve(&mut self, router: &Name) {
        self.reserved = Self::new(router).reserved;
    }

    /// Gives every device its name. To be called whenever a claim, a device or an address has changed; `reading` is
    /// the latest.
    pub(super) fn settle(
        &mut self,
        devices: &mut HashMap<Key, Device>,
        addresses: &HashMap<IpAddr, Held>,
        reading: u64,
    ) {
        let tails = tails(devices);
        let held_by = |address, key: &Key| addresses.get(&address).is_some_and(|held| held.key == *key);
        for (key, device) in devices.iter_mut() {
            let Some(claim) = &mut device.claim else { continue };
            let own_address = claim.name.as_address().is_none_or(|address| held_by(address, key));
            if !own_address || self.is_forged(key, &claim.name, &tails) {
                claim.at_least(Level::Suffixed);
            }
        }
        self.part_equal_claims(devices, reading);
        assign(devices);
    }

    /// Whether the claim is a name that can only be somebody else's.
    fn is_forged(&self, key: &Key, name: &Name, tails: &Tails) -> bool {
        self.reserved.contains(&name.folded())
            || name.as_mac().is_some_and(|mac| *key != Key::Mac(mac))
            || name.suffix().is_some_and(|tail| tails.get(&tail).is_some_and(|owner| owner.is_not(key)))
    }

    /// Of equal claims the one seen first stays plain, unless another was seen in the same reading.
    fn part_equal_claims(&mut self, devices: &mut HashMap<Key, Device>, reading: u64) {
        let mut claimants: HashMap<Box<str>, Vec<&mut Claim>> = HashMap::new();
        for claim in devices.values_mut().filter_map(|device| device.claim.as_mut()) {
            claimants.entry(claim.name.folded()).or_default().push(claim);
        }
        for (folded, mut claims) in claimants {
            let first = claims.iter().map(|claim| claim.since).min().unwrap_or_default();
            let mut contested = self.contested.get(&folded).copied();
            if claims.len() > 1 && contested.is_none() {
                contested = Some(reading);
                if self.contested.len() < CONTESTED_AT_MOST {
                    self.contested.insert(folded, reading);
                }
            }
            let firsts = claims.iter().filter(|claim| claim.since == first).count();
            let first_keeps = firsts == 1 && contested.is_none_or(|since| first < since);
            let losers = claims.iter_mut().filter(|claim| claim.since != first || !first_keeps);
            losers.for_each(|claim| claim.at_least(Level::Suffixed));
        }
    }
}

/// Who has these last three octets.
enum Tail {
    One(Key),
    Several,
}

impl Tail {
    /// Whether another device than `key` has them.
    fn is_not(&self, key: &Key) -> bool {
        match self {
            Self::One(owner) => owner != key,
            Self::Several => true,
        }
    }
}

type Tails = HashMap<[u8; 3], Tail>;

fn tails(devices: &HashMap<Key, Device>) -> Tails {
    let mut tails = Tails::new();
    for key in devices.keys() {
        let several = |tail: &mut Tail| *tail = Tail::Several;
        tails.entry(key.tail()).and_modify(several).or_insert_with(|| Tail::One(key.clone()));
    }
    tails
}

/// Makes the final names, those least changed first; one that is taken by then becomes the identity.
fn assign(devices: &mut HashMap<Key, Device>) {
    let mut taken = HashSet::new();
    let mut claimants: Vec<(&Key, &mut Device)> = devices.iter_mut().collect();
    claimants.sort_by_key(|(key, device)| {
        let rank = device.claim.as_ref().map(|claim| (claim.level, claim.since));
        (rank.is_none(), rank, (*key).clone())
    });
    for (key, device) in claimants {
        device.name = match &mut device.claim {
            None => key.as_name(),
            Some(claim) => {
                let told_apart = match claim.level {
                    Level::Plain => Some(claim.name.clone()),
                    Level::Suffixed => Some(claim.name.with_suffix(key.tail())),
                    Level::Identity => None,
                };
                let free = told_apart.filter(|name| !taken.contains(&name.folded()));
                if free.is_none() {
                    claim.at_least(Level::Identity);
                }
                free.or_else(|| key.identity())
            }
        };
        taken.extend(device.name.iter().map(Name::folded));
    }
}
