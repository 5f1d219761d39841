//! One line of the table, printed: what [`super::line`] reads.

use std::fmt;
use std::net::IpAddr;

use crate::conntrack::flow::{Flags, Flow, Protocol, State, Tuple};

/// A flow as the kernel's `ct_seq_show()` prints it, without a newline.
///
/// What a flow doesn't know is left out, not made up: the use count, timestamps, the zone of one direction alone, and the
/// states of other protocols than TCP.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(pub &'a Flow);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flow { protocol, state, flags, timeout, mark, zone, ref original, ref reply } = *self.0;
        let family = if original.source.address.is_ipv4() { "ipv4     2" } else { "ipv6     10" };
        write!(f, "{family} {:<8} {}", kernel_name(protocol), protocol.0)?;
        if let Some(timeout) = timeout {
            write!(f, " {timeout}")?;
        }
        // An offloaded entry shows no state, and one without either is open.
        let shown = timeout.is_some() || state != State::Established;
        if protocol == Protocol::TCP && shown && !flags.offloaded() {
            write!(f, " {}", state.name())?;
        }
        tuple(f, protocol, original)?;
        if flags.contains(Flags::UNREPLIED) {
            f.write_str(" [UNREPLIED]")?;
        }
        tuple(f, protocol, reply)?;
        f.write_str(if flags.contains(Flags::HW_OFFLOAD) {
            " [HW_OFFLOAD]"
        } else if flags.contains(Flags::OFFLOAD) {
            " [OFFLOAD]"
        } else if flags.contains(Flags::ASSURED) {
            " [ASSURED]"
        } else {
            ""
        })?;
        write!(f, " mark={mark}")?;
        if zone == 0 { Ok(()) } else { write!(f, " zone={zone}") }
    }
}

/// `print_tuple()` and `seq_print_acct()` of `nf_conntrack_standalone.c`.
fn tuple(f: &mut fmt::Formatter<'_>, protocol: Protocol, tuple: &Tuple) -> fmt::Result {
    let Tuple { source, destination, counters } = tuple;
    write!(f, " src={} dst={}", Address(source.address), Address(destination.address))?;
    let [kind, code] = destination.port.to_be_bytes();
    match (protocol.0, source.port, destination.port) {
        (1 | 58, id, _) => write!(f, " type={kind} code={code} id={id}")?,
        (47, from, to) => write!(f, " srckey=0x{from:x} dstkey=0x{to:x}")?,
        (6 | 17 | 33 | 132 | 136, from, to) => write!(f, " sport={from} dport={to}")?,
        // The kernel tracks no ports of others.
        (_, 0, 0) => {}
        (_, from, to) => write!(f, " sport={from} dport={to}")?,
    }
    match counters {
        Some(counters) => write!(f, " packets={} bytes={}", counters.packets, counters.bytes),
        None => Ok(()),
    }
}

/// An address as the kernel prints it: IPv6 with all its digits (`%pI6`).
#[derive(Clone, Copy, Debug)]
pub struct Address(pub IpAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => v6.segments().iter().enumerate().try_for_each(|(place, segment)| {
                let separator = if place == 0 { "" } else { ":" };
                write!(f, "{separator}{segment:04x}")
            }),
        }
    }
}

/// The kernel's `l4proto_name()`.
const fn kernel_name(protocol: Protocol) -> &'static str {
    match protocol.0 {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        47 => "gre",
        58 => "icmpv6",
        132 => "sctp",
        136 => "udplite",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::procfs::line::parse;

    #[test]
    fn lines_of_the_kernels_own() {
        for line in [
            "ipv4     2 tcp      6 431998 ESTABLISHED src=192.168.8.100 dst=203.0.113.1 sport=42598 dport=443 packets=4 bytes=217 \
             src=203.0.113.1 dst=203.0.113.10 sport=443 dport=42598 packets=3 bytes=165 [ASSURED] mark=7 zone=2",
            "ipv4     2 udp      17 28 src=192.168.8.2 dst=9.9.9.9 sport=5353 dport=53 [UNREPLIED] src=9.9.9.9 \
             dst=203.0.113.10 sport=53 dport=5353 mark=0",
            "ipv6     10 tcp      6 src=2001:0db8:00aa:0010:0000:0000:0000:0011 dst=2001:0db8:beef:0000:0000:0000:0000:0007 \
             sport=1 dport=443 src=2001:0db8:beef:0000:0000:0000:0000:0007 dst=2001:0db8:00aa:0010:0000:0000:0000:0011 \
             sport=443 dport=1 [OFFLOAD] mark=0",
            "ipv4     2 icmp     1 24 src=192.168.8.101 dst=198.51.100.7 type=8 code=3 id=4660 src=198.51.100.7 \
             dst=203.0.113.10 type=0 code=3 id=4660 mark=0",
            "ipv4     2 gre      47 178 src=192.168.8.61 dst=198.51.100.77 srckey=0x0 dstkey=0x4c01 src=198.51.100.77 \
             dst=203.0.113.10 srckey=0x4c01 dstkey=0x0 [ASSURED] mark=0",
            "ipv4     2 unknown  50 594 src=192.168.8.101 dst=198.51.100.7 [UNREPLIED] src=198.51.100.7 dst=203.0.113.10 mark=0",
        ] {
            assert_eq!(Line(&parse(line.as_bytes()).unwrap()).to_string(), line);
        }
    }
}
