//! A datagram of a dump: every message is handed out once, up to the first that ends or breaks it.

#![no_main]

use conntrack_exporter::netlink::parse_datagram;
use libfuzzer_sys::fuzz_target;

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// `NLM_F_DUMP_INTR`.
const INTERRUPTED: u16 = 0x10;
/// The question's number, which its answers bear.
const SEQUENCE: u32 = 1;

/// How a datagram ends.
#[derive(Debug, PartialEq)]
enum End {
    More,
    Done,
    Broken,
}

fuzz_target!(|datagram: &[u8]| {
    let mut found = Vec::new();
    let end = match parse_datagram(datagram, &mut |kind, payload| found.push((kind, payload.to_vec()))) {
        Ok(true) => End::More,
        Ok(false) => End::Done,
        Err(_) => End::Broken,
    };
    let mut expected = Vec::new();
    assert_eq!(end, plain(datagram, &mut expected));
    assert_eq!(found, expected);
});

fn plain(mut rest: &[u8], messages: &mut Vec<(u16, Vec<u8>)>) -> End {
    while !rest.is_empty() {
        if rest.len() < HEADER {
            return End::Broken;
        }
        let half = |place: usize| u16::from_ne_bytes([rest[place], rest[place + 1]]);
        let whole = |place: usize| {
            u32::from_ne_bytes([rest[place], rest[place + 1], rest[place + 2], rest[place + 3]])
        };
        let (length, kind, flags, sequence) = (whole(0) as usize, half(4), half(6), whole(8));
        if length < HEADER || length > rest.len() {
            return End::Broken;
        }
        let payload = &rest[HEADER..length];
        rest = &rest[length.div_ceil(4).saturating_mul(4).min(rest.len())..];
        if sequence != SEQUENCE {
            continue;
        }
        if flags & INTERRUPTED != 0 {
            return End::Broken;
        }
        match kind {
            1 => {}
            2 | 3 => {
                let code = payload.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
                return if code < 0 { End::Broken } else { End::Done };
            }
            4 => return End::Broken,
            _ => messages.push((kind, payload.to_vec())),
        }
    }
    End::More
}
