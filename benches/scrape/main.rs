//! What a scrape of a real table costs beside what it must cost and beside what people do today; and what the daemon
//! holds of memory. One run, interleaved, in processor time; Markdown on standard output, progress on standard error.
//!
//! Needs root: tables are filled through ctnetlink, each in a network namespace of its own. The hash table and its
//! limit belong to the machine: they are set, and put back also when this is interrupted.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that can't run says so by a panic")]

#[path = "../support/cost.rs"]
mod cost;
mod daemon;
#[path = "../../tests/support/fill.rs"]
mod fill;
#[path = "../../tests/support/flush.rs"]
#[expect(dead_code, reason = "a table is emptied as a whole here")]
mod flush;
mod machine;
mod ours;
mod peers;
mod report;
#[path = "../../tests/support/restore.rs"]
mod restore;
mod table;

use nix::sys::resource::UsageWho;
use nix::unistd::geteuid;

use cost::{cost, median, own};
use machine::Machine;
use ours::Ours;
use table::{Measured, Table};

/// The tables, by entries and buckets.
const TABLES: [(u32, u32); 5] =
    [(1_000, 16_384), (16_384, 16_384), (65_536, 65_536), (262_144, 262_144), (1_000, 262_144)];
/// Beyond this the shell loop takes too long to be waited for.
const SHELL_AT_MOST: u32 = 16_384;
/// Of so many rounds one runs the shell loop too.
const SHELL_EVERY: usize = 6;

/// Medians in µs of processor time (user + system), and the daemon's figures, of one table.
#[derive(Default)]
struct Row {
    entries: u32,
    buckets: u32,
    rounds: usize,
    dump: f64,
    read: f64,
    netlink: f64,
    procfs: f64,
    auto: f64,
    tick: f64,
    /// A tick without the measurements of what flows did.
    tick_of_present: f64,
    list: f64,
    mawk: f64,
    shell: Option<f64>,
    daemon: daemon::Figures,
    daemon_of_present: daemon::Figures,
}

fn main() {
    if !geteuid().is_root() {
        println!("scrape: needs root, to fill tables in network namespaces of its own; nothing was measured");
        return;
    }
    let wanted: Vec<(u32, u32)> = std::env::args().skip(1).filter_map(|argument| pair(&argument)).collect();
    let tables = if wanted.is_empty() { TABLES.to_vec() } else { wanted };
    let machine = Machine::take();
    let rows: Vec<Row> =
        tables.iter().map(|&(entries, buckets)| measure(&machine, entries, buckets)).collect();
    let others = machine.others();
    drop(machine);
    report::print(&rows, &others);
}

/// A table on the command line, as in `1000:16384`: entries and buckets.
fn pair(argument: &str) -> Option<(u32, u32)> {
    let (entries, buckets) = argument.split_once(':')?;
    Some((entries.parse().ok()?, buckets.parse().ok()?))
}

fn measure(machine: &Machine, entries: u32, buckets: u32) -> Row {
    let rounds = match entries {
        0..60_000 => 31,
        60_000..200_000 => 21,
        _ => 11,
    };
    eprintln!("{entries} entries in {buckets} buckets, {rounds} rounds");
    machine.set_buckets(buckets);
    let table = Table::new(entries);
    let mut row = compare(&table, entries, rounds);
    (row.entries, row.buckets, row.rounds) = (entries, buckets, rounds);
    row.daemon = daemon::watch(&table, Measured::All);
    row.daemon_of_present = daemon::watch(&table, Measured::Present);
    row
}

/// Runs everything in turn, so that whatever slows the machine for a while slows all of it.
fn compare(table: &Table, entries: u32, rounds: usize) -> Row {
    let [mut netlink, mut procfs, mut auto, mut whole] =
        ["netlink", "procfs", "auto", "auto"].map(|source| Ours::new(table, source, Measured::All, entries));
    let mut present = Ours::new(table, "auto", Measured::Present, entries);
    let mut samples: [Vec<f64>; 9] = Default::default();
    let mut shell = Vec::new();
    // The first round warms up.
    for round in 0..=rounds {
        let costs = [
            own(ours::discard_dump),
            own(ours::discard_text),
            own(|| netlink.snapshot(round)),
            own(|| procfs.snapshot(round)),
            own(|| auto.snapshot(round)),
            own(|| whole.tick(round)),
            own(|| present.tick(round)),
            childrens(peers::list),
            childrens(peers::list_and_count),
        ];
        if round == 0 {
            continue;
        }
        samples.iter_mut().zip(costs).for_each(|(samples, cost)| samples.push(cost));
        if entries <= SHELL_AT_MOST && round % SHELL_EVERY == 0 {
            shell.push(childrens(|| peers::grep_per_row(table.leases())));
        }
    }
    let [dump, read, netlink, procfs, auto, tick, tick_of_present, list, mawk] = samples.map(median);
    let shell = Some(shell).filter(|shell| !shell.is_empty()).map(median);
    Row { dump, read, netlink, procfs, auto, tick, tick_of_present, list, mawk, shell, ..Row::default() }
}

/// Of the processes that `work` starts and waits for.
fn childrens(work: impl FnOnce()) -> f64 {
    cost(UsageWho::RUSAGE_CHILDREN, work)
}
