//! Who is at an address: what leases, neighbours and the address itself tell.
//!
//! A live neighbour goes before a lease, unless the lease has changed since the neighbours answered; then what was
//! learned from neighbours that have aged out since, for they age out before their connections do; last an address
//! that a host made of its MAC (EUI-64, RFC 4291 appendix A).

use std::cmp::Reverse;
use std::net::IpAddr;
use std::time::Duration;

use super::Map;
use super::identity::DeviceId;
use super::last_seen::{KNOWN_AT_MOST, LastSeen, oldest_to_keep};
use super::mac::Mac;
use super::neighbours::Neighbour;
use crate::lan::is_link_local;

/// How many addresses learned from neighbours are kept at most.
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
    holder: DeviceId,
    last_seen: LastSeen,
    /// The reading in which the address went to this holder.
    since: u64,
}

/// What a neighbour showed.
#[derive(Clone, Copy, Debug)]
struct Learned {
    mac: Mac,
    /// When it was last seen, since boot.
    last_seen: Duration,
    /// Whether the neighbours showed it when they last answered.
    live: bool,
    /// When it had last answered a short while ago, since boot.
    reached: Option<Duration>,
}

/// The addresses of one device.
#[derive(Debug, Default)]
pub(super) struct DeviceAddresses {
    pub(super) all: Vec<IpAddr>,
    /// The one that leads it.
    pub(super) leading: Option<LeadingRank>,
}

/// Orders the addresses of one device: IPv4 first, the newest reading first, the lowest address first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LeadingRank {
    is_v6: bool,
    newest: Reverse<u64>,
    pub(super) address: IpAddr,
}

impl AddressBindings {
    /// A lease says that `holder` has `address`.
    pub(super) fn lease(&mut self, address: IpAddr, holder: &DeviceId, last_seen: LastSeen) {
        match self.leased.get_mut(&address) {
            Some(leased) if leased.holder == *holder => leased.last_seen = last_seen,
            _ => {
                let leased = Leased { holder: holder.clone(), last_seen, since: last_seen.reading };
                self.leased.insert(address, leased);
            }
        }
    }

    /// The neighbours have answered in this reading, at `boot` (time since boot). Gives whether anything is new.
    pub(super) fn answer<'a>(
        &mut self,
        neighbours: impl Iterator<Item = &'a Neighbour>,
        reading: u64,
        boot: Duration,
        remember: Duration,
    ) -> bool {
        let (mut shown, mut reached) = (Map::default(), Vec::new());
        for neighbour in neighbours {
            shown.insert(neighbour.address, neighbour.mac);
            reached.extend(neighbour.reachable.then_some(neighbour.address));
        }
        // Who answers goes before a lease that was newer than the last answer, even if it is who answered then.
        let overruled = self.leased.iter().any(|(address, leased)| {
            leased.since > self.answered
                && shown.get(address).is_some_and(|mac| leased.holder != DeviceId::Mac(*mac))
        });
        self.answered = reading;
        let live = self.learned.iter().filter(|(_, learned)| learned.live);
        let news = live.map(|(address, learned)| (*address, learned.mac)).collect::<Map<_, _>>() != shown;
        self.learned.values_mut().for_each(|learned| learned.live = false);
        for (address, mac) in shown {
            let before = self.learned.get(&address).filter(|learned| learned.mac == mac);
            let reached = before.and_then(|learned| learned.reached);
            self.learned.insert(address, Learned { mac, last_seen: boot, live: true, reached });
        }
        for address in reached {
            self.learned.entry(address).and_modify(|learned| learned.reached = Some(boot));
        }
        let before = self.learned.len();
        self.learned.retain(|_, learned| boot.saturating_sub(learned.last_seen) < remember || learned.live);
        let expired = self.learned.len() != before;
        self.forget_oldest_learned();
        news || overruled || expired
    }

    fn forget_oldest_learned(&mut self) {
        let surplus = self.learned.len().saturating_sub(LEARNED_AT_MOST);
        let Some(last_to_go) = surplus.checked_sub(1) else { return };
        let mut seen: Vec<_> =
            self.learned.iter().map(|(address, learned)| (learned.last_seen, *address)).collect();
        seen.select_nth_unstable(last_to_go);
        for (_, address) in seen.iter().take(surplus) {
            self.learned.remove(address);
        }
    }

    /// The device at `address`, as leases and neighbours tell.
    pub(super) fn device_at(&self, address: IpAddr) -> Option<DeviceId> {
        let learned = self.learned.get(&address);
        let leased = self.leased.get(&address);
        let live = learned.filter(|learned| learned.live);
        match (live, leased) {
            (Some(live), Some(leased)) if leased.since <= self.answered => Some(DeviceId::Mac(live.mac)),
            (Some(live), None) => Some(DeviceId::Mac(live.mac)),
            (_, Some(leased)) => Some(leased.holder.clone()),
            (None, None) => learned.map(|learned| DeviceId::Mac(learned.mac)),
        }
    }

    /// Whether leases or neighbours tell whose `address` is.
    pub(super) fn knows(&self, address: IpAddr) -> bool {
        self.leased.contains_key(&address) || self.is_neighbour(address)
    }

    /// Whether the neighbours showed `address` on the LAN, now or a while ago.
    pub(super) fn is_neighbour(&self, address: IpAddr) -> bool {
        self.learned.contains_key(&address)
    }

    /// When somebody at `address` had last answered the router a short while ago, in time since boot.
    pub(super) fn reached(&self, address: IpAddr) -> Option<Duration> {
        self.learned.get(&address)?.reached
    }

    /// The addresses of each device.
    pub(super) fn by_device(&self) -> Map<DeviceId, DeviceAddresses> {
        let mut by_device: Map<DeviceId, DeviceAddresses> = Map::default();
        let learned_alone = self.learned.keys().filter(|address| !self.leased.contains_key(address));
        for address in self.leased.keys().chain(learned_alone) {
            let Some(id) = self.device_at(*address) else { continue };
            let addresses = by_device.entry(id).or_default();
            addresses.all.push(*address);
            addresses.leading = [addresses.leading, self.leading_rank(*address)].into_iter().flatten().min();
        }
        by_device
    }

    /// How `address` ranks among those of its device; `None` if it can't lead.
    fn leading_rank(&self, address: IpAddr) -> Option<LeadingRank> {
        let leased = self.leased.get(&address).map(|leased| leased.last_seen.reading);
        let live = self.learned.get(&address).is_some_and(|learned| learned.live);
        let newest = match address {
            _ if is_link_local(address) => return None,
            IpAddr::V4(_) if live => u64::MAX,
            IpAddr::V4(_) => leased.filter(|reading| *reading > 0)?,
            // Of IPv6 addresses the lowest that was leased leads, whenever that was.
            IpAddr::V6(_) => leased.filter(|reading| *reading > 0).map(|_| 0)?,
        };
        Some(LeadingRank { is_v6: address.is_ipv6(), newest: Reverse(newest), address })
    }

    /// The MACs that the neighbours show now.
    pub(super) fn live_macs(&self) -> impl Iterator<Item = Mac> {
        self.learned.values().filter(|learned| learned.live).map(|learned| learned.mac)
    }

    /// DHCPv6 identifiers whose leased addresses the neighbours show at a MAC; of several MACs at the lowest.
    pub(super) fn duids_at_macs(&self) -> Vec<(DeviceId, Mac)> {
        let by_duid = self.leased.iter().filter(|(_, leased)| leased.holder.mac().is_none());
        let mut seen: Vec<_> = by_duid
            .filter_map(|(address, leased)| {
                let learned = self.learned.get(address).filter(|learned| learned.live)?;
                Some((leased.holder.clone(), learned.mac))
            })
            .collect();
        // The order of a hash table is nobody's: neighbours and leases alone decide.
        seen.sort_unstable();
        seen.dedup_by(|(one, _), (other, _)| one == other);
        seen
    }

    /// What was leased to `former` is `id`'s.
    pub(super) fn hand_over(&mut self, former: &DeviceId, id: &DeviceId) {
        for leased in self.leased.values_mut().filter(|leased| leased.holder == *former) {
            leased.holder = id.clone();
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

    /// How many addresses are known.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> usize {
        self.leased.len() + self.learned.keys().filter(|address| !self.leased.contains_key(address)).count()
    }

    /// Forgets the leases seen longest ago, where there are too many, and those of holders that `keep` doesn't know.
    pub(super) fn forget_oldest(&mut self, keep: impl Fn(&DeviceId) -> bool) {
        if let Some(oldest) = oldest_to_keep(self.leased.values().map(|leased| leased.last_seen)) {
            self.leased.retain(|_, leased| leased.last_seen >= oldest);
        }
        self.leased.retain(|_, leased| keep(&leased.holder));
    }
}

impl LeadingRank {
    /// That of an address which only the owner speaks of.
    pub(super) fn assigned(address: IpAddr) -> Self {
        Self { is_v6: address.is_ipv6(), newest: Reverse(0), address }
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
