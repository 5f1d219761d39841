//! The figures as Markdown.

use crate::Row;
use crate::daemon::Figures;
use crate::machine::Others;

/// What others may use of a processor before it says that a run was not quiet.
const QUIET: f64 = 0.1;

pub(crate) fn print(rows: &[Row], others: &Others) {
    println!("## A scrape of a real table");
    println!();
    println!(
        "Processor time (user + system) in µs, medians of interleaved rounds. \"Dump\" and \"read\" have the kernel hand \
         out its table by ctnetlink and as text, and throw it away: nobody can be cheaper. \"Tick\" is a snapshot by \
         `auto` with its lines and datagrams, of all measurements; \"of what there is\" one without those of what flows did \
         since they were last seen. The kernel counts bytes, and nothing moves any. nf_conntrack_max and nf_conntrack_buckets were set for this, and are back \
         at {} and {}.",
        others.before.0, others.before.1
    );
    println!();
    noise(others);
    times(rows);
    println!();
    ratios(rows);
    println!();
    memory(rows);
}

/// A run beside which something else ran can be recognised: `tools/bench` doesn't keep it.
fn noise(others: &Others) {
    let verdict = if others.processors > QUIET { "**NOT QUIET**" } else { "Quiet" };
    println!(
        "{verdict}: others used {:.2} processors on the average; the load average at the beginning was {}.",
        others.processors, others.load
    );
    println!();
}

fn times(rows: &[Row]) {
    println!(
        "| entries | buckets | rounds | dump | read | netlink | procfs | auto | tick | of what there is | `conntrack -L` | `conntrack -L \\| \
         mawk` | grep per row |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        let Row { entries, buckets, rounds, .. } = row;
        print!("| {entries} | {buckets} | {rounds} |");
        let ours = [row.netlink, row.procfs, row.auto, row.tick, row.tick_of_present];
        for time in [row.dump, row.read].into_iter().chain(ours).chain([row.list, row.mawk]) {
            print!(" {time:.0} |");
        }
        println!(" {} |", row.shell.map_or_else(|| "–".to_owned(), |time| format!("{time:.0}")));
    }
}

fn ratios(rows: &[Row]) {
    println!(
        "As ratios; \"floor\" is the cheaper of dump and read, and the last three are against the whole tick."
    );
    println!();
    println!(
        "| entries | buckets | netlink ÷ dump | procfs ÷ read | auto ÷ floor | tick ÷ floor | tick ÷ dump | of what \
         there is ÷ dump | `-L` ÷ dump | mawk ÷ dump | \
         grep ÷ dump | `-L` ÷ tick | mawk ÷ tick | grep ÷ tick |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        let floor = row.dump.min(row.read);
        print!("| {} | {} |", row.entries, row.buckets);
        for ratio in [row.netlink / row.dump, row.procfs / row.read, row.auto / floor, row.tick / floor] {
            print!(" {ratio:.3} |");
        }
        for tick in [row.tick, row.tick_of_present] {
            print!(" {:.3} |", tick / row.dump);
        }
        for below in [row.dump, row.tick] {
            print!(" {:.2} | {:.2} |", row.list / below, row.mawk / below);
            print!(" {} |", row.shell.map_or_else(|| "–".to_owned(), |time| format!("{:.1}", time / below)));
        }
        println!();
    }
}

fn memory(rows: &[Row]) {
    println!(
        "The daemon itself, `source = \"auto\"`, a tick a second of both clocks; memory in KiB. Processor time in µs as the \
         scheduler counts it (`/proc/PID/schedstat`), beside that of the same table from the same source, once a second \
         read and thrown away."
    );
    println!();
    println!(
        "| entries | buckets | measurements | source | peak RSS | anonymous | tick | discarded | tick ÷ discarded |"
    );
    println!("|--:|--:|---|---|--:|--:|--:|--:|--:|");
    for row in rows {
        let Row { entries, buckets, .. } = row;
        for (measured, daemon) in [("all", &row.daemon), ("of what there is", &row.daemon_of_present)] {
            let Figures { source, peak, anonymous, tick, discarded } = daemon;
            print!("| {entries} | {buckets} | {measured} | {source} | {peak} | {anonymous} |");
            println!(" {tick:.0} | {discarded:.0} | {:.2} |", tick / discarded);
        }
    }
    let of = |entries| rows.iter().find(|row| row.entries == entries).map(|row| &row.daemon);
    if let (Some(middle), Some(large)) = (of(16_384), of(262_144)) {
        println!();
        println!(
            "Growth from 16,384 to 262,144 entries: peak {:+} KiB, anonymous {:+} KiB.",
            large.peak.cast_signed() - middle.peak.cast_signed(),
            large.anonymous.cast_signed() - middle.anonymous.cast_signed()
        );
    }
}
