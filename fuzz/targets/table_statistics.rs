//! `/proc/net/stat/nf_conntrack`: every line of a CPU stands for itself, whatever the columns are called, and figures are
//! the sums of those that were understood.

#![no_main]

use conntrack_exporter::conntrack::statistics::{TableStatistics, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut lines = text.split(|byte| *byte == b'\n');
    let names = lines.next().unwrap_or_default();
    let cpus: Vec<TableStatistics> = lines.map(|line| parse(&[names, b"\n", line].concat())).collect();
    let sum =
        |figure: fn(&TableStatistics) -> Option<u64>| cpus.iter().filter_map(figure).reduce(|a, b| a + b);
    let expected = TableStatistics {
        drop: sum(|cpu| cpu.drop),
        early_drop: sum(|cpu| cpu.early_drop),
        insert_failed: sum(|cpu| cpu.insert_failed),
        invalid: sum(|cpu| cpu.invalid),
    };
    assert_eq!(parse(text), expected);
    // A figure has a column of its name.
    let has = |name: &[u8]| names.split(u8::is_ascii_whitespace).any(|column| column == name);
    for (figure, name) in [
        (expected.drop, &b"drop"[..]),
        (expected.early_drop, b"early_drop"),
        (expected.insert_failed, b"insert_failed"),
        (expected.invalid, b"invalid"),
    ] {
        assert!(figure.is_none() || has(name));
    }
});
