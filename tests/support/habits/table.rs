//! A device's connections over days, in steps: each knows when it was opened, when its last packet passed and how long the
//! kernel keeps it after that.

use std::net::{IpAddr, Ipv4Addr};

use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

use crate::household::address;
use crate::household::random::Random;
use crate::household::router::WAN_ADDRESS;

/// OpenWrt's `nf_conntrack_tcp_timeout_established`, in seconds.
pub(crate) const ESTABLISHED: u64 = 7440;
/// The kernel's `nf_conntrack_tcp_timeout_time_wait`.
const TIME_WAIT: u64 = 120;
/// The kernel's `nf_conntrack_udp_timeout_stream`.
const UDP_STREAM: u64 = 180;
/// Linux' `net.ipv4.tcp_keepalive_time`.
const KEEP_ALIVE: u64 = 7200;
/// How often what waits for messages says that it is still there.
const HEARTBEAT: u64 = 900;
/// For how many seconds a server waits for more before it closes.
const SERVER_WAITS: (u64, u64) = (60, 400);
/// One of so many never does.
const SERVERS_THAT_WAIT: u64 = 20;
/// Bytes that pass in a second of use, and of a packet.
const PER_SECOND: u64 = 800;
const PACKET: u64 = 400;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// TCP, in good order.
    Closed,
    /// TCP, without a word: the kernel keeps it until its time is over.
    Silent,
    /// UDP falls silent.
    Datagrams,
}

#[derive(Clone, Debug)]
struct Entry {
    port: u16,
    server: Endpoint,
    end: End,
    opened: u64,
    /// When its last packet passes; `u64::MAX`: it is kept alive.
    last: u64,
    /// How often something passes while it is open; 0: all the time.
    every: u64,
}

/// The connections of one device.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    address: Ipv4Addr,
    entries: Vec<Entry>,
    opened: u64,
}

impl Entry {
    /// Whether its program still has it.
    const fn is_open(&self, now: u64) -> bool {
        now <= self.last
    }

    fn state(&self, now: u64) -> State {
        match (self.end, self.is_open(now)) {
            (End::Datagrams, _) => State::Active,
            (End::Closed, false) => State::TimeWait,
            (End::Closed | End::Silent, _) => State::Established,
        }
    }

    /// How long the kernel keeps it from its last packet on.
    fn kept(&self, now: u64) -> u64 {
        match self.state(now) {
            State::TimeWait => TIME_WAIT,
            State::Active => UDP_STREAM,
            _ => ESTABLISHED,
        }
    }

    /// When its last packet until now has passed.
    const fn heard(&self, now: u64) -> u64 {
        match (self.is_open(now), self.every) {
            (true, 0) => now,
            (true, every) => now - (now - self.opened) % every,
            (false, _) => self.last,
        }
    }

    fn break_off(&mut self, now: u64) {
        self.last = self.heard(now);
        self.end = if self.end == End::Closed { End::Silent } else { self.end };
    }

    fn expires(&self, now: u64) -> u64 {
        self.heard(now) + self.kept(now)
    }

    fn flow(&self, address: Ipv4Addr, now: u64) -> Flow {
        let is_datagrams = self.end == End::Datagrams;
        let source = Endpoint { address: IpAddr::V4(address), port: self.port };
        let translated = Endpoint { address: IpAddr::V4(WAN_ADDRESS), port: self.port };
        let seconds = if self.every > 0 { 4 } else { self.heard(now) - self.opened + 1 };
        let counters =
            Counters { packets: 3 + seconds * PER_SECOND / PACKET, bytes: 200 + seconds * PER_SECOND };
        let tuple = |source, destination| Tuple { source, destination, counters: Some(counters) };
        Flow {
            protocol: if is_datagrams { Protocol::UDP } else { Protocol::TCP },
            state: self.state(now),
            flags: Flags::ASSURED,
            timeout: u32::try_from(self.expires(now) - now).ok(),
            mark: 0,
            zone: 0,
            original: tuple(source, self.server),
            reply: tuple(self.server, translated),
        }
    }
}

impl Connections {
    /// Of the device of this number.
    pub(crate) fn new(device: usize) -> Self {
        Self { address: address(device), entries: Vec::new(), opened: 0 }
    }

    /// Opens one that is used until `last`.
    pub(crate) fn open(&mut self, now: u64, last: u64, end: End, random: &mut Random) {
        self.add(now, last, end, 0, random);
    }

    /// Opens one that waits for messages until `last`.
    pub(crate) fn wait(&mut self, now: u64, last: u64, random: &mut Random) {
        self.add(now, last, End::Closed, HEARTBEAT, random);
    }

    /// Opens one over which nothing passes but a few bytes at first; `kept_alive`: and keep-alives for ever.
    pub(crate) fn leak(&mut self, now: u64, kept_alive: bool, random: &mut Random) {
        let last = if kept_alive { u64::MAX } else { now };
        self.add(now, last, End::Silent, KEEP_ALIVE, random);
    }

    fn add(&mut self, now: u64, last: u64, end: End, every: u64, random: &mut Random) {
        let [network, host] =
            [random.among(0..=255), random.among(1..=254)].map(|part| u8::try_from(part).unwrap());
        let server = Endpoint { address: IpAddr::V4(Ipv4Addr::new(198, 19, network, host)), port: 443 };
        // One after the other, from where the connections are.
        let port = u16::try_from(32_768 + self.opened % 28_232).unwrap();
        self.opened += 1;
        self.entries.push(Entry { port, server, end, opened: now, last, every });
    }

    /// Entries whose time is over leave.
    pub(crate) fn pass(&mut self, now: u64) {
        self.entries.retain(|entry| entry.expires(now) > now);
    }

    /// The device is put away in the midst of use: of what was used nothing is heard of again. Most servers then close, which
    /// the router sees.
    pub(crate) fn fall_silent(&mut self, now: u64, random: &mut Random) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_open(now) && entry.every == 0) {
            let (least, most) = SERVER_WAITS;
            entry.last = now + random.among(least..=most);
            if random.one_in(SERVERS_THAT_WAIT) {
                entry.break_off(now);
            }
        }
    }

    /// The device is switched off: the same, and of what waited or was leaked nothing is heard of either.
    pub(crate) fn break_off(&mut self, now: u64, random: &mut Random) {
        self.fall_silent(now, random);
        let waiting = self.entries.iter_mut().filter(|entry| entry.is_open(now) && entry.every > 0);
        waiting.for_each(|entry| entry.break_off(now));
    }

    /// How many are connections by their state, whoever still has them.
    pub(crate) fn count(&self, now: u64) -> usize {
        self.entries.iter().filter(|entry| entry.state(now).is_connection()).count()
    }

    pub(crate) fn flows(&self, now: u64) -> impl Iterator<Item = Flow> {
        self.entries.iter().map(move |entry| entry.flow(self.address, now))
    }
}
