//! A file that is exchanged for a FIFO in the moment between looking and opening.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::SystemTime;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::replay::{Replay, make_fifo};

/// How often the file is looked at in each snapshot, by as many spellings of its path.
const SPELLINGS: usize = 16;

/// Links that lead to it, one to the next; the kernel follows 40. Each is a long way of saying "here": that draws the
/// moment out to a millisecond or so, in which the exchanges have their turn.
const LINKS: usize = 38;
const STEPS: usize = 2000;

/// Enough that a program which can be hit is hit.
const TICKS: usize = 8;

/// Says that it is over when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A lease file and the FIFO that takes its place.
struct Exchange {
    here: PathBuf,
    there: PathBuf,
    file: File,
}

impl Exchange {
    fn new(replay: &Replay) -> Self {
        let path = "tmp/dhcp.leases";
        let (here, there) = (replay.path(path), replay.beside("fifo"));
        make_fifo(&there);
        let link = |number: usize| replay.path(format!("tmp/{number}"));
        let long_way_to = |name: &str| format!("{}{name}", "./".repeat(STEPS));
        for number in 1..LINKS {
            symlink(long_way_to(&(number + 1).to_string()), link(number)).expect("a link");
        }
        symlink(long_way_to("dhcp.leases"), link(LINKS)).expect("a link");
        let file = File::options().write(true).open(&here).expect("a file that is there");
        Self { here, there, file }
    }

    /// Exchanges them; the file is a new one each time, or nobody would open it again.
    fn exchange(&self) {
        renameat_with(CWD, &self.here, CWD, &self.there, RenameFlags::EXCHANGE).expect("both are there");
        self.file.set_modified(SystemTime::now()).expect("a file of ours");
    }
}

#[test]
fn a_lease_file_exchanged_for_a_fifo_again_and_again_holds_nothing_up() {
    let replay = Replay::new("exchange");
    let exchange = Exchange::new(&replay);
    let paths: Vec<_> = (1..=SPELLINGS).map(|number| format!("{}tmp/1", "/".repeat(number))).collect();
    replay.write("etc/conntrack-exporter.toml", &format!("interval = \"1s\"\ndevices.leases = {paths:?}\n"));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Also when the test fails, or the scope would wait for ever.
        let _end = End(&over);
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                exchange.exchange();
            }
        });
        let mut daemon = replay.start(&["--stdout"]);
        daemon.await_ticks(TICKS);
        daemon.stop();
    });
}
