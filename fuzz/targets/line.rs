//! A line of the table: the program and the plain reference say the same of it.

#![no_main]

use conntrack_exporter::conntrack::procfs::line;
use conntrack_exporter_fuzz::reference::{Verdict, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let text = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let found = line::parse(text);
    match parse(text) {
        Verdict::Flow(flow) => assert_eq!(found, Ok(flow)),
        Verdict::Unreadable => assert!(found.is_err(), "{found:?}"),
        Verdict::Either => {}
    }
});
