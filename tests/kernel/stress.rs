//! Tables that are full, that never rest, that are tiny now and huge then, and a receiver that can't keep up.
//!
//! These tests load the machine, so they take turns, and `tools/test` runs them when all others are over.

use std::fs::{self, File};
use std::net::UdpSocket;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use conntrack_exporter::conntrack::backend::{BackendChoice, TableBackend};
use conntrack_exporter::conntrack::{Gauges, Table};
use conntrack_exporter::root::Root;
use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt};

use crate::connections::{at, established, listen, udp};
use crate::exporter::{Exporter, configure};
use crate::fill::fill;
use crate::flush::{drain, flush};
use crate::household::{Household, INTERNET, VOID};
use crate::limit::Limit;
use crate::lines::{Line, parse};
use crate::snapshot::{Counts, Receiver, Snapshot};
use crate::traffic::faults::insist_on_silence;
use crate::traffic::table::{ByDevice, Carried, by_the_kernel};
use crate::traffic::transfer::exchange;
use crate::traffic::watched::Watched;
use crate::wait::until;

const TELEGRAF: &str = "127.0.0.1";
const PORT: u16 = 8094;
/// How many clients [`fill`] gives entries to, each as many as the next.
const CLIENTS: u32 = 32;
/// What memory may differ by between two looks at it, in KiB: the kernel keeps its count of pages only roughly. A huge
/// table doesn't fit in.
const FLAT: u64 = 1024;
/// How many datagrams the laptop sends in a second.
const RATE: u128 = 3000;

/// A number that the whole machine has.
const BUCKETS: &str = "/proc/sys/net/netfilter/nf_conntrack_buckets";

fn start(home: &Household, source: &str) -> (Receiver, Exporter) {
    (Receiver::new(&home.router, at(TELEGRAF, PORT)), begin(home, source))
}

fn begin(home: &Household, source: &str) -> Exporter {
    let telegraf = at(TELEGRAF, PORT).to_string();
    Exporter::start(home, &configure(home, &telegraf, &format!("source = \"{source}\"")))
}

/// Of each client of [`fill`]'s, how many established TCP connections were counted.
fn of_clients(counts: &Counts) -> Vec<i64> {
    let key = |client: u32| (format!("192.168.8.{}", 100 + client), "tcp".into(), "ESTABLISHED".into());
    (0..CLIENTS).map(|client| counts.get(&key(client)).copied().unwrap_or(0)).collect()
}

fn put(home: &Household, entries: Range<u32>) {
    home.router.enter(|| fill(entries)).expect("room in the table");
}

fn take(home: &Household, entries: Range<u32>) {
    home.router.enter(|| drain(entries)).expect("entries that are there");
}

/// Nothing but TCP is tracked, and the daemon's datagrams aren't: what fills the table stays there, and is all of it.
const UNTRACKED: &str = "
table inet untracked {
    chain incoming {
        type filter hook prerouting priority -300
        meta l4proto != tcp notrack
    }
    chain outgoing {
        type filter hook output priority -300
        meta l4proto { icmp, icmpv6, igmp } notrack
    }
    chain sent {
        type filter hook output priority -300
        udp dport 8094 notrack
    }
}
";

#[test]
fn a_table_filled_to_its_limit() {
    const FULL: u32 = 20_000;
    let _turn = turn();
    let home = Household::new("limit");
    home.router.nft(UNTRACKED);
    home.router.enter(flush).expect("an empty table");
    put(&home, 0..FULL - 100);
    let _limit = Limit::lowered_to(FULL);
    let refused = home.router.enter(|| (FULL - 100..=FULL).find(|number| fill(*number..number + 1).is_err()));
    assert_eq!(refused, Some(FULL), "the first for which there is no room");
    for source in ["procfs", "netlink"] {
        let (receiver, exporter) = start(&home, source);
        for _ in 0..2 {
            let full = receiver.fresh();
            assert_eq!(full.text("source"), source);
            assert_eq!(full.figure("entries_read"), i64::from(FULL));
            assert_eq!(of_clients(&full.counts()).iter().sum::<i64>(), i64::from(FULL));
            assert!((full.gauge() - f64::from(FULL)).abs() < 0.5);
            assert_eq!(full.figure("send_errors"), 0);
        }
        exporter.end(Signal::SIGTERM);
    }
    home.router.nft("flush chain inet untracked sent");
    for source in ["procfs", "netlink"] {
        home.router.enter(flush).expect("an empty table");
        put(&home, 0..FULL);
        losses_are_counted(&home, source, FULL);
    }
}

/// The kernel refuses a datagram that would be one more entry of a full table.
fn losses_are_counted(home: &Household, source: &str, full: u32) {
    let socket = udp(&home.router, at(TELEGRAF, PORT));
    let exporter = begin(home, source);
    exporter.await_error("sending to 127.0.0.1:8094 fails: Operation not permitted");
    until("two snapshots that can't leave", || (exporter.ticks() >= 2).then_some(()));
    take(home, 0..100);
    // It listens until the outage is over: without it another would begin.
    let (_receiver, first) = next_whole(socket);
    assert_eq!(of_clients(&first.counts()).iter().sum::<i64>(), i64::from(full) - 100);
    assert!(first.figure("sequence") > 2, "{first:#?}");
    assert!(first.figure("send_errors") >= 2, "{first:#?}");
    until("the end of it in the log", || exporter.output().contains("works again").then_some(()));
    exporter.end(Signal::SIGTERM);
}

#[test]
fn thousands_of_flows_a_second_coming_and_going_by_text() {
    churn("churn-text", "procfs");
}

#[test]
fn thousands_of_flows_a_second_coming_and_going_by_messages() {
    churn("churn-messages", "netlink");
}

/// Datagrams of the laptop's through the router, each a connection of its own that the kernel forgets after a second.
/// Beside them connections that stay.
fn churn(test: &str, source: &str) {
    const STAYING: u32 = 4_000;
    const SNAPSHOTS: i64 = 12;
    let _turn = turn();
    let home = Household::new(test);
    home.router.set("netfilter/nf_conntrack_udp_timeout", "1");
    put(&home, 0..STAYING);
    let (over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let flows = scope.spawn(|| come_and_go(&home, &over, &sent));
        let watched = scope.spawn(|| {
            let (receiver, exporter) = start(&home, source);
            let begun = (Instant::now(), sent.load(Ordering::Relaxed));
            let (mut peak, mut most) = (0, 0);
            for number in 1..=SNAPSHOTS {
                let snapshot = receiver.next();
                assert_eq!((snapshot.figure("sequence"), snapshot.text("source")), (number, source));
                check_those_that_stay(&snapshot, i64::from(STAYING / CLIENTS));
                most = most.max(of_laptop(&snapshot));
                if number == SNAPSHOTS / 3 {
                    peak = exporter.peak();
                }
            }
            let grown = exporter.peak() - peak;
            assert!(grown <= FLAT, "from {peak} KiB by {grown} KiB");
            exporter.end(Signal::SIGTERM);
            let flows = sent.load(Ordering::Relaxed) - begun.1;
            (flows as u128 * 1000 / begun.0.elapsed().as_millis(), most)
        });
        let outcome = watched.join();
        over.store(true, Ordering::Relaxed);
        flows.join().expect("datagrams");
        let (rate, most) = outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        assert!(rate >= 1000, "{rate} flows a second");
        assert!(most >= 500, "of {rate} a second only {most} in any snapshot");
    });
}

fn come_and_go(home: &Household, over: &AtomicBool, sent: &AtomicUsize) {
    let socket = udp(&home.laptop, at("0.0.0.0", 0));
    let begun = Instant::now();
    for (number, port) in (1..=u16::MAX).cycle().enumerate() {
        // Whoever was held up catches up.
        while number as u128 * 1000 > begun.elapsed().as_millis() * RATE {
            sleep(Duration::from_millis(1));
        }
        if over.load(Ordering::Relaxed) {
            return;
        }
        // A full queue somewhere is no failure.
        sent.fetch_add(usize::from(socket.send_to(b"?", at(VOID, port)).is_ok()), Ordering::Relaxed);
    }
}

fn of_laptop(snapshot: &Snapshot) -> i64 {
    snapshot.counts().get(&("laptop".into(), "udp".into(), "UNREPLIED".into())).copied().unwrap_or(0)
}

/// Each has its `share`. The kernel goes on in a bucket of its hash table by counting or from the last entry shown: if
/// one of the same bucket goes just then, it may show another twice or not at all.
fn check_those_that_stay(snapshot: &Snapshot, share: i64) {
    let found = of_clients(&snapshot.counts());
    let off: i64 = found.iter().map(|count| (count - share).abs()).sum();
    assert!(off <= 2, "{found:?} instead of {share} each");
}

#[test]
fn a_table_that_is_tiny_now_and_huge_then() {
    const TINY: u32 = 32;
    let _turn = turn();
    let home = Household::new("swap");
    let huge = huge();
    let _room = Limit::at_least(huge);
    put(&home, 0..TINY);
    let (receiver, exporter) = start(&home, "auto");
    let spell = |source: &str, entries: u32| {
        for _ in 0..3 {
            let snapshot = receiver.fresh();
            assert_eq!(snapshot.text("source"), source, "{entries} entries");
            assert_eq!(of_clients(&snapshot.counts()), vec![i64::from(entries / CLIENTS); CLIENTS as usize]);
        }
        exporter.peak()
    };
    let small = spell("procfs", TINY);
    for _ in 0..2 {
        put(&home, TINY..huge);
        let large = spell("netlink", huge);
        let grown = large - small;
        assert!(grown <= FLAT, "from {small} KiB by {grown} KiB");
        take(&home, TINY..huge);
        spell("procfs", TINY);
    }
    exporter.end(Signal::SIGTERM);
}

/// So many entries that messages are the cheaper way on this kernel, and more than fit into memory that stays flat.
pub(crate) fn huge() -> u32 {
    const STEP: u32 = 50 * CLIENTS;
    let buckets = fs::read_to_string(BUCKETS).expect("the number of buckets");
    let buckets: u64 = buckets.trim().parse().expect("a number");
    let dumped = |entries: &u32| {
        let gauges = Gauges { count: Some((*entries).into()), max: None, buckets: Some(buckets) };
        Table::new(&Root::live(), BackendChoice::Auto).choose(gauges, Duration::ZERO) == TableBackend::Netlink
    };
    let enough = (16_000..300_000).step_by(STEP as usize).find(dumped);
    enough.expect("the text can't be cheaper for every table") + STEP
}

/// Held by one of these tests at a time, whichever checkout it is of.
fn turn() -> File {
    let turn = File::open(BUCKETS).expect("the kernel's number of buckets");
    turn.lock().expect("a turn");
    turn
}

/// The lines of the next datagram, if one has arrived.
fn lines_of_one(socket: &UdpSocket) -> Option<Vec<Line>> {
    let mut datagram = [0; 2048];
    let length = socket.recv(&mut datagram).ok()?;
    Some(parse(datagram.get(..length)?).unwrap_or_else(|why| panic!("{why}")))
}

/// A receiver that listens on, and the first snapshot after the next end of one, of which a part may be lost.
fn next_whole(socket: UdpSocket) -> (Receiver, Snapshot) {
    until("the end of a snapshot", || {
        lines_of_one(&socket)?.last().filter(|line| line.measurement == "conntrack_exporter").map(drop)
    });
    socket.set_nonblocking(false).expect("a socket");
    let receiver = Receiver::over(socket);
    let snapshot = receiver.next();
    (receiver, snapshot)
}

#[test]
fn a_receiver_that_does_not_keep_up() {
    const ENTRIES: u32 = 4096;
    let _turn = turn();
    let home = Household::new("slow");
    put(&home, 0..ENTRIES);
    let telegraf = at(TELEGRAF, PORT);
    let socket = udp(&home.router, telegraf);
    // Room for a datagram or two, less than a snapshot.
    setsockopt(&socket, sockopt::RcvBuf, &1).expect("the smallest buffer");
    let exporter = Exporter::sending_to(&home, telegraf);
    until("snapshots that nobody reads", || (exporter.ticks() >= 4).then_some(()));
    socket.set_nonblocking(true).expect("a socket");
    let mut arrived = 0;
    while lines_of_one(&socket).is_some() {
        arrived += 1;
    }
    assert!(arrived >= 1, "what there is room for arrives");
    setsockopt(&socket, sockopt::RcvBuf, &1_000_000).expect("a large buffer");
    let (_receiver, caught_up) = next_whole(socket);
    assert!(caught_up.figure("sequence") > 4);
    assert!(caught_up.figure("datagrams_sent") > arrived, "lost, which the kernel doesn't tell");
    assert_eq!(caught_up.figure("send_errors"), 0);
    assert_eq!(of_clients(&caught_up.counts()), vec![i64::from(ENTRIES / CLIENTS); CLIENTS as usize]);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn more_flows_than_are_remembered() {
    const FLOWS: u32 = 262_144;
    const REMEMBERED: i64 = 65_536;
    const STAYING: u32 = 1024;
    let _turn = turn();
    let _room = Limit::at_least(FLOWS);
    let home = Household::new("bound");
    let server = listen(&home.internet, at(INTERNET, 443));
    let connection = established(&home.laptop, at(INTERNET, 443), &server);
    put(&home, 0..FLOWS);
    let mut watched = Watched::new(home, "netlink");
    exchange(&connection, 100_000, 300_000);
    for _ in 0..2 {
        let full = watched.fresh();
        assert_eq!(full.figure("flows_tracked"), REMEMBERED);
        assert_eq!(full.figure("flows_untracked"), i64::from(FLOWS) + 1 - REMEMBERED);
        assert_eq!(of_clients(&full.counts()), vec![i64::from(FLOWS / CLIENTS); CLIENTS as usize]);
        insist_on_silence(&full);
        assert_eq!(full.of("connection_rate").count(), 0, "nor is it known what was opened");
    }
    watched.exporter.await_error(&format!("beyond limits.max_flows = {REMEMBERED} and not tracked"));

    take(&watched.home, STAYING..FLOWS);
    let is_known = |snapshot: &Snapshot| snapshot.of("connection_rate").next().is_some();
    while !is_known(&watched.fresh()) {}
    assert_eq!(watched.sums.moved(), ByDevice::new(), "nothing has moved since");
    let before = by_the_kernel(&watched.home.router);
    exchange(&connection, 10_000, 30_000);
    let untold = before.into_iter().map(|(device, carried)| (device, Carried::default() - carried));
    watched.expect_beyond(&untold.collect());
    // What was taken out once all were remembered, at most.
    let closed: i64 = watched.sums.turnover.values().map(|turnover| turnover.closed).sum();
    assert!(closed <= REMEMBERED, "{closed} closed");
    assert_eq!(watched.fresh().figure("counter_resets"), 0);
    watched.exporter.end(Signal::SIGTERM);
}
