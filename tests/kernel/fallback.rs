//! Telegraf by a name that has several addresses, of which not all lead to it.

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::household::{Household, INTERNET, INTERNET_V6, LAPTOP, LAPTOP_V6, NAS, VOID, VOID_V6};
use crate::name_server::{Answering, NameServer, inside};
use crate::snapshot::Receiver;
use crate::wait::until;

const NAME: &str = "telegraf.example.com";
const PORT: u16 = 8094;
/// Addresses of the LAN that nobody has.
const NOBODY: &str = "192.168.8.99";
const NOBODY_V6: &str = "2001:db8:aa:10::99";

/// A household in which Telegraf's name has these addresses.
struct Named {
    home: Household,
    _resolver: NameServer,
    _answering: Answering,
}

impl Named {
    fn new(test: &str, addresses: &[&str]) -> Self {
        let home = Household::new(test);
        let resolver = NameServer::of_router(&home, NAS);
        let answering = Answering::start(&home.nas, NAS, addresses);
        Self { home, _resolver: resolver, _answering: answering }
    }

    fn start(&self) -> Exporter {
        let config = configure(&self.home, &format!("{NAME}:{PORT}"), "");
        Exporter::run(&self.home, &mut inside(&self.home, &config))
    }

    /// What `check` says of Telegraf.
    fn check(&self) -> String {
        let config = configure(&self.home, &format!("{NAME}:{PORT}"), "");
        let mut check = inside(&self.home, &config);
        let child = self.home.router.spawn(check.arg("check").stdout(Stdio::piped()));
        let output = child.wait_with_output().expect("a child that was just started");
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = report.lines().find(|line| line.contains("Telegraf"));
        line.unwrap_or_else(|| panic!("{report}")).to_owned()
    }
}

/// Insists that the next snapshots come one after the other.
fn insist_on_all(receiver: &Receiver) {
    let first = receiver.next().figure("sequence");
    for number in 1..=4 {
        assert_eq!(receiver.next().figure("sequence"), first + number);
    }
}

/// All that it has logged.
fn log(exporter: &Exporter) -> String {
    exporter.output() + &exporter.errors()
}

/// Insists that there was one outage, which is over: that is said in these words.
fn insist_on_one_outage(exporter: &Exporter, end: &str) {
    until("the end of the failure in the log", || exporter.output().contains(end).then_some(()));
    let log = log(exporter);
    assert_eq!((log.matches(" fails: ").count(), log.matches(end).count()), (1, 1), "{log}");
}

/// What is said when the snapshots go to another address, which has refused nothing.
fn elsewhere(address: &str) -> String {
    format!("goes to {} now: nothing has been refused there", at(address, PORT))
}

#[test]
fn a_name_whose_first_address_refuses() {
    let named = Named::new("refusing", &[LAPTOP_V6, LAPTOP]);
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    let exporter = named.start();
    insist_on_all(&receiver);
    insist_on_one_outage(&exporter, &elsewhere(LAPTOP));
    let refused = format!("{}: Connection refused", at(LAPTOP_V6, PORT));
    let log = log(&exporter);
    assert_eq!(exporter.output().matches(&refused).count(), 1, "one snapshot is refused: {log}");
    assert!(!log.contains("works again"), "{log}");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn a_name_whose_first_address_is_dead_on_the_link() {
    let named = Named::new("dead", &[NOBODY_V6, LAPTOP]);
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    let exporter = named.start();
    insist_on_all(&receiver);
    insist_on_one_outage(&exporter, &elsewhere(LAPTOP));
    let log = log(&exporter);
    assert!(log.contains(&format!("{}: No route to host", at(NOBODY_V6, PORT))), "{log}");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn an_address_that_is_dead_on_the_link_is_told_of() {
    let home = Household::new("alone");
    for address in [NOBODY, NOBODY_V6] {
        let telegraf = at(address, PORT);
        let exporter = Exporter::sending_to(&home, telegraf);
        exporter.await_error(&format!("sending to {telegraf} fails: No route to host"));
        // The kernel gives up a neighbour only after three attempts, a second each: most snapshots are silent.
        let before = exporter.ticks();
        until("fifteen more snapshots", || (exporter.ticks() >= before + 15).then_some(()));
        let log = log(&exporter);
        assert_eq!((log.matches(" fails: ").count(), log.matches("works again").count()), (1, 0), "{log}");
        exporter.end(Signal::SIGTERM);
    }
}

#[test]
fn a_name_whose_addresses_are_all_alive() {
    let named = Named::new("alive", &[LAPTOP_V6, LAPTOP]);
    let (used, other) = (at(LAPTOP_V6, PORT), at(LAPTOP, PORT));
    let receiver = Receiver::new(&named.home.laptop, used);
    let unused = Receiver::new(&named.home.laptop, other);
    let exporter = named.start();
    insist_on_all(&receiver);
    insist_on_all(&receiver);
    assert!(unused.within(Duration::from_millis(50)).is_none(), "it stays with one");
    exporter.end(Signal::SIGTERM);
    let said = named.check();
    assert!(
        said.contains(&format!("snapshots go to {used} by UDP, or if that refuses to {other}")),
        "{said}"
    );
}

#[test]
fn a_name_whose_addresses_all_refuse_until_one_does_not() {
    let named = Named::new("silent", &[LAPTOP_V6, LAPTOP]);
    let exporter = named.start();
    exporter.await_error(&format!("sending to {NAME}:{PORT} fails"));
    let refused = |address| format!("{}: Connection refused", at(address, PORT));
    let twice = |address| exporter.output().matches(&refused(address)).count() >= 2;
    until("each in turn", || (twice(LAPTOP_V6) && twice(LAPTOP)).then_some(()));
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    assert!(receiver.next().figure("send_errors") >= 4, "each was counted");
    insist_on_all(&receiver);
    insist_on_one_outage(&exporter, "works again");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn a_name_of_which_one_address_is_in_the_lan() {
    // The other is behind the gateway, where all is swallowed in silence.
    let named = Named::new("near", &[VOID_V6, LAPTOP]);
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    let exporter = named.start();
    insist_on_all(&receiver);
    exporter.end(Signal::SIGTERM);
    let said = named.check();
    assert!(said.contains(&format!("snapshots go to {} by UDP", at(LAPTOP, PORT))), "{said}");
}

#[test]
fn a_name_whose_near_address_comes_back_while_the_other_swallows_all() {
    let named = Named::new("swallowing", &[VOID, LAPTOP]);
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    let exporter = named.start();
    insist_on_all(&receiver);
    let last = receiver.fresh().figure("sequence");
    drop(receiver);
    exporter.await_error(&format!("{}: Connection refused", at(LAPTOP, PORT)));
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    let first = receiver.next().figure("sequence");
    assert!(first - last < 20, "{} snapshots lost: {}", first - last, log(&exporter));
    insist_on_all(&receiver);
    let elsewhere = format!("works again, at {}", at(VOID, PORT));
    assert!(!log(&exporter).contains(&elsewhere), "silence proves nothing there: {}", log(&exporter));
    exporter.end(Signal::SIGTERM);
}

#[test]
fn a_name_of_which_one_address_can_not_be_reached() {
    let named = Named::new("unreachable", &[INTERNET_V6, LAPTOP]);
    named.home.router.ip("route delete ::/0");
    let receiver = Receiver::new(&named.home.laptop, at(LAPTOP, PORT));
    let exporter = named.start();
    insist_on_all(&receiver);
    exporter.end(Signal::SIGTERM);
    let (used, other) = (at(LAPTOP, PORT), at(INTERNET_V6, PORT));
    let said = named.check();
    assert!(said.starts_with("ok") && said.contains(&format!("snapshots go to {used} by UDP")), "{said}");
    assert!(said.contains(&format!("or if that refuses to {other} (no route)")), "{said}");
}

#[test]
fn a_name_whose_addresses_can_not_be_reached() {
    let named = Named::new("unreachables", &[INTERNET_V6, INTERNET]);
    named.home.router.ip("route delete ::/0\nroute delete default");
    let said = named.check();
    assert!(said.starts_with("warning") && said.contains("no route"), "{said}");
    let exporter = named.start();
    exporter.await_error("Network is unreachable");
    named.home.router.ip("route add default via 203.0.113.1");
    let receiver = Receiver::new(&named.home.internet, at(INTERNET, PORT));
    insist_on_all(&receiver);
    insist_on_one_outage(&exporter, "works again");
    exporter.end(Signal::SIGTERM);
}
