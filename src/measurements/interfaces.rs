//! The interfaces of a tick, as the measurements of them see them: each with its name, made safe, what it is like, and
//! what passed through it since the last report.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::Tick;
use crate::devices::name::Name;
use crate::lan::interfaces::Interface;
use crate::proc_net::dev::{DirectionCounters, InterfaceCounters};
use crate::proc_net::links::Link;
use crate::series::Series;
use crate::series::schema::TagSchema;

/// How many interfaces have series of their own in a measurement; of more, those that the kernel names first.
pub(super) const SHOWN_AT_MOST: usize = 256;

/// The tag of an interface.
pub(super) const INTERFACE: TagSchema = TagSchema::name("interface");

/// One interface.
#[derive(Clone, Debug)]
pub(super) struct Seen<'a> {
    /// What it is called, safe to send.
    pub(super) name: Rc<str>,
    /// What the kernel has counted since it was made.
    pub(super) counters: &'a InterfaceCounters,
    /// What it is like, if that is known.
    pub(super) link: Option<&'a Link>,
    /// Its addresses, if they are known.
    pub(super) addresses: Option<&'a Interface>,
    /// What passed through it since the last report, received and sent; `None` where that is not known.
    pub(super) passed: Option<Passed>,
}

/// What passed through interfaces in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// What came in.
    pub(super) received: DirectionCounters,
    /// What went out.
    pub(super) sent: DirectionCounters,
    /// In which time.
    pub(super) time: Duration,
}

/// All interfaces, in the kernel's order, each name once. `None` if nothing is known of them.
pub(super) fn seen<'a>(tick: &Tick<'a>) -> Option<Vec<Seen<'a>>> {
    let now = tick.sample.interfaces.as_ref()?;
    let (links, addresses) = (tick.sample.links.as_deref(), tick.sample.addresses.as_deref());
    let links = by_name(links.unwrap_or_default(), |link| &link.name);
    let addresses = by_name(addresses.unwrap_or_default(), |interface| &interface.name);
    let before = tick.last.and_then(|last| last.interfaces.as_ref());
    let before = by_name(before.map_or(&[][..], |before| &before.interfaces), |counters| &counters.name);
    let links_before = tick.last.and_then(|last| last.links.as_deref());
    let links_before = by_name(links_before.unwrap_or_default(), |link| &link.name);
    let time = tick.since_last().filter(|time| !time.is_zero());
    let passed = |counters: &InterfaceCounters| {
        let index = |links: &ByName<'_, Link>| links.get(&*counters.name).and_then(|link| link.index);
        // One that was made anew began at 0, even if it has counted more since than the one before had.
        if let (Some(old), Some(new)) = (index(&links_before), index(&links))
            && old != new
        {
            return None;
        }
        let [received, sent] = counters.since(before.get(&*counters.name)?)?;
        Some(Passed { received, sent, time: time? })
    };
    let mut names = HashSet::with_hasher(RandomState::default());
    let interfaces = now.interfaces.iter().filter_map(|counters| {
        let name = Name::clean(counters.name.as_bytes())?.shared();
        names.insert(Rc::clone(&name)).then(|| Seen {
            name,
            counters,
            link: links.get(&*counters.name).copied(),
            addresses: addresses.get(&*counters.name).copied(),
            passed: passed(counters),
        })
    });
    Some(interfaces.collect())
}

type ByName<'a, T> = HashMap<&'a str, &'a T, RandomState>;

/// Of two of one name the first.
fn by_name<T>(all: &[T], name: impl Fn(&T) -> &str) -> ByName<'_, T> {
    all.iter().rev().map(|one| (name(one), one)).collect()
}

/// Those that have series of their own; how many are left out is told.
pub(super) fn bounded<T>(mut interfaces: Vec<T>, out: &mut Series<'_>) -> Vec<T> {
    let surplus = interfaces.len().saturating_sub(SHOWN_AT_MOST);
    out.findings().series_overflow += u64::try_from(surplus).unwrap_or(u64::MAX);
    interfaces.truncate(SHOWN_AT_MOST);
    interfaces
}

/// So many in a second.
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    float_of(count) / time.as_secs_f64()
}

/// How many of a hundred packets that is. Packets that were damaged are not among those that the kernel counts, so there
/// may be more of them: at most all were. Where there was nothing at all it is unknown.
pub(super) fn percent_of_packets(bad: u64, packets: u64) -> Option<f64> {
    match (bad, packets) {
        (0, 0) => None,
        _ => Some((100.0 * float_of(bad) / float_of(packets)).min(100.0)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate or a share needs no more than 53 bits")]
pub(super) const fn float_of(figure: u64) -> f64 {
    figure as f64
}

#[cfg(test)]
pub(super) mod tests;
