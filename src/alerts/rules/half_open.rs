//! `half_open`: a device that begins TCP connections which don't come about.

use std::ops::AddAssign;
use std::rc::Rc;
use std::time::Duration;

use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::census::per_owner::{PerOwner, sum};
use crate::census::{Attempt, CompletedPass};
use crate::conntrack::flow::{Protocol, State};
use crate::measurements::{Flows, Needs, Observation};

/// The rule.
#[derive(Debug, Default)]
pub(super) struct HalfOpen {
    config: config::HalfOpen,
    present: PerOwner<Present>,
}

/// TCP entries of one owner.
#[derive(Clone, Copy, Debug, Default)]
struct Present {
    entries: u32,
    /// Those of them that are `SYN_SENT`, `SYN_SENT2` or `SYN_RECV`.
    half_open: u32,
}

impl AddAssign for Present {
    fn add_assign(&mut self, other: Self) {
        self.entries = self.entries.saturating_add(other.entries);
        self.half_open = self.half_open.saturating_add(other.half_open);
    }
}

impl HalfOpen {
    /// With these thresholds.
    pub(super) fn new(config: &config::HalfOpen) -> Self {
        Self { config: config.clone(), ..Self::default() }
    }

    fn reading(&self, row: &OwnerTags) -> Option<Reading> {
        let device = Rc::clone(row.name()?);
        let Present { entries, half_open } = sum(self.present.rows(&row.owners));
        let (entries, half_open) = (f64::from(entries), f64::from(half_open));
        // Above the one, and from the other on.
        let share = self.config.percent.get() / 100.0 * entries;
        let limit = self.config.entries.get().max(share.next_down());
        let percent = 100.0 * half_open / entries.max(1.0);
        Some(Reading {
            value: half_open,
            limits: Limits { warning: Some(limit), critical: None },
            what: format!(
                "{device} has begun {half_open} TCP connections that haven't come about, {percent:.0} % of all it has"
            ),
            device,
        })
    }
}

impl Rule for HalfOpen {
    fn name(&self) -> &'static str {
        "half_open"
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.present.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        if of.flow.protocol == Protocol::TCP {
            let is_half_open = matches!(of.flow.state, State::SynSent | State::SynSent2 | State::SynRecv);
            let one = Present { entries: 1, half_open: is_half_open.into() };
            self.present.update(of.attribution.owner, |present| *present += one);
        }
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.present.replace(pass.kept);
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        of.tick.owners.all().filter_map(|row| self.reading(row)).collect()
    }

    fn advice(&self) -> &'static str {
        "What it calls may be out of reach: see whether its service works. If it calls many who don't answer, disconnect it."
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::attribution::Direction;
    use crate::measurements::fixture::{Fixture, flow};

    fn judge(flows: &[(Protocol, State, usize)]) -> Option<(f64, bool)> {
        let mut fixture = Fixture::new();
        let owner = fixture.device("Camera");
        let mut judged = Judged::new(HalfOpen::default());
        let entries = flows.iter().flat_map(|(protocol, state, count)| vec![flow(*protocol, *state); *count]);
        let entries: Vec<_> = entries.map(|flow| (owner, Direction::Outbound, flow)).collect();
        fixture.pass(&mut judged, &entries);
        fixture.report(&mut judged);
        let reading = judged.reading("Camera")?;
        Some((reading.value, reading.limits.warning.is_some_and(|limit| reading.value > limit)))
    }

    #[test]
    fn more_than_twenty_that_are_half_of_all_or_more() {
        let (tcp, udp) = (Protocol::TCP, Protocol::UDP);
        let (sent, received, open) = (State::SynSent, State::SynRecv, State::Established);
        for (flows, expected) in [
            (&[][..], (0.0, false)),
            (&[(tcp, sent, 20)], (20.0, false)),
            (&[(tcp, sent, 21)], (21.0, true)),
            (&[(tcp, sent, 10), (tcp, received, 10), (tcp, State::SynSent2, 1)], (21.0, true)),
            (&[(tcp, sent, 30), (tcp, open, 30)], (30.0, true)),
            (&[(tcp, sent, 30), (tcp, open, 31)], (30.0, false)),
            (&[(tcp, sent, 30), (tcp, State::TimeWait, 31)], (30.0, false)),
            (&[(tcp, sent, 30), (udp, State::Active, 100)], (30.0, true)),
            (&[(udp, State::Unreplied, 100)], (0.0, false)),
        ] {
            assert_eq!(judge(flows), Some(expected), "{flows:?}");
        }
    }
}
