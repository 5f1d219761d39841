//! Under which tags each owner's figures go out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::cardinality_limit::CardinalityLimit;
use super::owners::{OwnerId, OwnerTable};
use crate::config::{Config, DeviceTag};
use crate::devices::{Devices, Identity, Label};
use crate::series::point::Tag;

/// How owners are called, kept from one tick to the next for as long as it holds.
#[derive(Debug, Default)]
pub struct OwnerLabels {
    /// By place.
    by_place: Vec<Labelled>,
    /// For which epoch of the [`OwnerTable`] and which generation of [`Devices`] these hold.
    made_for: (u64, u64),
    limit: CardinalityLimit,
}

/// What is known of how one owner is called.
#[derive(Clone, Debug, Default)]
enum Labelled {
    /// Nobody has asked yet.
    #[default]
    NotYet,
    /// The owner has no name that could be sent.
    Nameless,
    Known(Label, Rc<[Tag]>),
}

/// One row of a snapshot: a device with all its owners, the router, or `other`.
#[derive(Clone, Debug)]
pub struct OwnerTags {
    /// `device_name` and the optional tags.
    pub tags: Rc<[Tag]>,
    /// What is known of the device; `None` of the router and of `other`.
    pub label: Option<Label>,
    /// Whose figures add up under these tags. One as a rule; devices to which their owner gave one name share theirs.
    pub owners: Vec<OwnerId>,
}

impl OwnerTags {
    /// What the row is called: its `device_name`.
    pub fn name(&self) -> Option<&Rc<str>> {
        self.tags.first().map(|(_, name)| name)
    }
}

/// Everybody of one snapshot.
#[derive(Debug)]
pub struct ShownOwners {
    /// Devices that may be shown, each name once.
    pub devices: Vec<OwnerTags>,
    /// The router.
    pub router: OwnerTags,
    /// Those whose figures go to `other`: nobody's, and those of devices that can't or mustn't be shown.
    pub other: OwnerTags,
}

impl ShownOwners {
    /// All rows: devices, the router, `other`.
    pub fn all(&self) -> impl Iterator<Item = &OwnerTags> {
        self.devices.iter().chain([&self.router, &self.other])
    }
}

impl OwnerLabels {
    /// Whether one of whom nothing but an address is known was shown before.
    pub fn has_shown(&self, identity: &Identity) -> bool {
        self.limit.knows(identity)
    }

    /// Forgets how owners are called: another configuration may want other tags.
    pub fn clear(&mut self) {
        self.by_place.clear();
    }

    /// Says under which tags the figures of `present` go out in the snapshot taken at `boot` (time since boot).
    pub fn show(
        &mut self,
        present: &[OwnerId],
        table: &OwnerTable,
        devices: &Devices,
        config: &Config,
        boot: Duration,
    ) -> ShownOwners {
        self.label(present, table, devices, &config.devices.tags);
        let mut other = vec![OwnerId::UNATTRIBUTED, OwnerId::OVERFLOW];
        let (mut owners, mut asked) = (Vec::new(), Vec::new());
        for owner in present.iter().filter(|owner| owner.is_device()) {
            match (table.identity(*owner), self.by_place.get(owner.place())) {
                (Some(identity), Some(Labelled::Known(label, tags))) => {
                    owners.push((*owner, label, tags));
                    asked.push((identity, label));
                }
                _ => other.push(*owner),
            }
        }
        let verdicts = self.limit.admit(&asked, config.limits.max_devices, boot);
        let (shown, unshown): (Vec<_>, Vec<_>) =
            owners.into_iter().zip(verdicts).partition(|(_, admitted)| *admitted);
        other.extend(unshown.into_iter().map(|((owner, ..), _)| owner));
        let router = config.lan.router_name.name().shared();
        ShownOwners {
            devices: by_name(shown.into_iter().map(|(owner, _)| owner)),
            router: OwnerTags {
                tags: [("device_name", router)].into(),
                label: None,
                owners: vec![OwnerId::ROUTER],
            },
            other: OwnerTags { tags: [("device_name", "other".into())].into(), label: None, owners: other },
        }
    }

    /// Makes the labels that are lacking.
    fn label(&mut self, present: &[OwnerId], table: &OwnerTable, devices: &Devices, wanted: &[DeviceTag]) {
        let now = (table.epoch(), devices.generation());
        if self.made_for != now {
            self.by_place.clear();
            self.made_for = now;
        }
        self.by_place.resize(table.places().max(self.by_place.len()), Labelled::NotYet);
        for owner in present {
            let Some(place) = self.by_place.get_mut(owner.place()) else { continue };
            if matches!(place, Labelled::NotYet) {
                let label = table.identity(*owner).and_then(|identity| devices.label(identity));
                *place = label.map_or(Labelled::Nameless, |label| {
                    let tags = device_tags(&label, wanted);
                    Labelled::Known(label, tags)
                });
            }
        }
    }
}

/// Owners of one name share one row.
fn by_name<'a>(shown: impl Iterator<Item = (OwnerId, &'a Label, &'a Rc<[Tag]>)>) -> Vec<OwnerTags> {
    let mut rows: Vec<OwnerTags> = Vec::new();
    let mut places: HashMap<&str, usize, RandomState> = HashMap::default();
    for (owner, label, tags) in shown {
        match places.entry(label.name.as_str()) {
            Entry::Occupied(place) => {
                rows.get_mut(*place.get()).into_iter().for_each(|row| row.owners.push(owner));
            }
            Entry::Vacant(place) => {
                place.insert(rows.len());
                let (tags, label) = (Rc::clone(tags), Some(label.clone()));
                rows.push(OwnerTags { tags, label, owners: vec![owner] });
            }
        }
    }
    rows
}

fn device_tags(label: &Label, wanted: &[DeviceTag]) -> Rc<[Tag]> {
    let wanted = |tag| wanted.contains(&tag);
    let mut tags = vec![("device_name", label.name.shared())];
    let device_type = label.device_type.filter(|_| wanted(DeviceTag::DeviceType));
    tags.extend(device_type.map(|device_type| ("device_type", device_type.name().into())));
    tags.extend(label.ip.filter(|_| wanted(DeviceTag::Ip)).map(|ip| ("ip", ip.to_string().into())));
    tags.extend(label.mac.filter(|_| wanted(DeviceTag::Mac)).map(|mac| ("mac", mac.to_string().into())));
    tags.into()
}
