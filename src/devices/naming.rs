//! Which name each device ends up with, so that no two share one and none can be taken by a claim.
//!
//! A claim that clashes gets the device's last three octets behind it; where that clashes as well, the device goes by
//! its MAC (or DUID). Both last as long as the claim does: a name never changes because somebody else's disappeared.

mod claim;
mod owner_names;

use std::collections::HashSet;
use std::net::IpAddr;
use std::rc::Rc;

use tracing::warn;

use super::Map;
use super::assignments::Assignments;
use super::best_name::BestName;
use super::identity::DeviceId;
use super::mac::Duid;
use super::name::Name;
use super::name_source::NameSource;
use claim::{Claim, ClaimForm};
use owner_names::SuffixedName;

pub(super) use owner_names::OwnerNames;

/// How many contested names are remembered; a household has a handful.
const CONTESTED_AT_MOST: usize = 4096;

/// The names of all known devices, and what led to them.
#[derive(Debug)]
pub(super) struct Naming {
    owner_names: OwnerNames,
    devices: Map<DeviceId, NamedDevice>,
    /// Folded names that several claimed, each with the reading in which that was first seen. Who claimed one before
    /// that keeps it plain; who claims it later never gets it.
    contested: Map<Rc<str>, u64>,
    /// Folded names of the owner's that can't be had, and that was logged.
    warned: HashSet<Rc<str>>,
}

/// One device and its name.
#[derive(Debug)]
pub(super) struct NamedDevice {
    /// The best name that anybody gives it.
    pub(super) best: Option<BestName>,
    /// What it is called in the end.
    pub(super) name: Option<Name>,
    /// Whether more than a DUID tells of it.
    confirmed: bool,
    /// The best claim. It is kept while the owner's name goes before it.
    claim: Option<Claim>,
}

impl Naming {
    /// Names with `router` for the router itself.
    pub(super) fn new(router: Option<&Name>) -> Self {
        let mut naming = Self {
            owner_names: OwnerNames::default(),
            devices: Map::default(),
            contested: Map::default(),
            warned: HashSet::new(),
        };
        naming.owner_names.reserve(router);
        naming
    }

    /// The router goes by another name from now on.
    pub(super) fn reserve(&mut self, router: Option<&Name>) {
        self.owner_names.reserve(router);
    }

    /// The names that claims can't have, and how the owner's are shown.
    pub(super) const fn owner_names(&self) -> &OwnerNames {
        &self.owner_names
    }

    /// A device, as it was last settled.
    pub(super) fn device(&self, id: &DeviceId) -> Option<&NamedDevice> {
        self.devices.get(id)
    }

    /// Gives all `devices` their names. To be called whenever what is said of devices or addresses has changed:
    /// `assignments` has the owner's names, `held_by` tells whether an address is a device's own, `reading` is the latest.
    pub(super) fn settle(
        &mut self,
        devices: Map<DeviceId, NamedDevice>,
        assignments: &Assignments,
        held_by: impl Fn(IpAddr, &DeviceId) -> bool,
        reading: u64,
    ) {
        self.owner_names.learn(assignments);
        let mut before = std::mem::replace(&mut self.devices, devices);
        for (id, device) in &mut self.devices {
            device.claim = before.remove(id).and_then(|device| device.claim);
        }
        self.update_claims(held_by, reading);
        self.part_equal_claims(reading);
        self.assign();
    }

    /// Takes over new claims, and tells those apart that can only be somebody else's name.
    fn update_claims(&mut self, held_by: impl Fn(IpAddr, &DeviceId) -> bool, reading: u64) {
        let mut tails = Tails::default();
        for id in self.devices.keys() {
            *tails.entry(id.tail()).or_default() += 1;
        }
        for (id, device) in &mut self.devices {
            let Some(BestName::Claimed(source, name)) = &device.best else { continue };
            let claim = match &mut device.claim {
                Some(claim) if claim.name.folded() == name.folded() => claim,
                claim => claim.insert(Claim::new(name.clone(), reading)),
            };
            claim.name = name.clone();
            // The suffix of a vendor's name is the device's own, whoever else has the same octets.
            if *source == NameSource::Vendor {
                continue;
            }
            let own_address = name.as_address().is_none_or(|address| held_by(address, id));
            if !own_address || is_forged(&self.owner_names, id, name, &tails) {
                claim.at_least(ClaimForm::Suffixed);
            }
        }
    }

    /// Of equal claims the one seen first stays plain, unless another was seen in the same reading.
    fn part_equal_claims(&mut self, reading: u64) {
        let confirmed = self.devices.values_mut().filter(|device| device.confirmed);
        let confirmed: HashSet<Rc<str>> =
            confirmed.filter_map(NamedDevice::standing_claim).map(|claim| claim.name.folded()).collect();
        let mut claimants: Map<Rc<str>, Vec<&mut Claim>> = Map::default();
        for device in self.devices.values_mut() {
            let weak = !device.confirmed;
            let Some(claim) = device.standing_claim() else { continue };
            let folded = claim.name.folded();
            // A device that only a DUID tells of is as a rule one of the others: it contests nobody's name.
            if weak && confirmed.contains(&folded) {
                claim.at_least(ClaimForm::Suffixed);
            } else {
                claimants.entry(folded).or_default().push(claim);
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
            losers.for_each(|claim| claim.at_least(ClaimForm::Suffixed));
        }
    }

    /// Makes the final names, the owner's first, then those least changed; a claim that is taken by then becomes the
    /// identifier.
    fn assign(&mut self) {
        let mut taken: HashSet<Rc<str>> = self.owner_names.folded().cloned().collect();
        let mut claimants = Vec::new();
        for (id, device) in &mut self.devices {
            match &device.best {
                Some(BestName::Assigned(_, name)) => {
                    let shown = self.owner_names.shown(name, id.tail());
                    if shown.folded() != name.folded() {
                        warn_once(&mut self.warned, name, &shown);
                    }
                    taken.insert(shown.folded());
                    device.name = Some(shown);
                }
                Some(BestName::Claimed(..)) => claimants.push((id, device)),
                None => device.name = id.mac_as_name(),
            }
        }
        for SuffixedName { given, shown } in self.owner_names.all_suffixed() {
            warn_once(&mut self.warned, given, shown);
        }
        claimants.sort_by_key(|(id, device)| {
            (device.claim.as_ref().map(|claim| (claim.form, claim.since)), (*id).clone())
        });
        for (id, device) in claimants {
            let has_suffix = device.best.as_ref().map(BestName::source) == Some(NameSource::Vendor);
            let Some(claim) = &mut device.claim else { continue };
            // A suffix can complete what looks like a MAC, and a DUID can look like one.
            let is_free = |name: &Name| !taken.contains(&name.folded()) && !is_mac_of_another(id, name);
            let free = claim.shown(id, has_suffix).filter(is_free);
            if free.is_none() {
                claim.at_least(ClaimForm::Identifier);
            }
            // Of two DUIDs that differ only where a name has no room, one stays without.
            device.name = free.or_else(|| id.as_name().filter(is_free));
            taken.extend(device.name.iter().map(Name::folded));
        }
    }
}

impl NamedDevice {
    /// A device that has no name yet.
    pub(super) const fn new(best: Option<BestName>, confirmed: bool) -> Self {
        Self { best, name: None, confirmed, claim: None }
    }

    /// Whether the owner named it.
    pub(super) const fn is_assigned(&self) -> bool {
        matches!(self.best, Some(BestName::Assigned(..)))
    }

    /// The claim, if it is what the device is named by.
    fn standing_claim(&mut self) -> Option<&mut Claim> {
        match self.best {
            Some(BestName::Claimed(..)) => self.claim.as_mut(),
            _ => None,
        }
    }
}

/// Tells that the owner's `name` can't be had, unless that was told.
fn warn_once(warned: &mut HashSet<Rc<str>>, name: &Name, shown: &Name) {
    if warned.insert(name.folded()) {
        warn!("{name:?} is reserved or looks like an address: the device is called {shown:?}");
    }
}

/// Whether the claim is a name that can only be somebody else's.
fn is_forged(owner_names: &OwnerNames, id: &DeviceId, name: &Name, tails: &Tails) -> bool {
    let folded = name.folded();
    owner_names.contains(&folded)
        || is_mac_of_another(id, name)
        || Duid::parse(folded.as_bytes())
            .is_some_and(|duid| *id != DeviceId::Duid(duid) && name.as_mac().is_none())
        || name.suffix().is_some_and(|tail| is_tail_of_another(id, tail, tails))
}

fn is_mac_of_another(id: &DeviceId, name: &Name) -> bool {
    name.as_mac().is_some_and(|mac| *id != DeviceId::Mac(mac))
}

/// How many devices have these last three octets.
type Tails = Map<[u8; 3], usize>;

/// Whether another device than `id` has the octets of `tail`.
fn is_tail_of_another(id: &DeviceId, tail: [u8; 3], tails: &Tails) -> bool {
    let own = usize::from(id.tail() == tail);
    tails.get(&tail).is_some_and(|devices| *devices > own)
}
