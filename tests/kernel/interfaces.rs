//! Interfaces that go and come back under the daemon.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen, udp};
use crate::exporter::{Exporter, PROGRAM};
use crate::household::{Household, INTERNET, INTERNET_V6, WAN};
use crate::snapshot::{Receiver, counts};
use crate::wait::until;

#[test]
fn devices_keep_their_entries_while_the_lan_is_gone() {
    let home = Household::new("lan");
    let (v4, v6) = (at(INTERNET, 443), at(INTERNET_V6, 443));
    let (server, server_v6) = (listen(&home.internet, v4), listen(&home.internet, v6));
    let _v4 = established(&home.laptop, v4, &server);
    let _v6 = established(&home.nas, v6, &server_v6);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let both = counts(&[("laptop", "tcp", "ESTABLISHED", 1), ("nas", "tcp", "ESTABLISHED", 1)]);
    assert_eq!(receiver.next().counts(), both);

    home.router.ip("link delete br-lan");
    exporter.await_error("no interface matches lan.interfaces");
    for _ in 0..2 {
        assert_eq!(receiver.next().counts(), both, "remembered");
    }

    home.build_bridge();
    let _new = established(&home.laptop, v4, &server);
    let more = counts(&[("laptop", "tcp", "ESTABLISHED", 2), ("nas", "tcp", "ESTABLISHED", 1)]);
    receiver.next_where("a new connection", |snapshot| snapshot.counts() == more);
    until("the LAN's return in the log", || {
        exporter.output().contains("there is a LAN interface now").then_some(())
    });
    exporter.end(Signal::SIGTERM);
}

#[test]
fn sending_works_again_when_the_wan_is_back() {
    let home = Household::new("wan");
    let telegraf = at(INTERNET, 8094);
    let receiver = Receiver::new(&home.internet, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let first = receiver.next();
    assert_eq!(first.counts(), counts(&[]));

    home.router.ip("link delete wan");
    exporter.await_error(&format!("sending to {telegraf} fails"));
    let before = exporter.ticks();
    until("two ticks without a WAN", || (exporter.ticks() >= before + 2).then_some(()));
    home.plug_wan(WAN);
    let back = receiver.next();
    assert!(back.figure("sequence") >= first.figure("sequence") + 3, "a gap");
    assert!(back.figure("send_errors") >= 2);
    until("the end of the failure in the log", || exporter.output().contains("works again").then_some(()));

    // Back with another address before the daemon has noticed: its socket is bound to an address that is gone.
    home.router.ip("link delete wan");
    home.plug_wan("203.0.113.77");
    let moved = receiver.next();
    assert_eq!(moved.figure("started"), first.figure("started"));
    assert_eq!(receiver.next().figure("sequence"), moved.figure("sequence") + 1);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn datagrams_come_from_the_address_that_the_router_has_now() {
    let home = Household::new("renumbered");
    let telegraf = at(INTERNET_V6, 8094);
    let receiver = udp(&home.internet, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let from = || receiver.recv_from(&mut [0; 2000]).expect("a datagram").1.ip();
    assert_eq!(from(), at("2001:db8:ffff::10", 0).ip());

    // The kernel goes on sending over IPv6 from an address that is gone, as long as the socket is the same.
    home.router.ip("addr del 2001:db8:ffff::10/64 dev wan
        addr add 2001:db8:ffff::77/64 dev wan nodad
        route replace ::/0 via 2001:db8:ffff::1");
    let new = at("2001:db8:ffff::77", 0).ip();
    until("a datagram from the new address", || (from() == new).then_some(()));
    exporter.end(Signal::SIGTERM);
}

#[test]
fn an_interface_without_link_layer_addresses_is_recognised() {
    let home = Household::new("tunnel");
    home.router.ip("tuntap add dev wgserver mode tun
        addr add 10.0.0.1/24 dev wgserver
        link set wgserver up");
    let report = home.router.enter(|| Command::new(PROGRAM).arg("check").output()).expect("a report");
    let report = String::from_utf8_lossy(&report.stdout).into_owned();
    let line = |name: &str| report.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(line("wgserver is LAN").contains("no link-layer addresses there"), "{report}");
    assert!(!line("br-lan is LAN").contains("no link-layer addresses there"), "{report}");
}
