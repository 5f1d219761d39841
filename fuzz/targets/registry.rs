//! The owner's registry: every line is understood by itself, and what was understood is understood again when written.

#![no_main]

use conntrack_exporter::devices::assignments::AssignmentList;
use conntrack_exporter::devices::device_type::DeviceType;
use conntrack_exporter::devices::formats::registry::{Entry, parse};
use libfuzzer_sys::fuzz_target;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fuzz_target!(|text: &[u8]| {
    let mut entries = parse(text);
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        // Only the first line may have a mark, and only one.
        let line = if number > 1 && line.starts_with(BYTE_ORDER_MARK) {
            [BYTE_ORDER_MARK, line].concat()
        } else {
            line.to_vec()
        };
        for alone in parse(&line) {
            let found = entries.next().expect("a line stands for itself");
            match (found, alone) {
                (Ok(found), Ok(alone)) => {
                    assert_eq!(found, alone);
                    written_again(&found);
                }
                (Err(found), Err(alone)) => assert_eq!((found.line, found.kind), (number, alone.kind)),
                (found, alone) => panic!("{found:?} among others, {alone:?} by itself"),
            }
        }
    }
    assert_eq!(entries.next(), None);
    if !text.starts_with(BYTE_ORDER_MARK) {
        let marked = [BYTE_ORDER_MARK, text].concat();
        assert!(parse(&marked).eq(parse(text)), "a mark says nothing");
    }
    let list = AssignmentList::registry(text);
    assert!(list.entries() <= parse(text).flatten().count());
    assert!(list.names().all(|name| (1..=64).contains(&name.as_str().len())));
});

fn written_again(entry: &Entry<'_>) {
    assert!(entry.mac.is_some() || entry.address.is_some());
    assert!(!entry.name.is_empty() && !entry.name.contains(&b'\n'));
    if entry.name.contains(&b'|') {
        return;
    }
    let mac = entry.mac.map(|mac| mac.to_string()).unwrap_or_default();
    let address = entry.address.map(|address| address.to_string()).unwrap_or_default();
    let device_type = entry.device_type.map_or("", DeviceType::name);
    let line = [format!("{mac}|{address}|").as_bytes(), entry.name, b"|", device_type.as_bytes()].concat();
    assert_eq!(parse(&line).collect::<Vec<_>>(), [Ok(entry.clone())]);
}
