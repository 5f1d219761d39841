//! How many connections are told, by how they end and how long they live: the table in docs/limits.md.
//!
//! Here all times are a tenth of a router's. `KERNEL_PASS_SECONDS=10` measures what is published: with the kernel's own
//! timeouts, and so many seconds from one look at the table to the next.

use std::net::SocketAddr;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::time::{TimeVal, TimeValLike};

use super::TELEGRAF;
use super::sums::{Sums, Turnover, add_until, roomy};
use crate::connections::{at, connect_from, established_from, finish, listen, reset, udp};
use crate::exporter::{Exporter, configure_every};
use crate::household::{Household, INTERNET, LAPTOP, VOID};
use crate::wait::PATIENCE;

/// How connections of one kind are made, end, and are told.
struct Kind {
    /// What they are called in the table.
    name: &'static str,
    protocol: &'static str,
    /// Makes one from an address of the laptop's, which lives for as long.
    make: fn(&Household, SocketAddr, Duration),
    /// For how many tenths of a unit they live.
    lives: &'static [u32],
    told: Told,
}

/// What is sure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Each is told, and has seen an answer.
    All,
    /// Each is told, and no answer was seen.
    AllUnreplied,
    /// None, but for one that is met in the midst of being refused.
    None,
    /// The kernel forgets them about when the next pass comes.
    Most,
}

const KINDS: [Kind; 6] = [
    Kind { name: "TCP closed by FIN", protocol: "tcp", make: finished, lives: &[1, 10, 50], told: Told::All },
    Kind { name: "TCP ended by RST", protocol: "tcp", make: aborted, lives: &[1, 10, 50], told: Told::Most },
    Kind { name: "TCP refused by RST", protocol: "tcp", make: refused, lives: &[0], told: Told::None },
    Kind { name: "TCP unanswered", protocol: "tcp", make: half_open, lives: &[0], told: Told::AllUnreplied },
    Kind { name: "UDP answered", protocol: "udp", make: answered, lives: &[0], told: Told::All },
    Kind { name: "UDP unanswered", protocol: "udp", make: unanswered, lives: &[0], told: Told::AllUnreplied },
];

fn finished(home: &Household, from: SocketAddr, lived: Duration) {
    let server = listen(&home.internet, at(INTERNET, 0));
    let address = server.local_addr().expect("a bound socket");
    let connection = established_from(&home.laptop, from, address, &server);
    sleep(lived);
    finish(connection);
}

fn aborted(home: &Household, from: SocketAddr, lived: Duration) {
    let server = listen(&home.internet, at(INTERNET, 0));
    let address = server.local_addr().expect("a bound socket");
    let connection = established_from(&home.laptop, from, address, &server);
    sleep(lived);
    reset(connection);
}

fn refused(home: &Household, from: SocketAddr, _: Duration) {
    let outcome = connect_from(&home.laptop, from, at(INTERNET, 81), TimeVal::seconds(10));
    assert_eq!(outcome.expect_err("nobody listens"), Errno::ECONNREFUSED);
}

fn half_open(home: &Household, from: SocketAddr, _: Duration) {
    let outcome = connect_from(&home.laptop, from, at(VOID, 443), TimeVal::milliseconds(50));
    assert_eq!(outcome.expect_err("nobody is there"), Errno::EINPROGRESS);
}

fn answered(home: &Household, from: SocketAddr, _: Duration) {
    let (client, server) = (udp(&home.laptop, from), udp(&home.internet, at(INTERNET, 0)));
    client.send_to(b"?", server.local_addr().expect("a bound socket")).expect("a way there");
    let (_, from) = server.recv_from(&mut [0; 8]).expect("a question");
    server.send_to(b"!", from).expect("a way back");
    client.recv(&mut [0; 8]).expect("an answer");
}

fn unanswered(home: &Household, from: SocketAddr, _: Duration) {
    udp(&home.laptop, from).send_to(b"?", at(VOID, 1)).expect("a way there");
}

/// A network behind the laptop.
const BEHIND: &str = "10.77.0.0/24";

/// The kernel's own timeouts, in seconds.
const TIMEOUTS: [(&str, u32); 5] = [
    ("tcp_timeout_close", 10),
    ("tcp_timeout_time_wait", 120),
    ("tcp_timeout_syn_sent", 120),
    ("udp_timeout", 30),
    ("udp_timeout_stream", 120),
];

/// How long and how often it is tried.
struct Scale {
    /// What stands for a second.
    unit: Duration,
    /// The time from one pass to the next.
    pass: Duration,
    /// Over how many passes the connections are spread.
    passes: u32,
    /// How many connections of each kind there are.
    each: u32,
}

impl Scale {
    fn wanted() -> Self {
        let Ok(seconds) = std::env::var("KERNEL_PASS_SECONDS") else {
            let second = Duration::from_secs(1);
            return Self { unit: second / 10, pass: second, passes: 3, each: 20 };
        };
        let seconds = seconds.parse().expect("KERNEL_PASS_SECONDS is a number");
        Self {
            unit: Duration::from_secs(1),
            pass: Duration::from_secs(seconds),
            passes: u32::try_from(120 / seconds).expect("passes within two minutes").max(1),
            each: 100,
        }
    }

    /// When to begin which connection: anywhere between two passes, and no two at the same place.
    fn starts(&self) -> impl Iterator<Item = Duration> {
        let golden = (5_f64.sqrt() - 1.0) / 2.0;
        let span = self.pass * self.passes;
        (0..self.each).map(move |number| span.mul_f64((f64::from(number) * golden).fract()))
    }
}

/// Connections of one kind that live equally long, and the address by which they are told from others.
struct Group<'a> {
    kind: &'a Kind,
    lived: Duration,
    address: String,
}

impl Group<'_> {
    fn check(&self, told: Turnover, each: u32) {
        let each = i64::from(each);
        let is_true = match self.kind.told {
            Told::All => (told.opened, told.unreplied) == (each, 0),
            Told::AllUnreplied => (told.opened, told.unreplied) == (each, each),
            Told::None => told.opened <= 1,
            Told::Most => (each / 2..=each).contains(&told.opened),
        };
        assert!(is_true, "{} after {:?}: {told:?} of {each}", self.kind.name, self.lived);
    }
}

/// A device of its own for each group: they are in a network behind the laptop, where nothing but addresses tells them
/// apart.
fn groups<'a>(home: &Household, scale: &Scale, kinds: &'a [Kind]) -> Vec<Group<'a>> {
    home.router.ip(&format!("route add {BEHIND} via {LAPTOP}"));
    let lived = |tenths: u32| scale.unit * tenths / 10;
    let each = kinds.iter().flat_map(|kind| kind.lives.iter().map(move |lives| (kind, lived(*lives))));
    let group = |((kind, lived), last)| {
        let address = format!("10.77.0.{last}");
        home.laptop.ip(&format!("addr add {address}/32 dev lo"));
        Group { kind, lived, address }
    };
    each.zip(1..).map(group).collect()
}

fn make_all(home: &Household, scale: &Scale, groups: &[Group<'_>]) {
    let begun = Instant::now();
    thread::scope(|scope| {
        for group in groups {
            // A port of its own for each: to the kernel, the same ports would be the same connection.
            for (port, start) in (20_000..).zip(scale.starts()) {
                scope.spawn(move || {
                    sleep(start.saturating_sub(begun.elapsed()));
                    (group.kind.make)(home, at(&group.address, port), group.lived);
                });
            }
        }
    });
}

#[test]
fn what_is_told_of_short_connections() {
    let (scale, home) = (Scale::wanted(), Household::new("seen"));
    for (name, units) in TIMEOUTS {
        let seconds = (scale.unit * units).as_secs().to_string();
        home.router.set(&format!("netfilter/nf_conntrack_{name}"), &seconds);
    }
    let groups = groups(&home, &scale, &KINDS);
    let receiver = roomy(&home.router, at(TELEGRAF, 8094));
    let pass = format!("{}s", scale.pass.as_secs());
    let settings = format!("traffic.interval = \"{pass}\"\nlan.prefixes = [\"{BEHIND}\"]");
    let config = configure_every(&pass, &home, &at(TELEGRAF, 8094).to_string(), &settings);
    let exporter = Exporter::start(&home, &config);
    let patience = PATIENCE + scale.pass * 3;
    // Until its neighbours were asked about it, an address is nobody's.
    for group in &groups {
        unanswered(&home, at(&group.address, 0), Duration::ZERO);
    }
    let is_known =
        |sums: &Sums, group: &Group<'_>| sums.turnover.keys().any(|(name, _)| *name == group.address);
    add_until(&receiver, &mut Sums::default(), "all addresses", patience, |sums| {
        groups.iter().all(|group| is_known(sums, group))
    });
    let mut sums = Sums::default();
    make_all(&home, &scale, &groups);
    let wanted = usize::try_from(scale.passes + 2).expect("a number of snapshots");
    add_until(&receiver, &mut sums, "snapshots of all passes", patience, |sums| sums.snapshots >= wanted);
    println!("| Connection | Lived | Told |\n|---|---|---|");
    for group in &groups {
        let told = sums.turnover(&group.address, group.kind.protocol);
        let share = told.opened * 100 / i64::from(scale.each);
        println!("| {} | {:?} | {share} % |", group.kind.name, group.lived);
    }
    // Where looks are rarer than a router's, less is sure.
    for group in groups.iter().filter(|_| scale.pass == scale.unit * 10) {
        group.check(sums.turnover(&group.address, group.kind.protocol), scale.each);
    }
    exporter.end(Signal::SIGTERM);
}
