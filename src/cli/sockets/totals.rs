//! How many sockets there are in all, and what they take.

use std::fmt;

use serde::Serialize;

use crate::proc_net::sockstat::{self, Sockstat};
use crate::process::page_size;
use crate::root::Root;

/// What the kernel tells of all sockets together; what it doesn't is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    /// Of every family, those of Unix among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets_used: Option<u64>,
    /// TCP over IPv4 and IPv6, without those in `TIME_WAIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_in_use: Option<u64>,
    /// Those that no program holds any more, of the whole machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_orphaned: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_time_wait: Option<u64>,
    /// Of the whole machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_memory_pages: Option<u64>,
    /// The same in bytes, where the size of a page is known: not that of another router.
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_memory_bytes: Option<u64>,
}

impl Totals {
    /// Those of the router below `root`.
    pub(super) fn read(root: &Root) -> Self {
        Self::new(&sockstat::read(root), root.is_live().then(page_size).flatten())
    }

    fn new(stat: &Sockstat, page: Option<u64>) -> Self {
        let both = stat.tcp.in_use.map(|ipv4| ipv4.saturating_add(stat.tcp6_in_use.unwrap_or_default()));
        Self {
            sockets_used: stat.used,
            tcp_in_use: both,
            tcp_orphaned: stat.tcp.orphan,
            tcp_time_wait: stat.tcp.time_wait,
            tcp_memory_pages: stat.tcp.memory_pages,
            tcp_memory_bytes: stat
                .tcp
                .memory_pages
                .zip(page)
                .and_then(|(pages, page)| pages.checked_mul(page)),
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.tcp_memory_bytes.map(|bytes| format!(" ({bytes} bytes)")).unwrap_or_default();
        let told = [
            (self.sockets_used, "sockets of all kinds", ""),
            (self.tcp_in_use, "of TCP in use", ""),
            (self.tcp_orphaned, "orphaned", ""),
            (self.tcp_time_wait, "in TIME-WAIT", ""),
            (self.tcp_memory_pages, "pages of memory for TCP", &*bytes),
        ];
        let told =
            told.into_iter().filter_map(|(figure, what, more)| Some(format!("{} {what}{more}", figure?)));
        let told = told.collect::<Vec<_>>().join(", ");
        if told.is_empty() { Ok(()) } else { writeln!(f, "{told}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc_net::sockstat::parse;

    const IPV4: &[u8] =
        b"sockets: used 172\nTCP: inuse 15 orphan 1 tw 28 alloc 19 mem 4\nUDP: inuse 8 mem 3\n";
    const IPV6: &[u8] = b"TCP6: inuse 6\nUDP6: inuse 5\n";

    #[test]
    fn a_line_with_what_is_known() {
        let told = |ipv4, ipv6, page| Totals::new(&parse(ipv4, ipv6), page).to_string();
        let whole = "172 sockets of all kinds, 21 of TCP in use, 1 orphaned, 28 in TIME-WAIT, \
            4 pages of memory for TCP (16384 bytes)\n";
        assert_eq!(told(IPV4, IPV6, Some(4096)), whole);
        let another_routers = "172 sockets of all kinds, 15 of TCP in use, 1 orphaned, 28 in TIME-WAIT, \
            4 pages of memory for TCP\n";
        assert_eq!(told(IPV4, b"", None), another_routers);
        assert_eq!(told(b"sockets: used 7\n", IPV6, Some(4096)), "7 sockets of all kinds\n");
        assert_eq!(told(b"", b"", Some(4096)), "");
    }

    #[test]
    fn json_has_what_is_known() {
        let json = |ipv4| serde_json::to_string(&Totals::new(&parse(ipv4, IPV6), Some(4096))).unwrap();
        let whole = r#"{"sockets_used":172,"tcp_in_use":21,"tcp_orphaned":1,"tcp_time_wait":28,"tcp_memory_pages":4,"tcp_memory_bytes":16384}"#;
        assert_eq!(json(IPV4), whole);
        assert_eq!(json(b""), "{}");
        let most = format!("TCP: inuse {0} mem {0}\n", u64::MAX);
        let most = Totals::new(&parse(most.as_bytes(), IPV6), Some(4096));
        assert_eq!((most.tcp_in_use, most.tcp_memory_bytes), (Some(u64::MAX), None));
    }
}
