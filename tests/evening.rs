//! Evenings that are made up from causes are what they say: the same from the same seed, within the line, and each kind moves
//! what its cause gives.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's failure is a panic")]

#[path = "support/evening/mod.rs"]
mod evening;
#[expect(dead_code, reason = "its router and its chance are used here, not what its own devices do")]
#[path = "support/household/mod.rs"]
mod household;

use std::collections::BTreeMap;

use conntrack_exporter::conntrack::flow::{Flow, Protocol, State};
use conntrack_exporter::conntrack::procfs::print::Line as Text;
use evening::Evening;
use evening::kind::{Class, Kind};
use evening::line::{KILOBIT, Line};

/// From one look to the next, in seconds.
const EVERY: u64 = 10;

/// Mean kbit/s of the device in question while it does what it does, down and up, by the table.
fn means(kind: Kind, seed: u64, line: Line) -> [u64; 2] {
    let mut evening = Evening::new(kind, seed, line);
    let (mut moved, mut seconds) = ([0, 0], 0);
    let mut before = None;
    for second in (0..=evening.length()).step_by(10) {
        evening.live_until(second);
        let now = evening.moved()[0];
        let now = [now.rx.bytes, now.tx.bytes];
        let active =
            [second.saturating_sub(EVERY), second].map(|second| evening.truth(second) == kind.class());
        if let Some(before) = before.replace(now)
            && active == [true; 2]
        {
            (0..2).for_each(|way| moved[way] += now[way] - before[way]);
            seconds += EVERY;
        }
    }
    moved.map(|bytes| bytes / seconds.max(1) / KILOBIT)
}

#[test]
fn shows_means() {
    for kind in Kind::ALL {
        for line in Line::ALL {
            let all: Vec<_> = (0..4).map(|seed| means(kind, seed, line)).collect();
            println!("{kind:?} {line:?} {all:?}");
        }
    }
}
