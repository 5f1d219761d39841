//! The owner's labels of services: every line is understood by itself, what was understood is understood again when written,
//! and a port is what the first line says that has it.

#![no_main]

use conntrack_exporter::conntrack::flow::Protocol;
use conntrack_exporter::services::format::{Entry, LINES_AT_MOST, LONGEST_LABEL, LineErrorKind, parse};
use conntrack_exporter::services::{BUILT_IN, OwnersLines, ServiceTable};
use libfuzzer_sys::fuzz_target;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// TCP, UDP and SCTP have ports, ICMP has none.
const PROTOCOLS: [u8; 4] = [6, 17, 132, 1];

thread_local! {
    static BUILT_IN_ENTRIES: Vec<Entry> = understood(BUILT_IN.as_bytes());
}

fuzz_target!(|text: &[u8]| {
    each_line_alone(text);
    let entries = understood(text);
    for entry in &entries {
        assert!(*entry.ports.start() > 0 && entry.ports.start() <= entry.ports.end());
        assert!((1..=LONGEST_LABEL).contains(&entry.label.as_str().len()));
        assert_eq!(understood(entry.to_string().as_bytes()), std::slice::from_ref(entry));
    }
    let (mut table, lines) = ServiceTable::with_owners(text);
    counts_add_up(text, &lines);
    table.set_owners(b"53/tcp Nothing\n1-65535 Everything\n");
    assert_eq!(table.set_owners(text), lines, "whatever was there before");
    BUILT_IN_ENTRIES.with(|built_in| {
        let all: Vec<&Entry> = entries.iter().take(LINES_AT_MOST).chain(built_in).collect();
        for port in entries.iter().flat_map(edges).chain([0, 53, 443, 27_000, 65_535]) {
            for protocol in PROTOCOLS.map(Protocol) {
                let has = |entry: &&&Entry| {
                    entry.ports.contains(&port) && entry.protocols().any(|one| one == protocol)
                };
                let expected = all.iter().find(has).map_or("unlisted", |entry| entry.label.as_str());
                assert_eq!(&**table.label(table.service(protocol, port)), expected, "{port}");
            }
        }
    });
});

fn understood(text: &[u8]) -> Vec<Entry> {
    parse(text).filter_map(|(_, found)| found.ok()).collect()
}

fn each_line_alone(text: &[u8]) {
    let mut entries = parse(text);
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        // Only the first line may have a mark, and only one.
        let line = if number > 1 && line.starts_with(BYTE_ORDER_MARK) {
            [BYTE_ORDER_MARK, line].concat()
        } else {
            line.to_vec()
        };
        for (_, alone) in parse(&line) {
            assert_eq!(entries.next(), Some((number, alone)));
        }
    }
    assert_eq!(entries.next(), None);
}

fn counts_add_up(text: &[u8], lines: &OwnersLines) {
    let (all, good) = (parse(text).count(), understood(text).len());
    assert!(lines.problems.len() <= lines.bad && lines.problems.is_sorted_by_key(|problem| problem.line));
    let is_about_room = |kind: &LineErrorKind| matches!(kind, LineErrorKind::TooManyLabels(_));
    assert!(
        !lines.problems.iter().any(|problem| is_about_room(&problem.kind)),
        "an input is too short for that"
    );
    if good <= LINES_AT_MOST {
        assert_eq!((lines.heard, lines.bad), (good, all - good));
    }
}

/// The ports where an entry begins and ends, and their neighbours.
fn edges(entry: &Entry) -> [u16; 4] {
    let (first, last) = (*entry.ports.start(), *entry.ports.end());
    [first - 1, first, last, last.saturating_add(1)]
}
