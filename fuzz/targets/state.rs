//! The state file: whatever is in it, nothing panics, and what is understood is written and understood again. What a
//! measurement takes up of it is bounded.

#![no_main]

use conntrack_exporter::history::trend::{BYTES_AT_MOST, REMEMBERED_AT_MOST, TrendMemory};
use conntrack_exporter::state::format::{checked, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = decode(bytes);
    // The same behind a header that vouches for it.
    let Ok(state) = decode(&checked(bytes).unwrap()) else { return };
    assert_eq!(decode(&encode(&state).unwrap()).as_ref(), Ok(&state));
    let mut memory = TrendMemory::default();
    memory.restore(&state.habits);
    assert!(memory.len() <= REMEMBERED_AT_MOST && memory.bytes() <= REMEMBERED_AT_MOST * BYTES_AT_MOST);
    let kept = memory.keep();
    let mut again = TrendMemory::default();
    again.restore(&kept);
    assert_eq!(again.keep(), kept);
});
