//! A file of the spool: whatever is in it, nothing panics, records are inside it and as they were written, and one that is cut
//! has all that was whole.

#![no_main]

use conntrack_exporter::spool::segment::{MAGIC, bodies, body, record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = body(bytes);
    for range in bodies(bytes) {
        assert!(bytes.get(range).is_some());
    }
    // Records of our own, whose lengths the input says, cut somewhere.
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).take(16).collect();
    let written: Vec<Vec<u8>> = parts.iter().filter_map(|part| record(part)).collect();
    let file = [MAGIC.to_vec(), written.concat()].concat();
    let found: Vec<_> = bodies(&file).into_iter().map(|range| &file[range]).collect();
    assert_eq!(found, parts);
    let cut = file.len() - bytes.first().map_or(0, |byte| usize::from(*byte)).min(file.len());
    let whole = bodies(&file[..cut]);
    assert!(
        whole.len() <= parts.len()
            && whole.iter().zip(&parts).all(|(range, part)| &file[range.clone()] == *part)
    );
});
