//! What a file of the spool holds: records, each with its length and a checksum, one appended to the other.
//!
//! A file begins with [`MAGIC`]. A record is an octet that is 0 as long as it waits and [`DONE`] afterwards, the length of its
//! body and a checksum, each 32 bits with the least significant octet first, and the body. The checksum is the CRC-32 of the
//! length and the body. Whoever was ended in the midst of writing has left a record that is torn: it and whatever follows it
//! doesn't count.

use std::ops::Range;

/// What a file begins with; its last octet is the version of the format.
pub const MAGIC: &[u8; 8] = b"CTXSPOL\x01";
/// What stands before a body, in bytes.
pub const HEADER: usize = 9;
/// What a record begins with that need not wait any longer.
pub const DONE: u8 = 1;
const WAITS: u8 = 0;

/// A record as it is written; `None` if it is longer than its length can say.
pub fn record(body: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(body.len()).ok()?.to_le_bytes();
    Some([&[WAITS], &length[..], &checksum(length, body).to_le_bytes(), body].concat())
}

/// Where the bodies of those records of a file are that still wait, up to the first that is torn.
pub fn bodies(file: &[u8]) -> Vec<Range<usize>> {
    let mut bodies = Vec::new();
    if !file.starts_with(MAGIC) {
        return bodies;
    }
    let mut start = MAGIC.len();
    while let Some(body) = file.get(start..).and_then(body) {
        let waits = file.get(start) == Some(&WAITS);
        let from = start + HEADER;
        start = from + body.len();
        bodies.extend(waits.then_some(from..start));
    }
    bodies
}

/// The body of the record with which `text` begins, if it is whole.
pub fn body(text: &[u8]) -> Option<&[u8]> {
    let (state, rest) = text.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let body = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let is_whole = *state <= DONE && u32::from_le_bytes(*checksum) == self::checksum(*length, body);
    is_whole.then_some(body)
}

fn checksum(length: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(records: &[Vec<u8>]) -> Vec<u8> {
        records.iter().fold(MAGIC.to_vec(), |file, body| [file, record(body).unwrap()].concat())
    }

    #[test]
    fn what_is_no_file_of_the_spools_has_none() {
        for text in [&b""[..], b"CTXSPOL", b"CTXSPOL\x02", b"something else"] {
            assert!(bodies(text).is_empty());
        }
        assert!(bodies(MAGIC).is_empty());
    }

    #[test]
    fn what_is_done_does_not_wait() {
        let mut file = file(&[b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
        file[MAGIC.len() + HEADER + 3] = DONE;
        let waiting: Vec<_> = bodies(&file).into_iter().map(|range| &file[range]).collect();
        assert_eq!(waiting, [&b"one"[..], b"three"]);
    }

    proptest! {
        #[test]
        fn a_file_that_is_cut_has_all_that_was_whole(records: Vec<Vec<u8>>, cut: prop::sample::Index) {
            let whole = file(&records);
            let cut = cut.index(whole.len() + 1);
            let found = bodies(&whole[..cut]);
            let ends = records.iter().scan(MAGIC.len(), |end, body| {
                *end += HEADER + body.len();
                Some(*end)
            });
            let expected = ends.filter(|end| *end <= cut).count();
            prop_assert_eq!(found.len(), expected);
            for (range, body) in found.into_iter().zip(&records) {
                prop_assert_eq!(&whole[range], &body[..]);
            }
        }

        #[test]
        fn a_record_of_which_an_octet_was_changed_is_none(records in prop::collection::vec(any::<Vec<u8>>(), 1..5), at: prop::sample::Index, bit in 0..8_u32) {
            let mut file = file(&records);
            let whole = bodies(&file);
            let at = at.index(file.len());
            file[at] ^= 1_u8 << bit;
            let found = bodies(&file);
            prop_assert!(found.len() < records.len());
            prop_assert!(found.iter().all(|range| whole.contains(range) && !range.contains(&at)));
        }

        #[test]
        fn whatever_is_there_is_read_without_a_panic(text: Vec<u8>) {
            bodies(&[&MAGIC[..], &text].concat());
            body(&text);
        }
    }
}
