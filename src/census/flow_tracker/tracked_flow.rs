//! What is known of one flow.

use crate::attribution::owners::OwnerId;
use crate::conntrack::flow::Protocol;

/// Protocols as far as they are told apart of a flow that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProtocolGroup {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP and `ICMPv6`.
    Icmp,
    /// All others.
    Other,
}

impl ProtocolGroup {
    /// Every group, in the order of [`ProtocolGroup::index`].
    pub const ALL: [Self; 4] = [Self::Tcp, Self::Udp, Self::Icmp, Self::Other];

    /// The group of a protocol.
    pub const fn of(protocol: Protocol) -> Self {
        match protocol.0 {
            6 => Self::Tcp,
            17 => Self::Udp,
            1 | 58 => Self::Icmp,
            _ => Self::Other,
        }
    }

    /// The name that goes out.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Other => "other",
        }
    }

    /// This group's place in [`ProtocolGroup::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What is known of a flow, whether it is there or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackedFlow {
    /// Whose it is.
    pub owner: OwnerId,
    /// What it speaks.
    pub protocol: ProtocolGroup,
    /// Whether nothing has answered yet.
    pub unreplied: bool,
    /// Whether it was new since the last report.
    pub recent: bool,
    /// Whether anything was carried since the last report, as far as the kernel counts.
    pub moved: bool,
}
