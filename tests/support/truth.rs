//! What the program says beside what the household really did: equal to the byte, at every look.

use std::fmt::Write as _;

use conntrack_exporter::census::flow_tracker::ProtocolGroup;
use conntrack_exporter::measurements::Moved;
use conntrack_exporter::snapshot::Snapshot;

use super::household::Household;
use super::household::tally::Tally;
use super::told::{ByDevice, bandwidth, connection_rate, device_traffic};

/// What was, by owner.
pub(crate) struct Truth {
    names: Vec<String>,
    /// At the first look, of which nothing is told.
    first: Vec<Tally>,
    last_look: Vec<Tally>,
    zeroings: u64,
    /// Of the looks since the last report what may be told of bytes.
    to_report: Vec<Moved>,
    last_report: Vec<Tally>,
    /// What was told in all.
    reported: Vec<Moved>,
}

impl Truth {
    /// Begins at the first look.
    pub(crate) fn begin(household: &Household) -> Self {
        let (names, first) = (household.names().to_vec(), household.tallies().to_vec());
        let none = vec![Moved::default(); names.len()];
        Self {
            last_look: first.clone(),
            last_report: first.clone(),
            zeroings: household.zeroings(),
            to_report: none.clone(),
            reported: none,
            names,
            first,
        }
    }

    /// Compares what a look has given. Of one before which another program has set counters to zero no bytes are told.
    pub(crate) fn compare(&mut self, snapshot: &Snapshot, household: &Household, is_report: bool) {
        let tallies = household.tallies().to_vec();
        let was_zeroed = std::mem::replace(&mut self.zeroings, household.zeroings()) != household.zeroings();
        let moved = |(now, before): (&Tally, &Tally)| {
            if was_zeroed { Moved::default() } else { now.since(before).told }
        };
        let moved: Vec<Moved> = tallies.iter().zip(&self.last_look).map(moved).collect();
        assert_eq!(
            bandwidth(snapshot),
            self.named(moved.iter().map(|moved| [moved.rx.bytes, moved.tx.bytes]))
        );
        self.to_report.iter_mut().zip(moved).for_each(|(sum, moved)| *sum += moved);
        if is_report {
            self.compare_report(snapshot, &tallies);
        }
        self.last_look = tallies;
    }

    fn compare_report(&mut self, snapshot: &Snapshot, tallies: &[Tally]) {
        assert_eq!(device_traffic(snapshot), self.named(self.to_report.iter().copied().map(figures)));
        for group in ProtocolGroup::ALL {
            let since = tallies.iter().zip(&self.last_report).map(|(now, before)| now.since(before));
            let turnover = since.map(|since| [since.opened[group.index()], since.closed[group.index()]]);
            assert_eq!(connection_rate(snapshot, group), self.named(turnover), "{}", group.name());
        }
        self.reported
            .iter_mut()
            .zip(&mut self.to_report)
            .for_each(|(sum, moved)| *sum += std::mem::take(moved));
        self.last_report = tallies.to_vec();
    }

    /// At the end: everything that went through the router was told, unless another program came between.
    pub(crate) fn finish(&self) {
        for (name, now, first, told) in self.owners() {
            let really = now.since(first).moved;
            if self.zeroings == 0 {
                assert_eq!(*told, really, "{name}");
            } else {
                assert!(told.bytes() <= really.bytes(), "{name}: {told:?}, {really:?}");
            }
        }
    }

    /// What has been by the last look, to be read.
    pub(crate) fn account(&self) -> String {
        let mut text = String::new();
        for (name, now, first, told) in self.owners() {
            let Tally { moved, opened, closed, .. } = now.since(first);
            let [opened, closed] = [opened, closed].map(|by_protocol| by_protocol.iter().sum::<u64>());
            let (received, sent, told) = (moved.rx.bytes, moved.tx.bytes, told.bytes());
            writeln!(text, "# {name}: {received} + {sent}, told {told}, +{opened} -{closed}").unwrap();
        }
        text
    }

    /// The owners: name, what was by the last look, what was at the first, what was told in all.
    fn owners(&self) -> impl Iterator<Item = (&String, &Tally, &Tally, &Moved)> {
        let owners = self.names.iter().zip(&self.last_look).zip(&self.first).zip(&self.reported);
        owners.map(|(((name, now), first), told)| (name, now, first, told))
    }

    /// The figures of those who have any.
    fn named<const N: usize>(&self, figures: impl Iterator<Item = [u64; N]>) -> ByDevice<N> {
        let named = self.names.iter().cloned().zip(figures);
        named.filter(|(_, figures)| figures.iter().any(|figure| *figure > 0)).collect()
    }
}

const fn figures(Moved { rx, tx }: Moved) -> [u64; 4] {
    [rx.bytes, tx.bytes, rx.packets, tx.packets]
}
