//! For how long the spool's memory lasts by default, with everything on: what docs/influxdb.md says, measured anew.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's failure is a panic"
)]

#[expect(dead_code, reason = "other tests look at more of it")]
#[path = "support/household/mod.rs"]
mod household;
#[path = "support/place.rs"]
mod place;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;
use flate2::Compression;
use flate2::write::GzEncoder;
use household::scenario::{EVERY, START};
use household::{Household, files};
use place::Place;

const INTERVAL: u64 = 30;
/// What is measured: from when the habits have settled on, in seconds.
const FROM: u64 = 600;
const TO: u64 = 1200;
/// The default of `spool.memory`.
const MEMORY: u64 = 4 << 20;
/// What devices do, in turn: one in ten has a torrent, most are quiet.
const HABITS: [&str; 10] =
    ["film", "browsing", "standby", "sensor", "torrent", "standby", "call", "browsing", "sensor", "standby"];

/// What a house of so many devices takes in the spool in an hour, compressed, in bytes.
fn bytes_per_hour(devices: usize) -> u64 {
    let place = Place::new(&format!("spool-size-{devices}"));
    // With the figures of a router.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/household/root/.");
    let copied = Command::new("cp").arg("-r").arg(sample).arg(place.path()).status().unwrap();
    assert!(copied.success());
    let mut scenario = format!("seed = 1\nlength = \"{TO}s\"\nshown_every = \"1h\"\n");
    for (number, habit) in (1..=devices).zip(HABITS.iter().cycle()) {
        write!(scenario, "[[device]]\nname = \"device-{number:02}\"\ndoes = [{{ what = \"{habit}\" }}]\n")
            .unwrap();
    }
    let mut household = Household::new(&toml::from_str(&scenario).unwrap());
    files::write_standing(place.path(), &household).unwrap();
    let everything = "destinations.mode = \"prefix\"\n[system]\nnstat = \"all\"\nnetstat = true\nnet = true\nrouter_stats = true\nwan_bandwidth = true\n";
    let table = MemoryTable::default();
    let config = Config::parse(everything).unwrap_or_else(|error| panic!("{error}"));
    let mut collector = Collector::new(config, &Root::replay(place.path()), START).with_table(table.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut ledger, mut lines, mut bytes) = (Ledger::default(), Lines::default(), 0);
    for second in (0..TO).step_by(usize::try_from(EVERY).unwrap()) {
        household.live_until(START + second);
        files::write_counters(place.path(), &household).unwrap();
        table.replace(household.table());
        let due = if second.is_multiple_of(INTERVAL) { DueClocks::Both } else { DueClocks::TrafficOnly };
        let wall = Duration::from_secs(START + second);
        let timestamp = i64::try_from(wall.as_nanos()).ok();
        let moment = Moment { boot: Duration::from_secs(3600 + second), timestamp, wall: Some(wall), due };
        let snapshot = runtime.block_on(collector.snapshot(&moment)).unwrap();
        let points = ledger.complete(&snapshot);
        lines.write(&points, timestamp);
        ledger.confirm(&snapshot, &points, |_| true, false);
        if second >= FROM {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(lines.text()).unwrap();
            bytes += encoder.finish().unwrap().len() as u64;
        }
    }
    bytes * 3600 / (TO - FROM)
}

#[test]
fn the_memory_lasts_for_as_long_as_the_documents_say() {
    let documented =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/influxdb.md")).unwrap();
    for devices in [10, 50] {
        let per_hour = bytes_per_hour(devices);
        let minutes = MEMORY * 60 / per_hour;
        println!("{devices} devices: {} KiB an hour; 4 MiB are {minutes} minutes", per_hour >> 10);
        let row = documented.lines().find(|line| line.starts_with(&format!("| {devices} |"))).unwrap();
        let told: u64 = row.split('|').nth(2).unwrap().trim().trim_end_matches(" KiB").parse().unwrap();
        let told = told << 10;
        assert!(
            (told * 3 / 4..=told * 5 / 4).contains(&per_hour),
            "{devices} devices: {per_hour} bytes an hour, and docs/influxdb.md says {told}"
        );
    }
}
