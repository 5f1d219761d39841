use std::cell::Cell;
use std::fs;

use super::*;
use crate::attribution::owners::OwnerId;
use crate::measurements::{Measurement, Needs, Tick, netstat};
use crate::proc_net::sockets::Socket;
use crate::proc_net::sockets::{TCP, UDP};
use crate::series::Series;
use crate::series::schema::Schema;
use crate::test_directory::TestDirectory;

const ROW: &str = "0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1\n";

/// How often sockets were about to be shown, and how many were since.
#[derive(Debug, Default)]
struct Shows {
    begun: Cell<usize>,
    sockets: Cell<usize>,
}

/// A measurement that counts what it is shown.
#[derive(Debug)]
struct Shown {
    shows: Rc<Shows>,
    wanted: Wanted,
}

impl Measurement for Shown {
    fn schema(&self) -> &'static Schema {
        &netstat::SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { sockets: self.wanted, ..Needs::default() }
    }

    fn begin_sockets(&mut self) {
        self.shows.begun.set(self.shows.begun.get() + 1);
        self.shows.sockets.set(0);
    }

    fn observe_socket(&mut self, _: &Socket) {
        self.shows.sockets.set(self.shows.sockets.get() + 1);
    }

    fn report(&mut self, _: &Tick<'_>, _: &mut Series<'_>) {}

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

/// Files of a router, and a measurement that needs its sockets.
struct Router {
    place: TestDirectory,
    sockets: Sockets,
    running: Vec<Running>,
    shows: Rc<Shows>,
}

impl Router {
    fn new(test: &str, wanted: Wanted) -> Self {
        let place = TestDirectory::new(test);
        fs::create_dir_all(place.join("proc/net")).unwrap();
        let shows = Rc::new(Shows::default());
        let running = vec![Running::new(Box::new(Shown { shows: Rc::clone(&shows), wanted }))];
        Self { place, sockets: Sockets::default(), running, shows }
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.place.join(path.trim_start_matches('/')), text).unwrap();
    }

    /// How they were read, how often it was begun, and how many were shown at last.
    fn show(&mut self, due: DueClocks) -> (Option<SocketSource>, usize, usize) {
        self.shows.begun.set(0);
        let shown = self.sockets.show(&Root::replay(&*self.place), &mut self.running, due, Duration::ZERO);
        (shown.source, self.shows.begun.get(), self.shows.sockets.get())
    }
}

#[test]
fn files_that_another_router_lacks_are_no_fault() {
    let mut router = Router::new("collector-sockets-missing", Wanted::States);
    assert_eq!(router.show(DueClocks::Both), (None, 1, 0));
    router.write(TCP, ROW);
    assert_eq!(router.show(DueClocks::Both), (None, 1, 1), "nothing is known of UDP");
    assert!(!router.sockets.unreadable.ends());
    router.write(UDP, "");
    assert_eq!(router.show(DueClocks::Both), (Some(SocketSource::Text), 1, 1));
}

#[test]
fn a_reading_that_breaks_off_is_begun_once_more() {
    let mut router = Router::new("collector-sockets-broken", Wanted::Details);
    router.write(TCP, &ROW.repeat(3));
    let udp = router.place.join("proc/net/udp");
    fs::create_dir(&udp).unwrap();
    assert_eq!(router.show(DueClocks::IntervalOnly), (None, 2, 3));
    assert!(!router.sockets.unreadable.begins(), "it was said");
    fs::remove_dir(&udp).unwrap();
    router.write(UDP, ROW);
    assert_eq!(router.show(DueClocks::IntervalOnly), (Some(SocketSource::Text), 1, 4));
    assert!(!router.sockets.unreadable.ends(), "that it is over was said");
}

#[test]
fn what_can_not_be_understood_is_told_until_it_has_gone() {
    let mut router = Router::new("collector-sockets-odd", Wanted::States);
    router.write(TCP, "odd\n");
    router.write(UDP, ROW);
    assert_eq!(router.show(DueClocks::Both), (Some(SocketSource::Text), 1, 1));
    assert!(!router.sockets.odd.begins());
    router.write(TCP, ROW);
    router.show(DueClocks::Both);
    assert!(!router.sockets.odd.ends());
}

#[test]
fn nothing_is_read_that_nobody_needs_or_that_is_not_due() {
    let mut router = Router::new("collector-sockets-unneeded", Wanted::Nothing);
    router.write(TCP, ROW);
    router.write(UDP, ROW);
    assert_eq!(router.show(DueClocks::Both), (None, 0, 0));
    let mut router = Router::new("collector-sockets-not-due", Wanted::States);
    assert_eq!(router.show(DueClocks::TrafficOnly), (None, 0, 0));
}
