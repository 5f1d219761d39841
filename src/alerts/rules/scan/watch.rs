//! Whom one device has begun to talk with within a minute.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::peers::{Peer, Peers};
use crate::conntrack::flow::Protocol;

/// How many ports, and how many hosts, are followed of a device.
const SLOTS: usize = 32;
/// Whatever has fewer peers than this by the end of a pass gives way to others later. A torrent client asks a new port of a
/// new host each time.
const FEW: usize = 4;

/// A port by its number and protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Port {
    pub(super) protocol: Protocol,
    pub(super) number: u16,
}

/// One flow that was begun, or answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) port: Port,
    /// What the port is known by.
    pub(super) port_hash: u32,
    pub(super) host: IpAddr,
    /// What the host is known by.
    pub(super) host_hash: u32,
}

/// What stands out most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) what: Scanned,
    /// How many of them.
    pub(super) count: f64,
    /// Whether that was counted rather than estimated.
    pub(super) is_exact: bool,
    /// How many of a hundred haven't answered.
    pub(super) unanswered_percent: f64,
}

/// What is scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// Hosts, at one port.
    Hosts(Port),
    /// Ports, of one host.
    Ports(IpAddr),
}

/// One device: at most 64 slots of 64 bytes with 64 peers of 12 bytes each, 52 KiB in all, and a few hundred bytes where
/// little was asked.
#[derive(Debug, Default)]
pub(super) struct Watch {
    ports: Slots<Port>,
    hosts: Slots<IpAddr>,
    /// When flows began that weren't answered at first, in seconds, and how many they were.
    unreplied: VecDeque<(u32, u32)>,
}

/// Peers by what they have in common.
#[derive(Debug)]
struct Slots<K>(Vec<Slot<K>>);

#[derive(Debug)]
struct Slot<K> {
    key: K,
    /// In which pass it was begun, by the time in seconds.
    begun: u32,
    peers: Peers,
}

impl Watch {
    /// A flow that was begun at a time, in seconds. Gives how much memory that took, in bytes, or a little less.
    pub(super) fn begin(&mut self, asked: &Asked, time: u32, answered: bool) -> usize {
        let peer = |hash| Peer { hash, asked: time, answered };
        if !answered {
            match self.unreplied.back_mut() {
                Some((last, count)) if *last == time => *count = count.saturating_add(1),
                _ => self.unreplied.push_back((time, 1)),
            }
        }
        self.ports.note(asked.port, peer(asked.host_hash))
            + self.hosts.note(asked.host, peer(asked.port_hash))
    }

    /// A flow that was answered.
    pub(super) fn answer(&mut self, asked: &Asked) {
        self.ports.answer(&asked.port, asked.host_hash);
        self.hosts.answer(&asked.host, asked.port_hash);
    }

    /// Forgets what was begun before this time.
    pub(super) fn forget_before(&mut self, time: u32) {
        self.ports.forget_before(time);
        self.hosts.forget_before(time);
        self.unreplied.retain(|(begun, _)| *begun >= time);
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.unreplied.is_empty() && self.ports.0.is_empty() && self.hosts.0.is_empty()
    }

    /// How many flows weren't answered when they were first seen.
    pub(super) fn unreplied(&self) -> u32 {
        self.unreplied.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// What was asked, port by port and host by host.
    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        let hosts = self.ports.0.iter().map(|slot| Finding::of(Scanned::Hosts(slot.key), &slot.peers));
        hosts.chain(self.hosts.0.iter().map(|slot| Finding::of(Scanned::Ports(slot.key), &slot.peers)))
    }

    /// How much memory is held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.ports.bytes() + self.hosts.bytes() + self.unreplied.capacity() * size_of::<(u32, u32)>()
    }
}

impl Finding {
    fn of(what: Scanned, peers: &Peers) -> Self {
        let unanswered_percent = peers.unanswered_percent();
        Self { what, count: peers.count(), is_exact: peers.is_exact(), unanswered_percent }
    }
}

impl<K> Default for Slots<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Slots<K> {
    fn note(&mut self, key: K, peer: Peer) -> usize {
        let before = self.0.len();
        let grown = self.slot(key, peer.asked).is_some_and(|slot| slot.peers.note(peer));
        (self.0.len() - before) * size_of::<Slot<K>>() + usize::from(grown) * size_of::<Peer>()
    }

    fn answer(&mut self, key: &K, hash: u32) {
        let mut slots = self.0.iter_mut();
        slots.find(|slot| slot.key == *key).into_iter().for_each(|slot| slot.peers.answer(hash));
    }

    /// The slot of this key, if there is one or room for one. Who came to a slot in this pass may keep it to its end: of a
    /// scan of many hosts and ports the first ones are followed, however many there are.
    fn slot(&mut self, key: K, now: u32) -> Option<&mut Slot<K>> {
        if let Some(at) = self.0.iter().position(|slot| slot.key == key) {
            return self.0.get_mut(at);
        }
        let new = Slot { key, begun: now, peers: Peers::default() };
        if self.0.len() < SLOTS {
            self.0.push(new);
            return self.0.last_mut();
        }
        let idle = self.0.iter_mut().filter(|slot| slot.begun != now && slot.peers.known() < FEW);
        let least = idle.min_by_key(|slot| slot.peers.known())?;
        *least = new;
        Some(least)
    }

    fn forget_before(&mut self, time: u32) {
        self.0.retain_mut(|slot| {
            slot.peers.forget_before(time);
            slot.peers.known() > 0
        });
    }

    fn bytes(&self) -> usize {
        let peers: usize = self.0.iter().map(|slot| slot.peers.bytes()).sum();
        peers + self.0.capacity() * size_of::<Slot<K>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host number so and so is asked at a port.
    fn ask(watch: &mut Watch, host: u32, number: u16, time: u32, answered: bool) {
        let spread = |number: u32| number.wrapping_mul(0x9e37_79b1);
        let asked = Asked {
            port: Port { protocol: Protocol::TCP, number },
            port_hash: spread(number.into()),
            host: IpAddr::V4(host.into()),
            host_hash: spread(host),
        };
        watch.begin(&asked, time, answered);
    }

    fn most(watch: &Watch) -> (Scanned, f64, f64) {
        let found = watch.findings().max_by(|one, other| one.count.total_cmp(&other.count)).unwrap();
        (found.what, found.count, found.unanswered_percent)
    }

    #[test]
    fn hosts_at_a_port_and_ports_of_a_host_are_told_apart() {
        let mut watch = Watch::default();
        for host in 0..40 {
            ask(&mut watch, host, 23, 10, host < 10);
            ask(&mut watch, 7, 1000 + u16::try_from(host).unwrap(), 10, true);
        }
        let telnet = Scanned::Hosts(Port { protocol: Protocol::TCP, number: 23 });
        let of_port = watch.findings().find(|finding| finding.what == telnet).unwrap();
        assert_eq!((of_port.count, of_port.unanswered_percent), (40.0, 75.0));
        assert_eq!(most(&watch).0, Scanned::Ports(IpAddr::V4(7.into())));
        assert_eq!((most(&watch).1, watch.unreplied()), (41.0, 30));
    }

    #[test]
    fn a_scan_is_seen_among_many_who_have_nothing_in_common() {
        let mut watch = Watch::default();
        for time in [0, 10, 20, 30] {
            for number in 0..200_u16 {
                let host = u32::from(number) + 1000 * (time + 1);
                ask(&mut watch, host, 2000 + number, time, false);
                // Not in the first pass.
                if time > 0 && number % 2 == 0 {
                    ask(&mut watch, host, 23, time, false);
                }
            }
        }
        let (what, count, _) = most(&watch);
        assert_eq!(what, Scanned::Hosts(Port { protocol: Protocol::TCP, number: 23 }));
        assert!(count > 200.0, "{count}");
    }

    #[test]
    fn of_a_whole_network_that_is_scanned_some_hosts_are_followed() {
        let mut watch = Watch::default();
        for time in [0, 10, 20, 30] {
            for port in 0..20 {
                for host in 0..254 {
                    ask(&mut watch, host, 100 + u16::try_from(2 * time).unwrap() + port, time, false);
                }
            }
        }
        let ports = watch.findings().filter(|finding| matches!(finding.what, Scanned::Ports(_)));
        assert!(ports.map(|finding| finding.count).all(|count| count > 64.0), "32 of them");
        assert_eq!(watch.hosts.0.len(), 32);
        let bytes = watch.bytes();
        assert!(bytes <= 64 * (64 * 12 + 64) + 1024, "{bytes}");
    }

    #[test]
    fn all_is_forgotten_in_time() {
        let mut watch = Watch::default();
        ask(&mut watch, 1, 23, 10, false);
        ask(&mut watch, 2, 23, 20, false);
        watch.forget_before(11);
        assert_eq!((watch.unreplied(), most(&watch).1), (1, 1.0));
        watch.forget_before(21);
        assert!(watch.is_empty());
    }
}
