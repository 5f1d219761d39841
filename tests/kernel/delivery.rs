//! Telegraf that is not there, or not yet.

use nix::sys::signal::Signal;

use crate::connections::{at, established, finish, listen};
use crate::exporter::Exporter;
use crate::household::{Household, INTERNET, LAPTOP};
use crate::snapshot::{Counts, Receiver, Snapshot, counts};
use crate::wait::until;

/// Tells of every other datagram only that nobody took it, as a kernel does that limits the rate of its ICMP.
const EVERY_OTHER_REFUSAL: &str = "
table inet limited {
    chain outgoing {
        type filter hook output priority 0
        icmp type destination-unreachable numgen inc mod 2 0 drop
    }
}
";

#[test]
fn a_receiver_that_comes_late_sees_what_it_missed() {
    let home = Household::new("late");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.nas, at(INTERNET, 443), &server);
    let telegraf = at(LAPTOP, 8094);
    let exporter = Exporter::sending_to(&home, telegraf);
    exporter.await_error(&format!("sending to {telegraf} fails"));
    until("three snapshots that nobody takes", || (exporter.ticks() >= 3).then_some(()));

    let receiver = Receiver::new(&home.laptop, telegraf);
    let first = receiver.next();
    let (missed, errors) = (first.figure("sequence") - 1, first.figure("send_errors"));
    assert!(missed >= 3, "{missed} missed");
    let datagrams = first.figure("datagrams_sent");
    assert!(
        datagrams >= missed && (1..=datagrams).contains(&errors),
        "{errors} refusals of {datagrams} datagrams"
    );
    // The router's datagrams to the laptop are a connection as well.
    let expected = counts(&[("nas", "tcp", "ESTABLISHED", 1), ("router", "udp", "UNREPLIED", 1)]);
    assert_eq!(first.counts(), expected);
    let next = receiver.next();
    assert_eq!(next.figure("sequence"), first.figure("sequence") + 1);
    until("the end of the failure in the log", || exporter.output().contains("works again").then_some(()));

    drop(receiver);
    let before = exporter.ticks();
    until("three more that nobody takes", || (exporter.ticks() >= before + 3).then_some(()));
    let later = Receiver::new(&home.laptop, telegraf).next();
    assert!(later.figure("sequence") >= next.figure("sequence") + 3, "a gap");
    assert!(later.figure("send_errors") > next.figure("send_errors"));
    assert_eq!(later.figure("started"), first.figure("started"));
    exporter.end(Signal::SIGTERM);
}

#[test]
fn refusals_that_are_rate_limited_are_one_failure() {
    let home = Household::new("limited");
    home.laptop.nft(EVERY_OTHER_REFUSAL);
    let telegraf = at(LAPTOP, 8094);
    let exporter = Exporter::sending_to(&home, telegraf);
    exporter.await_error(&format!("sending to {telegraf} fails"));
    let before = exporter.ticks();
    until("ten more that nobody takes", || (exporter.ticks() >= before + 10).then_some(()));
    let output = exporter.output();
    assert!(!output.contains("works again"), "{output}{}", exporter.errors());

    let receiver = Receiver::new(&home.laptop, telegraf);
    let first = receiver.next();
    assert!(first.figure("send_errors") >= 4, "of ten, half were refused");
    until("the end of the failure in the log", || exporter.output().contains("works again").then_some(()));
    assert!(receiver.fresh().figure("sequence") >= first.figure("sequence") + 3, "not too soon");
    assert_eq!(exporter.errors().matches(" fails: ").count(), 1, "{}", exporter.errors());
    assert_eq!(exporter.output().matches("works again").count(), 1, "{}", exporter.output());
    exporter.end(Signal::SIGTERM);
}

#[test]
fn what_ended_while_refusals_were_rate_limited_ends_with_zero() {
    let home = Household::new("ended");
    home.laptop.nft(EVERY_OTHER_REFUSAL);
    let server = listen(&home.internet, at(INTERNET, 443));
    let connection = established(&home.nas, at(INTERNET, 443), &server);
    let telegraf = at(LAPTOP, 8094);
    let receiver = Receiver::new(&home.laptop, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let of_nas = |count| counts(&[("nas", "tcp", "ESTABLISHED", count)]);
    let has = |expected: Counts| {
        move |snapshot: &Snapshot| {
            expected.iter().all(|(series, count)| snapshot.counts().get(series) == Some(count))
        }
    };
    receiver.next_where("the connection", has(of_nas(1)));

    drop(receiver);
    exporter.await_error(&format!("sending to {telegraf} fails"));
    finish(connection);
    let before = exporter.ticks();
    until("five more that nobody takes", || (exporter.ticks() >= before + 5).then_some(()));
    let receiver = Receiver::new(&home.laptop, telegraf);
    receiver.next_where("its end", has(of_nas(0)));
    exporter.end(Signal::SIGTERM);
}
