//! A device that joins the LAN by itself: by DHCP over IPv4, by SLAAC with a privacy address over IPv6.

use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener, TcpStream};
use std::process::{Command, Stdio};

use crate::connections::{at, established, established_from, listen};
use crate::household::{Household, INTERNET, INTERNET_V6};
use crate::namespace::{Namespace, require};
use crate::wait::until;

/// Called by udhcpc with what was leased.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/lan/udhcpc");

/// As phones and laptops do by default, and the stable address holds the MAC. Solicits the router at once.
const SETTINGS: [(&str, &str); 4] = [
    ("ipv6/conf/eth0/addr_gen_mode", "0"),
    ("ipv6/conf/eth0/accept_ra", "2"),
    ("ipv6/conf/eth0/use_tempaddr", "2"),
    ("ipv6/conf/eth0/router_solicitation_delay", "0"),
];

/// Both ends of an open connection.
pub(crate) type Connection = (TcpStream, TcpStream);

/// A device on the LAN.
pub(crate) struct Guest {
    host: Namespace,
    number: u8,
    called: &'static str,
}

impl Guest {
    /// Plugs it in and gets it a lease, for which it says what it is called. Its `number` is in its MAC.
    pub(crate) fn join(home: &Household, test: &str, called: &'static str, number: u8) -> Self {
        let guest = Self { host: Namespace::new(test, &format!("guest{number}")), number, called };
        let (port, mac, name) = (guest.port(), guest.mac(), guest.host.name());
        home.router.ip(&format!(
            "link add {port} type veth peer name eth0 address {mac} netns {name}
            link set {port} master br-lan up"
        ));
        for (path, value) in SETTINGS {
            guest.host.set(path, value);
        }
        guest.host.ip("link set eth0 up");
        guest.lease();
        guest
    }

    /// Gets a lease, or the same once more.
    pub(crate) fn lease(&self) {
        require("busybox", "busybox");
        let mut client = Command::new("busybox");
        // In the foreground, and over with the lease or when there is none within ten seconds.
        client.args(["udhcpc", "-f", "-q", "-n", "-i", "eth0", "-t", "10", "-T", "1", "-s", SCRIPT]);
        client.arg("-x").arg(format!("hostname:{}", self.called));
        client.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.host.spawn(&mut client).wait_with_output().expect("a child that was just started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains(" obtained from "), "{}: {said}", output.status);
    }

    /// The router's interface that it is plugged in at.
    pub(crate) fn port(&self) -> String {
        format!("lan{}", self.number)
    }

    pub(crate) fn mac(&self) -> String {
        format!("02:00:00:00:00:{:02x}", self.number)
    }

    /// The address that the router has leased it, from the router's file.
    pub(crate) fn v4(&self, home: &Household) -> IpAddr {
        let leases = fs::read_to_string(home.leases()).expect("the lease file");
        let line = leases.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let mut own = line.filter(|fields| fields.get(1) == Some(&self.mac().as_str()));
        let own = own.next().unwrap_or_else(|| panic!("no lease for {} in {leases}", self.mac()));
        own.get(2).and_then(|address| address.parse().ok()).expect("an address")
    }

    /// The address that it makes of the prefix and its MAC.
    pub(crate) fn stable(&self) -> Ipv6Addr {
        Ipv6Addr::from(0x2001_0db8_00aa_0010_0000_00ff_fe00_0000 | u128::from(self.number))
    }

    /// Its privacy address, as soon as both addresses can be used.
    pub(crate) fn private(&self) -> Ipv6Addr {
        until(&format!("the IPv6 addresses of {}", self.host.name()), || {
            let ready: Vec<_> =
                addresses(&self.host, "eth0").into_iter().filter(|it| it.is_ready && it.is_global).collect();
            let has_stable = ready.iter().any(|it| it.ip == self.stable() && !it.is_temporary);
            ready.iter().find(|it| has_stable && it.is_temporary).map(|it| it.ip)
        })
    }

    /// Connects `times` times over each of its addresses: IPv4, stable IPv6, and privacy IPv6, which is the one that
    /// it takes by itself.
    pub(crate) fn connect(&self, home: &Household, internet: &Internet, times: u8) -> Vec<Connection> {
        let (v4, private) = (self.v4(home), IpAddr::from(self.private()));
        let mut connections = Vec::new();
        for _ in 0..times {
            connections.push(established(&self.host, at(INTERNET, 443), &internet.v4));
            let stable = SocketAddr::new(self.stable().into(), 0);
            connections.push(established_from(&self.host, stable, at(INTERNET_V6, 443), &internet.v6));
            connections.push(self.connect_privately(internet));
        }
        let near = connections.iter().map(|(near, _)| near.local_addr().expect("an open connection").ip());
        let wanted = [v4, self.stable().into(), private].repeat(times.into());
        assert_eq!(near.collect::<Vec<_>>(), wanted, "where the connections come from");
        connections
    }

    /// Connects over IPv6 without saying from which address.
    pub(crate) fn connect_privately(&self, internet: &Internet) -> Connection {
        established(&self.host, at(INTERNET_V6, 443), &internet.v6)
    }

    /// Connects to the router, from link-local address to link-local address.
    pub(crate) fn connect_to_router(&self, home: &Household) -> Connection {
        let link_local = |host, interface| {
            until("a link-local address", || {
                addresses(host, interface).into_iter().find(|it| it.is_ready && !it.is_global)
            })
        };
        let (near, far) = (link_local(&self.host, "eth0"), link_local(&home.router, "br-lan"));
        let end = |address, port, scope| SocketAddr::from(SocketAddrV6::new(address, port, 0, scope));
        let server = listen(&home.router, end(far.ip, 53, far.interface));
        let to = end(far.ip, 53, near.interface);
        established_from(&self.host, end(near.ip, 0, near.interface), to, &server)
    }
}

/// Servers on the internet, over both families.
pub(crate) struct Internet {
    v4: TcpListener,
    pub(crate) v6: TcpListener,
}

impl Internet {
    pub(crate) fn listen(home: &Household) -> Self {
        let [v4, v6] = [INTERNET, INTERNET_V6].map(|address| listen(&home.internet, at(address, 443)));
        Self { v4, v6 }
    }
}

/// An IPv6 address that an interface has.
struct Address {
    ip: Ipv6Addr,
    interface: u32,
    is_global: bool,
    is_temporary: bool,
    is_ready: bool,
}

impl Address {
    /// A line as `if6_seq_show()` writes it, if it is about `interface`.
    fn parse(line: &str, interface: &str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let mut number = || u128::from_str_radix(fields.next()?, 16).ok();
        let [ip, index, _, scope, flags] = [number()?, number()?, number()?, number()?, number()?];
        (fields.next() == Some(interface)).then(|| Self {
            ip: Ipv6Addr::from(ip),
            interface: u32::try_from(index).unwrap_or(0),
            is_global: scope == 0,
            // IFA_F_TEMPORARY
            is_temporary: flags & 0x01 != 0,
            // IFA_F_TENTATIVE and IFA_F_DADFAILED
            is_ready: flags & 0x48 == 0,
        })
    }
}

fn addresses(host: &Namespace, interface: &str) -> Vec<Address> {
    let text =
        host.enter(|| fs::read_to_string("/proc/thread-self/net/if_inet6")).expect("the IPv6 addresses");
    text.lines().filter_map(|line| Address::parse(line, interface)).collect()
}
