//! Every connection that is opened and closed is told once.

use nix::sys::signal::Signal;

use super::sums::Turnover;
use super::transfer::exchange;
use super::watched::Watched;
use crate::connections::{
    answered, at, established, established_from, finish, half_open, listen, refused, reset, udp, unanswered,
};
use crate::household::{Household, INTERNET, INTERNET_V6, LAPTOP, NAS, VOID, WAN};

/// Connections that have ended are forgotten within a test's time.
const SOON_FORGOTTEN: [(&str, &str); 5] = [
    ("netfilter/nf_conntrack_tcp_timeout_time_wait", "2"),
    ("netfilter/nf_conntrack_tcp_timeout_close", "2"),
    ("netfilter/nf_conntrack_tcp_timeout_syn_sent", "2"),
    ("netfilter/nf_conntrack_udp_timeout", "2"),
    ("netfilter/nf_conntrack_udp_timeout_stream", "2"),
];

const fn turnover(opened: i64, closed: i64, unreplied: i64) -> Turnover {
    Turnover { opened, closed, unreplied }
}

#[test]
fn by_text_what_is_opened_and_closed_is_told_once() {
    known_connections("turnover-text", "procfs");
}

#[test]
fn by_messages_what_is_opened_and_closed_is_told_once() {
    known_connections("turnover-messages", "netlink");
}

fn known_connections(test: &str, source: &str) {
    let mut watched = Watched::new(Household::new(test), source);
    let home = &watched.home;
    for (path, value) in SOON_FORGOTTEN {
        home.router.set(path, value);
    }
    let (v4, v6) = (at(INTERNET, 443), at(INTERNET_V6, 443));
    let (server, server_v6) = (listen(&home.internet, v4), listen(&home.internet, v6));
    let share = listen(&home.nas, at(NAS, 80));
    let (dns, dns_v6) = (udp(&home.internet, at(INTERNET, 53)), udp(&home.internet, at(INTERNET_V6, 53)));
    let _stays = established(&home.laptop, v4, &server);
    let mut sockets: Vec<_> = (1..=7).map(|port| unanswered(&home.nas, at(VOID, port))).collect();
    for _ in 0..20 {
        finish(established(&home.laptop, v4, &server));
        finish(established(&home.nas, v6, &server_v6));
        sockets.extend([&dns, &dns_v6].map(|server| answered(&home.laptop, server)));
    }
    for _ in 0..5 {
        reset(established(&home.laptop, v4, &server));
        finish(established(&home.internet, at(WAN, 8080), &share));
        finish(established(&home.router, v4, &server));
        // Deleted at once, and so never seen: docs/measurements.md says so.
        refused(&home.nas, at(INTERNET, 81));
    }
    half_open(&home.laptop, at(VOID, 443));
    watched.expect_turnover(&[
        ("laptop", "tcp", turnover(27, 26, 1)),
        ("laptop", "udp", turnover(40, 40, 0)),
        ("nas", "tcp", turnover(25, 25, 0)),
        ("nas", "udp", turnover(7, 7, 7)),
        ("router", "tcp", turnover(5, 5, 0)),
    ]);
    drop(sockets);
    watched.exporter.end(Signal::SIGTERM);
}

#[test]
fn a_tuple_used_again_is_one_closed_and_one_opened() {
    let mut watched = Watched::new(Household::new("reused"), "netlink");
    let home = &watched.home;
    let server = listen(&home.internet, at(INTERNET, 443));
    let from = |port| established_from(&home.laptop, at(LAPTOP, port), at(INTERNET, 443), &server);
    // The server closes first, so that it is not the client who has to wait before it may use its port again.
    let closed_by_server = from(40_000);
    exchange(&closed_by_server, 5_000, 5_000);
    let (near, far) = closed_by_server;
    finish((far, near));
    let aborted = from(40_001);
    exchange(&aborted, 5_000, 5_000);
    reset(aborted);
    watched.expect_turnover(&[("laptop", "tcp", turnover(2, 0, 0))]);
    let before = watched.expect_all();

    let home = &watched.home;
    let from = |port| established_from(&home.laptop, at(LAPTOP, port), at(INTERNET, 443), &server);
    let again = [from(40_000), from(40_001)];
    for connection in &again {
        exchange(connection, 100, 100);
    }
    watched.expect_turnover(&[("laptop", "tcp", turnover(4, 2, 0))]);
    watched.expect_beyond(&before);
    watched.exporter.end(Signal::SIGTERM);
}
