//! With whom devices exchange traffic: how many remote hosts there are, and how much of it is with the busiest.
//!
//! One map for all devices, of (device, host) → bytes. It is exact while it has room. When it is full it makes some by
//! the rule of Misra and Gries ("Finding repeated elements", 1982): every sum loses their median, and what has nothing
//! left leaves. So a host that has more of the bytes than that stays, and is told with too few rather than too many.
//!
//! How many hosts there are is exact to 64 for each device. From then on a sketch tells it: `HyperLogLog` (Flajolet et al.,
//! 2007) of 128 registers, with its correction for small numbers, typically 9 % off.

mod distinct;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::quality::RandomState;

use crate::attribution::owners::OwnerId;
use distinct::DistinctHosts;

/// How many pairs of a device and a host are told apart: some 270 KiB.
const PAIRS_AT_MOST: usize = 4096;

/// The remote hosts of every device, since they were last cleared.
#[derive(Debug, Default)]
pub struct RemoteHosts {
    /// Outsiders may choose the addresses: the hash needs a secret. And the sketch needs one whose every bit is even.
    hasher: RandomState,
    /// Bytes by device and host; a host is known by its hash.
    bytes: HashMap<(OwnerId, u64), u64, RandomState>,
    /// What every sum may be short by.
    taken_away: u64,
    distinct: HashMap<OwnerId, DistinctHosts, RandomState>,
}

impl RemoteHosts {
    /// `owner` has exchanged so many bytes with the host `remote`; none if only a connection was opened.
    pub fn note(&mut self, owner: OwnerId, remote: IpAddr, bytes: u64) {
        let host = self.hasher.hash_one(remote);
        self.distinct.entry(owner).or_default().insert(host);
        if bytes > 0 {
            let sum = self.bytes.entry((owner, host)).or_default();
            *sum = sum.saturating_add(bytes);
            if self.bytes.len() > PAIRS_AT_MOST {
                self.make_room();
            }
        }
    }

    fn make_room(&mut self) {
        let mut sums: Vec<u64> = self.bytes.values().copied().collect();
        let half = sums.len() / 2;
        let (_, median, _) = sums.select_nth_unstable(half);
        let median = *median;
        self.taken_away = self.taken_away.saturating_add(median);
        self.bytes.retain(|_, sum| {
            *sum = sum.saturating_sub(median);
            *sum > 0
        });
    }

    /// How many hosts `owners`, who are one device, have to do with.
    pub fn count(&self, owners: &[OwnerId]) -> u64 {
        let mut distinct = DistinctHosts::default();
        owners.iter().filter_map(|owner| self.distinct.get(owner)).for_each(|one| distinct.merge(one));
        distinct.count()
    }

    /// What each device has exchanged with each host, to look up the busiest of several.
    pub fn busiest(&self) -> BusiestHosts {
        let mut rows: Vec<_> =
            self.bytes.iter().map(|((owner, host), bytes)| (*owner, *host, *bytes)).collect();
        rows.sort_unstable();
        BusiestHosts { rows, short_by: self.taken_away }
    }

    /// Whether anything is known of `owner`.
    pub fn remembers(&self, owner: OwnerId) -> bool {
        self.distinct.contains_key(&owner)
    }

    /// Forgets all. The memory goes back, but for what a home needs.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.taken_away = 0;
        self.distinct.clear();
        self.bytes.shrink_to(PAIRS_AT_MOST / 8);
        self.distinct.shrink_to(PAIRS_AT_MOST / 32);
    }
}

/// What devices have exchanged with hosts.
#[derive(Debug)]
pub struct BusiestHosts {
    /// Bytes by device and host, in order.
    rows: Vec<(OwnerId, u64, u64)>,
    /// By how many bytes each may be short, to make room for others.
    pub short_by: u64,
}

impl BusiestHosts {
    /// The bytes that `owners`, who are one device, have exchanged with the host with whom they have exchanged the most.
    pub fn of(&self, owners: &[OwnerId]) -> u64 {
        let mut hosts: Vec<(u64, u64)> = Vec::new();
        for owner in owners {
            let begin = self.rows.partition_point(|(of, ..)| of < owner);
            let rows = self.rows.iter().skip(begin).take_while(|(of, ..)| of == owner);
            hosts.extend(rows.map(|(_, host, bytes)| (*host, *bytes)));
        }
        hosts.sort_unstable();
        let sums = hosts.chunk_by(|(one, _), (other, _)| one == other);
        let sum =
            |rows: &[(u64, u64)]| rows.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes));
        sums.map(sum).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::owners::OwnerTable;
    use crate::devices::Identity;

    fn owners() -> [OwnerId; 2] {
        let mut table = OwnerTable::default();
        [1, 2].map(|last| {
            let address = host(last);
            table.enter(address, Some(Identity::Address(address)), false)
        })
    }

    fn host(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn the_busiest_host_of_one_and_of_several() {
        let [one, other] = owners();
        let mut remote = RemoteHosts::default();
        for (owner, number, bytes) in
            [(one, 1, 5), (one, 2, 7), (one, 1, 5), (other, 2, 4), (other, 3, 9), (one, 4, 0)]
        {
            remote.note(owner, host(number), bytes);
        }
        let busiest = remote.busiest();
        assert_eq!((busiest.of(&[one]), busiest.of(&[other]), busiest.of(&[one, other])), (10, 9, 11));
        assert_eq!((remote.count(&[one]), remote.count(&[other]), remote.count(&[one, other])), (3, 2, 4));
        assert!(remote.remembers(one));
        remote.clear();
        assert_eq!((remote.count(&[one]), remote.busiest().of(&[one])), (0, 0));
        assert!(!remote.remembers(one));
    }

    #[test]
    fn who_is_busy_stays_known_however_many_others_there_are() {
        let [one, other] = owners();
        let mut remote = RemoteHosts::default();
        for number in 0..50_000 {
            remote.note(one, host(number), 100);
            remote.note(other, host(7), 60);
        }
        let busiest = remote.busiest().of(&[other]);
        assert!((2_900_000..=3_000_000).contains(&busiest), "{busiest}");
        assert!(remote.bytes.len() <= PAIRS_AT_MOST + 1);
        // The secret is another each time: six times the sketch's typical error, and one in millions is beyond it.
        let count = remote.count(&[one]);
        assert!(count.abs_diff(50_000) < 27_500, "{count}");
    }

    #[test]
    fn a_map_full_of_equal_sums_makes_room() {
        let [one, _] = owners();
        let mut remote = RemoteHosts::default();
        for number in 0..=u32::try_from(PAIRS_AT_MOST).unwrap() {
            remote.note(one, host(number), 1);
        }
        assert!(remote.bytes.is_empty(), "none is busier than another");
    }
}
