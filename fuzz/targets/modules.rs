//! `/proc/modules`: every line stands for itself, and what is told of it is named there.

#![no_main]

use conntrack_exporter::byte_counters::modules::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|list: &[u8]| {
    let found = parse(list);
    let (mut firewall3, mut hnat) = (false, false);
    for line in list.split(|byte| *byte == b'\n') {
        let alone = parse(line);
        assert!(!alone.firewall3 || line.starts_with(b"xt_FLOWOFFLOAD "));
        assert!(!alone.hnat || line.starts_with(b"mtkhnat "));
        firewall3 |= alone.firewall3;
        hnat |= alone.hnat;
    }
    assert_eq!((found.firewall3, found.hnat), (firewall3, hnat));
});
