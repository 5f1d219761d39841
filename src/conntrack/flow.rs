//! What one entry of the connection table says.
//!
//! A [`Flow`] is the same whichever way it was read. It knows nothing of devices, names or measurements.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::AddAssign;

/// One entry of the connection table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The layer 4 protocol.
    pub protocol: Protocol,
    /// Where the connection stands.
    pub state: State,
    /// The flags that the kernel shows.
    pub flags: Flags,
    /// Seconds until the kernel forgets the entry; an offloaded entry shows none.
    pub timeout: Option<u32>,
    /// The connection mark; 0 where the kernel keeps none.
    pub mark: u32,
    /// The zone of both directions; 0 is the ordinary one, and what is shown where each direction has its own.
    pub zone: u16,
    /// The first packet's direction: who began the connection, and with whom.
    pub original: Tuple,
    /// The answers' direction, as the router expects them after its address translation.
    pub reply: Tuple,
}

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// Where packets of this direction come from.
    pub source: Endpoint,
    /// Where packets of this direction go.
    pub destination: Endpoint,
    /// What was carried so far; absent for entries that began while accounting was off.
    pub counters: Option<Counters>,
}

/// An address and what the protocol has in the place of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The layer 3 address.
    pub address: IpAddr,
    /// TCP, UDP and their like: the port. GRE: the key. ICMP: the source has the `id`, the destination
    /// `type` × 256 + `code` (as the kernel's `union nf_conntrack_man_proto` has it). Others: 0.
    pub port: u16,
}

/// Packets and bytes of one direction since the connection began. They can fall: other programs may reset them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets seen.
    pub packets: u64,
    /// Bytes seen, layer 3 headers included.
    pub bytes: u64,
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Endpoint {
    /// `0.0.0.0`, port 0: for flows whose addresses don't matter.
    pub const UNSPECIFIED: Self = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0 };
}

/// A layer 4 protocol by its IANA number. The kernel's names for them differ between builds, the numbers don't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Protocol(pub u8);

impl Protocol {
    /// Transmission Control Protocol.
    pub const TCP: Self = Self(6);
    /// User Datagram Protocol.
    pub const UDP: Self = Self(17);

    /// The names that go out: a closed list, so that an outsider's packets can't invent tag values.
    pub const NAMES: [&'static str; 15] = [
        "tcp", "udp", "icmp", "icmpv6", "igmp", "ipip", "dccp", "ipv6", "gre", "esp", "ah", "l2tp", "sctp",
        "udplite", "other",
    ];

    /// The place of this protocol's name in [`Protocol::NAMES`].
    pub const fn class(self) -> usize {
        match self.0 {
            6 => 0,
            17 => 1,
            1 => 2,
            58 => 3,
            2 => 4,
            4 => 5,
            33 => 6,
            41 => 7,
            47 => 8,
            50 => 9,
            51 => 10,
            115 => 11,
            132 => 12,
            136 => 13,
            _ => 14,
        }
    }

    /// The name that goes out.
    ///
    /// ```
    /// # use conntrack_exporter::conntrack::flow::Protocol;
    /// assert_eq!(Protocol::UDP.name(), "udp");
    /// assert_eq!(Protocol(99).name(), "other");
    /// ```
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self.class()).copied().unwrap_or("other")
    }
}

/// Where a connection stands: TCP's own states, and two for everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// TCP, nothing seen yet.
    None,
    /// TCP, the first SYN was seen: half-open.
    SynSent,
    /// TCP, SYN and its answer were seen.
    SynRecv,
    /// TCP, open.
    Established,
    /// TCP, one side has said FIN.
    FinWait,
    /// TCP, the FIN was acknowledged, the other side's is awaited.
    CloseWait,
    /// TCP, both have said FIN, the last acknowledgement is awaited.
    LastAck,
    /// TCP, closed in good order and kept a while.
    TimeWait,
    /// TCP, reset.
    Close,
    /// TCP, both sides began at once.
    SynSent2,
    /// Not TCP, and a reply was seen.
    Active,
    /// Not TCP, and no reply was seen.
    Unreplied,
}

impl State {
    /// Whether a connection is one that is used: ESTABLISHED or ACTIVE.
    pub const fn is_connection(self) -> bool {
        matches!(self, Self::Established | Self::Active)
    }

    /// Every state, in the order of [`State::index`].
    pub const ALL: [Self; 12] = [
        Self::None,
        Self::SynSent,
        Self::SynRecv,
        Self::Established,
        Self::FinWait,
        Self::CloseWait,
        Self::LastAck,
        Self::TimeWait,
        Self::Close,
        Self::SynSent2,
        Self::Active,
        Self::Unreplied,
    ];

    /// This state's place in [`State::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name that goes out; TCP's as in the kernel's `tcp_conntrack_names`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::SynSent => "SYN_SENT",
            Self::SynRecv => "SYN_RECV",
            Self::Established => "ESTABLISHED",
            Self::FinWait => "FIN_WAIT",
            Self::CloseWait => "CLOSE_WAIT",
            Self::LastAck => "LAST_ACK",
            Self::TimeWait => "TIME_WAIT",
            Self::Close => "CLOSE",
            Self::SynSent2 => "SYN_SENT2",
            Self::Active => "ACTIVE",
            Self::Unreplied => "UNREPLIED",
        }
    }

    /// The TCP state of this kernel number (`enum tcp_conntrack`).
    pub fn from_tcp_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied().filter(|state| *state <= Self::SynSent2)
    }

    /// The TCP state of this kernel name.
    pub const fn from_tcp_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"NONE" => Self::None,
            b"SYN_SENT" => Self::SynSent,
            b"SYN_RECV" => Self::SynRecv,
            b"ESTABLISHED" => Self::Established,
            b"FIN_WAIT" => Self::FinWait,
            b"CLOSE_WAIT" => Self::CloseWait,
            b"LAST_ACK" => Self::LastAck,
            b"TIME_WAIT" => Self::TimeWait,
            b"CLOSE" => Self::Close,
            b"SYN_SENT2" => Self::SynSent2,
            _ => return None,
        })
    }

    /// Where a flow of `protocol` stands, given what the kernel shows of it.
    ///
    /// `tcp_state` is what the kernel shows of a TCP entry; offloaded entries show none. An offloaded TCP connection is
    /// open whatever state is shown: the kernel takes the flag away before it moves the state on. A TCP entry with
    /// neither flag nor state was caught while one of the two changed, and is open as well.
    pub fn of(protocol: Protocol, tcp_state: Option<Self>, flags: Flags) -> Self {
        if protocol != Protocol::TCP {
            return if flags.seen_reply() { Self::Active } else { Self::Unreplied };
        }
        match tcp_state {
            Some(state) if !flags.offloaded() => state,
            _ => Self::Established,
        }
    }
}

/// What the kernel's text shows of an entry in brackets, one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// No reply was seen (`[UNREPLIED]`: `IPS_SEEN_REPLY` is not set).
    pub const UNREPLIED: Self = Self(1);
    /// Early dropping spares this entry (`IPS_ASSURED`). It does not mean "established".
    pub const ASSURED: Self = Self(2);
    /// A flow table in software carries the packets past the network stack (`IPS_OFFLOAD`).
    pub const OFFLOAD: Self = Self(4);
    /// The hardware carries them (`IPS_HW_OFFLOAD`).
    pub const HW_OFFLOAD: Self = Self(8);

    /// Those of the kernel's status bits (`enum ip_conntrack_status`), as its text shows them: of offload in hardware,
    /// offload in software and being assured only the first.
    pub const fn of_status(status: u32) -> Self {
        const SEEN_REPLY: u32 = 1 << 1;
        const ASSURED: u32 = 1 << 2;
        const OFFLOAD: u32 = 1 << 14;
        const HW_OFFLOAD: u32 = 1 << 15;
        let mut flags = if status & HW_OFFLOAD != 0 {
            Self::HW_OFFLOAD
        } else if status & OFFLOAD != 0 {
            Self::OFFLOAD
        } else if status & ASSURED != 0 {
            Self::ASSURED
        } else {
            Self(0)
        };
        if status & SEEN_REPLY == 0 {
            flags.insert(Self::UNREPLIED);
        }
        flags
    }

    /// Its bits, of which [`Flags::from_bits`] makes it again.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The flags that have these bits.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0xf)
    }

    /// Whether all of `other` is set here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets all of `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether a reply was seen. Only flows with traffic both ways are offloaded, whatever else is shown.
    pub const fn seen_reply(self) -> bool {
        !self.contains(Self::UNREPLIED) || self.offloaded()
    }

    /// Whether software or hardware carries the packets past the network stack.
    pub const fn offloaded(self) -> bool {
        self.contains(Self::OFFLOAD) || self.contains(Self::HW_OFFLOAD)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::UNREPLIED, "UNREPLIED"),
            (Self::ASSURED, "ASSURED"),
            (Self::OFFLOAD, "OFFLOAD"),
            (Self::HW_OFFLOAD, "HW_OFFLOAD"),
        ];
        let set = names.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| *name);
        f.debug_set().entries(set).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_place_and_its_name_back() {
        for (index, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(state.index(), index);
            let tcp = !matches!(state, State::Active | State::Unreplied);
            assert_eq!(State::from_tcp_name(state.name().as_bytes()), tcp.then_some(state));
            assert_eq!(State::from_tcp_number(u8::try_from(index).unwrap()), tcp.then_some(state));
        }
        assert_eq!(State::from_tcp_name(b"LISTEN"), None);
    }

    #[test]
    fn offload_decides_over_what_is_shown() {
        let (offload, unreplied) = (Flags::OFFLOAD, Flags::UNREPLIED);
        let none = Flags::default();
        assert_eq!(State::of(Protocol::TCP, None, offload), State::Established);
        assert_eq!(State::of(Protocol::TCP, Some(State::TimeWait), Flags::HW_OFFLOAD), State::Established);
        assert_eq!(State::of(Protocol::TCP, Some(State::TimeWait), none), State::TimeWait);
        assert_eq!(State::of(Protocol::TCP, None, none), State::Established);
        assert_eq!(State::of(Protocol::UDP, None, offload), State::Active);
        assert_eq!(State::of(Protocol::UDP, None, none), State::Active);
        assert_eq!(State::of(Protocol::UDP, None, unreplied), State::Unreplied);
        assert_eq!(State::of(Protocol(132), Some(State::Established), unreplied), State::Unreplied);
    }

    #[test]
    fn flags_of_the_kernels_status() {
        let unreplied_and = |mut flags: Flags| {
            flags.insert(Flags::UNREPLIED);
            flags
        };
        assert_eq!(Flags::of_status(0), Flags::UNREPLIED);
        assert_eq!(Flags::of_status(0x2), Flags::default());
        assert_eq!(Flags::of_status(0xe), Flags::ASSURED);
        assert_eq!(Flags::of_status(0x4), unreplied_and(Flags::ASSURED));
        assert_eq!(Flags::of_status(0x400e), Flags::OFFLOAD);
        assert_eq!(Flags::of_status(0xc00e), Flags::HW_OFFLOAD);
        assert_eq!(Flags::of_status(0x8000), unreplied_and(Flags::HW_OFFLOAD));
    }

    #[test]
    fn flags_show_their_names() {
        let mut flags = Flags::ASSURED;
        flags.insert(Flags::OFFLOAD);
        assert_eq!(format!("{flags:?}"), r#"{"ASSURED", "OFFLOAD"}"#);
    }
}
