//! Who does what, and when.

use super::kind::{Gear, Kind};
use crate::household::random::Random;

/// Seconds since the recording begins: from the first until before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spell {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) kind: Kind,
}

/// A device and what it does besides being there.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) gear: Gear,
    pub(crate) spells: Vec<Spell>,
}

/// What somebody else may do at the same time.
const OTHERS: [Kind; 6] =
    [Kind::Film, Kind::Browsing, Kind::Music, Kind::VideoCall, Kind::Download, Kind::Backup];

/// The plans of a household, the device in question first, and how long it all takes in seconds.
pub(crate) fn plans(kind: Kind, random: &mut Random) -> (Vec<Plan>, u64) {
    let mut at = random.among(240..=420);
    let mut spells = Vec::new();
    for (active, idle) in [(720..=960, 240..=360), (480..=720, 180..=240)] {
        let to = at + random.among(active);
        spells.push(Spell { from: at, to, kind });
        at = to + random.among(idle);
    }
    let length = at.next_multiple_of(10);
    let spells = if kind.class() == super::kind::Class::Idle { Vec::new() } else { spells };
    let mut plans = vec![plan(kind.gear(), spells)];
    let gears = Gear::ALL.iter().filter(|gear| **gear != kind.gear());
    let others = usize::try_from(random.among(2..=3)).unwrap();
    let skipped = usize::try_from(random.among(0..=1)).unwrap();
    plans.extend(gears.skip(skipped).take(others).map(|gear| plan(*gear, Vec::new())));
    if random.one_in(2) {
        plans.push(busy(random, length));
    }
    (plans, length)
}

fn plan(gear: Gear, spells: Vec<Spell>) -> Plan {
    Plan { name: gear.name().to_owned(), gear, spells }
}

/// Somebody else, who uses a part of the line for a part of the time.
fn busy(random: &mut Random, length: u64) -> Plan {
    let kind = OTHERS[usize::try_from(random.next() % OTHERS.len() as u64).unwrap()];
    let from = random.among(0..=length / 2);
    let to = from + random.among(300..=length / 2);
    let name = format!("other-{}", kind.gear().name());
    Plan { name, gear: kind.gear(), spells: vec![Spell { from, to, kind }] }
}
