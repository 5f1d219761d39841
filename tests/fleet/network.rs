//! Two network namespaces with a link between them: all routers in the one, whatever receives in the other.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::fleet::Fleet;
use crate::fleet::rows::Sent;
use crate::namespace::Namespace;
use crate::numbers::FIRST_ROUTER;
use crate::place::Place;

/// Where receivers listen.
const RECEIVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

pub(crate) struct Network {
    routers: Namespace,
    /// Where receivers run.
    pub(crate) place: Place,
    directory: PathBuf,
}

impl Network {
    /// With so many routers; `test` is a name of its own.
    pub(crate) fn new(test: &str, routers: u32) -> Self {
        let (here, there) = (Namespace::new(test, "routers"), Namespace::new(test, "receivers"));
        let name = there.name();
        here.ip(&format!("link add name wan type veth peer name lan netns {name}"));
        let addresses = (0..routers).map(|number| Ipv4Addr::from(u32::from(FIRST_ROUTER) + number));
        let add = addresses.map(|address| format!("address add {address}/16 dev wan\n"));
        here.ip(&(add.collect::<String>() + "link set wan up"));
        there.ip(&format!("address add {RECEIVER}/16 dev lan\nlink set lan up"));
        let directory =
            std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for the servers");
        Self { routers: here, place: Place::Inside(there), directory }
    }

    /// A directory for a server's files.
    pub(crate) fn directory(&self, server: &str) -> PathBuf {
        let directory = self.directory.join(server);
        fs::create_dir_all(&directory).expect("a directory for a server");
        directory
    }

    /// Has the fleet send, and does something meanwhile.
    pub(crate) fn run(&self, fleet: &Fleet, meanwhile: impl FnOnce(&Progress<'_>)) -> Sent {
        let snapshots = AtomicU64::new(0);
        let sent = thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let _ended = Ended(&snapshots);
                self.routers.enter(|| fleet.run(&snapshots))
            });
            meanwhile(&Progress(&snapshots));
            sending.join().expect("a fleet that sends")
        });
        tell(fleet, &sent);
        sent
    }

    /// How many datagrams the kernel has thrown away because the buffer of whoever listens at a port was full.
    pub(crate) fn thrown_away(&self, port: u16) -> u64 {
        let read =
            |file: &str| fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap_or_default();
        let sockets = self.place.enter(|| read("udp") + &read("udp6"));
        let wanted = format!(":{port:04X} ");
        let here = sockets.lines().filter(|line| line.contains(&wanted));
        here.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("fleet: what the servers have said is in {}", self.directory.display());
        } else {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Where receivers listen, at this port.
pub(crate) fn receiver(port: u16) -> SocketAddr {
    SocketAddr::from((RECEIVER, port))
}

/// How far the fleet is.
pub(crate) struct Progress<'a>(&'a AtomicU64);

impl Progress<'_> {
    /// Waits until so many snapshots have been sent of each router.
    pub(crate) fn reach(&self, snapshots: u64) {
        while self.0.load(Ordering::Acquire) < snapshots {
            sleep(Duration::from_millis(10));
        }
    }
}

/// However the fleet ends: nobody waits for it any more.
struct Ended<'a>(&'a AtomicU64);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(u64::MAX, Ordering::Release);
    }
}

fn tell(fleet: &Fleet, sent: &Sent) {
    let Sent { lines, bytes, datagrams, refused, burst, sending, late, .. } = sent;
    println!(
        "fleet: {} routers, {} snapshots every {} s: {lines} lines, {} rows, {datagrams} datagrams of {} bytes on \
         average, {refused} refused; at most {burst} at one instant, within {sending:.1?}, {late:.1?} late",
        fleet.routers,
        fleet.snapshots,
        fleet.interval,
        sent.total(),
        bytes / (*datagrams).max(1),
    );
}

/// A listing of this repository with some words replaced, each of which must be there.
pub(crate) fn listing(name: &str, replace: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/fleet").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    replace.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{name} does not have {from}");
        text.replace(from, to)
    })
}
