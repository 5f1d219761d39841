//! Devices of the household, and a ledger of what they have open.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream, UdpSocket};

use crate::connections::{asked, at, established, finish, half_open, listen, reset, udp};
use crate::household::{Household, INTERNET, INTERNET_V6, ROUTER, ROUTER_V6, VOID, VOID_V6};
use crate::namespace::Namespace;
use crate::snapshot::Counts;

/// How long entries of every state last: longer than any test, but for those of reset connections.
const TIMEOUTS: [(&str, &str); 7] = [
    ("tcp_timeout_close", "1"),
    ("tcp_timeout_syn_sent", "600"),
    ("tcp_timeout_time_wait", "600"),
    ("udp_timeout", "600"),
    ("udp_timeout_stream", "600"),
    ("icmp_timeout", "600"),
    ("icmpv6_timeout", "600"),
];

/// A device at the LAN's bridge.
pub(crate) struct Device {
    pub(crate) host: Namespace,
    name: &'static str,
    number: u8,
}

impl Device {
    /// Plugs it in. Its `number`, of two digits, is in its addresses.
    pub(crate) fn plug(home: &Household, test: &str, name: &'static str, number: u8) -> Self {
        let device = Self { host: Namespace::new(test, &format!("device{number}")), name, number };
        let (mac, host, v4, v6) = (device.mac(), device.host.name(), device.v4(), device.v6());
        home.router.ip(&format!(
            "link add port{number} type veth peer name eth0 address {mac} netns {host}
            link set port{number} master br-lan up"
        ));
        device.host.ip(&format!(
            "addr add {v4}/24 dev eth0
            addr add {v6}/64 dev eth0 nodad
            link set eth0 up
            route add default via {ROUTER}
            route add ::/0 via {ROUTER_V6}"
        ));
        device
    }

    pub(crate) fn mac(&self) -> String {
        format!("02:00:00:00:00:{}", self.number)
    }

    pub(crate) fn v4(&self) -> String {
        format!("192.168.8.{}", self.number)
    }

    fn v6(&self) -> String {
        format!("2001:db8:aa:10::{}", self.number)
    }

    /// Writes the lease file.
    pub(crate) fn lease(home: &Household, devices: &[Self]) {
        let texts: Vec<_> = devices.iter().map(|it| (it.mac(), it.v4(), it.v6(), it.name)).collect();
        let rows: Vec<_> =
            texts.iter().map(|(mac, v4, v6, name)| (&**mac, &**v4, &**v6, name.as_bytes())).collect();
        home.lease(&rows);
    }
}

/// Has the router keep entries for long.
pub(crate) fn keep_entries(home: &Household) {
    for (name, seconds) in TIMEOUTS {
        home.router.set(&format!("netfilter/nf_conntrack_{name}"), seconds);
    }
}

/// What the devices have open, and so what the router's table must hold.
pub(crate) struct Ledger {
    pub(crate) counts: Counts,
    open: BTreeMap<&'static str, Vec<(TcpStream, TcpStream)>>,
    tcp: [TcpListener; 2],
    udp: [UdpSocket; 2],
}

impl Ledger {
    pub(crate) fn new(home: &Household) -> Self {
        let tcp = [INTERNET, INTERNET_V6].map(|address| listen(&home.internet, at(address, 443)));
        let udp = [INTERNET, INTERNET_V6].map(|address| udp(&home.internet, at(address, 443)));
        Self { counts: Counts::new(), open: BTreeMap::new(), tcp, udp }
    }

    /// Opens TCP connections: so many over IPv4 and over IPv6.
    pub(crate) fn open(&mut self, device: &Device, [v4, v6]: [u8; 2]) {
        for (server, count) in self.tcp.iter().zip([v4, v6]) {
            let address = server.local_addr().expect("a bound socket");
            let opened = (0..count).map(|_| established(&device.host, address, server));
            self.open.entry(device.name).or_default().extend(opened);
        }
        self.book(device.name, "tcp", "ESTABLISHED", i64::from(v4) + i64::from(v6));
    }

    /// Asks by UDP, and is answered.
    pub(crate) fn ask(&mut self, device: &Device, [v4, v6]: [u8; 2]) {
        for (server, count) in self.udp.iter().zip([v4, v6]) {
            for _ in 0..count {
                asked(&device.host, server);
            }
        }
        self.book(device.name, "udp", "ACTIVE", i64::from(v4) + i64::from(v6));
    }

    /// Connects to where nobody answers.
    pub(crate) fn knock(&mut self, device: &Device, [v4, v6]: [u8; 2]) {
        for (address, count) in [(VOID, v4), (VOID_V6, v6)] {
            (0..count).for_each(|port| half_open(&device.host, at(address, 443 + u16::from(port))));
        }
        self.book(device.name, "tcp", "SYN_SENT", i64::from(v4) + i64::from(v6));
    }

    /// Closes so many TCP connections in good order; they stay in the table.
    pub(crate) fn finish(&mut self, device: &Device, count: u8) {
        for connection in self.take(device.name, usize::from(count)) {
            finish(connection);
        }
        self.book(device.name, "tcp", "ESTABLISHED", -i64::from(count));
        self.book(device.name, "tcp", "TIME_WAIT", i64::from(count));
    }

    /// Resets all TCP connections; the table forgets them after a second.
    pub(crate) fn leave(&mut self, device: &Device) {
        let all = self.take(device.name, usize::MAX);
        self.book(device.name, "tcp", "ESTABLISHED", -i64::try_from(all.len()).expect("a few"));
        all.into_iter().for_each(reset);
    }

    /// The table has forgotten everything.
    pub(crate) fn forget(&mut self) {
        self.counts.clear();
    }

    fn take(&mut self, device: &str, count: usize) -> Vec<(TcpStream, TcpStream)> {
        let open = self.open.get_mut(device).expect("a device that has something open");
        open.drain(..count.min(open.len())).collect()
    }

    fn book(&mut self, device: &str, protocol: &str, state: &str, change: i64) {
        let key = (device.to_owned(), protocol.to_owned(), state.to_owned());
        let count = self.counts.entry(key.clone()).or_default();
        *count += change;
        assert!(*count >= 0, "{key:?}");
        if *count == 0 {
            self.counts.remove(&key);
        }
    }
}
