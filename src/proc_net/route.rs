//! Through which interfaces the default routes lead: `/proc/net/route`, as the kernel's `fib_route_seq_show()` prints it,
//! and `/proc/net/ipv6_route`, as `ipv6_route_native_seq_show()` does.
//!
//! The two don't show the same:
//! - Of IPv4 it is the main table alone. Of IPv6 it is every table, so the default route of one that only a rule leads to,
//!   as those of a VPN or of a second uplink, is there as well.
//! - Of an IPv4 route with several next hops only the first is shown (`fib_info_nhc(fi, 0)`). Of IPv6 each has a line,
//!   unless it is made of nexthop objects (`ip nexthop`): then the first again. So an uplink among which the kernel
//!   shares its IPv4 traffic may be missing.
//! - A network as wide as half the internet, such as a VPN's `0.0.0.0/1`, is no default route.

use std::collections::BTreeSet;
use std::io;

use nix::libc::{IFNAMSIZ, RTF_REJECT, RTF_UP};

use super::{ProcNetError, beginning};
use crate::root::Root;

/// Where IPv4 routes are.
pub const ROUTE: &str = "/proc/net/route";
/// Where IPv6 routes are.
pub const IPV6_ROUTE: &str = "/proc/net/ipv6_route";

/// Beyond so many bytes of either nothing is read: 8,192 routes of IPv4, of which the default ones come first, and 6,990
/// of IPv6.
pub(crate) const FILE_AT_MOST: u64 = 1 << 20;

/// Reads through which interfaces the default routes of the router below `root` lead. A kernel without one of the files,
/// as one without IPv6, has no such routes.
pub fn read(root: &Root) -> Result<BTreeSet<String>, ProcNetError> {
    let mut interfaces = parse_ipv4(&text(root, ROUTE)?);
    interfaces.extend(parse_ipv6(&text(root, IPV6_ROUTE)?));
    Ok(interfaces)
}

fn text(root: &Root, path: &str) -> Result<Vec<u8>, ProcNetError> {
    match beginning(root, path, FILE_AT_MOST) {
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The interfaces of the default routes in the text of [`ROUTE`]. A line that can't be understood is passed over.
pub fn parse_ipv4(text: &[u8]) -> BTreeSet<String> {
    interfaces(text, |words| {
        let [name, destination, _gateway, flags, _references, _use, _metric, mask, ..] = words else {
            return None;
        };
        let is_default = is_zero(destination, 8) && is_zero(mask, 8) && leads_somewhere(flags);
        // A `blackhole` has no interface, and not the flag of a refusal.
        (is_default && *name != "*").then_some(*name)
    })
}

/// The interfaces of the default routes in the text of [`IPV6_ROUTE`], those for one source among them (`from` in
/// iproute2's words). A line that can't be understood is passed over.
pub fn parse_ipv6(text: &[u8]) -> BTreeSet<String> {
    interfaces(text, |words| {
        let [destination, length, _from, _from_length, _gateway, _metric, _references, _use, flags, name] =
            words
        else {
            return None;
        };
        (is_zero(destination, 32) && is_zero(length, 2) && leads_somewhere(flags)).then_some(*name)
    })
}

/// What `default` says of the words of each line, if it can be an interface's name.
fn interfaces(text: &[u8], default: impl for<'a> Fn(&[&'a str]) -> Option<&'a str>) -> BTreeSet<String> {
    let lines = text.split(|byte| *byte == b'\n');
    let names = lines.filter_map(|line| {
        let line = String::from_utf8_lossy(line);
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        default(&words).filter(|name| name.len() < IFNAMSIZ).map(str::to_owned)
    });
    names.collect()
}

fn is_zero(hexadecimal: &str, digits: usize) -> bool {
    hexadecimal.len() == digits && hexadecimal.bytes().all(|digit| digit == b'0')
}

/// Whether a route of these flags, in hexadecimal, is in force and no refusal: `unreachable` and its like are shown too.
fn leads_somewhere(flags: &str) -> bool {
    let flags = u32::from_str_radix(flags, 16).unwrap_or_default();
    flags & u32::from(RTF_UP) != 0 && flags & u32::from(RTF_REJECT) == 0
}

#[cfg(test)]
mod tests;
