//! Every byte that the kernel counts is told once, for the right device, in the right direction.

pub(crate) mod faults;
mod seen;
mod sums;
pub(crate) mod table;
pub(crate) mod transfer;
mod turnover;
pub(crate) mod watched;

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen, udp};
use crate::exporter::{Exporter, configure_every};
use crate::household::{
    Household, INTERNET, INTERNET_V6, LAPTOP, LAPTOP_MAC, LAPTOP_V6, NAS, NAS_MAC, NAS_V6, ROUTER, STRAY,
    VOID, WAN,
};
use crate::lines::Value;
use crate::namespace::Namespace;
use crate::snapshot::Receiver;
use crate::wait::PATIENCE;
use sums::{Sums, add_until, roomy};
use table::{ByDevice, by_the_kernel, headers};
use transfer::{Datagrams, exchange};

/// The address of a guest, in a network of their own.
pub(crate) const GUEST: &str = "192.168.9.21";
const GUEST_V6: &str = "2001:db8:aa:20::21";
const GUEST_MAC: &str = "02:00:00:00:00:21";
const TELEGRAF: &str = "127.0.0.1";

/// How many bytes the largest transfers carry, unless `KERNEL_TRAFFIC_LARGEST` says something else.
const LARGEST: u64 = 10_000_000;

/// Bytes that each device has received and sent, without headers.
#[derive(Default)]
struct Payload(BTreeMap<&'static str, [i64; 2]>);

impl Payload {
    fn add(&mut self, device: &'static str, rx: u64, tx: u64) {
        let [all_rx, all_tx] = self.0.entry(device).or_default();
        *all_rx += i64::try_from(rx).expect("a number of bytes");
        *all_tx += i64::try_from(tx).expect("a number of bytes");
    }
}

fn largest() -> u64 {
    std::env::var("KERNEL_TRAFFIC_LARGEST")
        .map_or(LARGEST, |bytes| bytes.parse().expect("KERNEL_TRAFFIC_LARGEST is a number of bytes"))
}

/// Every way through a household, each used in both directions, and what was carried.
struct Transfers<'a> {
    home: &'a Household,
    guest: &'a Namespace,
    payload: Payload,
    open: Vec<(TcpStream, TcpStream)>,
    datagrams: Vec<Datagrams>,
}

impl Transfers<'_> {
    fn all(&mut self) {
        let (home, largest) = (self.home, largest());
        let at_internet = |address, port| listen(&home.internet, at(address, port));
        self.tcp("laptop", &home.laptop, INTERNET, &at_internet(INTERNET, 443), [10_000, largest]);
        self.tcp("laptop", &home.laptop, INTERNET_V6, &at_internet(INTERNET_V6, 443), [largest / 2, 20_000]);
        self.tcp("nas", &home.nas, INTERNET, &at_internet(INTERNET, 80), [largest / 5, 300_000]);
        self.tcp("guest", self.guest, INTERNET, &at_internet(INTERNET, 993), [30_000, largest / 10]);
        self.tcp("router", &home.router, INTERNET, &at_internet(INTERNET, 853), [10_001, 400_000]);
        self.tcp("laptop", &home.laptop, ROUTER, &listen(&home.router, at(ROUTER, 53)), [11_000, 50_000]);
        self.inbound();
        self.udp("nas", &home.nas, INTERNET, [70_000, largest / 10]);
        self.udp("laptop", &home.laptop, INTERNET_V6, [largest / 20, 80_000]);
        self.unanswered();
    }

    fn tcp(
        &mut self,
        device: &'static str,
        client: &Namespace,
        address: &str,
        server: &TcpListener,
        [up, down]: [u64; 2],
    ) {
        let port = server.local_addr().expect("a bound socket").port();
        let connection = established(client, at(address, port), server);
        exchange(&connection, up, down);
        self.open.push(connection);
        self.payload.add(device, down, up);
    }

    /// A port forward from the internet is the server's; one from the LAN is the client's; what comes to the router
    /// is the router's.
    fn inbound(&mut self) {
        let home = self.home;
        let share = listen(&home.nas, at(NAS, 80));
        let ssh = listen(&home.router, at(WAN, 22));
        for (client, port, server, device, up, down) in [
            (&home.internet, 8080, &share, "nas", 12_000, 700_000),
            (&home.laptop, 8080, &share, "laptop", 600_000, 13_000),
            (&home.internet, 22, &ssh, "router", 14_000, 90_000),
        ] {
            let connection = established(client, at(WAN, port), server);
            exchange(&connection, up, down);
            self.open.push(connection);
            let (rx, tx) = if device == "laptop" { (down, up) } else { (up, down) };
            self.payload.add(device, rx, tx);
        }
    }

    fn udp(&mut self, device: &'static str, client: &Namespace, address: &str, [up, down]: [u64; 2]) {
        let datagrams = Datagrams::between(client, &self.home.internet, at(address, 443));
        datagrams.exchange(up, down);
        self.datagrams.push(datagrams);
        self.payload.add(device, down, up);
    }

    /// Of an address that is nobody's.
    fn unanswered(&mut self) {
        let stray = udp(&self.home.laptop, at(STRAY, 0));
        stray.send_to(&[b'?'; 1000], at(VOID, 1)).expect("a way there");
        self.payload.add("other", 0, 1000);
    }
}

/// A network for guests, and one in it.
fn plug_guest(home: &Household, test: &str) -> Namespace {
    let guest = Namespace::new(test, "guest");
    let name = guest.name();
    home.router.ip(&format!(
        "link add br-guest type veth peer name eth0 address {GUEST_MAC} netns {name}
        addr add 192.168.9.1/24 dev br-guest
        link set br-guest up"
    ));
    guest.ip(&format!(
        "addr add {GUEST}/24 dev eth0
        link set eth0 up
        route add default via 192.168.9.1"
    ));
    home.lease(&[
        (LAPTOP_MAC, LAPTOP, LAPTOP_V6, b"laptop"),
        (NAS_MAC, NAS, NAS_V6, b"nas"),
        (GUEST_MAC, GUEST, GUEST_V6, b"guest"),
    ]);
    guest
}

#[test]
fn bytes_by_text_are_those_of_the_kernel_and_of_what_was_sent() {
    bytes_are_true("bytes-text", "procfs");
}

#[test]
fn bytes_by_messages_are_those_of_the_kernel_and_of_what_was_sent() {
    bytes_are_true("bytes-messages", "netlink");
}

fn bytes_are_true(test: &str, source: &str) {
    let home = Household::new(test);
    let guest = plug_guest(&home, test);
    let receiver = roomy(&home.router, at(TELEGRAF, 8094));
    let settings = format!("source = \"{source}\"\ntraffic.interval = \"1s\"");
    let config = configure_every("2s", &home, &at(TELEGRAF, 8094).to_string(), &settings);
    let exporter = Exporter::start(&home, &config);
    // The first look is what all is measured from.
    let mut sums = Sums::default();
    add_until(&receiver, &mut sums, "a first snapshot", PATIENCE, |sums| sums.snapshots == 1);
    assert_eq!(sums.moved(), ByDevice::new(), "nothing has been carried yet");

    let mut transfers = Transfers {
        home: &home,
        guest: &guest,
        payload: Payload::default(),
        open: Vec::new(),
        datagrams: Vec::new(),
    };
    transfers.all();
    add_until(&receiver, &mut sums, "what the kernel has counted", PATIENCE, |sums| {
        sums.say(&by_the_kernel(&home.router))
    });
    let headers = headers(&home.router);
    // On a busy machine an acknowledgement may come so late that something is sent, and counted, twice.
    let namespaces = [&home.laptop, &home.nas, &home.router, &home.internet, &guest];
    let resent: i64 = namespaces.into_iter().map(Namespace::bytes_resent).sum();
    for (device, payload) in &transfers.payload.0 {
        let (Some(carried), Some(headers)) = (sums.carried.get(*device), headers.get(*device)) else {
            panic!("nothing is told of {device}");
        };
        for ((told, payload), headers) in [carried.rx, carried.tx].into_iter().zip(payload).zip(headers) {
            let sent = payload + headers;
            println!("{device}: {} bytes told, {sent} sent in {} packets", told.bytes, told.packets);
            let once = sent - sent / 200..=sent + sent / 200 + resent;
            assert!(
                once.contains(&told.bytes),
                "{device}: {told:?} of {payload} and {headers}, {resent} resent"
            );
        }
    }
    assert_eq!(sums.moved().len(), transfers.payload.0.len());
    exporter.end(Signal::SIGTERM);
}

#[test]
fn what_the_wan_carries_is_in_the_table() {
    let home = Household::new("coverage");
    let server = listen(&home.internet, at(INTERNET, 443));
    let connection = established(&home.laptop, at(INTERNET, 443), &server);
    let receiver = Receiver::new(&home.router, at(TELEGRAF, 8094));
    let exporter = Exporter::sending_to(&home, at(TELEGRAF, 8094));
    receiver.fresh();
    exchange(&connection, 1_000_000, 5_000_000);
    let told = receiver.next_where("coverage", |snapshot| snapshot.own().fields.contains_key("coverage"));
    let Some(Value::Float(coverage)) = told.own().fields.get("coverage") else { panic!("{told:#?}") };
    // The link layer's headers are the WAN's alone.
    assert!((0.97..=1.0).contains(coverage), "{coverage}");
    assert_eq!((told.figure("accounting"), told.figure("offloaded")), (1, 0));
    assert!(!receiver.next().own().fields.contains_key("coverage"), "too little to tell");
    exporter.end(Signal::SIGTERM);
}
