//! The router: its table as the kernel keeps it, second by second. When an entry comes, what it counts, when it leaves.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use conntrack_exporter::census::flow_tracker::ProtocolGroup;
use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};
use conntrack_exporter::measurements::Moved;

use super::tally::Tally;

/// The router's address in the LAN.
pub(crate) const LAN_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 8, 1);
/// Its address on the WAN.
pub(crate) const WAN_ADDRESS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// How long the kernel keeps an entry after its last packet, in seconds: OpenWrt's times where it sets them.
mod kept {
    pub(super) const SYN_SENT: u64 = 120;
    pub(super) const ESTABLISHED: u64 = 7440;
    pub(super) const TIME_WAIT: u64 = 120;
    pub(super) const CLOSE: u64 = 10;
    pub(super) const UDP: u64 = 60;
    pub(super) const UDP_STREAM: u64 = 180;
}

/// What an Ethernet header adds to each packet in the interfaces' counters.
const ETHERNET: u64 = 14;
/// Packets in one second from which on hardware takes a connection over.
const BUSY: u64 = 30;
/// How long after a whole multiple of its interval the other program sets counters to zero, in seconds.
const ZEROED_AFTER: u64 = 5;

/// A connection; of one that has left the table nothing more is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Connection(u64);

/// Whose a connection is, by number, and from which address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    pub(crate) owner: usize,
    pub(crate) address: Ipv4Addr,
}

/// Whom somebody connects to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub(crate) protocol: Protocol,
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
}

#[derive(Debug)]
struct Entry {
    flow: Flow,
    owner: usize,
    /// Whether the other side began, through a port forward.
    inbound: bool,
    opened: u64,
    expires: u64,
    /// Whether hardware carries it.
    in_hardware: bool,
    /// What hardware has carried and not told, original and reply.
    untold: [Counters; 2],
}

#[derive(Debug)]
pub(crate) struct Router {
    /// Seconds since 1970.
    pub(crate) now: u64,
    entries: BTreeMap<Connection, Entry>,
    opened: u64,
    zeroed_every: Option<u64>,
    written_back_every: Option<u64>,
    /// How often counters were set to zero.
    pub(crate) zeroings: u64,
    /// What the WAN's interface counts.
    pub(crate) wan: Moved,
    /// By owner.
    pub(crate) tallies: Vec<Tally>,
}

impl Router {
    pub(crate) fn new(now: u64, owners: usize, [zeroed, written_back]: [Option<u64>; 2]) -> Self {
        Self {
            now,
            entries: BTreeMap::new(),
            opened: 0,
            zeroed_every: zeroed,
            written_back_every: written_back,
            zeroings: 0,
            wan: Moved::default(),
            tallies: vec![Tally::default(); owners],
        }
    }

    /// The table, in the order in which its entries came.
    pub(crate) fn table(&self) -> Vec<Flow> {
        let timeout = |entry: &Entry| u32::try_from(entry.expires - self.now).ok();
        self.entries.values().map(|entry| Flow { timeout: timeout(entry), ..entry.flow }).collect()
    }

    /// A second passes: entries expire, and others do with the counters as they do.
    pub(crate) fn pass_a_second(&mut self) {
        self.now += 1;
        let Self { entries, tallies, now, .. } = self;
        entries.retain(|_, entry| {
            let stays = entry.expires > *now;
            tallies[entry.owner].closed[group(entry.flow.protocol)] += u64::from(!stays);
            stays
        });
        if self.written_back_every.is_some_and(|every| self.now.is_multiple_of(every)) {
            self.entries.values_mut().for_each(|entry| write_back(entry, &mut self.tallies));
        }
        if self.zeroed_every.is_some_and(|every| self.now % every == ZEROED_AFTER) {
            self.zeroings += 1;
            for Entry { flow, .. } in self.entries.values_mut() {
                flow.original.counters = Some(Counters::default());
                flow.reply.counters = Some(Counters::default());
            }
        }
    }

    /// Somebody in the house, or the router, sends a first packet: of TCP a SYN that nobody has answered yet.
    pub(crate) fn call(&mut self, from: Party, server: Server) -> Connection {
        // As Linux gives them out: 32768 to 60999, here one after the other.
        let port = u16::try_from(32_768 + self.opened % 28_232).unwrap();
        self.call_from(from, port, server)
    }

    /// The same from a port of the caller's choice.
    pub(crate) fn call_from(&mut self, from: Party, port: u16, server: Server) -> Connection {
        let (source, to) = (endpoint(from.address, port), endpoint(server.address, server.port));
        let translated = if server.address == LAN_ADDRESS { source } else { endpoint(WAN_ADDRESS, port) };
        self.open(from.owner, server.protocol, false, [(source, to), (to, translated)])
    }

    /// Somebody outside sends a first packet to a port that is forwarded to a device.
    pub(crate) fn accept(&mut self, from: Server, to: Party, port: u16) -> Connection {
        let (source, inner) = (endpoint(from.address, from.port), endpoint(to.address, port));
        self.open(to.owner, from.protocol, true, [(source, endpoint(WAN_ADDRESS, port)), (inner, source)])
    }

    fn open(
        &mut self,
        owner: usize,
        protocol: Protocol,
        inbound: bool,
        ends: [(Endpoint, Endpoint); 2],
    ) -> Connection {
        let [original, reply] = ends.map(|(source, destination)| Tuple {
            source,
            destination,
            counters: Some(Counters::default()),
        });
        let flags = Flags::UNREPLIED;
        let state = State::of(protocol, Some(State::SynSent), flags);
        let flow = Flow { protocol, state, flags, timeout: None, mark: 0, zone: 0, original, reply };
        let expires = self.now + if protocol == Protocol::TCP { kept::SYN_SENT } else { kept::UDP };
        let untold = Default::default();
        let entry = Entry { flow, owner, inbound, opened: self.now, expires, in_hardware: false, untold };
        let connection = Connection(self.opened);
        self.entries.insert(connection, entry);
        self.opened += 1;
        self.tallies[owner].opened[group(protocol)] += 1;
        if protocol == Protocol::TCP {
            self.carry(connection, packets(1, 60), Counters::default());
        }
        connection
    }

    /// Packets pass, in the direction of the first one and in the other.
    pub(crate) fn carry(&mut self, connection: Connection, original: Counters, reply: Counters) {
        let Some(entry) = self.entries.get_mut(&connection) else { return };
        let moved =
            if entry.inbound { Moved { rx: original, tx: reply } } else { Moved { rx: reply, tx: original } };
        self.tallies[entry.owner].moved += moved;
        if entry.flow.original.destination.address != LAN_ADDRESS {
            self.wan += Moved { rx: framed(moved.rx), tx: framed(moved.tx) };
        }
        entry.untold[0] += original;
        entry.untold[1] += reply;
        if !entry.in_hardware {
            write_back(entry, &mut self.tallies);
        }
        entry.in_hardware |= self.written_back_every.is_some() && original.packets + reply.packets >= BUSY;
        stay(entry, self.now, reply.packets > 0);
    }

    /// The connection is closed in good order: a FIN each way and its acknowledgement.
    pub(crate) fn finish(&mut self, connection: Connection) {
        self.end(connection, State::TimeWait, kept::TIME_WAIT, [packets(2, 104), packets(2, 104)]);
    }

    /// The side that began resets the connection.
    pub(crate) fn reset(&mut self, connection: Connection) {
        self.end(connection, State::Close, kept::CLOSE, [packets(1, 40), Counters::default()]);
    }

    /// Packets that end a connection are the processor's: what hardware knows is told before.
    fn end(&mut self, connection: Connection, state: State, kept: u64, [original, reply]: [Counters; 2]) {
        let Some(entry) = self.entries.get_mut(&connection) else { return };
        write_back(entry, &mut self.tallies);
        entry.in_hardware = false;
        self.carry(connection, original, reply);
        let Some(entry) = self.entries.get_mut(&connection) else { return };
        entry.flow.state = state;
        entry.expires = self.now + kept;
    }
}

/// What was carried shows in the table.
fn write_back(entry: &mut Entry, tallies: &mut [Tally]) {
    let [original, reply] = std::mem::take(&mut entry.untold);
    let told =
        if entry.inbound { Moved { rx: original, tx: reply } } else { Moved { rx: reply, tx: original } };
    tallies[entry.owner].told += told;
    for (tuple, carried) in [(&mut entry.flow.original, original), (&mut entry.flow.reply, reply)] {
        *tuple.counters.get_or_insert_default() += carried;
    }
}

/// A packet has passed: `nf_conntrack_tcp_packet` and `nf_conntrack_udp_packet` say what then is known, and for how long.
fn stay(entry: &mut Entry, now: u64, is_reply: bool) {
    let flow = &mut entry.flow;
    let answered = is_reply || flow.flags.seen_reply();
    let lasts = now > entry.opened + 2;
    let (state, kept) = match (flow.protocol == Protocol::TCP, answered) {
        (true, true) => (State::Established, kept::ESTABLISHED),
        (true, false) => (State::SynSent, kept::SYN_SENT),
        (false, true) if lasts => (State::Active, kept::UDP_STREAM),
        (false, true) => (State::Active, kept::UDP),
        (false, false) => (State::Unreplied, kept::UDP),
    };
    flow.flags = match answered {
        true if flow.protocol == Protocol::TCP || lasts => Flags::ASSURED,
        true => Flags::default(),
        false => Flags::UNREPLIED,
    };
    flow.state = state;
    entry.expires = now + kept;
}

const fn endpoint(address: Ipv4Addr, port: u16) -> Endpoint {
    Endpoint { address: std::net::IpAddr::V4(address), port }
}

pub(crate) const fn packets(packets: u64, bytes: u64) -> Counters {
    Counters { packets, bytes }
}

const fn framed(counters: Counters) -> Counters {
    packets(counters.packets, counters.bytes + counters.packets * ETHERNET)
}

fn group(protocol: Protocol) -> usize {
    ProtocolGroup::of(protocol).index()
}
