//! A LAN with a few devices that stream, browse and torrent through a NAT, in network namespaces.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use crate::connections::at;
use crate::daemon;
use crate::device::{Device, Ledger};
use crate::household::Household;

/// Where the daemon sends to by default: nobody else is there in the router's namespace.
const DEFAULT: (&str, u16) = ("127.0.0.1", 8094);
/// How often the devices do something.
const STEP: Duration = Duration::from_secs(3);

/// The household; gone when dropped.
pub(crate) struct Evening {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    home: Arc<Household>,
}

impl Evening {
    /// Makes it, with a way for the router's datagrams to `telegraf`, which is outside.
    #[expect(clippy::disallowed_methods, reason = "an example that can't have a thread may say so and end")]
    pub(crate) fn begin(telegraf: SocketAddr) -> Self {
        println!("stack: making a household: a router with NAT, four devices, an internet");
        let home = Arc::new(Household::new("stack"));
        let names = ["Living Room TV", "Anna's Laptop", "torrent-box", "Door Camera"];
        let devices: Vec<Device> =
            (21..).zip(names).map(|(number, name)| Device::plug(&home, "stack", name, number)).collect();
        Device::lease(&home, &devices);
        let over = Arc::new(AtomicBool::new(false));
        let inside = home.router.enter(|| UdpSocket::bind(DEFAULT)).expect("a free port of the router's");
        let outside = UdpSocket::bind(at("127.0.0.1", 0)).expect("a free port");
        let relay = {
            let over = Arc::clone(&over);
            spawn(move || relay(&inside, &outside, telegraf, &over))
        };
        let living = {
            let (over, home) = (Arc::clone(&over), Arc::clone(&home));
            spawn(move || live(&home, &devices, &over))
        };
        Self { over, threads: vec![relay, living], home }
    }

    /// Starts the daemon on the router, with the defaults but for the lease file.
    pub(crate) fn exporter(&self, directory: &Path) -> Child {
        let leases = self.home.leases();
        let config = format!("timestamps = \"always\"\ndevices.leases = [\"{}\"]\n", leases.display());
        let file = directory.join("conntrack-exporter.toml");
        fs::write(&file, config).expect("writing a configuration");
        self.home.router.spawn(&mut daemon(directory, &file))
    }
}

impl Drop for Evening {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Hands datagrams from the router's namespace on to this machine's loopback.
fn relay(inside: &UdpSocket, outside: &UdpSocket, telegraf: SocketAddr, over: &AtomicBool) {
    inside.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout above zero");
    let mut datagram = vec![0; 65_535];
    while !over.load(Ordering::Relaxed) {
        if let Ok(length) = inside.recv(&mut datagram) {
            // Telegraf may be going already.
            let _ = outside.send_to(datagram.get(..length).unwrap_or_default(), telegraf);
        }
    }
}

/// What the devices do, step by step, until it is over.
fn live(home: &Household, devices: &[Device], over: &AtomicBool) {
    let [tv, laptop, torrent, camera] = devices else { panic!("four devices") };
    let mut ledger = Ledger::new(home);
    // A stream: a few connections that stay.
    ledger.open(tv, [4, 3]);
    ledger.open(camera, [1, 0]);
    for step in 0_u32.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        // The torrent client takes and leaves peers: it rises to 160, and falls again.
        match step % 60 {
            0..40 => ledger.open(torrent, [3, 1]),
            40..56 => ledger.finish(torrent, 10),
            _ => {}
        }
        // Somebody browses: pages open many connections at once, and close them.
        match step % 10 {
            2 => ledger.open(laptop, [12, 8]),
            5 => ledger.ask(laptop, [4, 2]),
            8 => ledger.finish(laptop, 18),
            _ => {}
        }
        if step % 20 == 10 {
            ledger.knock(camera, [3, 0]);
        }
        if step % 8 == 0 {
            ledger.ask(tv, [1, 0]);
        }
        rest(over);
    }
}

fn rest(over: &AtomicBool) {
    for _ in 0..10 {
        if !over.load(Ordering::Relaxed) {
            sleep(STEP / 10);
        }
    }
}
