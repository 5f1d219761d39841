//! What goes wrong makes no figure negative or absurd, and what isn't known is left out and not 0.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use conntrack_exporter::netlink::Dump;
use nix::sys::signal::Signal;
use nix::sys::socket::SockProtocol;

use super::sums::{Turnover, integer};
use super::table::{Carried, by_the_kernel};
use super::transfer::{Datagrams, exchange};
use super::watched::Watched;
use crate::connections::{at, established, listen};
use crate::flush::flush;
use crate::household::{Household, INTERNET, INTERNET_V6};
use crate::lines::Line;
use crate::snapshot::Snapshot;
use crate::wait::until;

/// `NFNL_SUBSYS_CTNETLINK` of `linux/netfilter/nfnetlink.h` and `IPCTNL_MSG_CT_GET_CTRZERO` of `nfnetlink_conntrack.h`.
const READ_AND_ZERO: u16 = 1 << 8 | 3;

/// What nlbwmon and `conntrack -L -z` do: reads all entries and sets what they have counted to zero.
fn zero(home: &Household) {
    home.router.enter(|| {
        let dump = Dump::request(SockProtocol::NetlinkNetFilter, READ_AND_ZERO, &[0; 4]);
        let mut dump = dump.expect("root may ask");
        while dump.step(&mut |_, _| {}).expect("the table") {}
    });
    assert!(by_the_kernel(&home.router).values().all(|carried| *carried == Carried::default()));
}

/// So many flows of the laptop's by UDP.
fn datagrams(home: &Household, flows: u16) -> Vec<Datagrams> {
    let between = |port| Datagrams::between(&home.laptop, &home.internet, at(INTERNET, 5000 + port));
    (0..flows).map(between).collect()
}

fn exchange_all(flows: &[Datagrams], up: u64, down: u64) {
    for flow in flows {
        flow.exchange(up, down);
    }
}

/// The line of a device in `device_traffic`.
fn of_device<'a>(snapshot: &'a Snapshot, device: &str) -> &'a Line {
    let mut lines = snapshot.of("device_traffic");
    lines
        .find(|line| line.tags.get("device_name").is_some_and(|name| name == device))
        .unwrap_or_else(|| panic!("{device}: {snapshot:#?}"))
}

/// Insists that nothing is said of what was carried.
pub(crate) fn insist_on_silence(snapshot: &Snapshot) {
    assert_eq!(snapshot.of("bandwidth").count(), 0, "{snapshot:#?}");
    for line in snapshot.of("device_traffic") {
        for name in ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "active_connections"] {
            assert_eq!(integer(line, name), None, "{name}");
        }
        assert!(!line.fields.contains_key("rx_bits_per_second") && line.fields.contains_key("connections"));
    }
}

#[test]
fn counters_that_another_program_zeroes_are_left_out_of_that_pass() {
    let home = Household::new("zeroed");
    let flows = datagrams(&home, 30);
    let mut watched = Watched::new(home, "netlink");
    exchange_all(&flows, 2_000, 3_000);
    let before = watched.expect_all();

    watched.fresh();
    zero(&watched.home);
    let snapshot = watched.next();
    insist_on_silence(&snapshot);
    assert_eq!(snapshot.figure("counter_resets"), 30);
    watched.exporter.await_error("the counters of 30 of 30 connections fell at once");

    exchange_all(&flows, 500, 600);
    watched.expect_beyond(&before);
    let after = watched.fresh();
    assert_eq!(after.figure("counter_resets"), 30);
    assert_eq!(integer(of_device(&after, "laptop"), "rx_bytes"), Some(0), "known again, and nothing moves");
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn a_few_counters_that_fell_count_with_what_they_are() {
    let home = Household::new("fallen");
    let flows = datagrams(&home, 3);
    let mut watched = Watched::new(home, "procfs");
    exchange_all(&flows, 2_000, 3_000);
    let before = watched.expect_all();

    watched.fresh();
    zero(&watched.home);
    exchange_all(&flows, 500, 600);
    watched.expect_beyond(&before);
    assert_eq!(watched.fresh().figure("counter_resets"), 3);
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn without_accounting_bytes_are_absent_and_not_zero() {
    let home = Household::new("accounting");
    home.router.set("netfilter/nf_conntrack_acct", "0");
    let server = listen(&home.internet, at(INTERNET, 443));
    let mut watched = Watched::new(home, "netlink");
    let [old, old_of_nas] = [&watched.home.laptop, &watched.home.nas]
        .map(|client| established(client, at(INTERNET, 443), &server));
    exchange(&old, 10_000, 20_000);
    let snapshot = watched.fresh();
    insist_on_silence(&snapshot);
    assert_eq!(snapshot.figure("accounting"), 0);
    assert_eq!(integer(of_device(&snapshot, "laptop"), "connections"), Some(1));
    assert_eq!(watched.sums.turnover("laptop", "tcp"), Turnover { opened: 1, ..Turnover::default() });

    watched.home.router.set("netfilter/nf_conntrack_acct", "1");
    let new = established(&watched.home.laptop, at(INTERNET, 443), &server);
    for connection in [&old, &old_of_nas, &new] {
        exchange(connection, 5_000, 6_000);
    }
    let counted = watched.expect_all();
    assert_eq!(counted.keys().collect::<Vec<_>>(), ["laptop"], "older flows are not counted");
    let snapshot = watched.fresh();
    assert_eq!(snapshot.figure("accounting"), 1);
    assert_eq!(integer(of_device(&snapshot, "laptop"), "rx_bytes"), Some(0));
    assert_eq!(integer(of_device(&snapshot, "nas"), "rx_bytes"), None);
    assert_eq!(snapshot.figure("counter_resets"), 0);
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn another_source_and_a_reload_change_nothing() {
    let home = Household::new("switched");
    let (v4, v6) = (at(INTERNET, 443), at(INTERNET_V6, 443));
    let (server, server_v6) = (listen(&home.internet, v4), listen(&home.internet, v6));
    // What it may ask for is settled when it starts.
    let mut watched = Watched::new(home, "netlink");
    let laptop = established(&watched.home.laptop, v4, &server);
    let nas = established(&watched.home.nas, v6, &server_v6);
    for source in ["netlink", "procfs", "procfs", "netlink"] {
        watched.reload(source);
        for connection in [&laptop, &nas] {
            exchange(connection, 20_000, 300_000);
        }
        watched.expect_all();
        assert_eq!(watched.fresh().text("source"), source);
    }
    let opened = Turnover { opened: 1, ..Turnover::default() };
    watched.expect_turnover(&[("laptop", "tcp", opened), ("nas", "tcp", opened)]);
    assert_eq!(watched.fresh().figure("counter_resets"), 0);
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn what_moves_while_it_is_stopped_is_shared_among_the_instants() {
    let home = Household::new("stopped");
    let server = listen(&home.internet, at(INTERNET, 443));
    let mut watched = Watched::new(home, "netlink");
    let connection = established(&watched.home.laptop, at(INTERNET, 443), &server);
    exchange(&connection, 10_000, 10_000);
    watched.expect_all();

    let last = watched.fresh().instant();
    watched.exporter.signal(Signal::SIGSTOP);
    exchange(&connection, 1_000_000, 3_000_000);
    let begun = Instant::now();
    until("three seconds that pass", || (begun.elapsed() > Duration::from_secs(3)).then_some(()));
    watched.exporter.signal(Signal::SIGCONT);
    let resumed = watched.next();
    watched.expect_all();
    assert!(resumed.figure("ticks_skipped") >= 2, "{resumed:#?}");
    let received = resumed.of("bandwidth").filter(|line| line.tags["direction"] == "rx");
    let shares: Vec<_> = received.map(|line| (line.timestamp, integer(line, "bytes"))).collect();
    let instants: BTreeSet<_> = shares.iter().map(|(instant, _)| *instant).collect();
    let expected: BTreeSet<_> = (last..=resumed.instant()).step_by(1_000_000_000).skip(1).map(Some).collect();
    assert_eq!((instants, shares.len()), (expected, shares.len()));
    let [smallest, largest] =
        [shares.iter().min_by_key(|share| share.1), shares.iter().max_by_key(|share| share.1)]
            .map(|share| share.and_then(|(_, bytes)| *bytes).expect("shares"));
    assert!(largest - smallest < 10 && smallest > 500_000, "{shares:?}");
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn a_restart_makes_no_spike() {
    let home = Household::new("restarted");
    let server = listen(&home.internet, at(INTERNET, 443));
    let mut watched = Watched::new(home, "procfs");
    let connection = established(&watched.home.laptop, at(INTERNET, 443), &server);
    exchange(&connection, 100_000, 900_000);
    let before = watched.expect_all();
    watched.restart();
    let first = watched.next();
    assert_eq!(first.figure("sequence"), 1);
    insist_on_silence(&first);
    assert_eq!(first.of("connection_rate").count(), 0);
    exchange(&connection, 10_000, 20_000);
    // What was carried before, when nobody looked, is neither told again nor lost.
    let all = watched.expect_all();
    assert!(all["laptop"].rx.bytes - before["laptop"].rx.bytes > 20_000);
    let opened = Turnover { opened: 1, ..Turnover::default() };
    watched.expect_turnover(&[("laptop", "tcp", opened)]);
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn after_a_flush_connections_are_closed_and_opened_anew() {
    let home = Household::new("flushed");
    let server = listen(&home.internet, at(INTERNET, 443));
    let mut watched = Watched::new(home, "netlink");
    let connections = [(); 5].map(|()| established(&watched.home.laptop, at(INTERNET, 443), &server));
    for connection in &connections {
        exchange(connection, 10_000, 20_000);
    }
    let before = watched.expect_all();
    watched.fresh();
    watched.home.router.enter(flush).expect("flushing the table");
    watched.fresh();
    for connection in &connections {
        exchange(connection, 40_000, 50_000);
    }
    watched.expect_turnover(&[("laptop", "tcp", Turnover { opened: 10, closed: 5, unreplied: 0 })]);
    watched.expect_beyond(&before);
    assert_eq!(watched.fresh().figure("counter_resets"), 0);
    watched.exporter.end(Signal::SIGTERM);
}
