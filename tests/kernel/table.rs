//! The table emptied under the daemon.

use nix::sys::signal::Signal;

use crate::connections::{asked, at, established, half_open, listen, udp};
use crate::exporter::Exporter;
use crate::flush::flush;
use crate::household::{Household, INTERNET, INTERNET_V6, VOID};
use crate::snapshot::{Receiver, counts};

#[test]
fn what_a_flush_removed_is_sent_as_zero_once() {
    let home = Household::new("flush");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connections: Vec<_> =
        (0..3).map(|_| established(&home.laptop, at(INTERNET, 443), &server)).collect();
    half_open(&home.nas, at(VOID, 443));
    asked(&home.nas, &udp(&home.internet, at(INTERNET_V6, 53)));
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let all =
        [("laptop", "tcp", "ESTABLISHED", 3), ("nas", "tcp", "SYN_SENT", 1), ("nas", "udp", "ACTIVE", 1)];
    assert_eq!(receiver.next().counts(), counts(&all));

    home.router.enter(flush).expect("flushing the table");
    assert_eq!(
        receiver.next().counts(),
        counts(&all.map(|(device, protocol, state, _)| (device, protocol, state, 0)))
    );
    assert_eq!(receiver.next().counts(), counts(&[]));
    assert_eq!(receiver.next().counts(), counts(&[]));

    let _new = established(&home.laptop, at(INTERNET, 443), &server);
    let back = receiver.next_where("a new connection", |snapshot| !snapshot.counts().is_empty());
    assert_eq!(back.counts(), counts(&[("laptop", "tcp", "ESTABLISHED", 1)]));
    assert_eq!((back.figure("ticks_skipped"), back.figure("send_errors")), (0, 0));
    exporter.end(Signal::SIGTERM);
}
