//! One connection and what waits to go over it.

use conntrack_exporter::conntrack::flow::{Counters, Protocol};
use conntrack_exporter::measurements::Moved;

use super::line::Both;
use crate::household::device::Datagrams;
use crate::household::random::Random;
use crate::household::router::{Connection, Router, packets};

/// Bytes of an Ethernet header.
const ETHERNET: u64 = 14;
/// Headers of IPv4 and UDP.
const UDP_HEADERS: u64 = 28;
/// How many segments are sent at first, before anything is acknowledged (RFC 6928).
const INITIAL_WINDOW: u64 = 10;

/// How bytes are made into packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    /// QUIC; datagrams of so many bytes.
    Quic(u64),
    /// What torrents use over UDP (BEP 29).
    Utp,
}

/// The other side: bytes a second that it gives and takes at most, and how far away it is in milliseconds, there and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Far {
    pub(crate) ceiling: Both,
    pub(crate) distance: u64,
}

#[derive(Debug)]
pub(crate) struct Stream {
    pub(super) connection: Connection,
    pub(super) owner: usize,
    pub(crate) far: Far,
    pub(super) transport: Transport,
    inbound: bool,
    /// Bytes that wait.
    pub(crate) left: Both,
    /// Datagrams of this second, received and sent: too late for the next one.
    pub(super) said: Vec<[Datagrams; 2]>,
    /// Bytes that went in the last second.
    pub(crate) moved: Both,
    /// Bytes that could have gone in the last second.
    pub(crate) speed: Both,
    /// How many of a hundred datagrams of the last second were lost, the worse direction's.
    pub(crate) lost: u64,
    greeted: bool,
    /// Whether it moved something in the last second.
    busy: bool,
    /// What the other side and the way there allow in this second.
    allowed: Both,
    /// Bytes on the wire that this second's datagrams want.
    spoken: Both,
}

impl Transport {
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Tcp => Protocol::TCP,
            Self::Quic(_) | Self::Utp => Protocol::UDP,
        }
    }

    /// What a packet carries.
    const fn payload(self) -> u64 {
        match self {
            Self::Tcp => 1448,
            Self::Quic(bytes) => bytes,
            Self::Utp => 1380,
        }
    }

    /// A packet's headers of layers 3 and 4, and the transport's own above UDP.
    const fn headers(self) -> u64 {
        match self {
            Self::Tcp => 52,
            Self::Quic(_) => UDP_HEADERS,
            Self::Utp => UDP_HEADERS + 20,
        }
    }

    /// After how many packets one is acknowledged, and the bytes of that with headers of layers 3 and 4.
    const fn acknowledgement(self) -> (u64, u64) {
        match self {
            Self::Tcp => (2, 52),
            Self::Quic(_) => (5, UDP_HEADERS + 35),
            Self::Utp => (1, UDP_HEADERS + 20),
        }
    }

    /// Bytes on the wire of so many bytes that are carried.
    const fn wire(self, carried: u64) -> u64 {
        carried + carried.div_ceil(self.payload()) * (self.headers() + ETHERNET)
    }

    /// What so many bytes on the wire carry.
    const fn carried(self, wire: u64) -> u64 {
        let headers = self.headers() + ETHERNET;
        wire.saturating_sub(wire.div_ceil(self.payload() + headers) * headers)
    }

    /// How many packets the table counts for one that was on the wire, of so many bytes a second: GRO merges what arrives
    /// together, and more does the faster it comes.
    const fn merged(self, per_second: u64) -> u64 {
        match (self, per_second) {
            (Self::Quic(_) | Self::Utp, _) | (Self::Tcp, ..250_000) => 1,
            (Self::Tcp, 250_000..1_250_000) => 2,
            (Self::Tcp, 1_250_000..6_250_000) => 4,
            (Self::Tcp, 6_250_000..25_000_000) => 8,
            (Self::Tcp, _) => 16,
        }
    }
}

impl Stream {
    pub(super) fn new(
        connection: Connection,
        owner: usize,
        far: Far,
        transport: Transport,
        inbound: bool,
    ) -> Self {
        Self {
            connection,
            owner,
            far,
            transport,
            inbound,
            left: Both::default(),
            said: Vec::new(),
            moved: Both::default(),
            speed: Both::default(),
            lost: 0,
            greeted: false,
            busy: false,
            allowed: Both::default(),
            spoken: Both::default(),
        }
    }

    /// Bytes on the wire that it wants to move in this second.
    pub(super) fn wants(&mut self, random: &mut Random) -> Both {
        // Servers, their networks and radio are not the same in every second.
        let ceiling = self.far.ceiling.percent(random.among(88..=100));
        self.allowed = Both { down: self.started(ceiling.down), up: self.started(ceiling.up) };
        let now = self.left.at_most(self.allowed);
        let spoken = |pick: usize| self.said.iter().map(|datagrams| on_wire(datagrams[pick])).sum();
        self.spoken = Both { down: spoken(0), up: spoken(1) };
        self.spoken + Both { down: self.transport.wire(now.down), up: self.transport.wire(now.up) }
    }

    /// What a second carries at most: the first after a silence begins with few segments and doubles them (slow start,
    /// RFC 5681), the very first begins with two or three journeys without any.
    fn started(&self, ceiling: u64) -> u64 {
        if self.busy {
            return ceiling;
        }
        let distance = self.far.distance.max(1);
        let mut elapsed = if self.greeted { 0 } else { 3 * distance };
        let (mut window, mut carried) = (INITIAL_WINDOW * self.transport.payload(), 0);
        while elapsed < 1000 {
            let full = ceiling * distance / 1000;
            carried += window.min(full);
            window = window.saturating_mul(2);
            elapsed += distance;
        }
        carried.min(ceiling)
    }

    /// Bytes on the wire that go the other way when so many have come.
    pub(super) const fn acknowledgement(&self, granted: u64) -> u64 {
        let (every, bytes) = self.transport.acknowledgement();
        let packets = granted.div_ceil(self.transport.payload() + self.transport.headers() + ETHERNET);
        packets / every * (bytes + ETHERNET)
    }

    /// So many bytes on the wire may pass. `spare`: what the line had left for everybody.
    pub(super) fn pass(&mut self, router: &mut Router, granted: Both, spare: Both, merges: bool) {
        let said = std::mem::take(&mut self.said);
        let heard = granted.at_most(self.spoken);
        self.lost = percent_lost(self.spoken.down, heard.down).max(percent_lost(self.spoken.up, heard.up));
        let rest = granted.without(heard);
        let carried = Both { down: self.transport.carried(rest.down), up: self.transport.carried(rest.up) };
        let carried = carried.at_most(self.left);
        self.left = self.left.without(carried);
        self.moved = carried + heard;
        self.speed = (carried + spare).at_most(self.allowed);
        self.busy = !carried.is_nothing();
        if self.moved.is_nothing() {
            return;
        }
        self.greeted = true;
        let datagrams = |pick: usize, wanted: u64, heard: u64| {
            let passed = |Datagrams(count, bytes): Datagrams| {
                let count = count * heard / wanted.max(1);
                packets(count, count * (bytes + UDP_HEADERS))
            };
            sum(said.iter().map(|both| passed(both[pick])))
        };
        let spoken = [datagrams(0, self.spoken.down, heard.down), datagrams(1, self.spoken.up, heard.up)];
        self.count(router, carried, spoken, merges);
    }

    /// The table counts what passed, and the WAN's interface what was on the wire.
    fn count(&self, router: &mut Router, carried: Both, spoken: [Counters; 2], merges: bool) {
        let (every, acknowledgement) = self.transport.acknowledgement();
        let direction = |bytes: u64, others: u64, spoken: Counters, merged: u64| {
            let acknowledgements = others.div_ceil(self.transport.payload()) / every;
            let data = bytes.div_ceil(self.transport.payload()).div_ceil(merged);
            let all = packets(
                data + acknowledgements,
                bytes + data * self.transport.headers() + acknowledgements * acknowledgement,
            );
            sum([all, spoken].into_iter())
        };
        let Both { down, up } = carried;
        let together = |bytes: u64| if merges { self.transport.merged(bytes) } else { 1 };
        let [of_the_table, of_the_wire] =
            [[together(down), together(up)], [1, 1]].map(|[down_merged, up_merged]| Moved {
                rx: direction(down, up, spoken[0], down_merged),
                tx: direction(up, down, spoken[1], up_merged),
            });
        let Moved { rx, tx } = of_the_table;
        let (original, reply) = if self.inbound { (rx, tx) } else { (tx, rx) };
        router.carry(self.connection, original, reply);
        router.wan += Moved { rx: beyond(of_the_wire.rx, rx), tx: beyond(of_the_wire.tx, tx) };
    }
}

/// What the wire carries beyond what the table counts, with Ethernet's headers.
const fn beyond(wire: Counters, table: Counters) -> Counters {
    let more = wire.packets - table.packets;
    packets(more, wire.bytes - table.bytes + more * ETHERNET)
}

fn sum(counters: impl Iterator<Item = Counters>) -> Counters {
    counters.fold(Counters::default(), |mut sum, counters| {
        sum += counters;
        sum
    })
}

const fn on_wire(Datagrams(count, bytes): Datagrams) -> u64 {
    count * (bytes + UDP_HEADERS + ETHERNET)
}

const fn percent_lost(wanted: u64, heard: u64) -> u64 {
    (wanted - heard) * 100 / if wanted == 0 { 1 } else { wanted }
}
