//! A household in network namespaces: two clients, a router with NAT, and a host on the internet.
//!
//! ```text
//! laptop 192.168.8.11 ──┐          ┌────────┐ wan
//!                       ├─ br-lan ─┤ router ├───── internet 198.51.100.7
//! nas    192.168.8.12 ──┘   .1     └────────┘  203.0.113.10
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::connections::{at, udp};
use crate::namespace::Namespace;
use crate::wait::until;

pub(crate) const LAPTOP: &str = "192.168.8.11";
pub(crate) const LAPTOP_V6: &str = "2001:db8:aa:10::11";
pub(crate) const LAPTOP_MAC: &str = "02:00:00:00:00:11";
pub(crate) const NAS: &str = "192.168.8.12";
pub(crate) const NAS_V6: &str = "2001:db8:aa:10::12";
pub(crate) const NAS_MAC: &str = "02:00:00:00:00:12";
pub(crate) const ROUTER: &str = "192.168.8.1";
pub(crate) const ROUTER_V6: &str = "2001:db8:aa:10::1";
pub(crate) const WAN: &str = "203.0.113.10";
pub(crate) const INTERNET: &str = "198.51.100.7";
pub(crate) const INTERNET_V6: &str = "2001:db8:beef::7";
/// Where packets vanish without an answer.
pub(crate) const VOID: &str = "198.51.100.99";
pub(crate) const VOID_V6: &str = "2001:db8:beef::99";
/// An address of the laptop's that is in no prefix of the LAN's.
pub(crate) const STRAY: &str = "10.99.9.9";

const FIREWALL: &str = r#"
table inet filter {
    chain forwarded {
        type filter hook forward priority 0
        ct state established,related accept
    }
}
table ip nat {
    chain incoming {
        type nat hook prerouting priority -100
        ip daddr 203.0.113.10 tcp dport 8080 dnat to 192.168.8.12:80
    }
    chain outgoing {
        type nat hook postrouting priority 100
        oifname "wan" masquerade
        ip saddr 192.168.8.0/24 oifname "br-lan" ct status dnat masquerade
    }
}
"#;

const VANISHING: &str = "
table inet void {
    chain incoming {
        type filter hook prerouting priority 0
        ip daddr 198.51.100.99 drop
        ip6 daddr 2001:db8:beef::99 drop
    }
}
";

/// Settings of the router: it forwards, bridged frames stay away from the firewall as on OpenWrt, and no state that a
/// test looks at times out under it.
const SETTINGS: [(&str, &str); 8] = [
    ("ipv4/ip_forward", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    ("netfilter/nf_conntrack_acct", "1"),
    ("netfilter/nf_conntrack_tcp_timeout_close", "120"),
    ("netfilter/nf_conntrack_tcp_timeout_time_wait", "120"),
    ("netfilter/nf_conntrack_udp_timeout", "120"),
    ("netfilter/nf_conntrack_icmp_timeout", "120"),
    ("netfilter/nf_conntrack_icmpv6_timeout", "120"),
];

/// The namespaces, and a directory for files; all gone when dropped.
pub(crate) struct Household {
    pub(crate) laptop: Namespace,
    pub(crate) nas: Namespace,
    pub(crate) router: Namespace,
    pub(crate) internet: Namespace,
    directory: PathBuf,
}

impl Household {
    /// Builds it for `test` and waits until every way through it is open.
    pub(crate) fn new(test: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
        let home = Self {
            laptop: Namespace::new(test, "laptop"),
            nas: Namespace::new(test, "nas"),
            router: Namespace::new(test, "router"),
            internet: Namespace::new(test, "internet"),
            directory,
        };
        fs::create_dir_all(&home.directory).expect("a directory for the test's files");
        home.lease(&[(LAPTOP_MAC, LAPTOP, LAPTOP_V6, b"laptop"), (NAS_MAC, NAS, NAS_V6, b"nas")]);
        for (path, value) in SETTINGS {
            home.router.set(path, value);
        }
        home.plug_clients();
        home.build_bridge();
        home.plug_wan(WAN);
        home.prove_the_ways();
        // The kernel tracks connections from the first rule on that asks for their state.
        home.router.nft(FIREWALL);
        home.internet.nft(VANISHING);
        home
    }

    /// A file's place in the directory of this test.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The lease file.
    pub(crate) fn leases(&self) -> PathBuf {
        self.file("dhcp.leases")
    }

    /// Writes the lease file: for each client its MAC, its addresses and what it calls itself.
    pub(crate) fn lease(&self, clients: &[(&str, &str, &str, &[u8])]) {
        write_leases(&self.leases(), clients);
    }

    /// Makes the bridge, with both clients at it.
    pub(crate) fn build_bridge(&self) {
        self.router.ip(
            "link add br-lan address 02:00:00:00:00:01 type bridge forward_delay 0 mcast_snooping 0
            addr add 192.168.8.1/24 dev br-lan
            addr add 2001:db8:aa:10::1/64 dev br-lan nodad
            link set lan1 master br-lan up
            link set lan2 master br-lan up
            link set br-lan up
            route add 10.99.9.9/32 dev br-lan",
        );
        let bridged = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        if self.router.enter(|| fs::exists(bridged)).unwrap_or(false) {
            self.router.set("bridge/bridge-nf-call-iptables", "0");
            self.router.set("bridge/bridge-nf-call-ip6tables", "0");
        }
    }

    /// Makes the WAN, where the router has `address`.
    pub(crate) fn plug_wan(&self, address: &str) {
        let internet = self.internet.name();
        self.router.ip(&format!(
            "link add wan type veth peer name wan netns {internet}
            addr add {address}/24 dev wan
            addr add 2001:db8:ffff::10/64 dev wan nodad
            link set wan up"
        ));
        self.internet.ip("addr replace 198.51.100.7/32 dev lo
            addr replace 2001:db8:beef::7/128 dev lo nodad
            addr add 203.0.113.1/24 dev wan
            addr add 2001:db8:ffff::1/64 dev wan nodad
            link set wan up
            route add 2001:db8:aa:10::/64 via 2001:db8:ffff::10");
        self.router.ip("route add default via 203.0.113.1
            route add ::/0 via 2001:db8:ffff::1");
    }

    fn plug_clients(&self) {
        for (client, port, mac, v4, v6) in
            [(&self.laptop, "lan1", LAPTOP_MAC, LAPTOP, LAPTOP_V6), (&self.nas, "lan2", NAS_MAC, NAS, NAS_V6)]
        {
            let name = client.name();
            self.router.ip(&format!("link add {port} type veth peer name eth0 address {mac} netns {name}"));
            client.ip(&format!(
                "addr add {v4}/24 dev eth0
                addr add {v6}/64 dev eth0 nodad
                link set eth0 up
                route add default via {ROUTER}
                route add ::/0 via {ROUTER_V6}"
            ));
        }
        self.laptop.ip(&format!("addr add {STRAY}/32 dev eth0"));
    }

    /// A link that was just made may lose packets for a moment; the connection table isn't in use yet.
    pub(crate) fn prove_the_ways(&self) {
        for client in [&self.laptop, &self.nas] {
            prove(client, &self.router, ROUTER);
            prove(client, &self.router, ROUTER_V6);
        }
        prove(&self.router, &self.internet, INTERNET);
        prove(&self.laptop, &self.internet, INTERNET_V6);
        prove(&self.internet, &self.laptop, LAPTOP_V6);
        prove(&self.internet, &self.nas, NAS_V6);
    }
}

impl Drop for Household {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Writes a lease file as dnsmasq does.
pub(crate) fn write_leases(path: &Path, clients: &[(&str, &str, &str, &[u8])]) {
    fs::write(path, lease_lines(clients)).expect("writing the lease file");
}

/// The lines of a lease file.
pub(crate) fn lease_lines(clients: &[(&str, &str, &str, &[u8])]) -> Vec<u8> {
    let mut text = Vec::new();
    for (mac, v4, _, name) in clients {
        let head = format!("1795241374 {mac} {v4} ").into_bytes();
        text.extend([&head, *name, format!(" 01:{mac}\n").as_bytes()].concat());
    }
    text.extend(b"duid 00:01:00:01:32:93:49:58:02:00:00:00:00:01\n");
    for (iaid, (mac, _, v6, _)) in clients.iter().enumerate() {
        text.extend(format!("1795241374 {iaid} {v6} * 00:03:00:01:{mac}\n").into_bytes());
    }
    text
}

/// Sends datagrams until one arrives.
fn prove(from: &Namespace, to: &Namespace, address: &str) {
    let receiver = udp(to, at(address, 0));
    receiver.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout above zero");
    let destination = receiver.local_addr().expect("a bound socket");
    let sender = udp(from, at(if destination.is_ipv6() { "::" } else { "0.0.0.0" }, 0));
    until(&format!("a way from {} to {address}", from.name()), || {
        // Errors are those of a link that isn't up yet.
        let _ = sender.send_to(b"?", destination);
        receiver.recv(&mut [0; 8]).ok()
    });
}
