//! A table in memory is counted as the same table is as text.

use super::*;
use crate::conntrack::Entry;
use crate::conntrack::flow::Flow;
use crate::conntrack::memory::MemoryTable;
use crate::conntrack::procfs::parse;

fn points(collector: &mut Collector, minutes: u64) -> Vec<String> {
    let moment =
        Moment { boot: Duration::from_mins(minutes), timestamp: None, wall: None, due: DueClocks::Both };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let snapshot = runtime.block_on(collector.snapshot(&moment)).unwrap();
    let states = snapshot.points().filter(|point| point.measurement == "connection_state");
    states.map(|point| format!("{:?} {:?}", point.tags, point.fields)).collect()
}

#[test]
fn the_household_gives_the_same_points() {
    let place = TestDirectory::new("collector-memory");
    let root = Root::replay(place.copy("examples/household").join("root"));
    let text = root.read(crate::conntrack::TABLE, 1 << 20).unwrap();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let flows: Vec<Flow> = lines
        .map(|line| match parse(line) {
            Entry::Flow(flow) => flow,
            Entry::Unreadable { why, .. } => panic!("{why}"),
        })
        .collect();
    let config = Config::parse("lan.interfaces = [\"br-*\", \"wg*\"]").unwrap();
    let mut by_text = Collector::new(config.clone(), &root, 0);
    let table = MemoryTable::new(flows.clone());
    let mut in_memory = Collector::new(config, &root, 0).with_table(table.clone());
    let expected = points(&mut by_text, 1);
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(points(&mut in_memory, 1), expected);
    assert_eq!(in_memory.table.source(), "memory");

    table.replace(flows.into_iter().take(1).collect());
    assert_eq!(points(&mut in_memory, 2).len(), 1);
    in_memory.reconfigure(Config::default());
    table.replace(Vec::new());
    assert!(points(&mut in_memory, 3).is_empty());
    let (gauges, unreadable) = in_memory.table.gauges();
    assert!(gauges.count == Some(0) && unreadable.is_none() && !in_memory.table.is_live());
}
