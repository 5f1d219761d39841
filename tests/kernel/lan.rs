//! A real LAN: dnsmasq gives leases and announces the prefix, three devices join as phones and televisions do, and two
//! of them have one name.
//!
//! dnsmasq gives a name to who asked for it last: the older lease shows `*` from then on. Of their IPv6 addresses no
//! file tells; the neighbours do.

mod dnsmasq;
mod guest;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Command;

use nix::sys::signal::Signal;

use crate::connections::{at, established_from};
use crate::exporter::{Exporter, configure, once};
use crate::household::{Household, INTERNET_V6, LAPTOP_MAC};
use crate::snapshot::{Counts, Receiver, counts};
use dnsmasq::Dnsmasq;
use guest::{Connection, Guest, Internet};

const TELEGRAF: &str = "127.0.0.1";
/// An address that the laptop gets while the daemon runs.
const NEW: &str = "2001:db8:aa:10::77";
/// What the second of two phones is called.
const SECOND: &str = "phone-000023";

/// The names under which the television, the older and the newer phone are counted.
type Names<'a> = [&'a str; 3];

const TOLD_APART: Names<'_> = ["tv", "phone", SECOND];

/// All devices have joined, the second phone under the running daemon. Each has another number of connections, so
/// that none can be counted for another unseen.
struct Lan {
    exporter: Exporter,
    receiver: Receiver,
    connections: Vec<Connection>,
    internet: Internet,
    tv: Guest,
    older: Guest,
    newer: Guest,
    _dnsmasq: Dnsmasq,
    home: Household,
}

impl Lan {
    fn new(test: &str) -> Self {
        let home = Household::new(test);
        let internet = Internet::listen(&home);
        let dnsmasq = Dnsmasq::serve(&home);
        let tv = Guest::join(&home, test, "tv", 0x21);
        let older = Guest::join(&home, test, "phone", 0x22);
        let mut connections = tv.connect(&home, &internet, 1);
        connections.push(tv.connect_to_router(&home));
        connections.extend(older.connect(&home, &internet, 2));
        let receiver = Receiver::new(&home.router, at(TELEGRAF, 8094));
        let exporter = Exporter::sending_to(&home, at(TELEGRAF, 8094));
        let two = counts(&[
            ("other", "udp", "UNREPLIED", 1),
            ("phone", "tcp", "ESTABLISHED", 6),
            ("router", "udp", "UNREPLIED", 2),
            ("tv", "tcp", "ESTABLISHED", 4),
        ]);
        assert_eq!(receiver.next().counts(), two, "before the second phone");

        let newer = Guest::join(&home, test, "phone", 0x23);
        newer.private();
        // Right after a tick, so that none falls between the first packet of a connection and the last.
        receiver.fresh();
        connections.extend(newer.connect(&home, &internet, 3));
        let lan =
            Self { exporter, receiver, connections, internet, tv, older, newer, _dnsmasq: dnsmasq, home };
        lan.expect_once_asked("the second phone", &counted(TOLD_APART));
        lan
    }

    fn guests(&self) -> [&Guest; 3] {
        [&self.tv, &self.older, &self.newer]
    }

    /// Insists that the next snapshot says this.
    fn expect(&self, when: &str, expected: &Counts) {
        assert_eq!(self.receiver.next().counts(), *expected, "{when}");
    }

    /// Insists that this is said once the neighbours were asked about addresses that are new in the next snapshot.
    fn expect_once_asked(&self, when: &str, expected: &Counts) {
        self.receiver.next_where(when, |snapshot| snapshot.counts() == *expected);
    }

    /// The neighbours on the LAN, as `ip` prints them.
    fn neighbours(&self) -> String {
        let mut command = Command::new("ip");
        command.args(["-n", self.home.router.name(), "neighbour", "show", "dev", "br-lan"]);
        let output = command.output().expect("running ip");
        String::from_utf8(output.stdout).expect("text")
    }

    fn leases(&self) -> String {
        fs::read_to_string(self.home.leases()).expect("reading the lease file")
    }
}

/// The connections of all, for these names.
fn counted([tv, older, newer]: Names<'_>) -> Counts {
    counts(&[
        // One over each address, and one to the router's link-local address.
        (tv, "tcp", "ESTABLISHED", 4),
        (older, "tcp", "ESTABLISHED", 6),
        (newer, "tcp", "ESTABLISHED", 9),
        // They have no address yet when they ask for a lease: one entry of 0.0.0.0 for all.
        ("other", "udp", "UNREPLIED", 1),
        // dnsmasq's answers.
        ("router", "udp", "UNREPLIED", 3),
    ])
}

/// The text of a lease file with other names for these devices.
fn renamed(leases: &str, names: &[(&Guest, &str)]) -> String {
    let rename = |line: &str| {
        let mut fields: Vec<&str> = line.split(' ').collect();
        let to = names.iter().find(|(guest, _)| fields.get(1) == Some(&guest.mac().as_str()));
        if let (Some((_, to)), Some(name)) = (to, fields.get_mut(3)) {
            *name = to;
        }
        fields.join(" ") + "\n"
    };
    leases.lines().map(rename).collect()
}

#[test]
fn two_phones_of_one_name_are_told_apart_over_all_their_addresses() {
    let lan = Lan::new("phones");
    let (leases, neighbours) = (lan.leases(), lan.neighbours());
    for (guest, name) in [(&lan.tv, "tv"), (&lan.older, "*"), (&lan.newer, "phone")] {
        let (mac, v4) = (guest.mac(), guest.v4(&lan.home));
        assert!(leases.contains(&format!(" {mac} {v4} {name} ")), "{leases}");
        for address in [v4, guest.stable().into(), guest.private().into()] {
            assert!(neighbours.contains(&format!("{address} lladdr {mac} ")), "{neighbours}");
        }
    }
    let steady = lan.receiver.next();
    assert_eq!(steady.counts(), counted(TOLD_APART));
    let figures = ["devices", "entries_unattributed", "entries_overflow"].map(|name| steady.figure(name));
    assert_eq!(figures, [3, 1, 0]);

    // Who has just been started knows only what the file says: who asked last has the name.
    let config = configure(&lan.home, &at(TELEGRAF, 8094).to_string(), "");
    let fresh = once(&lan.home, &config);
    assert_eq!(fresh.counts(), counted(["tv", &lan.older.mac(), "phone"]));
    lan.expect("who was there from the beginning knows better", &counted(TOLD_APART));
    lan.exporter.end(Signal::SIGTERM);
}

#[test]
fn connections_keep_their_names_when_the_neighbours_are_forgotten() {
    let mut lan = Lan::new("flushed");
    lan.home.router.ip("neighbour flush all");
    lan.expect("forgotten", &counted(TOLD_APART));

    // What is open goes on, and a new one comes from an address that was known before.
    for (near, far) in &mut lan.connections {
        near.write_all(b"?").expect("an open connection");
        far.read_exact(&mut [0; 1]).expect("an open connection");
    }
    lan.connections.push(lan.older.connect_privately(&lan.internet));
    let mut expected = counted(TOLD_APART);
    expected.extend(counts(&[("phone", "tcp", "ESTABLISHED", 7)]));
    lan.expect("in use", &expected);

    // They have left, and nobody answers for their addresses any more; their connections are still in the table.
    for guest in lan.guests() {
        lan.home.router.ip(&format!("link set {} down", guest.port()));
    }
    lan.home.router.ip("neighbour flush all");
    lan.expect("gone", &expected);

    // An address not seen before makes the daemon ask the neighbours again, who know nothing of the others any more.
    lan.home.laptop.ip(&format!("addr add {NEW}/64 dev eth0 nodad"));
    let connection = established_from(&lan.home.laptop, at(NEW, 0), at(INTERNET_V6, 443), &lan.internet.v6);
    expected.extend(counts(&[(LAPTOP_MAC, "tcp", "ESTABLISHED", 1)]));
    lan.expect_once_asked("asked again", &expected);
    lan.expect("asked again, and once more", &expected);
    let neighbours = lan.neighbours();
    let known = lan.guests().map(|guest| neighbours.contains(&guest.mac()));
    assert_eq!(known, [false; 3], "{neighbours}");
    lan.exporter.end(Signal::SIGTERM);
    drop(connection);
}

#[test]
fn connections_follow_the_names_in_a_rewritten_lease_file() {
    let lan = Lan::new("rewritten");
    let told_apart = counted(TOLD_APART);
    let original = lan.leases();
    fs::write(lan.home.leases(), &original).expect("writing the lease file");
    lan.expect("the same once more", &told_apart);

    let long = format!("x{}", "\u{f6}".repeat(200));
    let hostile = [(&lan.tv, "a,b=c \"d\""), (&lan.newer, long.as_str())];
    let text = renamed(&original, &hostile);
    let (begin, rest) = text.split_at(text.find('\n').expect("several lines") / 2);
    // In place and in two steps, each of which lasts for a tick.
    let mut file = File::create(lan.home.leases()).expect("truncating the lease file");
    file.write_all(begin.as_bytes()).expect("writing the lease file");
    lan.expect("half a file", &told_apart);
    file.write_all(rest.as_bytes()).expect("writing the lease file");
    // At most 64 bytes, which end with a character.
    let cut = format!("x{}", "\u{f6}".repeat(31));
    let renamed = counted(["a,b=c \"d\"", "phone", &cut]);
    let mut changing = renamed.clone();
    changing.extend(counts(&[("tv", "tcp", "ESTABLISHED", 0), (SECOND, "tcp", "ESTABLISHED", 0)]));
    lan.expect("hostile names", &changing);
    lan.expect("after them", &renamed);

    // A lease renewed makes dnsmasq write its own names again, over ours.
    lan.tv.lease();
    let mut back = told_apart.clone();
    back.extend(counts(&[("a,b=c \"d\"", "tcp", "ESTABLISHED", 0), (&cut, "tcp", "ESTABLISHED", 0)]));
    lan.receiver.next_where("dnsmasq's own names", |snapshot| snapshot.counts() == back);
    lan.expect("at last", &told_apart);
    assert_eq!(lan.leases().lines().count(), original.lines().count(), "{}", lan.leases());
    lan.exporter.end(Signal::SIGTERM);
}
