//! Disks that are full, and spools that are too small.

use std::collections::BTreeSet;
use std::process::Command;

use nix::sys::signal::Signal;

use super::{NOBODY, PORT, Road, outage};
use crate::exporter::{Exporter, PROGRAM};

#[test]
fn what_had_no_room_is_counted_and_nothing_else_is_missing() {
    let mut road = Road::new("spool-small", "");
    let directory = Road::directory(&road.home, "spool");
    road.configure(
        &format!("http://{}:{PORT}", road.address),
        &format!("spool = {{ directory = {directory:?}, memory = \"64KiB\", pace = 100 }}"),
    );
    // A disk that takes a few snapshots and no more.
    let options = format!("size=16k,uid={NOBODY},mode=700");
    let script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && exec \"$3\" --config \"$4\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh", &options]);
    road.exporter = Some(Exporter::run(&road.home, command.arg(&directory).arg(PROGRAM).arg(&road.config)));
    road.ticks(3);
    road.influx.kill();
    road.await_said("snapshots are kept, and sent later");
    road.await_said("No space left on device");
    road.pass(outage());
    road.influx.start(&road.place);
    road.ticks(2);
    road.drain();
    road.ticks(2);
    road.end(Signal::SIGTERM);

    let records = road.records();
    road.insist_on_whole(&records);
    let last = records.last().expect("snapshots");
    let arrived: BTreeSet<i64> = records.iter().map(|record| record.sequence).collect();
    let missing = (1..=last.sequence).filter(|sequence| !arrived.contains(sequence)).count();
    assert_eq!(i64::try_from(missing), Ok(last.lost), "what is missing is what was counted");
    assert!(last.lost > 0 && last.errors > 0, "{last:?}");
    println!("a disk of 16 KiB and 64 KiB of memory: {missing} of {} lost, and counted", last.sequence);
}
