//! What the kernel's own counters say, read and attributed by a few lines that the program has nothing to do with.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::ops::{AddAssign, Sub};
use std::str::FromStr;

use super::GUEST;
use crate::household::{LAPTOP, LAPTOP_V6, NAS, NAS_V6, ROUTER, ROUTER_V6, WAN};
use crate::namespace::Namespace;

/// What one device received and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) rx: Counted,
    pub(crate) tx: Counted,
}

/// One direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) bytes: i64,
    pub(crate) packets: i64,
}

impl AddAssign for Carried {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in [(&mut self.rx, other.rx), (&mut self.tx, other.tx)] {
            sum.bytes += more.bytes;
            sum.packets += more.packets;
        }
    }
}

impl Sub for Carried {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let of = |all: Counted, part: Counted| Counted {
            bytes: all.bytes - part.bytes,
            packets: all.packets - part.packets,
        };
        Self { rx: of(self.rx, other.rx), tx: of(self.tx, other.tx) }
    }
}

/// By device.
pub(crate) type ByDevice = BTreeMap<String, Carried>;

/// One entry of the table whose bytes are counted.
struct Entry {
    owner: &'static str,
    carried: Carried,
    /// Bytes of headers in each of its packets, but for those that open or close a connection.
    header: i64,
}

/// What the entries of each device have carried so far, by the kernel's counters.
pub(crate) fn by_the_kernel(router: &Namespace) -> ByDevice {
    let mut sums = ByDevice::new();
    for entry in entries(router) {
        *sums.entry(entry.owner.to_owned()).or_default() += entry.carried;
    }
    sums
}

/// How many bytes of headers each device has received and sent.
pub(crate) fn headers(router: &Namespace) -> BTreeMap<String, [i64; 2]> {
    let mut sums = BTreeMap::<_, [i64; 2]>::new();
    for Entry { owner, carried, header } in entries(router) {
        let [rx, tx] = sums.entry(owner.to_owned()).or_default();
        *rx += carried.rx.packets * header;
        *tx += carried.tx.packets * header;
    }
    sums
}

fn entries(router: &Namespace) -> Vec<Entry> {
    // /proc/net is the whole process's namespace, not the thread's.
    let text = router.enter(|| fs::read_to_string("/proc/thread-self/net/nf_conntrack"));
    text.expect("the table").lines().filter_map(entry).collect()
}

/// `None` of what the router says to itself, and of what the kernel doesn't count.
fn entry(line: &str) -> Option<Entry> {
    let [from, answering] = both::<IpAddr>(line, "src=")?;
    let ([sent, received], [sent_packets, received_packets]) =
        (both(line, "bytes=")?, both(line, "packets=")?);
    let there = Counted { bytes: sent, packets: sent_packets };
    let back = Counted { bytes: received, packets: received_packets };
    let (owner, carried) = match (who(from), who(answering)) {
        ("loopback", _) => return None,
        ("outside", "outside") => ("other", Carried { rx: back, tx: there }),
        ("outside", owner) => (owner, Carried { rx: there, tx: back }),
        (owner, _) => (owner, Carried { rx: back, tx: there }),
    };
    let network = if from.is_ipv6() { 40 } else { 20 };
    // Of TCP with its timestamps, and of UDP.
    let transport = if line.contains(" tcp ") { 32 } else { 8 };
    Some(Entry { owner, carried, header: network + transport })
}

/// What stands behind `key`, of both directions.
fn both<T: FromStr>(line: &str, key: &str) -> Option<[T; 2]> {
    let values = line.split_whitespace().filter_map(|word| word.strip_prefix(key)?.parse().ok());
    values.collect::<Vec<T>>().try_into().ok()
}

/// Whose an address is.
fn who(address: IpAddr) -> &'static str {
    let is = |known: &[&str]| known.iter().any(|known| known.parse() == Ok(address));
    match address {
        _ if address.is_loopback() => "loopback",
        _ if is(&[LAPTOP, LAPTOP_V6]) => "laptop",
        _ if is(&[NAS, NAS_V6]) => "nas",
        _ if is(&[GUEST]) => "guest",
        _ if is(&[ROUTER, ROUTER_V6, WAN]) => "router",
        _ => "outside",
    }
}
