//! Every connection is counted once, for the right device, in the right state.

use std::os::fd::OwnedFd;

use crate::connections::{
    asked, at, established, finish, half_open, listen, pinged, refused, reset, udp, unanswered,
};
use crate::exporter::{Exporter, configure, once};
use crate::household::{
    Household, INTERNET, INTERNET_V6, NAS, NAS_V6, ROUTER, ROUTER_V6, STRAY, VOID, VOID_V6, WAN,
};
use crate::snapshot::{Counts, Receiver, counts};
use crate::wait::until;

/// The connections of the functions below, and nothing else.
fn expected() -> Counts {
    counts(&[
        ("laptop", "icmp", "ACTIVE", 1),
        ("laptop", "icmpv6", "ACTIVE", 1),
        // Three to the internet, two there over IPv6, one to the nas through the router's WAN address.
        ("laptop", "tcp", "ESTABLISHED", 6),
        ("laptop", "tcp", "CLOSE", 1),
        ("laptop", "tcp", "SYN_SENT", 2),
        ("laptop", "tcp", "TIME_WAIT", 2),
        // To the internet, to the router, and to the router over IPv6.
        ("laptop", "udp", "ACTIVE", 3),
        ("nas", "tcp", "CLOSE", 1),
        // One to the internet, one to the router, two from the internet.
        ("nas", "tcp", "ESTABLISHED", 4),
        ("nas", "tcp", "SYN_SENT", 1),
        ("nas", "tcp", "TIME_WAIT", 1),
        ("nas", "udp", "ACTIVE", 1),
        ("nas", "udp", "UNREPLIED", 3),
        ("other", "udp", "UNREPLIED", 1),
        // One to the internet, one from there, one to the nas.
        ("router", "tcp", "ESTABLISHED", 3),
        ("router", "udp", "UNREPLIED", 1),
    ])
}

/// Keeps what is opened open.
pub(crate) struct Held(Vec<OwnedFd>);

impl Held {
    pub(crate) fn all(home: &Household) -> Self {
        let mut held = Self(Vec::new());
        held.lan_to_internet(home);
        held.unanswered(home);
        answered(home);
        held.port_forward(home);
        held.routers_own(home);
        ended(home);
        held
    }

    fn keep(&mut self, opened: impl Into<OwnedFd>) {
        self.0.push(opened.into());
    }

    fn keep_both(&mut self, (near, far): (impl Into<OwnedFd>, impl Into<OwnedFd>)) {
        self.keep(near);
        self.keep(far);
    }

    fn lan_to_internet(&mut self, home: &Household) {
        let (v4, v6) = (at(INTERNET, 443), at(INTERNET_V6, 443));
        let (server, server_v6) = (listen(&home.internet, v4), listen(&home.internet, v6));
        for _ in 0..3 {
            self.keep_both(established(&home.laptop, v4, &server));
        }
        for _ in 0..2 {
            self.keep_both(established(&home.laptop, v6, &server_v6));
        }
        self.keep_both(established(&home.nas, v4, &server));
        self.keep_both(established(&home.router, v4, &server));
    }

    fn unanswered(&mut self, home: &Household) {
        half_open(&home.laptop, at(VOID, 443));
        half_open(&home.laptop, at(VOID, 444));
        half_open(&home.nas, at(VOID_V6, 443));
        for port in [1, 2] {
            self.keep(unanswered(&home.nas, at(VOID, port)));
        }
        self.keep(unanswered(&home.nas, at(VOID_V6, 1)));
        self.keep(unanswered(&home.router, at(VOID, 1)));
        let stray = udp(&home.laptop, at(STRAY, 0));
        stray.send_to(b"?", at(VOID, 1)).expect("a way there");
        self.keep(stray);
    }

    /// The router's WAN port 8080 leads to the nas, from the internet as from the LAN.
    fn port_forward(&mut self, home: &Household) {
        let server = listen(&home.nas, at(NAS, 80));
        for _ in 0..2 {
            self.keep_both(established(&home.internet, at(WAN, 8080), &server));
        }
        self.keep_both(established(&home.laptop, at(WAN, 8080), &server));
    }

    fn routers_own(&mut self, home: &Household) {
        let dns = listen(&home.router, at(ROUTER, 53));
        self.keep_both(established(&home.nas, at(ROUTER, 53), &dns));
        let ssh = listen(&home.router, at(WAN, 22));
        self.keep_both(established(&home.internet, at(WAN, 22), &ssh));
        let share = listen(&home.nas, at(NAS_V6, 445));
        self.keep_both(established(&home.router, at(NAS_V6, 445), &share));
        let itself = listen(&home.router, at("127.0.0.1", 80));
        self.keep_both(established(&home.router, at("127.0.0.1", 80), &itself));
        let itself = listen(&home.router, at("::1", 80));
        self.keep_both(established(&home.router, at("::1", 80), &itself));
    }
}

/// UDP and pings, each with an answer.
fn answered(home: &Household) {
    asked(&home.laptop, &udp(&home.internet, at(INTERNET, 53)));
    asked(&home.laptop, &udp(&home.router, at(ROUTER, 53)));
    asked(&home.laptop, &udp(&home.router, at(ROUTER_V6, 53)));
    asked(&home.nas, &udp(&home.internet, at(INTERNET_V6, 53)));
    pinged(&home.laptop, at(INTERNET, 0));
    pinged(&home.laptop, at(INTERNET_V6, 0));
}

/// Connections that are over but not forgotten, and some that never were.
fn ended(home: &Household) {
    let (v4, v6) = (at(INTERNET, 80), at(INTERNET_V6, 80));
    let (server, server_v6) = (listen(&home.internet, v4), listen(&home.internet, v6));
    finish(established(&home.laptop, v4, &server));
    finish(established(&home.laptop, v6, &server_v6));
    finish(established(&home.nas, v6, &server_v6));
    reset(established(&home.laptop, v4, &server));
    reset(established(&home.nas, v6, &server_v6));
    refused(&home.laptop, at(INTERNET, 81));
    refused(&home.nas, at(INTERNET_V6, 81));
}

#[test]
fn known_connections_give_the_exact_truth() {
    let home = Household::new("truth");
    let held = Held::all(&home);
    let telegraf = at("127.0.0.1", 8094);
    let by = |source: &str| configure(&home, &telegraf.to_string(), &format!("source = \"{source}\""));
    for source in ["procfs", "netlink"] {
        let config = by(source);
        // The last packets of a connection arrive after the call that caused them has returned.
        let settled =
            until("the last packets", || Some(once(&home, &config)).filter(|it| it.counts() == expected()));
        assert_eq!(settled.text("source"), source);
    }
    let config = by("auto");
    let settled = once(&home, &config);
    let (read, entries) = (settled.figure("entries_read"), home.router.entries());
    assert_eq!(usize::try_from(read), Ok(entries));
    assert_eq!(settled.figure("entries_loopback"), 2);
    assert_eq!(settled.figure("entries_unattributed"), 1);
    assert_eq!(settled.figure("devices"), 2);

    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::start(&home, &config);
    let (first, second) = (receiver.next(), receiver.next());
    assert_eq!((first.counts(), second.counts()), (expected(), expected()));
    assert_eq!((first.figure("sequence"), second.figure("sequence")), (1, 2));
    assert_eq!(second.instant() - first.instant(), 1_000_000_000);
    // By then its own datagrams are an entry.
    assert_eq!(second.figure("entries_loopback"), 3);
    assert_eq!(usize::try_from(second.figure("entries_read")), Ok(home.router.entries()));
    assert!((second.gauge() - f64::from(u32::try_from(home.router.entries()).unwrap_or(0))).abs() < 0.5);
    exporter.end(nix::sys::signal::Signal::SIGTERM);
    drop(held);
}
