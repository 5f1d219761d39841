//! Telegraf by name.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::connections::{at, udp};
use crate::exporter::{Exporter, configure};
use crate::household::{Household, LAPTOP_V6, NAS};
use crate::least_privilege::{NONE, insist, nobody, reload, threads};
use crate::name_server::{NameServer, answer, inside};
use crate::snapshot::Receiver;
use crate::wait::until;

#[test]
fn a_name_is_resolved_and_its_ipv6_address_used() {
    let home = Household::new("name");
    let _name_server = NameServer::of_router(&home, NAS);
    let server = udp(&home.nas, at(NAS, 53));
    let receiver = Receiver::new(&home.laptop, at(LAPTOP_V6, 8094));
    let config = configure(&home, "telegraf.example.com:8094", "");
    let exporter = Exporter::run(&home, &mut inside(&home, &config));
    for _ in ["A", "AAAA"] {
        until("a query", || answer(&server, &[at(LAPTOP_V6, 0).ip()]));
    }
    let first = receiver.next();
    assert!(first.figure("sequence") <= 2, "resolved in good time");
    assert_eq!(receiver.next().figure("sequence"), first.figure("sequence") + 1);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn a_name_server_that_never_answers_delays_no_tick() {
    let home = Household::new("resolver");
    let _name_server = NameServer::of_router(&home, NAS);
    let silent = udp(&home.nas, at(NAS, 53));
    let config = configure(&home, "telegraf.example.com:8094", "source = \"procfs\"");
    let exporter = Exporter::run(&home, &mut inside(&home, &config));
    until("a second thread", || (threads(&exporter).len() > 1).then_some(()));
    insist(&exporter, nobody(), NONE);

    let mut query = [0; 512];
    let length = silent.recv(&mut query).expect("a query");
    let query = String::from_utf8_lossy(query.get(..length).unwrap_or_default());
    assert!(query.contains("telegraf") && query.contains("example"), "{query:?}");
    exporter.await_error("sending to telegraf.example.com:8094 fails: telegraf.example.com is not resolved");
    // More than the 5 s after which it gives up, so that the end of one attempt is among the ticks.
    let (ticks, begun) = (exporter.ticks(), Instant::now());
    until("six more ticks", || (exporter.ticks() >= ticks + 6).then_some(()));
    let took = begun.elapsed();
    // With an attempt in their way they would take eleven seconds or more; a busy machine may lose one or two.
    assert!(took < Duration::from_secs(10), "six ticks in {took:?}");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn a_name_server_that_never_answers_holds_one_thread_whatever_the_name() {
    let home = Household::new("onethread");
    let _name_server = NameServer::of_router(&home, NAS);
    let silent = udp(&home.nas, at(NAS, 53));
    let config = configure(&home, "telegraf-0.example.com:8094", "");
    let exporter = Exporter::run(&home, &mut inside(&home, &config));
    silent.recv(&mut [0; 512]).expect("a query");
    for number in 1..=3 {
        configure(&home, &format!("telegraf-{number}.example.com:8094"), "");
        reload(&exporter, number);
        let ticks = exporter.ticks();
        until("two more ticks", || (exporter.ticks() >= ticks + 2).then_some(()));
        let threads = threads(&exporter).len();
        assert!(threads <= 2, "{threads} threads, of which one waits");
    }
    exporter.end(Signal::SIGTERM);
}
