//! Times of the text path over a table of 16,384 entries: the floor is reading the file and throwing it away.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't run says so by a panic")]

#[path = "support/router.rs"]
mod router;

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::procfs::{self, Reading};
use conntrack_exporter::conntrack::{Entry, Progress};
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::root::Root;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

const ENTRIES: usize = 16_384;
const DEVICES: usize = 50;

fn main() {
    divan::main();
}

#[divan::bench]
fn read_and_throw_away(bencher: Bencher<'_, '_>) {
    let root = router::write(ENTRIES, DEVICES).unwrap();
    let table = root.join("proc/net/nf_conntrack");
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        let (mut file, mut page) = (File::open(&table).unwrap(), [0; 4096]);
        while file.read(&mut page).unwrap() > 0 {
            black_box(&page);
        }
    });
    router::remove(&root);
}

#[divan::bench]
fn parse_lines_in_memory(bencher: Bencher<'_, '_>) {
    let text = router::table(ENTRIES, DEVICES);
    let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        for line in &lines {
            black_box(procfs::parse(line));
        }
    });
}

#[divan::bench]
fn read_and_parse(bencher: Bencher<'_, '_>) {
    let root = router::write(ENTRIES, DEVICES).unwrap();
    let table = root.join("proc/net/nf_conntrack");
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        let mut reading = Reading::new(File::open(&table).unwrap());
        let mut flows = 0;
        let mut count = |entry: Entry<'_>| flows += usize::from(matches!(entry, Entry::Flow(_)));
        while reading.step(&mut count).unwrap() == Progress::More {}
        assert_eq!(flows, ENTRIES);
    });
    router::remove(&root);
}

#[divan::bench]
fn whole_snapshot(bencher: Bencher<'_, '_>) {
    let root = router::write(ENTRIES, DEVICES).unwrap();
    let mut collector = Collector::new(Config::default(), &Root::replay(&root), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let boot = Duration::from_secs(1);
    let moment = Moment { boot, timestamp: None, wall: Some(boot), due: DueClocks::Both };
    bencher
        .counter(ItemsCount::new(ENTRIES))
        .bench_local(|| runtime.block_on(collector.snapshot(&moment)).unwrap());
    router::remove(&root);
}
