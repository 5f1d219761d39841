//! `/proc/net/dev`: every line stands for itself, none is lost, and what was understood is understood again when
//! written.

#![no_main]

use conntrack_exporter::proc_net::dev::{INTERFACES_AT_MOST, InterfaceCounters, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let found = parse(text);
    let lines = (0..).zip(text.split(|byte| *byte == b'\n'));
    let lines = lines.filter(|(number, line)| !(is_blank(line) || *number < 2 && line.contains(&b'|')));
    let (mut interfaces, mut skipped) = (Vec::new(), 0);
    for (_, line) in lines {
        // Behind two empty lines none is taken for a heading.
        let alone = parse(&[b"\n\n", line].concat());
        assert_eq!(alone.interfaces.len() + alone.skipped, 1);
        skipped += alone.skipped;
        interfaces.extend(alone.interfaces);
    }
    skipped += interfaces.len().saturating_sub(INTERFACES_AT_MOST);
    interfaces.truncate(INTERFACES_AT_MOST);
    assert_eq!((&found.interfaces, found.skipped), (&interfaces, skipped));
    interfaces.iter().for_each(written_again);
});

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Writes an interface as the kernel does. What is no UTF-8 in its name may take more bytes than a name can have.
fn written_again(interface: &InterfaceCounters) {
    let InterfaceCounters { name, received, sent } = interface;
    assert!(!name.is_empty() && !name.contains('\n'));
    if name.contains(char::REPLACEMENT_CHARACTER) {
        return;
    }
    let [received, sent] = [received, sent].map(|direction| {
        format!(
            "{} {} {} {} 0 0 0 0",
            direction.bytes, direction.packets, direction.errors, direction.dropped
        )
    });
    let line = format!("\n\n{name:>6}: {received} {sent}\n");
    assert_eq!(parse(line.as_bytes()).interfaces, std::slice::from_ref(interface), "{line}");
}
