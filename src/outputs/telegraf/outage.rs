//! When sending begins to fail, and when it works again.

/// Nothing must have been refused of so many snapshots in a row before it works again. A kernel limits the rate of its
/// ICMP (`icmpv4_xrlim_allow`: six at once, then one a second), so that of one snapshot alone silence proves nothing.
const SNAPSHOTS_WITHOUT_REFUSAL: u32 = 3;

/// Whether something of late has been refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outage {
    /// How many snapshots in a row must go well before it is over; 0 if there is none.
    remaining: u32,
}

/// What there is to say after a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Something was refused, which wasn't so before.
    Begins,
    /// Nothing has been refused for a while.
    Ends,
}

impl Outage {
    /// Whether it has begun and not ended.
    pub(super) const fn is_present(self) -> bool {
        self.remaining > 0
    }

    /// Takes note of one more snapshot: whether anything was refused since the one before.
    pub(super) fn note(&mut self, refused: bool) -> Option<Edge> {
        let was_present = self.is_present();
        self.remaining = if refused { SNAPSHOTS_WITHOUT_REFUSAL } else { self.remaining.saturating_sub(1) };
        match (was_present, self.is_present()) {
            (false, true) => Some(Edge::Begins),
            (true, false) => Some(Edge::Ends),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said after each snapshot: `b`egins, `e`nds, or nothing; `x` is a snapshot of which something was
    /// refused.
    fn said(snapshots: &str) -> String {
        let mut outage = Outage::default();
        let edges = snapshots.chars().map(|snapshot| outage.note(snapshot == 'x'));
        edges.map(|edge| edge.map_or('.', |edge| if edge == Edge::Begins { 'b' } else { 'e' })).collect()
    }

    #[test]
    fn an_outage_ends_when_nothing_was_refused_of_three_snapshots_in_a_row() {
        for (snapshots, expected) in [
            ("......", "......"),
            ("x...x", "b..eb"),
            ("xxxx......", "b.....e..."),
            // Whoever limits the rate of what it refuses lets one or two pass in silence.
            ("x.x.x..x..x.x...", "b..............e"),
            ("..x..", "..b.."),
        ] {
            assert_eq!(said(snapshots), expected, "{snapshots}");
        }
    }

    #[test]
    fn it_is_present_until_it_ends() {
        let mut outage = Outage::default();
        assert!(!outage.is_present());
        outage.note(true);
        outage.note(false);
        outage.note(false);
        assert!(outage.is_present());
        outage.note(false);
        assert!(!outage.is_present());
    }
}
