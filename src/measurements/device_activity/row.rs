//! What is kept of one flow, and of one owner, for the time from one look at the table to the next.

use std::net::IpAddr;
use std::ops::AddAssign;

use crate::measurements::Moved;

/// What one flow moved. Sixteen bytes: there is one for every flow that moved something, of several looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// Which flow, by a secret hash of its tuple. Of the hundreds that one device has at most, two have the same once in
    /// ten thousand looks; they then count as one.
    pub(super) flow: u32,
    /// With whom, by a secret hash of the address.
    pub(super) host: u32,
    /// Both ways. A float is right to one part in 16 million, however many there are.
    pub(super) bytes: f32,
    /// The other end's.
    pub(super) port: u16,
    /// The owner's place in its lower bits; what sort of port it is in the upper three.
    place_and_kind: u16,
}

const _: () = assert!(size_of::<Row>() == 16);

/// Owners' places are below this.
const PLACES: u16 = 1 << 13;
const _: () = assert!(crate::attribution::owners::OWNERS_AT_MOST == PLACES as usize);

/// What sort of port the other end has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum PortKind {
    /// Any other.
    Other = 0,
    /// A high one of no known service, or `BitTorrent`'s: peers have such.
    Peer = 1,
    /// A VPN's.
    Vpn = 2,
}

impl Row {
    pub(super) const fn new(
        place: usize,
        kind: PortKind,
        (flow, host, port): (u32, u32, u16),
        bytes: u64,
    ) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "places are below 2^13")]
        let place = place as u16 & (PLACES - 1);
        #[expect(clippy::cast_precision_loss, reason = "one part in 16 million is lost")]
        let bytes = bytes as f32;
        Self { flow, host, bytes, port, place_and_kind: place | (kind as u16) << 13 }
    }

    pub(super) const fn place(&self) -> usize {
        (self.place_and_kind & (PLACES - 1)) as usize
    }

    pub(super) const fn is(&self, kind: PortKind) -> bool {
        self.place_and_kind >> 13 == kind as u16
    }

    /// What puts rows of one owner, and of these those of one flow, side by side.
    pub(super) const fn key(&self) -> u64 {
        key(self.place(), self.flow)
    }
}

/// An owner's flow.
pub(super) const fn key(place: usize, flow: u32) -> u64 {
    (place as u64) << 32 | flow as u64
}

/// What is kept of one owner beside its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Summary {
    /// Rows that were taken.
    pub(super) rows: u32,
    /// Flows for which there was no room.
    pub(super) beyond: u32,
    /// Their bytes.
    pub(super) beyond_bytes: f32,
    /// The busiest flow of UDP by packets.
    pub(super) by_packets: Leader,
    /// The same by bytes.
    pub(super) by_bytes: Leader,
    /// The host of the flow with the most bytes.
    pub(super) top: Option<Top>,
}

/// A flow of UDP that leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leader {
    /// Which flow.
    pub(super) flow: u32,
    /// Whether its port is known for calls.
    pub(super) is_call_port: bool,
    /// What it moved.
    pub(super) moved: Moved,
}

/// The host of a busy flow: the only one of which the address is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Top {
    pub(super) host: u32,
    pub(super) address: IpAddr,
    pub(super) bytes: u64,
}

impl Leader {
    fn packets(&self) -> u64 {
        self.moved.rx.packets.saturating_add(self.moved.tx.packets)
    }

    /// The one of two that leads by `figure`. Two parts of one flow add up.
    fn or(self, other: Self, figure: impl Fn(&Self) -> u64) -> Self {
        if self.flow == other.flow {
            let mut both = self;
            both.is_call_port |= other.is_call_port;
            both.moved += other.moved;
            both
        } else if figure(&other) > figure(&self) {
            other
        } else {
            self
        }
    }
}

impl Summary {
    /// A flow of UDP as well.
    pub(super) fn lead(&mut self, flow: Leader) {
        self.by_packets = self.by_packets.or(flow, Leader::packets);
        self.by_bytes = self.by_bytes.or(flow, |leader| leader.moved.bytes());
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.beyond = self.beyond.saturating_add(other.beyond);
        self.beyond_bytes += other.beyond_bytes;
        self.by_packets = self.by_packets.or(other.by_packets, Leader::packets);
        self.by_bytes = self.by_bytes.or(other.by_bytes, |leader| leader.moved.bytes());
        let bytes = |top: &Option<Top>| top.map_or(0, |top| top.bytes);
        if bytes(&other.top) > bytes(&self.top) {
            self.top = other.top;
        }
    }
}
