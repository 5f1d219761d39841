//! The kernel's messages about neighbours: whatever their bytes, at most one neighbour with a usable address.

#![no_main]

use conntrack_exporter::devices::formats::neighbour_message::parse;
use libfuzzer_sys::fuzz_target;

/// Where `struct ndmsg` has its interface and its state.
const INTERFACE: std::ops::Range<usize> = 4..8;
const STATE: std::ops::Range<usize> = 8..10;
/// `NUD_INCOMPLETE`, `NUD_FAILED` and `NUD_NOARP`.
const WITHOUT_ANSWER: u16 = 0x61;

fuzz_target!(|payload: &[u8]| {
    let Some(found) = parse(payload) else { return };
    let state = u16::from_ne_bytes(payload[STATE].try_into().expect("two bytes"));
    assert_eq!(state & WITHOUT_ANSWER, 0, "nobody answers there");
    assert_eq!(found.interface, u32::from_ne_bytes(payload[INTERFACE].try_into().expect("four bytes")));
    let holds = |bytes: &[u8]| payload.windows(bytes.len()).any(|window| window == bytes);
    assert!(holds(&found.mac.0));
    match found.address {
        std::net::IpAddr::V4(v4) => assert!(holds(&v4.octets())),
        std::net::IpAddr::V6(v6) => assert!(holds(&v6.octets())),
    }
});
