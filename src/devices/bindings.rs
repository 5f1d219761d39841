//! Identity is at an address: what leases, neighbours and the address itself tell.
//!
//! A live neighbour goes before a lease, unless the lease has changed since the neighbours answered; then what was
//! learned from neighbours that have aged out since, for they age out before their connections do; last an address
//! that a host made of its MAC (EUI-64, RFC 4291 appendix A).

use std::net::IpAddr;
use std::time::Duration;

use super::mac::Mac;
use super::{DeviceId, KNOWN_AT_MOST, LastSeen, Map};

/// How many pairs learned from neighbours are kept at most.
const LEARNED_AT_MOST: usize = 2 * KNOWN_AT_MOST;

/// Addresses and who has them.
#[derive(Debug, Default)]
pub(super) struct AddressBindings {
    leased: Map<IpAddr, Leased>,
    learned: Map<IpAddr, Learned>,
    /// The reading in which the neighbours last answered.
    answered: u64,
}

#[derive(Clone, Debug)]
struct Leased {
    key: DeviceId,
    said: LastSeen,
    /// The reading in which the address went to this holder.
    since: u64,
}

#[derive(Clone, Copy, Debug)]
struct Learned {
    mac: Mac,
    /// When it was last seen, since boot.
    seen: Duration,
    /// Whether the neighbours showed it when they last answered.
    live: bool,
}

impl AddressBindings {
    /// A lease says that `key` has `address`.
    pub(super) fn lease(&mut self, address: IpAddr, key: &DeviceId, said: LastSeen) {
        match self.leased.get_mut(&address) {
            Some(leased) if leased.key == *key => leased.said = said,
            _ => {
                let leased = Leased { key: key.clone(), said, since: said.reading };
                self.leased.insert(address, leased);
            }
        }
    }

    /// The neighbours have answered in this reading, at `boot` (time since boot). Gives whether anything is new.
    pub(super) fn answer(
        &mut self,
        neighbours: impl Iterator<Item = (IpAddr, Mac)>,
        reading: u64,
        boot: Duration,
        remember: Duration,
    ) -> bool {
        let shown: Map<IpAddr, Mac> = neighbours.collect();
        // Identity answers goes before a lease that was newer than the last answer, even if it is who answered then.
        let overruled = self.leased.iter().any(|(address, leased)| {
            leased.since > self.answered
                && shown.get(address).is_some_and(|mac| leased.key != DeviceId::Mac(*mac))
        });
        self.answered = reading;
        let live = self.learned.iter().filter(|(_, learned)| learned.live);
        let news = live.map(|(address, learned)| (*address, learned.mac)).collect::<Map<_, _>>() != shown;
        self.learned.values_mut().for_each(|learned| learned.live = false);
        self.learned.extend(
            shown.into_iter().map(|(address, mac)| (address, Learned { mac, seen: boot, live: true })),
        );
        let learned = self.learned.len();
        self.learned.retain(|_, learned| boot.saturating_sub(learned.seen) < remember || learned.live);
        let changed = news || overruled || self.learned.len() != learned;
        while self.learned.len() > LEARNED_AT_MOST {
            let mut seen: Vec<_> = self.learned.values().map(|learned| learned.seen).collect();
            let oldest_to_go = *seen.select_nth_unstable(self.learned.len() - LEARNED_AT_MOST - 1).1;
            let mut surplus = self.learned.len() - LEARNED_AT_MOST;
            self.learned.retain(|_, learned| {
                let goes = surplus > 0 && learned.seen <= oldest_to_go;
                surplus -= usize::from(goes);
                !goes
            });
        }
        changed
    }

    /// Identity is at `address`, as leases and neighbours tell.
    pub(super) fn told(&self, address: IpAddr) -> Option<DeviceId> {
        let learned = self.learned.get(&address);
        let leased = self.leased.get(&address);
        let live = learned.filter(|learned| learned.live);
        match (live, leased) {
            (Some(live), Some(leased)) if leased.since <= self.answered => Some(DeviceId::Mac(live.mac)),
            (Some(live), None) => Some(DeviceId::Mac(live.mac)),
            (_, Some(leased)) => Some(leased.key.clone()),
            (None, None) => learned.map(|learned| DeviceId::Mac(learned.mac)),
        }
    }

    /// Whether the neighbours showed `address` on the LAN, now or a while ago.
    pub(super) fn is_neighbour(&self, address: IpAddr) -> bool {
        self.learned.contains_key(&address)
    }

    /// Every address of which something was said, with the reading of the newest lease, 0 for neighbours alone.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (IpAddr, u64, bool)> {
        let leased = self.leased.iter().map(|(address, leased)| {
            let live = self.learned.get(address).is_some_and(|learned| learned.live);
            (*address, leased.said.reading, live)
        });
        let learned = self.learned.iter().filter(|(address, _)| !self.leased.contains_key(address));
        leased.chain(learned.map(|(address, learned)| (*address, 0, learned.live)))
    }

    /// The MACs that the neighbours show now.
    pub(super) fn live_macs(&self) -> impl Iterator<Item = Mac> {
        self.learned.values().filter(|learned| learned.live).map(|learned| learned.mac)
    }

    /// DHCPv6 identifiers whose leased addresses the neighbours show at a MAC; of several MACs at the lowest.
    pub(super) fn duids_seen(&self) -> Vec<(DeviceId, Mac)> {
        let seen = self.leased.iter().filter(|(_, leased)| leased.key.mac().is_none()).filter_map(
            |(address, leased)| {
                let learned = self.learned.get(address).filter(|learned| learned.live)?;
                Some((leased.key.clone(), learned.mac))
            },
        );
        let mut seen: Vec<_> = seen.collect();
        // The order of a hash table is nobody's: neighbours and leases alone decide.
        seen.sort_unstable();
        seen.dedup_by(|(one, _), (other, _)| one == other);
        seen
    }

    /// What was leased to `alias` is `key`'s.
    pub(super) fn adopt(&mut self, alias: &DeviceId, key: &DeviceId) {
        for leased in self.leased.values_mut().filter(|leased| leased.key == *alias) {
            leased.key = key.clone();
        }
    }

    /// Forgets what neighbours told: other interfaces are the LAN now.
    pub(super) fn forget_neighbours(&mut self) {
        self.learned.clear();
    }

    /// How many leases are known.
    pub(super) fn leases(&self) -> usize {
        self.leased.len()
    }

    /// Forgets the leases that were said longest ago, and those of holders that `keep` doesn't know.
    pub(super) fn forget(&mut self, keep: impl Fn(&DeviceId) -> bool) {
        if let Some(oldest) = super::oldest_to_keep(self.leased.values().map(|leased| leased.said)) {
            self.leased.retain(|_, leased| leased.said >= oldest);
        }
        self.leased.retain(|_, leased| keep(&leased.key));
    }
}

/// The MAC of which a host made this address.
pub(super) fn eui64(address: IpAddr) -> Option<Mac> {
    let IpAddr::V6(v6) = address else { return None };
    match v6.octets() {
        [_, _, _, _, _, _, _, _, first, maker @ .., 0xff, 0xfe, x, y, z] if first & 0x01 == 0 => {
            let [second, third] = maker;
            // The bit that says whether an address is a maker's own is turned over.
            Some(Mac([first ^ 0x02, second, third, x, y, z]))
        }
        _ => None,
    }
}
