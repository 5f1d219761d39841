//! The owner's list of networks: every line is understood by itself, what was understood is understood again when written, and
//! a network is called as the line of the longest prefix says.

#![no_main]

use std::net::IpAddr;

use conntrack_exporter::destinations::format::{Entry, LINES_AT_MOST, parse};
use conntrack_exporter::destinations::networks::{Networks, safe_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let entries: Vec<Entry> = parse(text).filter_map(|(_, found)| found.ok()).collect();
    for entry in &entries {
        assert_eq!(entry.prefix, entry.prefix.trunc());
        // A name that is cut off at its longest may end as the mark does; no line could say that.
        let is_ambiguous = !entry.is_update && entry.name.as_str().ends_with(" update");
        let written = entry.to_string();
        let again: Vec<_> = parse(written.as_bytes()).collect();
        assert!(is_ambiguous || again == [(1, Ok(entry.clone()))], "{written}: {again:?}");
    }
    let (networks, lines) = Networks::with_owners(text);
    assert!(lines.problems.len() <= lines.bad && lines.problems.is_sorted_by_key(|problem| problem.line));
    if entries.len() > LINES_AT_MOST {
        return;
    }
    assert_eq!(lines.heard + lines.bad, parse(text).count());
    for address in entries.iter().flat_map(|entry| [entry.prefix.network(), entry.prefix.broadcast()]) {
        let found = networks.find(address).expect("a prefix holds it");
        let expected = longest(&entries, address);
        assert_eq!(Some(&found.name), safe_name(expected.name.as_str().as_bytes()).as_ref());
        assert_eq!(found.is_update, expected.is_update);
        assert!(!["other", "*"].contains(&&*found.name));
    }
});

/// The first entry of the longest prefix that holds an address.
fn longest(entries: &[Entry], address: IpAddr) -> &Entry {
    let holding = entries.iter().rev().filter(|entry| entry.prefix.contains(&address));
    holding.max_by_key(|entry| entry.prefix.prefix_len()).expect("a prefix holds it")
}
