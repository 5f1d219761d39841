//! `record` on a real table: what is replayed has the counts that the kernel had.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use conntrack_exporter::measurements::NAMES;

use crate::exporter::{PROGRAM, command, configure, once};
use crate::household::Household;
use crate::lines::{Line, parse};
use crate::snapshot::Snapshot;
use crate::truth::Held;
use crate::wait::until;

/// The measurements whose figures stay as they are while the connections do.
const STANDING: [&str; 3] = ["connection_state", "conntrack", "conntrack_exporter"];

/// Runs the program in the router's namespace until it ends.
fn run(home: &Household, command: &mut Command) -> Output {
    let child = home.router.spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let output = child.wait_with_output().expect("a child that was just started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The snapshots that `replay` prints of a recording.
fn replay(home: &Household, recording: &Path) -> Vec<Snapshot> {
    let output = run(home, Command::new(PROGRAM).arg("replay").arg(recording).stdin(Stdio::null()));
    let lines = parse(&output.stdout).unwrap_or_else(|why| panic!("{why}"));
    let is_last = |line: &Line| line.measurement == "conntrack_exporter";
    lines.split_inclusive(is_last).map(|lines| Snapshot::new(lines.to_vec())).collect()
}

#[test]
fn three_instants_of_a_real_table_are_replayed_with_its_counts() {
    let home = Household::new("recording");
    let others = NAMES.iter().filter(|name| !STANDING.contains(name));
    let off: Vec<_> = others.map(|name| format!("measurements.{name} = false")).collect();
    let config = configure(&home, "127.0.0.1:8094", &off.join("\n"));
    let held = Held::all(&home);
    let mut number = 0;
    // Now and then a connection ends in the midst of it.
    let (recorded, counts) = until("a quiet table", || {
        number += 1;
        let directory = home.file(&format!("recording-{number}"));
        let before = once(&home, &config).counts();
        let mut record = command(Path::new(PROGRAM), &config);
        record.args(["record", "--for", "3s", "--every", "1s"]).arg(&directory);
        run(&home, &mut record);
        (once(&home, &config).counts() == before).then_some((directory, before))
    });
    let snapshots = replay(&home, &recorded);
    assert_eq!(snapshots.len(), 3);
    for (snapshot, sequence) in snapshots.iter().zip(1..) {
        assert_eq!(snapshot.counts(), counts);
        assert_eq!(snapshot.figure("sequence"), sequence);
    }
    drop(held);
}
