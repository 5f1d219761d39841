//! Which name each device ends up with, so that no two share one and none can be taken by a claim.
//!
//! A claim that clashes gets the device's last three octets behind it; where that clashes as well, the device goes by
//! its MAC (or DUID). Both last as long as the claim does: a name never changes because somebody else's disappeared.

use std::collections::HashSet;
use std::net::IpAddr;

use tracing::warn;

use super::mac::Duid;
use super::name::Name;
use super::name_source::NameSource;
use super::{Device, DeviceId, Map};

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

/// The best name that anybody gives a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Best {
    /// The owner gave it: an identity.
    Owner(NameSource, Name),
    /// The device took it, or it was made for it: a claim.
    Claim(NameSource, Name),
}

impl Best {
    /// Identity gives it.
    pub(super) const fn source(&self) -> NameSource {
        match self {
            Self::Owner(source, _) | Self::Claim(source, _) => *source,
        }
    }

    /// The name, as it was given.
    pub(super) fn into_name(self) -> Name {
        match self {
            Self::Owner(_, name) | Self::Claim(_, name) => name,
        }
    }
}

/// What is known of names beyond the devices themselves.
#[derive(Debug)]
pub(super) struct Naming {
    /// Folded names that nobody may have.
    reserved: Vec<Box<str>>,
    /// The owner's names by their folded form, spelled as in the best source.
    owners: Map<Box<str>, Name>,
    /// Folded names that several claimed, each with the reading in which that was first seen. Identity claimed one
    /// before that keeps it plain; who claims it later never gets it.
    contested: Map<Box<str>, u64>,
    /// Folded names of the owner's of which it was said that they can't be had.
    warned: HashSet<Box<str>>,
}

impl Naming {
    /// Names with `router` for the router itself.
    pub(super) fn new(router: Option<&Name>) -> Self {
        let mut naming = Self {
            reserved: Vec::new(),
            owners: Map::default(),
            contested: Map::default(),
            warned: HashSet::new(),
        };
        naming.reserve(router);
        naming
    }

    /// The router goes by another name from now on.
    pub(super) fn reserve(&mut self, router: Option<&Name>) {
        self.reserved = vec!["router".into(), "other".into()];
        self.reserved.extend(router.map(Name::folded));
    }

    /// Takes note of the names that the owner gives, those of the best source first.
    pub(super) fn learn_owners<'a>(&mut self, names: impl Iterator<Item = &'a Name>) {
        self.owners.clear();
        for name in names {
            let folded = name.folded();
            self.owners.entry(folded).or_insert_with(|| name.clone());
        }
    }

    /// How a name of the owner's is shown: spelled as in the best source, told apart from reserved words.
    pub(super) fn owners(&self, name: &Name, tail: [u8; 3]) -> Name {
        let folded = name.folded();
        if self.reserved.contains(&folded) || name.as_mac().is_some() || name.as_address().is_some() {
            return name.with_suffix(tail);
        }
        self.owners.get(&folded).unwrap_or(name).clone()
    }

    /// Gives every device its name. To be called whenever what is said of devices or addresses has changed; `held_by`
    /// tells whether an address is a device's own, `reading` is the latest.
    pub(super) fn settle(
        &mut self,
        devices: &mut Map<DeviceId, Device>,
        held_by: impl Fn(IpAddr, &DeviceId) -> bool,
        reading: u64,
    ) {
        let tails = tails(devices);
        for (key, device) in devices.iter_mut() {
            let Some(Best::Claim(source, name)) = &device.best else { continue };
            // Its suffix is the device's own, whoever else has the same octets.
            let made_for_it = *source == NameSource::Vendor;
            let claim = match &mut device.claim {
                Some(claim) if claim.name.folded() == name.folded() => claim,
                claim => claim.insert(Claim::new(name.clone(), reading)),
            };
            claim.name = name.clone();
            let own_address = name.as_address().is_none_or(|address| held_by(address, key));
            if !made_for_it && (!own_address || self.is_forged(key, name, &tails)) {
                claim.at_least(Level::Suffixed);
            }
        }
        self.part_equal_claims(devices, reading);
        self.assign(devices);
    }

    /// Whether the claim is a name that can only be somebody else's.
    fn is_forged(&self, key: &DeviceId, name: &Name, tails: &Tails) -> bool {
        let folded = name.folded();
        self.reserved.contains(&folded)
            || self.owners.contains_key(&folded)
            || is_mac_of_another(key, name)
            || Duid::parse(folded.as_bytes())
                .is_some_and(|duid| *key != DeviceId::Duid(duid) && name.as_mac().is_none())
            || name.suffix().is_some_and(|tail| tails.get(&tail).is_some_and(|owner| owner.is_not(key)))
    }

    /// Of equal claims the one seen first stays plain, unless another was seen in the same reading.
    fn part_equal_claims(&mut self, devices: &mut Map<DeviceId, Device>, reading: u64) {
        let mut claimants: Map<Box<str>, Vec<&mut Claim>> = Map::default();
        let firm: HashSet<Box<str>> = devices
            .values_mut()
            .filter(|device| device.firm)
            .filter_map(Device::standing_claim)
            .map(|claim| claim.name.folded())
            .collect();
        for device in devices.values_mut() {
            let weak = !device.firm;
            let Some(claim) = device.standing_claim() else { continue };
            // A device that only a DUID tells of is as a rule one of the others: it contests nobody's name.
            if weak && firm.contains(&claim.name.folded()) {
                claim.at_least(Level::Suffixed);
            } else {
                claimants.entry(claim.name.folded()).or_default().push(claim);
            }
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

    /// Makes the final names, the owner's first, then those least changed; a claim that is taken by then becomes the
    /// identity.
    fn assign(&mut self, devices: &mut Map<DeviceId, Device>) {
        let mut taken: HashSet<Box<str>> = self.owners.keys().chain(&self.reserved).cloned().collect();
        let mut claimants = Vec::new();
        for (key, device) in devices {
            match &device.best {
                Some(Best::Owner(_, name)) => {
                    let shown = self.owners(name, key.tail());
                    if shown.folded() != name.folded() && self.warned.insert(name.folded()) {
                        warn!(
                            "{name:?} is reserved or looks like an address: the device is called {shown:?}"
                        );
                    }
                    taken.insert(shown.folded());
                    device.name = Some(shown);
                }
                Some(Best::Claim(..)) => claimants.push((key, device)),
                None => device.name = key.mac_as_name(),
            }
        }
        claimants.sort_by_key(|(key, device)| {
            (device.claim.as_ref().map(|claim| (claim.level, claim.since)), (*key).clone())
        });
        for (key, device) in claimants {
            let Some(claim) = &mut device.claim else { continue };
            let told_apart = match claim.level {
                Level::Plain => Some(claim.name.clone()),
                // A vendor's name has the suffix already.
                Level::Suffixed if !matches!(device.best, Some(Best::Claim(NameSource::Vendor, _))) => {
                    Some(claim.name.with_suffix(key.tail()))
                }
                Level::Suffixed | Level::Identity => None,
            };
            // A suffix can complete what looks like a MAC, and a DUID can look like one.
            let is_free = |name: &Name| !taken.contains(&name.folded()) && !is_mac_of_another(key, name);
            let free = told_apart.filter(is_free);
            if free.is_none() {
                claim.at_least(Level::Identity);
            }
            // Of two DUIDs that differ only where a name has no room, one stays without.
            device.name = free.or_else(|| key.as_name().filter(is_free));
            taken.extend(device.name.iter().map(Name::folded));
        }
    }
}

fn is_mac_of_another(key: &DeviceId, name: &Name) -> bool {
    name.as_mac().is_some_and(|mac| *key != DeviceId::Mac(mac))
}

impl Device {
    /// The claim, if it is what the device is named by.
    fn standing_claim(&mut self) -> Option<&mut Claim> {
        match self.best {
            Some(Best::Claim(..)) => self.claim.as_mut(),
            _ => None,
        }
    }
}

/// Identity has these last three octets.
enum Tail {
    One(DeviceId),
    Several,
}

impl Tail {
    /// Whether another device than `key` has them.
    fn is_not(&self, key: &DeviceId) -> bool {
        match self {
            Self::One(owner) => owner != key,
            Self::Several => true,
        }
    }
}

type Tails = Map<[u8; 3], Tail>;

fn tails(devices: &Map<DeviceId, Device>) -> Tails {
    let mut tails = Tails::default();
    for key in devices.keys() {
        let several = |tail: &mut Tail| *tail = Tail::Several;
        tails.entry(key.tail()).and_modify(several).or_insert_with(|| Tail::One(key.clone()));
    }
    tails
}
