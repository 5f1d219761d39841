//! An entry as text, as the kernel's `ct_seq_show()` prints it.

use std::fmt::{self, Display};
use std::net::IpAddr;

use conntrack_exporter::conntrack::flow::{Flags, Flow, Protocol, Tuple};

/// A flow that is shown as a line of the table.
pub struct Line<'a>(pub &'a Flow);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(flow) = self;
        let family = if flow.original.source.address.is_ipv4() { "ipv4     2" } else { "ipv6     10" };
        let protocol = match flow.protocol.0 {
            6 => "tcp",
            17 => "udp",
            1 => "icmp",
            58 => "icmpv6",
            _ => "unknown",
        };
        write!(f, "{family} {protocol:8} {} ", flow.protocol.0)?;
        if let Some(timeout) = flow.timeout {
            write!(f, "{timeout} ")?;
        }
        if flow.protocol == Protocol::TCP {
            write!(f, "{} ", flow.state.name())?;
        }
        tuple(f, flow.protocol, &flow.original)?;
        if flow.flags.contains(Flags::UNREPLIED) {
            f.write_str("[UNREPLIED] ")?;
        }
        tuple(f, flow.protocol, &flow.reply)?;
        for (flag, name) in
            [(Flags::ASSURED, "ASSURED"), (Flags::OFFLOAD, "OFFLOAD"), (Flags::HW_OFFLOAD, "HW_OFFLOAD")]
        {
            if flow.flags.contains(flag) {
                write!(f, "[{name}] ")?;
            }
        }
        write!(f, "mark={} zone={} use=2", flow.mark, flow.zone)
    }
}

fn tuple(f: &mut fmt::Formatter<'_>, protocol: Protocol, tuple: &Tuple) -> fmt::Result {
    let (source, destination) = (tuple.source, tuple.destination);
    write!(f, "src={} dst={} ", Address(source.address), Address(destination.address))?;
    if matches!(protocol.0, 1 | 58) {
        let [kind, code] = destination.port.to_be_bytes();
        write!(f, "type={kind} code={code} id={} ", source.port)?;
    } else {
        write!(f, "sport={} dport={} ", source.port, destination.port)?;
    }
    match tuple.counters {
        Some(counters) => write!(f, "packets={} bytes={} ", counters.packets, counters.bytes),
        None => Ok(()),
    }
}

/// An address with all its digits, as `%pI6` has it.
struct Address(IpAddr);

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IpAddr::V6(v6) = self.0 else { return self.0.fmt(f) };
        let groups = v6.segments().map(|group| format!("{group:04x}"));
        f.write_str(&groups.join(":"))
    }
}
