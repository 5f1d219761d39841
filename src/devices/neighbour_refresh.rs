//! When the neighbours are asked: every five minutes, when the LAN has changed, and about addresses which the last pass
//! over the table did not know.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use tracing::{info, warn};

use super::Map;
use super::neighbours::{self, AT_MOST, Neighbour};
use crate::edge_log::EdgeLog;
use crate::root::Root;

/// How often the neighbours are asked without a cause.
const ASK_EVERY: Duration = Duration::from_mins(5);
/// How long an address that stays unknown is no cause to ask again.
const ASK_AGAIN_AFTER: Duration = Duration::from_mins(1);
/// How many unknown addresses are noted in one pass, and how many are remembered about which the neighbours were asked.
/// Outsiders choose the addresses: where there are more, nothing is asked about new ones until a minute has passed.
pub const UNKNOWN_AT_MOST: usize = 8192;

/// What is to be asked, and what was asked when.
#[derive(Debug, Default)]
pub(super) struct NeighbourRefresh {
    /// When the neighbours were last asked, since boot.
    last: Option<Duration>,
    /// The generation of the LAN about which they were asked: in a new prefix everybody has new addresses.
    lan: u64,
    /// Addresses that were unknown in the last pass.
    unknown: HashSet<IpAddr, RandomState>,
    /// Addresses about which the neighbours were asked within the last minute, and when.
    asked_about: Map<IpAddr, Duration>,
    /// Whether they were asked for the present pass.
    asked_now: bool,
    unreadable: EdgeLog,
    crowded: EdgeLog,
}

impl NeighbourRefresh {
    /// `address` was unknown in the pass.
    pub(super) fn note_unknown(&mut self, address: IpAddr) {
        if self.unknown.len() < UNKNOWN_AT_MOST {
            self.unknown.insert(address);
        }
    }

    /// Whether to ask at `boot` (time since boot) about this generation of the LAN; whoever is told so does it. One answer
    /// holds for all addresses.
    pub(super) fn take_due(&mut self, boot: Duration, lan: u64) -> bool {
        let unknown = std::mem::take(&mut self.unknown);
        self.asked_about.retain(|_, asked| boot.saturating_sub(*asked) < ASK_AGAIN_AFTER);
        let has_room = self.asked_about.len() < UNKNOWN_AT_MOST;
        let cause = has_room && unknown.iter().any(|address| !self.asked_about.contains_key(address));
        let moved = std::mem::replace(&mut self.lan, lan) != lan;
        let due = cause || moved || self.last.is_none_or(|last| boot.saturating_sub(last) >= ASK_EVERY);
        self.asked_now = due;
        if due {
            self.last = Some(boot);
            for address in unknown {
                if self.asked_about.len() < UNKNOWN_AT_MOST || self.asked_about.contains_key(&address) {
                    self.asked_about.insert(address, boot);
                }
            }
        }
        due
    }

    /// Whether the neighbours were asked since `address` turned up: for this pass, or within the last minute about it.
    pub(super) fn was_asked_about(&self, address: IpAddr) -> bool {
        self.asked_now || self.asked_about.contains_key(&address)
    }

    /// Asks. Says when that begins and ceases to fail.
    pub(super) fn ask(&mut self, root: &Root) -> Option<Vec<Neighbour>> {
        match neighbours::read(root) {
            Ok(found) => {
                if self.unreadable.ends() {
                    info!("the neighbours can be read again");
                }
                if found.len() >= AT_MOST && self.crowded.begins() {
                    warn!("there are more neighbours than the {AT_MOST} that are heard");
                }
                Some(found)
            }
            Err(error) => {
                if self.unreadable.begins() {
                    warn!(
                        "the neighbours can't be read, so addresses that no lease tells may lack names: {error}"
                    );
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_hours(1);

    /// Whether the neighbours are asked `seconds` after the start, with these addresses unknown in the pass before.
    fn due(refresh: &mut NeighbourRefresh, seconds: u64, unknown: &[u32]) -> bool {
        for address in unknown {
            refresh.note_unknown(IpAddr::V4((*address).into()));
        }
        refresh.take_due(START + Duration::from_secs(seconds), 0)
    }

    #[test]
    fn at_first_and_then_every_five_minutes() {
        let mut refresh = NeighbourRefresh::default();
        let asked: Vec<u64> =
            (0..30).map(|tick| tick * 30).filter(|at| due(&mut refresh, *at, &[])).collect();
        assert_eq!(asked, [0, 300, 600]);
    }

    #[test]
    fn at_once_when_the_lan_has_changed() {
        let mut refresh = NeighbourRefresh { last: Some(START), ..NeighbourRefresh::default() };
        let asked = [0, 1, 1, 2].map(|lan| refresh.take_due(START + Duration::from_secs(30), lan));
        assert_eq!(asked, [false, true, false, true]);
    }

    #[test]
    fn about_a_new_address_at_once_and_about_one_that_stays_unknown_once_a_minute() {
        for interval in [1, 10, 30] {
            let mut refresh = NeighbourRefresh::default();
            assert!(due(&mut refresh, 0, &[]));
            let ticks = (1..).map(|tick| tick * interval).take_while(|at| *at <= 240);
            let asked: Vec<u64> = ticks.filter(|at| due(&mut refresh, *at, &[7])).collect();
            assert_eq!(asked, [0, 60, 120, 180].map(|after| after + interval), "{interval} s");
        }
    }

    #[test]
    fn one_answer_holds_for_all_addresses() {
        let mut refresh = NeighbourRefresh::default();
        assert!(due(&mut refresh, 0, &[7]));
        assert!(due(&mut refresh, 30, &[7, 8]), "8 is new");
        assert!(!due(&mut refresh, 60, &[7, 8]), "both were asked about 30 seconds ago");
        assert!(!due(&mut refresh, 90, &[]), "nobody asks for those that are gone");
        assert!(due(&mut refresh, 120, &[8]));
    }

    #[test]
    fn a_scan_with_forged_sources_is_bounded_and_asks_once_a_minute() {
        let mut refresh = NeighbourRefresh::default();
        let mut asked = Vec::new();
        for tick in 0..120u32 {
            let forged: Vec<u32> = (0..10_000).map(|number| tick * 10_000 + number).collect();
            if due(&mut refresh, tick.into(), &forged) {
                asked.push(tick);
            }
            assert!(refresh.asked_about.len() <= UNKNOWN_AT_MOST && refresh.unknown.is_empty());
        }
        assert_eq!(asked, [0, 60]);
        (0..100_000u32).for_each(|address| refresh.note_unknown(IpAddr::V4(address.into())));
        assert_eq!(refresh.unknown.len(), UNKNOWN_AT_MOST);
    }
}
