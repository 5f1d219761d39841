//! `device`: the inventory. Which devices there are, what is known of each, and whether it is there.
//!
//! A device is there if it had a connection in the last look at the table, or answered the router as a neighbour, within
//! the last five minutes. A point is sent every five minutes, and at once when anything but `last_seen` has changed.

mod known;

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use super::findings::Seen;
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::devices::Label;
use crate::devices::listing::ListedDevice;
use crate::devices::mac::Mac;
use crate::devices::name::Name;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, integer, text};
use crate::state::State;
use known::{KnownDevices, Times};

/// How often each device is told of, and for how long it is there after it was last seen.
const EVERY: Duration = Duration::from_mins(5);

/// What `named_by` says of an address that stands for a device.
const ADDRESS: &str = "address";

/// What it sends. Nothing ends by itself: a device has no point in most snapshots.
pub const SCHEMA: Schema = Schema {
    name: "device",
    every: Clock::Interval,
    tags: &[TagSchema::DEVICE_NAME],
    fields: &[
        text("ip", 39),
        text("mac", 17),
        text("device_type", 11),
        text("named_by", 8),
        integer("first_seen"),
        integer("last_seen"),
        integer("online"),
    ],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[],
};

/// The measurement. One series for each device: `limits.max_devices` bounds them.
#[derive(Debug, Default)]
pub struct Device {
    known: KnownDevices,
    /// Those that are told of, by name.
    shown: BTreeMap<Rc<str>, Shown>,
}

/// A device that is told of.
#[derive(Debug)]
struct Shown {
    /// When it was last there, in time since boot.
    there: Option<Duration>,
    /// What was last sent of it; `None` if nothing was.
    sent: Option<Sent>,
}

/// A point that was sent.
#[derive(Debug)]
struct Sent {
    /// When, in time since boot.
    at: Duration,
    told: Told,
}

/// What is told of a device beside when it was last seen: if it changes, that is told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    words: [(&'static str, Option<Rc<str>>); 4],
    first: Option<u64>,
    online: bool,
}

/// A device that there is.
struct Present<'a> {
    label: &'a Label,
    named_by: Option<&'static str>,
    /// When it was last there as far as is known now, in time since boot.
    there: Option<Duration>,
}

impl Measurement for Device {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { inventory: true, ..Needs::default() }
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        if let Some(local) = tick.local {
            self.known.begin(local.unix);
        }
        let present = present(tick);
        self.end_those_that_have_gone(&present, tick, out);
        for (name, device) in by_rank(&present) {
            if self.has_room(name, device, tick) {
                self.tell(name, device, tick, out);
            } else {
                out.findings().series_overflow += 1;
            }
        }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn restore(&mut self, state: &mut State) {
        self.known.restore(state);
    }

    fn keep(&self, state: &mut State) {
        self.known.keep(state);
    }
}

impl Device {
    /// Tells for the last time of devices that are called otherwise now, or that nobody knows any more.
    fn end_those_that_have_gone(
        &mut self,
        present: &BTreeMap<Rc<str>, Present<'_>>,
        tick: &Tick<'_>,
        out: &mut Series<'_>,
    ) {
        let mut room = tick.limits.max_devices;
        self.shown.retain(|name, shown| {
            // A reload may have made the limit smaller.
            let is_known = present.contains_key(name) || shown.is_yet_to_go(present, tick.sample.boot);
            let stays = is_known && room > 0;
            room -= usize::from(stays);
            if let Some(sent) = shown.sent.as_mut().filter(|sent| !stays && sent.told.online) {
                sent.told.online = false;
                out.push(out.tags(&[("device_name", Rc::clone(name))], &[]), sent.told.fields(None));
            }
            stays
        });
    }

    /// Whether the device may be told of. For one that is there, one makes room that isn't.
    fn has_room(&mut self, name: &Rc<str>, device: &Present<'_>, tick: &Tick<'_>) -> bool {
        let (now, at_most) = (tick.sample.boot, tick.limits.max_devices);
        if self.shown.contains_key(name) || self.shown.len() < at_most {
            return true;
        }
        let away = self.shown.iter().filter(|(_, shown)| !shown.is_online());
        let oldest = away.min_by_key(|(_, shown)| shown.there).map(|(name, _)| Rc::clone(name));
        let is_there = |there: Duration| now.saturating_sub(there) <= EVERY;
        let Some(oldest) = oldest.filter(|_| device.there.is_some_and(is_there)) else { return false };
        self.shown.remove(&oldest);
        true
    }

    /// Takes note of a device, and tells of it if it is time.
    fn tell(&mut self, name: &Rc<str>, device: &Present<'_>, tick: &Tick<'_>, out: &mut Series<'_>) {
        let now = tick.sample.boot;
        let shown = self.shown.entry(Rc::clone(name)).or_insert(Shown { there: None, sent: None });
        shown.there = shown.there.max(device.there);
        let ago = shown.there.map(|there| now.saturating_sub(there));
        let times = tick.local.map(|local| {
            let last = ago.map(|ago| local.unix.saturating_sub(ago.as_secs()));
            self.known.meet(&device.key(), name, local.unix, last, tick.limits.max_devices)
        });
        let first = times.as_ref().map(|times| times.first);
        let told = Told { words: device.words(), first, online: ago.is_some_and(|ago| ago <= EVERY) };
        let is_due =
            shown.sent.as_ref().is_none_or(|sent| sent.told != told || now.saturating_sub(sent.at) >= EVERY);
        if is_due {
            let last = times.as_ref().and_then(|times| times.last);
            out.push(out.tags(&[("device_name", Rc::clone(name))], &[]), told.fields(last));
            shown.sent = Some(Sent { at: now, told });
        }
        let first = times.and_then(|times: Times| self.known.first_as_stranger(&times));
        let made_up = device.label.mac.is_some_and(Mac::is_local);
        out.findings().seen.insert(Rc::clone(name), Seen { first, made_up });
    }
}

impl Shown {
    /// Whether it is an address by itself, which nobody has taken over since it last had a connection, and not long ago.
    fn is_yet_to_go(&self, present: &BTreeMap<Rc<str>, Present<'_>>, now: Duration) -> bool {
        let is_recent = self.there.is_some_and(|there| now.saturating_sub(there) <= EVERY);
        let [ip, _, _, (_, Some(named_by))] = self.words() else { return false };
        let has_its_address = |device: &Present<'_>| device.words().contains(ip);
        is_recent && **named_by == *ADDRESS && !present.values().any(has_its_address)
    }

    fn words(&self) -> &[(&'static str, Option<Rc<str>>)] {
        self.sent.as_ref().map_or(&[], |sent| &sent.told.words)
    }

    fn is_online(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.told.online)
    }
}

impl Told {
    fn fields(&self, last: Option<u64>) -> Vec<(&'static str, Value)> {
        let words = self
            .words
            .iter()
            .filter_map(|(name, word)| Some((*name, Value::Text(Rc::clone(word.as_ref()?)))));
        let times = [("first_seen", self.first), ("last_seen", last)];
        let times = times.into_iter().filter_map(|(name, time)| Some((name, Value::count(time?))));
        words.chain(times).chain([("online", Value::Integer(self.online.into()))]).collect()
    }
}

impl Present<'_> {
    /// What it is remembered by: its MAC, for names may change hands.
    fn key(&self) -> Rc<str> {
        self.label.mac.map_or_else(|| self.label.name.shared(), |mac| mac.to_string().into())
    }

    fn words(&self) -> [(&'static str, Option<Rc<str>>); 4] {
        let Label { ip, mac, device_type, .. } = self.label;
        [
            ("ip", ip.map(|ip| ip.to_string().into())),
            ("mac", mac.map(|mac| mac.to_string().into())),
            ("device_type", device_type.map(|device_type| device_type.name().into())),
            ("named_by", self.named_by.map(Into::into)),
        ]
    }
}

/// Every device that there is, by name: those of the inventory, and those that nothing but their connections tells of.
fn present<'a>(tick: &Tick<'a>) -> BTreeMap<Rc<str>, Present<'a>> {
    let has_entries = |owners: &[OwnerId]| owners.iter().any(|owner| tick.census.entries(*owner) > 0);
    let rows = || tick.owners.devices.iter().filter(|row| has_entries(&row.owners));
    let connected: HashSet<&str> = rows().filter_map(|row| row.name()).map(|name| &**name).collect();
    let of_inventory = tick.inventory.iter().map(|device| {
        let ListedDevice { label, source, reached, .. } = device;
        let is_connected = connected.contains(label.name.as_str());
        let there = if is_connected { Some(tick.sample.boot) } else { *reached };
        let named_by = source.map_or_else(|| named_by_itself(&label.name), |source| Some(source.name()));
        (label.name.shared(), Present { label, named_by, there })
    });
    let mut present: BTreeMap<_, _> = of_inventory.collect();
    for label in rows().filter_map(|row| row.label.as_ref()) {
        let named_by = named_by_itself(&label.name);
        let there = Some(tick.sample.boot);
        present.entry(label.name.shared()).or_insert(Present { label, named_by, there });
    }
    present
}

/// What is its name for want of one.
fn named_by_itself(name: &Name) -> Option<&'static str> {
    let is_mac = name.as_mac().map(|_| "mac");
    is_mac.or_else(|| name.as_address().map(|_| ADDRESS))
}

/// Those first that are there: they may take the room of the others.
fn by_rank<'a, 'b>(
    present: &'b BTreeMap<Rc<str>, Present<'a>>,
) -> impl Iterator<Item = (&'b Rc<str>, &'b Present<'a>)> {
    let there = present.iter().filter(|(_, device)| device.there.is_some());
    there.chain(present.iter().filter(|(_, device)| device.there.is_none()))
}

#[cfg(test)]
mod tests;
