//! The kernel's messages about flowtables: whatever their bytes, a name that can be printed, and what a plain walk through
//! the attributes finds.

#![no_main]

use conntrack_exporter::byte_counters::flowtables::parse;
use libfuzzer_sys::fuzz_target;

/// `NFTA_FLOWTABLE_TABLE`, `_NAME`, `_USE` and `_FLAGS`.
const TABLE: u16 = 1;
const NAME: u16 = 2;
const USE: u16 = 4;
const FLAGS: u16 = 7;

fuzz_target!(|payload: &[u8]| {
    let Some(found) = parse(payload) else { return };
    assert!(!found.name.contains(char::is_control) && found.name.matches(' ').count() >= 2);
    let attributes = attributes(payload);
    let last = |kind| attributes.iter().rev().find(|(number, _)| *number == kind).map(|(_, value)| *value);
    let number = |value: &[u8]| u32::from_be_bytes(value.try_into().expect("four bytes"));
    assert!(last(TABLE).is_some() && last(NAME).is_some());
    assert_eq!(found.is_used, last(USE).map(number) != Some(0));
    let flags = last(FLAGS).map_or(0, number);
    assert_eq!((found.uses_hardware, found.counts), (flags & 1 != 0, flags & 2 != 0));
});

/// Number and value of each attribute behind `struct nfgenmsg`.
fn attributes(payload: &[u8]) -> Vec<(u16, &[u8])> {
    let (mut found, mut at) = (Vec::new(), 4);
    while at < payload.len() {
        let half = |at: usize| u16::from_ne_bytes(payload[at..at + 2].try_into().expect("two bytes"));
        let (length, kind) = (usize::from(half(at)), half(at + 2) & 0x3fff);
        found.push((kind, &payload[at + 4..at + length]));
        at += length.next_multiple_of(4);
    }
    found
}
