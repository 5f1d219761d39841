//! Lists of makers: each MAC is found for itself, whatever the others and however the list comes.

#![no_main]

use std::collections::BTreeMap;
use std::io::BufReader;

use conntrack_exporter::devices::formats::vendors::find;
use conntrack_exporter::devices::mac::Mac;
use libfuzzer_sys::fuzz_target;

/// Beside these, MACs that begin with the list's first digits are looked for.
const WANTED: [[u8; 6]; 5] = [
    [0, 0, 0x0c, 1, 2, 3],
    [0x24, 0x0a, 0xc4, 0, 0, 0],
    [0x8c, 0x1f, 0x64, 0x12, 0x3f, 0xff],
    [2, 0, 0, 0, 0, 1],
    [1, 0, 0x5e, 0, 0, 1],
];

fuzz_target!(|list: &[u8]| {
    let digits: Vec<u8> = list.iter().filter(|byte| byte.is_ascii_hexdigit()).take(12).copied().collect();
    let wanted: Vec<Mac> = WANTED.into_iter().map(Mac).chain(Mac::parse_any(&digits)).collect();
    let together = find(list, &wanted).expect("memory can be read");
    let mut alone = BTreeMap::new();
    for mac in &wanted {
        alone.extend(find(BufReader::with_capacity(5, list), &[*mac]).expect("memory can be read"));
    }
    assert_eq!(together, alone);
    for (mac, name) in &together {
        assert!(wanted.contains(mac) && !mac.is_local() && !mac.is_group());
        assert!(!name.is_empty() && !name.contains('\n'));
    }
});
