//! Receive buffers: how much of a burst is lost, and how a server gets the buffer that it asks for.

use std::fs::{self, File};
use std::time::Duration;

use crate::fleet::Fleet;
use crate::fleet::rows::Sent;
use crate::network::{Network, listing, receiver};
use crate::numbers::{Numbers, number};
use crate::restore::Restore;
use crate::telegraf::Telegraf;

/// The most that a program may ask for, and what it gets if it asks for nothing, in bytes.
const LIMIT: &str = "/proc/sys/net/core/rmem_max";
const DEFAULT: &str = "/proc/sys/net/core/rmem_default";

const PORT: u16 = 8094;
const KIB: u64 = 1024;
/// So much of a buffer a datagram takes at most, of which the kernel gives twice what was asked for.
const TAKEN_AT_MOST: u64 = 4608;
/// What the usual limit allows, and more.
const SIZES: [u64; 5] = [208 * KIB, 1024 * KIB, 4 * 1024 * KIB, 16 * 1024 * KIB, 32 * 1024 * KIB];
const ROUTERS: [u32; 6] = [10, 50, 100, 250, 500, 1000];

/// Does something while sockets that are opened may have receive buffers of `FLEET_RMEM` bytes, and have, if they ask for
/// none: by itself Linux gives less than what a server on a busy machine leaves unread.
pub(crate) fn with_room<T>(open: impl FnOnce() -> T) -> T {
    with(&[LIMIT, DEFAULT], number("FLEET_RMEM", 16 * 1024 * KIB), open)
}

/// Does something while these settings are so many bytes.
fn with<T>(settings: &[&str], bytes: u64, action: impl FnOnce() -> T) -> T {
    let lock = File::open(LIMIT).expect("a setting that can be read");
    lock.lock().expect("the lock of those who change it");
    let restore = Restore::later(settings, lock).expect("settings that can be read");
    for setting in settings {
        fs::write(setting, bytes.to_string()).unwrap_or_else(|error| panic!("{setting}: {error}"));
    }
    let outcome = action();
    drop(restore);
    outcome
}

/// Telegraf that listens with a buffer of so many bytes, and throws away what it has parsed.
fn telegraf(network: &Network, bytes: u64) -> Telegraf {
    let listing = listing("central.conf", &[("16MiB", &format!("{}KiB", bytes / KIB))]);
    let (inputs, _) = listing.split_once("[[outputs").expect("outputs behind the inputs");
    let listing = format!("{inputs}[[outputs.discard]]\n");
    let directory = network.directory("telegraf");
    let start =
        || Telegraf::start(&network.place, &directory, "telegraf", &listing).listens(&network.place, PORT);
    with(&[LIMIT], bytes, start)
}

#[test]
fn a_burst_loses_nothing_that_the_buffer_holds() {
    let numbers = Numbers::read();
    let most = numbers.routers;
    let network = Network::new("buffers", most);
    println!("fleet: | buffer | routers | datagrams in a burst | sent within | of all | lost |");
    for bytes in SIZES {
        let telegraf = telegraf(&network, bytes);
        for routers in ROUTERS.into_iter().filter(|routers| *routers <= most) {
            // All at one instant: the worst that there is.
            let (snapshots, spread) = (3, Duration::ZERO);
            let fleet =
                Fleet { routers, interval: 1, snapshots, spread, ..numbers.fleet(vec![receiver(PORT)]) };
            let before = network.thrown_away(PORT);
            let Sent { burst, sending, datagrams, .. } = network.run(&fleet, |_| ());
            let lost = network.thrown_away(PORT) - before;
            let kib = bytes / KIB;
            println!("fleet: | {kib} KiB | {routers} | {burst} | {sending:.0?} | {datagrams} | {lost} |");
            if burst * TAKEN_AT_MOST <= 2 * bytes {
                assert_eq!(lost, 0, "{burst} datagrams in a buffer of {kib} KiB");
            }
        }
        drop(telegraf);
    }
}
